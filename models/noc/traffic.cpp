// SPDX-License-Identifier: Apache-2.0
#include "models/noc/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/common/error.h"

namespace weft::noc {

namespace {

constexpr std::size_t kBatches = 20;
// Student's t for 19 degrees of freedom, two-sided 95 %.
constexpr double kStudent = 2.093;
constexpr double kHopeless = 50.0;

template <typename T>
void check(const char* field, T value, T low, T high) {
  if (value >= low && value <= high) return;
  throw Error(fmt::format("network traffic: {} is {}, allowed are {} to {}", field, value, low, high));
}

}  // namespace

const char* to_string(Pattern pattern) {
  constexpr std::array<const char*, 6> names = {"uniform",  "transpose", "bitcomp",
                                                "neighbor", "hotspot",   "incast"};
  return names.at(static_cast<std::size_t>(pattern));
}

void TrafficConfig::validate(const TopologyConfig& topology) const {
  check("packet_flits", packet_flits, 1u, 65536u);
  check("packets", packets, std::uint64_t{40}, std::uint64_t{100'000'000});
  check("hotspot_weight", hotspot_weight, 1u, 1000u);
  check("hotspot", hotspot, -1, topology.nodes() - 1);
  if (!(rate > 0.0) || rate > packet_flits) {
    throw Error(
        fmt::format("network traffic: rate is {} flits per node and cycle, allowed are values above 0 up to "
                    "{}, one packet "
                    "of {} flits a cycle",
                    rate, packet_flits, packet_flits));
  }
  if (pattern == Pattern::kTranspose && topology.columns != topology.rows) {
    throw Error(fmt::format("network traffic: transpose needs as many columns as rows, there are {} and {}",
                            topology.columns, topology.rows));
  }
}

Destinations::Destinations(const TopologyConfig& topology, const TrafficConfig& traffic)
    : grid_(topology),
      pattern_(traffic.pattern),
      hotspot_(traffic.hotspot),
      extra_weight_(traffic.hotspot_weight - 1) {
  traffic.validate(topology);
  if (hotspot_ < 0) hotspot_ = (grid_.rows - 1) / 2 * grid_.columns + (grid_.columns - 1) / 2;
}

int Destinations::draw(int source, CounterRng& random) const {
  const int x = source % grid_.columns;
  const int y = source / grid_.columns;
  const auto nodes = static_cast<std::uint32_t>(grid_.nodes());
  switch (pattern_) {
    case Pattern::kTranspose:
      return x * grid_.columns + y;
    case Pattern::kBitComplement:
      return grid_.nodes() - 1 - source;
    case Pattern::kNeighbor:
      return (y + 1) % grid_.rows * grid_.columns + (x + 1) % grid_.columns;
    case Pattern::kIncast:
      return hotspot_;
    case Pattern::kHotspot: {
      const std::uint32_t drawn = random.below(nodes + extra_weight_);
      return drawn < nodes ? static_cast<int>(drawn) : hotspot_;
    }
    case Pattern::kUniform:
      break;
  }
  return static_cast<int>(random.below(nodes));
}

Injection::Injection(const TopologyConfig& topology, const TrafficConfig& traffic)
    : destinations_(topology, traffic), log_no_packet_(std::log1p(-traffic.rate / traffic.packet_flits)) {
  for (int node = 0; node < topology.nodes(); ++node) {
    CounterRng& random = random_.emplace_back(traffic.seed, static_cast<std::uint32_t>(node), 0u);
    next_.push_back(pause(random) - 1);
  }
}

// Cycles from one packet of a node to its next: geometric.
Cycle Injection::pause(CounterRng& random) const {
  if (std::isinf(log_no_packet_)) return 1;
  const double cycles = std::floor(std::log1p(-random.uniform()) / log_no_packet_);
  constexpr double longest = 1e15;
  return static_cast<Cycle>(std::min(cycles, longest)) + 1;
}

const std::vector<Injection::Created>& Injection::at(Cycle cycle) {
  created_.clear();
  for (std::size_t node = 0; node < next_.size(); ++node) {
    if (next_[node] != cycle) continue;
    const int source = static_cast<int>(node);
    created_.push_back({source, destinations_.draw(source, random_[node])});
    next_[node] = cycle + pause(random_[node]);
  }
  return created_;
}

void LatencySamples::add(Cycle latency, Cycle zero_load) {
  constexpr Cycle most = std::numeric_limits<std::uint32_t>::max();
  samples_.push_back(static_cast<std::uint32_t>(std::min(latency, most)));
  zero_load_sum_ += static_cast<double>(zero_load);
}

void LatencySamples::summarise(TrafficResult& result) const {
  const std::size_t count = samples_.size();
  result.packets = count;
  if (count == 0) return;
  std::array<double, kBatches> means{};
  for (std::size_t batch = 0; batch < kBatches; ++batch) {
    const std::size_t begin = batch * count / kBatches;
    const std::size_t end = (batch + 1) * count / kBatches;
    for (std::size_t i = begin; i < end; ++i) means.at(batch) += samples_[i];
    if (end > begin) means.at(batch) /= static_cast<double>(end - begin);
  }
  const double total = std::accumulate(samples_.begin(), samples_.end(), 0.0);
  result.mean_latency = total / static_cast<double>(count);
  result.zero_load = zero_load_sum_ / static_cast<double>(count);
  double squares = 0.0;
  for (const double mean : means) squares += (mean - result.mean_latency) * (mean - result.mean_latency);
  result.half_width = kStudent * std::sqrt(squares / (kBatches - 1) / kBatches);
  std::vector<std::uint32_t> sorted = samples_;
  std::sort(sorted.begin(), sorted.end());
  const auto quantile = [&](double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(count - 1))];
  };
  result.p50 = quantile(0.5);
  result.p95 = quantile(0.95);
  result.p99 = quantile(0.99);
  result.max = sorted.back();
}

