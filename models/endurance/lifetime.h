// SPDX-License-Identifier: Apache-2.0
// How long the cells of a set of arrays will last if the work goes on as it did. Numerics only.
#pragma once

#include <cstdint>
#include <vector>

#include "models/endurance/worn_cells.h"

namespace weft::endurance {

struct Lifetime {
  std::uint64_t cells = 0;  // of arrays that were written at all
  double mean_wear = 0;
  double p99_wear = 0;
  double worst_wear = 0;
  // Endurance over wear rate, at the duty given; infinite where nothing wears.
  double mean_years = 0;
  double p99_years = 0;
  double worst_years = 0;          // of the most worn cell, with the median endurance
  double first_failure_years = 0;  // of whichever cell fails first, with the endurances drawn (none by rows)
  // Expected first failure of that many equally worn cells, as a share of the median:
  // exp(−s · Φ⁻¹(1 − 1/n)).
  double first_of_many = 1;
  std::uint64_t stuck = 0;
};

// `seconds` is what the wear so far took, `duty` the share of the time that the machine works.
Lifetime lifetime(const std::vector<const WornCells*>& arrays, double seconds, double duty);

}  // namespace weft::endurance
