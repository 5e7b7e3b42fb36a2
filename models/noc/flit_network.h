// SPDX-License-Identifier: Apache-2.0
// The network flit by flit, cycle by cycle: input-queued routers with virtual channels, credits and two
// separable iSLIP allocators (McKeown, IEEE/ACM ToN 7(2), 1999), as in Dally and Towles, "Principles and
// Practices of Interconnection Networks", chapters 16 to 19. No time but cycles, no energy, no sockets.
//
// The rules are those of BookSim2 (Jiang et al., ISPASS 2013); with the same packets it delivers every
// packet in the same cycle (flit_reference_test.cpp). Within a cycle, flits and credits that are due are
// delivered, sources inject, and every router allocates on the state that it then has:
//
//   a flit granted the switch in cycle s    in the next buffer at s + switch allocation + switch + link
//   its credit                              usable upstream at s + 1 + link + credit, at a source at s + 2
//   a head that arrives at t                bids for a channel from t + routing, for the switch from then on
//                                           plus VC allocation (from the same cycle if speculative)
//   a tail granted the switch at s          frees its output channel for bids in s + 1
//
// so that a packet of L flits over distance D takes (D + 1) t_hop + 2 + (L - 1) cycles in an empty network,
// with t_hop = routing + VC allocation + switch allocation + switch + link and links of one cycle.
//
// Network interfaces take whatever arrives at once, one flit a cycle, so nothing that has arrived ever holds
// back what has not.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/noc/calendar.h"
#include "models/noc/topology.h"

namespace weft::noc {

// The pipeline and the buffers of all routers, in cycles of the network's clock and flits.
struct RouterConfig {
  unsigned virtual_channels = 2;  // of every port; 1 to 16
  unsigned buffer_flits = 8;      // of every virtual channel; 1 to 1024
  unsigned routing_cycles = 0;    // 0: the route is computed one router ahead; 0 to 60
  unsigned vc_cycles = 1;         // VC allocation; 1 to 8
  unsigned switch_cycles = 1;     // switch allocation; 1 to 8
  unsigned traversal_cycles = 1;  // switch traversal; 1 to 8
  unsigned link_cycles = 1;       // between routers; 1 to 16
  unsigned credit_cycles = 2;     // handling of a credit, besides its way; 0 to 16
  unsigned iterations = 1;        // of each allocator; 1 to 8
  bool speculative = false;       // heads bid for channel and switch at once; needs vc_cycles 1
  // Classes of packets with virtual channels of their own; 1 to virtual_channels. A lower number goes first.
  unsigned classes = 1;
  // Cut the circles of tori and rings. Without it a network may lock up, which stuck() reports.
  bool dateline = true;

  // t_hop, cycles.
  unsigned hop_cycles() const;
  // Throws weft::Error naming the field, what was found and what is allowed.
  void validate(const Topology& topology) const;
};

// The pipelines of the reference runs: P3 (four cycles a hop), P4 (routing in a stage of its own), P2S
// (speculative). Throws weft::Error for another name.
RouterConfig router_preset(const std::string& name);
// The pipeline with so many cycles per hop: P2S for 3, P3 for 4, P4 for 5, longer ones take longer to compute
// the route. Throws weft::Error for less than 3 and more than 64.
RouterConfig router_pipeline(unsigned hop_cycles);

struct Packet {
  int source = 0;
  int destination = 0;
  std::uint32_t flits = 1;  // head and tail included
  unsigned traffic_class = 0;
  std::uint64_t tag = 0;  // the caller's, handed back on arrival
};

struct Arrival {
  Packet packet;
  Cycle created = 0;   // when it was handed over
  Cycle injected = 0;  // when its head left the source
  Cycle arrived = 0;   // when its tail reached the destination
};

struct PortStatistics {
  std::uint64_t flits = 0;      // that left through the port
  std::uint64_t occupancy = 0;  // of its input buffers, flits times cycles
};

class FlitNetwork {
 public:
  // Throws weft::Error if a configuration is not valid.
  FlitNetwork(const TopologyConfig& topology, const RouterConfig& routers);

