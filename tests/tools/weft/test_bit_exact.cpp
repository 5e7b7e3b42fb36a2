// SPDX-License-Identifier: Apache-2.0
// The whole machine, firmware and compiled programs included, computes what the golden reference computes:
// the same weights, biases and figures, bit for bit, wherever the layers lie.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/random_setup.h"
#include "tests/tools/weft/training.h"

using namespace weft::tool;
using namespace weft::tool::test;

namespace {

// Returns what was compared, for further expectations.
Comparison require_bit_exact(const Setup& setup) {
  Comparison result = require_golden_bits(setup);
  CHECK(result.cells_saturated == 0);
  return result;
}

struct Split {
  int row_shards;
  int column_shards;
};

void require_split(const Comparison& result, const std::vector<Split>& expected) {
  REQUIRE(result.layers.size() == expected.size());
  for (std::size_t layer = 0; layer < expected.size(); ++layer) {
    CAPTURE(layer);
    CHECK(result.layers[layer].row_shards() == expected[layer].row_shards);
    CHECK(result.layers[layer].column_shards() == expected[layer].column_shards);
  }
}

}  // namespace

TEST_CASE("one layer in one array is bit-exact") {
  Setup setup;
  setup.array_rows = 64;
  setup.crossbars = 1;
  const Comparison result = require_bit_exact(setup);
  require_split(result, {{1, 1}});
  CHECK(result.placement.tiles_used == 1);
}

TEST_CASE("networks of one to three layers are bit-exact with every activation and loss") {
  Setup setup;
  setup.epochs = 2;
  const std::string hidden = GENERATE("relu", "sigmoid", "none");
  SECTION("one layer, squared error") {
    setup.loss = "mean_squared_error";
    setup.layers = {{10, hidden}};
  }
  SECTION("two layers, cross entropy") { setup.layers = {{20, hidden}, {10, "none"}}; }
  SECTION("two layers, squared error") {
    setup.loss = "mean_squared_error";
    setup.layers = {{20, "relu"}, {10, hidden}};
  }
  SECTION("three layers, cross entropy") { setup.layers = {{20, "sigmoid"}, {18, hidden}, {10, "none"}}; }
  SECTION("three layers, squared error") {
    setup.loss = "mean_squared_error";
    setup.layers = {{20, hidden}, {18, "relu"}, {12, "sigmoid"}};
  }
  require_bit_exact(setup);
}

TEST_CASE("batches with an incomplete last one are bit-exact") {
  Setup setup;
  setup.layers = {{24, "relu"}, {10, "none"}};
  setup.batch = GENERATE(1, 3, 8);
  setup.train = 29;
  setup.test = 11;
  require_bit_exact(setup);
}

TEST_CASE("layers cut into many row and column blocks are bit-exact") {
  Setup setup;
  setup.layers = {{40, "relu"}, {10, "none"}};
  setup.batch = GENERATE(1, 3);
  setup.crossbars = 24;
  SECTION("16 x 16") {}
  SECTION("8 x 32: many row blocks") {
    setup.array_rows = 8;
    setup.array_columns = 32;
  }
  SECTION("32 x 8: many column blocks") {
    setup.array_rows = 32;
    setup.array_columns = 8;
  }
  SECTION("7 x 9: nothing is a multiple of anything") {
    setup.array_rows = 7;
    setup.array_columns = 9;
  }
  const Comparison result = require_bit_exact(setup);
  CHECK(result.layers.front().row_blocks * result.layers.front().column_blocks >= 10);
}

TEST_CASE("a layer over several tiles by columns is bit-exact") {
  Setup setup;
  setup.layers = {{40, "relu"}, {10, "none"}};
  setup.crossbars = 4;
  setup.batch = GENERATE(1, 3);
  require_split(require_bit_exact(setup), {{1, 3}, {1, 1}});
}

TEST_CASE("a layer over several tiles by rows is bit-exact") {
  Setup setup;
  setup.layers = {{16, "relu"}, {10, "none"}};
  setup.crossbars = GENERATE(1, 3);
  setup.batch = GENERATE(1, 4);
  require_split(require_bit_exact(setup), {{setup.crossbars == 1 ? 4 : 2, 1}, {1, 1}});
}

TEST_CASE("every layer over several tiles by rows and by columns is bit-exact") {
  Setup setup;
  setup.layers = {{20, "sigmoid"}, {18, "relu"}, {20, "none"}};
  setup.crossbars = 1;
  setup.tile_columns = 6;
  setup.batch = GENERATE(1, 3);
  setup.train = 12;
  setup.test = 5;
  setup.loss = GENERATE("cross_entropy", "mean_squared_error");
  require_split(require_bit_exact(setup), {{4, 2}, {2, 2}, {2, 2}});
}

TEST_CASE("a fast sender of a batch does not stand in for a slow one") {
  // Some partial sums have a longer way to their home than others.
  Setup setup;
  setup.layers = {{11, "none"}};
  setup.array_rows = 7;
  setup.array_columns = 4;
  setup.crossbars = 1;
  setup.tile_columns = 30;
  setup.tile_rows = 1;
  setup.batch = 3;
  setup.train = 12;
  setup.more = {"platform.noc.hop_cycles=64"};
  require_split(require_bit_exact(setup), {{10, 3}});
}

