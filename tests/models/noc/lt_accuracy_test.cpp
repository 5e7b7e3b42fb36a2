// SPDX-License-Identifier: Apache-2.0
// The loosely timed network against the flit network on the same packets.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "models/noc/flit_network.h"
#include "models/noc/mesh.h"
#include "models/noc/traffic.h"
#include "tests/models/noc/reference_data.h"
#include "tests/support/skip.h"

using namespace weft::noc;
using namespace weft::noc::test;

namespace {

struct Sent {
  Cycle created;
  int source;
  int destination;
};

Pattern pattern_of(const std::string& name) {
  static const std::map<std::string, Pattern> patterns = {{"uniform", Pattern::kUniform},
                                                          {"transpose", Pattern::kTranspose},
                                                          {"bitcomp", Pattern::kBitComplement},
                                                          {"neighbor", Pattern::kNeighbor},
                                                          {"hotspot4x", Pattern::kHotspot}};
  return patterns.at(name);
}

std::vector<Sent> packets_of(const TopologyConfig& topology, const TrafficConfig& traffic) {
  Injection injection(topology, traffic);
  std::vector<Sent> sent;
  for (Cycle now = 0; sent.size() < traffic.packets; ++now) {
    for (const Injection::Created& packet : injection.at(now))
      sent.push_back({now, packet.source, packet.destination});
  }
  return sent;
}

double mean_by_flits(const std::vector<Sent>& packets, const TopologyConfig& topology,
                     const RouterConfig& routers, std::uint32_t flits) {
  FlitNetwork network(topology, routers);
  double sum = 0.0;
  std::size_t next = 0;
  while (next < packets.size() || !network.idle()) {
    for (; next < packets.size() && packets[next].created == network.now(); ++next)
      network.send({packets[next].source, packets[next].destination, flits, 0, 0});
    network.step();
    for (const Arrival& arrival : network.arrivals())
      sum += static_cast<double>(arrival.arrived - arrival.created);
  }
  return sum / static_cast<double>(packets.size());
}

MeshConfig calendars(const TopologyConfig& topology, unsigned channels) {
  MeshConfig config;
  config.columns = topology.columns;
  config.rows = topology.rows;
  config.virtual_channels = channels;
  return config;
}

double mean_by_calendar(const std::vector<Sent>& packets, const MeshConfig& config, std::uint32_t flits) {
  Mesh mesh(config);
  double sum = 0.0;
  for (const Sent& packet : packets) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(flits - 1) * config.flit_bytes;
    sum += static_cast<double>(mesh.send(packet.created, packet.source, packet.destination, bytes).tail -
                               packet.created);
  }
  return sum / static_cast<double>(packets.size());
}

}  // namespace

TEST_CASE("the loosely timed network's mean latency is the flit network's within the stated error") {
  const std::vector<Row> rows = read_csv("fastmodel_accuracy.csv");
  if (rows.empty()) WEFT_SKIP("the recorded rates are not in this tree");
  struct Load {
    const char* share;
    double mean_percent;
    double worst_percent;
  };
  // The bounds of docs/models/noc.md. Found are 0.5, 1.0 and 2.1 % on average, moved by 0.05 by the seed, and
  // 2.6, 4.4 and 12.6 % at worst with 30000 packets; with 10000, chance adds to the worst case. Every case
  // has a seed of its own.
  const Load load = GENERATE(Load{"0.5", 0.7, 4.0}, Load{"0.7", 1.3, 6.0}, Load{"0.85", 2.5, 18.0});
  double sum = 0.0;
  int cases = 0;
  for (const Row& row : rows) {
    if (row.at("rate_over_sat") != load.share || row.at("model") != "calendar") continue;
    TopologyConfig topology;
    topology.columns = topology.rows = integer(row, "k");
    RouterConfig routers;
    routers.virtual_channels = natural(row, "num_vcs");
    TrafficConfig traffic;
    traffic.pattern = pattern_of(row.at("traffic"));
    traffic.packet_flits = natural(row, "packet_size");
    traffic.rate = number(row, "offered");
    traffic.packets = 10000;
    traffic.seed = static_cast<std::uint64_t>(cases);
    const std::vector<Sent> packets = packets_of(topology, traffic);
    const double reference = mean_by_flits(packets, topology, routers, traffic.packet_flits);
    const double fast =
        mean_by_calendar(packets, calendars(topology, routers.virtual_channels), traffic.packet_flits);
    const double percent = 100.0 * std::abs(fast - reference) / reference;
    INFO(row.at("k") << " " << row.at("traffic") << " packet " << row.at("packet_size") << " channels "
                     << row.at("num_vcs") << ": " << fast << " for " << reference);
    CHECK(percent < load.worst_percent);
    sum += percent;
    ++cases;
  }
  CHECK(cases == 90);

  CHECK(sum / cases < load.mean_percent);
}

