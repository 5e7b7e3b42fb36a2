// SPDX-License-Identifier: Apache-2.0
#include "models/noc/flit_network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

using weft::CounterRng;
using namespace weft::noc;

namespace {

TopologyConfig grid(TopologyKind kind, int columns, int rows, Routing routing = Routing::kXy) {
  TopologyConfig config;
  config.kind = kind;
  config.columns = columns;
  config.rows = rows;
  config.routing = routing;
  return config;
}

RouterConfig routers(unsigned channels, unsigned buffer = 8) {
  RouterConfig config;
  config.virtual_channels = channels;
  config.buffer_flits = buffer;
  return config;
}

// Every kind of network, some in odd sizes.
std::vector<TopologyConfig> all_topologies() {
  return {grid(TopologyKind::kMesh, 4, 4),
          grid(TopologyKind::kMesh, 5, 3, Routing::kYx),
          grid(TopologyKind::kMesh, 4, 4, Routing::kWestFirst),
          grid(TopologyKind::kMesh, 1, 1),
          grid(TopologyKind::kMesh, 1, 7),
          grid(TopologyKind::kTorus, 5, 4),
          grid(TopologyKind::kTorus, 2, 3, Routing::kYx),
          grid(TopologyKind::kConcentratedMesh, 6, 4),
          grid(TopologyKind::kConcentratedMesh, 5, 5, Routing::kWestFirst),
          grid(TopologyKind::kRing, 4, 2),
          grid(TopologyKind::kRing, 9, 1),
          grid(TopologyKind::kCrossbar, 4, 4)};
}

std::string name_of(const TopologyConfig& config) {
  return std::string(to_string(config.kind)) + " " + std::to_string(config.columns) + "x" +
         std::to_string(config.rows) + " " + to_string(config.routing);
}

}  // namespace

TEST_CASE("every way comes closer, and every link leads where the neighbour's input is") {
  for (const TopologyConfig& config : all_topologies()) {
    const Topology topology(config);
    INFO(name_of(config));
    for (int node = 0; node < topology.nodes(); ++node) {
      const Topology::Place place = topology.attachment(node);
      CHECK(topology.node_at(place.router, place.port) == node);
    }
    for (int source = 0; source < topology.nodes(); ++source) {
      for (int destination = 0; destination < topology.nodes(); ++destination) {
        std::set<int> at = {topology.attachment(source).router};
        for (int left = topology.hops(source, destination); left > 0; --left) {
          std::set<int> next;
          for (const int router : at) {
            const Topology::Ways ways = topology.ways(router, destination);
            for (int i = 0; i < ways.count; ++i) {
              const int port = ways.way.at(static_cast<std::size_t>(i)).port;
              const Topology::Place there = topology.neighbour(router, port);
              REQUIRE(there.exists());
              CHECK(topology.neighbour(there.router, there.port).router == router);
              next.insert(there.router);
            }
          }
          at = next;
        }
        REQUIRE(at == std::set<int>{topology.attachment(destination).router});
        CHECK(topology.ways(*at.begin(), destination).way[0].port == topology.attachment(destination).port);
      }
    }
  }
}

TEST_CASE("an empty network of any kind takes the formula's time from every node to every node") {
  for (const TopologyConfig& config : all_topologies()) {
    INFO(name_of(config));
    FlitNetwork network(config, routers(2));
    const int nodes = network.topology().nodes();
    for (int pair = 0; pair < nodes * nodes; ++pair) {
      const Cycle sent = network.now();
      network.send({pair / nodes, pair % nodes, 5, 0, 0});
      while (!network.idle()) network.step();
      REQUIRE(network.arrivals().size() == 1);
      CHECK(network.arrivals()[0].arrived - sent == network.zero_load_latency(pair / nodes, pair % nodes, 5));
      network.skip_to(network.now() + 20);
    }
  }
}