TEST_CASE("a tile that starts late keeps the credits that early ones have given") {
  Setup setup;
  setup.layers = {{60, "none"}};
  setup.array_rows = 8;
  setup.array_columns = 11;
  setup.crossbars = 1;
  setup.tile_columns = 8;
  setup.tile_rows = 6;
  setup.train = 6;
  setup.test = 2;
  setup.more = {"technology.crossbar.write_time=1 ps", "platform.tile.sync_counters=64"};
  const Comparison result = require_bit_exact(setup);
  CHECK(result.placement.tiles_used == 48);
}

TEST_CASE("a sigmoid output layer over several tiles is bit-exact") {
  Setup setup;
  setup.layers = {{300, "sigmoid"}};
  setup.loss = "mean_squared_error";
  setup.array_rows = 64;
  setup.array_columns = 30;
  setup.crossbars = 1;
  require_split(require_bit_exact(setup), {{1, 10}});
}

TEST_CASE("several layers in one tile are bit-exact") {
  Setup setup;
  setup.layers = {{12, "relu"}, {14, "sigmoid"}, {10, "none"}};
  setup.batch = GENERATE(1, 4);
  setup.tile_columns = 1;
  setup.tile_rows = 1;
  const Comparison result = require_bit_exact(setup);
  CHECK(result.placement.tiles_used == 1);
  CHECK(result.placement.of_tile(0).size() == 3);
}

TEST_CASE("a tile may hold the end of one layer and the start of the next") {
  Setup setup;
  setup.layers = {{40, "relu"}, {20, "relu"}, {10, "none"}};
  setup.crossbars = 8;
  setup.tile_columns = 3;
  setup.tile_rows = 1;
  setup.batch = GENERATE(1, 3);
  const Comparison result = require_bit_exact(setup);
  require_split(result, {{1, 2}, {1, 1}, {1, 1}});
  CHECK(result.placement.tiles_used < 4);
}

TEST_CASE("resolving carries seldom is bit-exact with converters that can hold them") {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  setup.carry_period = GENERATE(1, 3);
  setup.batch = GENERATE(1, 4);
  setup.train = 31;
  setup.more = {"platform.crossbar.adc_bits=20", "platform.crossbar.cell_bits=8"};
  require_bit_exact(setup);
}

TEST_CASE("every variant and kind of deposit is bit-exact") {
  Setup setup;
  setup.layers = {{20, "relu"}, {18, "sigmoid"}, {10, "none"}};
  setup.array_rows = 32;
  setup.batch = GENERATE(1, 4);
  setup.train = 18;
  setup.epochs = 2;
  const std::string variant = GENERATE("1", "2", "3");
  const std::string deposits = GENERATE("example", "batch");
  setup.more = {"training.variant=" + variant, "training.deposits=" + deposits,
                "platform.tile.check_hazards=true"};
  const Comparison result = require_bit_exact(setup);
  for (const weft::compiler::Shard& shard : result.placement.shards) {
    CHECK(shard.copies == std::stoi(variant));
  }
}

TEST_CASE("layers of different variants train together bit for bit") {
  Setup setup;
  setup.layers = {{20, "relu"}, {18, "relu"}, {10, "none"}};
  setup.batch = GENERATE(1, 5);
  setup.crossbars = 12;
  setup.tile_columns = GENERATE(1, 4);
  setup.more = {"training.variant=2", "workload.layers[0].variant=1", "workload.layers[1].variant=3",
                "platform.crossbar.rows=64", "platform.crossbar.columns=32"};
  const Comparison result = require_bit_exact(setup);
  std::vector<int> variants;
  for (const weft::compiler::LoweredLayer& layer : result.layers) variants.push_back(layer.variant);
  CHECK(variants == std::vector<int>{1, 3, 2});
}

TEST_CASE("variants of layers over several tiles by rows and by columns are bit-exact") {
  Setup setup;
  setup.layers = {{20, "sigmoid"}, {18, "relu"}, {20, "none"}};
  setup.crossbars = 3;
  setup.tile_columns = 6;
  setup.batch = GENERATE(1, 3);
  setup.train = 12;
  setup.test = 5;
  setup.loss = GENERATE("cross_entropy", "mean_squared_error");
  setup.more = {GENERATE("training.variant=2", "training.variant=3"),
                GENERATE("training.deposits=example", "training.deposits=batch")};
  require_split(require_bit_exact(setup), {{4, 2}, {2, 2}, {2, 2}});
}

TEST_CASE("carries resolved after samples or after batches are bit-exact with every variant") {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  setup.carry_period = GENERATE(1, 3);
  setup.batch = 4;
  setup.train = 31;
  setup.rate = 0.5;
  setup.more = {"platform.crossbar.adc_bits=20", "platform.crossbar.cell_bits=8",
                GENERATE("training.carry_unit=example", "training.carry_unit=batch"),
                GENERATE("training.deposits=example", "training.deposits=batch"),
                GENERATE("training.variant=1", "training.variant=2", "training.variant=3")};
  require_bit_exact(setup);
}