  const Topology& topology() const { return topology_; }
  const RouterConfig& routers() const { return config_; }
  Cycle now() const { return now_; }

  // Queues a packet at its source in the cycle that step() simulates next. Queues are unbounded: who wants
  // back-pressure watches queued(). Throws weft::Error for a node or class that does not exist or 0 flits.
  void send(const Packet& packet);
  // Packets of a node that have not left its source completely.
  std::size_t queued(int node) const;

  // Simulates one cycle.
  void step();
  // What arrived in the cycle simulated last.
  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  // What was granted its last switch in that cycle and will arrive in cycle Arrival::arrived, at least two
  // later.
  const std::vector<Arrival>& announced() const { return announced_; }
  // Tags of the packets whose tail left its source in that cycle.
  const std::vector<std::uint64_t>& departed() const { return departed_; }
  // No packet anywhere, so nothing arrives before another is sent.
  bool idle() const { return packets_ == 0; }
  // Lets time pass to `cycle` while idle(); earlier cycles are ignored.
  void skip_to(Cycle cycle);

  // True once no flit can ever move again though some are under way.
  bool stuck() const { return stuck_; }
  // The buffers that wait for each other in a circle, "router 3 from east, channel 0 -> ..."; empty if none
  // do.
  std::string waiting_circle() const;

  // Cycles from send() to arrival in an empty network.
  Cycle zero_load_latency(int source, int destination, std::uint32_t flits) const;

  PortStatistics port(int router, int port) const;
  std::uint64_t flits_injected(int node) const;
  // Flits inside routers and on links at the moment.
  std::uint64_t flits_under_way() const { return flits_under_way_; }

 private:
  using Flit = std::uint32_t;  // slot of its packet << 2 | head << 1 | tail
  enum class State : std::uint8_t { kIdle, kRouting, kBidding, kGranted, kActive };

  // A virtual channel of an input port. Channels are numbered port * V + channel within a router ("local")
  // and router * ports * V + local in the network ("global").
  struct Input {
    std::uint32_t destination = 0;  // node, of the packet in front
    std::uint32_t output = 0;       // global output channel, from kGranted on
    std::uint16_t port = 0;         // output port, from kBidding on
    std::uint16_t position = 0;     // in the router's list of bidders
    std::uint16_t head = 0;         // of the ring buffer
    std::uint16_t count = 0;
    std::uint8_t first_channel = 0;  // of the output port that it may bid for
    std::uint8_t last_channel = 0;
    State state = State::kIdle;
    bool adaptive = false;
  };
  struct Output {
    std::int32_t credits = 0;
    std::int32_t owner = -1;  // local input channel
  };
  // Round-robin state of the allocators.
  struct PortState {
    std::uint16_t grant = 0;   // switch: of the output port
    std::uint16_t accept = 0;  // switch: of the input port
    std::uint16_t offset = 0;  // channel of the input port that goes first
    std::uint32_t to = 0;      // global input channel 0 behind the output port, or the node
    std::uint32_t from = 0;    // global output channel 0 in front of the input port, or the node
    bool ejects = false;
    std::uint64_t flits = 0;
    std::uint64_t occupancy = 0;  // sum of departure less arrival cycles
    std::uint32_t held = 0;       // flits in its buffers
  };
  struct Router {
    std::vector<std::uint16_t> bids;   // local input channels that bid for an output channel
    std::vector<std::uint16_t> ready;  // that have a flit and an output channel
    bool active = false;
  };
  struct Slot {
    Packet packet;
    Cycle created = 0;
    Cycle injected = 0;
  };
  struct Queue {
    std::deque<std::uint32_t> slots;
    std::uint32_t sent = 0;  // flits of the packet in front
    int channel = -1;        // of the packet in front, or the last one used
  };
  struct Source {
    std::vector<Queue> queues;  // by class
    std::vector<std::int32_t> credits;
    std::uint64_t flits = 0;
    bool active = false;
  };
  struct FlitEvent {
    std::uint32_t where;
    Flit flit;
  };
  // What happens in one cycle.
  struct Due {
    std::vector<FlitEvent> buffers;      // a flit reaches a global input channel
    std::vector<FlitEvent> nodes;        // a flit reaches a node; where = local output port's global channel
    std::vector<std::uint32_t> credits;  // a credit reaches a global output channel
    std::vector<std::uint32_t> sources;  // a credit reaches node * V + channel
    std::vector<std::uint32_t> bids;     // a global input channel starts to bid for a channel
    std::vector<std::uint32_t> ready;    // ... for the switch
  };
  // The best bidder seen for a resource.
  struct Best {
    std::uint32_t key;
    std::uint16_t bidder;
  };
  struct Match {
    std::uint16_t input;   // local channel
    std::uint16_t output;  // local channel, or port
  };

