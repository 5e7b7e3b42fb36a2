// SPDX-License-Identifier: Apache-2.0
// A crossbar unit behind its write filter, from programmed weights through updates to what the cells then
// hold.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/models/crossbar/crossbar_unit_bench.h"

namespace weft::test::crossbar_bench {

inline write_filter::WriteFilterConfig filter_rules(write_filter::Policy policy, double threshold) {
  write_filter::WriteFilterConfig config;
  config.rules.policy = policy;
  config.rules.threshold = threshold;
  config.rules.residual_bits = 40;
  config.rows = rows;
  config.columns = columns;
  config.cycle = ns(1);
  return config;
}

struct Finished {
  std::vector<std::int32_t> weights;
  std::map<std::string, std::uint64_t> counts;
  std::map<std::string, std::uint64_t> filter_counts;
  Timing timing;
  write_filter::FilterStatistics filter;
  endurance::WearStatistics wear;
  double worst_wear = 0;
  std::vector<std::int32_t> weights_by_level;  // of the digits that cells are known to hold
};

// small_weights() are at hand for prog, x and d for outer products; rdarr puts the weights where they are
// taken from.
inline Finished finish(const std::vector<Command>& commands, const CrossbarUnitConfig& unit,
                       const write_filter::WriteFilterConfig& filter, const Operands& x, const Operands& d) {
  test::fresh_kernel();
  Finished finished;
  Bench bench(run_all(commands, finished.timing), unit, Bench::buffer_config(), filter);
  bench.put(weights_at, small_weights());
  bench.put(src0_at, x);
  bench.put(src1_at, d);
  sc_core::sc_start();
  CHECK(bench.listener.faults.empty());
  finished.weights = bench.get<std::int32_t>(dst_at, rows * columns);
  finished.counts = bench.counts();
  for (const auto& account : bench.context.energy.accounts()) {
    if (account.component() == "filter") finished.filter_counts[account.operation()] = account.count();
  }
  finished.filter = bench.filter.statistics();
  if (bench.unit.cells() == nullptr) return finished;
  finished.wear = bench.unit.cells()->statistics();
  const std::vector<double>& wear = bench.unit.cells()->wear();
  for (unsigned row = 0; row < rows; ++row) {
    for (unsigned column = 0; column < columns; ++column) {
      int weight = 0;
      for (int slice = unit.array.slices - 1; slice >= 0; --slice) {
        weight = weight * (1 << unit.array.digit_bits) +
                 bench.unit.cells()->level(slice, static_cast<int>(row), static_cast<int>(column));
      }
      finished.weights_by_level.push_back(weight);
    }
  }
  if (!wear.empty()) finished.worst_wear = *std::max_element(wear.begin(), wear.end());
  return finished;
}

// small_weights() after so many outer products of which nothing was held back.
inline std::vector<std::int32_t> plus(const Operands& x, const Operands& d, int times = 1) {
  std::vector<std::int32_t> weights = small_weights();
  for (unsigned row = 0; row < rows; ++row) {
    for (unsigned column = 0; column < columns; ++column)
      weights[row * columns + column] += times * x[row] * d[column];
  }
  return weights;
}

}  // namespace weft::test::crossbar_bench
