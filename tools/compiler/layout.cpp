// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "firmware/include/weft/boot_info.h"
#include "models/common/error.h"

namespace weft::compiler {

namespace {

constexpr std::uint32_t code_base_size = 8 * 1024;
constexpr std::uint32_t code_shard_size = 4 * 1024;
constexpr std::uint32_t deposit_code_size = 4 * 1024;
constexpr std::uint32_t filter_change_code_size = 1024;
constexpr std::uint32_t kfac_code_size = 8 * 1024;
constexpr std::uint32_t kfac_factor_code_size = 2 * 1024;
constexpr std::uint32_t kfac_compensation_code_size = 1024;
constexpr std::uint32_t kfac_sharing_code_size = 1024;
constexpr std::uint32_t kfac_piece_code_size = 384;
constexpr std::uint32_t alignment = 64;

std::uint32_t aligned(std::uint32_t value) { return (value + alignment - 1) & ~(alignment - 1); }

// Hands out a tile's buffer from the bottom up and remembers for what.
class Allocator {
 public:
  Allocator(int tile, std::uint32_t start, std::uint32_t end)
      : tile_(tile), next_(start), start_(start), end_(end) {}

  std::uint32_t take(const std::string& what, std::uint64_t bytes) {
    const std::uint32_t address = next_;
    uses_.emplace_back(what, bytes);
    needed_ += (bytes + alignment - 1) / alignment * alignment;
    // Past the end the address no longer matters: finish() reports the whole need.
    next_ = aligned(static_cast<std::uint32_t>(std::min<std::uint64_t>(next_ + bytes, 0xfffff000u)));
    return address;
  }

  // `slots` samples of `bytes` each.
  Area area(const std::string& what, std::uint64_t slots, std::uint64_t bytes) {
    const std::uint64_t pitch = (bytes + alignment - 1) / alignment * alignment;
    const std::uint32_t address = take(what, pitch * slots);
    return {address, slots > 1 ? static_cast<std::uint32_t>(pitch) : 0};
  }

  std::uint32_t next() const { return next_; }

  void finish() const {
    if (needed_ <= end_ - start_) return;
    std::string list;
    auto sorted = uses_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    for (std::size_t index = 0; index < std::min<std::size_t>(sorted.size(), 5); ++index) {
      list += fmt::format("{}{} {} bytes", index == 0 ? "" : ", ", sorted[index].first, sorted[index].second);
    }
    throw Error(
        fmt::format("tile {} needs {} bytes of buffer, it has {} (platform.tile.buffer_size); largest: {}; "
                    "allowed: a smaller training.batch, more tiles, or a larger buffer",
                    tile_, needed_, end_ - start_, list));
  }

 private:
  int tile_;
  std::uint32_t next_;
  std::uint32_t start_;
  std::uint32_t end_;
  std::uint64_t needed_ = 0;
  std::vector<std::pair<std::string, std::uint64_t>> uses_;
};

class LayoutMaker {
 public:
  LayoutMaker(const LoweredNetwork& network, const Placement& placement, const TileLimits& limits)
      : network_(network), placement_(placement), limits_(limits) {}

  Layout make() {
    layout_.shards.resize(placement_.shards.size());
    if (network_.kfac) layout_.kfac.resize(placement_.shards.size());
    layout_.multicast = limits_.multicast;
    for (int tile = 0; tile < placement_.tiles_used; ++tile) make_tile(tile);
    return std::move(layout_);
  }

