// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/layer_report.h"

#include <array>
#include <map>
#include <set>
#include <string>

namespace weft::tool {

namespace {

using nlohmann::json;

// In the order of crossbar::Pass.
constexpr std::array<const char*, crossbar::pass_count> passes = {"forward", "error", "gradient", "update",
                                                                  "access"};

// The pass that a crossbar unit's account belongs to.
std::string pass_of(const std::string& operation) {
  const auto begins = [&operation](const char* with) { return operation.rfind(with, 0) == 0; };
  if (begins("mvm_")) return "forward";
  if (begins("mtvm_")) return "error";
  if (begins("opa_") || begins("gradient_") || begins("kernel_")) return "gradient";
  if (begins("update_")) return "update";
  return "access";
}

}  // namespace

json layer_report(const compiler::Placement& placement, const machine::Accelerator& accelerator,
                  const Context& context) {
  struct Layer {
    int arrays = 0;
    const crossbar::CrossbarUnit* busiest = nullptr;
    std::map<std::string, double> joule;
  };
  std::map<int, Layer> layers;
  std::map<std::string, int> layer_of_component;
  for (const compiler::Shard& shard : placement.shards) {
    Layer& layer = layers[shard.layer];
    layer.arrays += shard.units();
    for (int number = 0; number < shard.units(); ++number) {
      const auto& unit =
          accelerator.tile(shard.tile).crossbars()[static_cast<std::size_t>(shard.first_unit + number)];
      layer_of_component[unit->name()] = shard.layer;
      if (layer.busiest == nullptr || unit->busy_time() > layer.busiest->busy_time())
        layer.busiest = unit.get();
    }
  }
  for (const EnergyLedger::Account& account : context.energy.accounts()) {
    const auto found = layer_of_component.find(account.component());
    if (found == layer_of_component.end()) continue;
    layers[found->second].joule[pass_of(account.operation())] += account.total().value();
  }
  json list = json::array();
  for (auto& [number, layer] : layers) {
    json energy;
    json time;
    for (std::size_t pass = 0; pass < crossbar::pass_count; ++pass) {
      energy[passes[pass]] = layer.joule[passes[pass]];
      time[passes[pass]] = layer.busiest->pass_times().of(static_cast<crossbar::Pass>(pass)).to_seconds();
    }
    list.push_back({{"layer", number},
                    {"arrays", layer.arrays},
                    {"busy_s", layer.busiest->busy_time().to_seconds()},
                    {"time_s", time},
                    {"energy_J", energy}});
  }
  return list;
}

json pass_report(const machine::Accelerator& accelerator, const Context& context, double total_J) {
  std::set<std::string> units;
  for (int number = 0; number < accelerator.tiles(); ++number) {
    for (const auto& unit : accelerator.tile(number).crossbars()) units.insert(unit->name());
  }
  std::map<std::string, double> joule;
  for (const EnergyLedger::Account& account : context.energy.accounts()) {
    if (units.count(account.component()) != 0) joule[pass_of(account.operation())] += account.total().value();
  }
  json result;
  double of_units = 0;
  for (const char* pass : passes) {
    result[pass] = joule[pass];
    of_units += joule[pass];
  }
  result["other"] = total_J - of_units;
  return result;
}

}  // namespace weft::tool
