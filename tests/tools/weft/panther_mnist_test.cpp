// SPDX-License-Identifier: Apache-2.0
// The scenarios of PANTHER's three variants on real images, cut to a few seconds: the published arrays and
// converters train as well as float32.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "platform/loader/elf_file.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/mnist_scenario.h"
#include "tools/weft/files.h"
#include "tools/weft/references.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

namespace fs = std::filesystem;
using namespace weft;

namespace {

struct Accuracies {
  double platform = 0;
  double float32 = 0;
};

Accuracies train(const std::string& name, int variant, const std::vector<std::string>& overrides = {}) {
  test::fresh_kernel();
  const config::Scenario scenario = test::mnist_scenario(name + ".yaml", overrides);
  CHECK(scenario.platform.crossbar.cell_bits == std::vector<int>{5, 5, 5, 6, 6, 4, 4, 4});
  CHECK(scenario.platform.crossbar.adc_bits == std::vector<int>{11, 11, 11, 12, 12, 10, 10, 10});
  const tool::Workload workload = tool::prepare(scenario);
  for (const compiler::LoweredLayer& layer : workload.program.network.layers) CHECK(layer.variant == variant);
  tool::SimulationOptions simulation_options;
  simulation_options.firmware = loader::read_file(tool::default_firmware());
  tool::Simulation simulation(scenario, &workload.program, simulation_options);
  const tool::Outcome outcome = simulation.run();
  REQUIRE(outcome.ending == tool::Ending::finished);
  const weft_epoch_record& last = outcome.records.back();
  REQUIRE(last.test_samples == 2000);
  const tool::FloatRun float32 = tool::run_float(workload, scenario);
  return {static_cast<double>(last.test_correct) / last.test_samples, float32.epochs.back().test.accuracy};
}

}  // namespace

TEST_CASE("each of PANTHER's variants learns MNIST within half a point of float32") {
  if (!fs::exists(test::mnist())) WEFT_SKIP("no MNIST files beside the project");
  struct Case {
    const char* scenario;
    int variant;
  };
  const Case each = GENERATE(Case{"panther_mlp_v1", 1}, Case{"panther_mlp_v2", 2}, Case{"panther_mlp", 3});
  const Accuracies reached = train(each.scenario, each.variant);
  CAPTURE(each.scenario);
  CHECK(reached.float32 > 0.95);
  CHECK(std::abs(reached.platform - reached.float32) <= 0.005);
}

// Two epochs instead of five: 8 bits for an update are enough where the inputs leave them.
TEST_CASE("weights of 16 bits learn MNIST where number formats leave room for updates") {
  if (!fs::exists(test::mnist())) WEFT_SKIP("no MNIST files beside the project");
  const Accuracies reached = train("panther_mlp_16bit", 1, {"training.epochs=2"});
  CHECK(reached.platform >= 0.93);
  CHECK(std::abs(reached.platform - reached.float32) <= 0.015);
}