 private:
  void make_tile(int tile) {
    const std::vector<int> shards = placement_.of_tile(tile);
    TileLayout own;
    own.tile = tile;
    own.base = static_cast<std::uint32_t>(limits_.tiles_base) +
               static_cast<std::uint32_t>(tile) * limits_.window_size;
    own.code = own.base;
    own.code_size = code_base_size + code_shard_room() * static_cast<std::uint32_t>(shards.size()) +
                    filter_change_code_size * static_cast<std::uint32_t>(network_.filter_changes.list.size());
    if (network_.kfac) {
      own.code_size += kfac_code_room(shards);
    }
    if (limits_.multicast) own.code_size += multicast_tables(shards);
    Allocator memory(tile, own.base, own.base + limits_.buffer_size);
    memory.take("code", own.code_size);
    take_data(memory, own, shards.size());
    own.zero_start = memory.next();
    counters_ = 0;
    for (const int index : shards) take_shard(memory, index);
    if (network_.kfac) take_kfac(memory, own, shards);
    std::uint64_t staging = 0;
    bool copies_back = false;
    for (const int index : shards) {
      copies_back |= layer_of(index).has_accumulator();
      const ShardBuffers& buffers = layout_.shards[static_cast<std::size_t>(index)];
      staging =
          std::max<std::uint64_t>(staging, std::uint64_t{4} * static_cast<unsigned>(buffers.block_rows) *
                                               static_cast<unsigned>(buffers.block_columns));
    }
    own.staging = own.zero_start;
    if (copies_back) {
      own.staging = memory.take("weight staging", staging);
    } else if (memory.next() - own.zero_start < staging) {
      memory.take("weight staging", staging - (memory.next() - own.zero_start));
    }
    own.zero_size = memory.next() - own.zero_start;
    memory.finish();
    own.counters = counters_;
    if (counters_ > limits_.counters) {
      throw Error(fmt::format(
          "tile {} needs {} sync counters, it has {} (platform.tile.sync_counters); allowed: more "
          "counters, more tiles, more or larger arrays a tile{}",
          tile, counters_, limits_.counters, network_.batch > 1 ? ", training.batch 1" : ""));
    }
    layout_.tiles.push_back(own);
  }

  void take_data(Allocator& memory, TileLayout& own, std::size_t shards) {
    constexpr std::uint32_t metrics_size = 16;
    const std::uint32_t start = memory.next();
    own.data.train_metrics = memory.take("metrics", metrics_size);
    own.data.test_metrics = memory.take("metrics", metrics_size);
    own.data.record = memory.take("record", sizeof(weft_epoch_record));
    own.data.rates =
        memory.take("rates", std::uint64_t{4} * network_.rates.size() * layout_.rate_row_words(network_));
    own.data.expected = memory.take("counter targets", std::uint64_t{4} * limits_.counters);
    own.data.carries = memory.take("carry counts", 4 * shards);
    if (network_.kfac) own.kfac.words = memory.take("optimiser", kfac_word::size);
    if (network_.carry_limit > 0) own.data.early = memory.take("early carry counts", 4 * shards);
    own.data_size = memory.next() - start;
  }

  const LoweredLayer& layer_of(int index) const {
    return network_
        .layers[static_cast<std::size_t>(placement_.shards[static_cast<std::size_t>(index)].layer)];
  }

  // Overlapping passes are code of their own beside the forward passes of the test set.
  std::uint32_t code_shard_room() const {
    return code_shard_size * (network_.pipelined() ? 2 : 1) +
           (network_.deposits == PerBatch::batch ? deposit_code_size : 0);
  }

  // Destinations of what the shards of a tile send, for each sample; see Emitter::multicast.
  std::uint32_t multicast_tables(const std::vector<int>& shards) const {
    std::size_t receivers = 0;
    for (const int index : shards) {
      const int layer = placement_.shards[static_cast<std::size_t>(index)].layer;
      receivers += placement_.of_layer(layer).size();
      if (layer + 1 < static_cast<int>(network_.layers.size()))
        receivers += placement_.of_layer(layer + 1).size();
    }
    // Where passes overlap, test set and training set have code of their own.
    return 2 * 8 * static_cast<std::uint32_t>(receivers) * static_cast<std::uint32_t>(network_.batch);
  }

  std::uint32_t kfac_code_room(const std::vector<int>& shards) const {
    const int blocks = factor_blocks(shards);
    std::uint32_t of_block = kfac_factor_code_size;
    if (network_.kfac->compensates) of_block += kfac_compensation_code_size;
    if (blocks > limits_.inversion_units) of_block += kfac_sharing_code_size;
    return kfac_code_size * static_cast<std::uint32_t>(shards.size()) +
           of_block * static_cast<std::uint32_t>(blocks) + kfac_piece_room(shards);
  }

