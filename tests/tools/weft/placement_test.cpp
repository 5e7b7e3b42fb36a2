// SPDX-License-Identifier: Apache-2.0
// Where layers are on crossbars changes nothing of what they learn.
#include <catch2/catch.hpp>

#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/training.h"

using namespace weft::tool;
using namespace weft::tool::test;

TEST_CASE("layers on crossbars learn the same packed into one tile as in tiles of their own") {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  setup.crossbars = 12;
  setup.batch = GENERATE(1, 4);
  const Comparison apart = require_golden_bits(setup);
  setup.more.emplace_back("workload.placement=packed");
  weft::test::fresh_kernel();
  const Comparison together = require_golden_bits(setup);
  CHECK(apart.placement.tiles_used == 2);
  CHECK(together.placement.tiles_used == 1);
}