TEST_CASE("carries are resolved early where a slice loses updates") {
  Setup setup;
  setup.rate = 0.5;
  setup.batch = 3;
  setup.carry_period = 1000000;
  const int variant = GENERATE(1, 2, 3);
  setup.more = {"training.variant=" + std::to_string(variant),
                GENERATE("training.deposits=example", "training.deposits=batch"),
                "platform.crossbar.cell_bits=3", "platform.crossbar.adc_bits=20"};
  constexpr std::uint64_t arrays = 4;
  // At the end of training, except in the third copy.
  const std::uint64_t final_resolutions = variant == 3 ? 0 : variant * arrays;
  SECTION("with a limit") {
    setup.more.insert(setup.more.end(), {"training.carry_limit=1", "training.carry_slice=1"});
    const Comparison result = compare_with_golden(setup);
    REQUIRE(result.outcome.ending == Ending::finished);
    CHECK(result.cells_saturated > 0);
    CHECK(result.carries_early > 0);
    CHECK(result.carries_resolved == final_resolutions + result.carries_early);
  }
  SECTION("with a limit that is never reached") {
    setup.more.emplace_back("training.carry_limit=1000000000");
    const Comparison result = compare_with_golden(setup);
    REQUIRE(result.outcome.ending == Ending::finished);
    CHECK(result.cells_saturated > 0);
    CHECK(result.carries_resolved == final_resolutions);
    CHECK(result.carries_early == 0);
  }
}

TEST_CASE("sliced and integer arithmetic are bit-exact") {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  SECTION("sliced") {
    setup.arithmetic = "sliced";
    const Comparison result = require_bit_exact(setup);
    CHECK(result.exact_operations == 0);
    CHECK(result.sliced_operations > 0);
  }
  SECTION("automatic") {
    const Comparison result = require_bit_exact(setup);
    CHECK(result.exact_operations > 0);
    CHECK(result.sliced_operations == 0);
  }
}

TEST_CASE("other seeds, rates and orders are bit-exact") {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  setup.seed = GENERATE(0u, 2u, 77u);
  setup.rate = GENERATE(0.001, 1.0);
  setup.more = {GENERATE("training.shuffle=true", "training.shuffle=false")};
  require_bit_exact(setup);
}

TEST_CASE("outputs at the limit of their bits are bit-exact") {
  // The target is subtracted from outputs that have saturated far below it.
  Setup setup;
  setup.layers = {{28, "none"}, {13, "none"}};
  setup.loss = "mean_squared_error";
  setup.rate = 0.93;
  setup.batch = 4;
  setup.epochs = 3;
  setup.more = {"workload.number_format.activation_bits=15", "workload.number_format.error_bits=13",
                "platform.crossbar.cell_bits=8", "platform.crossbar.adc_bits=20"};
  require_bit_exact(setup);
}

TEST_CASE("networks on chip of every fidelity and topology are bit-exact and take their own times") {
  Setup setup;
  setup.layers = {{24, "relu"}, {10, "none"}};
  setup.crossbars = 2;
  std::set<double> times;
  for (const char* noc :
       {"{fidelity: ideal}", "{fidelity: lt}", "{fidelity: flit}", "{fidelity: flit, topology: torus}",
        "{fidelity: flit, topology: ring}", "{fidelity: flit, topology: cmesh, routing: west_first}",
        "{fidelity: flit, topology: crossbar}", "{fidelity: flit, buffer_flits: 1}",
        "{fidelity: flit, control_priority: true}", "{fidelity: flit, hop_cycles: 3}",
        "{fidelity: lt, topology: ring}"}) {
    weft::test::fresh_kernel();
    setup.more = {std::string("platform.noc=") + noc};
    times.insert(require_bit_exact(setup).outcome.simulated_s);
  }
  CHECK(times.size() == 11);
}

TEST_CASE("16 x 16 tiles that broadcast over a network of flits are bit-exact and do not lock up") {
  Setup setup;
  setup.tile_columns = 16;
  setup.tile_rows = 16;
  setup.crossbars = 1;
  setup.layers = {{96, "relu"}, {64, "relu"}, {10, "none"}};
  setup.train = 4;
  setup.test = 2;
  setup.more = {"platform.noc.fidelity=flit"};
  const Comparison result = require_bit_exact(setup);
  CHECK(result.placement.tiles_used > 50);
}

TEST_CASE("training without evaluation is bit-exact") {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  setup.epochs = 2;
  setup.more = {"training.evaluate=false"};
  require_bit_exact(setup);
}

TEMPLATE_TEST_CASE_SIG("networks and machines drawn at random are bit-exact", "", ((int group), group), 0, 1,
                       2, 3, 4, 5) {
  constexpr int group_size = 8;
  for (int number = group_size * group; number < group_size * (group + 1); ++number) {
    DYNAMIC_SECTION("number " << number) {
      require_bit_exact(random_setup(static_cast<std::uint64_t>(number)));
    }
  }
}
