// SPDX-License-Identifier: Apache-2.0
// Bursts, as layers of a neural network send them: everybody at once, in the order of the nodes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/noc/flit_network.h"
#include "models/noc/mesh.h"
#include "tests/models/noc/reference_data.h"
#include "tests/support/skip.h"

using namespace weft::noc;
using namespace weft::noc::test;

namespace {

constexpr int kSide = 4;
constexpr int kNodes = kSide * kSide;
constexpr std::uint32_t kFlits = 8;

using Burst = std::vector<std::pair<int, int>>;  // source, destination

void repeat(Burst& burst, int source, int destination, int packets) {
  for (int i = 0; i < packets; ++i) burst.emplace_back(source, destination);
}

// Every node of the first three rows sends eight packets to every node of the next row.
Burst layer() {
  Burst burst;
  for (int source = 0; source < kNodes - kSide; ++source) {
    const int next_row = (source / kSide + 1) * kSide;
    for (int column = 0; column < kSide; ++column) repeat(burst, source, next_row + column, 8);
  }
  return burst;
}

Burst all_to_all() {
  Burst burst;
  for (int source = 0; source < kNodes; ++source) {
    for (int step = 1; step < kNodes; ++step) repeat(burst, source, (source + step) % kNodes, 2);
  }
  return burst;
}

Burst gather() {
  Burst burst;
  for (int round = 0; round < 4; ++round) {
    for (int source = 0; source < kNodes; ++source) repeat(burst, source, 5, source == 5 ? 0 : 1);
  }
  return burst;
}

Burst broadcast() {
  Burst burst;
  for (int destination = 1; destination < kNodes; ++destination) repeat(burst, 0, destination, 4);
  return burst;
}

Burst burst_of(const std::string& pattern) {
  if (pattern == "layer") return layer();
  if (pattern == "a2a") return all_to_all();
  if (pattern == "gather") return gather();
  return broadcast();
}

struct Outcome {
  Cycle makespan = 0;
  double mean = 0.0;

  void add(Cycle tail, std::size_t packets) {
    makespan = std::max(makespan, tail);
    mean += static_cast<double>(tail) / static_cast<double>(packets);
  }
};

Outcome by_flits(const Burst& burst, unsigned channels) {
  TopologyConfig topology;
  RouterConfig routers;
  routers.virtual_channels = channels;
  FlitNetwork network(topology, routers);
  for (const auto& [source, destination] : burst) network.send({source, destination, kFlits, 0, 0});
  Outcome outcome;
  while (!network.idle()) {
    network.step();
    for (const Arrival& arrival : network.arrivals()) outcome.add(arrival.arrived, burst.size());
  }
  return outcome;
}

Outcome by_calendar(const Burst& burst, unsigned channels) {
  MeshConfig config;
  config.virtual_channels = channels;
  Mesh mesh(config);
  Outcome outcome;
  for (const auto& [source, destination] : burst)
    outcome.add(mesh.send(0, source, destination, (kFlits - 1) * config.flit_bytes).tail, burst.size());
  return outcome;
}

struct Error {
  double makespan;
  double mean;
};

}  // namespace

TEST_CASE("bursts take the recorded time flit by flit, and the stated share of it in the calendars") {
  const std::vector<Row> rows = read_csv("fastmodel_bursts.csv");
  if (rows.empty()) WEFT_SKIP("the recorded bursts are not in this tree");
  // Per cent of makespan and mean latency, as in docs/models/noc.md.
  const std::map<std::pair<std::string, unsigned>, Error> errors = {
      {{"layer", 1}, {-27.0, -22.7}}, {{"layer", 2}, {-24.7, -25.7}}, {{"layer", 4}, {-22.8, -22.9}},
      {{"a2a", 1}, {-6.9, -12.0}},    {{"a2a", 2}, {-2.1, -8.6}},     {{"a2a", 4}, {0.3, -9.6}},
      {{"gather", 1}, {0.7, 0.8}},    {{"gather", 2}, {1.2, 0.3}},    {{"gather", 4}, {2.2, -0.5}},
      {{"bcast", 1}, {-1.1, -1.0}},   {{"bcast", 2}, {0.0, 0.0}},     {{"bcast", 4}, {0.0, 0.0}},
  };
  std::size_t checked = 0;
  for (const Row& row : rows) {
    const auto error = errors.find({row.at("pattern"), natural(row, "num_vcs")});
    if (error == errors.end() || row.at("model") != "calendar") continue;
    INFO(row.at("pattern") << " channels " << row.at("num_vcs"));
    const Burst burst = burst_of(row.at("pattern"));
    const Outcome flits = by_flits(burst, natural(row, "num_vcs"));
    CHECK(flits.makespan == cycle(row, "reference_makespan"));
    CHECK(flits.mean == Approx(number(row, "reference_mean_latency")).margin(0.006));
    const Outcome fast = by_calendar(burst, natural(row, "num_vcs"));
    const auto makespan = static_cast<double>(flits.makespan);
    CHECK(100.0 * (static_cast<double>(fast.makespan) / makespan - 1.0) ==
          Approx(error->second.makespan).margin(0.06));
    CHECK(100.0 * (fast.mean / flits.mean - 1.0) == Approx(error->second.mean).margin(0.06));
    ++checked;
  }
  CHECK(checked == errors.size());
}
