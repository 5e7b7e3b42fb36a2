// SPDX-License-Identifier: Apache-2.0
// Training with activations, errors and updates in ReRAM behind write filters: a write that is held back
// leaves the old value, and the golden reference, which does the same by code of its own, must end with the
// same bits.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/training.h"
#include "tools/weft/references.h"

using namespace weft::tool;
using namespace weft::tool::test;
using weft::test::fresh_kernel;

namespace {

const std::string filters = "platform.tile.write_filters.";
const char* const classes[] = {"activation_buffer", "error_buffer", "gradient_buffer"};

Setup stored(const std::vector<std::string>& layers_of_filters) {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  setup.batch = 3;
  setup.train = 20;
  setup.test = 7;
  setup.epochs = 2;
  setup.more = {"platform.tile.reram_buffer.size=64KiB"};
  setup.more.insert(setup.more.end(), layers_of_filters.begin(), layers_of_filters.end());
  return setup;
}

// The same rules for all three classes.
std::vector<std::string> everywhere(const std::vector<std::string>& rules) {
  std::vector<std::string> all;
  for (const char* each : classes) {
    for (const std::string& rule : rules) all.push_back(filters + each + "." + rule);
  }
  return all;
}

}  // namespace

TEST_CASE("buffers in ReRAM without filters train to the same bits as SRAM") {
  const Setup in_reram = stored({});
  const Comparison reram = require_golden_bits(in_reram);
  Setup in_sram = in_reram;
  in_sram.more.clear();
  fresh_kernel();
  const Comparison sram = require_golden_bits(in_sram);
  CHECK(first_difference(reram.trained, sram.trained) == "");
  CHECK(reram.written == reram.offered);
  CHECK(reram.outcome.simulated_s > sram.outcome.simulated_s);
}

TEST_CASE("every policy of buffers is bit-exact") {
  const std::vector<std::string> rules = GENERATE(
      std::vector<std::string>{"policy=compare"}, std::vector<std::string>{"policy=drop", "threshold=5"},
      std::vector<std::string>{"policy=drop", "threshold_mode=rms", "threshold=0.5"},
      std::vector<std::string>{"policy=drop", "threshold_mode=maximum", "threshold=0.1"},
      std::vector<std::string>{"policy=top_k", "density=0.4"},
      std::vector<std::string>{"policy=drop", "threshold=200", "granularity=row"},
      std::vector<std::string>{"policy=percentile", "density=0.5"},
      std::vector<std::string>{"policy=percentile", "density=0.5", "tracking=laplace"},
      std::vector<std::string>{"policy=percentile", "density=0.5", "tracking=gaussian"},
      std::vector<std::string>{"policy=stochastic", "threshold=40", "seed=7"},
      std::vector<std::string>{"policy=row_max", "threshold=200"},
      std::vector<std::string>{"policy=wear_adaptive", "threshold=6", "granularity=cell"});
  const Comparison result = require_golden_bits(stored(everywhere(rules)));
  for (std::size_t i = 0; i < result.offered.size(); ++i) {
    CAPTURE(i);
    CHECK(result.written[i] > 0);
    CHECK(result.written[i] < result.offered[i]);
  }
}

TEST_CASE("dropping changes what is learnt, and each class by itself") {
  const Comparison plain = require_golden_bits(stored({}));
  for (const char* each : classes) {
    CAPTURE(each);
    fresh_kernel();
    const Comparison dropped =
        require_golden_bits(stored({filters + each + ".policy=drop", filters + each + ".threshold=60"}));
    CHECK(first_difference(dropped.trained, plain.trained) != "");
  }
}

TEST_CASE("stored buffers are bit-exact wherever layers are cut, with every activation, loss and variant") {
  Setup setup = stored(everywhere({"policy=drop", "threshold=30"}));
  setup.layers = {{20, "sigmoid"}, {18, "relu"}, {20, "none"}};
  setup.train = 11;
  setup.test = 5;
  setup.epochs = 1;
  setup.loss = GENERATE("cross_entropy", "mean_squared_error");
  SECTION("a tile an array") {
    setup.crossbars = 1;
    setup.tile_columns = 6;
  }
  SECTION("all in one tile") {
    setup.array_rows = 32;
    setup.tile_columns = 1;
    setup.tile_rows = 1;
  }
  SECTION("copies of the weights, passes that overlap") {
    setup.array_rows = 32;
    setup.more.push_back(GENERATE("training.variant=2", "training.variant=3"));
    setup.more.push_back(GENERATE("training.deposits=example", "training.deposits=batch"));
  }
  require_golden_bits(setup);
}

TEST_CASE("policies that look at a row are bit-exact where rows of several tiles meet") {
  Setup setup = stored(everywhere({GENERATE("policy=stochastic", "policy=percentile"), "threshold=30"}));
  setup.layers = {{40, "sigmoid"}, {24, "relu"}, {10, "none"}};
  setup.crossbars = 3;
  setup.tile_columns = 6;
  setup.train = 11;
  setup.epochs = 1;
  SECTION("rows of 16 bytes") { setup.more.emplace_back("platform.tile.reram_buffer.row_cells=32"); }
  SECTION("rows of 64 bytes are refused") {
    CHECK_THROWS_WITH(compare_with_golden(setup),
                      Catch::Contains("activations from two tiles meet in a row of 64 bytes"));
    return;
  }
  require_golden_bits(setup);
}

TEST_CASE("neither quantum nor speed switches nor threads change what buffers in ReRAM hold") {
  const Setup base = stored(everywhere({"policy=stochastic", "threshold=40"}));
  const Comparison first = require_golden_bits(base);
  for (const char* change :
       {"platform.quantum=1 ns", "platform.quantum=1 ms", "run.speed.direct_memory=false",
        "run.speed.block_cache=false", "run.speed.jit=off", "run.threads=2"}) {
    CAPTURE(change);
    Setup other = base;
    other.more.emplace_back(change);
    if (std::string(change) == "run.speed.block_cache=false") other.more.emplace_back("run.speed.jit=off");
    fresh_kernel();
    const Comparison result = require_golden_bits(other);
    CHECK(first_difference(result.trained, first.trained) == "");
    CHECK(result.written == first.written);
    CHECK(result.outcome.simulated_s == first.outcome.simulated_s);
  }
}

TEST_CASE("cells of buffers that wear out are stuck, and training goes on to its end") {
  Setup setup = stored({"platform.tile.reram_buffer.endurance.count_wear=true",
                        "platform.tile.reram_buffer.endurance.median=30"});
  const Comparison result = compare_with_golden(setup);
  CHECK(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.faults.empty());
  CHECK(result.weights != "");
}
