// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/layer_report.h"

#include <algorithm>
#include <map>
#include <string>

namespace weft::tool {

namespace {

using nlohmann::json;

constexpr const char* passes[] = {"forward", "error", "gradient", "update", "access"};

// The pass that a crossbar unit's account belongs to.
std::string pass_of(const std::string& operation) {
  const auto begins = [&operation](const char* with) { return operation.rfind(with, 0) == 0; };
  if (begins("mvm_")) return "forward";
  if (begins("mtvm_")) return "error";
  if (begins("opa_")) return "gradient";
  if (begins("update_")) return "update";
  return "access";
}

}  // namespace

json layer_report(const compiler::Placement& placement, const machine::Accelerator& accelerator,
                  const Context& context) {
  struct Layer {
    int arrays = 0;
    double busy_s = 0;
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
      layer.busy_s = std::max(layer.busy_s, unit->busy_time().to_seconds());
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
    for (const char* pass : passes) energy[pass] = layer.joule[pass];
    list.push_back(
        {{"layer", number}, {"arrays", layer.arrays}, {"busy_s", layer.busy_s}, {"energy_J", energy}});
  }
  return list;
}

}  // namespace weft::tool
