// SPDX-License-Identifier: Apache-2.0
#include "models/noc/noc.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "models/common/error.h"
#include "models/tlm/consume.h"

namespace weft::noc {

namespace {

bool below(const AddressRange& a, const AddressRange& b) { return a.base < b.base; }

NocConfig checked_and_sorted(NocConfig config) {
  config.validate();
  config.mesh.contention = config.fidelity != Fidelity::kIdeal;
  config.routers.virtual_channels = config.mesh.virtual_channels;
  config.mesh.control_priority = config.routers.classes > 1;
  std::sort(config.map.begin(), config.map.end(), below);
  return config;
}

void check_price(const char* field, double value) {
  if (std::isfinite(value) && value >= 0.0) return;
  throw Error(fmt::format("network on chip: {} is {}, allowed are finite values from 0", field, value));
}

void check_count(const char* field, unsigned value, unsigned low) {
  constexpr unsigned high = 1024;
  if (value >= low && value <= high) return;
  throw Error(fmt::format("network on chip: {} is {}, allowed are {} to {}", field, value, low, high));
}

void check_range(const AddressRange& range, int nodes) {
  if (range.node < 0 || range.node >= nodes) {
    throw Error(
        fmt::format("network on chip: the address range at {:#x} belongs to node {}, allowed are 0 to {}",
                    range.base, range.node, nodes - 1));
  }
  if (range.size == 0 || range.size - 1 > std::numeric_limits<std::uint64_t>::max() - range.base) {
    throw Error(fmt::format(
        "network on chip: the address range at {:#x} has {:#x} bytes, allowed are 1 byte up to the "
        "end of the 64-bit address space",
        range.base, range.size));
  }
}

void check_overlap(std::vector<AddressRange> map) {
  std::sort(map.begin(), map.end(), below);
  for (std::size_t i = 1; i < map.size(); ++i) {
    if (map[i].base - map[i - 1].base >= map[i - 1].size) continue;
    throw Error(
        fmt::format("network on chip: the address range at {:#x} (node {}) begins inside the one at {:#x} "
                    "(node {}, {:#x} bytes); ranges must not overlap",
                    map[i].base, map[i].node, map[i - 1].base, map[i - 1].node, map[i - 1].size));
  }
}

}  // namespace

const char* to_string(TrafficClass traffic_class) {
  constexpr std::array<const char*, kTrafficClasses> names = {"control", "tiles", "memory", "posted",
                                                              "multicast"};
  return names.at(static_cast<std::size_t>(traffic_class));
}

double ClassStatistics::mean_latency() const {
  return messages == 0 ? 0.0 : static_cast<double>(latency_sum) / static_cast<double>(messages);
}

void NocConfig::validate() const {
  mesh.validate();
  if (cycle == sc_core::SC_ZERO_TIME)
    throw Error("network on chip: cycle is 0 s, a period above 0 is needed");
  check_price("router_flit (J)", router_flit.value());
  check_price("link_flit_millimetre (J)", link_flit_millimetre.value());
  check_price("link_millimetres", link_millimetres);
  for (const AddressRange& range : map) check_range(range, mesh.nodes());
  check_overlap(map);
  check_count("posted_writes", posted_writes, 0);
  check_count("outstanding", outstanding, 1);
}

Noc::Noc(sc_core::sc_module_name name, const NocConfig& config, EnergyLedger& ledger)
    : sc_module(name),
      config_(checked_and_sorted(config)),
      mesh_(config_.mesh),
      router_energy_(ledger.open(this->name(), "router flit", config_.router_flit)),
      link_energy_(
          ledger.open(this->name(), "link flit", config_.link_millimetres * config_.link_flit_millimetre)),
      from_node_("from_node", static_cast<std::size_t>(config_.mesh.nodes())),
      to_node_("to_node", static_cast<std::size_t>(config_.mesh.nodes())),
      order_(config_.mesh.nodes(), config_.multicast) {
  if (config_.simulates_flits())
    flits_ = std::make_unique<FlitCarrier>("flits", mesh_, config_.routers, config_.cycle);
  for (int node = 0; node < config_.mesh.nodes(); ++node) {
    from_node(node).on_access([this, node](const Transfer& transfer, sc_core::sc_time& delay) {
      return transfer.debug ? access_debug(transfer) : access(node, transfer, delay);
    });
    from_node(node).on_burst([this, node](const Burst& burst, sc_core::sc_time& delay) {
      return access_burst(node, burst, delay);
    });
    from_node(node).set_outstanding(config_.outstanding);
    interfaces_.emplace_back();
    if (config_.posted_writes == 0) continue;
    from_node(node).on_post(
        [this, node](const Transfer& transfer, Posting& posting, sc_core::sc_time& delay) {
          return post(node, transfer, posting, delay);
        });
  }
}

TargetSocket& Noc::from_node(int node) { return from_node_[checked(node)]; }

InitiatorSocket& Noc::to_node(int node) { return to_node_[checked(node)]; }

void Noc::before_end_of_elaboration() {
  for (const AddressRange& range : config_.map) {
    if (to_node(range.node).get_base_port().bind_count() > 0) continue;
    throw Error(fmt::format("{}: the address range at {:#x} belongs to node {}, but no target is bound there",
                            name(), range.base, range.node));
  }
  for (int node = 0; node < config_.mesh.nodes(); ++node) {
    if (to_node(node).get_base_port().bind_count() == 0) {
      to_node(node).bind(unused_targets_.emplace_back(fmt::format("unused_target_{}", node).c_str()));
    }
    if (from_node(node).get_base_port().bind_count() == 0) {
      unused_initiators_.emplace_back(fmt::format("unused_initiator_{}", node).c_str()).bind(from_node(node));
    }
  }
}

Status Noc::access(int source, const Transfer& transfer, sc_core::sc_time& delay) {
  return access_burst(source, {transfer, nullptr, 0, transfer.size}, delay);
}

Status Noc::access_burst(int source, const Burst& burst, sc_core::sc_time& delay) {
  const Transfer& data = burst.data;
  if (burst.streaming_width == 0) return Status::burst_error;
  if (burst.enables != nullptr && burst.enable_length == 0) return Status::byte_enable_error;
  consume(delay);
  const AddressRange* range = find(data.address, std::min(data.size, burst.streaming_width));
  if (range == nullptr) {
    carry(source, source, 0, TrafficClass::kControl);
    carry(source, source, 0, TrafficClass::kControl);
    return Status::address_error;
  }
  constexpr std::uint64_t bits = 8;
  const std::uint64_t enables = burst.enables != nullptr ? (data.size + bits - 1) / bits : 0;
  const TrafficClass payload = range->memory ? TrafficClass::kMemory : TrafficClass::kTiles;
  const DeliveryOrder::Place place = order_.take(source, range->node);
  carry(source, range->node, enables + (data.write ? data.size : 0), payload);
  order_.await(place);
  const Status status = to_node(range->node).forward(burst, delay);
  order_.leave(place);
  consume(delay);
  const bool returns_data = !data.write && status == Status::ok;
  carry(range->node, source, returns_data ? data.size : 0, payload);
  return status;
}

Status Noc::access_debug(const Transfer& transfer) {
  const AddressRange* range = find(transfer.address, transfer.size);
  if (range == nullptr) return Status::address_error;
  sc_core::sc_time unused;
  return to_node(range->node).access(transfer, unused);
}

// The range that holds all these bytes, or null.
const AddressRange* Noc::find(std::uint64_t address, std::uint64_t bytes) const {
  const auto after =
      std::upper_bound(config_.map.begin(), config_.map.end(), AddressRange{address, 0, 0}, below);
  if (after == config_.map.begin()) return nullptr;
  const AddressRange& range = *std::prev(after);
  const std::uint64_t offset = address - range.base;
  return offset < range.size && bytes <= range.size - offset ? &range : nullptr;
}

// Returns when the tail has arrived.
void Noc::carry(int source, int destination, std::uint64_t bytes, TrafficClass payload) {
  arrive(depart(source, destination, bytes, payload));
}

Noc::Flight Noc::depart(int source, int destination, std::uint64_t bytes, TrafficClass payload,
                        std::function<void()> left) {
  Flight flight;
  flight.source = source;
  flight.destination = destination;
  flight.bytes = bytes;
  flight.payload = bytes == 0 ? TrafficClass::kControl : payload;
  flight.by_flits = goes_by_flits(source, destination);
  if (flight.by_flits) {
    flight.number = flits_->submit(source, destination, bytes, std::move(left));
    return flight;
  }
  const std::uint64_t period = config_.cycle.value();
  const std::uint64_t time = sc_core::sc_time_stamp().value();
  const Cycle now = time / period + (time % period != 0);
  // Every delay has become simulated time by now, so nobody can send into the past.
  mesh_.forget_before(now);
  flight.delivery = mesh_.send(now, source, destination, bytes);
  flight.left = std::move(left);
  const Cycle latency = flight.delivery.tail - now;
  watch_.look_at(time, latency, latency - flight.delivery.contention);
  return flight;
}

void Noc::arrive(const Flight& flight) {
  Delivery delivery = flight.delivery;
  if (flight.by_flits) {
    delivery = flits_->await(flight.number);
  } else {
    if (flight.left) {
      wait_until(delivery.left);
      flight.left();
    }
    wait_until(delivery.tail);
  }
  router_energy_.charge(delivery.router_flits());
  link_energy_.charge(delivery.link_flits());
  ClassStatistics& counted = classes_[static_cast<std::size_t>(flight.payload)];
  ++counted.messages;
  counted.flits += delivery.flits;
  counted.bytes += flight.bytes;
  counted.latency_sum +=
      delivery.contention + mesh_.zero_load_latency(flight.source, flight.destination, flight.bytes);
}

void Noc::wait_until(Cycle cycle) const {
  sc_core::wait(sc_core::sc_time::from_value(cycle * config_.cycle.value()) - sc_core::sc_time_stamp());
}

bool Noc::goes_by_flits(int source, int destination) {
  if (config_.fidelity != Fidelity::kAuto) return flits_ != nullptr;
  const std::uint64_t tail = mesh_.last_tail(source, destination) * config_.cycle.value();
  return watch_.by_flits(sc_core::sc_time_stamp().value(), flits_->idle(), tail);
}

TrafficStatistics Noc::traffic() const {
  TrafficStatistics sum = mesh_.traffic();
  if (flits_) sum.add(flits_->traffic());
  return sum;
}

LinkStatistics Noc::link(int node, Port port) const {
  if (port == Port::kInjection) return injection(static_cast<int>(checked(node)));
  return load(static_cast<int>(checked(node)), mesh_.number(port)).statistics;
}

LinkStatistics Noc::injection(int node) const {
  LinkStatistics sum = mesh_.injection(node);
  if (!flits_) return sum;
  const std::uint64_t flits = flits_->network().flits_injected(node);
  sum.flits += flits;
  sum.busy += flits;
  return sum;
}

PortLoad Noc::load(int router, int port) const {
  PortLoad load;
  load.router = router;
  load.statistics = mesh_.output(router, port);
  if (!flits_) return load;
  const PortStatistics counted = flits_->network().port(router, port);
  load.statistics.flits += counted.flits;
  load.statistics.busy += counted.flits;
  load.occupancy = counted.occupancy;
  return load;
}

std::vector<PortLoad> Noc::ports() const {
  const Topology& topology = mesh_.topology();
  const int locals = topology.ports() - topology.directions();
  // North before south, as the ports of a mesh have always been listed.
  constexpr std::array<int, 4> order = {0, 1, 3, 2};
  std::vector<PortLoad> loads;
  const auto add = [&](PortLoad load, const std::string& name) {
    load.port = name;
    if (load.statistics.flits > 0) loads.push_back(load);
  };
  for (int router = 0; router < topology.routers(); ++router) {
    for (int i = 0; i < topology.directions(); ++i) {
      const int port = order.at(static_cast<std::size_t>(i));
      add(load(router, port), topology.port_name(port));
    }
    for (int local = 0; local < locals; ++local) {
      const int port = topology.directions() + local;
      const int node = topology.node_at(router, port);
      if (node < 0) continue;
      const std::string suffix = locals > 1 ? fmt::format(" {}", local) : std::string();
      add(load(router, port), "ejection" + suffix);
      PortLoad injection;
      injection.router = router;
      injection.statistics = this->injection(node);
      add(injection, "injection" + suffix);
    }
  }
  return loads;
}

std::size_t Noc::checked(int node) const {
  if (node >= 0 && node < config_.mesh.nodes()) return static_cast<std::size_t>(node);
  throw Error(
      fmt::format("{}: node {} does not exist, allowed are 0 to {}", name(), node, config_.mesh.nodes() - 1));
}

}  // namespace weft::noc