  // Of products over more samples than an array has rows: statistics, steps, gradients.
  std::uint32_t kfac_piece_room(const std::vector<int>& shards) const {
    const int pieces = (network_.batch + network_.array_rows - 1) / network_.array_rows;
    if (pieces == 1) return 0;
    int products = factor_blocks(shards);
    for (const int index : shards) {
      const Shard& shard = placement_.shards[static_cast<std::size_t>(index)];
      products += 2 * shard.row_blocks * shard.column_blocks;
    }
    return kfac_piece_code_size * static_cast<std::uint32_t>(pieces * products);
  }

  // The blocks of a tile's factors take turns with its inversion units.
  struct UnitTurns {
    int units;
    int blocks;
    int next = 0;
  };

  int factor_blocks(const std::vector<int>& shards) const {
    int blocks = 0;
    for (const int index : shards) {
      const Shard& shard = placement_.shards[static_cast<std::size_t>(index)];
      blocks += shard.row_blocks + shard.column_blocks;
    }
    return blocks;
  }

  void take_kfac(Allocator& memory, TileLayout& own, const std::vector<int>& shards) {
    UnitTurns turns{limits_.inversion_units, factor_blocks(shards)};
    std::uint64_t order = 0;
    for (const int index : shards) {
      take_kfac_shard(memory, index, turns);
      const ShardBuffers& buffers = layout_.shards[static_cast<std::size_t>(index)];
      order = std::max({order, static_cast<std::uint64_t>(buffers.block_rows),
                        static_cast<std::uint64_t>(buffers.block_columns)});
    }
    own.kfac.matrix = memory.area("optimiser.matrix", 1, 4 * order * order);
    own.kfac.transposed = memory.area("optimiser.transposed samples", 1, 2 * order * batch());
    own.kfac.wide = memory.area("optimiser.wide samples", 1, 4 * order * batch());
    own.kfac.scalars = memory.area("optimiser.scalars", 1, 32);
    if (network_.kfac->kl_clip == 0) return;
    own.kfac.clip_counter = counters_++;
    if (std::none_of(shards.begin(), shards.end(), [&](int index) { return placement_.is_head(index); }))
      return;
    own.kfac.part_counter = counters_++;
    own.kfac.parts = memory.area("optimiser.parts", 1, 4 * placement_.shards.size());
  }

  void take_kfac_shard(Allocator& memory, int index, UnitTurns& turns) {
    const Shard& shard = placement_.shards[static_cast<std::size_t>(index)];
    const ShardBuffers& buffers = layout_.shards[static_cast<std::size_t>(index)];
    const LoweredKfacLayer& lowered = *layer_of(index).kfac;
    KfacShard& own = layout_.kfac[static_cast<std::size_t>(index)];
    const std::string prefix = fmt::format("layer{}.", shard.layer);
    for (int block = 0; block < shard.row_blocks; ++block) {
      own.a.push_back(take_factor(memory, lowered.a, prefix + "factor A", turns));
    }
    for (int block = 0; block < shard.column_blocks; ++block) {
      own.g.push_back(take_factor(memory, lowered.g, prefix + "factor G", turns));
    }
    const auto block_bytes = std::uint64_t{4} * static_cast<unsigned>(buffers.block_rows) *
                             static_cast<unsigned>(buffers.block_columns);
    for (int block = 0; block < shard.row_blocks * shard.column_blocks; ++block) {
      own.velocity.push_back(memory.area(prefix + "velocity", 1, block_bytes));
      own.step.push_back(memory.area(prefix + "step", 1, block_bytes));
    }
    if (!shard.home()) return;
    const auto bias_bytes = std::uint64_t{4} * static_cast<unsigned>(buffers.padded_columns);
    own.bias_velocity = memory.area(prefix + "bias velocity", 1, bias_bytes);
    own.bias_step = memory.area(prefix + "bias step", 1, bias_bytes);
    own.bias_gradient = memory.area(prefix + "bias gradient", 1, bias_bytes);
  }

