// SPDX-License-Identifier: Apache-2.0
// The figures that second-order training is for, on real images.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "platform/loader/elf_file.h"
#include "tests/tools/weft/mnist_scenario.h"
#include "tools/weft/files.h"
#include "tools/weft/references.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

namespace fs = std::filesystem;
using namespace weft;
using weft::test::mnist;

TEST_CASE("an epoch of K-FAC on MNIST is bit-exact and within half a point of float32") {
  if (!fs::exists(mnist())) WEFT_SKIP("no MNIST files beside the project");
  const config::Scenario own =
      weft::test::mnist_scenario("repast_mlp.yaml", {"training.epochs=1", "dataset.train=4000"});
  const tool::Workload workload = tool::prepare(own);
  tool::SimulationOptions options;
  options.firmware = loader::read_file(tool::default_firmware());
  tool::Simulation simulation(own, &workload.program, options);
  const tool::Outcome outcome = simulation.run();
  REQUIRE(outcome.ending == tool::Ending::finished);

  const tool::GoldenRun golden = tool::run_golden(workload, own);
  const tool::FloatRun float32 = tool::run_float(workload, own);
  CHECK(tool::first_difference(simulation.trained_weights(), golden.weights) == "");
  REQUIRE(outcome.records.size() == 1);
  const double accuracy =
      static_cast<double>(outcome.records[0].test_correct) / outcome.records[0].test_samples;
  CAPTURE(accuracy, float32.epochs[0].test.accuracy);
  CHECK(accuracy > 0.88);
  CHECK(std::abs(accuracy - float32.epochs[0].test.accuracy) <= 0.005);
  CHECK(outcome.optimiser.failures == 0);
}

TEST_CASE("circuits solve MNIST's damped factors to sixteen bits and more") {
  if (!fs::exists(mnist())) WEFT_SKIP("no MNIST files beside the project");
  // Samples take the default's four terms, matrices the five of the preset repast; the compiler finds that
  // three and five are enough.
  const bool direct = GENERATE(false, true);
  const bool automatic = GENERATE(false, true);
  const config::Scenario own = weft::test::mnist_scenario(
      "repast_mlp_t4.yaml", {"training.epochs=1", "dataset.train=960", "dataset.test=48",
                             direct ? "training.kfac.mapping=direct" : "training.kfac.mapping=auto",
                             direct ? "platform.inversion.terms=5" : "platform.inversion.terms=4",
                             automatic ? "training.kfac.bits=16" : "training.kfac.bits=0"});
  const tool::Workload workload = tool::prepare(own);
  const compiler::LoweredFactor& factor = workload.program.network.layers[0].kfac->a;
  CHECK(factor.fused == !direct);
  if (automatic) CHECK(factor.terms == (direct ? 5 : 3));
  tool::SimulationOptions options;
  options.firmware = loader::read_file(tool::default_firmware());
  tool::Simulation simulation(own, &workload.program, options);
  const tool::Outcome outcome = simulation.run();
  REQUIRE(outcome.ending == tool::Ending::finished);
  CHECK(outcome.optimiser.failures == 0);
  inversion::InversionStatistics sum;
  const auto& accelerator = simulation.machine().accelerator();
  for (int tile = 0; tile < accelerator.tiles(); ++tile) {
    for (const auto& unit : accelerator.tile(tile).inversions()) sum.add(unit->statistics());
  }
  CAPTURE(direct, sum.bits.lowest(), sum.bits.median());
  CHECK(sum.bits.total() > 960);
  CHECK(sum.bits.lowest() >= 16);
}

// The golden reference stands for the machine, bit for bit.
TEST_CASE("K-FAC reaches the first-order twin's last accuracy on MNIST in half its epochs") {
  if (!fs::exists(mnist())) WEFT_SKIP("no MNIST files beside the project");
  const config::Scenario second = weft::test::mnist_scenario("repast_mlp.yaml");
  const config::Scenario first = weft::test::mnist_scenario("repast_mlp_sgd.yaml");
  const tool::Workload workload = tool::prepare(second);
  const tool::GoldenRun kfac = tool::run_golden(workload, second);
  const tool::FloatRun float32 = tool::run_float(workload, second);
  const tool::GoldenRun sgd = tool::run_golden(tool::prepare(first), first);
  REQUIRE(2 * kfac.epochs.size() <= sgd.epochs.size());
  double best = 0;
  for (const tool::GoldenEpoch& epoch : kfac.epochs) best = std::max(best, epoch.test.accuracy());
  CAPTURE(kfac.epochs.back().test.accuracy(), sgd.epochs.back().test.accuracy());
  CHECK(best >= sgd.epochs.back().test.accuracy());
  CHECK(std::abs(kfac.epochs.back().test.accuracy() - float32.epochs.back().test.accuracy) <= 0.005);
}
