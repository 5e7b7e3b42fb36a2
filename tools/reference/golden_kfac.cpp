// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/golden_kfac.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "models/common/error.h"
#include "tools/reference/fixed_point.h"

namespace weft::reference {

namespace {

using compiler::LoweredFactor;
using compiler::LoweredKfacLayer;
using compiler::LoweredLayer;
using compiler::LoweredRate;
using fixed_point::round_shift;
using fixed_point::saturate32;
using fixed_point::saturate_magnitude;

std::size_t index(int value) { return static_cast<std::size_t>(value); }

std::int32_t scaled(std::int64_t value, int shift) { return saturate32(round_shift(value, shift)); }

// sum over the samples of a · bT. An array takes `at_once` of them: each such sum is rounded, then added.
std::vector<std::int32_t> product(const std::vector<std::int16_t>& a, int rows,
                                  const std::vector<std::int16_t>& b, int columns, int shift, int at_once) {
  std::vector<std::int32_t> result(index(rows) * index(columns), 0);
  const std::size_t samples = a.size() / index(rows);
  for (std::size_t first = 0; first < samples; first += index(at_once)) {
    std::vector<std::int64_t> sums(result.size(), 0);
    const std::size_t end = std::min(samples, first + index(at_once));
    for (std::size_t sample = first; sample < end; ++sample) {
      for (std::size_t row = 0; row < index(rows); ++row) {
        const std::int64_t left = a[sample * index(rows) + row];
        if (left == 0) continue;
        const std::int16_t* right = &b[sample * index(columns)];
        std::int64_t* sum = &sums[row * index(columns)];
        for (std::size_t column = 0; column < index(columns); ++column) sum[column] += left * right[column];
      }
    }
    for (std::size_t i = 0; i < sums.size(); ++i)
      result[i] = saturate32(std::int64_t{result[i]} + round_shift(sums[i], shift));
  }
  return result;
}

std::vector<std::int32_t> column_sums(const std::vector<std::int16_t>& values, int columns) {
  std::vector<std::int64_t> sums(index(columns), 0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i % index(columns)] += values[i];
  std::vector<std::int32_t> result(sums.size());
  std::transform(sums.begin(), sums.end(), result.begin(), [](std::int64_t sum) { return saturate32(sum); });
  return result;
}

// The dot product with every product and the sum rounded.
float dot(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b, int shift, int sum_shift) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += scaled(std::int64_t{a[i]} * b[i], shift);
  return static_cast<float>(scaled(sum, sum_shift));
}

float power_of_two(int exponent) { return std::ldexp(1.0F, std::clamp(exponent, -126, 127)); }

// To the nearest integer, ties to even, saturating.
std::int32_t to_integer(float value) {
  if (value >= 0x1p31F) return std::numeric_limits<std::int32_t>::max();
  if (value <= -0x1p31F) return std::numeric_limits<std::int32_t>::min();
  if (std::isnan(value)) return std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::nearbyint(value));
}

std::int32_t damping_code(float damping, int fraction) {
  return std::clamp(to_integer(damping * std::ldexp(1.0F, fraction)), 1, compiler::largest_damping);
}

// A positive factor as multiplier and right shift.
struct Multiplier {
  std::int64_t value = 0;
  int shift = 0;
};

Multiplier multiplier_of(float value) {
  if (!(value >= std::numeric_limits<float>::min())) return {};
  int exponent = 0;
  const float mantissa = std::frexp(value, &exponent);  // 0.5 to 1
  Multiplier result{static_cast<std::int64_t>(std::ldexp(mantissa, 15)), 15 - exponent};
  if (result.shift > 63) return {};
  if (result.shift < 0) {
    result.value <<= std::min(-result.shift, 16);
    result.shift = 0;
  }
  return result;
}

void scale(std::vector<std::int32_t>& values, Multiplier by) {
  for (std::int32_t& value : values) value = scaled(value * by.value, by.shift);
}

