// SPDX-License-Identifier: Apache-2.0
// Second-order training on the whole machine computes what the golden reference computes, bit for bit, and
// goes on when inversion units fail.
#include <catch2/catch.hpp>
#include <optional>

#include "models/common/error.h"
#include "tests/tools/weft/training.h"
#include "tools/weft/workload.h"

using namespace weft::tool;
using namespace weft::tool::test;
using Catch::Matchers::Contains;

namespace {

Setup second_order(const std::vector<std::string>& more = {}) {
  Setup setup;
  setup.layers = {{12, "relu"}, {10, "none"}};
  setup.train = 40;
  setup.batch = 8;
  setup.rate = 0.05;
  setup.array_rows = setup.array_columns = 64;
  setup.crossbars = 3;
  setup.more = {"training.optimizer=kfac",           "training.kfac.factor_interval=1",
                "training.kfac.inverse_interval=2",  "platform.tile.inversion_units=8",
                "platform.tile.buffer_size=768 KiB", "platform.tile.check_hazards=true",
                "platform.tile.hart.isa=rv32imafc"};
  setup.more.insert(setup.more.end(), more.begin(), more.end());
  return setup;
}

Comparison require_bit_exact(const Setup& setup) {
  INFO(describe(setup));
  Comparison result = compare_with_golden(setup);
  INFO(result.outcome.detail);
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.faults.empty());
  CHECK(result.metrics == "");
  CHECK(result.weights == "");
  CHECK(result.cells_changed > 0);
  CHECK(result.cells_saturated == 0);
  CHECK(result.warnings.empty());
  const auto batches =
      static_cast<std::uint64_t>((setup.train + setup.batch - 1) / setup.batch * setup.epochs);
  CHECK(result.outcome.optimiser.updates == batches);
  CHECK(result.outcome.optimiser.solves == result.golden_kfac.solves);
  CHECK(result.outcome.optimiser.failures == result.golden_kfac.failures);
  CHECK(result.outcome.optimiser.retries == result.golden_kfac.retries);
  CHECK(result.outcome.optimiser.digital == result.golden_kfac.digital);
  CHECK(result.outcome.optimiser.clipped == result.golden_kfac.clipped);
  return result;
}

}  // namespace

TEST_CASE("a second-order update of two layers on two tiles is bit-exact") {
  const Comparison result = require_bit_exact(second_order());
  CHECK(result.placement.tiles_used == 2);
  // Two factors a layer, five updates; refreshed in the first, third and fifth.
  CHECK(result.outcome.optimiser.solves == 4 * 5);
  CHECK(result.outcome.optimiser.refreshes == 4 * 3);
  CHECK(result.outcome.optimiser.clipped > 0);
}

TEST_CASE("a second-order update of two layers on one tile is bit-exact") {
  Setup setup = second_order();
  setup.tile_columns = setup.tile_rows = 1;
  CHECK(require_bit_exact(setup).placement.tiles_used == 1);
}

TEST_CASE("second-order updates with an incomplete batch, weight decay and sparse refreshes are bit-exact") {
  Setup setup = second_order({"training.kfac.weight_decay=0.01", "training.kfac.factor_interval=2",
                              "training.kfac.inverse_interval=3", "training.kfac.statistics_decay=0.5"});
  setup.epochs = 2;
  setup.train = 29;
  const std::string activation = GENERATE("sigmoid", "none");
  setup.layers = {{12, activation}, {10, "none"}};
  require_bit_exact(setup);
}

TEST_CASE("second-order updates without momentum or clipping, with squared error, are bit-exact") {
  Setup setup =
      second_order({"training.kfac.momentum=0", "training.kfac.kl_clip=0", "training.kfac.damping=0.1"});
  setup.loss = "mean_squared_error";
  setup.layers = {{10, "sigmoid"}};
  setup.batch = GENERATE(1, 8);
  CHECK(require_bit_exact(setup).outcome.optimiser.clipped == 0);
}

TEST_CASE("factors cut into blocks over arrays and tiles are bit-exact") {
  Setup setup = second_order();
  setup.layers = {{40, "relu"}, {10, "none"}};
  setup.array_rows = setup.array_columns = 16;
  SECTION("row shards and column shards") { setup.crossbars = 3; }
  SECTION("column shards") { setup.crossbars = 5; }
  SECTION("blocks side by side in a tile") {
    setup.crossbars = 8;
    setup.more.emplace_back("training.kfac.weight_decay=0.001");
  }
  SECTION("nothing is a multiple of anything") {
    setup.array_rows = 13;
    setup.array_columns = 17;
    setup.crossbars = 4;
  }
  const Comparison result = require_bit_exact(setup);
  CHECK(result.layers.front().row_blocks * result.layers.front().column_blocks >= 12);
}

