// SPDX-License-Identifier: Apache-2.0
// Loosely timed network, a two-dimensional mesh unless configured otherwise: latency and contention of
// messages, without flits, time or sockets.
//
// Every output and input port of a router's switch, the ejection port included, and every injection port has
// a reservation calendar. A packet of L flits takes, at each router of its route, the first gap that is S
// cycles long at the output port and L cycles at the input port. With injection cycle i, distance D and hop
// time t_hop:
//
//   ready at the first port   i + t_hop - 1
//   ready at the next port    start at this port + t_hop
//   tail arrives              start at the ejection port + 3 + L - 1
//   S                         L, or L + vc_turnaround_cycles with a single virtual channel
//
// so that in an empty network a packet takes T0 = (D + 1) t_hop + 2 + (L - 1) cycles, which equals
// BookSim2 (Jiang et al., "A detailed and flexible cycle-accurate network-on-chip simulator",
// ISPASS 2013) for input-queued virtual-channel routers with t_hop = routing + VC allocation + switch
// allocation + switch traversal + link. What calendars alone get wrong, and what is done about it:
//
//   one virtual channel      a packet that waits for its output keeps its input port taken while routers
//                            would let it wait: it blocks those behind it.
//   several                  packets that wait for one output share it flit by flit, so the earlier one is
//                            late, too. It has its time already, so the later one pays: a third of (L - 1) /
//                            L of the wait at the port where it waits longest, counted up to V - 1 packets.
//                            With perfect sharing both lose the same (M/D/1, processor sharing against first
//                            come first served); much of the earlier one's loss vanishes at its later ports.
//                            The third is the one fitted number of the model, alike for all networks and
//                            loads.
//   a gap that is too short  is passed over, though the packet is there first and real routers would let the
//                            one behind it wait. Only the time by which that one would be late stays in the
//                            latency; the rest of the wait is taken off the tail. A message that is called
//                            after one that leaves later takes the pieces that are free instead and goes on
//                            from there: initiators ahead by a quantum leave many such gaps behind.
//
// Buffers are unlimited: back-pressure is not modelled, so saturated bursts finish too early
// (docs/models/noc.md has the figures). The model is trusted while no port is busy for more than 70 % of a
// window of 1024 cycles; trust() tells.
//
// Without contention nothing is reserved and every message takes the time of an empty network; the messages
// of a pair still arrive in order.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/noc/calendar.h"
#include "models/noc/latency_distribution.h"
#include "models/noc/topology.h"

namespace weft::noc {

struct MeshConfig {
  int columns = 4;                    // 1 to 64
  int rows = 4;                       // 1 to 64
  unsigned flit_bytes = 8;            // bytes; 1 to 1024
  unsigned hop_cycles = 4;            // t_hop, cycles; 1 to 64
  unsigned max_packet_flits = 32;     // payload flits per packet, longer messages are cut; 1 to 65536
  unsigned header_flits = 1;          // per packet, before the payload; 1 to 16
  unsigned virtual_channels = 2;      // 1 to 16
  unsigned vc_turnaround_cycles = 1;  // from a tail to the next head in the same channel; 0 to 16
  TopologyKind topology = TopologyKind::kMesh;
  Routing routing = Routing::kXy;  // west-first takes the way whose next port is free sooner
  int concentration = 2;           // of a concentrated mesh
  bool contention = true;
  bool control_priority = false;  // messages without payload find only others like them in their way

  TopologyConfig topology_config() const { return {topology, columns, rows, routing, concentration}; }
  int nodes() const { return columns * rows; }
  // Throws weft::Error naming the field, what was found and what is allowed.
  void validate() const;
};

// Output ports of a router of a mesh or torus, and the injection port of its network interface. North is
// towards row 0.
enum class Port : std::uint8_t { kEast, kWest, kNorth, kSouth, kEjection, kInjection };
inline constexpr int kPorts = 6;
const char* to_string(Port port);

// What happened to one message; the packets of a message are injected back to back.
struct Delivery {
  Cycle head = 0;  // cycle in which the first packet's head arrives
  Cycle tail = 0;  // cycle in which the last packet's tail arrives
  Cycle left = 0;  // cycle in which the injection port is free of it
  std::uint64_t packets = 0;
  std::uint64_t flits = 0;  // headers included
  int hops = 0;             // Manhattan distance, so hops + 1 routers are visited
  Cycle contention = 0;     // cycles the tail is later than in an empty network

  std::uint64_t router_flits() const { return flits * static_cast<std::uint64_t>(hops + 1); }
  std::uint64_t link_flits() const { return flits * static_cast<std::uint64_t>(hops); }
};

// Counted at one port since construction.
struct LinkStatistics {
  std::uint64_t flits = 0;
  Cycle busy = 0;     // cycles reserved, the turnaround of a single virtual channel included
  Cycle waiting = 0;  // cycles heads were ready and the port was not, summed over packets
};

// How far the results can be believed.
struct Trust {
  std::uint64_t overloaded_windows = 0;  // in which a port was busier than WindowLoad::kLimit, over all ports
  double busiest = 0.0;                  // largest busy share of a port in a window

