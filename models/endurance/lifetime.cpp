// SPDX-License-Identifier: Apache-2.0
#include "models/endurance/lifetime.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/common/normal.h"

namespace weft::endurance {

namespace {

constexpr double seconds_a_year = 365.25 * 24 * 3600;

}  // namespace

Lifetime lifetime(const std::vector<const WornCells*>& arrays, double seconds, double duty) {
  Lifetime result;
  std::vector<double> wear;
  double shortest = std::numeric_limits<double>::infinity();
  double median = 0;
  double spread = 0;
  for (const WornCells* array : arrays) {
    result.stuck += array->statistics().cells_stuck;
    if (array->statistics().cells_written == 0) continue;
    median = array->config().median;
    spread = array->config().spread;
    for (std::size_t cell = 0; cell < array->wear().size(); ++cell) {
      const double worn = array->wear()[cell];
      wear.push_back(worn);
      result.mean_wear += worn;
      if (worn > 0) shortest = std::min(shortest, array->endurance(cell) / worn);
    }
  }
  result.cells = wear.size();
  const auto years = [&](double share_of_run) { return share_of_run * seconds / duty / seconds_a_year; };
  if (wear.empty()) return result;
  const auto cells = static_cast<double>(wear.size());
  result.mean_wear /= cells;
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(0.99 * cells)) - 1;
  std::nth_element(wear.begin(), wear.begin() + rank, wear.end());
  result.p99_wear = wear[static_cast<std::size_t>(rank)];
  result.worst_wear = *std::max_element(wear.begin() + rank, wear.end());
  result.mean_years = years(median / result.mean_wear);
  result.p99_years = years(median / result.p99_wear);
  result.worst_years = years(median / result.worst_wear);
  result.first_failure_years = years(shortest);
  if (cells > 1) result.first_of_many = std::exp(-spread * inverse_normal(1 - 1 / cells));
  return result;
}

}  // namespace weft::endurance
