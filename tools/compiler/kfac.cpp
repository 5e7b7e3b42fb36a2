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

// Cells that a refresh writes into the inversion unit.
long direct_cells(const LoweredFactor& factor) { return static_cast<long>(factor.order) * factor.order; }
long fused_cells(const LoweredFactor& factor, int batch) { return 2L * factor.order * batch; }

bool is_fused(const LoweredFactor& factor, int batch, reference::FactorMapping mapping) {
  if (mapping != reference::FactorMapping::automatic) return mapping == reference::FactorMapping::fused;
  return fused_cells(factor, batch) < direct_cells(factor);
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

LoweredKfac lower_kfac(const reference::KfacPlan& plan) {
  const auto share = [](double value) {
    return static_cast<std::int32_t>(std::lround(std::ldexp(value, decay_fraction)));
  };
  LoweredKfac lowered;
  lowered.factor_interval = plan.factor_interval;
  lowered.inverse_interval = plan.inverse_interval;
  lowered.retries = plan.retries;
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
                                  int largest_system) {
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
    factor->fused = is_fused(*factor, batch, plan.mapping);
  }
  lowered.gradient_shift = std::max(0, layer.input_bits + error_bits + batch_bits - word_bits);
  lowered.step_shift = std::max(0, 2 * solution_bits + batch_bits - word_bits);
  return lowered;
}

std::string explain_mapping(const LoweredNetwork& network, const LoweredFactor& factor) {
  return fmt::format("{}, {} x {}: {} cells written a refresh as a matrix, {} as twice {} samples",
                     factor.fused ? "fused" : "direct", factor.order, factor.order, direct_cells(factor),
                     fused_cells(factor, network.batch), network.batch);
}

}  // namespace weft::compiler