// velocity = momentum · velocity + step.
void add_step(std::vector<std::int32_t>& velocity, const std::vector<std::int32_t>& step,
              std::int32_t momentum) {
  for (std::size_t i = 0; i < velocity.size(); ++i) {
    const std::int32_t kept = scaled(std::int64_t{velocity[i]} * momentum, compiler::decay_fraction);
    velocity[i] = saturate32(std::int64_t{kept} + step[i]);
  }
}

// L·U with partial pivoting; `rows` become the order of the right-hand side. False if it is singular.
bool decompose(std::vector<double>& lu, std::size_t n, std::vector<std::size_t>& rows) {
  double greatest = 0;
  for (const double value : lu) greatest = std::max(greatest, std::fabs(value));
  rows.resize(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t row = k + 1; row < n; ++row) {
      if (std::fabs(lu[row * n + k]) > std::fabs(lu[best * n + k])) best = row;
    }
    if (std::fabs(lu[best * n + k]) <= 0x1p-52 * static_cast<double>(n) * greatest) return false;
    if (best != k) {
      for (std::size_t i = 0; i < n; ++i) std::swap(lu[k * n + i], lu[best * n + i]);
      std::swap(rows[k], rows[best]);
    }
    for (std::size_t row = k + 1; row < n; ++row) {
      const double multiple = lu[row * n + k] / lu[k * n + k];
      lu[row * n + k] = multiple;
      for (std::size_t i = k + 1; i < n; ++i) lu[row * n + i] -= multiple * lu[k * n + i];
    }
  }
  return true;
}

}  // namespace

GoldenKfac::GoldenKfac(const compiler::LoweredNetwork& network) : network_(network), plan_(*network.kfac) {
  for (std::size_t number = 0; number < network_.layers.size(); ++number) {
    const LoweredLayer& layer = network_.layers[number];
    if (!layer.kfac) throw Error(fmt::format("lowered network: layer {}: found no factors", number));
    for (int column = 0; column < layer.column_shards(); ++column) {
      for (int row = 0; row < layer.row_shards(); ++row) add_shard(static_cast<int>(number), row, column);
    }
  }
}

const LoweredLayer& GoldenKfac::layer_of(const Shard& shard) const {
  return network_.layers[index(shard.layer)];
}

void GoldenKfac::add_shard(int layer_index, int row_shard, int column_shard) {
  const LoweredLayer& layer = network_.layers[index(layer_index)];
  Shard shard;
  shard.layer = layer_index;
  shard.home = row_shard == 0;
  const auto cut = [](const LoweredFactor& shape, int first_block, int blocks, int all,
                      std::vector<Factor>& to) {
    int count = 0;
    for (int block = first_block; block < first_block + blocks; ++block) {
      Factor factor;
      factor.shape = shape;
      factor.first = block * shape.order;
      factor.count = std::min(shape.order, all - factor.first);
      if (!shape.fused) factor.matrix.assign(index(shape.order) * index(shape.order), 0);
      count += factor.count;
      to.push_back(std::move(factor));
    }
    return count;
  };
  const int first_row = row_shard * layer.rows_per_shard;
  const int first_column = column_shard * layer.columns_per_shard;
  const LoweredKfacLayer& lowered = *layer.kfac;
  shard.rows = cut(lowered.a, first_row, std::min(layer.rows_per_shard, layer.row_blocks - first_row),
                   layer.inputs, shard.a);
  shard.columns =
      cut(lowered.g, first_column, std::min(layer.columns_per_shard, layer.column_blocks - first_column),
          layer.outputs, shard.g);
  const std::size_t block = index(lowered.a.order) * index(lowered.g.order);
  shard.velocity.assign(shard.a.size() * shard.g.size(), std::vector<std::int32_t>(block, 0));
  shard.step.resize(shard.velocity.size());
  shard.bias_velocity.assign(shard.g.size(), std::vector<std::int32_t>(index(lowered.g.order), 0));
  shard.bias_step.resize(shard.g.size());
  shards_.push_back(std::move(shard));
}