TEST_CASE("an overloaded network of any kind delivers every packet once, to where it was sent") {
  for (const TopologyConfig& config : all_topologies()) {
    for (const unsigned channels : {2u, 4u}) {
      INFO(name_of(config) << " channels " << channels);
      FlitNetwork network(config, routers(channels, 3));
      const auto nodes = static_cast<std::uint32_t>(network.topology().nodes());
      CounterRng random(7, channels, 0);
      std::map<std::uint64_t, Packet> sent;
      std::uint64_t flits = 0;
      while (sent.size() < 2000 || !network.idle()) {
        for (int node = 0; node < static_cast<int>(nodes) && sent.size() < 2000; ++node) {
          const Packet packet{node, static_cast<int>(random.below(nodes)), 1 + random.below(9), 0,
                              sent.size()};
          network.send(packet);
          sent[packet.tag] = packet;
          flits += packet.flits;
        }
        network.step();
        REQUIRE_FALSE(network.stuck());
        for (const Arrival& arrival : network.arrivals()) {
          REQUIRE(sent.count(arrival.packet.tag) == 1);
          CHECK(arrival.packet.destination == sent[arrival.packet.tag].destination);
          sent[arrival.packet.tag].flits = 0;
        }
      }
      CHECK(std::all_of(sent.begin(), sent.end(), [](const auto& entry) { return entry.second.flits == 0; }));
      CHECK(network.flits_under_way() == 0);
      std::uint64_t ejected = 0;
      for (int node = 0; node < static_cast<int>(nodes); ++node) {
        const Topology::Place place = network.topology().attachment(node);
        ejected += network.port(place.router, place.port).flits;
      }
      CHECK(ejected == flits);
    }
  }
}

TEST_CASE("buffers never hold more than they have room for, and pass on what they hold") {
  const TopologyConfig config = grid(TopologyKind::kMesh, 3, 1);
  FlitNetwork network(config, routers(1, 4));
  for (int i = 0; i < 100; ++i) network.send({0, 2, 6, 0, 0});
  for (int i = 0; i < 100; ++i) network.send({1, 2, 6, 0, 0});
  std::uint64_t before = 0;
  while (!network.idle()) {
    network.step();
    // Node 0's traffic fills the west input of router 1.
    const std::uint64_t occupancy = network.port(1, 1).occupancy;
    CHECK(occupancy - before <= 4);
    before = occupancy;
  }
  CHECK(network.port(1, 0).flits == 1200);
  CHECK(before > 100 * 6 * 3);  // held back most of the time
}

TEST_CASE("a torus without its dateline locks up and names the buffers that wait for each other") {
  const auto overload = [](FlitNetwork& network) {
    const int nodes = network.topology().nodes();
    for (int round = 0; round < 200; ++round) {
      // Everybody sends half-way around, so that all links of the circle are wanted at once.
      for (int node = 0; node < nodes; ++node) network.send({node, (node + nodes / 2 - 1) % nodes, 16, 0, 0});
    }
    while (!network.idle() && !network.stuck()) network.step();
  };
  RouterConfig unsafe = routers(1, 2);
  unsafe.dateline = false;
  FlitNetwork broken(grid(TopologyKind::kRing, 8, 1), unsafe);
  overload(broken);
  REQUIRE(broken.stuck());
  CHECK(broken.flits_under_way() > 0);
  const std::string circle = broken.waiting_circle();
  INFO(circle);
  for (const char* router : {"router 0 from counter-clockwise, channel 0", "router 3", "router 7"})
    CHECK_THAT(circle, Catch::Contains(router));

  FlitNetwork sound(grid(TopologyKind::kRing, 8, 1), routers(2, 2));
  overload(sound);
  CHECK_FALSE(sound.stuck());
  CHECK(sound.idle());
  CHECK(sound.waiting_circle().empty());
}

