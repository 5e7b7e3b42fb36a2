// SPDX-License-Identifier: Apache-2.0
#include "models/noc/mesh.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/common/error.h"

namespace weft::noc {

namespace {

// Switch traversal, link and the register behind it, between a port's start and the flit's arrival.
constexpr Cycle kExitCycles = 3;
// One part in so many of a wait for a port that is shared flit by flit is lost by the other packet, too.
constexpr Cycle kShared = 3;

constexpr std::uint16_t kChoice = 0xffff;

template <typename T>
void check(const char* field, T value, T low, T high) {
  if (value >= low && value <= high) return;
  throw Error(fmt::format("mesh network: {} is {}, allowed are {} to {}", field, value, low, high));
}

std::uint64_t ceil_divide(std::uint64_t value, std::uint64_t by) { return value / by + (value % by != 0); }

std::size_t index(int node) { return static_cast<std::size_t>(node); }
std::size_t index(Port port) { return static_cast<std::size_t>(port); }

const MeshConfig& checked(const MeshConfig& config) {
  config.validate();
  return config;
}

}  // namespace

const char* to_string(Port port) {
  constexpr std::array<const char*, kPorts> names = {"east",  "west",     "north",
                                                     "south", "ejection", "injection"};
  return names.at(index(port));
}

void MeshConfig::validate() const {
  check("columns", columns, 1, 64);
  check("rows", rows, 1, 64);
  check("flit_bytes", flit_bytes, 1u, 1024u);
  check("hop_cycles", hop_cycles, 1u, 64u);
  check("max_packet_flits", max_packet_flits, 1u, 65536u);
  check("header_flits", header_flits, 1u, 16u);
  check("virtual_channels", virtual_channels, 1u, 16u);
  check("vc_turnaround_cycles", vc_turnaround_cycles, 0u, 16u);
  topology_config().validate();
}

void TrafficStatistics::count(Cycle sent, const Delivery& delivery, std::uint64_t payload_bytes) {
  ++messages;
  packets += delivery.packets;
  flits += delivery.flits;
  bytes += payload_bytes;
  router_flits += delivery.router_flits();
  link_flits += delivery.link_flits();
  latency_sum += delivery.tail - sent;
  latency_max = std::max(latency_max, delivery.tail - sent);
  contention_sum += delivery.contention;
  latencies.add(delivery.tail - sent);
}

void TrafficStatistics::add(const TrafficStatistics& other) {
  messages += other.messages;
  packets += other.packets;
  flits += other.flits;
  bytes += other.bytes;
  router_flits += other.router_flits;
  link_flits += other.link_flits;
  latency_sum += other.latency_sum;
  latency_max = std::max(latency_max, other.latency_max);
  contention_sum += other.contention_sum;
  latencies.add(other.latencies);
}

double TrafficStatistics::mean_latency() const {
  return messages == 0 ? 0.0 : static_cast<double>(latency_sum) / static_cast<double>(messages);
}

Mesh::Mesh(const MeshConfig& config) : config_(checked(config)), topology_(config_.topology_config()) {
  outputs_.resize(index(topology_.routers() * topology_.ports()));
  injections_.resize(index(config_.nodes()));
  pairs_.resize(index(config_.nodes()));
  only_port_.resize(index(topology_.routers()));
  for (int router = 0; router < topology_.routers(); ++router) {
    for (int port = 0; port < topology_.ports(); ++port)
      neighbours_.push_back(topology_.neighbour(router, port).router);
  }
}

// A packet asks for its way at every router: looking it up is faster than finding it each time.
void Mesh::find_ports(int router) {
  std::vector<std::uint16_t>& ports = only_port_[index(router)];
  for (int node = 0; node < config_.nodes(); ++node) {
    const Topology::Ways ways = topology_.ways(router, node);
    ports.push_back(ways.count == 1 ? static_cast<std::uint16_t>(ways.way[0].port) : kChoice);
  }
}

int Mesh::node(int column, int row) const {
  check("column", column, 0, config_.columns - 1);
  check("row", row, 0, config_.rows - 1);
  return row * config_.columns + column;
}

int Mesh::hops(int source, int destination) const {
  check_node(source, "source");
  check_node(destination, "destination");
  return topology_.hops(source, destination);
}

Delivery Mesh::send(Cycle now, int source, int destination, std::uint64_t bytes) {
  Delivery delivery;
  delivery.hops = hops(source, destination);
  if (now < horizon_) {
    throw Error(fmt::format(
        "mesh network: a message is sent in cycle {}, the calendars reach back to cycle {}", now, horizon_));
  }
  if (!config_.contention) return send_free(now, source, destination, bytes);
  const Cut parts = cut(bytes);
  const bool control = config_.control_priority && bytes == 0;
  const bool late = now < newest_;
  newest_ = std::max(newest_, now);
  Pair& order = pair(source, destination);
  const bool in_order = now >= order.sent;
  Cycle last_tail = in_order ? order.tail : 0;
  std::uint64_t payload_left = parts.payload_flits;
  for (std::uint64_t packet = 0; packet < parts.packets; ++packet) {
    const Cycle payload = std::min<std::uint64_t>(payload_left, config_.max_packet_flits);
    const Cycle flits = payload + config_.header_flits;
    payload_left -= payload;
    const Cycle injection = inject(source, now, flits, control);
    const Passage passage = control ? traverse_first(source, destination, injection, flits)
                                    : traverse(source, destination, injection, flits, late);
    // The interface takes a flit a cycle.
    delivery.tail = std::max(tail_of(passage, flits), last_tail + flits);
    last_tail = delivery.tail;
    delivery.left = std::min(injection + flits, delivery.tail);
    if (packet == 0) delivery.head = delivery.tail + 1 - flits;
  }
  if (in_order) order = {now, delivery.tail};
  delivery.packets = parts.packets;
  delivery.flits = parts.flits;
  delivery.contention = delivery.tail - now - zero_load_latency(delivery.hops, parts);
  traffic_.count(now, delivery, bytes);
  return delivery;
}

// As in an empty network, but a short message does not overtake a long one of its pair.
Delivery Mesh::send_free(Cycle now, int source, int destination, std::uint64_t bytes) {
  const Cut parts = cut(bytes);
  const Cycle zero_load = zero_load_latency(source, destination, bytes);
  Pair& order = pair(source, destination);
  Delivery delivery;
  delivery.hops = hops(source, destination);
  delivery.packets = parts.packets;
  delivery.flits = parts.flits;
  delivery.tail = now + zero_load;
  delivery.left = now + parts.flits;
  if (now >= order.sent) {
    delivery.tail = std::max(delivery.tail, order.tail + parts.flits);
    order = {now, delivery.tail};
  }
  delivery.head = delivery.tail + 1 - parts.flits - (parts.packets - 1) * turnaround();
  delivery.contention = delivery.tail - now - zero_load;
  traffic_.count(now, delivery, bytes);
  return delivery;
}

Cycle Mesh::zero_load_latency(int source, int destination, std::uint64_t bytes) const {
  return zero_load_latency(hops(source, destination), cut(bytes));
}

Cycle Mesh::zero_load_latency(int hops, const Cut& parts) const {
  const Cycle routers = static_cast<Cycle>(hops) + 1;
  return routers * config_.hop_cycles + 2 + (parts.flits - 1) + (parts.packets - 1) * turnaround();
}

Cycle Mesh::last_tail(int source, int destination) const {
  check_node(source, "source");
  check_node(destination, "destination");
  const std::vector<Pair>& row = pairs_[index(source)];
  return row.empty() ? 0 : row[index(destination)].tail;
}

void Mesh::forget_before(Cycle horizon) { horizon_ = std::max(horizon_, horizon); }

const LinkStatistics& Mesh::output(int router, int port) const {
  check("router", router, 0, topology_.routers() - 1);
  check("port", port, 0, topology_.ports() - 1);
  return outputs_[index(router * topology_.ports() + port)].statistics;
}

const LinkStatistics& Mesh::injection(int node) const {
  check_node(node, "node");
  return injections_[index(node)].statistics;
}

const LinkStatistics& Mesh::link(int node, Port port) const {
  check_node(node, "node");
  return port == Port::kInjection ? injection(node) : output(node, number(port));
}

int Mesh::number(Port port) const {
  if (config_.topology != TopologyKind::kMesh && config_.topology != TopologyKind::kTorus) {
    throw Error(fmt::format("network: a {} has no ports by name, ask for them by number",
                            noc::to_string(config_.topology)));
  }
  constexpr std::array<int, 5> numbers = {0, 1, 3, 2, 4};  // of east, west, north, south, ejection
  return numbers.at(index(port));
}

Trust Mesh::trust() const {
  Trust trust;
  for (const Output& each : outputs_) {
    WindowLoad load = each.forgotten;
    each.calendar.add_to(load);
    trust.overloaded_windows += load.overloaded();
    trust.busiest = std::max(trust.busiest, load.busiest());
  }
  return trust;
}

Mesh::Cut Mesh::cut(std::uint64_t bytes) const {
  const std::uint64_t payload = ceil_divide(bytes, config_.flit_bytes);
  const std::uint64_t packets = std::max<std::uint64_t>(1, ceil_divide(payload, config_.max_packet_flits));
  return {payload, packets, payload + packets * config_.header_flits};
}

Mesh::Passage Mesh::traverse(int source, int destination, Cycle injection, Cycle flits, bool late) {
  const Cycle length = flits + turnaround();
  const Topology::Place end = topology_.attachment(destination);
  Passage passage;
  Cycle ready = injection + config_.hop_cycles - 1;
  int at = topology_.attachment(source).router;
  Calendar* input = &injections_[index(source)].input;
  while (at != end.router) {
    Output& output = choose(at, destination, ready, length);
    pass(*input, output, {ready, flits, length, late}, passage);
    ready = passage.start + config_.hop_cycles;
    input = &output.input;
    at = neighbours_[static_cast<std::size_t>(&output - outputs_.data())];
  }
  pass(*input, output_of(at, end.port), {ready, flits, length, late}, passage);
  return passage;
}

Mesh::Passage Mesh::traverse_first(int source, int destination, Cycle injection, Cycle flits) {
  const Cycle length = flits + turnaround();
  const Topology::Place end = topology_.attachment(destination);
  Cycle ready = injection + config_.hop_cycles - 1;
  Passage passage;
  const auto cross = [&](Output& output) {
    output.calendar.forget_before(horizon_, output.forgotten);
    passage.start = claim(output, ready, length);
    output.statistics.flits += flits;
    output.statistics.busy += length;
    output.statistics.waiting += passage.start - ready;
    ready = passage.start + config_.hop_cycles;
  };
  for (int at = topology_.attachment(source).router; at != end.router;) {
    Output& output = choose(at, destination, ready, length);
    cross(output);
    at = neighbours_[static_cast<std::size_t>(&output - outputs_.data())];
  }
  cross(output_of(end.router, end.port));
  return passage;
}

// What goes first has the port when no other such message has it; for all others the port is as busy as if it
// had waited.
Cycle Mesh::claim(Output& output, Cycle ready, Cycle length) {
  output.control.forget_before(horizon_);
  const Cycle start = output.control.reserve(ready, length);
  output.calendar.reserve(start, length);
  return start;
}

Mesh::Output& Mesh::choose(int router, int destination, Cycle ready, Cycle length) {
  if (only_port_[index(router)].empty()) find_ports(router);
  const std::uint16_t only = only_port_[index(router)][index(destination)];
  if (only != kChoice) return output_of(router, only);
  const Topology::Ways ways = topology_.ways(router, destination);
  Output& first = output_of(router, ways.way[0].port);
  Output& second = output_of(router, ways.way[1].port);
  return second.calendar.first_gap(ready, length) < first.calendar.first_gap(ready, length) ? second : first;
}

Mesh::Output& Mesh::output_of(int router, int port) {
  return outputs_[index(router * topology_.ports() + port)];
}

Cycle Mesh::inject(int source, Cycle now, Cycle flits, bool control) {
  Output& port = injections_[index(source)];
  port.calendar.forget_before(horizon_);
  const Cycle start = control ? claim(port, now, flits) : port.calendar.reserve(now, flits);
  port.statistics.flits += flits;
  port.statistics.busy += flits;
  port.statistics.waiting += start - now;
  return start;
}

void Mesh::pass(Calendar& input, Output& output, const Request& request, Passage& passage) {
  output.calendar.forget_before(horizon_, output.forgotten);
  input.forget_before(horizon_);
  const bool free = output.calendar.free_from(request.ready) && input.free_from(request.ready);
  const Cycle start =
      free ? request.ready
           : first_common_gap(output.calendar, request.length, input, request.flits, request.ready);
  const bool waits = start > request.ready;
  const Cycle first = waits ? first_common_gap(output.calendar, 1, input, 1, request.ready) : start;
  const Cycle goes = first < start ? departure(output.calendar, input, request, first, start) : start;
  if (request.late && goes < start) {
    output.calendar.take_pieces(first, request.length);
    input.take_pieces(first, request.flits);
    passage.start = goes;
  } else {
    output.calendar.take(start, request.length);
    input.take(start, request.flits);
    passage.start = start;
    passage.spared += start - goes;
  }
  const Cycle most_shared = (config_.virtual_channels - 1) * request.flits;
  passage.shared = std::max(passage.shared, std::min(start - request.ready, most_shared));
  if (config_.virtual_channels == 1) input.occupy(request.ready, goes);
  output.statistics.flits += request.flits;
  output.statistics.busy += request.length;
  output.statistics.waiting += passage.start - request.ready;
}

// When a packet goes that finds cycle `first` free, but no gap that is long enough before `start`. One that
// comes before another goes first, even if the calendars have the other one already. It delays the other one
// then by what the gap lacks.
Cycle Mesh::departure(const Calendar& output, const Calendar& input, const Request& request, Cycle first,
                      Cycle start) {
  const Cycle gap = std::min(output.next_busy(first), input.next_busy(first)) - first;
  const Cycle lacking = request.length > gap ? request.length - gap : 0;
  return std::min(start, first + lacking);
}

Cycle Mesh::tail_of(const Passage& passage, Cycle flits) {
  const Cycle shared = (2 * (flits - 1) * passage.shared + kShared * flits) / (2 * kShared * flits);
  return passage.start + kExitCycles + flits - 1 + shared - passage.spared;
}

Mesh::Pair& Mesh::pair(int source, int destination) {
  std::vector<Pair>& row = pairs_[index(source)];
  if (row.empty()) row.resize(index(config_.nodes()));
  return row[index(destination)];
}

void Mesh::check_node(int node, const char* what) const {
  if (node >= 0 && node < config_.nodes()) return;
  throw Error(fmt::format("mesh network of {} x {} nodes: {} is node {}, allowed are 0 to {}",
                          config_.columns, config_.rows, what, node, config_.nodes() - 1));
}

}  // namespace weft::noc
