// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "models/common/error.h"
#include "tests/tools/compiler/networks.h"
#include "tools/compiler/layout.h"

using namespace weft;
using namespace weft::compiler;
using weft::compiler::test::Case;
using weft::compiler::test::random_case;

namespace {

struct Extent {
  std::uint32_t start;
  std::uint32_t end;
  std::string what;
};

// The sizes of docs/compiler.md, computed again.
class Extents {
 public:
  Extents(const Case& each, const Placement& placement, const Layout& layout)
      : network_(each.network), placement_(placement), layout_(layout) {}

  std::vector<Extent> of_tile(int tile) {
    found_.clear();
    const TileLayout& own = layout_.tiles.at(static_cast<std::size_t>(tile));
    add({own.code, 0}, 1, own.code_size, "code");
    add({own.data.train_metrics, 0}, 1, own.data_size, "data");
    for (const int index : placement_.of_tile(tile)) add_shard(index);
    add_staging(own);
    return found_;
  }

 private:
  void add(const Area& area, int slots, std::uint64_t bytes, const std::string& what) {
    if (slots > 1) CHECK(area.pitch >= bytes);
    for (int slot = 0; slot < slots; ++slot) {
      const std::uint32_t start = area.address + static_cast<std::uint32_t>(slot) * area.pitch;
      found_.push_back({start, start + static_cast<std::uint32_t>(bytes), what});
    }
  }

  void add_shard(int index) {
    const Shard& shard = placement_.shards[static_cast<std::size_t>(index)];
    const ShardBuffers& at = layout_.shards[static_cast<std::size_t>(index)];
    const LoweredLayer& layer = network_.layers[static_cast<std::size_t>(shard.layer)];
    const bool last = shard.layer + 1 == static_cast<int>(network_.layers.size());
    const auto rows = static_cast<std::uint64_t>(at.padded_rows);
    const auto columns = static_cast<std::uint64_t>(at.padded_columns);
    const int batch = network_.batch;
    CHECK(at.padded_rows >= shard.rows);
    CHECK(at.padded_columns >= shard.columns);
    add(at.input, batch, 2 * rows, "input");
    add(at.sum, 1, 4 * columns, "sum");
    add_update(at, columns);
    if (shard.row_blocks > 1) {
      add(at.partial, 1, 4 * columns * static_cast<unsigned>(shard.row_blocks), "partial");
    }
    if (shard.layer > 0) {
      add(at.error_out, 1, 4 * rows, "error out");
      if (shard.column_blocks > 1) {
        add(at.error_partial, 1, 4 * rows * static_cast<unsigned>(shard.column_blocks), "error partial");
      }
    }
    if (!placement_.is_head(index)) add(at.error, batch, 2 * columns, "error");
    if (shard.home()) add_home(index, last);
    if (shard.home() && layer.activation == reference::Activation::sigmoid) {
      const auto width =
          static_cast<std::uint64_t>(placement_.is_head(index) ? layer.outputs : at.padded_columns);
      add(at.complement, 1, 2 * width, "complement");
      add(at.slope, 1, 2 * width, "slope");
    }
    if (placement_.is_head(index)) add_head(layer);
  }

  void add_update(const ShardBuffers& at, std::uint64_t columns) {
    const bool once_a_batch = network_.deposits == PerBatch::batch;
    add(at.update, once_a_batch ? network_.batch : 1, 2 * columns, "update");
    if (!once_a_batch) return;
    add(at.gradient, 1, 4 * columns, "gradient");
    add(at.product, 1, 4 * columns, "product");
    add(at.upper, 1, 2 * columns, "upper part");
    add(at.lower, 1, 2 * columns, "lower part");
    const auto window = 2 * static_cast<std::uint64_t>(at.block_rows) - 1;
    add(at.one_hot, 1, 2 * window, "row selector");
    add(at.shifted_hot, 1, 2 * window, "shifted row selector");
  }

  // A third copy needs room of its own on its way to the others.
  void add_staging(const TileLayout& tile) {
    std::uint64_t bytes = 0;
    bool copies_back = false;
    for (const int index : placement_.of_tile(tile.tile)) {
      const ShardBuffers& at = layout_.shards[static_cast<std::size_t>(index)];
      bytes = std::max(bytes, std::uint64_t{4} * static_cast<unsigned>(at.block_rows) *
                                  static_cast<unsigned>(at.block_columns));
      copies_back |= placement_.shards[static_cast<std::size_t>(index)].copies == 3;
    }
    if (copies_back) add({tile.staging, 0}, 1, bytes, "staging");
  }

  void add_home(int index, bool last) {
    const Shard& shard = placement_.shards[static_cast<std::size_t>(index)];
    const ShardBuffers& at = layout_.shards[static_cast<std::size_t>(index)];
    const LoweredLayer& layer = network_.layers[static_cast<std::size_t>(shard.layer)];
    const auto columns = static_cast<std::uint64_t>(at.padded_columns);
    add(at.bias, 1, 4 * columns, "bias");
    add(at.bias_sum, 1, 4 * columns, "bias sum");
    add(at.bias_update, 1, 4 * columns, "bias update");
    if (layer.row_shards() > 1) {
      add(at.shard_sums, network_.batch, 4 * columns * static_cast<unsigned>(layer.row_shards()),
          "shard sums");
    }
    if (last) return;
    const LoweredLayer& next = network_.layers[static_cast<std::size_t>(shard.layer) + 1];
    add(at.activation, network_.batch, 2 * columns, "activation");
    add(at.error_in, network_.batch, 4 * columns * static_cast<unsigned>(next.column_shards()), "error in");
    add(at.error_sum, 1, 4 * columns, "error sum");
  }