TEST_CASE("calls ahead by up to 4096 cycles change the mean latency by at most 6 percent") {
  const std::vector<Row> rows = read_csv("fastmodel_accuracy.csv");
  if (rows.empty()) WEFT_SKIP("the recorded rates are not in this tree");
  struct Limit {
    const char* share;
    double percent;
  };
  // Sockets have no such calls (quantum_test.cpp). At 85 % of saturation, ports are busier than the model is
  // trusted for in half of the cases; found are 6.4 %.
  const Limit limit = GENERATE(Limit{"0.5", 6.0}, Limit{"0.7", 6.0}, Limit{"0.85", 7.0});
  double worst = 0.0;
  std::string where;
  int cases = 0;
  for (const Row& row : rows) {
    if (row.at("rate_over_sat") != limit.share || row.at("model") != "calendar") continue;
    if (row.at("packet_size") != "4" || row.at("num_vcs") != "2") continue;
    TopologyConfig topology;
    topology.columns = topology.rows = integer(row, "k");
    TrafficConfig traffic;
    traffic.pattern = pattern_of(row.at("traffic"));
    traffic.packet_flits = 4;
    traffic.rate = number(row, "offered");
    traffic.packets = 10000;
    for (traffic.seed = 1; traffic.seed <= 3; ++traffic.seed) {
      std::vector<Sent> packets = packets_of(topology, traffic);
      const MeshConfig config = calendars(topology, 2);
      const double in_order = mean_by_calendar(packets, config, traffic.packet_flits);
      for (const Cycle quantum : {256u, 4096u}) {
        std::stable_sort(packets.begin(), packets.end(), [quantum](const Sent& a, const Sent& b) {
          return std::tuple(a.created / quantum, a.source, a.created) <
                 std::tuple(b.created / quantum, b.source, b.created);
        });
        const double decoupled = mean_by_calendar(packets, config, traffic.packet_flits);
        const double percent = 100.0 * (decoupled - in_order) / in_order;
        // Neighbours' ways do not meet.
        CHECK((decoupled != in_order || traffic.pattern == Pattern::kNeighbor));
        if (std::abs(percent) < std::abs(worst)) continue;
        worst = percent;
        where = fmt::format("{0}x{0} {1}, seed {2}, quantum {3}", topology.columns, row.at("traffic"),
                            traffic.seed, quantum);
      }
      ++cases;
    }
  }
  CHECK(cases == 2 * 5 * 3);
  const std::string found = fmt::format("{} of saturation: {:+.1f} % ({})", limit.share, worst, where);
  WARN(found);
  INFO(found);
  CHECK(std::abs(worst) <= limit.percent);
}

TEST_CASE("the trust measure tells loads that the calendars get right from those that they do not") {
  TopologyConfig topology;
  TrafficConfig traffic;
  traffic.packets = 30000;
  const auto trust = [&](double rate) {
    traffic.rate = rate;
    Mesh mesh(calendars(topology, 2));
    for (const Sent& packet : packets_of(topology, traffic)) {
      mesh.forget_before(packet.created);
      mesh.send(packet.created, packet.source, packet.destination, 24);
    }
    return mesh.trust();
  };
  // 4 x 4 uniform, packets of 4 flits, saturates at 0.67.
  CHECK(trust(0.3).trusted());
  CHECK(trust(0.3).busiest > 0.3);
  CHECK_FALSE(trust(0.64).trusted());
  CHECK(trust(0.64).overloaded_windows > 20);
}
