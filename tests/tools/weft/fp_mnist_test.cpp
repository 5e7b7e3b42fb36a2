// SPDX-License-Identifier: Apache-2.0
// Floating-point training in memory on real images.
#include <catch2/catch.hpp>
#include <cmath>

#include "platform/loader/elf_file.h"
#include "tests/tools/weft/mnist_scenario.h"
#include "tools/weft/files.h"
#include "tools/weft/references.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

using namespace weft;

TEST_CASE("single precision in SOT-MRAM learns MNIST bit for bit as the reference in its order of sums") {
  if (!std::filesystem::exists(test::mnist())) WEFT_SKIP("no MNIST files beside the project");
  const config::Scenario own = test::mnist_scenario("mram_mlp.yaml");
  const tool::Workload workload = tool::prepare(own);
  tool::SimulationOptions options;
  options.firmware = loader::read_file(tool::default_firmware());
  tool::Simulation simulation(own, &workload.program, options);
  const tool::Outcome outcome = simulation.run();
  REQUIRE(outcome.ending == tool::Ending::finished);
  CHECK(tool::first_difference(simulation.trained_weights(), tool::run_golden(workload, own).weights) == "");

  const tool::FloatRun float32 = tool::run_float(workload, own);
  REQUIRE(outcome.records.size() == float32.epochs.size());
  const double accuracy =
      static_cast<double>(outcome.records.back().test_correct) / outcome.records.back().test_samples;
  CHECK(accuracy > 0.94);
  CHECK(std::abs(accuracy - float32.epochs.back().test.accuracy) <= 0.002);
}
