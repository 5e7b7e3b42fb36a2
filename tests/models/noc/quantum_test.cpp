// SPDX-License-Identifier: Apache-2.0
// Initiators that run ahead of the simulation by a quantum, in front of the loosely timed network.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tests/models/noc/packet_rig.h"
#include "tests/models/noc/reference_data.h"
#include "tests/models/noc/schedule.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/support/skip.h"

using namespace weft;
using namespace weft::noc;
using namespace weft::noc::test;
using weft::test::node_base;
using weft::test::now;
using weft::test::ns;
using weft::test::PacketRig;

namespace {

// With header, counter and amount, four flits.
constexpr std::uint32_t kBytes = 16;

struct Run {
  double mean_latency = 0.0;
  Cycle contention = 0;
  std::uint64_t calls_ahead = 0;
};

// An initiator waits only when its local time has left the quantum; 0: for every packet.
Run run(const TopologyConfig& topology, const Schedule& schedule, Cycle quantum) {
  weft::test::fresh_kernel();
  NocConfig config;
  config.mesh.columns = topology.columns;
  config.mesh.rows = topology.rows;
  config.posted_writes = 1024;
  PacketRig rig(config);
  Run result;
  for (int node = 0; node < topology.nodes(); ++node) {
    PacketRig::thread([&, node] {
      std::vector<std::uint8_t> data(kBytes, 1);
      for (const Sent& packet : schedule[static_cast<std::size_t>(node)]) {
        const sc_core::sc_time local = static_cast<double>(packet.created) * ns(1);
        const sc_core::sc_time sync =
            quantum == 0 ? local : static_cast<double>(packet.created / quantum * quantum) * ns(1);
        if (sync > now()) sc_core::wait(sync - now());
        sc_core::sc_time delay = local > now() ? local - now() : sc_core::SC_ZERO_TIME;
        result.calls_ahead += delay > sc_core::SC_ZERO_TIME ? 1 : 0;
        const std::uint64_t address = node_base(packet.destination);
        Posting posting;
        posting.destinations = {{address, 0, 0}};
        CHECK(rig.socket(node).post(address, data.data(), kBytes, posting, delay) == Status::ok);
        CHECK(posting.taken);
      }
    });
  }
  sc_core::sc_start();
  result.mean_latency = rig.network->traffic().mean_latency();
  result.contention = rig.network->traffic().contention_sum;
  return result;
}

}  // namespace

TEST_CASE("initiators ahead by a quantum of 4096 cycles do not change the mean latency") {
  static const std::map<std::string, Pattern> patterns = {{"uniform", Pattern::kUniform},
                                                          {"transpose", Pattern::kTranspose},
                                                          {"bitcomp", Pattern::kBitComplement},
                                                          {"neighbor", Pattern::kNeighbor},
                                                          {"hotspot4x", Pattern::kHotspot}};
  const std::vector<Row> rows = read_csv("fastmodel_accuracy.csv");
  if (rows.empty()) WEFT_SKIP("the recorded rates are not in this tree");
  double worst = 0.0;
  int cases = 0;
  for (const Row& row : rows) {
    const std::string& load = row.at("rate_over_sat");
    if (row.at("model") != "calendar" || load == "0.3") continue;
    if (row.at("packet_size") != "4" || row.at("num_vcs") != "2") continue;
    TopologyConfig topology;
    topology.columns = topology.rows = integer(row, "k");
    TrafficConfig traffic;
    traffic.pattern = patterns.at(row.at("traffic"));
    traffic.rate = number(row, "offered");
    traffic.packets = 600;
    for (traffic.seed = 1; traffic.seed <= 3; ++traffic.seed) {
      const Schedule schedule = schedule_of(topology, traffic);
      const Run in_step = run(topology, schedule, 0);
      const Run ahead = run(topology, schedule, 4096);
      INFO(topology.columns << " " << row.at("traffic") << " load " << load << " seed " << traffic.seed);
      CHECK(in_step.calls_ahead == 0);
      CHECK(ahead.calls_ahead > 100);
      CHECK((in_step.contention > 0 || traffic.pattern == Pattern::kNeighbor));
      worst = std::max(worst, std::abs(ahead.mean_latency / in_step.mean_latency - 1.0));
      ++cases;
    }
  }
  CHECK(cases == 2 * 5 * 3 * 3);
  const std::string found = fmt::format("worst change of {} cases: {:.3f} %", cases, 100.0 * worst);
  WARN(found);
  CHECK(worst == 0.0);
}
