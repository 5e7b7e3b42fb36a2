// SPDX-License-Identifier: Apache-2.0
#include "models/bus/bus.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "models/common/error.h"

namespace weft::bus {

namespace {

constexpr std::uint64_t top = std::numeric_limits<std::uint64_t>::max();

// A payload's address while it is on the target's side of the bus.
class TranslatedAddress {
 public:
  TranslatedAddress(tlm::tlm_generic_payload& payload, std::uint64_t offset)
      : payload_(payload), original_(payload.get_address()) {
    payload_.set_address(original_ - offset);
  }
  ~TranslatedAddress() { payload_.set_address(original_); }
  TranslatedAddress(const TranslatedAddress&) = delete;
  TranslatedAddress& operator=(const TranslatedAddress&) = delete;

 private:
  tlm::tlm_generic_payload& payload_;
  const std::uint64_t original_;
};

// Streaming accesses return to their first address after `streaming width` bytes.
std::uint64_t extent_in_bytes(const tlm::tlm_generic_payload& payload) {
  return std::min(payload.get_data_length(), payload.get_streaming_width());
}

// Moves a grant or a refusal from target addresses to bus addresses and cuts it to what this output
// serves. False if nothing is left.
bool translate_and_clip(tlm::tlm_dmi& dmi, std::uint64_t offset, std::uint64_t first, std::uint64_t last) {
  const std::uint64_t start = std::max<std::uint64_t>(dmi.get_start_address(), first - offset);
  const std::uint64_t end = std::min<std::uint64_t>(dmi.get_end_address(), last - offset);
  if (start > end) return false;
  if (dmi.get_dmi_ptr() != nullptr) dmi.set_dmi_ptr(dmi.get_dmi_ptr() + (start - dmi.get_start_address()));
  dmi.set_start_address(start + offset);
  dmi.set_end_address(end + offset);
  return true;
}

}  // namespace

Bus::Bus(const sc_core::sc_module_name& name, const BusConfig& config, Context& context)
    : sc_module(name),
      inputs("input", config.initiators),
      config_(config),
      routes_(make_routes(config, this->name())),
      outputs_("output", routes_.size() + (config.default_route.empty() ? 0 : 1),
               [this](const char*, std::size_t index) {
                 const bool mapped = index < routes_.size();
                 return new Output((mapped ? routes_[index].region.name : config_.default_route).c_str());
               }),
      recent_(config.initiators, 0),
      context_(context) {
  if (config.initiators == 0)
    throw Error(fmt::format("{}: a bus needs at least one initiator", this->name()));
  for (int index = 0; index < static_cast<int>(inputs.size()); ++index) {
    Input& input = inputs[static_cast<std::size_t>(index)];
    input.register_b_transport(this, &Bus::transport, index);
    input.register_transport_dbg(this, &Bus::transport_debug, index);
    input.register_get_direct_mem_ptr(this, &Bus::get_direct, index);
  }
  for (int index = 0; index < static_cast<int>(outputs_.size()); ++index) {
    outputs_[static_cast<std::size_t>(index)].register_invalidate_direct_mem_ptr(
        this, &Bus::invalidate_direct, index);
  }
}

Bus::Output& Bus::to(const std::string& region) {
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    if (routes_[index].region.name == region) return outputs_[index];
  }
  if (!region.empty() && region == config_.default_route) return outputs_[routes_.size()];
  throw Error(fmt::format("{}: there is no region '{}' on this bus", name(), region));
}

std::vector<Bus::Route> Bus::make_routes(const BusConfig& config, const std::string& bus) {
  std::vector<Route> routes;
  std::set<std::string> names{config.default_route};
  for (const Region& region : config.regions) {
    if (!names.insert(region.name).second) {
      throw Error(fmt::format("{}: the region name '{}' is empty or used twice", bus, region.name));
    }
    if (region.size == 0 || region.size - 1 > top - region.base) {
      throw Error(
          fmt::format("{}: region '{}' at {:#x} has {:#x} bytes; it must have at least one and end within "
                      "64-bit addresses",
                      bus, region.name, region.base, region.size));
    }
    routes.push_back({region, region.base + (region.size - 1), region.keep_address ? 0 : region.base});
  }
  std::sort(routes.begin(), routes.end(),
            [](const Route& a, const Route& b) { return a.region.base < b.region.base; });
  for (std::size_t index = 1; index < routes.size(); ++index) {
    const Route& before = routes[index - 1];
    const Route& after = routes[index];
    if (before.last < after.region.base) continue;
    throw Error(fmt::format("{}: region '{}' [{:#x}, {:#x}] overlaps region '{}' [{:#x}, {:#x}]", bus,
                            before.region.name, before.region.base, before.last, after.region.name,
                            after.region.base, after.last));
  }
  return routes;
}

