// SPDX-License-Identifier: Apache-2.0
// The network as a module: packets and flits per CPU second through its sockets, SystemC's kernel, the
// initiators' processes and the targets included. Uniform traffic of messages of 16 bytes (a posted one has
// four flits, with header, counter and amount), and of 256 bytes as tiles send.
//   posted    writes that nobody waits for, open loop as in BookSim2's recorded runs; one packet each
//   blocking  writes by initiators that wait for the acknowledgement, another packet, and are decoupled by a
//             quantum of 4096 cycles
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/noc/noc.h"
#include "models/tlm/initiator_socket.h"
#include "models/tlm/posting.h"
#include "models/tlm/target_socket.h"
#include "tests/models/noc/schedule.h"
#include "tests/models/tlm/fresh_kernel.h"

namespace {

using namespace weft;
using noc::Cycle;
using noc::Fidelity;
using noc::test::Schedule;
using noc::test::Sent;
using sc_core::sc_time;

constexpr std::uint64_t window = 0x10000;
constexpr Cycle quantum = 4096;
constexpr std::uint64_t messages = 50000;

sc_time cycles(Cycle count) { return {static_cast<double>(count), sc_core::SC_NS}; }

// `percent` hundredths of a flit per node and cycle, headers included.
Schedule uniform_traffic(const noc::NocConfig& config, int percent, std::uint32_t bytes) {
  noc::TrafficConfig traffic;
  traffic.rate = percent / 100.0;
  traffic.packet_flits = bytes / 8 + 2;
  traffic.packets = messages;
  return noc::test::schedule_of(config.mesh.topology_config(), traffic);
}

// An initiator that follows its schedule, and a memory.
class Node : public sc_core::sc_module {
 public:
  Node(const sc_core::sc_module_name& name, const std::vector<Sent>& schedule, std::uint32_t bytes,
       bool posted)
      : sc_module(name), schedule_(schedule), data_(bytes, 1), posted_(posted) {
    memory.on_access([](const Transfer&, sc_time&) { return Status::ok; });
    SC_THREAD(run);
  }
  SC_HAS_PROCESS(Node);

  InitiatorSocket initiator{"initiator"};
  TargetSocket memory{"memory"};

 private:
  void run() {
    sc_time delay;
    for (const Sent& write : schedule_) {
      // The reference that sc_time_stamp() returns moves on with wait().
      const sc_time now = sc_core::sc_time_stamp();
      delay = std::max(delay, cycles(write.created) > now ? cycles(write.created) - now : sc_time());
      if (posted_ || delay > cycles(quantum)) {
        sc_core::wait(delay);
        delay = sc_time();
      }
      send(static_cast<std::uint64_t>(write.destination) * window, delay);
    }
  }
  void send(std::uint64_t address, sc_time& delay) {
    const auto bytes = static_cast<std::uint32_t>(data_.size());
    Posting posting;
    posting.destinations = {{address, 0, 0}};
    const Status status = posted_ ? initiator.post(address, data_.data(), bytes, posting, delay)
                                  : initiator.write(address, data_.data(), bytes, delay);
    if (status != Status::ok) SC_REPORT_FATAL(name(), "the network has refused a write");
  }

  const std::vector<Sent>& schedule_;
  std::vector<std::uint8_t> data_;
  bool posted_;
};

void replay(benchmark::State& state, Fidelity fidelity, bool posted) {
  noc::NocConfig config;
  config.fidelity = fidelity;
  config.mesh.columns = config.mesh.rows = static_cast<int>(state.range(0));
  config.posted_writes = posted ? 1024 : 0;
  const auto bytes = static_cast<std::uint32_t>(state.range(2));
  const Schedule schedule = uniform_traffic(config, static_cast<int>(state.range(1)), bytes);
  for (int node = 0; node < config.mesh.nodes(); ++node)
    config.map.push_back({static_cast<std::uint64_t>(node) * window, window, node});
  std::uint64_t sent_packets = 0;
  std::uint64_t sent_flits = 0;
  for (auto unused : state) {
    static_cast<void>(unused);
    state.PauseTiming();
    test::fresh_kernel();
    EnergyLedger ledger;
    noc::Noc network("noc", config, ledger);
    std::deque<Node> nodes;
    for (int node = 0; node < config.mesh.nodes(); ++node) {
      Node& own = nodes.emplace_back(("node" + std::to_string(node)).c_str(),
                                     schedule[static_cast<std::size_t>(node)], bytes, posted);
      own.initiator.bind(network.from_node(node));
      network.to_node(node).bind(own.memory);
    }
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    state.ResumeTiming();
    sc_core::sc_start();
    state.PauseTiming();
    sent_packets += network.traffic().packets;
    sent_flits += network.traffic().flits;
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(sent_packets));
  state.counters["flits"] = benchmark::Counter(static_cast<double>(sent_flits), benchmark::Counter::kIsRate);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"side", "load_percent", "bytes"})
      ->Args({4, 20, 16})
      ->Args({8, 20, 16})
      ->Args({16, 12, 16})
      ->Args({8, 20, 256});
}

}  // namespace

BENCHMARK_CAPTURE(replay, lt_posted, Fidelity::kLt, true)->Apply(sizes);
BENCHMARK_CAPTURE(replay, lt_blocking, Fidelity::kLt, false)->Apply(sizes);
BENCHMARK_CAPTURE(replay, flit_posted, Fidelity::kFlit, true)->Apply(sizes);
BENCHMARK_CAPTURE(replay, flit_blocking, Fidelity::kFlit, false)->Apply(sizes);

// SystemC's library wants one; main() is Google Benchmark's.
int sc_main(int /*argc*/, char** /*argv*/) { return 0; }