  void connect();
  Due& due(Cycle delay);
  void deliver();
  void eject(const FlitEvent& event);
  void buffer(const FlitEvent& event);
  void inject();
  void inject_one(int node, Source& source);
  void allocate(std::uint32_t router);
  void allocate_channels(std::uint32_t router, Router& state);
  void allocate_switch(std::uint32_t router, Router& state);
  void bid_for_switch(std::uint32_t base, std::uint16_t local, bool speculative);
  void take_channels(std::uint32_t router, Router& state);
  void traverse(std::uint32_t router, Router& state, std::uint16_t local);
  void next_packet(std::uint32_t global);
  void start_bid(std::uint32_t global);
  void choose_way(std::uint32_t router, Input& input) const;
  void set_range(Input& input, unsigned traffic_class, Topology::Channels half) const;
  void add(std::vector<std::uint16_t>& list, std::uint32_t router, std::uint16_t local);
  void remove(std::vector<std::uint16_t>& list, std::uint32_t router, std::uint16_t local);
  void activate(std::uint32_t router);
  unsigned class_of(std::uint16_t channel) const {
    return channel / (config_.virtual_channels / config_.classes);
  }
  std::uint32_t first_wait(std::uint32_t global) const;

  Topology topology_;
  RouterConfig config_;
  std::uint32_t ports_ = 0;
  std::uint32_t channels_ = 0;  // of a router: ports times virtual channels
  std::uint32_t ring_mask_ = 0;
  std::uint32_t ring_shift_ = 0;
  Cycle now_ = 0;

  std::vector<Router> routers_;
  std::vector<PortState> port_states_;      // by router and port
  std::vector<Input> inputs_;               // by global channel
  std::vector<Output> outputs_;             // by global channel
  std::vector<std::uint16_t> bid_grants_;   // VC allocation: pointer by global output channel
  std::vector<std::uint16_t> bid_accepts_;  // by global input channel
  std::vector<Flit> flits_;                 // ring buffers
  std::vector<Source> sources_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::uint32_t> active_routers_;
  std::vector<int> active_sources_;
  std::vector<Due> wheel_;
  std::vector<Arrival> arrivals_;
  std::vector<Arrival> announced_;
  std::vector<std::uint64_t> departed_;
  std::vector<std::uint16_t> port_of_;     // by local channel
  std::vector<std::uint16_t> channel_of_;  // by local channel

  // Scratch of one allocation.
  std::vector<Best> grants_;
  std::vector<Best> accepts_;
  std::vector<std::uint16_t> granting_;
  std::vector<std::uint16_t> accepting_;
  std::vector<Match> channel_matches_;
  std::vector<Match> switch_matches_;
  std::vector<std::uint8_t> in_matched_;  // by port or channel, in an allocation of several iterations
  std::vector<std::uint8_t> out_matched_;

  std::uint64_t packets_ = 0;
  std::uint64_t flits_under_way_ = 0;
  std::uint64_t pending_ = 0;  // events on the wheel
  bool moved_ = false;
  bool stuck_ = false;
};

}  // namespace weft::noc
