// SPDX-License-Identifier: Apache-2.0
#include "models/noc/multicast.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "models/common/counter_rng.h"

using weft::CounterRng;
using namespace weft::noc;

namespace {

// Links between routers on the unicast way from a node to another.
std::vector<std::pair<int, int>> links(const Topology& topology, int source, int destination) {
  std::vector<std::pair<int, int>> result;
  const int end = topology.attachment(destination).router;
  for (int at = topology.attachment(source).router; at != end;) {
    const int port = topology.ways(at, destination).way[0].port;
    result.emplace_back(at, port);
    at = topology.neighbour(at, port).router;
  }
  return result;
}

std::vector<std::pair<int, int>> links(const Topology& topology, const MulticastTree& tree) {
  std::vector<std::pair<int, int>> result;
  for (const MulticastTree::Stop& stop : tree.stops()) {
    for (const std::size_t next : stop.next) {
      for (const auto& link : links(topology, stop.node, tree.stops()[next].node)) result.push_back(link);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("a tree reaches every destination once, over links that belong to the unicast ways, each once") {
  const TopologyConfig config =
      GENERATE(TopologyConfig{TopologyKind::kMesh, 5, 4, Routing::kXy, 2},
               TopologyConfig{TopologyKind::kMesh, 4, 5, Routing::kYx, 2},
               TopologyConfig{TopologyKind::kMesh, 4, 4, Routing::kWestFirst, 2},
               TopologyConfig{TopologyKind::kConcentratedMesh, 6, 6, Routing::kXy, 2},
               TopologyConfig{TopologyKind::kRing, 3, 3, Routing::kXy, 2},
               TopologyConfig{TopologyKind::kCrossbar, 3, 3, Routing::kXy, 2});
  const Topology topology(config);
  CAPTURE(to_string(config.kind), to_string(config.routing));
  CounterRng rng(5, 0, 0);
  for (int round = 0; round < 200; ++round) {
    const int source = static_cast<int>(rng.below(static_cast<std::uint32_t>(topology.nodes())));
    std::vector<int> destinations(1 + rng.below(12));
    for (int& each : destinations)
      each = static_cast<int>(rng.below(static_cast<std::uint32_t>(topology.nodes())));
    const MulticastTree tree(topology, source, destinations);
    CAPTURE(source, destinations);
    CHECK(tree.stops().front().node == source);
    CHECK_FALSE(tree.stops().front().destination);
    std::vector<int> times(destinations.size(), 0);
    std::vector<int> parents(tree.stops().size(), 0);
    for (std::size_t i = 0; i < tree.stops().size(); ++i) {
      const MulticastTree::Stop& stop = tree.stops()[i];
      if (stop.destination) {
        ++times[*stop.destination];
        REQUIRE(stop.node == destinations[*stop.destination]);
      } else if (i != 0) {
        // A node that lends its interface to a fork.
        REQUIRE(stop.next.size() > 1);
      }
      for (const std::size_t next : stop.next) ++parents[next];
    }
    CHECK(times == std::vector<int>(destinations.size(), 1));
    CHECK(std::accumulate(parents.begin(), parents.end(), 0) == static_cast<int>(tree.stops().size()) - 1);
    std::set<std::pair<int, int>> unicast;
    for (const int each : destinations) {
      for (const auto& link : links(topology, source, each)) unicast.insert(link);
    }
    const auto used = links(topology, tree);
    const std::set<std::pair<int, int>> distinct(used.begin(), used.end());
    REQUIRE(distinct.size() == used.size());
    REQUIRE(distinct == unicast);
  }
}

TEST_CASE("a tree in a torus reaches every destination over the shortest ways") {
  const Topology topology({TopologyKind::kTorus, 4, 6, Routing::kXy, 2});
  CounterRng rng(6, 0, 0);
  for (int round = 0; round < 200; ++round) {
    const int source = static_cast<int>(rng.below(24));
    std::vector<int> destinations(1 + rng.below(12));
    for (int& each : destinations) each = static_cast<int>(rng.below(24));
    const MulticastTree tree(topology, source, destinations);
    std::vector<int> far(tree.stops().size(), 0);
    for (std::size_t i = 0; i < tree.stops().size(); ++i) {
      for (const std::size_t next : tree.stops()[i].next)
        far[next] = far[i] + topology.hops(tree.stops()[i].node, tree.stops()[next].node);
      if (!tree.stops()[i].destination) continue;
      CHECK(far[i] == topology.hops(source, destinations[*tree.stops()[i].destination]));
    }
  }
}
