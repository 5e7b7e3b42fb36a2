// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/noc_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace weft::tool {

namespace {

using nlohmann::json;

double share(double part, double whole) { return whole > 0.0 ? part / whole : 0.0; }

json classes(const noc::Noc& network, double simulated_s) {
  json all = json::object();
  for (std::size_t i = 0; i < noc::kTrafficClasses; ++i) {
    const auto each = static_cast<noc::TrafficClass>(i);
    const noc::ClassStatistics& counted = network.traffic(each);
    all[noc::to_string(each)] = {
        {"messages", counted.messages},
        {"flits", counted.flits},
        {"payload_bytes", counted.bytes},
        {"mean_latency_cycles", counted.mean_latency()},
        {"throughput_bytes_per_s", share(static_cast<double>(counted.bytes), simulated_s)}};
  }
  return all;
}

json links(const noc::Noc& network, double cycles) {
  json all = json::array();
  for (const noc::PortLoad& load : network.ports()) {
    all.push_back({{"node", load.router},
                   {"port", load.port},
                   {"flits", load.statistics.flits},
                   {"busy_cycles", load.statistics.busy},
                   {"waiting_cycles", load.statistics.waiting},
                   {"utilisation", share(static_cast<double>(load.statistics.busy), cycles)}});
    if (!network.config().simulates_flits()) continue;
    all.back()["occupancy_flit_cycles"] = load.occupancy;
    all.back()["mean_buffered_flits"] = share(static_cast<double>(load.occupancy), cycles);
  }
  return all;
}

// A row of the grid is an array, the first one in the north; the value of a router is that of its busiest
// port.
json heat_map(const noc::Noc& network, double cycles) {
  const noc::Topology& topology = network.topology();
  const auto columns = static_cast<std::size_t>(topology.router_columns());
  const auto rows = static_cast<std::size_t>(topology.router_rows());
  std::vector<std::vector<double>> utilisation(rows, std::vector<double>(columns, 0.0));
  std::vector<std::vector<std::uint64_t>> flits(rows, std::vector<std::uint64_t>(columns, 0));
  for (const noc::PortLoad& load : network.ports()) {
    // What is injected leaves the router through another port.
    if (load.port.rfind("injection", 0) == 0) continue;
    const auto router = static_cast<std::size_t>(load.router);
    double& value = utilisation[router / columns][router % columns];
    value = std::max(value, share(static_cast<double>(load.statistics.busy), cycles));
    flits[router / columns][router % columns] += load.statistics.flits;
  }
  return {{"columns", columns}, {"rows", rows}, {"utilisation", utilisation}, {"flits", flits}};
}

json bottleneck(const json& links) {
  const auto busier = [](const json& a, const json& b) {
    return a["utilisation"].get<double>() < b["utilisation"].get<double>();
  };
  const auto busiest = std::max_element(links.begin(), links.end(), busier);
  if (busiest == links.end()) return nullptr;
  return {{"node", (*busiest)["node"]},
          {"port", (*busiest)["port"]},
          {"utilisation", (*busiest)["utilisation"]},
          {"waiting_cycles", (*busiest)["waiting_cycles"]}};
}

json energy(const noc::Noc& network, const assembly::AreaReport& chip, double simulated_s) {
  double leakage_mW = 0.0;
  for (const assembly::AreaItem& item : chip.chip)
    leakage_mW += item.part == "router" ? item.cost.leakage_mW : 0;
  const double moved = (network.router_energy() + network.link_energy()).value();
  return {{"router_J", network.router_energy().value()},
          {"link_J", network.link_energy().value()},
          {"per_flit_and_router_J", share(moved, static_cast<double>(network.traffic().router_flits))},
          {"router_leakage_J", leakage_mW * 1e-3 * simulated_s}};
}

}  // namespace

json noc_report(const noc::Noc& network, const assembly::AreaReport& chip, double simulated_s) {
  const noc::TrafficStatistics traffic = network.traffic();
  const double cycles = simulated_s / network.config().cycle.to_seconds();
  json ports = links(network, cycles);
  json limit = bottleneck(ports);
  return {
      {"messages", traffic.messages},
      {"packets", traffic.packets},
      {"flits", traffic.flits},
      {"payload_bytes", traffic.bytes},
      {"mean_latency_cycles", traffic.mean_latency()},
      {"p50_latency_cycles", traffic.latencies.quantile(0.5)},
      {"p90_latency_cycles", traffic.latencies.quantile(0.9)},
      {"p99_latency_cycles", traffic.latencies.quantile(0.99)},
      {"max_latency_cycles", traffic.latency_max},
      {"contention_cycles", traffic.contention_sum},
      {"contention_share",
       share(static_cast<double>(traffic.contention_sum), static_cast<double>(traffic.latency_sum))},
      {"latency_histogram", traffic.latencies.octaves()},
      {"flit_messages", network.flit_messages()},
      {"trusted", network.trust().trusted()},
      {"busiest_port_share", network.trust().busiest},
      {"classes", classes(network, simulated_s)},
      {"energy", energy(network, chip, simulated_s)},
      {"prices_J",
       {{"router_flit", network.config().router_flit.value()},
        {"link_flit", (network.config().link_millimetres * network.config().link_flit_millimetre).value()}}},
      {"bottleneck", std::move(limit)},
      {"heat_map", heat_map(network, cycles)},
      {"links", std::move(ports)}};
}

std::string noc_summary(const json& report) {
  const json& limit = report["bottleneck"];
  if (limit.is_null()) return {};
  constexpr double percent = 100.0;
  std::string text = fmt::format(
      "\n  network           busiest port: {} of router {}, {:.1f} % of the time; contention {:.1f} % of the "
      "latency (mean {:.1f}, 99 % within {} cycles)",
      limit["port"].get<std::string>(), limit["node"].get<int>(),
      percent * limit["utilisation"].get<double>(), percent * report["contention_share"].get<double>(),
      report["mean_latency_cycles"].get<double>(), report["p99_latency_cycles"].get<std::uint64_t>());
  if (!report["trusted"].get<bool>())
    text += "\n                    not to be trusted there: run with platform.noc.fidelity: auto or flit";
  return text;
}

}  // namespace weft::tool
