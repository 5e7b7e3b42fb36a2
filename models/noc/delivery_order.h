// SPDX-License-Identifier: Apache-2.0
// Hands the messages of a source-destination pair over in the order in which they left.
//
// Networks keep that order by themselves as long as the messages of a pair take one way. The copies of a
// multicast come by way of other nodes, so where there are any, every message takes a place in the order of
// its pair when it leaves, and waits for those before it when it has arrived. It waits in the interface at
// its destination, where it holds nothing that others need to arrive.
#pragma once

#include <cstdint>
#include <systemc>
#include <unordered_map>

namespace weft::noc {

class DeliveryOrder {
 public:
  struct Place {
    std::uint64_t pair = 0;
    std::uint64_t number = 0;
  };

  // If not `needed`, all of this does nothing.
  DeliveryOrder(int nodes, bool needed) : nodes_(nodes), needed_(needed) {}

  Place take(int source, int destination);
  // Returns when all before it have left.
  void await(const Place& place);
  // The next one may go on.
  void leave(const Place& place);

 private:
  struct Pair {
    std::uint64_t taken = 0;
    std::uint64_t served = 0;
    sc_core::sc_event changed;
  };

  const int nodes_;
  const bool needed_;
  std::unordered_map<std::uint64_t, Pair> pairs_;
};

}  // namespace weft::noc
