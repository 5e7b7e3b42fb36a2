// SPDX-License-Identifier: Apache-2.0
// From a network in real numbers to the fixed-point arithmetic the machine executes. The result is the
// contract between the compiler, which emits code that does exactly this, and the golden reference, which
// does it again with code of its own; docs/numerics.md says it in formulas.
//
// Notation: a value v with f fraction bits is stored as the integer round(v · 2^f). `rq(v, s)` is the
// arithmetic right shift by s with rounding to nearest, ties away from zero.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/write_filter/filter_config.h"
#include "tools/compiler/kfac.h"
#include "tools/reference/network.h"

namespace weft::compiler {

// Fraction bits of pre-activations and of error sums, and of the stored biases.
constexpr int sum_fraction = 16;
constexpr int bias_fraction = 24;
// Rates are m · 2^-k with m of 15 bits.
constexpr int rate_bits = 15;

struct NumberFormat {
  int input_bits = 8;        // magnitude bits of the network's inputs
  int activation_bits = 10;  // magnitude bits of activations between layers
  int error_bits = 15;       // magnitude bits of back-propagated errors and of updates
  int weight_bits = 32;      // sign included
};

// Once for every sample of a batch, or once a batch.
enum class PerBatch { example, batch };

// Where the gradients of weights come from, and how the passes of a batch's samples follow each other:
// docs/compiler.md.
enum class Gradient { outer_products, activation_kernels };
enum class Schedule { automatic, sequential, pipelined };

// PANTHER's variants of holding a layer's weights (arXiv 1912.11516, sections 4.2 to 4.4).
//   1  one copy; forward and backward passes share it, updates follow at the end of the batch
//   2  forward and backward passes have a copy each and overlap; updates at the end go into both
//   3  updates go into a third copy at once, which is copied over the others at the end of the batch
constexpr int most_variants = 3;

// Rules of the write filters from an epoch (from 0) on.
struct FilterChange {
  int epoch = 0;
  write_filter::FilterRules rules;
};
struct FilterChanges {
  std::vector<FilterChange> list;
  // An epoch may end with updates that no product has made the arrays write yet: they belong to it.
  bool updates_may_wait = false;
};

struct LoweredLayer {
  int inputs = 0;
  int outputs = 0;
  reference::Activation activation = reference::Activation::none;

  int variant = 1;
  int copies() const { return variant; }
  int backward_copy() const { return variant == 1 ? 0 : 1; }
  bool has_accumulator() const { return variant == 3; }
  int accumulator() const { return variant - 1; }  // of variant 3
  bool has_kernels = false;                        // an array more for each row block

  int row_blocks = 0;     // ceil(inputs / array_rows)
  int column_blocks = 0;  // ceil(outputs / array_columns)
  // Blocks that lie in one tile: sums are formed, and saturate, within a tile first.
  int rows_per_shard = 0;
  int columns_per_shard = 0;

  int input_fraction = 0;
  int input_bits = 0;  // magnitude bits of the layer's inputs
  int weight_fraction = 0;
  int output_fraction = 0;  // of the activation
  int output_bits = 0;
  int error_fraction = 0;   // of the error at this layer's pre-activation
  int update_fraction = 0;  // weight_fraction − input_fraction

  std::optional<LoweredKfacLayer> kfac;

  int mvm_shift() const { return input_fraction + weight_fraction - sum_fraction; }
  int mtvm_shift() const { return weight_fraction + error_fraction - sum_fraction; }
  int row_shards() const { return (row_blocks + rows_per_shard - 1) / rows_per_shard; }
  int column_shards() const { return (column_blocks + columns_per_shard - 1) / columns_per_shard; }
};

// The learning rate of one epoch, divided by the batch size (not with K-FAC): multiplier · 2^-exponent.
struct LoweredRate {
  std::int32_t multiplier = 0;
  int exponent = 0;
  // Right shifts that turn error · multiplier into an update of a weight or of a bias.
  int update_shift(const LoweredLayer& layer) const {
    return exponent + layer.error_fraction - layer.update_fraction;
  }
  int bias_shift(const LoweredLayer& layer) const { return exponent + layer.error_fraction - bias_fraction; }
  // The same for velocities.
  int weight_step_shift(const LoweredLayer& layer) const {
    return exponent + velocity_fraction - layer.weight_fraction;
  }
  int bias_step_shift() const { return exponent + velocity_fraction - bias_fraction; }
  float value() const;
};

struct LoweredNetwork {
  std::vector<LoweredLayer> layers;
  reference::Loss loss = reference::Loss::cross_entropy;
  NumberFormat format;
  int array_rows = 128;
  int array_columns = 128;
  int batch = 1;
  int carry_period = 1;
  PerBatch carry_unit = PerBatch::example;
  int carry_limit = 0;  // lost updates of slice carry_slice of a shard; 0: none
  int carry_slice = 0;
  PerBatch deposits = PerBatch::example;
  Gradient gradient = Gradient::outer_products;
  PerBatch gradient_store = PerBatch::batch;  // of activation_kernels
  Schedule schedule = Schedule::automatic;
  int digit_bits = 2;              // of a slice; deposits of a whole batch are cut at a multiple of it
  std::vector<LoweredRate> rates;  // one an epoch
  FilterChanges filter_changes;
  std::optional<LoweredKfac> kfac;

  // Forward and backward passes of different samples overlap.
  bool pipelined() const;
  bool has_kernels() const { return gradient == Gradient::activation_kernels; }
  // Every sample's gradient is formed in its backward pass and kept by itself.
  bool stores_gradients() const { return has_kernels() && gradient_store == PerBatch::example; }
  // A batch's sum is deposited in two parts, the upper one shifted left by this.
  int deposit_shift() const;
};

// First weights of one layer as the machine holds them.
struct LoweredWeights {
  // Row-major, inputs x outputs: the orientation of the arrays (rows are driven by the activation).
  std::vector<std::int32_t> weights;
  std::vector<std::int32_t> bias;  // bias_fraction
};

struct LoweringOptions {
  NumberFormat format;
  int array_rows = 128;
  int array_columns = 128;
  int arrays_per_tile = 8;
  int digit_bits = 2;
  std::vector<int> variants;  // one a layer; empty: 1 for all
  PerBatch deposits = PerBatch::example;
  Gradient gradient = Gradient::outer_products;
  PerBatch gradient_store = PerBatch::batch;
  Schedule schedule = Schedule::automatic;
  int carry_period = 1;
  PerBatch carry_unit = PerBatch::example;
  int carry_limit = 0;  // lost updates of slice carry_slice of a shard; 0: none
  int carry_slice = 0;
  FilterChanges filter_changes;
  int largest_system = 256;   // of an inversion unit; K-FAC only
  InversionPrices inversion;  // likewise
};

// Throws Error when no format fits (a learning rate too large or too small for the update's bits).
LoweredNetwork lower(const reference::Network& network, const reference::TrainingPlan& plan,
                     const LoweringOptions& options);

std::vector<LoweredWeights> lower_weights(const LoweredNetwork& network,
                                          const std::vector<reference::LayerWeights>& weights);

// A sample's feature in [0, 1] as the machine's input code: min(round(v · 2^bits), 2^bits − 1).
std::int16_t input_code(float value, int bits);

}  // namespace weft::compiler
