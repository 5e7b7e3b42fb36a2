// SPDX-License-Identifier: Apache-2.0
// The tree along which one message reaches several nodes.
//
// Its branches are the unicast ways from the source; where they part, and at every destination, the network
// interface of a node takes the packet and sends a copy of it along each way that goes on ("stops"). So a
// link between routers carries every packet once, and what travels between two stops is an ordinary packet: a
// tree needs nothing of the routers and adds no dependency between their channels.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "models/noc/topology.h"

namespace weft::noc {

class MulticastTree {
 public:
  struct Stop {
    int node = 0;
    std::vector<std::size_t> next;           // stops that copies go to
    std::optional<std::size_t> destination;  // which of the destinations this is; the source is none
  };

  // Destinations may share a node, and may be at the source. Where routing is adaptive, the first way counts.
  MulticastTree(const Topology& topology, int source, const std::vector<int>& destinations);

  // The source comes first.
  const std::vector<Stop>& stops() const { return stops_; }

 private:
  std::size_t add(std::size_t from, int node);

  std::vector<Stop> stops_;
};

}  // namespace weft::noc