TEST_CASE("the class with the lower number overtakes the others") {
  const TopologyConfig config = grid(TopologyKind::kMesh, 4, 1);
  RouterConfig two = routers(2);
  two.classes = 2;
  FlitNetwork network(config, two);
  for (int i = 0; i < 200; ++i) {
    for (int node = 0; node < 3; ++node) network.send({node, 3, 8, 1, 0});
  }
  for (int i = 0; i < 500; ++i) network.step();
  const Cycle sent = network.now();
  network.send({0, 3, 1, 0, 1});
  Cycle arrived = 0;
  while (arrived == 0) {
    network.step();
    for (const Arrival& arrival : network.arrivals())
      arrived = arrival.packet.tag == 1 ? arrival.arrived : arrived;
  }
  // At each of five ports it waits at most for the flit that is just being handed over.
  CHECK(arrived - sent <= network.zero_load_latency(0, 3, 1) + 5);
}

TEST_CASE("west-first routing goes around a line that is taken, XY does not") {
  const auto time_of_probe = [](Routing routing) {
    FlitNetwork network(grid(TopologyKind::kMesh, 4, 4, routing), routers(2));
    // Row 0 is full of packets from node 1 to node 3.
    for (int i = 0; i < 100; ++i) {
      network.send({1, 3, 8, 0, 0});
      network.send({2, 3, 8, 0, 0});
    }
    for (int i = 0; i < 200; ++i) network.step();
    const Cycle sent = network.now();
    network.send({0, 11, 8, 0, 1});
    while (true) {
      network.step();
      for (const Arrival& arrival : network.arrivals()) {
        if (arrival.packet.tag == 1) return arrival.arrived - sent;
      }
    }
  };
  CHECK(time_of_probe(Routing::kWestFirst) + 20 < time_of_probe(Routing::kXy));
}

TEST_CASE("more allocator iterations carry more at saturation") {
  const auto makespan = [](unsigned iterations) {
    RouterConfig config = routers(4);
    config.iterations = iterations;
    FlitNetwork network(grid(TopologyKind::kMesh, 4, 4), config);
    CounterRng random(3, 0, 0);
    for (int i = 0; i < 3000; ++i)
      network.send({static_cast<int>(random.below(16)), static_cast<int>(random.below(16)), 1, 0, 0});
    while (!network.idle()) network.step();
    return network.now();
  };
  CHECK(makespan(3) < makespan(1));
}

TEST_CASE("configurations that cannot work are refused with what is allowed") {
  const auto message = [](const TopologyConfig& topology, const RouterConfig& config) -> std::string {
    try {
      FlitNetwork network(topology, config);
    } catch (const weft::Error& error) {
      return error.what();
    }
    return "accepted";
  };
  const TopologyConfig mesh = grid(TopologyKind::kMesh, 4, 4);
  CHECK_THAT(message(grid(TopologyKind::kTorus, 4, 4), routers(1)), Catch::Contains("torus needs 2 virtual"));
  CHECK_THAT(message(grid(TopologyKind::kTorus, 4, 4, Routing::kWestFirst), routers(2)),
             Catch::Contains("west_first"));
  CHECK_THAT(message(grid(TopologyKind::kMesh, 0, 4), routers(2)), Catch::Contains("columns is 0"));
  CHECK_THAT(message(mesh, routers(17)), Catch::Contains("virtual_channels is 17, allowed are 1 to 16"));
  CHECK_THAT(message(mesh, routers(2, 0)), Catch::Contains("buffer_flits"));
  RouterConfig config = routers(4);
  config.classes = 3;
  CHECK_THAT(message(mesh, config), Catch::Contains("do not divide into 3 classes"));
  config = routers(2);
  config.speculative = true;
  config.vc_cycles = 2;
  CHECK_THAT(message(mesh, config), Catch::Contains("speculative"));
  CHECK_THROWS_WITH(router_preset("P5"), Catch::Contains("P3, P4 and P2S"));
  FlitNetwork network(mesh, routers(2));
  CHECK_THROWS_WITH(network.send({0, 16, 1, 0, 0}), Catch::Contains("destination is node 16"));
  CHECK_THROWS_WITH(network.send({-1, 1, 1, 0, 0}), Catch::Contains("source is node -1"));
  CHECK_THROWS_WITH(network.send({0, 1, 1, 1, 0}), Catch::Contains("class 1"));
  CHECK_THROWS_WITH(network.send({0, 1, 0, 0, 0}), Catch::Contains("0 flits"));
}
