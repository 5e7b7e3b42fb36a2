// SPDX-License-Identifier: Apache-2.0
// Networks and machines drawn at random, the same for the same number everywhere.
#pragma once

#include "models/common/counter_rng.h"
#include "tests/tools/weft/training.h"

namespace weft::tool::test {

inline Setup random_setup(std::uint64_t number) {
  CounterRng random(number, 0, 0);
  const auto between = [&](int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint32_t>(high - low + 1)));
  };
  const auto one_of = [&](const std::vector<std::string>& choices) {
    return choices[random.below(static_cast<std::uint32_t>(choices.size()))];
  };
  Setup setup;
  setup.layers.clear();
  const int hidden = between(0, 2);
  for (int layer = 0; layer < hidden; ++layer) {
    setup.layers.push_back({between(3, 40), one_of({"relu", "relu", "sigmoid", "none"})});
  }
  setup.loss = one_of({"cross_entropy", "mean_squared_error"});
  setup.layers.push_back(
      {between(10, 24), setup.loss == "cross_entropy" ? "none" : one_of({"none", "relu", "sigmoid"})});
  setup.train = between(1, 24);
  setup.test = between(1, 8);
  setup.epochs = between(1, 2);
  setup.batch = between(1, 9);
  setup.rate = 0.01 * between(1, 100);
  setup.seed = random.below(1000);
  setup.array_rows = between(6, 40);
  setup.array_columns = between(3, 40);
  setup.crossbars = between(1, 24);
  setup.tile_columns = 10;
  setup.tile_rows = 10;
  setup.arithmetic = one_of({"automatic", "automatic", "sliced"});
  setup.more = {"platform.tile.sync_counters=64"};
  return setup;
}

}  // namespace weft::tool::test
