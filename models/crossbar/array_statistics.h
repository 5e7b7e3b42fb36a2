// SPDX-License-Identifier: Apache-2.0
// What arrays count.
#pragma once

#include <cstdint>
#include <vector>

#include "models/crossbar/kernels.h"

namespace weft::crossbar {

// Counted by the operation's operands and shape, hence the same whatever computed the numbers.
struct ArrayStatistics {
  std::uint64_t mvms = 0;
  std::uint64_t mtvms = 0;
  std::uint64_t read_steps = 0;           // drive steps of mvm and mtvm
  std::uint64_t conversions = 0;          // ADC conversions of mvm and mtvm
  std::uint64_t conversions_clipped = 0;  // beyond the ADC's codes
  std::uint64_t conversions_rounded = 0;  // finer than the ADC's step
  std::uint64_t opas = 0;
  std::uint64_t opa_steps = 0;               // stream steps of the row operand
  std::uint64_t opa_deposits = 0;            // pulses: (cell, step) with a deposit
  std::uint64_t opa_products_truncated = 0;  // products with bits beyond the top slice, which are lost
  std::uint64_t carry_resolutions = 0;
  std::uint64_t cells_programmed = 0;
  std::uint64_t cells_read = 0;
  std::uint64_t weights_clamped = 0;  // program, read, crs: value outside the weight range
  std::vector<Saturation> saturated;  // opa, per slice

  // Of several arrays together; one with fewer slices counts in its own.
  ArrayStatistics& operator+=(const ArrayStatistics& other);
};

// How the numbers were computed: of interest for simulation speed only.
struct PathStatistics {
  std::uint64_t exact_operations = 0;
  std::uint64_t sliced_operations = 0;
  std::uint64_t reconstructions = 0;  // cells built from W and the kept updates

  PathStatistics& operator+=(const PathStatistics& other);
};

}  // namespace weft::crossbar