void Bus::transport(int input, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  delay += config_.latency;
  const int output = decode(input, payload.get_address(), extent_in_bytes(payload));
  if (output == unmapped) {
    log_unmapped(payload);
    payload.set_dmi_allowed(false);
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const TranslatedAddress translated(payload, offset_of(output));
  outputs_[static_cast<std::size_t>(output)]->b_transport(payload, delay);
}

unsigned int Bus::transport_debug(int input, tlm::tlm_generic_payload& payload) {
  const int output = decode(input, payload.get_address(), payload.get_data_length());
  if (output == unmapped) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return 0;
  }
  const TranslatedAddress translated(payload, offset_of(output));
  return outputs_[static_cast<std::size_t>(output)]->transport_dbg(payload);
}

bool Bus::get_direct(int input, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  const std::uint64_t address = payload.get_address();
  const int output = decode(input, address, 1);
  if (output == unmapped) {
    const Range gap = gap_around(address);
    dmi.init();
    dmi.set_start_address(gap.start);
    dmi.set_end_address(gap.end);
    return false;
  }
  bool granted = false;
  {
    const TranslatedAddress translated(payload, offset_of(output));
    granted = outputs_[static_cast<std::size_t>(output)]->get_direct_mem_ptr(payload, dmi);
  }
  const Range range = extent(output, address);
  if (!translate_and_clip(dmi, offset_of(output), range.start, range.end)) {
    dmi.init();
    dmi.set_start_address(address);
    dmi.set_end_address(address);
    return false;
  }
  dmi.set_read_latency(dmi.get_read_latency() + config_.latency);
  dmi.set_write_latency(dmi.get_write_latency() + config_.latency);
  return granted;
}

void Bus::invalidate_direct(int output, sc_dt::uint64 start, sc_dt::uint64 end) {
  std::uint64_t first = start;
  std::uint64_t last = end;
  if (output < static_cast<int>(routes_.size())) {
    const Route& route = routes_[static_cast<std::size_t>(output)];
    first = std::max(first, route.region.base - route.offset);
    last = std::min(last, route.last - route.offset);
    if (first > last) return;
    first += route.offset;
    last += route.offset;
  }
  for (Input& input : inputs) input->invalidate_direct_mem_ptr(first, last);
}

int Bus::decode(int input, std::uint64_t address, std::uint64_t size) {
  int& recent = recent_[static_cast<std::size_t>(input)];
  int output = recent;
  const bool hit = output < static_cast<int>(routes_.size()) &&
                   routes_[static_cast<std::size_t>(output)].contains(address);
  if (!hit) {
    output = find(address);
    if (output == unmapped) return unmapped;
    recent = output;
  }
  const std::uint64_t reach = size == 0 ? 0 : size - 1;
  return reach <= extent(output, address).end - address ? output : unmapped;
}

int Bus::find(std::uint64_t address) const {
  const auto after =
      std::upper_bound(routes_.begin(), routes_.end(), address,
                       [](std::uint64_t value, const Route& route) { return value < route.region.base; });
  if (after != routes_.begin() && std::prev(after)->contains(address)) {
    return static_cast<int>(std::prev(after) - routes_.begin());
  }
  return config_.default_route.empty() ? unmapped : static_cast<int>(routes_.size());
}

std::uint64_t Bus::offset_of(int output) const {
  const auto index = static_cast<std::size_t>(output);
  return index < routes_.size() ? routes_[index].offset : 0;
}

Bus::Range Bus::extent(int output, std::uint64_t address) const {
  const auto index = static_cast<std::size_t>(output);
  if (index < routes_.size()) return {routes_[index].region.base, routes_[index].last};
  return gap_around(address);
}

Bus::Range Bus::gap_around(std::uint64_t address) const {
  Range gap{0, top};
  for (const Route& route : routes_) {
    if (route.last < address) gap.start = route.last + 1;
    if (route.region.base > address) {
      gap.end = route.region.base - 1;
      break;
    }
  }
  return gap;
}

void Bus::log_unmapped(const tlm::tlm_generic_payload& payload) const {
  if (!context_.log.wants(LogLevel::debug)) return;
  context_.log.write(
      {LogLevel::debug, sc_core::sc_time_stamp().to_string(), name(),
       fmt::format("nothing is mapped for the {} of {} bytes at {:#x}", payload.is_write() ? "write" : "read",
                   payload.get_data_length(), payload.get_address())});
}

}  // namespace weft::bus
