// SPDX-License-Identifier: Apache-2.0
// One training example of 512-512-512 on the machine of PANTHER's public simulator (puma-simulator, branch
// `training`, February 2019), with its constants for PANTHER and the three baselines.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

constexpr int width = 512;

std::string scenario(const std::string& technology, int examples) {
  return fmt::format(
      "name: network\n"
      "platform: {{preset: panther-simulator, crossbar: {{arithmetic: none}}}}\n"
      "technology: {{preset: {}}}\n"
      "workload:\n"
      "  loss: mean_squared_error\n"
      "  layers: [{{outputs: {}, activation: relu}}, {{outputs: {}, activation: relu}}]\n"
      "  number_format: {{input_bits: 15, activation_bits: 15, error_bits: 15}}\n"
      "dataset: {{kind: csv, path: examples.csv, train: {}, test: 1}}\n"
      "training: {{epochs: 1, batch: 1, learning_rate: 0.001, carry_period: 1024, evaluate: false}}\n"
      "run: {{progress: none}}\n",
      technology, width, width, examples);
}

// Every class occurs.
std::string examples() {
  std::string text;
  for (int example = 0; example <= width; ++example) {
    for (int i = 0; i < width; ++i) text += fmt::format("{},", (example * 7 + i * 13) % 256);
    text += fmt::format("{}\n", example % width);
  }
  return text;
}

struct Example {
  double cycles = 0;
  double joule = 0;  // dynamic
};

// What one more example takes; starting, loading and ending fall out.
Example one_example(const std::string& technology) {
  constexpr int few = 2;
  constexpr int many = 10;
  const auto run = [&](int count) {
    const TemporaryFolder folder;
    folder.file("examples.csv", examples());
    const std::string file = folder.file("network.yaml", scenario(technology, count));
    const ProgramResult result = weft::test::weft({"run", file, "-q", "--out", (folder / "out").string()});
    CAPTURE(result.errors);
    REQUIRE(result.status == 0);
    const nlohmann::json all = results(folder / "out");
    return Example{all["time"]["simulated_s"].get<double>() * 1e9, all["energy"]["dynamic_J"].get<double>()};
  };
  const Example before = run(few);
  const Example after = run(many);
  return {(after.cycles - before.cycles) / (many - few), (after.joule - before.joule) / (many - few)};
}

Approx within_1_percent(double published) { return Approx(published).epsilon(0.01); }

}  // namespace

TEST_CASE("a training example of 512-512-512 costs what PANTHER's simulator says, on all its designs") {
  const Example panther = one_example("panther-simulator");
  CHECK(panther.cycles == within_1_percent(8201));
  CHECK(panther.joule == within_1_percent(3.349e-6));
  const Example mvm = one_example("panther-simulator-mvm");
  CHECK(mvm.cycles == within_1_percent(9145));
  CHECK(mvm.joule == within_1_percent(3.960e-6));
  const Example digital = one_example("panther-simulator-digital");
  CHECK(digital.cycles == within_1_percent(52'186));
  CHECK(digital.joule == within_1_percent(9.855e-6));
  // Its outer product is longer than the transposed product beside which the simulator starts one: 100 cycles
  // more there, which one update behind the passes does not show.
  const Example pipelayer = one_example("panther-simulator-pipelayer");
  CHECK(pipelayer.cycles + 100 == within_1_percent(10'121));
  CHECK(pipelayer.joule == within_1_percent(4.659e-4));

  // Without what the designs have in common: their arrays alone.
  CHECK(mvm.cycles - panther.cycles == within_1_percent(9145 - 8201));
  CHECK(digital.cycles - panther.cycles == within_1_percent(52'186 - 8201));
}
