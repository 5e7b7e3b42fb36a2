// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/fp_golden.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/common/error.h"
#include "models/common/float_bits.h"
#include "tools/reference/float_functions.h"

namespace weft::reference {

namespace functions = float_functions;

using compiler::FpLayer;
using compiler::FpOptimizer;

namespace {

struct Single {
  static float round(float value) { return value; }
};

// By adding a number so great that its last place is the format's at this value; without branches, for the
// sake of long runs. `least` is the exponent field (of a float) of the least normal number, `greatest` the
// bits of the greatest number.
template <int fraction_bits, std::uint32_t least, std::uint32_t greatest>
struct Narrow {
  static float round(float value) {
    constexpr std::uint32_t field = 0x7f800000u;
    constexpr std::uint32_t one_and_a_half = 0x400000u;
    constexpr std::uint32_t higher = static_cast<std::uint32_t>(23 - fraction_bits) << 23;
    // Numbers whose added one would overflow are scaled down, and up again.
    const bool large = (bits_of(value) & field) > (200u << 23);
    const float scaled = value * (large ? 0x1p-64f : 1.0f);
    const std::uint32_t exponent = std::max(bits_of(scaled) & field, least << 23);
    const float magic = float_of((exponent + higher) | one_and_a_half);
    const float result = ((scaled + magic) - magic) * (large ? 0x1p64f : 1.0f);
    const float limited = std::fabs(result) > float_of(greatest) ? float_of(field) : std::fabs(result);
    return std::copysign(limited, value);
  }
};
using Half = Narrow<10, 127 - 14, 0x477fe000>;
using Brain = Narrow<7, 1, 0x7f7f0000>;

std::int64_t to_q16(float loss) { return functions::to_integer(loss * 65536.0f); }

float slope(Activation activation, float error, float output) {
  if (activation == Activation::relu) return output > 0.0f ? error : 0.0f;
  if (activation == Activation::sigmoid) return error * (output * (1.0f - output));
  return error;
}

float activate(Activation activation, float sum) {
  if (activation == Activation::relu) return sum > 0.0f ? sum : 0.0f;
  if (activation == Activation::sigmoid) return functions::sigmoid(sum);
  return sum;
}

}  // namespace

template <typename Body>
void FpGolden::with_rounding(Body body) const {
  switch (mapping_.options.format) {
    case unit::Format::fp16:
      return body(Half());
    case unit::Format::bf16:
      return body(Brain());
    default:
      return body(Single());
  }
}

FpGolden::FpGolden(const compiler::FpMapping& mapping, const std::vector<LayerWeights>& initial)
    : mapping_(mapping) {
  if (initial.size() != mapping.layers.size())
    throw Error(fmt::format("weights: found {} layers, expected {}", initial.size(), mapping.layers.size()));
  for (std::size_t l = 0; l < initial.size(); ++l) {
    const FpLayer& shape = mapping.layers[l];
    const auto inputs = static_cast<std::size_t>(shape.inputs);
    const auto outputs = static_cast<std::size_t>(shape.outputs);
    if (initial[l].weights.size() != inputs * outputs || initial[l].bias.size() != outputs)
      throw Error(fmt::format("weights: those of layer {} do not fit it", l));
    Layer layer{shape, Numbers(static_cast<std::size_t>(shape.padded_rows()) * outputs, 0.0f), {}};
    for (std::size_t c = 0; c < outputs; ++c) {
      for (std::size_t r = 0; r < inputs; ++r)
        layer.weights[r * outputs + c] = static_cast<float>(initial[l].weights[c * inputs + r]);
      layer.weights[inputs * outputs + c] = static_cast<float>(initial[l].bias[c]);
    }
    layer.weights = rounded(layer.weights);
    layer.states.assign(static_cast<std::size_t>(mapping.states()), Numbers(layer.weights.size(), 0.0f));
    layers_.push_back(std::move(layer));
  }
}

std::vector<float> FpGolden::weights(std::size_t layer) const {
  const Layer& from = layers_.at(layer);
  const auto count = static_cast<std::ptrdiff_t>(from.shape.inputs) * from.shape.outputs;
  return {from.weights.begin(), from.weights.begin() + count};
}

std::vector<float> FpGolden::bias(std::size_t layer) const {
  const Layer& from = layers_.at(layer);
  const auto begin =
      from.weights.begin() + static_cast<std::ptrdiff_t>(from.shape.inputs) * from.shape.outputs;
  return {begin, begin + from.shape.outputs};
}

// ---- units ----

FpGolden::Numbers FpGolden::rounded(const Numbers& numbers) const {
  Numbers result(numbers.size());
  with_rounding([&](auto rounding) {
    std::transform(numbers.begin(), numbers.end(), result.begin(), decltype(rounding)::round);
  });
  return result;
}

// Every group of rows sums in the order of its rows; then half of the groups take the other half's sums.
FpGolden::Numbers FpGolden::product(const Layer& layer, const Numbers& x) const {
  const auto outputs = static_cast<std::size_t>(layer.shape.outputs);
  const auto group_rows = static_cast<std::size_t>(layer.shape.group_rows);
  auto left = static_cast<std::size_t>(layer.shape.groups);
  std::vector<Numbers> sums(left, Numbers(outputs, 0.0f));
  with_rounding([&](auto rounding) {
    const auto round = [](float value) { return decltype(rounding)::round(value); };
    for (std::size_t r = 0; r < x.size(); ++r) {
      Numbers& sum = sums[r / group_rows];
      const float* const row = &layer.weights[r * outputs];
      for (std::size_t c = 0; c < outputs; ++c) sum[c] = round(sum[c] + round(x[r] * row[c]));
    }
    while (left > 1) {
      const std::size_t half = (left + 1) / 2;
      for (std::size_t k = 0; k + half < left; ++k) {
        for (std::size_t c = 0; c < outputs; ++c) sums[k][c] = round(sums[k][c] + sums[k + half][c]);
      }
      left = half;
    }
  });
  return sums.front();
}

// Every block sums in the order of its outputs; the hart adds the blocks, in single precision.
FpGolden::Numbers FpGolden::product_back(const Layer& layer, const Numbers& error) const {
  const auto outputs = static_cast<std::size_t>(layer.shape.outputs);
  const auto width = static_cast<std::size_t>(layer.shape.width);
  Numbers result(static_cast<std::size_t>(layer.shape.inputs));
  with_rounding([&](auto rounding) {
    const auto round = [](float value) { return decltype(rounding)::round(value); };
    for (std::size_t r = 0; r < result.size(); ++r) {
      const float* const row = &layer.weights[r * outputs];
      for (std::size_t first = 0; first < outputs; first += width) {
        float sum = 0.0f;
        for (std::size_t c = first; c < std::min(first + width, outputs); ++c)
          sum = round(sum + round(row[c] * error[c]));
        result[r] = first == 0 ? sum : result[r] + sum;
      }
    }
  });
  return result;
}

void FpGolden::add_outer_product(const Layer& layer, Numbers& matrix, const Numbers& x,
                                 const Numbers& d) const {
  const auto outputs = static_cast<std::size_t>(layer.shape.outputs);
  with_rounding([&](auto rounding) {
    const auto round = [](float value) { return decltype(rounding)::round(value); };
    for (std::size_t r = 0; r < x.size(); ++r) {
      float* const row = &matrix[r * outputs];
      for (std::size_t c = 0; c < outputs; ++c) row[c] = round(row[c] + round(x[r] * d[c]));
    }
  });
}

// ---- passes ----

void FpGolden::forward(const float* sample, Trace& trace) const {
  trace.inputs.resize(layers_.size());
  trace.errors.resize(layers_.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const FpLayer& shape = layers_[l].shape;
    Numbers& input = trace.inputs[l];
    input.assign(static_cast<std::size_t>(shape.padded_rows()), 0.0f);
    const float* const from = l == 0 ? sample : trace.output.data();
    std::copy_n(from, shape.inputs, input.begin());
    input[static_cast<std::size_t>(shape.inputs)] = 1.0f;
    trace.output = product(layers_[l], rounded(input));
    for (float& value : trace.output) value = activate(shape.activation, value);
  }
}

void FpGolden::judge(Trace& trace, int label, EpochMetrics& metrics) const {
  const Numbers& output = trace.output;
  Numbers& error = trace.errors.back();
  error.resize(output.size());
  float highest = output[0];
  std::size_t answer = 0;
  for (std::size_t c = 0; c < output.size(); ++c) {
    if (!(highest < output[c])) continue;
    highest = output[c];
    answer = c;
  }
  const auto wanted = static_cast<std::size_t>(label);
  ++metrics.samples;
  if (answer == wanted) ++metrics.correct;
  float total = 0.0f;
  if (mapping_.loss == Loss::cross_entropy) {
    for (std::size_t c = 0; c < output.size(); ++c) {
      error[c] = functions::exp(output[c] - highest);
      total = total + error[c];
    }
    metrics.loss_q16 += to_q16(functions::log(total) - (output[wanted] - highest));
    for (float& value : error) value = value / total;
    error[wanted] = error[wanted] - 1.0f;
    return;
  }
  for (std::size_t c = 0; c < output.size(); ++c) {
    const float difference = c == wanted ? output[c] - 1.0f : output[c];
    const float square = difference * difference;
    total = total + square;
    error[c] = slope(layers_.back().shape.activation, difference, output[c]);
  }
  metrics.loss_q16 += to_q16(total * 0.5f);
}

void FpGolden::backward(Trace& trace) const {
  for (std::size_t l = layers_.size() - 1; l > 0; --l) {
    const Numbers back = product_back(layers_[l], rounded(trace.errors[l]));
    trace.errors[l - 1].resize(back.size());
    for (std::size_t i = 0; i < back.size(); ++i)
      trace.errors[l - 1][i] = slope(layers_[l - 1].shape.activation, back[i], trace.inputs[l][i]);
  }
}

// ---- update ----

void FpGolden::update(const std::vector<Trace>& traces, std::size_t count, float rate) {
  const FpOptimizer optimizer = mapping_.options.optimizer;
  const float factor = optimizer == FpOptimizer::adam ? 1.0f / static_cast<float>(mapping_.batch) : -rate;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    Numbers& target = layer.states.empty() ? layer.weights : layer.states.front();
    if (optimizer == FpOptimizer::momentum) {
      const Numbers scale = rounded({static_cast<float>(mapping_.options.momentum)});
      for (float& value : target) value = value * scale[0];
      target = rounded(target);
    }
    if (optimizer == FpOptimizer::adam) std::fill(target.begin(), target.end(), 0.0f);
    for (std::size_t sample = 0; sample < count; ++sample) {
      Numbers step = traces[sample].errors[l];
      for (float& value : step) value = value * factor;
      add_outer_product(layer, target, rounded(traces[sample].inputs[l]), rounded(step));
    }
    if (optimizer != FpOptimizer::momentum) continue;
    for (std::size_t i = 0; i < target.size(); ++i) layer.weights[i] = layer.weights[i] + target[i];
    layer.weights = rounded(layer.weights);
  }
  if (optimizer == FpOptimizer::adam) step_adam(-rate);
}

