// SPDX-License-Identifier: Apache-2.0
// Where everything lies: buffers and sync counters of every shard in its tile, images in DRAM. Laid out for
// all tiles before any code is made, because tiles write into each other's buffers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/reram_buffer/write_port.h"
#include "tools/compiler/placement.h"

namespace weft::compiler {

// An area of `pitch` bytes for each sample of a batch (or one for all when pitch is 0).
struct Area {
  std::uint32_t address = 0;
  std::uint32_t pitch = 0;

  Area at(std::uint32_t offset) const { return {address + offset, pitch}; }
};

// Sync counters that messages of one kind raise, by their senders (indices of shards). When a batch has
// several samples, one sender may be ahead of another: a common count would not tell whose data are missing,
// so that each has a counter of its own. With one sample, credits keep the senders together.
struct Inbox {
  std::vector<int> senders;
  unsigned first_counter = 0;
  bool common = true;

  unsigned counters() const { return common ? 1 : static_cast<unsigned>(senders.size()); }
  unsigned counter_of(int sender) const;
};

// Buffers of one shard. Sizes in docs/compiler.md; an area that the shard does not need has address 0.
struct ShardBuffers {
  int block_rows = 0;  // rows and columns of an array that are in use
  int block_columns = 0;
  int padded_rows = 0;  // row_blocks · block_rows
  int padded_columns = 0;

  Area input;          // int16, padded_rows
  Area partial;        // int32, row_blocks x padded_columns
  Area shard_sums;     // int32, row_shards x padded_columns; the home collects them
  Area sum;            // int32, pre-activation
  Area activation;     // int16
  Area error;          // int16, at the pre-activation
  Area error_partial;  // int32, column_blocks x padded_rows
  Area error_out;      // int32, padded_rows: for the layer before
  Area error_in;       // int32, column shards of the next layer x padded_columns
  Area error_sum;      // int32
  Area update;         // int16
  Area gradient;       // int32, padded_columns: a row's sum over a batch that is deposited once
  Area product;        // int32
  Area upper;          // int16: the two parts of a row that is deposited
  Area lower;          // int16
  Area one_hot;        // int16, 2 · block_rows − 1: zeros and a 1 in the middle
  Area shifted_hot;    // the same with the upper part's factor
  Area lines;  // int16, padded_columns x array rows: errors by column, for the kernels of their samples
  Area kernel_gradient;  // int32, row_blocks x padded_columns x block_rows
  Area bias_update;      // int32
  Area bias;             // int32
  Area bias_sum;         // int32, the bias as it is added to the sum
  Area complement;       // int16: 1 minus the sigmoid, a factor of its derivative
  Area slope;            // int16: the sigmoid's derivative; in the head both are for the whole layer

  Inbox inputs;
  Inbox sums;
  Inbox errors_in;
  unsigned error_counter = 0;
  unsigned credit_counter = 0;

