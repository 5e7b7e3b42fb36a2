// SPDX-License-Identifier: Apache-2.0
// Whole machines that compute on several threads: the same weights, figures, time and energy as on one. Also
// run under ThreadSanitizer (tools/test_sanitized --threads).
#include <catch2/catch.hpp>
#include <cstring>

#include "platform/loader/elf_file.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/training.h"
#include "tools/weft/files.h"
#include "tools/weft/references.h"
#include "tools/weft/workload.h"

using namespace weft;
using namespace weft::tool;
using namespace weft::tool::test;

namespace {

struct Trained {
  Outcome outcome;
  std::vector<compiler::LoweredWeights> weights;
  double energy_J = 0;
  std::uint64_t instructions = 0;
  std::uint64_t tasks = 0;  // handed over to the pool
};

Trained train(const Setup& setup, int threads) {
  weft::test::fresh_kernel();
  config::Scenario scenario = make_scenario(setup);
  scenario.run.threads = threads;
  const Workload workload = prepare(scenario);
  SimulationOptions options;
  options.firmware = loader::read_file(default_firmware());
  Simulation simulation(scenario, &workload.program, options);
  Trained result;
  result.outcome = simulation.run();
  result.weights = simulation.trained_weights();
  result.energy_J = simulation.context().energy.total().value();
  result.instructions = simulation.machine().instructions();
  const WorkerPool* workers = simulation.context().workers;
  result.tasks = workers != nullptr ? workers->tasks() : 0;
  return result;
}

void check_equal(const Trained& found, const Trained& expected) {
  CHECK(found.outcome.simulated_s == expected.outcome.simulated_s);
  CHECK(found.instructions == expected.instructions);
  CHECK(found.energy_J == expected.energy_J);
  CHECK(first_difference(found.weights, expected.weights) == "");
  REQUIRE(found.outcome.records.size() == expected.outcome.records.size());
  const std::size_t bytes = found.outcome.records.size() * sizeof(weft_epoch_record);
  CHECK(std::memcmp(found.outcome.records.data(), expected.outcome.records.data(), bytes) == 0);
}

// Layers over many arrays, passes that overlap, converters that lose bits and cells that saturate.
Setup many_arrays() {
  Setup setup;
  setup.layers = {{24, "relu"}, {10, "none"}};
  setup.batch = 4;
  setup.train = 16;
  setup.test = 6;
  setup.array_rows = 32;
  setup.array_columns = 32;
  setup.arithmetic = "sliced";
  setup.more = {"training.variant=3", "platform.crossbar.adc_bits=7", "platform.crossbar.cell_bits=4"};
  return setup;
}

}  // namespace

TEST_CASE("a machine computes the same with 1, 2 and 4 threads") {
  Setup setup = many_arrays();
  SECTION("sliced") {}
  SECTION("automatic arithmetic, which leaves and enters the exact path") { setup.arithmetic = "automatic"; }
  SECTION("carries resolved when a slice has lost too much") {
    setup.more.insert(setup.more.end(), {"training.carry_period=100", "training.carry_limit=3"});
  }
  SECTION("write-back") { setup.more.emplace_back("platform.crossbar.update=write_back"); }
  SECTION("devices") {
    setup.arithmetic = "device";
    setup.more.insert(setup.more.end(), {"platform.crossbar.device.read_noise.sigma=0.001",
                                         "platform.crossbar.device.programming.sigma=0.001",
                                         "platform.crossbar.device.update.model=soft_bounds"});
  }
  const Trained one = train(setup, 1);
  REQUIRE(one.outcome.ending == Ending::finished);
  REQUIRE(one.tasks == 0);
  for (const int threads : {2, 4}) {
    CAPTURE(threads);
    const Trained several = train(setup, threads);
    CHECK(several.tasks > 50);
    check_equal(several, one);
  }
}

TEST_CASE("a machine that is interrupted has finished what its workers had begun") {
  Setup setup = many_arrays();
  config::Scenario scenario = make_scenario(setup);
  scenario.run.threads = 3;
  const Workload workload = prepare(scenario);
  const std::atomic<bool> interrupted{true};
  SimulationOptions options;
  options.firmware = loader::read_file(default_firmware());
  options.interrupted = &interrupted;
  Simulation simulation(scenario, &workload.program, options);
  CHECK(simulation.run().ending == Ending::interrupted);
}
