// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/lifetime_report.h"

#include <fmt/format.h>

#include <cmath>

#include "models/endurance/lifetime.h"

namespace weft::tool {

using nlohmann::json;

json finite(double value) { return std::isfinite(value) ? json(value) : json(); }

json share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? json() : json(static_cast<double>(part) / static_cast<double>(whole));
}

endurance::WearStatistics total_wear(const std::vector<const endurance::WornCells*>& arrays) {
  endurance::WearStatistics sum;
  for (const endurance::WornCells* array : arrays) sum.add(array->statistics());
  return sum;
}

json lifetime_of(const std::vector<const endurance::WornCells*>& arrays, double duty, double simulated_s) {
  const endurance::Lifetime life = endurance::lifetime(arrays, simulated_s, duty);
  const endurance::WearStatistics wear = total_wear(arrays);
  return {{"cells", life.cells},
          {"mean_wear", life.mean_wear},
          {"p99_wear", life.p99_wear},
          {"worst_wear", life.worst_wear},
          {"mean_years", finite(life.mean_years)},
          {"p99_years", finite(life.p99_years)},
          {"worst_cell_years", finite(life.worst_years)},
          {"first_failure_years", finite(life.first_failure_years)},
          {"first_of_many", life.first_of_many},
          {"duty", duty},
          {"cells_stuck", wear.cells_stuck},
          {"writes_refused", wear.writes_refused},
          {"levelling_moves", wear.levelling_moves},
          {"levelling_cells", wear.levelling_cells}};
}

std::string lifetime_summary(const json& life) {
  const auto years = [&life](const char* key) {
    return life[key].is_number() ? fmt::format("{:.3g} years", life[key].get<double>())
                                 : std::string("no wear");
  };
  return fmt::format("worst cell {}, mean {}, {} cells stuck", years("worst_cell_years"), years("mean_years"),
                     life["cells_stuck"].get<std::uint64_t>());
}

}  // namespace weft::tool
