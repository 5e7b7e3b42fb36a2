// SPDX-License-Identifier: Apache-2.0
// Which tile and which crossbar units hold which part of which layer.
//
// A layer's weight matrix (inputs x outputs) is cut into blocks of one array; a shard is the rectangle of
// blocks of one layer that lies in one tile. Shards get tiles of their own as long as there are enough;
// otherwise, or with PlacementRule::packed, they share, in the order of the layers.
#pragma once

#include <vector>

#include "tools/compiler/lowering.h"
#include "tools/compiler/placement_rule.h"

namespace weft::compiler {

struct Shard {
  int layer = 0;
  int row_shard = 0;     // along the inputs; row shard 0 is the home: it adds up and activates
  int column_shard = 0;  // along the outputs
  int first_row = 0;     // of the layer's inputs
  int rows = 0;          // inputs in this shard, without padding
  int first_column = 0;
  int columns = 0;
  int row_blocks = 0;
  int column_blocks = 0;

  int tile = 0;
  int copies = 1;
  bool has_kernels = false;
  // Copy c of block (i, j) lies in unit first_unit + (c · column_blocks + j) · row_blocks + i, the kernels of
  // row block i in the i-th unit behind all copies.
  int first_unit = 0;

  bool home() const { return row_shard == 0; }
  int blocks() const { return row_blocks * column_blocks; }
  int units() const { return copies * blocks() + (has_kernels ? row_blocks : 0); }
  int kernel_unit(int row_block) const { return first_unit + copies * blocks() + row_block; }
  int unit(int row_block, int column_block, int copy = 0) const {
    return first_unit + (copy * column_blocks + column_block) * row_blocks + row_block;
  }
};

// Columns (or rows) that two ranges have in common; count 0 if none.
struct Part {
  int start = 0;
  int count = 0;
};
Part overlap(int start0, int count0, int start1, int count1);

struct Machine {
  int tiles = 4;
  int crossbars_per_tile = 8;
  PlacementRule placement = PlacementRule::automatic;
};

struct Placement {
  std::vector<Shard> shards;  // by layer, then column shard, then row shard
  int tiles_used = 0;

  std::vector<int> of_layer(int layer) const;  // indices into shards
  std::vector<int> of_tile(int tile) const;
  int home(int layer, int column_shard) const;

  // Shards that send data to a shard, in the order of `shards`: homes of the layer before, with its inputs;
  std::vector<int> input_senders(int shard) const;
  // to a home, the other row shards of its columns, with their partial sums;
  std::vector<int> sum_senders(int shard) const;
  // to the head, the homes of the last layer's other columns, with their sums;
  std::vector<int> logits_senders(int shard) const;
  // to a home, the shards of the next layer that read its columns, with their errors.
  std::vector<int> error_senders(int shard) const;

  // The last layer's first home, where the loss is computed.
  bool is_head(int shard) const;

 private:
  template <typename Accept>
  std::vector<int> select(Accept accept) const;
};

// Throws Error when the machine has too few crossbar units, saying how many are needed.
Placement place(const LoweredNetwork& network, const Machine& machine);

}  // namespace weft::compiler