TrafficResult run_traffic(const TopologyConfig& topology, const RouterConfig& routers,
                          const TrafficConfig& traffic) {
  FlitNetwork network(topology, routers);
  Injection injection(topology, traffic);
  LatencySamples samples;
  TrafficResult result;
  std::uint64_t created = 0;  // of the measured packets
  std::uint64_t arrived_flits = 0;
  double latency_sum = 0.0;
  double zero_load_sum = 0.0;
  constexpr std::uint64_t measured = 1;
  while (samples.count() < traffic.packets) {
    const bool measuring = network.now() >= traffic.warm_up && created < traffic.packets;
    for (const Injection::Created& packet : injection.at(network.now())) {
      const bool counts = measuring && created < traffic.packets;
      created += counts ? 1 : 0;
      network.send({packet.source, packet.destination, traffic.packet_flits, 0, counts ? measured : 0});
    }
    if (measuring) ++result.cycles;
    network.step();
    for (const Arrival& arrival : network.arrivals()) {
      if (measuring) arrived_flits += traffic.packet_flits;
      if (arrival.packet.tag != measured) continue;
      const Cycle zero_load =
          network.zero_load_latency(arrival.packet.source, arrival.packet.destination, arrival.packet.flits);
      samples.add(arrival.arrived - arrival.created, zero_load);
      latency_sum += static_cast<double>(arrival.arrived - arrival.created);
      zero_load_sum += static_cast<double>(zero_load);
    }
    result.locked = network.stuck();
    if (result.locked) result.waiting_circle = network.waiting_circle();
    // Judged when all have been created, so that the accepted rate is measured over the whole time.
    const bool hopeless = created == traffic.packets &&
                          network.now() > traffic.warm_up + 20 * (result.cycles + 1000) &&
                          latency_sum > kHopeless * zero_load_sum;
    if (result.locked || hopeless) {
      result.saturated = true;
      break;
    }
  }
  result.simulated = network.now();
  const double node_cycles =
      static_cast<double>(topology.nodes()) * static_cast<double>(std::max<Cycle>(result.cycles, 1));
  result.offered = static_cast<double>(created) * traffic.packet_flits / node_cycles;
  result.accepted = static_cast<double>(arrived_flits) / node_cycles;
  samples.summarise(result);
  result.saturated = result.saturated || result.mean_latency > result.latency_bound();
  return result;
}

TrafficResult run_traffic(const MeshConfig& network, const TrafficConfig& traffic) {
  MeshConfig config = network;
  // A packet is a header and a payload of bytes as long as the other flits.
  config.header_flits = 1;
  config.max_packet_flits = std::max(traffic.packet_flits, 2u) - 1;
  const std::uint64_t bytes = std::uint64_t{config.flit_bytes} * (traffic.packet_flits - 1);
  Mesh mesh(config);
  Injection injection(config.topology_config(), traffic);
  LatencySamples samples;
  TrafficResult result;
  Cycle now = 0;
  for (; samples.count() < traffic.packets; ++now) {
    const bool measuring = now >= traffic.warm_up;
    result.cycles += measuring ? 1 : 0;
    mesh.forget_before(now);
    for (const Injection::Created& packet : injection.at(now)) {
      const Cycle tail = mesh.send(now, packet.source, packet.destination, bytes).tail;
      if (measuring && samples.count() < traffic.packets)
        samples.add(tail - now, mesh.zero_load_latency(packet.source, packet.destination, bytes));
    }
  }
  result.simulated = now;
  const double node_cycles = static_cast<double>(config.nodes()) * static_cast<double>(result.cycles);
  result.offered = static_cast<double>(traffic.packets) * traffic.packet_flits / node_cycles;
  result.accepted = result.offered;
  samples.summarise(result);
  result.saturated = result.mean_latency > result.latency_bound();
  result.trusted = !config.contention || mesh.trust().trusted();
  return result;
}

double saturation_rate(const TopologyConfig& topology, const RouterConfig& routers, TrafficConfig traffic,
                       double tolerance) {
  double low = 0.0;
  double high = std::min(1.0, static_cast<double>(traffic.packet_flits));
  traffic.rate = high;
  if (!run_traffic(topology, routers, traffic).saturated) return high;
  while (high - low > tolerance * high) {
    traffic.rate = (low + high) / 2.0;
    (run_traffic(topology, routers, traffic).saturated ? high : low) = traffic.rate;
  }
  return low;
}

}  // namespace weft::noc