  // Of kernel_gradient.
  std::uint32_t gradient_bytes() const {
    return 4u * static_cast<std::uint32_t>(padded_rows) * static_cast<std::uint32_t>(padded_columns);
  }
};

// Buffers of the head: the home of the last layer's column shard 0, where the loss is computed.
struct HeadBuffers {
  int padded_outputs = 0;
  Area logits;       // int32, the whole last layer's sums
  Area shifted;      // int32: logits minus their maximum
  Area exponential;  // int32
  Area output;       // int16: activated output, for mean squared error
  Area difference;   // int16
  Area square;       // int32
  Area scalars;      // int32 x 8
  Area error;        // int16, the whole last layer's errors
  Area error_draft;  // the same until they are complete, where ReRAM holds them
  Inbox logits_inbox;
};

// Words of an optimiser's factor, by their offsets.
namespace factor_word {
constexpr std::uint32_t damping = 0;    // float32, the one in use
constexpr std::uint32_t base = 4;       // float32, without retries
constexpr std::uint32_t digital = 8;    // 1: the controller solves until the next refresh
constexpr std::uint32_t fraction = 12;  // of the solutions
constexpr std::uint32_t size = 16;
}  // namespace factor_word

// Words of what a shared inversion unit is loaded with, by their offsets.
namespace held_word {
constexpr std::uint32_t samples = 0;      // columns of the samples
constexpr std::uint32_t compensated = 4;  // 1: the matrix is loaded with compensated rounding
constexpr std::uint32_t size = 8;
}  // namespace held_word

// One block of a factor of a layer (K-FAC).
struct FactorBuffers {
  int order = 0;
  int unit = 0;         // inversion unit
  bool shared = false;  // with other blocks: the unit is loaded before every solution
  Area held;            // what it is loaded with then: the damped matrix, or the samples transposed
  std::uint32_t held_words = 0;
  Area matrix;    // int32, running average; not if the unit gets the samples
  Area right;     // int16, batch x order: the samples
  Area solution;  // int32, batch x order; later int16
  std::uint32_t words = 0;
};

// What a shard needs for second-order training; docs/compiler.md has the sizes.
struct KfacShard {
  std::vector<FactorBuffers> a;  // one a row block
  std::vector<FactorBuffers> g;  // one a column block
  // Of block (i, j) at j · row blocks + i; block_rows x block_columns int32.
  std::vector<Area> velocity;
  std::vector<Area> step;
  Area bias_velocity;  // int32, padded columns
  Area bias_step;
  Area bias_gradient;
};

// Words of a tile's optimiser, by their offsets.
namespace kfac_word {
constexpr std::uint32_t guard = 0;        // 1: unit errors are handled where they are waited for
constexpr std::uint32_t failure = 4;      // what the last one was
constexpr std::uint32_t factor_left = 8;  // updates until the next refresh
constexpr std::uint32_t inverse_left = 12;
constexpr std::uint32_t refresh_factors = 16;  // 1 in this update
constexpr std::uint32_t refresh_inverses = 20;
constexpr std::uint32_t statistics = 24;  // refreshes of the factors so far
constexpr std::uint32_t share = 28;       // of the new statistics in the running average
constexpr std::uint32_t reciprocal = 32;  // of the batch's samples
constexpr std::uint32_t float_reciprocal = 36;
constexpr std::uint32_t part = 40;  // float32: dot product of step and gradient of a shard
constexpr std::uint32_t clip = 44;  // float32: factor of all steps, from the head
// Counters for the results, in the order of struct SecondOrderCounts.
constexpr std::uint32_t counts = 48;
constexpr std::uint32_t updates = 48;
constexpr std::uint32_t refreshes = 52;  // matrices or factors loaded
constexpr std::uint32_t solves = 56;     // commands, each for all samples of a batch
constexpr std::uint32_t failures = 60;
constexpr std::uint32_t retries = 64;
constexpr std::uint32_t digital = 68;
constexpr std::uint32_t clipped = 72;
constexpr std::uint32_t compensated = 76;
constexpr std::uint32_t count_words = 8;
constexpr std::uint32_t return_address = 80;
constexpr std::uint32_t size = 84;
}  // namespace kfac_word

struct KfacTile {
  std::uint32_t words = 0;
  Area matrix;      // int32, the greatest block
  Area transposed;  // int16, greatest order x batch
  Area wide;        // int32, batch x greatest order
  Area scalars;     // int32 x 8
  Area parts;       // float32, one a shard; in the head's tile
  unsigned part_counter = 0;
  unsigned clip_counter = 0;
};

// Words of the tile's data section that code reads and writes.
struct TileData {
  std::uint32_t train_metrics = 0;  // samples, correct, loss low, loss high
  std::uint32_t test_metrics = 0;
  std::uint32_t record = 0;      // struct weft_epoch_record under construction
  std::uint32_t rates = 0;       // one row an epoch
  std::uint32_t expected = 0;    // one word a sync counter: value to wait for
  std::uint32_t carries = 0;     // one word a shard: outer products since the last carry resolution
  std::uint32_t kernel_row = 0;  // of the batch's first sample, in all kernel units of the tile
  std::uint32_t early = 0;       // one word a shard, with carry_limit: carry resolutions because of it
};

// Part of a tile's ReRAM with values of one kind, all int16.
struct StoredRange {
  reram_buffer::WriteClass of = reram_buffer::WriteClass::other;
  std::uint32_t address = 0;
  std::uint32_t bytes = 0;
  int magnitude_bits = 0;
};

struct TileLayout {
  int tile = 0;
  std::uint32_t base = 0;  // of the window
  std::uint32_t code = 0;
  std::uint32_t code_size = 0;  // reserved
  TileData data;
  std::uint32_t data_size = 0;
  std::uint32_t zero_start = 0;  // everything the program clears before it starts
  std::uint32_t zero_size = 0;
  std::uint32_t staging = 0;  // one array's weights on their way; shares the cleared region if used once
  unsigned counters = 0;      // in use
  KfacTile kfac;
  std::uint32_t reram = 0;  // first address behind the buffer
  std::vector<StoredRange> stored;
};

struct TileLimits {
  std::uint64_t tiles_base = 0x40000000;
  std::uint32_t window_size = 0x100000;
  std::uint32_t buffer_size = 256 * 1024;
  unsigned counters = 32;
  int inversion_units = 0;
  bool multicast = false;  // what goes to several tiles is sent once
  // ReRAM behind the buffer; 0: none. Activations, errors and updates are in it then.
  std::uint32_t reram_size = 0;
  std::uint32_t reram_row_bytes = 64;
  // What a write of part of a row stores depends on what else it writes of that row.
  bool rows_decide = false;
};

struct Layout {
  std::vector<ShardBuffers> shards;  // as in Placement
  std::vector<KfacShard> kfac;       // likewise, with K-FAC
  HeadBuffers head;
  std::vector<TileLayout> tiles;
  bool multicast = false;

  std::uint32_t rate_row_words(const LoweredNetwork& network) const {
    return 1 + 2 * static_cast<std::uint32_t>(network.layers.size()) + (network.kfac ? 1 : 0);
  }
};

// Throws Error when a tile's buffer or its sync counters do not suffice, listing what takes the room.
Layout lay_out(const LoweredNetwork& network, const Placement& placement, const TileLimits& limits);

}  // namespace weft::compiler
