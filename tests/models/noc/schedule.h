// SPDX-License-Identifier: Apache-2.0
// When each node of a network creates which packet, known beforehand.
#pragma once

#include <cstdint>
#include <vector>

#include "models/noc/traffic.h"

namespace weft::noc::test {

struct Sent {
  Cycle created;
  int destination;
};

using Schedule = std::vector<std::vector<Sent>>;  // by node, in order of time

inline Schedule schedule_of(const TopologyConfig& topology, const TrafficConfig& traffic) {
  Injection injection(topology, traffic);
  Schedule schedule(static_cast<std::size_t>(topology.nodes()));
  std::uint64_t created = 0;
  for (Cycle cycle = 0; created < traffic.packets; ++cycle) {
    for (const Injection::Created& packet : injection.at(cycle)) {
      schedule[static_cast<std::size_t>(packet.source)].push_back({cycle, packet.destination});
      ++created;
    }
  }
  return schedule;
}

}  // namespace weft::noc::test
