// SPDX-License-Identifier: Apache-2.0
// Networks on floating-point PIM units: the machine gives the bits of the reference that executes the same
// order of operations, in every format, mapping and optimizer.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/training.h"
#include "tools/weft/references.h"
#include "tools/weft/workload.h"

using namespace weft::tool;
using namespace weft::tool::test;

namespace {

Setup fp_setup(const std::vector<std::string>& more = {}) {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  setup.crossbars = 1;
  setup.tile_columns = setup.tile_rows = 1;
  setup.more = {"workload.mapping=fp_pim", "platform.tile.hart.isa=rv32imafc", "platform.tile.fp_pim_units=4",
                "platform.fp_pim.rows=80", "platform.fp_pim.columns=128"};
  setup.more.insert(setup.more.end(), more.begin(), more.end());
  return setup;
}

}  // namespace

TEST_CASE("training on floating-point PIM is bit-exact in every format") {
  const std::string format = GENERATE("fp32", "fp16", "bf16");
  require_same_bits(fp_setup({"platform.fp_pim.format=" + format}));
}

TEST_CASE("floating-point training is bit-exact however layers are cut and lanes are packed") {
  const std::string format = GENERATE("fp32", "bf16");
  Setup setup = fp_setup({"platform.fp_pim.format=" + format});
  SECTION("one unit a layer, no packing") {
    setup.more.insert(setup.more.end(), {"platform.fp_pim.columns=20", "platform.tile.fp_pim_units=2"});
  }
  SECTION("blocks of unequal width") {
    setup.more.insert(setup.more.end(), {"platform.fp_pim.columns=24", "platform.tile.fp_pim_units=8"});
  }
  SECTION("rows that only fit side by side") {
    setup.more.insert(setup.more.end(), {"platform.fp_pim.rows=7", "platform.fp_pim.columns=256"});
  }
  SECTION("a staging area of a few rows") { setup.more.emplace_back("platform.tile.buffer_size=20KiB"); }
  require_same_bits(setup);
}

TEST_CASE("floating-point training is bit-exact with every activation and loss") {
  Setup setup = fp_setup();
  setup.rate = 0.2;
  const std::string hidden = GENERATE("relu", "sigmoid", "none");
  SECTION("cross entropy") { setup.layers = {{14, hidden}, {10, "none"}}; }
  SECTION("squared error") {
    setup.loss = "mean_squared_error";
    setup.layers = {{14, "sigmoid"}, {12, hidden}};
  }
  require_same_bits(setup);
}

TEST_CASE("floating-point batches with an incomplete last one are bit-exact with every optimizer") {
  const std::string optimizer = GENERATE("sgd", "momentum", "adam");
  const std::string format = GENERATE("fp32", "bf16");
  Setup setup = fp_setup({"training.optimizer=" + optimizer, "platform.fp_pim.format=" + format,
                          "platform.tile.fp_pim_units=8"});
  setup.batch = GENERATE(1, 4);
  setup.rate = optimizer == "adam" ? 0.005 : 0.05;
  require_same_bits(setup);
}

// The reference knows nothing of either.
TEST_CASE("technology, quantum and a checker of hazards change neither weights nor losses") {
  Setup setup = fp_setup({"platform.tile.check_hazards=true"});
  SECTION("SOT-MRAM") {
    setup.more.insert(setup.more.end(),
                      {"technology.fp_pim.logic=sot", "technology.fp_pim.multiply_policy=predicated"});
  }
  SECTION("a short quantum") { setup.more.emplace_back("platform.quantum=100 ns"); }
  SECTION("a long quantum, no shortcuts") {
    setup.more.insert(setup.more.end(), {"platform.quantum=1 ms", "run.speed.jit=off",
                                         "run.speed.block_cache=false", "run.speed.direct_memory=false"});
  }
  require_same_bits(setup);
}

namespace {

// Three layers on 2 x 2 tiles, one each.
Setup spread_setup(const std::vector<std::string>& more = {}) {
  Setup setup = fp_setup({"workload.placement=spread"});
  setup.layers = {{20, "relu"}, {14, "sigmoid"}, {10, "none"}};
  setup.tile_columns = setup.tile_rows = 2;
  setup.more.insert(setup.more.end(), more.begin(), more.end());
  return setup;
}

std::vector<int> tiles_of(const Comparison& result) {
  std::vector<int> tiles;
  for (const auto& shard : result.placement.shards) tiles.push_back(shard.tile);
  return tiles;
}

}  // namespace

