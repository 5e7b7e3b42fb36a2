// SPDX-License-Identifier: Apache-2.0
// Synthetic traffic on a network: who sends to whom, when, and what latency that gives.
//
// Patterns and injection are those of BookSim2 (Jiang et al., ISPASS 2013): every node draws a Bernoulli
// trial per cycle and queues a packet without bound. Latency counts from creation to the tail's arrival.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/noc/flit_network.h"
#include "models/noc/mesh.h"
#include "models/noc/saturation_watch.h"
#include "models/noc/topology.h"

namespace weft::noc {

enum class Pattern : std::uint8_t { kUniform, kTranspose, kBitComplement, kNeighbor, kHotspot, kIncast };

struct TrafficConfig {
  Pattern pattern = Pattern::kUniform;
  double rate = 0.1;               // flits per node and cycle; above 0, up to packet_flits
  std::uint32_t packet_flits = 4;  // 1 to 65536
  std::uint64_t seed = 1;
  Cycle warm_up = 2000;           // cycles that are not measured
  std::uint64_t packets = 20000;  // created after the warm-up and measured; at least 40
  int hotspot = -1;               // node of kHotspot and kIncast; -1: in the middle
  unsigned hotspot_weight = 4;    // the hot spot is this many times as likely as another node; 1 to 1000

  // Throws weft::Error naming the field, what was found and what is allowed.
  void validate(const TopologyConfig& topology) const;
};

// Destinations of packets. Uniform includes the source itself.
class Destinations {
 public:
  // Throws weft::Error if the pattern does not exist on this grid: transpose needs a square one.
  Destinations(const TopologyConfig& topology, const TrafficConfig& traffic);
  int draw(int source, CounterRng& random) const;

 private:
  TopologyConfig grid_;
  Pattern pattern_;
  int hotspot_;
  std::uint32_t extra_weight_;
};

// The packets of a run, in order of time: every node has a stream of random numbers of its own, so a node's
// packets depend on nothing but the seed.
class Injection {
 public:
  Injection(const TopologyConfig& topology, const TrafficConfig& traffic);

  struct Created {
    int source;
    int destination;
  };
  // What is created in `cycle`; cycles must be asked for one after the other from 0.
  const std::vector<Created>& at(Cycle cycle);

 private:
  Cycle pause(CounterRng& random) const;

  Destinations destinations_;
  double log_no_packet_;  // of the probability of a cycle without
  std::vector<CounterRng> random_;
  std::vector<Cycle> next_;
  std::vector<Created> created_;
};

struct TrafficResult {
  double offered = 0.0;       // flits per node and cycle created in the measured cycles
  double accepted = 0.0;      // flits per node and cycle that arrived in them
  double mean_latency = 0.0;  // cycles, of packets created in the measured cycles
  double half_width = 0.0;    // 95 % confidence interval of the mean, from 20 batches; cycles
  double zero_load = 0.0;     // mean of the same packets in an empty network, cycles
  Cycle p50 = 0, p95 = 0, p99 = 0, max = 0;
  std::uint64_t packets = 0;
  Cycle cycles = 0;        // measured
  Cycle simulated = 0;     // in all
  bool saturated = false;  // mean latency above three times zero load, or packets that never came
  bool locked = false;     // the network locked up, and which buffers wait for each other
  std::string waiting_circle;
  bool trusted = true;             // false: loosely timed and a port busier than the model is trusted for
  std::uint64_t flit_packets = 0;  // of `packets`, simulated flit by flit
  Cycle flit_cycles = 0;           // of `simulated`, likewise

  double latency_bound() const { return static_cast<double>(SaturationWatch::kLimit) * zero_load; }
};

// Latency samples of one run.
class LatencySamples {
 public:
  void add(Cycle latency, Cycle zero_load);
  // Fills the latencies of `result`.
  void summarise(TrafficResult& result) const;
  std::uint64_t count() const { return samples_.size(); }

 private:
  std::vector<std::uint32_t> samples_;  // in order of arrival
  double zero_load_sum_ = 0.0;
};

// Runs traffic through an empty flit network until all measured packets have arrived. Gives up, saturated,
// once the network is so far behind that measured packets take 50 times zero load on average.
TrafficResult run_traffic(const TopologyConfig& topology, const RouterConfig& routers,
                          const TrafficConfig& traffic);

// The same through the loosely timed network. Throws weft::Error if a configuration is not valid.
TrafficResult run_traffic(const MeshConfig& network, const TrafficConfig& traffic);

// The same through the loosely timed network, and through the flit network while that is saturated
// (SaturationWatch). A packet in the calendars counts as accepted when it is created, as in the loosely timed
// network, a packet of flits when it arrives. Throws weft::Error if a configuration is not valid or the
// virtual channels of the two are not as many.
TrafficResult run_traffic(const MeshConfig& network, const RouterConfig& routers,
                          const TrafficConfig& traffic);

// Highest rate whose mean latency stays below three times zero load, to `tolerance` of itself, by bisection.
double saturation_rate(const TopologyConfig& topology, const RouterConfig& routers, TrafficConfig traffic,
                       double tolerance);

const char* to_string(Pattern pattern);

}  // namespace weft::noc
