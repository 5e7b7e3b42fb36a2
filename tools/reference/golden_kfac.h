// SPDX-License-Identifier: Apache-2.0
// Golden reference of second-order updates (K-FAC): the arithmetic of docs/second_order.md, shard by shard,
// without machine and without any of its units' code. Systems are solved exactly (LU decomposition in double
// precision), as inversion units in mode `reference` do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/compiler/lowering.h"

namespace weft::reference {

// What a batch leaves behind in one layer: rows of inputs and of errors, one a sample.
struct LayerSamples {
  std::vector<const std::int16_t*> inputs;
  std::vector<const std::int16_t*> errors;
  const std::vector<std::int32_t>* weights = nullptr;  // inputs x outputs, as read from the arrays
};

// What a batch adds to one layer.
struct LayerStep {
  std::vector<std::int32_t> weights;  // inputs x outputs
  std::vector<std::int32_t> bias;
};

// How often what happened, over all shards.
struct KfacCounts {
  std::uint64_t solves = 0;
  std::uint64_t failures = 0;
  std::uint64_t retries = 0;
  std::uint64_t digital = 0;
  std::uint64_t clipped = 0;
};

class GoldenKfac {
 public:
  // Throws Error when a layer has no factors.
  explicit GoldenKfac(const compiler::LoweredNetwork& network);

  std::vector<LayerStep> update(const std::vector<LayerSamples>& layers, const compiler::LoweredRate& rate);

  const KfacCounts& counts() const { return counts_; }

 private:
  // One block of a factor.
  struct Factor {
    compiler::LoweredFactor shape;
    int first = 0;  // of the layer's inputs or outputs
    int count = 0;  // without padding
    std::vector<std::int32_t> matrix;
    float damping = 0;
    float base = 0;
    bool digital = false;
    // What the inversion unit holds.
    std::vector<double> decomposition;
    std::vector<std::size_t> rows;
    bool singular = false;
    // Of this batch.
    std::vector<std::int16_t> samples;  // samples x order
    std::vector<std::int32_t> solution;
    std::vector<std::int16_t> rounded;
    int fraction = 0;  // of the solution, then of the rounded one
  };

  struct Shard {
    int layer = 0;
    bool home = false;
    int rows = 0;
    int columns = 0;
    std::vector<Factor> a;
    std::vector<Factor> g;
    std::vector<std::vector<std::int32_t>> velocity;  // of block (i, j) at j · row blocks + i
    std::vector<std::vector<std::int32_t>> step;
    std::vector<std::vector<std::int32_t>> bias_velocity;  // one a column block
    std::vector<std::vector<std::int32_t>> bias_step;
  };

  const compiler::LoweredLayer& layer_of(const Shard& shard) const;
  void add_shard(int layer, int row_shard, int column_shard);
  void gather(Shard& shard, const LayerSamples& samples) const;
  std::vector<std::int32_t> statistics(const Factor& factor) const;
  void average(Factor& factor) const;
  float mean_diagonal(const std::vector<Factor>& blocks, int count) const;
  void refresh_inverses(Shard& shard) const;
  void load(Factor& factor) const;
  std::vector<std::int32_t> damped(const Factor& factor) const;
  void solve(Factor& factor);
  bool solve_once(Factor& factor);
  void solve_digitally(Factor& factor) const;
  void round(Factor& factor) const;
  void multiply(Shard& shard) const;
  float measure(const Shard& shard) const;
  void apply(Shard& shard, const LayerSamples& samples, const compiler::LoweredRate& rate, float clip,
             LayerStep& result) const;
  void apply_bias(Shard& shard, const compiler::LoweredRate& rate, float clip, LayerStep& result) const;

  const compiler::LoweredNetwork network_;
  compiler::LoweredKfac plan_;
  std::vector<Shard> shards_;
  KfacCounts counts_;
  int updates_ = 0;
  std::int32_t statistics_ = 0;
  std::int32_t share_ = 0;
  int samples_ = 0;  // of this batch
};

}  // namespace weft::reference
