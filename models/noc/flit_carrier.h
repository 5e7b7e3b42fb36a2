// SPDX-License-Identifier: Apache-2.0
// Messages through the flit network in simulated time: one process advances all routers, and only while
// something is under way.
//
// A message is cut into packets as in Mesh. Packets of a message may take different virtual channels and
// overtake each other; the interface at the destination collects them, and hands the messages of a
// source-destination pair over in the order in which they were sent, one per cycle.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <systemc>
#include <vector>

#include "models/noc/flit_network.h"
#include "models/noc/mesh.h"

namespace weft::noc {

class FlitCarrier : public sc_core::sc_module {
 public:
  // `mesh` says how messages are cut and how long they take in an empty network; it outlives the carrier.
  // With two classes in `routers`, messages without payload travel in the first one. Throws weft::Error if
  // the configuration is not valid.
  FlitCarrier(sc_core::sc_module_name name, const Mesh& mesh, const RouterConfig& routers,
              sc_core::sc_time cycle);

  // Sends a message at the next edge of the network's clock; `left` is called when its last flit has left the
  // source.
  std::size_t submit(int source, int destination, std::uint64_t bytes, std::function<void()> left);
  // Returns when the tail of a submitted message has arrived. Once for each, in the evaluation phase in which
  // it was submitted, from an SC_THREAD; any number of them may wait at once.
  Delivery await(std::size_t number);

  // No message anywhere.
  bool idle() const { return !ticking_; }
  const FlitNetwork& network() const { return network_; }
  const TrafficStatistics& traffic() const { return traffic_; }

 private:
  struct Message {
    sc_core::sc_event handed_over;
    int source = 0;
    int destination = 0;
    Cycle sent = 0;
    Cycle tail = 0;  // cycle in which it is handed over, once all packets have been announced
    std::uint64_t bytes = 0;
    std::uint64_t packets_left = 0;       // that have not arrived
    std::uint64_t packets_at_source = 0;  // that have not left it
    std::function<void()> left;
  };
  // Messages of a pair under way, in order.
  struct Pair {
    std::deque<std::size_t> messages;
    Cycle last = 0;  // when one was handed over last
  };
  struct Waiting {
    Cycle cycle;
    std::size_t message;
  };

  void tick();
  void send(std::size_t number);
  void announce(const Arrival& arrival);
  sc_core::sc_time time_of(Cycle cycle) const;
  Pair& pair(int source, int destination);

  const Mesh& mesh_;
  FlitNetwork network_;
  sc_core::sc_time cycle_;
  sc_core::sc_event next_cycle_;
  bool ticking_ = false;
  std::deque<Message> messages_;
  std::vector<std::size_t> free_;
  std::deque<Waiting> waiting_;
  std::vector<std::vector<Pair>> pairs_;  // a row per source, made at its first send
  TrafficStatistics traffic_;
};

}  // namespace weft::noc
