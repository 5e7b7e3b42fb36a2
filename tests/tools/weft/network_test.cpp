// SPDX-License-Identifier: Apache-2.0
// Compiled programs on networks that take posted writes and multicasts, and on many tiles: the same bits as
// the golden reference, in less time.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/training.h"

using namespace weft::tool;
using namespace weft::tool::test;

namespace {

// What the network offers.
const std::vector<std::string> acknowledged = {};
const std::vector<std::string> posted = {"platform.noc.posted_writes=4"};
const std::vector<std::string> multicast = {"platform.noc.posted_writes=4", "platform.noc.multicast=true"};

// The second layer lies on several tiles by rows and by columns.
Setup spread(const std::string& fidelity) {
  Setup setup;
  setup.layers = {{48, "relu"}, {40, "relu"}, {10, "none"}};
  setup.train = 6;
  setup.test = 3;
  setup.array_rows = 32;
  setup.array_columns = 8;
  setup.crossbars = 2;
  setup.more = {"platform.noc.fidelity=" + fidelity};
  return setup;
}

Comparison require_bit_exact(Setup setup, const std::vector<std::string>& offered) {
  weft::test::fresh_kernel();
  setup.more.insert(setup.more.end(), offered.begin(), offered.end());
  return require_golden_bits(setup);
}

}  // namespace

TEST_CASE("posted writes and multicasts change the time of a training run and none of its bits") {
  const Setup setup = spread(GENERATE("ideal", "lt", "flit", "auto"));
  const double waits = require_bit_exact(setup, acknowledged).outcome.simulated_s;
  const double posts = require_bit_exact(setup, posted).outcome.simulated_s;
  const double casts = require_bit_exact(setup, multicast).outcome.simulated_s;
  CHECK(posts < waits);
  CHECK(casts < waits);
}

TEST_CASE("batches, overlapping passes and second-order training are bit-exact with multicasts") {
  Setup setup = spread("lt");
  setup.batch = 4;
  SECTION("batch") {}
  SECTION("overlapping passes") {
    setup.crossbars = 6;
    setup.more.emplace_back("training.variant=3");
  }
  SECTION("torus") { setup.more.emplace_back("platform.noc.topology=torus"); }
  SECTION("concentrated mesh") { setup.more.emplace_back("platform.noc.topology=cmesh"); }
  require_bit_exact(setup, multicast);
}

TEST_CASE("a program that broadcasts over 16 x 16 tiles ends with the right bits, in every fidelity") {
  const std::string fidelity = GENERATE("ideal", "lt", "flit", "auto");
  const bool casts = GENERATE(false, true);
  Setup setup;
  setup.tile_columns = setup.tile_rows = 16;
  // 64 tiles send to 16 columns of tiles each, 128 tiles in all.
  setup.layers = {{512, "relu"}, {128, "relu"}, {10, "none"}};
  setup.array_rows = 64;
  setup.array_columns = 8;
  setup.crossbars = 1;
  setup.train = 1;
  setup.test = 1;
  setup.more = {"platform.noc.fidelity=" + fidelity, "training.evaluate=false"};
  const Comparison result = require_bit_exact(setup, casts ? multicast : acknowledged);
  CHECK(result.placement.tiles_used == 64 + 8 * 16 + 2 * 2);
}