std::vector<LayerStep> GoldenKfac::update(const std::vector<LayerSamples>& layers, const LoweredRate& rate) {
  samples_ = static_cast<int>(layers.front().inputs.size());
  const bool averages = updates_ % plan_.factor_interval == 0;
  const bool inverts = updates_ % plan_.inverse_interval == 0;
  ++updates_;
  if (averages) {
    ++statistics_;
    share_ = std::max((std::int32_t{1} << compiler::decay_fraction) / statistics_, plan_.statistics_share);
  }
  float total = 0;
  for (Shard& shard : shards_) {
    gather(shard, layers[index(shard.layer)]);
    for (std::vector<Factor>* side : {&shard.a, &shard.g}) {
      for (Factor& factor : *side) {
        if (averages && !factor.shape.fused) average(factor);
      }
    }
    if (inverts) refresh_inverses(shard);
    for (std::vector<Factor>* side : {&shard.a, &shard.g}) {
      for (Factor& factor : *side) {
        solve(factor);
        round(factor);
      }
    }
    multiply(shard);
    if (plan_.kl_clip > 0) total = total + measure(shard);
  }
  float clip = 1;
  if (plan_.kl_clip > 0) {
    clip = std::fmin(std::sqrt(plan_.kl_clip / (std::fabs(total) * (rate.value() * rate.value()))), 1.0F);
    if (clip != 1.0F) ++counts_.clipped;
  }
  std::vector<LayerStep> steps(layers.size());
  for (std::size_t number = 0; number < steps.size(); ++number) {
    const LoweredLayer& layer = network_.layers[number];
    steps[number].weights.resize(index(layer.inputs) * index(layer.outputs));
    steps[number].bias.resize(index(layer.outputs));
  }
  for (Shard& shard : shards_) {
    const std::size_t layer = index(shard.layer);
    apply(shard, layers[layer], rate, clip, steps[layer]);
    if (shard.home) apply_bias(shard, rate, clip, steps[layer]);
  }
  return steps;
}

void GoldenKfac::gather(Shard& shard, const LayerSamples& samples) const {
  const auto take = [](Factor& factor, const std::vector<const std::int16_t*>& rows) {
    const std::size_t order = index(factor.shape.order);
    factor.samples.assign(rows.size() * order, 0);
    for (std::size_t sample = 0; sample < rows.size(); ++sample) {
      std::copy_n(rows[sample] + factor.first, factor.count, &factor.samples[sample * order]);
    }
  };
  for (Factor& factor : shard.a) take(factor, samples.inputs);
  for (Factor& factor : shard.g) take(factor, samples.errors);
}

std::vector<std::int32_t> GoldenKfac::statistics(const Factor& factor) const {
  const LoweredFactor& shape = factor.shape;
  std::vector<std::int32_t> matrix =
      product(factor.samples, shape.order, factor.samples, shape.order, shape.sum_shift, network_.array_rows);
  const std::int64_t reciprocal = ((1 << compiler::reciprocal_fraction) + samples_ / 2) / samples_;
  for (std::int32_t& value : matrix) value = scaled(value * reciprocal, shape.mean_shift);
  return matrix;
}

void GoldenKfac::average(Factor& factor) const {
  const std::vector<std::int32_t> fresh = statistics(factor);
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    const std::int64_t difference = saturate32(std::int64_t{fresh[i]} - factor.matrix[i]);
    const std::int64_t part = scaled(difference * share_, compiler::decay_fraction);
    factor.matrix[i] = saturate32(factor.matrix[i] + part);
  }
}

float GoldenKfac::mean_diagonal(const std::vector<Factor>& blocks, int count) const {
  float sum = 0;
  const LoweredFactor& shape = blocks.front().shape;
  for (const Factor& factor : blocks) {
    if (shape.fused) {
      std::int64_t squares = 0;
      for (const std::int16_t sample : factor.samples) squares += std::int64_t{sample} * sample;
      sum = sum + static_cast<float>(scaled(squares, shape.trace_shift));
      continue;
    }
    const std::size_t order = index(shape.order);
    for (std::size_t i = 0; i < order; ++i) sum = sum + static_cast<float>(factor.matrix[i * (order + 1)]);
  }
  sum = sum * shape.diagonal_scale(count);
  return shape.fused ? sum * (1.0F / static_cast<float>(samples_)) : sum;
}

