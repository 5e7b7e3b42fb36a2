// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/common/error.h"
#include "tests/tools/compiler/networks.h"
#include "tools/compiler/placement.h"

using namespace weft;
using namespace weft::compiler;
using weft::compiler::test::Case;
using weft::compiler::test::random_case;

namespace {

constexpr std::uint64_t cases = 300;

void check_every_weight_has_one_place(const LoweredNetwork& network, const Placement& placement) {
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    const LoweredLayer& shape = network.layers[layer];
    std::vector<int> holders(static_cast<std::size_t>(shape.inputs) * static_cast<std::size_t>(shape.outputs),
                             0);
    for (const Shard& shard : placement.shards) {
      if (shard.layer != static_cast<int>(layer)) continue;
      for (int row = shard.first_row; row < shard.first_row + shard.rows; ++row) {
        for (int column = shard.first_column; column < shard.first_column + shard.columns; ++column) {
          ++holders.at(static_cast<std::size_t>(row) * static_cast<std::size_t>(shape.outputs) +
                       static_cast<std::size_t>(column));
        }
      }
    }
    CHECK(std::count(holders.begin(), holders.end(), 1) == shape.inputs * shape.outputs);
  }
}

void check_units(const Placement& placement, const Machine& machine) {
  std::set<std::pair<int, int>> taken;
  for (const Shard& shard : placement.shards) {
    CHECK(shard.tile >= 0);
    CHECK(shard.tile < placement.tiles_used);
    for (int row = 0; row < shard.row_blocks; ++row) {
      for (int column = 0; column < shard.column_blocks; ++column) {
        for (int copy = 0; copy < shard.copies; ++copy) {
          const int unit = shard.unit(row, column, copy);
          CHECK(unit >= 0);
          CHECK(unit < machine.crossbars_per_tile);
          CHECK(taken.emplace(shard.tile, unit).second);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("every weight lies in exactly one shard and every array in a unit of its own") {
  for (std::uint64_t number = 0; number < cases; ++number) {
    CAPTURE(number);
    const Case each = random_case(number);
    const Placement roomy = place(each.network, each.machine);
    check_every_weight_has_one_place(each.network, roomy);
    check_units(roomy, each.machine);
    CHECK(roomy.tiles_used == static_cast<int>(roomy.shards.size()));

    const Machine tight{static_cast<int>(roomy.shards.size()) - 1, each.machine.crossbars_per_tile};
    try {
      const Placement shared = place(each.network, tight);
      check_every_weight_has_one_place(each.network, shared);
      check_units(shared, tight);
    } catch (const Error& error) {
      CHECK_THAT(error.what(), Catch::Contains("the platform has " + std::to_string(tight.tiles) + " tiles"));
    }
  }
}

TEST_CASE("packed shards share tiles that have room, though there are tiles enough") {
  int fewer = 0;
  for (std::uint64_t number = 0; number < cases; ++number) {
    CAPTURE(number);
    const Case each = random_case(number);
    Machine machine = each.machine;
    machine.placement = PlacementRule::packed;
    const Placement packed = place(each.network, machine);
    check_every_weight_has_one_place(each.network, packed);
    check_units(packed, machine);
    for (std::size_t next = 1; next < packed.shards.size(); ++next) {
      const Shard& before = packed.shards[next - 1];
      const Shard& shard = packed.shards[next];
      if (shard.tile == before.tile) continue;
      CHECK(before.first_unit + before.units() + shard.units() > machine.crossbars_per_tile);
    }
    fewer += packed.tiles_used < place(each.network, each.machine).tiles_used ? 1 : 0;
  }
  CHECK(fewer > 0);
}

TEST_CASE("a shard has as many copies as its layer's variant") {
  for (std::uint64_t number = 0; number < cases; ++number) {
    CAPTURE(number);
    const Case each = random_case(number);
    for (const Shard& shard : place(each.network, each.machine).shards) {
      CHECK(shard.copies == each.network.layers[static_cast<std::size_t>(shard.layer)].variant);
      CHECK(shard.units() == shard.copies * shard.row_blocks * shard.column_blocks);
    }
  }
}

TEST_CASE("no two shards of a layer share a tile, so that one order of waits suits all tiles") {
  for (std::uint64_t number = 0; number < cases; ++number) {
    CAPTURE(number);
    const Case each = random_case(number);
    for (int tiles = 1; tiles < 40; ++tiles) {
      try {
        std::set<std::pair<int, int>> seen;
        for (const Shard& shard : place(each.network, {tiles, each.machine.crossbars_per_tile}).shards) {
          CHECK(seen.emplace(shard.tile, shard.layer).second);
        }
        break;
      } catch (const Error&) {
        // Too few tiles; one more.
      }
    }
  }
}

TEST_CASE("what a shard is sent covers exactly what it reads") {
  for (std::uint64_t number = 0; number < cases; ++number) {
    CAPTURE(number);
    const Case each = random_case(number);
    const Placement placement = place(each.network, each.machine);
    int heads = 0;
    for (int index = 0; index < static_cast<int>(placement.shards.size()); ++index) {
      const Shard& own = placement.shards[static_cast<std::size_t>(index)];
      const LoweredLayer& layer = each.network.layers[static_cast<std::size_t>(own.layer)];
      int inputs = 0;
      for (const int sender : placement.input_senders(index)) {
        const Shard& from = placement.shards[static_cast<std::size_t>(sender)];
        CHECK(from.home());
        inputs += overlap(from.first_column, from.columns, own.first_row, own.rows).count;
      }
      CHECK(inputs == (own.layer == 0 ? 0 : own.rows));
      CHECK(static_cast<int>(placement.sum_senders(index).size()) ==
            (own.home() ? layer.row_shards() - 1 : 0));
      CHECK(static_cast<int>(placement.logits_senders(index).size()) ==
            (placement.is_head(index) ? layer.column_shards() - 1 : 0));
      heads += placement.is_head(index) ? 1 : 0;
      for (const int sender : placement.error_senders(index)) {
        const std::vector<int> forward = placement.input_senders(sender);
        CHECK(std::count(forward.begin(), forward.end(), index) == 1);
      }
    }
    CHECK(heads == 1);
  }
}