  FactorBuffers take_factor(Allocator& memory, const LoweredFactor& lowered, const std::string& name,
                            UnitTurns& turns) const {
    const auto order = static_cast<std::uint64_t>(lowered.order);
    FactorBuffers own;
    own.order = lowered.order;
    own.unit = turns.next++ % turns.units;
    own.shared = own.unit + turns.units < turns.blocks;
    if (own.shared) {
      own.held = memory.area(name + " held", 1, lowered.fused ? 2 * order * batch() : 4 * order * order);
      own.held_words = memory.take(name + " held words", held_word::size);
    }
    if (!lowered.fused) own.matrix = memory.area(name, 1, 4 * order * order);
    own.right = memory.area(name + " samples", 1, 2 * order * batch());
    own.solution = memory.area(name + " solutions", 1, 4 * order * batch());
    own.words = memory.take(name + " words", factor_word::size);
    return own;
  }

  static int padded_outputs(const LoweredLayer& layer, const ShardBuffers& shard) {
    return layer.column_blocks * shard.block_columns;
  }

  std::uint64_t batch() const { return static_cast<std::uint64_t>(network_.batch); }

  void take_shard(Allocator& memory, int index) {
    const Shard& shard = placement_.shards[static_cast<std::size_t>(index)];
    const LoweredLayer& layer = network_.layers[static_cast<std::size_t>(shard.layer)];
    const bool last = shard.layer + 1 == static_cast<int>(network_.layers.size());
    const std::string prefix = fmt::format("layer{}.", shard.layer);
    ShardBuffers own;
    own.block_rows = layer.row_blocks == 1 ? layer.inputs : network_.array_rows;
    own.block_columns = layer.column_blocks == 1 ? layer.outputs : network_.array_columns;
    own.padded_rows = shard.row_blocks * own.block_rows;
    own.padded_columns = shard.column_blocks * own.block_columns;
    const auto rows = static_cast<std::uint64_t>(own.padded_rows);
    const auto columns = static_cast<std::uint64_t>(own.padded_columns);
    const auto row_shards = static_cast<std::uint64_t>(layer.row_shards());

    own.input = memory.area(prefix + "input", batch(), 2 * rows);
    own.inputs = take_inbox(placement_.input_senders(index));
    own.credit_counter = counters_++;
    if (shard.row_blocks > 1) {
      own.partial =
          memory.area(prefix + "partial sums", 1, 4 * columns * static_cast<unsigned>(shard.row_blocks));
    }
    own.sum = memory.area(prefix + "sum", 1, 4 * columns);
    if (network_.deposits == PerBatch::batch) {
      take_gradient(memory, own, prefix);
    } else {
      own.update = memory.area(prefix + "update", 1, 2 * columns);
    }
    if (shard.home()) {
      if (row_shards > 1) {
        own.shard_sums = memory.area(prefix + "shard sums", batch(), 4 * columns * row_shards);
        own.sums = take_inbox(placement_.sum_senders(index));
      }
      own.bias = memory.area(prefix + "bias", 1, 4 * columns);
      own.bias_sum = memory.area(prefix + "bias", 1, 4 * columns);
      own.bias_update = memory.area(prefix + "bias update", 1, 4 * columns);
      if (!last) {
        own.activation = memory.area(prefix + "activation", batch(), 2 * columns);
        take_error_in(memory, index, own, prefix);
      }
      if (layer.activation == reference::Activation::sigmoid) {
        const std::uint64_t width =
            placement_.is_head(index) ? static_cast<std::uint64_t>(padded_outputs(layer, own)) : columns;
        own.complement = memory.area(prefix + "slope", 1, 2 * width);
        own.slope = memory.area(prefix + "slope", 1, 2 * width);
      }
    }
    if (shard.layer > 0) {
      if (shard.column_blocks > 1) {
        own.error_partial =
            memory.area(prefix + "partial errors", 1, 4 * rows * static_cast<unsigned>(shard.column_blocks));
      }
      own.error_out = memory.area(prefix + "error out", 1, 4 * rows);
    }
    if (placement_.is_head(index)) {
      take_head(memory, index, own);
      own.error = layout_.head.error;
    } else {
      own.error = memory.area(prefix + "error", batch(), 2 * columns);
      own.error_counter = counters_++;
    }
    layout_.shards[static_cast<std::size_t>(index)] = own;
  }

