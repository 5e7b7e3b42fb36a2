// SPDX-License-Identifier: Apache-2.0
// The network on chip: memory-mapped transactions between nodes, in one of three fidelities.
//
// A write travels as a message of header and payload to the node that the address belongs to; when its
// tail has arrived the target is accessed, and a header flit carries the acknowledgement back. A read
// sends a header and gets the data back. Latency and contention come from Mesh (ideal, lt) or from
// FlitNetwork, where full buffers hold initiators back. Data, energy and the order of a pair's transactions
// do not depend on the fidelity, times do.
//
// A write that its initiator does not wait for (Posting, `posted_writes`) is answered as soon as the network
// interface has room for it. Its message carries kPostedBytes more, which say what else is to be done; when
// its tail has arrived the data are written, and then the amount to the counter. Nothing is acknowledged. If
// the target refuses, a header travels back and the initiator is told. With `multicast` one posted message
// may have several destinations: it carries kPostedBytes for each and travels along a MulticastTree.
//
// Timing contract of `from_node`: the delay annotated by the caller is consumed first, a message leaves
// at the next edge of the network's clock, and the call returns at the simulated time at which the
// response's tail has arrived, with a delay of zero. Simulated time passes inside the call, so callers
// are SC_THREADs. Transactions of one source to one destination reach the target in the order in which
// they leave the source.
//
// The address is passed on unchanged. An address that belongs to no node, or an access that crosses
// the end of a range, costs a header to the local router and back and answers address_error. Debug
// access reaches every node without time, energy or statistics. Direct memory pointers are not granted
// across the network: they would bypass contention.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "models/common/energy_ledger.h"
#include "models/noc/delivery_order.h"
#include "models/noc/flit_carrier.h"
#include "models/noc/mesh.h"
#include "models/noc/multicast.h"
#include "models/noc/saturation_watch.h"
#include "models/tlm/initiator_socket.h"
#include "models/tlm/posting.h"
#include "models/tlm/process_pool.h"
#include "models/tlm/target_socket.h"

namespace weft::noc {

// The addresses from `base` to `base + size - 1` belong to what is bound to `node`.
struct AddressRange {
  std::uint64_t base = 0;
  std::uint64_t size = 0;  // bytes
  int node = 0;
  bool memory = false;  // memory or the host, not a tile; for the statistics by class
};

// Address of the counter and amount, in a posted write.
inline constexpr std::uint64_t kPostedBytes = 8;

enum class Fidelity {
  kIdeal,  // the latency of an empty network
  kLt,     // ports reserved by calendar
  kFlit,   // flit by flit
  kAuto,   // by calendar, and flit by flit from the first message that takes three times the empty network's
           // latency until the flits have all arrived
};

// What travels: messages without payload (read requests, acknowledgements), payload of accesses to tiles
// (activations, errors) and of accesses to memory and the host (data sets, weights, results), writes that
// nobody waits for to one destination, and the packets of those to several between two stops of their tree.
enum class TrafficClass : std::uint8_t { kControl, kTiles, kMemory, kPosted, kMulticast };
inline constexpr std::size_t kTrafficClasses = 5;
const char* to_string(TrafficClass traffic_class);

struct ClassStatistics {
  std::uint64_t messages = 0;
  std::uint64_t flits = 0;  // headers included
  std::uint64_t bytes = 0;  // payload
  Cycle latency_sum = 0;

  double mean_latency() const;  // cycles per message; 0 without messages
};

struct NocConfig {
  Fidelity fidelity = Fidelity::kLt;
  MeshConfig mesh;
  RouterConfig routers;  // kFlit and kAuto only; its virtual channels are those of `mesh`
  sc_core::sc_time cycle{1.0, sc_core::SC_NS};  // clock period of routers and links
  std::vector<AddressRange> map;                // must not overlap; a node may own several ranges
  // Messages that the interface of a node holds for initiators that do not wait for them (Posting); 0: writes
  // are never posted. 0 to 1024.
  unsigned posted_writes = 0;
  // Posted writes with several destinations travel along a tree; otherwise the network does not take them.
  bool multicast = false;
  unsigned outstanding = 8;  // non-blocking requests of a node under way; 1 to 1024

  // Prices of a flit of `mesh.flit_bytes`. The defaults are for 64 bits at 32 nm, 0.9 V: a five-port
  // router with two virtual channels of eight flits (buffer write and read, crossbar, arbitration) and
  // repeated wire, both from DSENT 0.9 (Sun et al., NOCS 2012) with random data. Clock and leakage
  // power are not part of them.
  Joule router_flit = picojoule(3.17);           // one flit through one router
  Joule link_flit_millimetre = picojoule(2.07);  // one flit over one millimetre of link
  double link_millimetres = 1.0;                 // distance of neighbouring routers