void GoldenKfac::refresh_inverses(Shard& shard) const {
  const float ratio = mean_diagonal(shard.a, shard.rows) / mean_diagonal(shard.g, shard.columns);
  const float pi = std::fmax(std::fmin(std::sqrt(ratio), compiler::largest_pi), 1 / compiler::largest_pi);
  const auto refresh = [this](std::vector<Factor>& blocks, float damping) {
    for (Factor& factor : blocks) {
      factor.base = factor.damping = damping;
      factor.digital = false;
      load(factor);
    }
  };
  refresh(shard.a, pi * plan_.root_damping);
  refresh(shard.g, plan_.root_damping / pi);
}

std::vector<std::int32_t> GoldenKfac::damped(const Factor& factor) const {
  std::vector<std::int32_t> matrix = factor.shape.fused ? statistics(factor) : factor.matrix;
  const std::size_t order = index(factor.shape.order);
  const std::int32_t damping = damping_code(factor.damping, factor.shape.matrix_fraction);
  for (std::size_t i = 0; i < order; ++i) matrix[i * (order + 1)] += damping;
  return matrix;
}

void GoldenKfac::load(Factor& factor) const {
  const LoweredFactor& shape = factor.shape;
  const std::size_t n = index(shape.order);
  std::vector<double>& lu = factor.decomposition;
  lu.assign(n * n, 0);
  if (shape.fused) {
    const double unit = std::ldexp(1.0, -shape.fraction);
    for (std::size_t sample = 0; sample < index(samples_); ++sample) {
      const std::int16_t* values = &factor.samples[sample * n];
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) lu[i * n + j] += (unit * values[i]) * (unit * values[j]);
      }
    }
    const double damping = unit * damping_code(factor.damping, shape.fraction);
    for (double& value : lu) value /= samples_;
    for (std::size_t i = 0; i < n; ++i) lu[i * (n + 1)] += damping;
  } else {
    const std::vector<std::int32_t> matrix = damped(factor);
    std::transform(matrix.begin(), matrix.end(), lu.begin(),
                   [&](std::int32_t value) { return std::ldexp(value, -shape.matrix_fraction); });
  }
  factor.singular = !decompose(lu, n, factor.rows);
}

void GoldenKfac::solve(Factor& factor) {
  if (!factor.digital) {
    bool solved = solve_once(factor);
    for (int retry = 0; !solved && retry < plan_.retries; ++retry) {
      ++counts_.retries;
      factor.damping = factor.damping * compiler::retry_factor;
      load(factor);
      solved = solve_once(factor);
    }
    if (solved) return;
    factor.digital = true;
    factor.damping = factor.base;
  }
  ++counts_.digital;
  solve_digitally(factor);
}

// False if the unit would report an error; the solution is then of no use.
bool GoldenKfac::solve_once(Factor& factor) {
  const std::size_t n = index(factor.shape.order);
  ++counts_.solves;
  factor.fraction = factor.shape.solution_fraction(std::ilogb(factor.damping));
  factor.solution.assign(factor.samples.size(), 0);
  std::vector<double> x(n);
  const std::vector<double>& lu = factor.decomposition;
  bool good = !factor.singular;
  for (std::size_t first = 0; good && first < factor.samples.size(); first += n) {
    for (std::size_t row = 0; row < n; ++row) {
      x[row] = factor.samples[first + factor.rows[row]];
      for (std::size_t i = 0; i < row; ++i) x[row] -= lu[row * n + i] * x[i];
    }
    for (std::size_t row = n; row-- > 0;) {
      for (std::size_t i = row + 1; i < n; ++i) x[row] -= lu[row * n + i] * x[i];
      x[row] /= lu[row * n + row];
    }
    for (std::size_t i = 0; good && i < n; ++i) {
      const double value = std::round(std::ldexp(x[i], factor.fraction));
      good = value >= -0x1p31 && value < 0x1p31;
      if (good) factor.solution[first + i] = static_cast<std::int32_t>(value);
    }
  }
  if (!good) ++counts_.failures;
  return good;
}

