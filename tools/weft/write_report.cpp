// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/write_report.h"

#include <fmt/format.h>

#include <vector>

#include "platform/assembly/machine_config.h"
#include "platform/config/filter_schedule.h"
#include "tools/weft/lifetime_report.h"

namespace weft::tool {

namespace {

using nlohmann::json;

struct Sums {
  write_filter::FilterStatistics filter;
  endurance::WearStatistics wear;
  std::uint64_t cells_programmed = 0;
  std::uint64_t cells_offered = 0;  // of all slices that the values have
  std::uint64_t cells_selected = 0;
  std::vector<const endurance::WornCells*> arrays;
};

// Of the arrays that hold weights, or of those that hold activations as kernels.
enum class Holds { weights, kernels };

Sums add_up(const machine::Accelerator& accelerator, Holds what) {
  Sums sum;
  for (int number = 0; number < accelerator.tiles(); ++number) {
    const tile::Tile& tile = accelerator.tile(number);
    for (std::size_t place = 0; place < tile.filters().size(); ++place) {
      const crossbar::CrossbarUnit& unit = *tile.crossbars()[place];
      if (unit.holds_kernels() != (what == Holds::kernels)) continue;
      const write_filter::FilterStatistics own = what == Holds::kernels
                                                     ? tile.filters()[place]->kernel_statistics()
                                                     : tile.filters()[place]->statistics();
      sum.cells_offered += own.weights_offered * unit.slices_in_use();
      sum.cells_selected += own.weights_written * unit.slices_in_use();
      sum.filter.passes += own.passes;
      sum.filter.passes_written += own.passes_written;
      sum.filter.weights_offered += own.weights_offered;
      sum.filter.weights_written += own.weights_written;
      sum.filter.weights_zero += own.weights_zero;
      sum.filter.rows_offered += own.rows_offered;
      sum.filter.rows_written += own.rows_written;
      sum.filter.residuals_forced += own.residuals_forced;
    }
    for (const auto& unit : tile.crossbars()) {
      if (unit->holds_kernels() != (what == Holds::kernels)) continue;
      sum.cells_programmed += unit->array().statistics().cells_programmed;
      if (unit->cells() == nullptr) continue;
      sum.arrays.push_back(unit->cells());
      sum.wear.add(unit->cells()->statistics());
    }
  }
  return sum;
}

// Wear of every physical row, all slices and columns together: enough to see hot rows.
json wear_map(const machine::Accelerator& accelerator) {
  json map = json::array();
  for (int tile = 0; tile < accelerator.tiles(); ++tile) {
    const auto& units = accelerator.tile(tile).crossbars();
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
      const endurance::WornCells* cells = units[unit]->cells();
      if (cells == nullptr || cells->statistics().cells_written == 0 || cells->wear().empty()) continue;
      const endurance::Geometry& shape = cells->geometry();
      std::vector<double> rows(static_cast<std::size_t>(shape.rows));
      std::vector<double> slices(static_cast<std::size_t>(shape.slices));
      const int entries = shape.by_row ? 1 : shape.columns;
      const double cells_of_entry = shape.by_row ? cells->columns_in_use() : 1;
      std::size_t entry = 0;
      for (std::size_t slice = 0; slice < slices.size(); ++slice) {
        for (double& row : rows) {
          for (int column = 0; column < entries; ++column, ++entry) {
            row += cells_of_entry * cells->wear()[entry];
            slices[slice] += cells_of_entry * cells->wear()[entry];
          }
        }
      }
      map.push_back({{"tile", tile}, {"crossbar", unit}, {"rows", rows}, {"slices", slices}});
    }
  }
  return map;
}

// The part of lifetime_of() that tells arrays of weights and of kernels apart.
json years_of(const std::vector<const endurance::WornCells*>& arrays,
              const endurance::EnduranceConfig& config, double simulated_s) {
  const json all = lifetime_of(arrays, config.duty, simulated_s);
  json years;
  for (const char* key : {"cells", "mean_wear", "worst_wear", "mean_years", "p99_years", "worst_cell_years"})
    years[key] = all[key];
  return years;
}

json activation_report(const Sums& sum, bool counted) {
  const write_filter::FilterStatistics& filter = sum.filter;
  const std::uint64_t cells = counted ? sum.wear.cells_written : sum.cells_selected;
  return {{"cells", cells},
          {"pulses", counted ? json(sum.wear.pulses) : json()},
          {"filtered", sum.cells_offered - cells},
          {"values_offered", filter.weights_offered},
          {"values_written", filter.weights_written},
          {"density", share(filter.weights_written, filter.weights_offered)}};
}

json lifetime_report(std::vector<const endurance::WornCells*> arrays,
                     const std::vector<const endurance::WornCells*>& more,
                     const machine::Accelerator& accelerator, const endurance::EnduranceConfig& config,
                     double simulated_s) {
  arrays.insert(arrays.end(), more.begin(), more.end());
  json life = lifetime_of(arrays, config.duty, simulated_s);
  life["first_failure_cell_write"] = total_wear(arrays).first_failure;
  life["wear_map"] = wear_map(accelerator);
  return life;
}

}  // namespace

