// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "tools/compiler/fp_mapping.h"

using namespace weft;
using namespace weft::compiler;

namespace {

FpMapping map(const std::vector<int>& sizes, FpOptions options) {
  reference::Network network;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
    network.layers.push_back({sizes[i], sizes[i + 1], reference::Activation::none});
  reference::TrainingPlan plan;
  plan.learning_rate = {0.5};
  plan.batch = 4;
  return map_network(network, plan, options);
}

FpOptions units(int count, int rows, int columns) {
  FpOptions options;
  options.units = count;
  options.unit_rows = rows;
  options.unit_columns = columns;
  return options;
}

}  // namespace

TEST_CASE("rows are packed into the lanes that a layer's outputs leave") {
  const FpMapping mapping = map({784, 128}, units(1, 256, 1024));
  const FpLayer& layer = mapping.layers[0];
  // 785 rows with the biases, 8 groups of 128 lanes.
  CHECK(layer.blocks == 1);
  CHECK(layer.groups == 8);
  CHECK(layer.group_rows == 99);
  CHECK(layer.padded_rows() >= layer.rows());
  CHECK(mapping.rates == std::vector<float>{0.125f});
}

TEST_CASE("units that are left make blocks of the layer that gains most") {
  const FpMapping mapping = map({784, 128, 10}, units(4, 256, 1024));
  CHECK(mapping.layers[0].blocks == 3);
  CHECK(mapping.layers[0].width == 43);
  CHECK(mapping.layers[0].block_outputs(2) == 42);
  CHECK(mapping.layers[1].blocks == 1);
  CHECK(mapping.layers[1].first_unit == 3);
  CHECK(mapping.units_used() == 4);
}

TEST_CASE("every mapping covers its layer and fits into the units") {
  for (const int outputs : {1, 10, 37, 300}) {
    for (const int inputs : {1, 20, 333}) {
      for (const int count : {3, 8}) {
        CAPTURE(outputs, inputs, count);
        const FpMapping mapping = map({inputs, outputs}, units(count, 200, 256));
        const FpLayer& layer = mapping.layers[0];
        CHECK(layer.padded_rows() >= layer.rows());
        CHECK(layer.group_rows <= 200);
        CHECK(layer.groups * layer.width <= 256);
        CHECK(layer.blocks <= count);
        int covered = 0;
        for (int block = 0; block < layer.blocks; ++block) {
          CHECK(layer.block_outputs(block) > 0);
          covered += layer.block_outputs(block);
        }
        CHECK(covered == outputs);
      }
    }
  }
}

TEST_CASE("optimizers take units for what they keep") {
  FpOptions options = units(8, 64, 64);
  options.optimizer = FpOptimizer::adam;
  const FpMapping mapping = map({20, 8, 4}, options);
  CHECK(mapping.units_used() == 8);
  CHECK(mapping.layers[1].first_unit == 4);
  // The rate of Adam's step does not shrink with the batch: its gradient does.
  CHECK(mapping.rates == std::vector<float>{0.5f});
  options.units = 7;
  CHECK_THROWS_WITH(map({20, 8, 4}, options), Catch::Contains("needs 8 floating-point PIM units"));
}

TEST_CASE("a layer too high for a unit is refused") {
  CHECK_THROWS_WITH(map({700, 1}, units(8, 2, 64)), Catch::Contains("does not fit"));
}