  void take_gradient(Allocator& memory, ShardBuffers& own, const std::string& prefix) const {
    const auto columns = static_cast<std::uint64_t>(own.padded_columns);
    const auto window = 2 * static_cast<std::uint64_t>(own.block_rows) - 1;
    own.update = memory.area(prefix + "update", batch(), 2 * columns);
    own.gradient = memory.area(prefix + "gradient", 1, 4 * columns);
    own.product = memory.area(prefix + "gradient", 1, 4 * columns);
    own.upper = memory.area(prefix + "gradient", 1, 2 * columns);
    own.lower = memory.area(prefix + "gradient", 1, 2 * columns);
    own.one_hot = memory.area(prefix + "row selector", 1, 2 * window);
    own.shifted_hot = memory.area(prefix + "row selector", 1, 2 * window);
  }

  Inbox take_inbox(std::vector<int> senders) {
    if (senders.empty()) return {};
    Inbox inbox{std::move(senders), counters_};
    inbox.common = inbox.senders.size() == 1 || network_.batch == 1;
    counters_ += inbox.counters();
    return inbox;
  }

  void take_error_in(Allocator& memory, int index, ShardBuffers& own, const std::string& prefix) {
    const Shard& shard = placement_.shards[static_cast<std::size_t>(index)];
    const LoweredLayer& next = network_.layers[static_cast<std::size_t>(shard.layer) + 1];
    const auto columns = static_cast<std::uint64_t>(own.padded_columns);
    own.error_in =
        memory.area(prefix + "error in", batch(), 4 * columns * static_cast<unsigned>(next.column_shards()));
    own.error_sum = memory.area(prefix + "error sum", 1, 4 * columns);
    own.errors_in = take_inbox(placement_.error_senders(index));
  }

  void take_head(Allocator& memory, int index, const ShardBuffers& own) {
    const LoweredLayer& layer = network_.layers.back();
    HeadBuffers& head = layout_.head;
    head.padded_outputs = padded_outputs(layer, own);
    const auto outputs = static_cast<std::uint64_t>(head.padded_outputs);
    if (layer.column_shards() > 1) {
      head.logits = memory.area("head.logits", batch(), 4 * outputs);
      head.logits_inbox = take_inbox(placement_.logits_senders(index));
    } else {
      head.logits = own.sum;
    }
    head.shifted = memory.area("head.shifted", 1, 4 * outputs);
    head.exponential = memory.area("head.exponential", 1, 4 * outputs);
    head.output = memory.area("head.output", 1, 2 * outputs);
    head.difference = memory.area("head.difference", 1, 2 * outputs);
    head.square = memory.area("head.square", 1, 4 * outputs);
    head.scalars = memory.area("head.scalars", 1, 32);
    head.error = memory.area("head.error", batch(), 2 * outputs);
  }

  const LoweredNetwork& network_;
  const Placement& placement_;
  const TileLimits& limits_;
  Layout layout_;
  unsigned counters_ = 0;
};

}  // namespace

unsigned Inbox::counter_of(int sender) const {
  const auto found = std::find(senders.begin(), senders.end(), sender);
  assert(found != senders.end() && "a shard sends what nobody expects");
  return first_counter + (common ? 0 : static_cast<unsigned>(found - senders.begin()));
}

Layout lay_out(const LoweredNetwork& network, const Placement& placement, const TileLimits& limits) {
  return LayoutMaker(network, placement, limits).make();
}

}  // namespace weft::compiler
