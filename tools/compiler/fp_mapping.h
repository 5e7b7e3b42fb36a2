// SPDX-License-Identifier: Apache-2.0
// Dense layers on floating-point PIM units: which tile a layer is in, how many of its units it takes and how
// its rows are packed into their lanes. The order of every sum follows from it (models/fp_pim/fp_array.h), so
// the floating-point reference is given the same mapping.
#pragma once

#include <cstdint>
#include <vector>

#include "models/unit/command.h"
#include "tools/compiler/placement_rule.h"
#include "tools/reference/network.h"

namespace weft::compiler {

enum class FpOptimizer { sgd, momentum, adam };

struct FpOptions {
  unit::Format format = unit::Format::fp32;  // of the cells
  int tiles = 1;
  PlacementRule placement = PlacementRule::automatic;
  int units = 1;  // of a tile
  int unit_rows = 128;
  int unit_columns = 128;
  FpOptimizer optimizer = FpOptimizer::sgd;
  double momentum = 0.9;  // also Adam's first decay rate
  double second_decay = 0.999;
  double epsilon = 1e-8;
};

// The matrix has a row an input and one more for the biases, whose input is 1.
struct FpLayer {
  int inputs = 0;
  int outputs = 0;
  reference::Activation activation = reference::Activation::none;

  int tile = 0;
  int blocks = 1;      // along the outputs; each has units of its own
  int width = 0;       // outputs of a block, the last one may have fewer
  int groups = 1;      // parts of the rows that lie side by side
  int group_rows = 0;  // rows of such a part
  // Block b's weights are in unit first_unit + b; state s of the optimizer in first_unit + (s + 1) · blocks +
  // b.
  int first_unit = 0;

  int rows() const { return inputs + 1; }
  int padded_rows() const { return groups * group_rows; }
  int block_outputs(int block) const {
    const int left = outputs - block * width;
    return left < width ? left : width;
  }
};

struct FpMapping {
  FpOptions options;
  reference::Loss loss = reference::Loss::cross_entropy;
  int batch = 1;
  std::vector<float> rates;  // one an epoch, divided by the batch
  std::vector<FpLayer> layers;

  // Arrays beside the weights that the optimizer keeps: velocity; gradient and both moments.
  int states() const;
  int units_of(const FpLayer& layer) const { return (1 + states()) * layer.blocks; }
  // Tiles from the first one on, without gaps.
  int tiles_used() const { return layers.back().tile + 1; }
  int units_used() const;  // of all tiles
  int units_used(int tile) const;
  // Of the network: those in the tile are one after the other.
  int first_layer(int tile) const;
};

// A layer lies in one tile; layers go to tiles in their order. Throws Error when a tile or all tiles together
// have too few units, saying how many are needed.
FpMapping map_network(const reference::Network& network, const reference::TrainingPlan& plan,
                      const FpOptions& options);

}  // namespace weft::compiler
