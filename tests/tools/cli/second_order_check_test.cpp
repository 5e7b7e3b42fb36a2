// SPDX-License-Identifier: Apache-2.0
// Second-order training and inversion units as their users get them wrong: everything that a scenario says is
// refused before it runs, with the key and what is allowed.
#include <catch2/catch.hpp>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

const char* const second_order_scenario = R"(name: second
platform:
  preset: mesh2x2
  tile: {buffer_size: 768 KiB, crossbars: 3, inversion_units: 2, hart: {isa: rv32imafc}}
  crossbar: {rows: 32, columns: 32}
technology: {preset: reram-32nm}
workload:
  layers: [{type: dense, outputs: 10}]
  loss: cross_entropy
dataset: {kind: digits, size: 8, train: 120, test: 40}
training: {optimizer: kfac, epochs: 1, batch: 8, learning_rate: 0.05}
run: {progress: none}
)";

ProgramResult check(const std::vector<std::string>& settings) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments{"check", folder.file("second.yaml", second_order_scenario)};
  for (const std::string& setting : settings) {
    arguments.emplace_back("--set");
    arguments.push_back(setting);
  }
  return weft::test::weft(arguments);
}

}  // namespace

TEST_CASE("a scenario of second-order training that fits is accepted") {
  const ProgramResult result = check({});
  CAPTURE(result.errors);
  CHECK(result.status == 0);
  CHECK(check({"platform.tile.inversion_units=1"}).status == 0);
  // Larger than an array of the unit: inverted block by block.
  CHECK(check({"platform.inversion.mode=nested", "platform.inversion.array=16"}).status == 0);
}

TEST_CASE("what cannot be inverted is refused by weft check") {
  struct Wrong {
    std::vector<std::string> settings;
    std::vector<std::string> named;
  };
  const std::vector<Wrong> all{
      {{"platform.inversion.size=16"}, {"inversion units for 32 unknowns", "platform.inversion.size"}},
      {{"platform.tile.inversion_units=0"}, {"platform.tile.inversion_units", "at least 1"}},
      {{"platform.tile.hart.isa=rv32imac"}, {"platform.tile.hart.isa", "rv32imafc"}},
      {{"platform.tile.crossbars=1"}, {"platform.tile.crossbars"}},
      {{"platform.crossbar.columns=16"}, {"at least as many columns as rows"}},
      {{"training.kfac.damping=0"}, {"training.kfac.damping", "1e-12"}},
      {{"training.kfac.damping=.nan"}, {"training.kfac.damping"}},
      {{"platform.inversion.mode=nested", "platform.inversion.matrix_bits=1"},
       {"platform.inversion.matrix_bits", "0 or at least 2"}},
      {{"platform.inversion.mode=nested", "platform.inversion.product_effects.adc_bits=1"},
       {"platform.inversion.product_effects.adc_bits", "0 or at least 2"}},
      {{"platform.inversion.mode=nested", "platform.inversion.product_effects.on_off=0.5"},
       {"platform.inversion.product_effects.on_off", "more than 1"}},
      {{"platform.inversion.mode=nested", "platform.inversion.effects.amplifier_gain=0.5"},
       {"platform.inversion.effects.amplifier_gain", "0 or at least 1"}},
  };
  for (const Wrong& wrong : all) {
    const ProgramResult result = check(wrong.settings);
    CAPTURE(wrong.settings.front(), result.output, result.errors);
    CHECK(result.status == 2);
    for (const std::string& name : wrong.named) CHECK(contains(result.errors, name));
  }
}
