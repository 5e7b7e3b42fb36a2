// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/kfac.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/common/error.h"
#include "tools/compiler/lowering.h"

namespace weft::compiler {

namespace {

constexpr int word_bits = 31;
constexpr int largest_factor_fraction = 24;

LoweredFactor make_factor(int order, int bits, int fraction, int batch, int most_fraction) {
  LoweredFactor factor;
  factor.order = order;
  factor.bits = bits;
  factor.fraction = fraction;
  factor.sum_shift = std::max(0, 2 * bits + ceil_log2(static_cast<std::uint32_t>(batch)) - word_bits);
  const auto samples = static_cast<std::uint32_t>(batch) * static_cast<std::uint32_t>(order);
  factor.trace_shift = std::max(0, 2 * bits + ceil_log2(samples) - word_bits);
  const int sum_fraction = 2 * fraction - factor.sum_shift;
  factor.matrix_fraction = std::min(most_fraction, sum_fraction + reciprocal_fraction);
  factor.mean_shift = reciprocal_fraction + sum_fraction - factor.matrix_fraction;
  return factor;
}

void choose_terms(int index, const reference::KfacPlan& plan, const InversionPrices& prices,
                  LoweredFactor& factor) {
  if (plan.bits == 0) return;
  const double reachable = reachable_bits(prices.solver);
  if (plan.bits > reachable) {
    throw Error(
        fmt::format("training.kfac.bits: found {}, but slices of x with platform.inversion.solution_bits {} "
                    "and adc_bits {} "
                    "end at {:.0f} bits; allowed: at most {:.0f}, or more solution_bits",
                    plan.bits, prices.solver.solution_bits, prices.solver.adc_bits, reachable, reachable));
  }
  const MappingCosts& costs = factor.fused ? factor.fused_costs : factor.direct_costs;
  if (costs.terms > most_terms) {
    throw Error(
        fmt::format("training.kfac.bits: found {}, which takes {} terms for factors of {} unknowns in layer "
                    "{} at about {:.1f} "
                    "bits a term; allowed: fewer bits, more platform.inversion.array_bits, more "
                    "training.kfac.damping, or "
                    "training.kfac.mapping fused",
                    plan.bits, costs.terms, factor.order, index, costs.bits));
  }
  factor.terms = costs.terms;
}

void choose_mapping(int index, const LoweredNetwork& network, const reference::KfacPlan& plan,
                    const InversionPrices& prices, LoweredFactor& factor) {
  constexpr int sample_bits = 16;
  MappingShape shape;
  shape.order = factor.order;
  shape.batch = network.batch;
  shape.bits = factor.bits;
  shape.factor_interval = plan.factor_interval;
  shape.inverse_interval = plan.inverse_interval;
  // Of the diagonal where inputs and errors have a mean square of 1.
  shape.damping = std::sqrt(plan.damping);
  shape.wanted_bits = plan.bits;
  factor.direct_costs = mapping_costs(shape, prices);
  shape.fused = true;
  shape.element_bits = sample_bits;
  factor.fused_costs = mapping_costs(shape, prices);
  if (plan.mapping == reference::FactorMapping::automatic) {
    factor.fused = prefers_fused(factor.direct_costs, factor.fused_costs, prices);
    factor.reason = "the cheaper product of cells, time and energy";
  } else {
    factor.fused = plan.mapping == reference::FactorMapping::fused;
    factor.reason = "training.kfac.mapping";
  }
  choose_terms(index, plan, prices, factor);
}

void check_block(int index, int rows, int columns, const LoweredNetwork& network, int largest_system) {
  if (rows > network.array_columns) {
    throw Error(fmt::format(
        "training.optimizer: kfac forms the factors of layer {} from blocks of {} inputs in an array with {} "
        "columns; allowed: arrays with at least as many columns as rows (platform.crossbar)",
        index, rows, network.array_columns));
  }
  const int order = std::max(rows, columns);
  if (order > largest_system) {
    throw Error(fmt::format(
        "training.optimizer: kfac needs inversion units for {} unknowns in layer {}, they have {} "
        "(platform.inversion.size); allowed: larger units or smaller arrays",
        order, index, largest_system));
  }
}

}  // namespace

int ceil_log2(std::uint32_t value) {
  int bits = 0;
  while ((std::uint64_t{1} << bits) < value) ++bits;
  return bits;
}

int LoweredFactor::norm_bits() const { return (ceil_log2(static_cast<std::uint32_t>(order)) + 1) / 2; }

// |x| <= |b| / damping, and one bit is left to circuits that are not exact.
int LoweredFactor::solution_base() const { return word_bits - 1 - bits - norm_bits(); }

int LoweredFactor::solution_fraction(int exponent) const {
  return std::clamp(solution_base() + exponent, 0, largest_solution_fraction);
}

float LoweredFactor::diagonal_scale(int count) const {
  const int exponent = fused ? trace_shift - 2 * fraction : -matrix_fraction;
  return static_cast<float>(std::ldexp(1.0 / count, exponent));
}

int LoweredKfacLayer::gradient_fraction(const LoweredLayer& layer) const {
  return layer.input_fraction + layer.error_fraction - gradient_shift;
}

LoweredKfac lower_kfac(const reference::KfacPlan& plan, const InversionPrices& prices) {
  const auto share = [](double value) {
    return static_cast<std::int32_t>(std::lround(std::ldexp(value, decay_fraction)));
  };
  LoweredKfac lowered;
  lowered.factor_interval = plan.factor_interval;
  lowered.inverse_interval = plan.inverse_interval;
  lowered.retries = plan.retries;
  lowered.compensates = prices.analogue() && prices.solver.rounding != inversion::LevelRounding::compensated;
  lowered.root_damping = static_cast<float>(std::sqrt(plan.damping));
  lowered.kl_clip = static_cast<float>(plan.kl_clip);
  lowered.momentum = share(plan.momentum);
  lowered.statistics_share = share(1 - plan.statistics_decay);
  if (plan.weight_decay > 0) {
    int exponent = 0;
    const double mantissa = std::frexp(plan.weight_decay, &exponent);
    lowered.weight_decay = share(mantissa);
    lowered.weight_decay_exponent = decay_fraction - exponent;
  }
  return lowered;
}

LoweredKfacLayer lower_kfac_layer(const LoweredNetwork& network, int index, const reference::KfacPlan& plan,
                                  int largest_system, const InversionPrices& prices) {
  const LoweredLayer& layer = network.layers[static_cast<std::size_t>(index)];
  const int rows = layer.row_blocks == 1 ? layer.inputs : network.array_rows;
  const int columns = layer.column_blocks == 1 ? layer.outputs : network.array_columns;
  check_block(index, rows, columns, network, largest_system);
  const int batch = network.batch;
  const int error_bits = network.format.error_bits;
  const int batch_bits = ceil_log2(static_cast<std::uint32_t>(batch));
  LoweredKfacLayer lowered;
  lowered.a = make_factor(rows, layer.input_bits, layer.input_fraction, batch, largest_factor_fraction);
  lowered.g = make_factor(columns, error_bits, layer.error_fraction, batch, 2 * layer.error_fraction);
  for (LoweredFactor* factor : {&lowered.a, &lowered.g}) {
    choose_mapping(index, network, plan, prices, *factor);
  }
  lowered.gradient_shift = std::max(0, layer.input_bits + error_bits + batch_bits - word_bits);
  lowered.step_shift = std::max(0, 2 * solution_bits + batch_bits - word_bits);
  return lowered;
}

std::string explain_mapping(const LoweredNetwork& network, const LoweredFactor& factor) {
  constexpr double thousand = 1e3;
  constexpr double million = 1e6;
  const MappingCosts& direct = factor.direct_costs;
  const MappingCosts& fused = factor.fused_costs;
  std::string text = fmt::format(
      "{}, {} x {}: {:.0f} cells written a refresh as a matrix, {:.0f} as twice {} samples; {:.1f} or {:.1f} "
      "us and {:.3f} or {:.3f} uJ an update",
      factor.fused ? "fused" : "direct", factor.order, factor.order, direct.cells, fused.cells, network.batch,
      direct.ns() / thousand, fused.ns() / thousand, direct.pJ() / million, fused.pJ() / million);
  if (direct.bits > 0) text += fmt::format("; about {:.1f} or {:.1f} bits a term", direct.bits, fused.bits);
  if (factor.terms > 0) text += fmt::format(", so {} or {} terms", direct.terms, fused.terms);
  if (direct.row_arrays > 1 || fused.column_arrays > 1) {
    text += fmt::format("; arrays of {} x {} or twice {} x {}", direct.row_arrays, direct.column_arrays,
                        fused.row_arrays, fused.column_arrays);
  }
  return text + "; chosen by " + factor.reason;
}

}  // namespace weft::compiler
