// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/fp_pim_report.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "models/fp_pim/cost.h"
#include "platform/assembly/area.h"

namespace weft::tool {

namespace {

using nlohmann::json;

// "bf16 addition" is of the component "addition"; bits written and read are "access".
std::string component_of(const std::string& operation) {
  if (operation.rfind("number bit", 0) == 0) return "access";
  std::string name = operation.substr(operation.find(' ') + 1);
  return name == "multiplier bit" ? "multiplication" : name;
}

json lifetime(double endurance, double writes, double simulated_s) {
  return writes > 0 ? json(endurance / writes * simulated_s) : json();
}

// Of the unit that worked most. All of a lane's scratch cells are taken to be used alike.
json wear(const config::Scenario& scenario, const fp_pim::FpPimUnit& unit, double simulated_s) {
  const fp_pim::Logic logic =
      scenario.technology.fp_pim.logic == config::FpPimLogic::sot ? fp_pim::Logic::sot : fp_pim::Logic::nor;
  const fp_pim::FloatFormat format = fp_pim::float_format(unit.array().format());
  const fp_pim::FormatCost& cost = unit.cost();
  const double scratch = scratch_cells(format, logic);
  const double writes = (static_cast<double>(unit.multiplications()) * cost.multiplication.writes +
                         static_cast<double>(unit.additions()) * cost.addition.writes) /
                        scratch;
  const double cells = static_cast<double>(unit.array().rows()) * format.bits() + scratch;
  const double rotated = writes / (cells / scratch);
  const double endurance = scenario.technology.fp_pim.endurance;
  return {{"scratch_cell_writes", writes},
          {"rotated_cell_writes", rotated},
          {"lifetime_s", lifetime(endurance, writes, simulated_s)},
          {"lifetime_with_rotation_s", lifetime(endurance, rotated, simulated_s)}};
}

}  // namespace

json fp_pim_report(const config::Scenario& scenario, const machine::Accelerator& accelerator,
                   const Context& context, double simulated_s) {
  std::uint64_t multiplications = 0;
  std::uint64_t additions = 0;
  const fp_pim::FpPimUnit* busiest = nullptr;
  std::set<std::string> names;
  for (int number = 0; number < accelerator.tiles(); ++number) {
    for (const auto& unit : accelerator.tile(number).fp_pims()) {
      multiplications += unit->multiplications();
      additions += unit->additions();
      names.insert(unit->name());
      if (busiest == nullptr || unit->multiplications() > busiest->multiplications()) busiest = unit.get();
    }
  }
  if (busiest == nullptr) return nullptr;
  std::map<std::string, double> joule{
      {"multiplication", 0}, {"addition", 0}, {"search", 0}, {"transfer", 0}, {"access", 0}};
  for (const EnergyLedger::Account& account : context.energy.accounts()) {
    if (names.count(account.component()) != 0)
      joule[component_of(account.operation())] += account.total().value();
  }
  double area_mm2 = 0;
  const assembly::AreaReport chip = assembly::area(scenario);
  for (const assembly::AreaItem& item : chip.tile) {
    if (item.part == "fp_pim_subarray") area_mm2 = item.cost.area_mm2 * chip.tiles;
  }
  return {{"row_steps", {{"multiplication", multiplications}, {"addition", additions}}},
          {"busy_s", busiest->busy_time().to_seconds()},
          {"energy_J", joule},
          {"area_mm2", area_mm2},
          {"wear", wear(scenario, *busiest, simulated_s)}};
}

}  // namespace weft::tool
