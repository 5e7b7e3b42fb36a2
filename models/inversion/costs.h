// SPDX-License-Identifier: Apache-2.0
// What an operation of the inversion unit takes, in time and in counted shares of energy. Plain numbers, no
// SystemC.
//
//   inversion  t_DAC + max(t_floor, (R + 1) ln 2 / (2π · GBW · slowest)) + conversions, R = min(R_ADC, p)
//   product    t_DAC + t_array + conversions
// A converter serves `columns_per_adc` columns one after the other. In the fused mapping a time constant of
// the second array's amplifiers, (1 + greatest row) / (2π · GBW), comes on top, and a product goes through
// both arrays. Partial sums of products from arrays side by side are converted each by itself. `slowest` is
// that of InverseArray: about 1 / condition. All derived.
#pragma once

#include <cstdint>

#include "models/inversion/inverse_array.h"
#include "models/inversion/settings.h"

namespace weft::inversion {

struct OperationTimes {
  double drive_ns = 1;             // t_DAC; PUMA's public simulator
  double settle_floor_ns = 100;    // t_floor: slew and parasitics
  double gain_bandwidth_Hz = 1e9;  // of an amplifier; assumed
  double product_ns = 100;         // t_array; PUMA's public simulator
  double conversion_ns = 0.78125;  // t_ADC, 100 ns for 128 columns; PUMA's public simulator
  unsigned columns_per_adc = 128;
};

// The loaded system.
struct SystemShape {
  std::size_t unknowns = 0;
  std::size_t samples = 0;        // columns of the factor of the fused mapping; 0: direct
  std::size_t block = 0;          // unknowns of the largest block on one array
  unsigned arrays = 1;            // VMM arrays that hold the slices of a number
  std::size_t row_arrays = 1;     // above each other that hold the matrix, or the factor
  std::size_t column_arrays = 1;  // side by side
};

// `samples`: 0 for a matrix. `element_bits`: of its numbers, sign included.
SystemShape system_shape(const SolverSettings& settings, std::size_t unknowns, std::size_t samples,
                         unsigned element_bits);

// Loading: steps, one after the other, in which all arrays write a row each, and rows of single arrays that
// are written in them. A factor is written twice, once for each side of the loop.
struct LoadCost {
  std::uint64_t steps = 0;
  std::uint64_t rows = 0;
};
LoadCost load_cost(const SolverSettings& settings, const SystemShape& shape);

// `g_min` and `g_max` in microsiemens, of a cell at level 0 and at the greatest one.
struct ConductanceRange {
  double g_min_uS = 0.5;
  double g_max_uS = 35;
};

// Each count is charged with the energy of one.
struct OperationCost {
  double ns = 0;
  std::uint64_t amplifier_ns = 0;     // amplifiers, each for a nanosecond
  std::uint64_t microsiemens_ns = 0;  // cells of the INV array, by conductance
  std::uint64_t drives = 0;           // lines driven by a DAC
  std::uint64_t conversions = 0;      // by an ADC
  std::uint64_t cells = 0;            // of VMM arrays, each for a step
};

// One INV operation, blocks and what connects them included.
OperationCost inversion_cost(const OperationTimes& times, const ConductanceRange& range,
                             const SolverSettings& settings, const SystemShape& shape,
                             const InverseArray& array);
// One drive step of the product with A (or A_L).
OperationCost product_cost(const OperationTimes& times, const SystemShape& shape);

}  // namespace weft::inversion