void FpGolden::step_adam(float rate) {
  const auto decay = static_cast<float>(mapping_.options.momentum);
  const auto second_decay = static_cast<float>(mapping_.options.second_decay);
  const auto epsilon = static_cast<float>(mapping_.options.epsilon);
  decay_power_ = decay_power_ * decay;
  second_decay_power_ = second_decay_power_ * second_decay;
  const float step_factor = rate / (1.0f - decay_power_);
  const float root_factor = 1.0f / std::sqrt(1.0f - second_decay_power_);
  const Numbers scales = rounded({decay, second_decay, 1.0f - decay});
  with_rounding([&](auto rounding) {
    const auto round = [](float value) { return decltype(rounding)::round(value); };
    for (Layer& layer : layers_) {
      for (std::size_t i = 0; i < layer.weights.size(); ++i) {
        const float gradient = layer.states[0][i];
        float& moment = layer.states[1][i];
        float& second = layer.states[2][i];
        second = round(second * scales[1]);
        second = round(second + round(round(gradient * (1.0f - second_decay)) * gradient));
        moment = round(moment * scales[0]);
        moment = round(moment + round(gradient * scales[2]));
        const float root = std::sqrt(second) * root_factor;
        const float step = (moment * step_factor) / (root + epsilon);
        layer.weights[i] = round(layer.weights[i] + round(step));
      }
    }
  });
}

EpochMetrics FpGolden::train_epoch(const dataset::Dataset& data, const std::vector<std::uint32_t>& order,
                                   int epoch) {
  EpochMetrics metrics;
  const auto batch = static_cast<std::size_t>(mapping_.batch);
  std::vector<Trace> traces(batch);
  for (std::size_t first = 0; first < order.size(); first += batch) {
    stop_.check();
    const std::size_t count = std::min(batch, order.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t sample = order[first + i];
      forward(data.sample(sample), traces[i]);
      judge(traces[i], data.labels[sample], metrics);
      backward(traces[i]);
    }
    update(traces, count, mapping_.rates.at(static_cast<std::size_t>(epoch)));
  }
  return metrics;
}

EpochMetrics FpGolden::evaluate(const dataset::Dataset& data) const {
  EpochMetrics metrics;
  Trace trace;
  for (std::uint32_t sample = 0; sample < data.count(); ++sample) {
    stop_.check();
    forward(data.sample(sample), trace);
    judge(trace, data.labels[sample], metrics);
  }
  return metrics;
}

}  // namespace weft::reference
