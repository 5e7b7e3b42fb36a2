// SPDX-License-Identifier: Apache-2.0
// How long it takes until a large machine can run.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <systemc>

#include "tests/platform/assembly/preset_machine.h"

using namespace weft;

namespace {

// Of this process, whatever others do.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

TEST_CASE("an accelerator of 16 x 16 tiles is built and elaborated in less than 2 s of processor time") {
  const double before = processor_seconds();
  test::PresetMachine machine(
      {"platform.preset=mesh4x4", "platform.tiles.columns=16", "platform.tiles.rows=16"});
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  const double seconds = processor_seconds() - before;
  CHECK(machine.unit(255, 0).name() != nullptr);
  WARN(fmt::format("{:.2f} s of processor time", seconds));
  CHECK(seconds > 0.0);
  CHECK(seconds < 2.0);
}
