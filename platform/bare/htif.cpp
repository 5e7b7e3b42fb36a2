// SPDX-License-Identifier: Apache-2.0
#include "platform/bare/htif.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace weft::bare {

namespace {

constexpr std::uint64_t payload_mask = (std::uint64_t{1} << 48) - 1;
constexpr std::uint64_t system_call_write = 64;  // numbers of the RISC-V Linux ABI
constexpr std::uint64_t system_call_exit = 93;
constexpr std::int64_t bad_descriptor = -9;
constexpr std::int64_t bad_address = -14;
constexpr std::int64_t no_such_call = -38;

}  // namespace

Htif::Htif(const sc_core::sc_module_name& name, const HtifConfig& config, Context& context)
    : sc_module(name), config_(config), context_(context) {
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
  socket.on_direct([this](std::uint64_t address) { return direct(address); });
  memory.on_invalidate(
      [this](std::uint64_t start, std::uint64_t end) { socket.invalidate_direct(start, end); });
  SC_METHOD(serve);
  sensitive << timeout_;
  dont_initialize();
}

Status Htif::access(const Transfer& transfer, sc_core::sc_time& delay) {
  const Status status = memory.access(transfer, delay);
  if (status == Status::ok && transfer.write && !transfer.debug && config_.tohost) note_store(transfer);
  return status;
}

// Everything but the watched word.
std::optional<DirectRegion> Htif::direct(std::uint64_t address) {
  std::optional<DirectRegion> region = memory.direct(address);
  if (!region || !config_.tohost) return region;
  const std::uint64_t first = offset(*config_.tohost);
  const std::uint64_t behind = first + bytes();
  if (address < first) {
    region->end = std::min(region->end, first - 1);
  } else if (address >= behind) {
    if (region->start < behind) {
      region->pointer += behind - region->start;
      region->start = behind;
    }
  } else {
    return std::nullopt;
  }
  return region;
}

void Htif::note_store(const Transfer& transfer) {
  const std::uint64_t first = offset(*config_.tohost);
  bool touched = false;
  bool complete = !config_.wide;
  for (std::size_t half = 0; half < bytes() / 4; ++half) {
    const std::uint64_t start = first + 4 * half;
    if (transfer.address >= start + 4 || transfer.address + transfer.size <= start) continue;
    touched = true;
    complete = complete || stored_[half];
    stored_[half] = true;
  }
  if (!touched) return;
  if (complete || (stored_[0] && stored_[1])) {
    serve();
  } else {
    timeout_.notify(config_.half_timeout);
  }
}

void Htif::serve() {
  timeout_.cancel();
  stored_ = {};
  std::uint64_t request = 0;
  memory.read_debug(offset(*config_.tohost), &request, static_cast<std::uint32_t>(bytes()));
  if (request == 0) return;
  const std::uint64_t none = 0;
  memory.write_debug(offset(*config_.tohost), &none, static_cast<std::uint32_t>(bytes()));
  execute(request);
}

void Htif::execute(std::uint64_t request) {
  const std::uint64_t device = request >> 56;
  const std::uint64_t command = (request >> 48) & 0xffu;
  const std::uint64_t payload = request & payload_mask;
  if (device == 0 && command == 0) {
    if ((payload & 1u) != 0) return finish(payload >> 1);
    return system_call(payload);
  }
  if (device == 1 && command == 1) {
    if (output_) output_(static_cast<std::uint8_t>(payload));
    return;
  }
  context_.log.write(
      {LogLevel::warning, sc_core::sc_time_stamp().to_string(), name(),
       fmt::format("command {} of device {} is not modelled; allowed: 0 of device 0 (end, system "
                   "call) and 1 of device 1 (console output)",
                   command, device)});
}

void Htif::system_call(std::uint64_t address) {
  std::array<std::uint64_t, 8> block{};
  if (memory.read_debug(offset(address), block.data(), sizeof block) != Status::ok) {
    context_.log.write({LogLevel::warning, sc_core::sc_time_stamp().to_string(), name(),
                        fmt::format("system call: nothing answers at {:#010x}", address)});
    return;
  }
  if (block[0] == system_call_exit) return finish(block[1]);
  std::int64_t result = no_such_call;
  if (block[0] == system_call_write) {
    result = write_out(block[1], block[2], block[3]);
  } else {
    context_.log.write({LogLevel::warning, sc_core::sc_time_stamp().to_string(), name(),
                        fmt::format("system call {} is not modelled; allowed: {} (write), {} (exit)",
                                    block[0], system_call_write, system_call_exit)});
  }
  memory.write_debug(offset(address), &result, sizeof result);
  if (!config_.fromhost) return;
  const std::uint64_t answered = 1;
  memory.write_debug(offset(*config_.fromhost), &answered, static_cast<std::uint32_t>(bytes()));
}

std::int64_t Htif::write_out(std::uint64_t descriptor, std::uint64_t address, std::uint64_t size) {
  if (descriptor != 1 && descriptor != 2) return bad_descriptor;
  std::vector<std::uint8_t> chunk;
  for (std::uint64_t done = 0; done < size; done += chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(size - done, 4096));
    const auto wanted = static_cast<std::uint32_t>(chunk.size());
    if (memory.read_debug(offset(address) + done, chunk.data(), wanted) != Status::ok) return bad_address;
    if (output_) std::for_each(chunk.begin(), chunk.end(), output_);
  }
  return static_cast<std::int64_t>(size);
}

void Htif::finish(std::uint64_t code) {
  if (exit_) exit_(code);
}

}  // namespace weft::bare
