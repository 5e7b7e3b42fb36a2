// SPDX-License-Identifier: Apache-2.0
// The write-sparse scenario and its dense twin on real images, cut to one epoch.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "models/endurance/lifetime.h"
#include "platform/loader/elf_file.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/mnist_scenario.h"
#include "tools/weft/files.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

namespace fs = std::filesystem;
using namespace weft;

namespace {

struct Run {
  double accuracy = 0;
  double joule = 0;
  double simulated_s = 0;
  double years = 0;  // of the worst cell of the machine
  std::uint64_t weight_cells = 0;
  std::uint64_t kernel_cells = 0;
};

Run train(const std::string& name) {
  test::fresh_kernel();
  const config::Scenario scenario = test::mnist_scenario(name, {});
  CHECK(scenario.training.gradient == config::Gradient::activation_kernels);
  const tool::Workload workload = tool::prepare(scenario);
  tool::SimulationOptions options;
  options.firmware = loader::read_file(tool::default_firmware());
  tool::Simulation simulation(scenario, &workload.program, options);
  const tool::Outcome outcome = simulation.run();
  REQUIRE(outcome.ending == tool::Ending::finished);
  Run run;
  const weft_epoch_record& last = outcome.records.back();
  run.accuracy = static_cast<double>(last.test_correct) / last.test_samples;
  run.simulated_s = outcome.simulated_s;
  for (const EnergyLedger::Account& account : simulation.context().energy.accounts())
    run.joule += account.total().value();
  std::vector<const endurance::WornCells*> arrays;
  const machine::Accelerator& accelerator = simulation.machine().accelerator();
  for (int tile = 0; tile < accelerator.tiles(); ++tile) {
    for (const auto& unit : accelerator.tile(tile).crossbars()) {
      arrays.push_back(unit->cells());
      const std::uint64_t cells = unit->cells()->statistics().cells_written;
      (unit->holds_kernels() ? run.kernel_cells : run.weight_cells) += cells;
    }
  }
  const double duty = scenario.platform.crossbar.endurance.duty;
  run.years = endurance::lifetime(arrays, outcome.simulated_s, duty).worst_years;
  return run;
}

}  // namespace

// The goals: Wang et al. (IEEE TC 72(11), 2023) publish 4.97 times less energy, 1.38 times the speed and 4.55
// times the life, on networks and a baseline that their abstract does not name.
TEST_CASE(
    "filters write a fifth of the cells, make the worst one live 4.5 times as long, and cost no accuracy") {
  if (!fs::exists(test::mnist())) WEFT_SKIP("no MNIST files beside the project");
  const Run dense = train("write_dense_mlp.yaml");
  const Run sparse = train("write_sparse_mlp.yaml");
  CHECK(dense.weight_cells > 5 * sparse.weight_cells);
  CHECK(dense.kernel_cells > 3 * sparse.kernel_cells);
  CHECK(sparse.years > 4.5 * dense.years);
  CHECK(sparse.accuracy >= dense.accuracy - 0.003);
  CHECK(dense.accuracy > 0.92);
  CHECK(dense.joule > 4.97 * sparse.joule);
  CHECK(dense.simulated_s > sparse.simulated_s);
}
