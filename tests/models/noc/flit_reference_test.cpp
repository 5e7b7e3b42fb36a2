// SPDX-License-Identifier: Apache-2.0
// The flit network against recorded runs of BookSim2, packet by packet.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/noc/flit_network.h"
#include "tests/models/noc/reference_data.h"
#include "tests/support/skip.h"

using weft::CounterRng;
using weft::noc::Arrival;
using weft::noc::Cycle;
using weft::noc::FlitNetwork;
using weft::noc::Packet;
using weft::noc::router_preset;
using weft::noc::RouterConfig;
using weft::noc::TopologyConfig;
using namespace weft::noc::test;

namespace {

TopologyConfig mesh(int columns, int rows) {
  TopologyConfig config;
  config.columns = columns;
  config.rows = rows;
  return config;
}

RouterConfig routers_of(const Row& row) {
  RouterConfig config;
  config.virtual_channels = natural(row, "num_vcs");
  config.buffer_flits = natural(row, "vc_buf_size");
  config.routing_cycles = natural(row, "routing_delay");
  config.vc_cycles = natural(row, "vc_alloc_delay");
  config.switch_cycles = natural(row, "sw_alloc_delay");
  config.traversal_cycles = natural(row, "st_final_delay");
  config.link_cycles = natural(row, "link_latency");
  config.credit_cycles = natural(row, "credit_delay");
  config.speculative = row.at("speculative") == "1";
  return config;
}

// Sends every packet in its creation cycle, by which `packets` are sorted; arrivals by place in `packets`.
std::vector<Arrival> replay(const std::vector<Row>& packets, const TopologyConfig& topology,
                            const RouterConfig& routers) {
  FlitNetwork network(topology, routers);
  std::vector<Arrival> arrivals(packets.size());
  std::size_t next = 0;
  while (next < packets.size() || !network.idle()) {
    for (; next < packets.size() && cycle(packets[next], "create_cycle") == network.now(); ++next) {
      const Row& row = packets[next];
      network.send({integer(row, "src"), integer(row, "dst"), natural(row, "length_flits"), 0, next});
    }
    network.step();
    for (const Arrival& arrival : network.arrivals()) arrivals[arrival.packet.tag] = arrival;
  }
  return arrivals;
}

}  // namespace

TEST_CASE("every recorded packet leaves and arrives in BookSim's cycle") {
  const std::vector<Row> manifest = read_csv("booksim_packets_manifest.csv");
  if (manifest.empty()) WEFT_SKIP("the recorded BookSim runs are not in this tree");
  CHECK(manifest.size() == 11);
  for (const Row& run : manifest) {
    std::vector<Row> packets = read_csv(run.at("file"));
    std::stable_sort(packets.begin(), packets.end(), [](const Row& a, const Row& b) {
      return cycle(a, "create_cycle") < cycle(b, "create_cycle");
    });
    REQUIRE(packets.size() == natural(run, "packets"));
    const std::vector<Arrival> arrivals =
        replay(packets, mesh(integer(run, "k"), integer(run, "k")), routers_of(run));
    int injected_elsewhen = 0;
    int arrived_elsewhen = 0;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      injected_elsewhen += arrivals[i].injected != cycle(packets[i], "inject_cycle_head");
      arrived_elsewhen += arrivals[i].arrived != cycle(packets[i], "arrive_cycle_tail");
    }
    INFO(run.at("file"));
    CHECK(injected_elsewhen == 0);
    CHECK(arrived_elsewhen == 0);
  }
}

TEST_CASE("in an empty network every pair's latency is BookSim's and the formula's") {
  const std::vector<Row> rows = read_csv("booksim_zero_load.csv");
  if (rows.empty()) WEFT_SKIP("the recorded BookSim runs are not in this tree");
  for (const Row& row : rows) {
    const bool two_stage_switch = row.at("variant") == "st_final_delay=2";
    RouterConfig routers = two_stage_switch ? RouterConfig{} : router_preset(row.at("variant"));
    if (two_stage_switch) routers.traversal_cycles = 2;
    const std::uint32_t flits = natural(row, "packet_size");
    FlitNetwork network(mesh(integer(row, "k"), integer(row, "k")), routers);
    INFO(row.at("variant") << " distance " << row.at("manhattan_distance") << " flits " << flits);
    for (int pair = 0; pair < network.topology().nodes() * network.topology().nodes(); ++pair) {
      const int source = pair / network.topology().nodes();
      const int destination = pair % network.topology().nodes();
      if (network.topology().hops(source, destination) != integer(row, "manhattan_distance")) continue;
      const Cycle sent = network.now();
      network.send({source, destination, flits, 0, 0});
      while (!network.idle()) network.step();
      const Cycle latency = network.arrivals().at(0).arrived - sent;
      CHECK(latency == cycle(row, "formula"));
      CHECK(latency == network.zero_load_latency(source, destination, flits));
      // BookSim hands the flits of a packet through a switch of two stages in groups, a cycle late.
      CHECK(static_cast<double>(latency + (two_stage_switch && flits > 1 ? 1 : 0)) ==
            number(row, "min_network_latency"));
      network.skip_to(network.now() + 20);
    }
  }
}

TEST_CASE("one flow gets the recorded share of a link") {
  const std::vector<Row> rows = read_csv("booksim_single_flow.csv");
  if (rows.empty()) WEFT_SKIP("the recorded BookSim runs are not in this tree");
  CHECK(rows.size() == 60);
  for (const Row& row : rows) {
    RouterConfig routers = router_preset(row.at("pipeline"));
    routers.virtual_channels = natural(row, "num_vcs");
    const std::uint32_t flits = natural(row, "packet_size");
    FlitNetwork network(mesh(2, 1), routers);
    const double recorded = number(row, "accepted_flits_cycle_at_offered_1.0");
    // The recorded sources offer one flit a cycle on average, at random. A link that can take more than that
    // never gets it; ours then always have a packet waiting.
    const bool takes_all = recorded > 0.98;
    CounterRng random(1, 0, 0);
    std::uint64_t delivered = 0;
    constexpr Cycle warm_up = 500;
    constexpr Cycle measured = 12000;
    while (network.now() < warm_up + measured) {
      for (int node = 0; node < 2; ++node) {
        const bool due = takes_all ? network.queued(node) < 2 : random.uniform() * flits < 1.0;
        if (due) network.send({node, 1 - node, flits, 0, 0});
      }
      network.step();
      if (network.now() > warm_up) delivered += network.arrivals().size() * flits;
    }
    const double share = static_cast<double>(delivered) / static_cast<double>(2 * measured);
    INFO(row.at("pipeline") << " packet " << flits << " channels " << row.at("num_vcs"));
    CHECK(share == Approx(takes_all ? 1.0 : recorded).margin(takes_all ? 0.001 : 0.006));
  }
}
