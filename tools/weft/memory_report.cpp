// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/memory_report.h"

#include <fmt/format.h>

#include "platform/config/memory.h"

namespace weft::tool {

namespace {

using nlohmann::json;

// By operation, and their sum under "total".
json energies(const dram::DramController& controller, const Context& context) {
  json result = {{"total", 0.0}};
  for (const EnergyLedger::Account& account : context.energy.accounts()) {
    if (account.component() != controller.name()) continue;
    result[account.operation()] = account.total().value();
    result["total"] = result["total"].get<double>() + account.total().value();
  }
  return result;
}

json prices(const dram::Prices& prices) {
  return {{"activate", prices.activate.value()},           {"read_bit", prices.read_bit.value()},
          {"write_bit", prices.write_bit.value()},         {"refresh", prices.refresh.value()},
          {"standby_cycle", prices.standby_cycle.value()}, {"active_cycle", prices.active_cycle.value()}};
}

json controller_report(const dram::DramController& controller, const Context& context, double simulated_s) {
  const dram::DramStatistics statistics = controller.statistics();
  const dram::DramControllerConfig& config = controller.config();
  const double cycle_s = config.channel.timing.clock_ps * 1e-12;
  const double bus_s = static_cast<double>(statistics.channels.data) * cycle_s;
  constexpr double ns_per_s = 1e9;
  const double requests = static_cast<double>(statistics.requests);
  return {{"channels", config.channels},
          {"requests", statistics.requests},
          {"bytes_read", statistics.bytes_read},
          {"bytes_written", statistics.bytes_written},
          {"row_hits", statistics.channels.hits},
          {"row_misses", statistics.channels.misses},
          {"row_conflicts", statistics.channels.conflicts},
          {"activates", statistics.channels.activates},
          {"refreshes", statistics.channels.refreshes},
          {"bus_utilisation", simulated_s > 0 ? bus_s / (simulated_s * config.channels) : 0.0},
          {"peak_GBps", config.channels * config.channel.peak_bandwidth() * 1e-9},
          {"mean_latency_ns",
           requests > 0 ? json(statistics.latency_sum.to_seconds() * ns_per_s / requests) : json()},
          {"max_latency_ns", statistics.latency_max.to_seconds() * ns_per_s},
          {"energy_J", energies(controller, context)}};
}

}  // namespace

void add_memory_report(json& results, const config::Scenario& scenario, const machine::Machine& machine,
                       const Context& context, double simulated_s) {
  const std::vector<const dram::DramController*> all = machine.dram_controllers();
  if (all.empty()) return;
  const config::MemoryConfig& memory = scenario.platform.memory;
  json controllers = json::array();
  double energy = 0;
  double access = 0;  // what its accesses cost, without standby and refresh
  std::uint64_t bytes = 0;
  for (std::size_t number = 0; number < all.size(); ++number) {
    json own = controller_report(*all[number], context, simulated_s);
    energy += own["energy_J"]["total"].get<double>();
    for (const char* operation : {"activate", "read bit", "write bit"})
      access += own["energy_J"][operation].get<double>();
    bytes += own["bytes_read"].get<std::uint64_t>() + own["bytes_written"].get<std::uint64_t>();
    own["router"] = nullptr;  // on the host's bus
    if (!memory.controllers.empty())
      own["router"] = {memory.controllers[number].x, memory.controllers[number].y};
    controllers.push_back(std::move(own));
  }
  constexpr double picojoules = 1e12;
  const double bits = 8.0 * static_cast<double>(bytes);
  results["memory"] = {{"kind", config::to_text(memory.kind)},
                       {"bytes", bytes},
                       {"energy_J", energy},
                       {"pJ_per_bit", bits > 0 ? json(energy * picojoules / bits) : json()},
                       {"access_pJ_per_bit", bits > 0 ? json(access * picojoules / bits) : json()},
                       {"prices_J", prices(all.front()->config().channel.prices)},
                       {"controllers", controllers}};
}

json bank_report(const memory::Memory& buffer, double simulated_s) {
  const unsigned banks = buffer.config().banks;
  if (banks == 1) return nullptr;
  const memory::BankStatistics statistics = buffer.banks();
  return {{"words", statistics.words},
          {"conflicts", statistics.conflicts},
          {"waited_s", buffer.waited().to_seconds()},
          {"utilisation", simulated_s > 0 ? buffer.busy().to_seconds() / (simulated_s * banks) : 0.0}};
}

std::string memory_summary(const json& results) {
  if (!results.contains("memory")) return {};
  const json& memory = results["memory"];
  std::uint64_t hits = 0;
  std::uint64_t bursts = 0;
  for (const json& controller : memory["controllers"]) {
    hits += controller["row_hits"].get<std::uint64_t>();
    for (const char* kind : {"row_hits", "row_misses", "row_conflicts"})
      bursts += controller[kind].get<std::uint64_t>();
  }
  const double share = bursts > 0 ? 100.0 * static_cast<double>(hits) / static_cast<double>(bursts) : 0.0;
  return fmt::format("\n  memory            {}: {} bytes, {:.1f} % row hits, {:.4g} J",
                     memory["kind"].get<std::string>(), memory["bytes"].get<std::uint64_t>(), share,
                     memory["energy_J"].get<double>());
}

}  // namespace weft::tool
