// SPDX-License-Identifier: Apache-2.0
// References that somebody does not want to wait for.
#include "tools/weft/references.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/tools/weft/training.h"

using namespace weft;
using namespace weft::tool;

TEST_CASE("references are whole, or missing and marked as stopped") {
  const config::Scenario scenario = test::make_scenario({});
  const Workload workload = prepare(scenario);
  std::atomic<bool> stop{false};
  const References whole = run_references(workload, scenario, stop);
  CHECK_FALSE(whole.stopped);
  REQUIRE(whole.float32);
  REQUIRE(whole.golden);
  CHECK(whole.golden->epochs.size() == 1);
  stop = true;
  const References stopped = run_references(workload, scenario, stop);
  CHECK(stopped.stopped);
  CHECK_FALSE(stopped.float32);
  CHECK_FALSE(stopped.golden);
}

TEST_CASE("every reference can be stopped") {
  test::Setup setup;
  SECTION("of crossbars") {}
  SECTION("of floating-point PIM units") {
    setup.crossbars = setup.tile_columns = setup.tile_rows = 1;
    setup.more = {"workload.mapping=fp_pim", "platform.tile.hart.isa=rv32imafc",
                  "platform.tile.fp_pim_units=4", "platform.fp_pim.rows=80", "platform.fp_pim.columns=128"};
  }
  const config::Scenario scenario = test::make_scenario(setup);
  const Workload workload = prepare(scenario);
  const std::atomic<bool> stop{true};
  const reference::StopRequest request(stop);
  CHECK_THROWS_AS(run_golden(workload, scenario, request), reference::Stopped);
  CHECK_THROWS_AS(run_float(workload, scenario, request), reference::Stopped);
}