// Cholesky decomposition and substitution in float32, in the controller's order.
void GoldenKfac::solve_digitally(Factor& factor) const {
  const std::size_t n = index(factor.shape.order);
  const std::vector<std::int32_t> matrix = damped(factor);
  std::vector<float> l(matrix.begin(), matrix.end());
  factor.fraction = factor.shape.solution_fraction(std::ilogb(factor.damping));
  const float unit = power_of_two(factor.fraction + factor.shape.matrix_fraction);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      float sum = l[i * n + j];
      for (std::size_t k = 0; k < j; ++k) {
        const float term = l[i * n + k] * l[j * n + k];
        sum = sum - term;
      }
      l[i * n + j] = i == j ? std::sqrt(std::fmax(sum, 1.0F)) : sum / l[j * n + j];
    }
  }
  std::vector<float> x(n);
  factor.solution.assign(factor.samples.size(), 0);
  for (std::size_t first = 0; first < factor.samples.size(); first += n) {
    for (std::size_t i = 0; i < n; ++i) {
      float sum = factor.samples[first + i];
      for (std::size_t k = 0; k < i; ++k) {
        const float term = l[i * n + k] * x[k];
        sum = sum - term;
      }
      x[i] = sum / l[i * (n + 1)];
    }
    for (std::size_t i = n; i-- > 0;) {
      float sum = x[i];
      for (std::size_t k = i + 1; k < n; ++k) {
        const float term = l[k * n + i] * x[k];
        sum = sum - term;
      }
      x[i] = sum / l[i * (n + 1)];
    }
    for (std::size_t i = 0; i < n; ++i) factor.solution[first + i] = to_integer(x[i] * unit);
  }
}

// To solution_bits magnitude bits, all samples with one shift.
void GoldenKfac::round(Factor& factor) const {
  std::int64_t greatest = 0;
  for (const std::int32_t value : factor.solution)
    greatest = std::max(greatest, std::abs(std::int64_t{value}));
  greatest = std::min<std::int64_t>(greatest, std::numeric_limits<std::int32_t>::max());
  int bits = 0;
  while ((greatest >> bits) != 0) ++bits;
  const int shift = std::max(0, bits - compiler::solution_bits);
  factor.rounded.resize(factor.solution.size());
  std::transform(factor.solution.begin(), factor.solution.end(), factor.rounded.begin(),
                 [&](std::int32_t value) {
                   return saturate_magnitude(round_shift(value, shift), compiler::solution_bits);
                 });
  factor.fraction += factor.shape.fraction - shift;
}

void GoldenKfac::multiply(Shard& shard) const {
  const LoweredKfacLayer& lowered = *layer_of(shard).kfac;
  for (std::size_t j = 0; j < shard.g.size(); ++j) {
    for (std::size_t i = 0; i < shard.a.size(); ++i) {
      shard.step[j * shard.a.size() + i] = product(shard.a[i].rounded, lowered.a.order, shard.g[j].rounded,
                                                   lowered.g.order, lowered.step_shift, network_.array_rows);
    }
    shard.bias_step[j] = column_sums(shard.g[j].rounded, lowered.g.order);
  }
}

