// SPDX-License-Identifier: Apache-2.0
// The scenario on real images: the accuracy and the bits that the project promises.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "platform/loader/elf_file.h"
#include "tests/support/skip.h"
#include "tests/tools/weft/mnist_scenario.h"
#include "tools/weft/files.h"
#include "tools/weft/references.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

namespace fs = std::filesystem;
using namespace weft;

TEST_CASE("a perceptron learns MNIST to 92 % bit for bit and within half a point of float32") {
  if (!fs::exists(test::mnist())) WEFT_SKIP("no MNIST files beside the project");
  const config::Scenario scenario = test::mnist_scenario("mnist_mlp.yaml");
  const tool::Workload workload = tool::prepare(scenario);
  tool::SimulationOptions simulation_options;
  simulation_options.firmware = loader::read_file(fs::path(WEFT_BINARY_DIR) / "firmware/weft-host.elf");
  tool::Simulation simulation(scenario, &workload.program, simulation_options);
  const tool::Outcome outcome = simulation.run();
  REQUIRE(outcome.ending == tool::Ending::finished);

  const tool::GoldenRun golden = tool::run_golden(workload, scenario);
  const tool::FloatRun float32 = tool::run_float(workload, scenario);
  CHECK(tool::first_difference(simulation.trained_weights(), golden.weights) == "");
  REQUIRE(outcome.records.size() == 5);
  const weft_epoch_record& last = outcome.records.back();
  CHECK(last.test_samples == 2000);
  const double accuracy = static_cast<double>(last.test_correct) / last.test_samples;
  CHECK(last.test_correct == golden.epochs.back().test.correct);
  CHECK(accuracy >= 0.92);
  CHECK(std::abs(accuracy - float32.epochs.back().test.accuracy) <= 0.005);
}
