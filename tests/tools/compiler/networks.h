// SPDX-License-Identifier: Apache-2.0
// Lowered networks for the compiler's tests, drawn at random, the same for the same number everywhere.
#pragma once

#include <algorithm>

#include "models/common/counter_rng.h"
#include "tools/compiler/lowering.h"
#include "tools/compiler/placement.h"

namespace weft::compiler::test {

struct Case {
  LoweredNetwork network;
  Machine machine;
};

inline Case random_case(std::uint64_t number) {
  CounterRng random(number, 0, 0);
  const auto between = [&](int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint32_t>(high - low + 1)));
  };
  const auto activation = [&] { return static_cast<reference::Activation>(random.below(3)); };
  reference::Network network;
  const bool entropy = between(0, 1) == 0;
  network.loss = entropy ? reference::Loss::cross_entropy : reference::Loss::mean_squared_error;
  int inputs = between(1, 90);
  for (int hidden = between(0, 3); hidden > 0; --hidden) {
    network.layers.push_back({inputs, between(1, 90), activation()});
    inputs = network.layers.back().outputs;
  }
  network.layers.push_back({inputs, between(2, 90), entropy ? reference::Activation::none : activation()});
  reference::TrainingPlan plan;
  plan.learning_rate = {0.1};
  plan.batch = between(1, 9);
  LoweringOptions options;
  options.array_rows = between(1, 40);
  options.array_columns = between(1, 40);
  options.arrays_per_tile = between(1, 24);
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    options.variants.push_back(between(1, std::min(most_variants, options.arrays_per_tile)));
  }
  options.deposits = between(0, 1) == 0 ? PerBatch::example : PerBatch::batch;
  constexpr int enough_tiles = 1 << 20;
  return {lower(network, plan, options), {enough_tiles, options.arrays_per_tile}};
}

}  // namespace weft::compiler::test
