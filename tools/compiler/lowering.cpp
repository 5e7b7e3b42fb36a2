// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/lowering.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/common/error.h"

namespace weft::compiler {

namespace {

// ReLU outputs of trained perceptrons stay below this in practice; larger ones saturate.
constexpr int relu_integer_bits = 3;
// Errors of hidden layers may exceed those of the output layer, which are at most 1.
constexpr int hidden_error_integer_bits = 2;
// Weights saturate at ±2^this.
constexpr int weight_integer_bits = 3;

int ceil_divide(int value, int divisor) { return (value + divisor - 1) / divisor; }

// Column blocks are kept whole in a tile when the tile has enough arrays; otherwise one column block is cut
// over several tiles and their partial sums are added on the way.
// Copies of an array lie in the same tile, so that one program can use them at the same time; so do the
// kernels of a row block, which all its columns share.
void cut(LoweredLayer& layer, const LoweringOptions& options) {
  const int kernels = layer.has_kernels ? 1 : 0;
  const int row_blocks_per_tile = options.arrays_per_tile / (layer.copies() + kernels);
  layer.row_blocks = ceil_divide(layer.inputs, options.array_rows);
  layer.column_blocks = ceil_divide(layer.outputs, options.array_columns);
  layer.rows_per_shard = std::min(layer.row_blocks, row_blocks_per_tile);
  const int arrays_of_weights = options.arrays_per_tile - kernels * layer.row_blocks;
  layer.columns_per_shard =
      layer.row_blocks > row_blocks_per_tile
          ? 1
          : std::min(layer.column_blocks, arrays_of_weights / layer.copies() / layer.row_blocks);
}

int output_fraction(const LoweredLayer& layer, const NumberFormat& format) {
  if (layer.activation == reference::Activation::sigmoid) return format.activation_bits;
  return format.activation_bits - relu_integer_bits;
}

// Largest fraction that keeps rate · error within the update's magnitude bits.
int update_fraction(double largest_rate, const LoweredLayer& layer, const NumberFormat& format) {
  const double largest_error = std::ldexp(1.0, format.error_bits - layer.error_fraction);
  return static_cast<int>(std::floor(format.error_bits - std::log2(largest_rate * largest_error)));
}

LoweredRate lower_rate(double rate, int epoch) {
  int exponent = 0;
  const double mantissa = std::frexp(rate, &exponent);  // rate = mantissa · 2^exponent, 0.5 <= mantissa < 1
  LoweredRate lowered;
  lowered.multiplier = static_cast<std::int32_t>(std::lround(std::ldexp(mantissa, rate_bits)));
  lowered.exponent = rate_bits - exponent;
  if (lowered.multiplier == (1 << rate_bits)) {
    lowered.multiplier /= 2;
    --lowered.exponent;
  }
  if (rate <= 0 || lowered.exponent > 40) {
    throw Error(
        fmt::format("training.learning_rate: {} per sample in epoch {} is too small for the machine's fixed "
                    "point; allowed: "
                    "at least {:.1e}",
                    rate, epoch + 1, std::ldexp(1.0, rate_bits - 41)));
  }
  return lowered;
}

void check_shifts(const LoweredNetwork& network) {
  constexpr int largest_shift = 63;
  for (std::size_t index = 0; index < network.layers.size(); ++index) {
    const LoweredLayer& layer = network.layers[index];
    for (const LoweredRate& rate : network.rates) {
      if (rate.bias_shift(layer) < 0 || rate.update_shift(layer) < 0) {
        throw Error(fmt::format("training.learning_rate: {:g} is too large for layer {}'s fixed point",
                                std::ldexp(rate.multiplier, -rate.exponent), index));
      }
      if (rate.update_shift(layer) > largest_shift) {
        throw Error(fmt::format("training.learning_rate: {:g} is too small for layer {}'s fixed point",
                                std::ldexp(rate.multiplier, -rate.exponent), index));
      }
    }
    if (layer.mvm_shift() < 0 || layer.mtvm_shift() < 0) {
      throw Error(
          fmt::format("workload.number_format: layer {} has {} input and {} weight fraction bits, fewer than "
                      "the {} of its sums",
                      index, layer.input_fraction, layer.weight_fraction, sum_fraction));
    }
  }
}

void check_range(const char* what, int found, int lowest, int highest) {
  if (found >= lowest && found <= highest) return;
  throw Error(fmt::format("{}: found {}, allowed: {} to {}", what, found, lowest, highest));
}

void check_options(const LoweringOptions& options) {
  constexpr int operand_bits = 15;
  const NumberFormat& format = options.format;
  check_range("workload.number_format.input_bits", format.input_bits, 1, operand_bits);
  check_range("workload.number_format.activation_bits", format.activation_bits, relu_integer_bits + 1,
              operand_bits);
  check_range("workload.number_format.error_bits", format.error_bits, hidden_error_integer_bits + 1,
              operand_bits);
  check_range("weight bits (platform.crossbar.slices x digit_bits)", format.weight_bits,
              weight_integer_bits + 2, 32);
  check_range("platform.crossbar.rows", options.array_rows, 1, 1024);
  check_range("platform.crossbar.columns", options.array_columns, 1, 1024);
  check_range("platform.tile.crossbars", options.arrays_per_tile, 1, 24);
  check_range("platform.crossbar.digit_bits", options.digit_bits, 1, 8);
  check_range("training.carry_period", options.carry_period, 1, 1 << 30);
  check_range("training.carry_limit", options.carry_limit, 0, 1 << 30);
  check_range("training.carry_slice", options.carry_slice, 0, 31);
}

// The last crossbar unit of every tile multiplies matrices for the optimiser.
LoweringOptions without_work_array(LoweringOptions options) {
  if (options.arrays_per_tile < 2) {
    throw Error(
        "training.optimizer: kfac needs a crossbar unit beside those with weights in every tile; allowed: "
        "platform.tile.crossbars of 2 or more");
  }
  --options.arrays_per_tile;
  options.deposits = PerBatch::batch;
  return options;
}

void check_kfac(const LoweredNetwork& network) {
  constexpr int largest_shift = 63;
  for (const LoweredRate& rate : network.rates) {
    for (const LoweredLayer& layer : network.layers) {
      if (rate.weight_step_shift(layer) >= 0 && rate.weight_step_shift(layer) <= largest_shift &&
          rate.bias_step_shift() >= 0)
        continue;
      throw Error(fmt::format("training.learning_rate: {:g} does not suit the fixed point of kfac's steps",
                              static_cast<double>(rate.value())));
    }
  }
}

void check_variants(const LoweringOptions& options, std::size_t layers) {
  if (!options.variants.empty() && options.variants.size() != layers) {
    throw Error(
        fmt::format("training.variant: found {} variants for {} layers", options.variants.size(), layers));
  }
  for (std::size_t layer = 0; layer < options.variants.size(); ++layer) {
    const int variant = options.variants[layer];
    check_range(fmt::format("variant of layer {}", layer).c_str(), variant, 1, most_variants);
    if (variant <= options.arrays_per_tile) continue;
    throw Error(
        fmt::format("layer {} has variant {} and hence {} copies of every array, a tile has {} arrays "
                    "(platform.tile.crossbars); allowed: at least as many arrays as copies",
                    layer, variant, variant, options.arrays_per_tile));
  }
}

void check_kernels(const LoweringOptions& options, int batch, std::size_t layers) {
  if (options.gradient != Gradient::activation_kernels) return;
  check_range("training.batch with activation kernels", batch, 1, options.array_rows);
  check_range("platform.crossbar.columns with activation kernels", options.array_columns, options.array_rows,
              1024);
  for (std::size_t index = 0; index < layers; ++index) {
    const int copies = options.variants.empty() ? 1 : options.variants[index];
    check_range(fmt::format("variant of layer {} with activation kernels", index).c_str(), copies, 1, 2);
    const int needed = copies + 1;
    if (needed <= options.arrays_per_tile) continue;
    throw Error(
        fmt::format("layer {} needs {} arrays in a tile, {} for weights and one for its inputs as kernels, a "
                    "tile has {} (platform.tile.crossbars); allowed: {} or more",
                    index, needed, needed - 1, options.arrays_per_tile, needed));
  }
}

// The output's error comes from its activation by a right shift (sigmoid: of a product) or a left shift.
void check_squared_error(const LoweredLayer& output) {
  const int fraction = output.output_fraction;
  const bool sigmoid = output.activation == reference::Activation::sigmoid;
  if (sigmoid ? 2 * fraction >= output.error_fraction : output.error_fraction >= fraction) return;
  throw Error(fmt::format(
      "workload.number_format: mean_squared_error with {} activation and {} error fraction bits "
      "cannot be computed; allowed: {}",
      fraction, output.error_fraction,
      sigmoid ? "error_bits up to twice activation_bits" : "activation_bits up to error_bits + 3"));
}

std::int32_t quantise(double value, int fraction, double limit) {
  const double scaled = std::round(std::ldexp(value, fraction));
  return static_cast<std::int32_t>(std::clamp(scaled, -limit, limit));
}

}  // namespace

float LoweredRate::value() const { return std::ldexp(static_cast<float>(multiplier), -exponent); }

bool LoweredNetwork::pipelined() const {
  if (schedule != Schedule::automatic) return schedule == Schedule::pipelined;
  return std::any_of(layers.begin(), layers.end(),
                     [](const LoweredLayer& layer) { return layer.variant > 1; });
}

int LoweredNetwork::deposit_shift() const {
  constexpr int largest_row_operand = 14;  // 2^14 is the largest power of two with 15 magnitude bits
  return largest_row_operand / digit_bits * digit_bits;
}

LoweredNetwork lower(const reference::Network& network, const reference::TrainingPlan& plan,
                     const LoweringOptions& given) {
  reference::check(network);
  reference::check(plan);
  check_options(given);
  const LoweringOptions options = plan.kfac ? without_work_array(given) : given;
  check_variants(options, network.layers.size());
  check_kernels(options, plan.batch, network.layers.size());
  LoweredNetwork lowered;
  lowered.loss = network.loss;
  lowered.format = options.format;
  lowered.array_rows = options.array_rows;
  lowered.array_columns = options.array_columns;
  lowered.batch = plan.batch;
  lowered.carry_period = options.carry_period;
  lowered.carry_unit = options.carry_unit;
  lowered.carry_limit = options.carry_limit;
  lowered.carry_slice = options.carry_slice;
  lowered.filter_changes = options.filter_changes;
  lowered.deposits = options.deposits;
  lowered.gradient = options.gradient;
  lowered.gradient_store = options.gradient_store;
  lowered.schedule = options.schedule;
  lowered.digit_bits = options.digit_bits;
  for (std::size_t epoch = 0; epoch < plan.learning_rate.size(); ++epoch) {
    const double rate = plan.kfac ? plan.learning_rate[epoch] : plan.learning_rate[epoch] / plan.batch;
    lowered.rates.push_back(lower_rate(rate, static_cast<int>(epoch)));
  }
  const double largest_rate =
      *std::max_element(plan.learning_rate.begin(), plan.learning_rate.end()) / plan.batch;

  int input_fraction = options.format.input_bits;
  int input_bits = options.format.input_bits;
  for (std::size_t index = 0; index < network.layers.size(); ++index) {
    const reference::DenseLayer& dense = network.layers[index];
    const bool last = index + 1 == network.layers.size();
    LoweredLayer layer;
    layer.inputs = dense.inputs;
    layer.outputs = dense.outputs;
    layer.activation = dense.activation;
    if (!options.variants.empty()) layer.variant = options.variants[index];
    layer.has_kernels = lowered.has_kernels();
    cut(layer, options);
    layer.input_fraction = input_fraction;
    layer.input_bits = input_bits;
    layer.output_fraction = output_fraction(layer, options.format);
    layer.output_bits = options.format.activation_bits;
    layer.error_fraction =
        last ? options.format.error_bits : options.format.error_bits - hidden_error_integer_bits;
    const int weight_limit = options.format.weight_bits - 1 - weight_integer_bits;
    // K-FAC's steps have 32 bits of their own.
    layer.weight_fraction =
        plan.kfac
            ? weight_limit
            : std::min(update_fraction(largest_rate, layer, options.format) + input_fraction, weight_limit);
    layer.update_fraction = layer.weight_fraction - input_fraction;
    lowered.layers.push_back(layer);
    input_fraction = layer.output_fraction;
    input_bits = layer.output_bits;
  }
  check_shifts(lowered);
  if (plan.kfac) {
    lowered.kfac = lower_kfac(*plan.kfac, options.inversion);
    lowered.kfac->work_array = options.arrays_per_tile;
    check_kfac(lowered);
    for (std::size_t index = 0; index < lowered.layers.size(); ++index) {
      lowered.layers[index].kfac = lower_kfac_layer(lowered, static_cast<int>(index), *plan.kfac,
                                                    options.largest_system, options.inversion);
    }
  }
  if (lowered.loss == reference::Loss::mean_squared_error) check_squared_error(lowered.layers.back());
  return lowered;
}

std::vector<LoweredWeights> lower_weights(const LoweredNetwork& network,
                                          const std::vector<reference::LayerWeights>& weights) {
  const double weight_limit = std::ldexp(1.0, network.format.weight_bits - 2);
  const double bias_limit = std::ldexp(1.0, 30);
  std::vector<LoweredWeights> lowered;
  for (std::size_t index = 0; index < network.layers.size(); ++index) {
    const LoweredLayer& layer = network.layers[index];
    const reference::LayerWeights& source = weights.at(index);
    LoweredWeights result;
    const auto inputs = static_cast<std::size_t>(layer.inputs);
    const auto outputs = static_cast<std::size_t>(layer.outputs);
    result.weights.resize(inputs * outputs);
    for (std::size_t output = 0; output < outputs; ++output) {
      for (std::size_t input = 0; input < inputs; ++input) {
        result.weights[input * outputs + output] =
            quantise(source.weights[output * inputs + input], layer.weight_fraction, weight_limit);
      }
    }
    for (const double bias : source.bias) result.bias.push_back(quantise(bias, bias_fraction, bias_limit));
    lowered.push_back(std::move(result));
  }
  return lowered;
}

std::int16_t input_code(float value, int bits) {
  const long code = std::lround(std::ldexp(static_cast<double>(value), bits));
  return static_cast<std::int16_t>(std::clamp(code, 0L, (1L << bits) - 1));
}

}  // namespace weft::compiler