  void add_head(const LoweredLayer& layer) {
    const HeadBuffers& at = layout_.head;
    const auto outputs = static_cast<std::uint64_t>(at.padded_outputs);
    CHECK(at.padded_outputs >= layer.outputs);
    if (layer.column_shards() > 1) add(at.logits, network_.batch, 4 * outputs, "logits");
    add(at.shifted, 1, 4 * outputs, "shifted");
    add(at.exponential, 1, 4 * outputs, "exponential");
    add(at.output, 1, 2 * outputs, "output");
    add(at.difference, 1, 2 * outputs, "difference");
    add(at.square, 1, 4 * outputs, "square");
    add(at.scalars, 1, 16, "scalars");
    add(at.error, network_.batch, 2 * outputs, "head error");
  }

  const LoweredNetwork& network_;
  const Placement& placement_;
  const Layout& layout_;
  std::vector<Extent> found_;
};

void check_disjoint(std::vector<Extent> extents, std::uint32_t base, std::uint32_t size) {
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.start < b.start; });
  std::uint32_t free = base;
  std::string before = "start of the buffer";
  for (const Extent& each : extents) {
    CAPTURE(before, each.what);
    CHECK(each.start >= free);
    free = each.end;
    before = each.what;
  }
  CHECK(free <= base + size);
}

void take_counters(const Inbox& inbox, std::multiset<unsigned>& counters) {
  if (inbox.senders.empty()) return;
  for (unsigned number = 0; number < inbox.counters(); ++number)
    counters.insert(inbox.first_counter + number);
}

TileLimits generous() {
  TileLimits limits;
  limits.buffer_size = 768 * 1024;
  limits.counters = 1000;
  return limits;
}

constexpr std::uint64_t cases = 300;

}  // namespace

TEST_CASE("no buffer overlaps another one, and all lie in the tile's memory") {
  const TileLimits limits = generous();
  const int tiles = GENERATE(16, 1 << 20);
  for (std::uint64_t number = 0; number < cases; ++number) {
    CAPTURE(number);
    Case each = random_case(number);
    each.machine.tiles = tiles;
    Placement placement;
    try {
      placement = place(each.network, each.machine);
    } catch (const Error&) {
      continue;  // sixteen tiles are not enough for this one
    }
    const Layout layout = lay_out(each.network, placement, limits);
    Extents extents(each, placement, layout);
    for (const TileLayout& tile : layout.tiles) {
      CAPTURE(tile.tile);
      check_disjoint(extents.of_tile(tile.tile), tile.base, limits.buffer_size);
      CHECK(tile.zero_start + tile.zero_size <= tile.base + limits.buffer_size);
    }
  }
}

TEST_CASE("every counter of a tile counts one thing") {
  for (std::uint64_t number = 0; number < cases; ++number) {
    CAPTURE(number);
    const Case each = random_case(number);
    const Placement placement = place(each.network, each.machine);
    const Layout layout = lay_out(each.network, placement, generous());
    for (const TileLayout& tile : layout.tiles) {
      std::multiset<unsigned> counters;
      for (const int index : placement.of_tile(tile.tile)) {
        const ShardBuffers& at = layout.shards[static_cast<std::size_t>(index)];
        for (const Inbox* inbox : {&at.inputs, &at.sums, &at.errors_in}) take_counters(*inbox, counters);
        counters.insert(at.credit_counter);
        if (placement.is_head(index)) {
          take_counters(layout.head.logits_inbox, counters);
        } else {
          counters.insert(at.error_counter);
        }
      }
      for (const unsigned counter : counters) CHECK(counters.count(counter) == 1);
      CHECK(counters.size() == tile.counters);
      CHECK(*counters.rbegin() < tile.counters);
    }
  }
}

TEST_CASE("with batches, every sender has a counter of its own") {
  Case each = random_case(0);
  const auto senders_of = [&](int batch) {
    each.network.batch = batch;
    const Placement placement = place(each.network, each.machine);
    const Layout layout = lay_out(each.network, placement, generous());
    for (const ShardBuffers& at : layout.shards) {
      for (const Inbox* inbox : {&at.inputs, &at.sums, &at.errors_in}) {
        if (inbox->senders.size() > 1) return std::make_pair(inbox->senders.size(), inbox->counters());
      }
    }
    return std::make_pair(std::size_t{0}, 0u);
  };
  const auto [senders, counters] = senders_of(2);
  REQUIRE(senders > 1);
  CHECK(counters == senders);
  CHECK(senders_of(1).second == 1);
}

TEST_CASE("a tile that is too small is an error that lists what takes the room") {
  const Case each = random_case(3);
  const Placement placement = place(each.network, each.machine);
  TileLimits limits = generous();
  limits.buffer_size = 14 * 1024;
  CHECK_THROWS_WITH(lay_out(each.network, placement, limits),
                    Catch::Contains("it has 14336 (platform.tile.buffer_size)") &&
                        Catch::Contains("largest: code 20480 bytes"));
  limits = generous();
  limits.counters = 1;
  CHECK_THROWS_WITH(lay_out(each.network, placement, limits),
                    Catch::Contains("sync counters, it has 1 (platform.tile.sync_counters)"));
}
