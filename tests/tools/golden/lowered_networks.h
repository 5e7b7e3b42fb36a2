// SPDX-License-Identifier: Apache-2.0
// Small lowered networks with formats that make hand calculation easy, and what tests feed them.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "models/common/counter_rng.h"
#include "tools/compiler/lowering.h"
#include "tools/dataset/dataset.h"
#include "tools/reference/network.h"

namespace weft::test {

// Learning rate 1/4: 2^14 · 2^-16.
inline compiler::LoweredRate quarter() { return {1 << 14, 16}; }

// Inputs with 8, activations with 7, errors with 15 fraction bits; one array holds the layer.
inline compiler::LoweredLayer layer(int inputs, int outputs, reference::Activation activation,
                                    int input_fraction, int weight_fraction) {
  compiler::LoweredLayer result;
  result.inputs = inputs;
  result.outputs = outputs;
  result.activation = activation;
  result.row_blocks = result.column_blocks = 1;
  result.rows_per_shard = result.columns_per_shard = 1;
  result.input_fraction = input_fraction;
  result.input_bits = input_fraction == 8 ? 8 : 10;
  result.weight_fraction = weight_fraction;
  result.output_fraction = 7;
  result.output_bits = 10;
  result.error_fraction = 15;
  result.update_fraction = weight_fraction - input_fraction;
  return result;
}

inline compiler::LoweredNetwork network(std::vector<compiler::LoweredLayer> layers, reference::Loss loss) {
  compiler::LoweredNetwork result;
  result.layers = std::move(layers);
  result.loss = loss;
  result.rates = {quarter()};
  return result;
}

inline std::vector<std::int16_t> codes_of(const dataset::Dataset& data, int bits) {
  std::vector<std::int16_t> codes;
  codes.reserve(data.samples.size());
  for (const float value : data.samples) codes.push_back(compiler::input_code(value, bits));
  return codes;
}

inline std::vector<std::uint32_t> in_order(std::size_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

// Features are multiples of 2^-8, so that an 8-bit code holds them exactly.
inline dataset::Dataset random_samples(int features, int classes, int count) {
  dataset::Dataset data{"random", features, classes, {}, {}, dataset::numbered_classes(classes)};
  CounterRng random(1, 2, 3);
  for (int i = 0; i < count; ++i) {
    for (int f = 0; f < features; ++f) {
      data.samples.push_back(static_cast<float>(random.below(256)) / 256.0F);
    }
    data.labels.push_back(static_cast<int>(random.below(static_cast<std::uint32_t>(classes))));
  }
  return data;
}

}  // namespace weft::test