  bool trusted() const { return overloaded_windows == 0; }
};

// Counted over all messages since construction.
struct TrafficStatistics {
  std::uint64_t messages = 0;
  std::uint64_t packets = 0;
  std::uint64_t flits = 0;         // headers included
  std::uint64_t bytes = 0;         // payload only
  std::uint64_t router_flits = 0;  // flits times routers visited
  std::uint64_t link_flits = 0;    // flits times links between routers crossed
  Cycle latency_sum = 0;           // from the send to the tail's arrival
  Cycle latency_max = 0;
  Cycle contention_sum = 0;
  LatencyDistribution latencies;

  void add(const TrafficStatistics& other);
  // `sent` is the cycle in which the message was ready to leave.
  void count(Cycle sent, const Delivery& delivery, std::uint64_t payload_bytes);
  // Cycles per message; 0 without messages.
  double mean_latency() const;
};

class Mesh {
 public:
  // How a message is cut into packets.
  struct Cut {
    std::uint64_t payload_flits;
    std::uint64_t packets;
    std::uint64_t flits;  // headers included
  };

  // Throws weft::Error if the configuration is not valid.
  explicit Mesh(const MeshConfig& config);

  const MeshConfig& config() const { return config_; }
  // Node y * columns + x sits in column x of row y.
  int node(int column, int row) const;
  int hops(int source, int destination) const;

  // Reserves the way of a message of `bytes` payload bytes that is ready to leave in cycle `now`; zero
  // bytes is a header alone. Calls may come with decreasing times, down to the horizon. Messages of
  // one source-destination pair arrive in the order of the calls if their times do not decrease.
  // Throws weft::Error for a node outside the mesh or a time before the horizon.
  Delivery send(Cycle now, int source, int destination, std::uint64_t bytes);

  Cut cut(std::uint64_t bytes) const;

  // Cycles from send to the tail's arrival in an empty network.
  Cycle zero_load_latency(int source, int destination, std::uint64_t bytes) const;

  // When the newest message of a pair arrives, cycle; 0 before the first.
  Cycle last_tail(int source, int destination) const;

  // Promises that no later send is earlier than `horizon`, so that calendars may forget. Horizons that
  // go back are ignored.
  void forget_before(Cycle horizon);

  const Topology& topology() const { return topology_; }
  // The counters of an output port of a router, numbered as in Topology, and of a node's injection port.
  const LinkStatistics& output(int router, int port) const;
  const LinkStatistics& injection(int node) const;
  // The same by name, where every node has a router of its own. Throws weft::Error for another node.
  const LinkStatistics& link(int node, Port port) const;
  // The number of a port other than the injection port. Throws weft::Error where ports have no names.
  int number(Port port) const;
  Trust trust() const;
  const TrafficStatistics& traffic() const { return traffic_; }

 private:
  // An output port of a router, or an injection port, and the input port of the router that it feeds.
  struct Output {
    Calendar calendar;
    Calendar input;
    WindowLoad forgotten;  // of `calendar`
    Calendar control;      // of messages that go first; `calendar` has them as well
    LinkStatistics statistics;
  };
  // What is needed to keep a source-destination pair in order.
  struct Pair {
    Cycle sent = 0;  // time of the newest send
    Cycle tail = 0;  // when it arrived
  };

  // A packet at a switch.
  struct Request {
    Cycle ready;
    Cycle flits;
    Cycle length;  // at the output port
    bool late;     // called after a packet that left later
  };

  Cycle turnaround() const { return config_.virtual_channels == 1 ? config_.vc_turnaround_cycles : 0; }
  // A packet's way up to now.
  struct Passage {
    Cycle start = 0;   // at the port reached last
    Cycle shared = 0;  // longest wait for packets that shared their port with this one
    Cycle spared = 0;  // waiting in the calendars that no packet has in the routers
  };

  Cycle inject(int source, Cycle now, Cycle flits, bool control);
  // For messages that go first.
  Passage traverse_first(int source, int destination, Cycle injection, Cycle flits);
  Cycle claim(Output& output, Cycle ready, Cycle length);
  void pass(Calendar& input, Output& output, const Request& request, Passage& passage);
  static Cycle departure(const Calendar& output, const Calendar& input, const Request& request, Cycle first,
                         Cycle start);
  static Cycle tail_of(const Passage& passage, Cycle flits);
  Output& output_of(int router, int port);
  Output& choose(int router, int destination, Cycle ready, Cycle length);
  Delivery send_free(Cycle now, int source, int destination, std::uint64_t bytes);
  Passage traverse(int source, int destination, Cycle injection, Cycle flits, bool late);
  Cycle zero_load_latency(int hops, const Cut& parts) const;
  void find_ports(int router);
  Pair& pair(int source, int destination);
  void check_node(int node, const char* what) const;

  MeshConfig config_;
  Topology topology_;
  std::vector<Output> outputs_;           // by router and port
  std::vector<std::int32_t> neighbours_;  // by router and port: the router behind it, or -1
  // By router, made when a packet comes by, and by node: the only port that leads there, or kChoice.
  std::vector<std::vector<std::uint16_t>> only_port_;
  std::vector<Output> injections_;  // by node
  // A row per source, made at its first send: most nodes of a large mesh talk to few others.
  std::vector<std::vector<Pair>> pairs_;
  Cycle horizon_ = 0;
  Cycle newest_ = 0;  // latest time of a send
  TrafficStatistics traffic_;
};

}  // namespace weft::noc
