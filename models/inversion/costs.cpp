// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/costs.h"

#include <algorithm>
#include <cmath>

#include "models/inversion/block_inverse.h"

namespace weft::inversion {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double ns_per_s = 1e9;

double conversions_ns(const OperationTimes& times, std::size_t columns) {
  return times.conversion_ns * static_cast<double>(std::min<std::size_t>(columns, times.columns_per_adc));
}

double settling_ns(const OperationTimes& times, const SolverSettings& settings, const SystemShape& shape,
                   const InverseArray& array) {
  const double radians_per_ns = 2 * pi * times.gain_bandwidth_Hz / ns_per_s;
  const double bits = std::min(settings.adc_bits, settings.array_bits);
  double settle = (bits + 1) * std::log(2.0) / (radians_per_ns * array.slowest);
  if (shape.samples > 0) settle += (1 + array.greatest_row) / radians_per_ns;
  return std::max(times.settle_floor_ns, settle);
}

}  // namespace

OperationCost inversion_cost(const OperationTimes& times, const ConductanceRange& range,
                             const SolverSettings& settings, const SystemShape& shape,
                             const InverseArray& array) {
  const BlockSteps steps = block_steps(array.stages);
  const double active_ns = times.drive_ns + settling_ns(times, settings, shape, array);
  const auto whole_ns = static_cast<std::uint64_t>(std::ceil(active_ns));
  OperationCost cost;
  // Blocks hand on their results undigitised; only the last ones are converted.
  cost.ns = static_cast<double>(steps.inversions) * active_ns +
            static_cast<double>(steps.product_steps) * times.product_ns + conversions_ns(times, shape.block);
  cost.amplifier_ns = steps.inversions * (shape.block + shape.samples) * whole_ns;
  // Of the blocks of a halving the first is used twice, the other once.
  const double uses = std::pow(1.5, array.stages);
  const double columns =
      shape.samples > 0 ? 2.0 * static_cast<double>(shape.samples) : static_cast<double>(shape.block);
  const double blocks = std::ldexp(1.0, static_cast<int>(array.stages));
  const double cells = blocks * static_cast<double>(shape.block) * columns;
  const double conductance = cells * range.g_min_uS + array.conductance * (range.g_max_uS - range.g_min_uS);
  cost.microsiemens_ns = static_cast<std::uint64_t>(std::ceil(uses * conductance)) * whole_ns;
  cost.drives = shape.unknowns;
  cost.conversions = shape.unknowns;
  cost.cells = steps.products * shape.block * shape.block * shape.arrays;
  return cost;
}

OperationCost product_cost(const OperationTimes& times, const SystemShape& shape) {
  OperationCost cost;
  const double step_ns = times.drive_ns + times.product_ns;
  if (shape.samples > 0) {
    cost.ns = 2 * step_ns + conversions_ns(times, shape.samples) + conversions_ns(times, shape.unknowns);
    cost.drives = shape.unknowns + shape.samples;
    cost.conversions = shape.arrays * (shape.unknowns + shape.samples);
    cost.cells = 2 * shape.arrays * shape.unknowns * shape.samples;
    return cost;
  }
  // Arrays of blocks side by side: every column of blocks is driven, every row of blocks converted.
  const std::size_t blocks = (shape.unknowns + shape.block - 1) / shape.block;
  cost.ns = step_ns + conversions_ns(times, shape.block);
  cost.drives = blocks * shape.unknowns;
  cost.conversions = shape.arrays * blocks * shape.unknowns;
  cost.cells = shape.arrays * shape.unknowns * shape.unknowns;
  return cost;
}

}  // namespace weft::inversion