float GoldenKfac::measure(const Shard& shard) const {
  const LoweredLayer& layer = layer_of(shard);
  const LoweredKfacLayer& lowered = *layer.kfac;
  float part = 0;
  for (std::size_t j = 0; j < shard.g.size(); ++j) {
    for (std::size_t i = 0; i < shard.a.size(); ++i) {
      const std::vector<std::int32_t> gradient =
          product(shard.a[i].samples, lowered.a.order, shard.g[j].samples, lowered.g.order,
                  lowered.gradient_shift, network_.array_rows);
      const int exponent = compiler::dot_shift + compiler::dot_sum_shift + lowered.step_shift -
                           lowered.gradient_fraction(layer) - shard.g[j].fraction - shard.a[i].fraction;
      part = part +
             dot(gradient, shard.step[j * shard.a.size() + i], compiler::dot_shift, compiler::dot_sum_shift) *
                 power_of_two(exponent);
    }
  }
  if (shard.home) {
    for (std::size_t j = 0; j < shard.g.size(); ++j) {
      const std::vector<std::int32_t> gradient = column_sums(shard.g[j].samples, lowered.g.order);
      const int exponent = compiler::bias_dot_shift + compiler::bias_dot_sum_shift - layer.error_fraction -
                           shard.g[j].fraction;
      const float own =
          dot(shard.bias_step[j], gradient, compiler::bias_dot_shift, compiler::bias_dot_sum_shift) *
          power_of_two(exponent);
      part = part + own / (shard.a.front().base + 1.0F);
    }
  }
  const float reciprocal = 1.0F / static_cast<float>(samples_);
  return part * reciprocal * reciprocal;
}

void GoldenKfac::apply(Shard& shard, const LayerSamples& samples, const LoweredRate& rate, float clip,
                       LayerStep& result) const {
  const LoweredLayer& layer = layer_of(shard);
  const LoweredKfacLayer& lowered = *layer.kfac;
  const std::size_t outputs = index(layer.outputs);
  const float reciprocal = 1.0F / static_cast<float>(samples_);
  const int decay_shift = plan_.weight_decay_exponent + layer.weight_fraction - compiler::velocity_fraction;
  for (std::size_t j = 0; j < shard.g.size(); ++j) {
    for (std::size_t i = 0; i < shard.a.size(); ++i) {
      const Factor& a = shard.a[i];
      const Factor& g = shard.g[j];
      std::vector<std::int32_t>& step = shard.step[j * shard.a.size() + i];
      std::vector<std::int32_t>& velocity = shard.velocity[j * shard.a.size() + i];
      const int exponent = compiler::velocity_fraction + lowered.step_shift - g.fraction - a.fraction;
      scale(step, multiplier_of(power_of_two(exponent) * clip * reciprocal));
      add_step(velocity, step, plan_.momentum);
      for (int row = 0; row < a.count; ++row) {
        for (int column = 0; column < g.count; ++column) {
          std::int32_t& own = velocity[index(row) * index(g.shape.order) + index(column)];
          const std::size_t place = index(a.first + row) * outputs + index(g.first + column);
          if (plan_.weight_decay != 0) {
            const std::int64_t weight = (*samples.weights)[place];
            own = saturate32(std::int64_t{own} + scaled(weight * plan_.weight_decay, decay_shift));
          }
          result.weights[place] = scaled(-std::int64_t{own} * rate.multiplier, rate.weight_step_shift(layer));
        }
      }
    }
  }
}

void GoldenKfac::apply_bias(Shard& shard, const LoweredRate& rate, float clip, LayerStep& result) const {
  const float reciprocal = 1.0F / static_cast<float>(samples_);
  const float damping = shard.a.front().base + 1.0F;
  for (std::size_t j = 0; j < shard.g.size(); ++j) {
    const Factor& g = shard.g[j];
    const float unit = power_of_two(compiler::velocity_fraction - g.fraction) * clip * reciprocal;
    scale(shard.bias_step[j], multiplier_of(unit / damping));
    add_step(shard.bias_velocity[j], shard.bias_step[j], plan_.momentum);
    for (int column = 0; column < g.count; ++column) {
      const std::int64_t velocity = shard.bias_velocity[j][index(column)];
      result.bias[index(g.first + column)] = scaled(-velocity * rate.multiplier, rate.bias_step_shift());
    }
  }
}

}  // namespace weft::reference
