// SPDX-License-Identifier: Apache-2.0
#include "models/endurance/lifetime.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/common/normal.h"

namespace weft::endurance {

namespace {

constexpr double seconds_a_year = 365.25 * 24 * 3600;

// Cells that are equally worn.
struct Group {
  double wear;
  double endurance;
  std::uint64_t cells;
};

std::vector<Group> groups_of(const WornCells& array) {
  std::vector<Group> groups;
  const Geometry& shape = array.geometry();
  if (!shape.by_row) {
    for (std::size_t cell = 0; cell < array.wear().size(); ++cell)
      groups.push_back({array.wear()[cell], array.endurance(cell), 1});
    return groups;
  }
  const auto used = static_cast<std::uint64_t>(array.columns_in_use());
  const auto unused = static_cast<std::uint64_t>(shape.columns) - used;
  for (const double wear : array.wear()) {
    groups.push_back({wear, array.config().median, used});
    if (unused != 0) groups.push_back({0, array.config().median, unused});
  }
  return groups;
}

// Of groups by ascending wear: that of the cell of this rank, from 1.
double quantile(const std::vector<Group>& groups, std::uint64_t rank) {
  std::uint64_t seen = 0;
  for (const Group& group : groups) {
    seen += group.cells;
    if (seen >= rank) return group.wear;
  }
  return groups.back().wear;
}

}  // namespace

Lifetime lifetime(const std::vector<const WornCells*>& arrays, double seconds, double duty) {
  Lifetime result;
  std::vector<Group> groups;
  double shortest = std::numeric_limits<double>::infinity();
  double median = 0;
  double spread = 0;
  for (const WornCells* array : arrays) {
    result.stuck += array->statistics().cells_stuck;
    if (array->statistics().cells_written == 0) continue;
    median = array->config().median;
    spread = array->config().spread;
    for (const Group& group : groups_of(*array)) {
      groups.push_back(group);
      result.cells += group.cells;
      result.mean_wear += group.wear * static_cast<double>(group.cells);
      if (group.wear > 0) shortest = std::min(shortest, group.endurance / group.wear);
    }
  }
  const auto years = [&](double share_of_run) { return share_of_run * seconds / duty / seconds_a_year; };
  if (groups.empty()) return result;
  const auto cells = static_cast<double>(result.cells);
  result.mean_wear /= cells;
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.wear < b.wear; });
  result.p99_wear = quantile(groups, static_cast<std::uint64_t>(std::ceil(0.99 * cells)));
  result.worst_wear = groups.back().wear;
  result.mean_years = years(median / result.mean_wear);
  result.p99_years = years(median / result.p99_wear);
  result.worst_years = years(median / result.worst_wear);
  result.first_failure_years = years(shortest);
  if (cells > 1) result.first_of_many = std::exp(-spread * inverse_normal(1 - 1 / cells));
  return result;
}

}  // namespace weft::endurance