TEST_CASE("factors that the circuits form from the samples are bit-exact") {
  Setup setup = second_order();
  std::string mapping = "auto";
  SECTION("fused") { mapping = "fused"; }
  SECTION("as the compiler chooses") {}
  setup.more.push_back("training.kfac.mapping=" + mapping);
  const Comparison result = require_bit_exact(setup);
  // 2 · 8 samples are fewer cells than 64 rows, but more than 12 or 10.
  CHECK(result.layers[0].kfac->a.fused);
  CHECK(result.layers[0].kfac->g.fused == (mapping == "fused"));
  const std::string listing = weft::compiler::listing_text(prepare(make_scenario(setup)).program);
  CHECK_THAT(listing,
             Contains("samples and damping into the inversion unit: fused, 64 x 64: 4096 cells written a "
                      "refresh as a matrix, 1024 as twice 8 samples"));
}

TEST_CASE("a system whose inversion fails is tried again with more damping") {
  const Comparison result =
      require_bit_exact(second_order({"training.kfac.damping=1e-12", "training.kfac.mapping=direct"}));
  CHECK(result.outcome.optimiser.failures > 0);
  CHECK(result.outcome.optimiser.retries > 0);
}

TEST_CASE("the controller solves a system that no damping saves, until the next refresh") {
  const Comparison result =
      require_bit_exact(second_order({"training.kfac.damping=1e-12", "training.kfac.mapping=direct",
                                      "training.kfac.retries=0", "training.kfac.inverse_interval=5"}));
  CHECK(result.outcome.optimiser.retries == 0);
  CHECK(result.outcome.optimiser.failures > 0);
  // A failed system stays with the controller; there is one refresh only.
  CHECK(result.outcome.optimiser.digital > result.outcome.optimiser.failures);
}

TEST_CASE("circuits of 8 bits with four terms train almost as exact inversion does") {
  const Comparison result = compare_with_golden(second_order({"platform.inversion.mode=nested"}));
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.optimiser.failures == 0);
  CHECK(result.distance > 0);
  CHECK(result.distance < 0.01);
}

TEST_CASE("training goes on when circuits are unstable") {
  const Comparison result = compare_with_golden(second_order(
      {"platform.inversion.mode=nested", "platform.inversion.array_bits=3", "training.kfac.mapping=direct",
       "training.kfac.damping=1e-5", "training.kfac.retries=1"}));
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.faults.empty());
  CHECK(result.outcome.optimiser.failures > 0);
  CHECK(result.outcome.optimiser.retries > 0);
  CHECK(result.outcome.optimiser.digital > 0);
}

TEST_CASE("what circuits never solve to the wanted residual, the controller does in their place") {
  const std::string mapping = GENERATE("direct", "fused");
  const Comparison result = compare_with_golden(second_order(
      {"platform.inversion.mode=nested", "platform.inversion.residual_bits=48", "platform.inversion.limit=1",
       "training.kfac.mapping=" + mapping, "training.kfac.retries=0", "training.kfac.damping=0.1",
       "training.kfac.inverse_interval=1"}));
  CAPTURE(mapping, result.outcome.optimiser.solves, result.distance);
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.faults.empty());
  // A factor that fits the array's bits leaves the series nothing to do: the circuits do solve that one.
  const std::uint64_t fits = mapping == "fused" ? 5 : 0;
  CHECK(result.outcome.optimiser.solves == 4 * 5);
  CHECK(result.outcome.optimiser.failures == 4 * 5 - fits);
  CHECK(result.outcome.optimiser.digital == 4 * 5 - fits);
  // The circuit's damping has only the samples' 8 fraction bits where it is fused.
  CHECK(result.distance < (mapping == "fused" ? 0.05 : 0.001));
}

TEST_CASE("second-order training gives the same bits and takes the same time whatever the quantum") {
  // Every value of the generator is a run of its own, with a simulation kernel of its own.
  static std::optional<double> first;
  const std::string quantum = GENERATE("100 ns", "100 us");
  const Comparison result = require_bit_exact(second_order({"platform.quantum=" + quantum}));
  if (!first) first = result.outcome.simulated_s;
  CHECK(result.outcome.simulated_s == *first);
}

TEST_CASE("a machine that second-order training cannot use is refused with what it lacks") {
  const auto refused = [](const std::vector<std::string>& more, int crossbars, int rows, int columns) {
    Setup setup = second_order(more);
    setup.crossbars = crossbars;
    setup.array_rows = rows;
    setup.array_columns = columns;
    try {
      prepare(make_scenario(setup));
    } catch (const weft::Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refused({"platform.tile.hart.isa=rv32imac"}, 3, 64, 64), Contains("platform.tile.hart.isa"));
  CHECK_THAT(refused({"platform.tile.inversion_units=1"}, 3, 64, 64),
             Contains("platform.tile.inversion_units"));
  CHECK_THAT(refused({}, 1, 64, 64), Contains("platform.tile.crossbars"));
  CHECK_THAT(refused({"training.batch=65"}, 3, 64, 64), Contains("training.batch"));
  CHECK_THAT(refused({"platform.inversion.size=32"}, 3, 64, 64), Contains("platform.inversion.size"));
  CHECK_THAT(refused({}, 3, 64, 32), Contains("at least as many columns as rows"));
  CHECK_THAT(refused({"training.variant=2"}, 3, 64, 64), Contains("training.variant"));
  CHECK_THAT(refused({"platform.tiles.columns=1", "platform.tiles.rows=1", "platform.tile.inversion_units=3"},
                     3, 64, 64),
             Contains("tile 0 needs 4 inversion units"));
}
