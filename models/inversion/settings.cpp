// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/settings.h"

#include <fmt/format.h>

#include "models/common/error.h"

namespace weft::inversion {

namespace {

unsigned ceil_divide(unsigned a, unsigned b) { return (a + b - 1) / b; }

void require(const char* what, unsigned value, unsigned low, unsigned high) {
  if (value >= low && value <= high) return;
  throw Error(fmt::format("inversion: {} is {}; allowed are {} to {}", what, value, low, high));
}

void require_share(const char* what, double value, double high) {
  if (value >= 0 && value <= high) return;
  throw Error(fmt::format("inversion: {} is {}; allowed are 0 to {}", what, value, high));
}

}  // namespace

void SolverSettings::validate() const {
  require("array", array, 1, max_size);
  require("array_bits", array_bits, 1, 16);
  if (matrix_bits != 0) require("matrix_bits", matrix_bits, 2, 32);
  require("input_bits", input_bits, 2, 32);
  require("solution_bits", solution_bits, 2, 32);
  require("dac_bits", dac_bits, 1, 16);
  require("adc_bits", adc_bits, 2, 16);
  require("cell_bits", cell_bits, 1, 8);
  require("terms", terms, 1, most_iterations);
  require("passes", passes, 1, most_iterations);
  require("residual_bits", residual_bits, 0, 48);
  require("limit", limit, 1, 1024);
  require_share("programming_sigma", effects.programming_sigma, 1);
  if (effects.amplifier_gain != 0 && !(effects.amplifier_gain >= 1 && effects.amplifier_gain <= 1e12))
    throw Error(fmt::format("inversion: amplifier_gain is {}; allowed are 0 (infinite) and 1 to 1e12",
                            effects.amplifier_gain));
  require_share("wire_ohm", effects.wire_ohm, 1e6);
  if (products.adc_bits != 0) require("adc_bits of products", products.adc_bits, 2, 24);
  require_share("programming_sigma of products", products.programming_sigma, 1);
  require_share("read_sigma of products", products.read_sigma, 1);
  require_share("wire_ohm of products", products.wire_ohm, 1e6);
  if (products.on_off != 0 && !(products.on_off > 1 && products.on_off <= 1e9))
    throw Error(fmt::format("inversion: on_off is {}; allowed are 0 (infinite) and more than 1 to 1e9",
                            products.on_off));
  for (const double g_max_uS : {effects.g_max_uS, products.g_max_uS}) {
    if (!(g_max_uS > 0 && g_max_uS <= 1e6))
      throw Error(fmt::format("inversion: g_max is {} uS; allowed are more than 0 to 1e6", g_max_uS));
  }
}

unsigned SolverSettings::input_slices() const { return ceil_divide(input_bits - 1, dac_bits); }
unsigned SolverSettings::solution_slices() const { return ceil_divide(solution_bits, adc_bits - 1); }
unsigned SolverSettings::merged_slices() const { return ceil_divide(adc_bits, dac_bits); }
unsigned SolverSettings::correction_steps() const { return ceil_divide(adc_bits - 1, dac_bits); }
unsigned SolverSettings::term_steps() const { return ceil_divide(solution_bits - 1, dac_bits); }

OperationCounts operation_counts(const SolverSettings& settings, unsigned iterations, bool checked) {
  const unsigned updates = checked ? iterations : iterations - 1;
  if (settings.mode == Mode::merged) {
    return {std::uint64_t{iterations} * settings.merged_slices(),
            std::uint64_t{updates} * settings.correction_steps()};
  }
  // The residual that is checked also has what INV's own slices leave.
  const unsigned corrections = settings.solution_slices() - (checked ? 0 : 1);
  const std::uint64_t inner = std::uint64_t{corrections} * settings.correction_steps();
  return {std::uint64_t{iterations} * settings.solution_slices() * settings.input_slices(),
          iterations * inner + std::uint64_t{updates} * settings.term_steps()};
}

}  // namespace weft::inversion