  // Throws weft::Error naming the field, what was found and what is allowed.
  void validate() const;
  bool simulates_flits() const { return fidelity == Fidelity::kFlit || fidelity == Fidelity::kAuto; }
};

// Load of an output port of a router, or of a node's injection port.
struct PortLoad {
  int router = 0;
  std::string port;
  LinkStatistics statistics;
  std::uint64_t occupancy = 0;  // of the port's input buffers, flits times cycles; kFlit only
};

// Counted since construction.
struct PostedStatistics {
  std::uint64_t messages = 0;
  std::uint64_t failed = 0;      // writes of data or counter that the target refused
  std::uint64_t multicasts = 0;  // of the messages, those with several destinations
  std::uint64_t blocked = 0;     // that found their interface full
};

class Noc : public sc_core::sc_module {
 public:
  // Opens two accounts in `ledger`, "router flit" and "link flit", which outlives the module. Throws
  // weft::Error if the configuration is not valid.
  Noc(sc_core::sc_module_name name, const NocConfig& config, EnergyLedger& ledger);

  // The socket through which the initiator at `node` enters, and the one that accesses the target
  // there. A socket left unbound after construction is closed by the network itself, except the target
  // side of a node in the address map, which is a weft::Error at the start of simulation.
  TargetSocket& from_node(int node);
  InitiatorSocket& to_node(int node);

  // Latency, contention and load of everything sent so far, in cycles of `config().cycle`.
  TrafficStatistics traffic() const;
  // Messages that were simulated flit by flit.
  std::uint64_t flit_messages() const { return flits_ ? flits_->traffic().messages : 0; }
  const ClassStatistics& traffic(TrafficClass traffic_class) const {
    return classes_[static_cast<std::size_t>(traffic_class)];
  }
  const Topology& topology() const { return mesh_.topology(); }
  Joule router_energy() const { return router_energy_.total(); }
  Joule link_energy() const { return link_energy_.total(); }
  // By name, in meshes and tori. Where flits are simulated, a port is busy for as many cycles as flits.
  LinkStatistics link(int node, Port port) const;
  // Every port that has carried something.
  std::vector<PortLoad> ports() const;
  // Whether loosely timed latencies can be believed; always, in the other fidelities.
  Trust trust() const { return config_.fidelity == Fidelity::kFlit ? Trust{} : mesh_.trust(); }
  const NocConfig& config() const { return config_; }
  const PostedStatistics& posted() const { return posted_; }

 private:
  // A message on its way.
  struct Flight {
    Delivery delivery;           // loosely timed
    std::size_t number = 0;      // of the flit carrier
    std::function<void()> left;  // loosely timed
    bool by_flits = false;
    int source = 0;
    int destination = 0;
    std::uint64_t bytes = 0;
    TrafficClass payload = TrafficClass::kControl;
  };
  // The posted messages of a node that have not left it.
  struct Interface {
    unsigned held = 0;
    sc_core::sc_event room;
  };
  // One destination of a write that nobody waits for.
  struct PostedWrite {
    int node = 0;
    PostedDestination destination;
    DeliveryOrder::Place place;
  };
  // A write that nobody waits for.
  struct PostedMessage {
    int source = 0;
    std::vector<PostedWrite> writes;
    std::vector<std::uint8_t> data;
    std::function<void(Status, std::uint64_t)> failed;
    std::optional<MulticastTree> tree;  // with several destinations
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t at_source = 0;  // copies of packets that have not left it
  };

  void before_end_of_elaboration() override;
  Status access(int source, const Transfer& transfer, sc_core::sc_time& delay);
  Status access_burst(int source, const Burst& burst, sc_core::sc_time& delay);
  Status post(int source, const Transfer& transfer, Posting& posting, sc_core::sc_time& delay);
  void enter(Interface& own);
  void leave(int source);
  void send_posted(const std::shared_ptr<PostedMessage>& message);
  // Sends a copy of a packet that is at a stop of the tree along every way that goes on.
  void spread(const std::shared_ptr<PostedMessage>& message, std::size_t stop, std::uint64_t packet);
  std::uint64_t bytes_of(const PostedMessage& message, std::uint64_t packet) const;
  void deliver(PostedMessage& message, PostedWrite& write);
  Status write_at(int node, std::uint64_t address, void* data, std::size_t bytes);
  Status access_debug(const Transfer& transfer);
  const AddressRange* find(std::uint64_t address, std::uint64_t bytes) const;
  void carry(int source, int destination, std::uint64_t bytes, TrafficClass payload);
  // Sends a message now; `left` is called when its last flit has left the source.
  Flight depart(int source, int destination, std::uint64_t bytes, TrafficClass payload,
                std::function<void()> left = {});
  // Returns when its tail has arrived.
  void arrive(const Flight& flight);
  void wait_until(Cycle cycle) const;
  bool goes_by_flits(int source, int destination);
  LinkStatistics injection(int node) const;
  PortLoad load(int router, int port) const;
  std::size_t checked(int node) const;

  NocConfig config_;
  Mesh mesh_;
  std::unique_ptr<FlitCarrier> flits_;
  SaturationWatch watch_;  // kAuto only
  EnergyLedger::Account& router_energy_;
  EnergyLedger::Account& link_energy_;
  sc_core::sc_vector<TargetSocket> from_node_;
  sc_core::sc_vector<InitiatorSocket> to_node_;
  std::deque<Interface> interfaces_;  // by node
  DeliveryOrder order_;
  ProcessPool processes_;
  PostedStatistics posted_;
  std::array<ClassStatistics, kTrafficClasses> classes_;
  std::deque<TargetSocket> unused_targets_;
  std::deque<InitiatorSocket> unused_initiators_;
};

}  // namespace weft::noc
