// SPDX-License-Identifier: Apache-2.0
#include "models/noc/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

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

namespace {

// A packet is a header and a payload of bytes as long as the other flits.
MeshConfig for_packets(MeshConfig config, const TrafficConfig& traffic) {
  config.header_flits = 1;
  config.max_packet_flits = std::max(traffic.packet_flits, 2u) - 1;
  return config;
}

std::uint64_t payload_bytes(const MeshConfig& config, const TrafficConfig& traffic) {
  return std::uint64_t{config.flit_bytes} * (traffic.packet_flits - 1);
}

// Traffic through a flit network, or through calendars in front of it.
class FlitRun {
 public:
  FlitRun(const TopologyConfig& topology, const RouterConfig& routers, const TrafficConfig& traffic)
      : traffic_(traffic), network_(topology, routers), injection_(topology, traffic) {}

  void put_in_front(const MeshConfig& calendars) {
    mesh_.emplace(for_packets(calendars, traffic_));
    bytes_ = payload_bytes(mesh_->config(), traffic_);
  }

  TrafficResult run() {
    while (samples_.count() < traffic_.packets && !result_.saturated) {
      const bool measuring = now_ >= traffic_.warm_up && created_ < traffic_.packets;
      if (measuring) ++result_.cycles;
      for (const Injection::Created& packet : injection_.at(now_)) {
        const bool counts = measuring && created_ < traffic_.packets;
        created_ += counts ? 1 : 0;
        send(packet, counts);
      }
      if (!mesh_ || !network_.idle()) step(measuring);
      ++now_;
    }
    return finish();
  }

 private:
  static constexpr std::uint64_t kMeasured = 1;

  void send(const Injection::Created& packet, bool counts) {
    if (mesh_) {
      const Cycle tail = mesh_->last_tail(packet.source, packet.destination);
      if (!watch_.by_flits(now_, network_.idle(), tail)) return send_in_calendars(packet, counts);
      // Its clock stands still while calendars are enough.
      network_.skip_to(now_);
    }
    result_.flit_packets += counts ? 1 : 0;
    network_.send({packet.source, packet.destination, traffic_.packet_flits, 0, counts ? kMeasured : 0});
  }

  void send_in_calendars(const Injection::Created& packet, bool counts) {
    mesh_->forget_before(now_);
    const Cycle latency = mesh_->send(now_, packet.source, packet.destination, bytes_).tail - now_;
    const Cycle zero_load = mesh_->zero_load_latency(packet.source, packet.destination, bytes_);
    watch_.look_at(now_, latency, zero_load);
    if (!counts) return;
    accepted_flits_ += traffic_.packet_flits;
    add(latency, zero_load);
  }

  void step(bool measuring) {
    network_.step();
    ++result_.flit_cycles;
    for (const Arrival& arrival : network_.arrivals()) {
      if (measuring) accepted_flits_ += traffic_.packet_flits;
      if (arrival.packet.tag != kMeasured) continue;
      add(arrival.arrived - arrival.created,
          network_.zero_load_latency(arrival.packet.source, arrival.packet.destination,
                                     arrival.packet.flits));
    }
    result_.locked = network_.stuck();
    if (result_.locked) result_.waiting_circle = network_.waiting_circle();
    // Judged when all have been created, so that the accepted rate is measured over the whole time.
    const bool hopeless = created_ == traffic_.packets &&
                          network_.now() > traffic_.warm_up + 20 * (result_.cycles + 1000) &&
                          latency_sum_ > kHopeless * zero_load_sum_;
    result_.saturated = result_.locked || hopeless;
  }

  void add(Cycle latency, Cycle zero_load) {
    samples_.add(latency, zero_load);
    latency_sum_ += static_cast<double>(latency);
    zero_load_sum_ += static_cast<double>(zero_load);
  }

  TrafficResult finish() {
    result_.simulated = now_;
    const double node_cycles = static_cast<double>(network_.topology().config().nodes()) *
                               static_cast<double>(std::max<Cycle>(result_.cycles, 1));
    result_.offered = static_cast<double>(created_) * traffic_.packet_flits / node_cycles;
    result_.accepted = static_cast<double>(accepted_flits_) / node_cycles;
    samples_.summarise(result_);
    result_.saturated = result_.saturated || result_.mean_latency > result_.latency_bound();
    result_.trusted = !mesh_ || mesh_->trust().trusted();
    return result_;
  }

  TrafficConfig traffic_;
  FlitNetwork network_;
  Injection injection_;
  std::optional<Mesh> mesh_;
  std::uint64_t bytes_ = 0;  // of a packet in the calendars
  SaturationWatch watch_;
  LatencySamples samples_;
  TrafficResult result_;
  Cycle now_ = 0;
  std::uint64_t created_ = 0;  // of the measured packets
  std::uint64_t accepted_flits_ = 0;
  double latency_sum_ = 0.0;
  double zero_load_sum_ = 0.0;
};

}  // namespace

TrafficResult run_traffic(const TopologyConfig& topology, const RouterConfig& routers,
                          const TrafficConfig& traffic) {
  return FlitRun(topology, routers, traffic).run();
}

TrafficResult run_traffic(const MeshConfig& network, const RouterConfig& routers,
                          const TrafficConfig& traffic) {
  if (network.virtual_channels != routers.virtual_channels) {
    throw Error(
        fmt::format("network traffic: the calendars have {} virtual channels and the routers {}, "
                    "allowed are equal numbers",
                    network.virtual_channels, routers.virtual_channels));
  }
  FlitRun run(network.topology_config(), routers, traffic);
  run.put_in_front(network);
  return run.run();
}

TrafficResult run_traffic(const MeshConfig& network, const TrafficConfig& traffic) {
  const MeshConfig config = for_packets(network, traffic);
  const std::uint64_t bytes = payload_bytes(config, traffic);
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
