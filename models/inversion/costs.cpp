// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/costs.h"

#include <algorithm>
#include <cmath>

#include "models/inversion/block_inverse.h"
#include "models/inversion/tiling.h"

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

unsigned ceil_divide(unsigned a, unsigned b) { return (a + b - 1) / b; }

}  // namespace

SystemShape system_shape(const SolverSettings& settings, std::size_t unknowns, std::size_t samples,
                         unsigned element_bits) {
  SystemShape shape;
  shape.unknowns = unknowns;
  shape.samples = samples;
  const std::size_t largest = samples > 0 ? settings.array : largest_block(unknowns, settings.array);
  const Tiling rows(unknowns, largest);
  shape.block = rows.largest();
  shape.row_arrays = rows.tiles();
  shape.column_arrays = samples > 0 ? Tiling(samples, largest).tiles() : rows.tiles();
  const unsigned bits = settings.matrix_bits != 0 ? settings.matrix_bits : element_bits;
  shape.arrays = ceil_divide(bits, settings.cell_bits);
  return shape;
}

LoadCost load_cost(const SolverSettings& settings, const SystemShape& shape) {
  const std::uint64_t steps = shape.samples > 0 ? 2 * shape.unknowns : shape.unknowns;
  if (settings.mode == Mode::reference) return {steps, steps};
  const unsigned inverse_arrays = ceil_divide(settings.array_bits, settings.cell_bits);
  // Of a matrix, only the blocks on the diagonal are in INV arrays.
  const std::uint64_t inverse_columns = shape.samples > 0 ? shape.column_arrays : 1;
  return {steps, steps * (shape.arrays * shape.column_arrays + inverse_arrays * inverse_columns)};
}

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
  const bool fused = shape.samples > 0;
  cost.amplifier_ns = steps.inversions * (fused ? shape.unknowns + shape.samples : shape.block) * whole_ns;
  // Of the blocks of a halving the first is used twice, the other once.
  const double uses = std::pow(1.5, array.stages);
  const double blocks = std::ldexp(1.0, static_cast<int>(array.stages));
  const auto block = static_cast<double>(shape.block);
  const double cells =
      fused ? 2.0 * static_cast<double>(shape.unknowns * shape.samples) : blocks * block * block;
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
    const std::size_t columns = (shape.samples + shape.column_arrays - 1) / shape.column_arrays;
    cost.ns = 2 * step_ns + conversions_ns(times, columns) + conversions_ns(times, shape.block);
    cost.drives = shape.unknowns * shape.column_arrays + shape.samples * shape.row_arrays;
    cost.conversions =
        shape.arrays * (shape.samples * shape.row_arrays + shape.unknowns * shape.column_arrays);
    cost.cells = 2 * shape.arrays * shape.unknowns * shape.samples;
    return cost;
  }
  // Arrays of blocks side by side: every column of blocks is driven, every row of blocks converted.
  cost.ns = step_ns + conversions_ns(times, shape.block);
  cost.drives = shape.row_arrays * shape.unknowns;
  cost.conversions = shape.arrays * shape.column_arrays * shape.unknowns;
  cost.cells = shape.arrays * shape.unknowns * shape.unknowns;
  return cost;
}

}  // namespace weft::inversion
