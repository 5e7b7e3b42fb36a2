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

// What an allocator hands out.
struct Store {
  const char* what;
  const char* key;
  std::uint32_t alignment;
};
constexpr Store buffer_store = {"buffer", "platform.tile.buffer_size", alignment};

// Hands out a tile's buffer from the bottom up and remembers for what.
class Allocator {
 public:
  Allocator(int tile, std::uint32_t start, std::uint32_t end, const Store& store = buffer_store)
      : tile_(tile), store_(store), next_(start), start_(start), end_(end) {}

  std::uint32_t take(const std::string& what, std::uint64_t bytes) {
    const std::uint32_t address = next_;
    uses_.emplace_back(what, bytes);
    const std::uint64_t taken = (bytes + store_.alignment - 1) / store_.alignment * store_.alignment;
    needed_ += taken;
    // Past the end the address no longer matters: finish() reports the whole need.
    next_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(next_ + taken, 0xfffff000u));
    return address;
  }

  // `slots` samples of `bytes` each.
  Area area(const std::string& what, std::uint64_t slots, std::uint64_t bytes) {
    const std::uint64_t pitch = (bytes + store_.alignment - 1) / store_.alignment * store_.alignment;
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
        fmt::format("tile {} needs {} bytes of {}, it has {} ({}); largest: {}; "
                    "allowed: a smaller training.batch, more tiles, or a larger {}",
                    tile_, needed_, store_.what, end_ - start_, store_.key, list, store_.what));
  }

 private:
  int tile_;
  Store store_;
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
    if (is_stored()) take_stored(own, shards);
    if (network_.kfac) take_kfac(memory, own, shards);
    std::uint64_t staging = 0;
    bool copies_back = false;
    for (const int index : shards) {
      copies_back |= layer_of(index).has_accumulator() || network_.stores_gradients();
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
    if (network_.has_kernels()) own.data.kernel_row = memory.take("kernel row", 4);
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
           (network_.deposits == PerBatch::batch || network_.has_kernels() ? deposit_code_size : 0);
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

    if (!is_stored()) own.input = memory.area(prefix + "input", batch(), 2 * rows);
    own.inputs = take_inbox(placement_.input_senders(index));
    own.credit_counter = counters_++;
    if (shard.row_blocks > 1) {
      own.partial =
          memory.area(prefix + "partial sums", 1, 4 * columns * static_cast<unsigned>(shard.row_blocks));
    }
    own.sum = memory.area(prefix + "sum", 1, 4 * columns);
    if (network_.has_kernels()) {
      own.lines = memory.area(prefix + "errors by column", 1,
                              2 * columns * static_cast<unsigned>(network_.array_rows));
      own.kernel_gradient = memory.area(prefix + "gradient", 1, own.gradient_bytes());
    } else if (network_.deposits == PerBatch::batch) {
      take_gradient(memory, own, prefix);
    } else if (!is_stored()) {
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
        if (!is_stored()) own.activation = memory.area(prefix + "activation", batch(), 2 * columns);
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
      if (!is_stored()) own.error = memory.area(prefix + "error", batch(), 2 * columns);
      own.error_counter = counters_++;
    }
    layout_.shards[static_cast<std::size_t>(index)] = own;
  }

  void take_gradient(Allocator& memory, ShardBuffers& own, const std::string& prefix) const {
    const auto columns = static_cast<std::uint64_t>(own.padded_columns);
    const auto window = 2 * static_cast<std::uint64_t>(own.block_rows) - 1;
    if (!is_stored()) own.update = memory.area(prefix + "update", batch(), 2 * columns);
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
    if (is_stored()) {
      head.error_draft = memory.area("head.error", 1, 2 * outputs);
    } else {
      head.error = memory.area("head.error", batch(), 2 * outputs);
    }
  }

  bool is_stored() const { return limits_.reram_size > 0; }

  // What ReRAM holds, class by class, so that few ranges say what is where.
  void take_stored(TileLayout& own, const std::vector<int>& shards) {
    using reram_buffer::WriteClass;
    own.reram = own.base + limits_.buffer_size;
    const Store store{"ReRAM", "platform.tile.reram_buffer.size",
                      std::max(alignment, limits_.reram_row_bytes)};
    Allocator memory(own.tile, own.reram, own.reram + limits_.reram_size, store);
    const int error_bits = network_.format.error_bits;
    for (const int index : shards) check_rows(index);
    take_range(memory, own, {WriteClass::activation, 0, 0, network_.format.input_bits}, [&] {
      for (const int index : shards) {
        if (placement_.shards[static_cast<std::size_t>(index)].layer == 0) take_stored_input(memory, index);
      }
    });
    take_range(memory, own, {WriteClass::activation, 0, 0, network_.format.activation_bits}, [&] {
      for (const int index : shards) take_stored_activations(memory, index);
    });
    take_range(memory, own, {WriteClass::error, 0, 0, error_bits}, [&] {
      for (const int index : shards) take_stored_errors(memory, index);
    });
    take_range(memory, own, {WriteClass::gradient, 0, 0, error_bits}, [&] {
      // Products with kernels are no vectors of int16, and in the buffer.
      if (network_.has_kernels()) return;
      for (const int index : shards) {
        ShardBuffers& buffers = layout_.shards[static_cast<std::size_t>(index)];
        const std::uint64_t slots = network_.deposits == PerBatch::batch ? batch() : 1;
        buffers.update = memory.area(stored_name(index, "update"), slots, 2 * columns_of(buffers));
      }
    });
    memory.finish();
  }

  template <typename Take>
  void take_range(Allocator& memory, TileLayout& own, StoredRange range, Take take) const {
    range.address = memory.next();
    take();
    const std::uint32_t taken = memory.next() - range.address;
    if (taken == 0) return;
    constexpr std::uint32_t granule = reram_buffer::range_granule;
    range.bytes = (taken + granule - 1) / granule * granule;
    if (range.bytes > taken) memory.take("end of a range", range.bytes - taken);
    own.stored.push_back(range);
  }

  void take_stored_input(Allocator& memory, int index) {
    ShardBuffers& buffers = layout_.shards[static_cast<std::size_t>(index)];
    const auto rows = static_cast<std::uint64_t>(buffers.padded_rows);
    buffers.input = memory.area(stored_name(index, "input"), batch(), 2 * rows);
  }

  void take_stored_activations(Allocator& memory, int index) {
    const Shard& shard = placement_.shards[static_cast<std::size_t>(index)];
    if (shard.layer > 0) take_stored_input(memory, index);
    if (!shard.home() || shard.layer + 1 == static_cast<int>(network_.layers.size())) return;
    ShardBuffers& buffers = layout_.shards[static_cast<std::size_t>(index)];
    buffers.activation = memory.area(stored_name(index, "activation"), batch(), 2 * columns_of(buffers));
  }

  void take_stored_errors(Allocator& memory, int index) {
    ShardBuffers& buffers = layout_.shards[static_cast<std::size_t>(index)];
    if (!placement_.is_head(index)) {
      buffers.error = memory.area(stored_name(index, "error"), batch(), 2 * columns_of(buffers));
      return;
    }
    const auto outputs = static_cast<std::uint64_t>(layout_.head.padded_outputs);
    layout_.head.error = memory.area("head.error", batch(), 2 * outputs);
    buffers.error = layout_.head.error;
  }

  // Several tiles that write into one row would decide by who comes first.
  void check_rows(int index) const {
    if (!limits_.rows_decide) return;
    const Shard& own = placement_.shards[static_cast<std::size_t>(index)];
    for (const int sender : placement_.input_senders(index)) {
      const Shard& before = placement_.shards[static_cast<std::size_t>(sender)];
      const Part part = overlap(before.first_column, before.columns, own.first_row, own.rows);
      const auto offset = 2 * static_cast<std::uint32_t>(part.start - own.first_row);
      if (offset % limits_.reram_row_bytes == 0) continue;
      throw Error(fmt::format(
          "activations from two tiles meet in a row of {} bytes of ReRAM (at byte {}); allowed with "
          "this policy of platform.tile.write_filters.activation_buffer: shorter rows "
          "(platform.tile.reram_buffer.row_cells); or policy none, compare or drop, with threshold_mode "
          "absolute and "
          "granularity cell or weight",
          limits_.reram_row_bytes, offset));
    }
  }

  std::string stored_name(int index, const char* what) const {
    return fmt::format("layer{}.{}", placement_.shards[static_cast<std::size_t>(index)].layer, what);
  }

  static std::uint64_t columns_of(const ShardBuffers& buffers) {
    return static_cast<std::uint64_t>(buffers.padded_columns);
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
