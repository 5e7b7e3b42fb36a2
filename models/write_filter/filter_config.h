// SPDX-License-Identifier: Apache-2.0
// What a sparse-write filter lets pass. Our own design after the published observation that most of the
// ReRAM writes of training are insignificant (Wang et al., IEEE TC 72(11), 2023); only the abstract of that
// work is public, so neither rules nor names here are its authors'.
//
// An update u is a signed integer in units of the least significant bit of what is stored.
#pragma once

#include <cstdint>

namespace weft::write_filter {

// Which updates of a pass over a matrix are written. θ is the threshold.
//   none           all, zeros too
//   compare        those that change something: u ≠ 0
//   drop           |u| ≥ θ; the rest is lost
//   top_k          the `density` share with the largest |u|, the earlier one of equals
//   percentile     |u| ≥ θ, with θ following the target `density`
//   ef_reset       error feedback: r += u; |r| ≥ θ writes r and clears it
//   ef_grain       error feedback: r += u; trunc(r / θ) · θ is written, the rest stays (rule of
//                  mixed-precision in-memory training, Nandakumar et al. 2020)
//   stochastic     |u| ≥ θ; below it ±θ with probability |u| / θ, which is unbiased
//   row_top        the `density` share of the rows with the largest L2 norm, whole
//   row_max        rows with a |u| ≥ θ, whole
//   wear_adaptive  |u| ≥ θ · max(1, writes of this weight / mean writes)
enum class Policy : std::uint8_t {
  none,
  compare,
  drop,
  top_k,
  percentile,
  ef_reset,
  ef_grain,
  stochastic,
  row_top,
  row_max,
  wear_adaptive
};

// What is written together once one of its updates has been selected. `cell` selects weights and writes
// only those of their cells whose level changes.
enum class Granularity : std::uint8_t { cell, weight, row, crossbar };

// Where θ comes from.
//   absolute  `threshold` units
//   rms       `threshold` times the running root mean square of the updates
//   maximum   `threshold` times the largest |u| of the pass
enum class ThresholdMode : std::uint8_t { absolute, rms, maximum };

// How `percentile` finds the θ of its target density p, from the running standard deviation σ:
//   gaussian  θ = σ · Φ⁻¹(1 − p/2)
//   laplace   θ = −σ/√2 · ln p
//   feedback  θ ← θ · exp(gain · (measured density − p)), from the Laplace value on
enum class Tracking : std::uint8_t { gaussian, laplace, feedback };

// What a filter does, and what registers can change between two passes.
struct FilterRules {
  Policy policy = Policy::none;
  Granularity granularity = Granularity::weight;
  ThresholdMode threshold_mode = ThresholdMode::absolute;
  double threshold = 1;
  double density = 0.1;

  // Whether they make sense where updates are outer products in the array. There a pulse goes only to digits
  // that change: comparing finds nothing, and there is nothing less than a weight to leave out.
  bool fit_outer_products() const {
    return policy == Policy::none || (policy != Policy::compare && granularity != Granularity::cell);
  }
};

// What a register of single precision makes of a value. It holds `first`, the scenario's, until something
// else is written.
double in_register(double value, double first);

struct FilterConfig {
  Policy policy = Policy::none;
  Granularity granularity = Granularity::weight;
  ThresholdMode threshold_mode = ThresholdMode::absolute;
  double threshold = 1;
  double rms_memory = 0.9;       // weight of the past in the running mean square
  bool rms_of_non_zero = false;  // mean over non-zero updates only, as suits activations
  double density = 0.1;          // top_k, row_top, percentile: share to be written
  Tracking tracking = Tracking::feedback;
  double feedback_gain = 2;  // η of Tracking::feedback, per pass
  // What is not selected is kept and added to the next update. Implied by the two ef_ policies.
  bool keep_residual = false;
  int residual_bits = 16;  // a residual that does not fit is written, whatever the policy says
  // Memories that are there though the policy does not use them, for rules that come later.
  bool residual_memory = false;
  bool wear_table = false;
  std::uint64_t seed = 0;
  std::uint32_t unit = 0;  // names the filter among the seed's users

  bool has_residual() const {
    return keep_residual || policy == Policy::ef_reset || policy == Policy::ef_grain;
  }
  bool has_residual_memory() const { return residual_memory || has_residual(); }
  bool has_wear_table() const { return wear_table || policy == Policy::wear_adaptive; }
  FilterRules rules() const { return {policy, granularity, threshold_mode, threshold, density}; }
  // The same filter with other rules: keep_residual goes with those that hold updates back. Throws
  // weft::Error on rules that are not allowed or need a memory that is not there.
  FilterConfig with(const FilterRules& rules) const;
  bool supports(Policy policy) const;
  // Throws weft::Error naming the field, its value and what is allowed.
  void validate() const;
};

}  // namespace weft::write_filter
