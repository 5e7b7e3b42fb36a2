// SPDX-License-Identifier: Apache-2.0
// Number formats and choices of second-order training (K-FAC). docs/second_order.md says in formulas what the
// compiler emits and the golden reference computes again.
#pragma once

#include <cstdint>
#include <string>

#include "tools/compiler/kfac_cost.h"
#include "tools/reference/network.h"

namespace weft::compiler {

struct LoweredLayer;
struct LoweredNetwork;

// Fraction bits of the velocities of weights and biases, and of the reciprocal of a batch's samples.
constexpr int velocity_fraction = 20;
constexpr int reciprocal_fraction = 20;
// Multipliers of running averages and of momentum.
constexpr int decay_fraction = 15;
// Solutions of the inversion units are rounded to this many magnitude bits before they are multiplied.
constexpr int solution_bits = 15;
// A damping is limited to this in a factor's own format, so that the sum of both fits 32 bits.
constexpr std::int32_t largest_damping = (1 << 30) - 1;
// Limits of the pi correction: a factor may be 2^20 times the other one.
constexpr float largest_pi = 1024.0F;
constexpr float retry_factor = 10.0F;
constexpr int largest_solution_fraction = 40;
// Right shifts of the products and of the sum that make the dot product of a step and its gradient.
constexpr int dot_shift = 32;
constexpr int dot_sum_shift = 14;
constexpr int bias_dot_shift = 12;
constexpr int bias_dot_sum_shift = 7;

// One of the two factors of a layer, in blocks of an array's size.
struct LoweredFactor {
  int order = 0;     // of a block
  int bits = 0;      // magnitude bits of the samples
  int fraction = 0;  // of the samples
  bool fused = false;
  int terms = 0;            // or passes of a solution; 0: as many as units have
  int sum_shift = 0;        // right shift of the sum of products over a batch
  int matrix_fraction = 0;  // of the factor
  int mean_shift = 0;       // with the reciprocal of the samples

  // Of the two mappings, and why it is this one.
  MappingCosts direct_costs;
  MappingCosts fused_costs;
  std::string reason;

  int trace_shift = 0;  // fused: right shift of the sum of squares over a batch
  // In which the unit adds the damping.
  int damping_fraction() const { return fused ? fraction : matrix_fraction; }

  // Bits by which the norm of a right-hand side may exceed its greatest element.
  int norm_bits() const;
  // Fraction bits that a solution may have and fit 32 bits, for a damping of 1 or more; 2^e allows e more, up
  // to largest_solution_fraction.
  int solution_base() const;
  int solution_fraction(int exponent) const;
  // Makes the sum over the diagonals of blocks with `count` rows in use their mean; fused, times samples.
  float diagonal_scale(int count) const;
};

struct LoweredKfacLayer {
  LoweredFactor a;         // of the inputs
  LoweredFactor g;         // of the errors
  int gradient_shift = 0;  // right shift of the sums of input x error
  int step_shift = 0;      // of the sums of solution x solution
  int gradient_fraction(const LoweredLayer& layer) const;
};

struct LoweredKfac {
  int work_array = 0;  // crossbar unit of every tile that multiplies matrices
  int factor_interval = 1;
  int inverse_interval = 1;
  int retries = 0;
  bool compensates = false;           // try compensated rounding before more damping
  float root_damping = 0;             // square root of the damping
  float kl_clip = 0;                  // 0: none
  std::int32_t momentum = 0;          // decay_fraction
  std::int32_t statistics_share = 0;  // 1 - statistics_decay, decay_fraction
  std::int32_t weight_decay = 0;      // weight_decay · 2^-weight_decay_exponent; 0: none
  int weight_decay_exponent = 0;
};

LoweredKfac lower_kfac(const reference::KfacPlan& plan, const InversionPrices& prices);

// Throws Error when the layer's blocks do not suit the machine's arrays and inversion units.
LoweredKfacLayer lower_kfac_layer(const LoweredNetwork& network, int index, const reference::KfacPlan& plan,
                                  int largest_system, const InversionPrices& prices);

// Why a factor is mapped as it is, for the listing.
std::string explain_mapping(const LoweredNetwork& network, const LoweredFactor& factor);

// ceil(log2(value)), value > 0.
int ceil_log2(std::uint32_t value);

}  // namespace weft::compiler