bool cells_have_failed(const machine::Accelerator& accelerator) {
  return add_up(accelerator, Holds::weights).wear.cells_stuck > 0 ||
         add_up(accelerator, Holds::kernels).wear.cells_stuck > 0;
}

void add_write_report(json& results, const config::Scenario& scenario,
                      const machine::Accelerator& accelerator, double simulated_s) {
  const config::CrossbarConfig& crossbar = scenario.platform.crossbar;
  const bool in_place = crossbar.update == config::UpdatePolicy::in_place;
  const bool filters = scenario.workload.programs.empty()
                           ? config::filter_schedule(scenario).holds_back()
                           : crossbar.write_filter.policy != write_filter::Policy::none;
  if (crossbar.update == config::UpdatePolicy::digital) return;
  if (in_place && !filters && !crossbar.endurance.on()) return;
  const Sums sum = add_up(accelerator, Holds::weights);
  const bool counted = crossbar.endurance.on();
  const std::uint64_t slices = static_cast<std::uint64_t>(crossbar.slices);
  results["writes"]["weight"] = {
      {"cells", counted    ? json(sum.wear.cells_written)
                : in_place ? json()
                           : json(sum.cells_programmed)},
      {"pulses", counted ? json(sum.wear.pulses) : json()},
      {"filtered", (sum.filter.weights_offered - sum.filter.weights_written) * slices},
      {"passes", sum.filter.passes},
      {"passes_written", sum.filter.passes_written},
      {"weights_offered", sum.filter.weights_offered},
      {"weights_written", sum.filter.weights_written},
      {"density", share(sum.filter.weights_written, sum.filter.weights_offered)},
      {"rows_offered", sum.filter.rows_offered},
      {"rows_written", sum.filter.rows_written},
      {"row_density", share(sum.filter.rows_written, sum.filter.rows_offered)},
      {"residuals_forced", sum.filter.residuals_forced}};
  const bool has_kernels = scenario.training.gradient == config::Gradient::activation_kernels;
  const Sums kernels = has_kernels ? add_up(accelerator, Holds::kernels) : Sums();
  if (has_kernels) results["writes"]["activation_kernel"] = activation_report(kernels, counted);
  if (!crossbar.endurance.count_wear) return;
  results["lifetime"] =
      lifetime_report(sum.arrays, kernels.arrays, accelerator, crossbar.endurance, simulated_s);
  if (!has_kernels) return;
  results["lifetime"]["weight"] = years_of(sum.arrays, crossbar.endurance, simulated_s);
  results["lifetime"]["activation_kernel"] = years_of(kernels.arrays, crossbar.endurance, simulated_s);
}

std::string write_summary(const json& results) {
  if (!results.contains("writes") || !results["writes"].contains("weight")) return "";
  const json& weight = results["writes"]["weight"];
  std::string text = "\n  weight writes     ";
  if (weight["cells"].is_number()) text += fmt::format("{} cells, ", weight["cells"].get<std::uint64_t>());
  text += fmt::format("{} filtered", weight["filtered"].get<std::uint64_t>());
  if (weight["density"].is_number())
    text += fmt::format(", {:.2f} % of the updates", 100 * weight["density"].get<double>());
  if (results["writes"].contains("activation_kernel")) {
    const json& kernel = results["writes"]["activation_kernel"];
    text += fmt::format("\n  kernel writes     {} cells, {} filtered", kernel["cells"].get<std::uint64_t>(),
                        kernel["filtered"].get<std::uint64_t>());
  }
  if (!results.contains("lifetime")) return text;
  return text + "\n  lifetime          " + lifetime_summary(results["lifetime"]);
}

}  // namespace weft::tool
