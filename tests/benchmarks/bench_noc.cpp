// SPDX-License-Identifier: Apache-2.0
// Packets per second through the network numerics; a transaction of the module is at least two packets.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/noc/flit_network.h"
#include "models/noc/mesh.h"

namespace {

using weft::noc::Cycle;
using weft::noc::FlitNetwork;
using weft::noc::Mesh;
using weft::noc::MeshConfig;

struct Packet {
  Cycle created;
  int source;
  int destination;
};

// Bernoulli injection of packets of four flits to uniformly drawn destinations; `percent` is the load in
// flits per node and cycle.
std::vector<Packet> uniform_traffic(int side, int percent) {
  weft::CounterRng random(1, 0, 0);
  const int nodes = side * side;
  const double probability = percent / 100.0 / 4.0;
  std::vector<Packet> packets;
  for (Cycle now = 0; packets.size() < 100000; ++now) {
    for (int source = 0; source < nodes; ++source) {
      if (random.uniform() >= probability) continue;
      packets.push_back({now, source, static_cast<int>(random.below(static_cast<std::uint32_t>(nodes)))});
    }
  }
  return packets;
}

void replay(benchmark::State& state) {
  MeshConfig config;
  config.columns = static_cast<int>(state.range(0));
  config.rows = config.columns;
  const std::vector<Packet> packets = uniform_traffic(config.columns, static_cast<int>(state.range(1)));
  for (auto unused : state) {
    static_cast<void>(unused);
    Mesh mesh(config);
    for (const Packet& packet : packets) {
      mesh.forget_before(packet.created);
      benchmark::DoNotOptimize(mesh.send(packet.created, packet.source, packet.destination, 24));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(packets.size()));
}

void replay_flits(benchmark::State& state) {
  weft::noc::TopologyConfig topology;
  topology.columns = topology.rows = static_cast<int>(state.range(0));
  const std::vector<Packet> packets = uniform_traffic(topology.columns, static_cast<int>(state.range(1)));
  for (auto unused : state) {
    static_cast<void>(unused);
    FlitNetwork network(topology, {});
    std::size_t next = 0;
    while (next < packets.size() || !network.idle()) {
      for (; next < packets.size() && packets[next].created == network.now(); ++next)
        network.send({packets[next].source, packets[next].destination, 4, 0, 0});
      network.step();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(packets.size()));
}

}  // namespace

BENCHMARK(replay)
    ->Name("mesh/packets")
    ->ArgNames({"side", "load_percent"})
    ->Args({4, 20})
    ->Args({8, 20})
    ->Args({16, 12});
// Flits per second are four times the items.
BENCHMARK(replay_flits)
    ->Name("flits/packets")
    ->ArgNames({"side", "load_percent"})
    ->Args({4, 5})
    ->Args({4, 20})
    ->Args({4, 40})
    ->Args({8, 5})
    ->Args({8, 20})
    ->Args({8, 30})
    ->Args({16, 5})
    ->Args({16, 12});
