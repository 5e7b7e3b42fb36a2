// SPDX-License-Identifier: Apache-2.0
#include "models/noc/flit_carrier.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/common/error.h"

namespace weft::noc {

FlitCarrier::FlitCarrier(sc_core::sc_module_name name, const Mesh& mesh, const RouterConfig& routers,
                         sc_core::sc_time cycle)
    : sc_module(name),
      mesh_(mesh),
      network_(mesh.config().topology_config(), routers),
      cycle_(cycle),
      pairs_(static_cast<std::size_t>(mesh.config().nodes())) {
  SC_HAS_PROCESS(FlitCarrier);
  SC_METHOD(tick);
  sensitive << next_cycle_;
  dont_initialize();
}

sc_core::sc_time FlitCarrier::time_of(Cycle cycle) const {
  return sc_core::sc_time::from_value(cycle * cycle_.value());
}

FlitCarrier::Pair& FlitCarrier::pair(int source, int destination) {
  std::vector<Pair>& row = pairs_[static_cast<std::size_t>(source)];
  if (row.empty()) row.resize(pairs_.size());
  return row[static_cast<std::size_t>(destination)];
}

std::size_t FlitCarrier::submit(int source, int destination, std::uint64_t bytes,
                                std::function<void()> left) {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  const Cycle cycle = (now.value() + cycle_.value() - 1) / cycle_.value();
  std::size_t number = messages_.size();
  if (free_.empty()) {
    messages_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  Message& message = messages_[number];
  const Mesh::Cut parts = mesh_.cut(bytes);
  message.source = source;
  message.destination = destination;
  message.sent = cycle;
  message.tail = 0;
  message.bytes = bytes;
  message.packets_left = message.packets_at_source = parts.packets;
  message.left = std::move(left);
  pair(source, destination).messages.push_back(number);
  waiting_.push_back({cycle, number});
  if (!ticking_) {
    ticking_ = true;
    network_.skip_to(cycle);
    next_cycle_.notify(time_of(cycle) + cycle_ / 2 - now);
  }
  return number;
}

Delivery FlitCarrier::await(std::size_t number) {
  Message& message = messages_[number];
  sc_core::wait(message.handed_over);
  const Mesh::Cut parts = mesh_.cut(message.bytes);
  Delivery delivery;
  delivery.tail = message.tail;
  delivery.head = message.tail + 1 - std::min<Cycle>(parts.flits, message.tail + 1);
  delivery.packets = parts.packets;
  delivery.flits = parts.flits;
  delivery.hops = mesh_.hops(message.source, message.destination);
  const Cycle latency = message.tail - message.sent;
  const Cycle zero_load = mesh_.zero_load_latency(message.source, message.destination, message.bytes);
  delivery.contention = latency > zero_load ? latency - zero_load : 0;
  traffic_.count(message.sent, delivery, message.bytes);
  free_.push_back(number);
  return delivery;
}

// Cycle n of the network is simulated half a cycle after its edge: everybody who sends at the edge has done
// so, in whatever order. What arrives is announced cycles ahead, so nobody is woken late.
void FlitCarrier::tick() {
  while (!waiting_.empty() && waiting_.front().cycle <= network_.now()) {
    send(waiting_.front().message);
    waiting_.pop_front();
  }
  network_.step();
  for (const std::uint64_t number : network_.departed()) {
    Message& message = messages_[number];
    if (--message.packets_at_source == 0 && message.left) message.left();
  }
  for (const Arrival& arrival : network_.announced()) announce(arrival);
  if (network_.stuck()) {
    throw Error(fmt::format("{}: the network has locked up in cycle {} with {} flits under way: {}", name(),
                            network_.now(), network_.flits_under_way(), network_.waiting_circle()));
  }
  ticking_ = !network_.idle() || !waiting_.empty();
  if (ticking_) next_cycle_.notify(cycle_);
}

void FlitCarrier::send(std::size_t number) {
  const Message& message = messages_[number];
  const MeshConfig& config = mesh_.config();
  std::uint64_t payload_left = mesh_.cut(message.bytes).payload_flits;
  const bool bulk = message.bytes > 0 && network_.routers().classes > 1;
  for (std::uint64_t packet = 0; packet < message.packets_left; ++packet) {
    const auto payload =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(payload_left, config.max_packet_flits));
    payload_left -= payload;
    network_.send(
        {message.source, message.destination, payload + config.header_flits, bulk ? 1u : 0u, number});
  }
}

void FlitCarrier::announce(const Arrival& arrival) {
  Message& message = messages_[arrival.packet.tag];
  // The interface takes one flit a cycle: tails are announced in the order in which they arrive.
  if (--message.packets_left > 0) return;
  message.tail = arrival.arrived;
  Pair& order = pair(message.source, message.destination);
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  while (!order.messages.empty()) {
    Message& first = messages_[order.messages.front()];
    if (first.packets_left > 0) return;
    first.tail = std::max({first.tail, arrival.arrived, order.last + 1});
    order.last = first.tail;
    order.messages.pop_front();
    first.handed_over.notify(time_of(first.tail) - now);
  }
}

}  // namespace weft::noc