TEST_CASE("layers in tiles of their own train to the bits of the reference") {
  const std::string optimizer = GENERATE("sgd", "momentum", "adam");
  const std::string format = GENERATE("fp32", "fp16", "bf16");
  Setup setup = spread_setup({"training.optimizer=" + optimizer, "platform.fp_pim.format=" + format});
  setup.batch = GENERATE(1, 16);
  setup.rate = optimizer == "adam" ? 0.005 : 0.05;
  const Comparison result = require_same_bits(setup);
  CHECK(tiles_of(result) == std::vector<int>{0, 1, 2});
  CHECK(result.cells_changed > 0);
}

TEST_CASE("a network too large for one tile trains on several") {
  Setup setup = fp_setup({"platform.tile.fp_pim_units=2", "training.optimizer=momentum"});
  setup.layers = {{20, "relu"}, {14, "relu"}, {12, "sigmoid"}, {10, "none"}};
  setup.tile_columns = 5;
  setup.batch = 4;
  CHECK(tiles_of(require_same_bits(setup)) == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("a tile with several layers passes on what the next one needs") {
  Setup setup = spread_setup();
  setup.tile_rows = 1;
  setup.layers = {{20, "relu"}, {14, "sigmoid"}, {12, "none"}, {18, "relu"}, {10, "none"}};
  setup.batch = GENERATE(1, 7);
  SECTION("cross entropy") {}
  SECTION("squared error") {
    setup.loss = "mean_squared_error";
    setup.layers.back().activation = "sigmoid";
  }
  const std::vector<int> tiles = tiles_of(require_same_bits(setup));
  CHECK(tiles.front() == 0);
  CHECK(tiles.back() == 1);
}

TEST_CASE("where layers are does not change what they learn") {
  Setup setup = spread_setup();
  setup.batch = 4;
  // A unit for each layer, wherever it is, so that all sums have the same order.
  setup.more.emplace_back("platform.tile.fp_pim_units=1");
  const Comparison apart = require_same_bits(setup);
  setup.more.insert(setup.more.end(), {"platform.tile.fp_pim_units=3", "workload.placement=packed"});
  weft::test::fresh_kernel();
  const Comparison together = require_same_bits(setup);
  CHECK(tiles_of(together) == std::vector<int>{0, 0, 0});
  CHECK(first_difference(apart.trained, together.trained) == "");
}

TEST_CASE("quantum, speed switches and a checker of hazards change nothing of layers in several tiles") {
  Setup setup = spread_setup({"platform.tile.check_hazards=true"});
  setup.batch = GENERATE(1, 8);
  const double simulated_s = require_same_bits(setup).outcome.simulated_s;
  SECTION("a short quantum") { setup.more.emplace_back("platform.quantum=100 ns"); }
  SECTION("a long quantum, no shortcuts") {
    setup.more.insert(setup.more.end(), {"platform.quantum=1 ms", "run.speed.jit=off",
                                         "run.speed.block_cache=false", "run.speed.direct_memory=false"});
  }
  weft::test::fresh_kernel();
  CHECK(require_same_bits(setup).outcome.simulated_s == simulated_s);
}

TEST_CASE("tiles work on different samples at once, unless samples go forward and backward one by one") {
  Setup setup = spread_setup();
  setup.layers = {{64, "relu"}, {64, "relu"}, {64, "none"}};
  setup.batch = 16;
  setup.train = 32;
  setup.more.emplace_back("training.evaluate=false");
  const double overlapping = require_same_bits(setup).outcome.simulated_s;
  setup.more.emplace_back("training.schedule=sequential");
  weft::test::fresh_kernel();
  const double one_by_one = require_same_bits(setup).outcome.simulated_s;
  CHECK(one_by_one > 1.3 * overlapping);
}

TEST_CASE("single precision trains as the plain loop does, apart from the order of its sums") {
  Setup setup = fp_setup();
  setup.train = 200;
  setup.epochs = 3;
  const Workload workload = prepare(make_scenario(setup));
  const GoldenRun golden = run_golden(workload, make_scenario(setup));
  const FloatRun plain = run_float(workload, make_scenario(setup));
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    CHECK(golden.epochs[epoch].train.mean_loss() == Approx(plain.epochs[epoch].train.loss).epsilon(1e-4));
    CHECK(golden.epochs[epoch].test.accuracy() == Approx(plain.epochs[epoch].test.accuracy));
  }
}
