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

TEST_CASE("layers stay in one tile as long as they fit, however many tiles there are") {
  FpOptions options = units(4, 256, 1024);
  const FpMapping alone = map({784, 128, 10}, options);
  options.tiles = 16;
  const FpMapping among_many = map({784, 128, 10}, options);
  CHECK(among_many.tiles_used() == 1);
  for (std::size_t layer = 0; layer < 2; ++layer) {
    CHECK(among_many.layers[layer].blocks == alone.layers[layer].blocks);
    CHECK(among_many.layers[layer].groups == alone.layers[layer].groups);
    CHECK(among_many.layers[layer].first_unit == alone.layers[layer].first_unit);
  }
}

TEST_CASE("spread layers have tiles of their own, whose units they count from 0") {
  FpOptions options = units(4, 256, 1024);
  options.tiles = 4;
  options.placement = PlacementRule::spread;
  const FpMapping mapping = map({784, 128, 64, 10}, options);
  REQUIRE(mapping.tiles_used() == 3);
  for (int layer = 0; layer < 3; ++layer) {
    CAPTURE(layer);
    CHECK(mapping.layers[static_cast<std::size_t>(layer)].tile == layer);
    CHECK(mapping.layers[static_cast<std::size_t>(layer)].first_unit == 0);
    CHECK(mapping.units_used(layer) <= 4);
  }
  // The first layer has a tile's units for itself: without the others it has one block more.
  CHECK(mapping.layers[0].blocks == 4);
}

TEST_CASE("layers that share tiles are divided so that the slowest tile has least to do") {
  // Layers of about the same work; the middle ones need one unit each, as they all do.
  FpOptions options = units(2, 70, 64);
  options.tiles = 3;
  options.placement = PlacementRule::spread;
  const FpMapping mapping = map({64, 64, 64, 64, 64}, options);
  const auto tiles_of = [](const FpMapping& of) {
    std::vector<int> tiles;
    for (const FpLayer& layer : of.layers) tiles.push_back(layer.tile);
    return tiles;
  };
  // First layers have no backward pass, so that two of them are less than two others.
  CHECK(tiles_of(mapping) == std::vector<int>{0, 0, 1, 2});
  options.placement = PlacementRule::packed;
  CHECK(tiles_of(map({64, 64, 64, 64, 64}, options)) == std::vector<int>{0, 0, 1, 1});
  options.placement = PlacementRule::automatic;
  CHECK(tiles_of(map({64, 64, 64, 64, 64}, options)) == std::vector<int>{0, 0, 1, 2});
}

TEST_CASE("every layer has a tile with units enough, in the order of the layers") {
  for (const int tiles : {4, 5, 9}) {
    for (const PlacementRule rule :
         {PlacementRule::automatic, PlacementRule::packed, PlacementRule::spread}) {
      FpOptions options = units(4, 40, 32);
      options.tiles = tiles;
      options.placement = rule;
      options.optimizer = FpOptimizer::momentum;
      const FpMapping mapping = map({30, 40, 30, 20, 10, 40}, options);
      CAPTURE(tiles, static_cast<int>(rule));
      CHECK(mapping.tiles_used() <= tiles);
      int tile = 0;
      for (const FpLayer& layer : mapping.layers) {
        const bool next_tile = layer.tile == tile + 1;
        CHECK((layer.tile == tile || next_tile));
        if (next_tile) CHECK(layer.first_unit == 0);
        tile = layer.tile;
        CHECK(layer.first_unit + mapping.units_of(layer) <= mapping.units_used(tile));
        CHECK(mapping.units_used(tile) <= 4);
      }
    }
  }
}

TEST_CASE("networks that all tiles together cannot hold are refused with what they need") {
  FpOptions options = units(2, 70, 64);
  options.tiles = 2;
  CHECK_THROWS_WITH(
      map({64, 64, 64, 64, 64, 64}, options),
      Catch::Contains("needs 5 floating-point PIM units of 70 x 64 on 3 tiles of 2, the platform has 2;"));
}

TEST_CASE("a layer larger than a tile is refused, not cut") {
  FpOptions options = units(2, 70, 64);
  options.tiles = 16;
  CHECK_THROWS_WITH(
      map({64, 64, 192, 10}, options),
      Catch::Contains("layer 1 needs 3 floating-point PIM units of 70 x 64 in one tile, found 2"));
}

TEST_CASE("a layer too high for a unit is refused") {
  CHECK_THROWS_WITH(map({700, 1}, units(8, 2, 64)), Catch::Contains("does not fit"));
}
