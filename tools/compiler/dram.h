// SPDX-License-Identifier: Apache-2.0
// What the compiled program finds in DRAM, and where: boot information, data set, orders, weights, results.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/compiler/placement.h"

namespace weft::compiler {

// One array's weights: rows x columns int32, row by row, as `prog` reads and `rdarr` writes them.
struct WeightBlock {
  int shard = 0;
  int row_block = 0;
  int column_block = 0;
  int rows = 0;  // with padding
  int columns = 0;
  std::uint32_t initial = 0;  // DRAM address of the first weights
  std::uint32_t trained = 0;  // DRAM address of the read-out
};

// A home shard's biases, padded_columns int32.
struct BiasBlock {
  int shard = 0;
  int columns = 0;
  std::uint32_t initial = 0;
  std::uint32_t trained = 0;
};

struct SampleSet {
  std::uint32_t count = 0;
  std::uint32_t order = 0;   // addresses of the samples, in the order of use; training: one table an epoch
  std::uint32_t labels = 0;  // labels in the same order, one word each
};

// Room for the gradients of a batch's samples, `pitch` bytes each, of one shard.
struct GradientStore {
  int shard = 0;
  std::uint32_t address = 0;
  std::uint32_t pitch = 0;
};

// Counts of a tile's optimiser, kfac_word::count_words words.
struct OptimiserBlock {
  int tile = 0;
  std::uint32_t counts = 0;
};

struct DramMap {
  std::uint32_t boot_info = 0;
  std::uint32_t records = 0;
  SampleSet train;
  SampleSet test;
  std::vector<WeightBlock> weights;
  std::vector<BiasBlock> biases;
  std::vector<GradientStore> gradients;    // by shard, if samples' gradients are stored
  std::vector<OptimiserBlock> optimisers;  // one a tile, with K-FAC
};

}  // namespace weft::compiler
