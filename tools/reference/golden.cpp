// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/golden.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"

namespace weft::reference {

namespace {

using compiler::bias_fraction;
using compiler::LoweredLayer;
using compiler::LoweredNetwork;
using compiler::LoweredRate;
using compiler::PerBatch;
using compiler::sum_fraction;
using fixed_point::rescale;
using fixed_point::round_shift;
using fixed_point::saturate16;
using fixed_point::saturate32;
using fixed_point::saturate_magnitude;

std::size_t index(int value) { return static_cast<std::size_t>(value); }

void require_between(const char* what, std::size_t layer, int found, int low, int high) {
  if (found >= low && found <= high) return;
  throw Error(fmt::format("lowered network: layer {}: {}: found {}, expected {} to {}", layer, what, found,
                          low, high));
}

void check_layer(const LoweredNetwork& network, std::size_t number) {
  constexpr int largest_shift = 63;
  const LoweredLayer& layer = network.layers[number];
  require_between("variant", number, layer.variant, 1, compiler::most_variants);
  require_between("inputs", number, layer.inputs, 1, std::numeric_limits<int>::max());
  require_between("outputs", number, layer.outputs, 1, std::numeric_limits<int>::max());
  require_between("rows_per_shard", number, layer.rows_per_shard, 1, std::numeric_limits<int>::max());
  require_between("columns_per_shard", number, layer.columns_per_shard, 1, std::numeric_limits<int>::max());
  require_between("input_bits", number, layer.input_bits, 1, 15);
  require_between("output_bits", number, layer.output_bits, 1, 15);
  require_between("output_fraction", number, layer.output_fraction, 0, 15);
  require_between("error_fraction", number, layer.error_fraction, 0, sum_fraction);
  require_between("forward shift", number, layer.mvm_shift(), 0, largest_shift);
  require_between("backward shift", number, layer.mtvm_shift(), 0, largest_shift);
  for (const LoweredRate& rate : network.rates) {
    require_between("update shift", number, rate.update_shift(layer), 0, largest_shift);
    require_between("bias shift", number, rate.bias_shift(layer), 0, largest_shift);
  }
  if (number == 0) return;
  const LoweredLayer& before = network.layers[number - 1];
  require_between("inputs", number, layer.inputs, before.outputs, before.outputs);
  require_between("input_fraction", number, layer.input_fraction, before.output_fraction,
                  before.output_fraction);
}

void check_network(const LoweredNetwork& network, WeightRange range) {
  if (network.layers.empty()) throw Error("lowered network: found no layers, expected 1 or more");
  const auto require_positive = [](const char* what, int found) {
    if (found < 1) throw Error(fmt::format("lowered network: {}: found {}, expected 1 or more", what, found));
  };
  require_positive("array_rows", network.array_rows);
  require_positive("array_columns", network.array_columns);
  require_positive("batch", network.batch);
  require_positive("carry_period", network.carry_period);
  if (network.digit_bits < 1 || network.digit_bits > 8) {
    throw Error(fmt::format("lowered network: digit_bits: found {}, expected 1 to 8", network.digit_bits));
  }
  if (network.format.error_bits < 1 || network.format.error_bits > 15) {
    throw Error(
        fmt::format("lowered network: error_bits: found {}, expected 1 to 15", network.format.error_bits));
  }
  if (range.min > 0 || range.max < 0) {
    throw Error(fmt::format("weight range: found {} to {}, expected one with 0 in it", range.min, range.max));
  }
  for (std::size_t number = 0; number < network.layers.size(); ++number) check_layer(network, number);
}

void check_initial(const LoweredNetwork& network, const std::vector<compiler::LoweredWeights>& initial) {
  if (initial.size() != network.layers.size()) {
    throw Error(
        fmt::format("initial weights: found {} layers, expected {}", initial.size(), network.layers.size()));
  }
  for (std::size_t number = 0; number < initial.size(); ++number) {
    const auto outputs = index(network.layers[number].outputs);
    const std::size_t expected = index(network.layers[number].inputs) * outputs;
    if (initial[number].weights.size() == expected && initial[number].bias.size() == outputs) continue;
    throw Error(fmt::format("initial weights: layer {}: found {} weights and {} biases, expected {} and {}",
                            number, initial[number].weights.size(), initial[number].bias.size(), expected,
                            outputs));
  }
}

// One as a code of the activation; the greatest code where one itself has none.
std::int32_t code_of_one(const LoweredLayer& layer) {
  const std::int32_t one = 1 << layer.output_fraction;
  return layer.output_bits == layer.output_fraction ? one - 1 : one;
}

// a · (1 − a), in the activation's own fraction.
std::int16_t sigmoid_slope(const LoweredLayer& layer, std::int16_t activation) {
  const std::int16_t complement = saturate16((std::int32_t{1} << layer.output_fraction) - activation);
  return saturate16(round_shift(std::int64_t{activation} * complement, layer.output_fraction));
}

// sum += x · stepᵀ, each addition saturating.
void add_product(const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& step,
                 std::vector<std::int32_t>& sum) {
  for (std::size_t row = 0; row < x.size(); ++row) {
    if (x[row] == 0) continue;
    std::int32_t* target = sum.data() + row * step.size();
    for (std::size_t c = 0; c < step.size(); ++c) {
      target[c] = saturate32(target[c] + std::int64_t{x[row]} * step[c]);
    }
  }
}

template <typename Values>
std::size_t first_greatest(const Values& values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

Golden::Golden(const LoweredNetwork& network, const std::vector<compiler::LoweredWeights>& initial,
               WeightRange range)
    : network_(network), range_(range) {
  check_network(network_, range_);
  check_initial(network_, initial);
  for (std::size_t number = 0; number < initial.size(); ++number) {
    Layer layer;
    layer.shape = network_.layers[number];
    layer.weights.assign(initial[number].weights.begin(), initial[number].weights.end());
    for (std::int64_t& weight : layer.weights) weight = std::clamp(weight, range_.min, range_.max);
    layer.bias = initial[number].bias;
    refresh_bias_sum(layer);
    layer.touched.assign(index(layer.shape.inputs), 0);
    copy_back(layer);
    layers_.push_back(std::move(layer));
  }
  if (network_.kfac) kfac_.emplace(network_);
}

void Golden::check_samples(const std::vector<std::int16_t>& codes, std::size_t count) const {
  const LoweredLayer& first = network_.layers.front();
  const auto features = index(first.inputs);
  if (codes.size() != count * features) {
    throw Error(fmt::format("samples: found {} codes, expected {} of {} samples with {} features",
                            codes.size(), count * features, count, features));
  }
  const int limit = (1 << first.input_bits) - 1;
  const auto outside = std::find_if(codes.begin(), codes.end(),
                                    [limit](std::int16_t code) { return code < -limit || code > limit; });
  if (outside == codes.end()) return;
  const auto position = static_cast<std::size_t>(outside - codes.begin());
  throw Error(fmt::format("samples: sample {}, feature {}: found code {}, expected {} to {}",
                          position / features, position % features, *outside, -limit, limit));
}

void Golden::check_labels(const std::vector<int>& labels) const {
  const int classes = network_.layers.back().outputs;
  for (std::size_t sample = 0; sample < labels.size(); ++sample) {
    if (labels[sample] >= 0 && labels[sample] < classes) continue;
    throw Error(fmt::format("samples: sample {}: found label {}, expected 0 to {}", sample, labels[sample],
                            classes - 1));
  }
}

EpochMetrics Golden::train_epoch(const std::vector<std::int16_t>& codes, const std::vector<int>& labels,
                                 const std::vector<std::uint32_t>& order, int epoch) {
  check_samples(codes, labels.size());
  check_labels(labels);
  if (epoch < 0 || index(epoch) >= network_.rates.size()) {
    throw Error(fmt::format("training: epoch: found {}, expected 0 to {}", epoch,
                            static_cast<std::ptrdiff_t>(network_.rates.size()) - 1));
  }
  for (const std::uint32_t sample : order) {
    if (sample >= labels.size()) {
      throw Error(
          fmt::format("training: order: found sample {}, expected less than {}", sample, labels.size()));
    }
  }
  if (filter_) filter_->begin_epoch(epoch);
  const LoweredRate& rate = network_.rates[index(epoch)];
  const auto features = index(network_.layers.front().inputs);
  const auto batch = index(network_.batch);
  std::vector<Trace> traces(std::min(batch, order.size()));
  EpochMetrics metrics;
  for (std::size_t first = 0; first < order.size(); first += batch) {
    stop_.check();
    const std::size_t count = std::min(batch, order.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t sample = order[first + i];
      traces[i].slot = i;
      if (stored_) {
        forward_stored(codes.data() + sample * features, traces[i]);
      } else {
        forward(codes.data() + sample * features, traces[i]);
      }
      judge(traces[i], labels[sample], metrics);
      if (stored_) {
        backward_stored(traces[i]);
      } else {
        backward(traces[i]);
      }
    }
    if (kfac_) {
      update_second_order(traces, count, rate);
      continue;
    }
    for (std::size_t number = 0; number < layers_.size(); ++number) {
      if (stored_) {
        update_stored(number, traces, count, rate);
      } else {
        update(number, traces, count, rate);
      }
    }
    if (kernels_) kernels_->rows.end_of_batch();
  }
  return metrics;
}

EpochMetrics Golden::evaluate(const std::vector<std::int16_t>& codes, const std::vector<int>& labels) {
  check_samples(codes, labels.size());
  check_labels(labels);
  const auto features = index(network_.layers.front().inputs);
  Trace trace;
  EpochMetrics metrics;
  for (std::size_t sample = 0; sample < labels.size(); ++sample) {
    stop_.check();
    trace.slot = sample % index(network_.batch);
    if (stored_) {
      forward_stored(codes.data() + sample * features, trace);
    } else {
      forward(codes.data() + sample * features, trace);
    }
    judge(trace, labels[sample], metrics);
  }
  return metrics;
}

std::vector<std::int32_t> Golden::outputs(const std::vector<std::int16_t>& sample) const {
  check_samples(sample, 1);
  Trace trace;
  forward(sample.data(), trace);
  if (network_.loss == Loss::cross_entropy) return trace.sums;
  return {trace.values.back().begin(), trace.values.back().end()};
}

std::vector<std::int32_t> Golden::weights(std::size_t layer) const {
  const std::vector<std::int64_t>& exact = layers_.at(layer).weights;
  std::vector<std::int32_t> read(exact.size());
  std::transform(exact.begin(), exact.end(), read.begin(), [this](std::int64_t weight) {
    return saturate32(std::clamp(weight, range_.min, range_.max));
  });
  return read;
}

void Golden::forward(const std::int16_t* sample, Trace& trace) const {
  trace.values.resize(layers_.size() + 1);
  trace.errors.resize(layers_.size());
  trace.values[0].assign(sample, sample + layers_.front().shape.inputs);
  for (std::size_t number = 0; number < layers_.size(); ++number) {
    const LoweredLayer& shape = layers_[number].shape;
    trace.sums = pre_activations(layers_[number], trace.values[number]);
    std::vector<std::int16_t>& activations = trace.values[number + 1];
    activations.resize(trace.sums.size());
    std::transform(trace.sums.begin(), trace.sums.end(), activations.begin(),
                   [this, &shape](std::int32_t sum) { return activate(shape, sum); });
  }
}

// Sums are rounded and saturate array by array, then saturate tile by tile, then over the tiles.
std::vector<std::int32_t> Golden::pre_activations(const Layer& layer,
                                                  const std::vector<std::int16_t>& x) const {
  const std::size_t outputs = layer.bias.size();
  const auto rows_per_block = index(network_.array_rows);
  const std::size_t rows_per_shard = rows_per_block * index(layer.shape.rows_per_shard);
  std::vector<std::int64_t> total(outputs, 0);
  std::vector<std::int64_t> shard_sum(outputs);
  std::vector<std::int64_t> block_sum(outputs);
  for (std::size_t shard = 0; shard < x.size(); shard += rows_per_shard) {
    const std::size_t shard_end = std::min(shard + rows_per_shard, x.size());
    std::fill(shard_sum.begin(), shard_sum.end(), 0);
    for (std::size_t block = shard; block < shard_end; block += rows_per_block) {
      const std::size_t block_end = std::min(block + rows_per_block, shard_end);
      std::fill(block_sum.begin(), block_sum.end(), 0);
      for (std::size_t row = block; row < block_end; ++row) {
        if (x[row] == 0) continue;
        const std::int64_t* weights = layer.matrix().data() + row * outputs;
        for (std::size_t c = 0; c < outputs; ++c) block_sum[c] += x[row] * weights[c];
      }
      for (std::size_t c = 0; c < outputs; ++c) {
        shard_sum[c] += saturate32(round_shift(block_sum[c], layer.shape.mvm_shift()));
      }
    }
    for (std::size_t c = 0; c < outputs; ++c) total[c] += saturate32(shard_sum[c]);
  }
  std::vector<std::int32_t> sums(outputs);
  for (std::size_t c = 0; c < outputs; ++c) {
    sums[c] = saturate32(std::int64_t{saturate32(total[c])} + layer.bias_sum[c]);
  }
  return sums;
}

std::int16_t Golden::activate(const LoweredLayer& shape, std::int32_t sum) const {
  std::int32_t value = sum;
  if (shape.activation == Activation::relu) value = std::max(sum, 0);
  if (shape.activation == Activation::sigmoid) value = tables_.sigmoid(sum);
  return saturate_magnitude(round_shift(value, sum_fraction - shape.output_fraction), shape.output_bits);
}

void Golden::judge(Trace& trace, int label, EpochMetrics& metrics) const {
  ++metrics.samples;
  trace.errors.back().resize(trace.sums.size());
  if (network_.loss == Loss::cross_entropy) {
    judge_cross_entropy(trace, index(label), metrics);
  } else {
    judge_squared_error(trace, index(label), metrics);
  }
}

void Golden::judge_cross_entropy(Trace& trace, std::size_t label, EpochMetrics& metrics) const {
  const LoweredLayer& shape = layers_.back().shape;
  const int error_bits = network_.format.error_bits;
  const std::size_t best = first_greatest(trace.sums);
  if (best == label) ++metrics.correct;

  const std::int64_t greatest = trace.sums[best];
  std::vector<std::int32_t> exponentials(trace.sums.size());
  std::int64_t sum = 0;
  for (std::size_t c = 0; c < exponentials.size(); ++c) {
    exponentials[c] = tables_.exponential(saturate32(trace.sums[c] - greatest));
    sum += exponentials[c];
  }
  const std::int32_t total = saturate32(sum);
  const std::int64_t label_distance = saturate32(trace.sums[label] - greatest);
  metrics.loss_q16 += saturate32(tables_.logarithm(total) - label_distance);

  // 2^40 / total; one division a sample instead of one a class.
  const std::uint32_t reciprocal = 0xFFFFFFFFU / (static_cast<std::uint32_t>(total) >> 8);
  std::vector<std::int16_t>& error = trace.errors.back();
  for (std::size_t c = 0; c < error.size(); ++c) {
    const std::int64_t product = std::int64_t{exponentials[c]} * reciprocal;
    error[c] = saturate_magnitude(round_shift(product, 40 - shape.error_fraction), error_bits);
  }
  error[label] = static_cast<std::int16_t>(error[label] - ((1 << error_bits) - 1));
}

void Golden::judge_squared_error(Trace& trace, std::size_t label, EpochMetrics& metrics) const {
  const LoweredLayer& shape = layers_.back().shape;
  const int error_bits = network_.format.error_bits;
  const int fraction = shape.output_fraction;
  const std::vector<std::int16_t>& outputs = trace.values.back();
  if (first_greatest(outputs) == label) ++metrics.correct;

  std::int64_t squares = 0;
  std::vector<std::int16_t>& error = trace.errors.back();
  for (std::size_t c = 0; c < outputs.size(); ++c) {
    const std::int16_t difference = saturate16(outputs[c] - (c == label ? code_of_one(shape) : 0));
    squares += std::int64_t{difference} * difference;
    if (shape.activation == Activation::sigmoid) {
      const std::int64_t product = std::int64_t{difference} * sigmoid_slope(shape, outputs[c]);
      error[c] = saturate_magnitude(rescale(product, 2 * fraction - shape.error_fraction), error_bits);
    } else {
      const bool blocked = shape.activation == Activation::relu && outputs[c] <= 0;
      error[c] =
          saturate_magnitude(blocked ? 0 : rescale(difference, fraction - shape.error_fraction), error_bits);
    }
  }
  // Half the sum of the squares, from 2 · fraction to 16 fraction bits; downwards it is cut off.
  const int shift = 2 * fraction + 1 - 16;
  const std::int64_t sum = saturate32(squares);
  metrics.loss_q16 += shift >= 0 ? sum >> shift : sum << -shift;
}

void Golden::backward(Trace& trace) const {
  for (std::size_t number = layers_.size() - 1; number-- > 0;) {
    const LoweredLayer& shape = layers_[number].shape;
    const std::vector<std::int16_t>& activations = trace.values[number + 1];
    std::vector<std::int16_t>& error = trace.errors[number];
    error.resize(activations.size());
    for (std::size_t row = 0; row < error.size(); ++row) {
      const bool blocked = shape.activation == Activation::relu && activations[row] <= 0;
      error[row] = blocked
                       ? std::int16_t{0}
                       : derived_error(shape, activations[row],
                                       back_projection(layers_[number + 1], row, trace.errors[number + 1]));
    }
  }
}

std::int16_t Golden::derived_error(const LoweredLayer& shape, std::int16_t activation,
                                   std::int32_t projection) const {
  if (shape.activation == Activation::relu && activation <= 0) return 0;
  std::int64_t value = projection;
  int shift = sum_fraction - shape.error_fraction;
  if (shape.activation == Activation::sigmoid) {
    value *= sigmoid_slope(shape, activation);
    shift += shape.output_fraction;
  }
  return saturate_magnitude(round_shift(value, shift), network_.format.error_bits);
}

std::int32_t Golden::back_projection(const Layer& layer, std::size_t row,
                                     const std::vector<std::int16_t>& error) const {
  const std::int64_t* weights = layer.matrix().data() + row * error.size();
  const auto columns_per_block = index(network_.array_columns);
  const std::size_t columns_per_shard = columns_per_block * index(layer.shape.columns_per_shard);
  std::int64_t total = 0;
  for (std::size_t shard = 0; shard < error.size(); shard += columns_per_shard) {
    const std::size_t shard_end = std::min(shard + columns_per_shard, error.size());
    std::int64_t shard_sum = 0;
    for (std::size_t block = shard; block < shard_end; block += columns_per_block) {
      const std::size_t block_end = std::min(block + columns_per_block, shard_end);
      std::int64_t block_sum = 0;
      for (std::size_t c = block; c < block_end; ++c) block_sum += weights[c] * error[c];
      shard_sum += saturate32(round_shift(block_sum, layer.shape.mtvm_shift()));
    }
    total += saturate32(shard_sum);
  }
  return saturate32(total);
}

void Golden::update(std::size_t number, const std::vector<Trace>& traces, std::size_t count,
                    const LoweredRate& rate) {
  if (network_.has_kernels()) return update_with_kernels(number, traces, count, rate);
  Layer& layer = layers_[number];
  const bool at_once = network_.deposits == PerBatch::batch;
  const bool counts_samples = network_.carry_unit == PerBatch::example;
  std::vector<std::int32_t> sum(at_once ? layer.weights.size() : 0, 0);
  std::vector<std::uint8_t> rows(layer.touched.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<std::int16_t>& x = traces[i].values[number];
    const std::vector<std::int16_t> step = take_step(layer, traces[i].errors[number], rate);
    if (at_once) {
      add_product(x, step, sum);
      for (std::size_t row = 0; row < rows.size(); ++row) {
        if (x[row] != 0) rows[row] = 1;
      }
      continue;
    }
    deposit(layer, x, step);
    if (counts_samples) count_carries(layer, 1);
  }
  if (at_once) deposit_sum(layer, sum, rows);
  finish_update(layer, count);
}

void Golden::finish_update(Layer& layer, std::size_t count) {
  if (filter_) filter_->write_back(number_of(layer), matrix_of(layer));
  if (network_.carry_unit == PerBatch::batch) {
    count_carries(layer, 1);
  } else if (network_.deposits == PerBatch::batch) {
    count_carries(layer, count);
  }
  refresh_bias_sum(layer);
  copy_back(layer);
}

void Golden::update_second_order(const std::vector<Trace>& traces, std::size_t count,
                                 const LoweredRate& rate) {
  std::vector<LayerSamples> samples(layers_.size());
  std::vector<std::vector<std::int32_t>> read(layers_.size());
  for (std::size_t number = 0; number < layers_.size(); ++number) {
    read[number] = weights(number);
    samples[number].weights = &read[number];
    for (std::size_t i = 0; i < count; ++i) {
      samples[number].inputs.push_back(traces[i].values[number].data());
      samples[number].errors.push_back(traces[i].errors[number].data());
    }
  }
  const std::vector<LayerStep> steps = kfac_->update(samples, rate);
  for (std::size_t number = 0; number < layers_.size(); ++number) {
    Layer& layer = layers_[number];
    deposit_sum(layer, steps[number].weights, std::vector<std::uint8_t>(layer.touched.size(), 1));
    for (std::size_t c = 0; c < layer.bias.size(); ++c) {
      layer.bias[c] = saturate32(std::int64_t{layer.bias[c]} + steps[number].bias[c]);
    }
    finish_update(layer, count);
  }
}

std::vector<std::int16_t> Golden::take_step(Layer& layer, const std::vector<std::int16_t>& error,
                                            const LoweredRate& rate) const {
  std::vector<std::int16_t> step(error.size());
  for (std::size_t c = 0; c < error.size(); ++c) {
    const std::int64_t product = -std::int64_t{error[c]} * rate.multiplier;
    step[c] =
        saturate_magnitude(round_shift(product, rate.update_shift(layer.shape)), network_.format.error_bits);
    const std::int32_t bias_step = saturate32(round_shift(product, rate.bias_shift(layer.shape)));
    layer.bias[c] = saturate32(std::int64_t{layer.bias[c]} + bias_step);
  }
  return step;
}

void Golden::deposit(Layer& layer, const std::vector<std::int16_t>& x,
                     const std::vector<std::int16_t>& step) {
  if (filter_) {
    filter_->update(number_of(layer), x, step, matrix_of(layer));
    std::fill(layer.touched.begin(), layer.touched.end(), std::uint8_t{1});
    return;
  }
  for (std::size_t row = 0; row < x.size(); ++row) {
    if (x[row] == 0) continue;
    std::int64_t* weights = layer.weights.data() + row * step.size();
    for (std::size_t c = 0; c < step.size(); ++c) weights[c] += x[row] * step[c];
    layer.touched[row] = 1;
  }
}

// The upper part is what rounding leaves, the lower part the (signed) rest.
void Golden::deposit_sum(Layer& layer, const std::vector<std::int32_t>& sum,
                         const std::vector<std::uint8_t>& rows) {
  constexpr int operand_bits = 15;
  const int shift = network_.deposit_shift();
  const std::size_t outputs = layer.bias.size();
  std::vector<std::int16_t> upper(outputs);
  std::vector<std::int16_t> lower(outputs);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows[row] == 0) continue;
    for (std::size_t c = 0; c < outputs; ++c) {
      const std::int64_t value = sum[row * outputs + c];
      upper[c] = saturate_magnitude(round_shift(value, shift), operand_bits);
      lower[c] = saturate_magnitude(value - upper[c] * (std::int64_t{1} << shift), operand_bits);
    }
    deposit_row(layer, row, upper, lower);
  }
}

void Golden::deposit_row(Layer& layer, std::size_t row, const std::vector<std::int16_t>& upper,
                         const std::vector<std::int16_t>& lower) {
  const std::int64_t factor = std::int64_t{1} << network_.deposit_shift();
  layer.touched[row] = 1;
  if (filter_) {
    filter_->update_row(number_of(layer), row, 1, lower, matrix_of(layer));
    filter_->update_row(number_of(layer), row, factor, upper, matrix_of(layer));
    return;
  }
  std::int64_t* weights = layer.weights.data() + row * upper.size();
  for (std::size_t c = 0; c < upper.size(); ++c) weights[c] += upper[c] * factor + lower[c];
}

void Golden::count_carries(Layer& layer, std::size_t amount) const {
  layer.unresolved += static_cast<int>(amount);
  if (layer.unresolved >= network_.carry_period) resolve_carries(layer);
}

void Golden::resolve_carries(Layer& layer) const {
  const std::size_t outputs = layer.bias.size();
  for (std::size_t row = 0; row < layer.touched.size(); ++row) {
    if (layer.touched[row] == 0) continue;
    std::int64_t* weights = layer.weights.data() + row * outputs;
    for (std::size_t c = 0; c < outputs; ++c) weights[c] = std::clamp(weights[c], range_.min, range_.max);
    layer.touched[row] = 0;
  }
  layer.unresolved = 0;
}

void Golden::refresh_bias_sum(Layer& layer) {
  layer.bias_sum.resize(layer.bias.size());
  std::transform(layer.bias.begin(), layer.bias.end(), layer.bias_sum.begin(), [](std::int32_t value) {
    return saturate32(round_shift(value, bias_fraction - sum_fraction));
  });
}

// Reading limits to the range, carries included.
void Golden::copy_back(Layer& layer) const {
  if (!layer.shape.has_accumulator()) return;
  layer.copied.resize(layer.weights.size());
  std::transform(layer.weights.begin(), layer.weights.end(), layer.copied.begin(),
                 [this](std::int64_t weight) { return std::clamp(weight, range_.min, range_.max); });
}

}  // namespace weft::reference
