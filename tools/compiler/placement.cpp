// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/placement.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"

namespace weft::compiler {

namespace {

Shard make_shard(const LoweredNetwork& network, int layer_index, int row_shard, int column_shard) {
  const LoweredLayer& layer = network.layers[static_cast<std::size_t>(layer_index)];
  Shard shard;
  shard.layer = layer_index;
  shard.copies = layer.copies();
  shard.has_kernels = layer.has_kernels;
  shard.row_shard = row_shard;
  shard.column_shard = column_shard;
  const int first_row_block = row_shard * layer.rows_per_shard;
  const int first_column_block = column_shard * layer.columns_per_shard;
  shard.row_blocks = std::min(layer.rows_per_shard, layer.row_blocks - first_row_block);
  shard.column_blocks = std::min(layer.columns_per_shard, layer.column_blocks - first_column_block);
  shard.first_row = first_row_block * network.array_rows;
  shard.first_column = first_column_block * network.array_columns;
  shard.rows = std::min(shard.row_blocks * network.array_rows, layer.inputs - shard.first_row);
  shard.columns = std::min(shard.column_blocks * network.array_columns, layer.outputs - shard.first_column);
  return shard;
}

}  // namespace

Part overlap(int start0, int count0, int start1, int count1) {
  const int start = std::max(start0, start1);
  const int end = std::min(start0 + count0, start1 + count1);
  return {start, std::max(0, end - start)};
}

template <typename Accept>
std::vector<int> Placement::select(Accept accept) const {
  std::vector<int> found;
  for (std::size_t index = 0; index < shards.size(); ++index) {
    if (accept(shards[index])) found.push_back(static_cast<int>(index));
  }
  return found;
}

std::vector<int> Placement::of_layer(int layer) const {
  return select([&](const Shard& each) { return each.layer == layer; });
}

std::vector<int> Placement::of_tile(int tile) const {
  return select([&](const Shard& each) { return each.tile == tile; });
}

std::vector<int> Placement::input_senders(int shard) const {
  const Shard& own = shards.at(static_cast<std::size_t>(shard));
  return select([&](const Shard& each) {
    return each.layer == own.layer - 1 && each.home() &&
           overlap(each.first_column, each.columns, own.first_row, own.rows).count > 0;
  });
}

std::vector<int> Placement::sum_senders(int shard) const {
  const Shard& own = shards.at(static_cast<std::size_t>(shard));
  if (!own.home()) return {};
  return select([&](const Shard& each) {
    return each.layer == own.layer && each.column_shard == own.column_shard && !each.home();
  });
}

std::vector<int> Placement::logits_senders(int shard) const {
  if (!is_head(shard)) return {};
  const Shard& own = shards.at(static_cast<std::size_t>(shard));
  return select([&](const Shard& each) {
    return each.layer == own.layer && each.home() && each.column_shard != own.column_shard;
  });
}

std::vector<int> Placement::error_senders(int shard) const {
  const Shard& own = shards.at(static_cast<std::size_t>(shard));
  if (!own.home()) return {};
  return select([&](const Shard& each) {
    return each.layer == own.layer + 1 &&
           overlap(own.first_column, own.columns, each.first_row, each.rows).count > 0;
  });
}

bool Placement::is_head(int shard) const {
  const Shard& own = shards.at(static_cast<std::size_t>(shard));
  return own.layer == shards.back().layer && own.home() && own.column_shard == 0;
}

int Placement::home(int layer, int column_shard) const {
  for (std::size_t index = 0; index < shards.size(); ++index) {
    const Shard& shard = shards[index];
    if (shard.layer == layer && shard.column_shard == column_shard && shard.home())
      return static_cast<int>(index);
  }
  throw Error(fmt::format("placement: layer {} has no column shard {}", layer, column_shard));
}

Placement place(const LoweredNetwork& network, const Machine& machine) {
  Placement placement;
  for (int layer = 0; layer < static_cast<int>(network.layers.size()); ++layer) {
    const LoweredLayer& lowered = network.layers[static_cast<std::size_t>(layer)];
    for (int column = 0; column < lowered.column_shards(); ++column) {
      for (int row = 0; row < lowered.row_shards(); ++row) {
        placement.shards.push_back(make_shard(network, layer, row, column));
      }
    }
  }
  const bool own_tiles = machine.placement != PlacementRule::packed &&
                         static_cast<int>(placement.shards.size()) <= machine.tiles;
  int tile = 0;
  int used_units = 0;
  bool first = true;
  for (Shard& shard : placement.shards) {
    const bool fits = used_units + shard.units() <= machine.crossbars_per_tile;
    if (!first && (own_tiles || !fits)) {
      ++tile;
      used_units = 0;
    }
    first = false;
    shard.tile = tile;
    shard.first_unit = used_units;
    used_units += shard.units();
  }
  placement.tiles_used = tile + 1;
  if (placement.tiles_used > machine.tiles) {
    int units = 0;
    for (const Shard& shard : placement.shards) units += shard.units();
    throw Error(fmt::format(
        "the network needs {} crossbar units on {} tiles of {}, the platform has {} tiles; allowed: "
        "more tiles (platform.tiles), more crossbars a tile (platform.tile.crossbars), larger "
        "arrays (platform.crossbar), or smaller layers",
        units, placement.tiles_used, machine.crossbars_per_tile, machine.tiles));
  }
  return placement;
}

}  // namespace weft::compiler
