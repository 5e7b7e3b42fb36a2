// SPDX-License-Identifier: Apache-2.0
// Training on SOT-MRAM arrays beside the same training on FloatPIM's.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

const std::string scenarios = std::string(WEFT_SOURCE_DIR) + "/scenarios/";

// The perceptron of the two scenarios on drawn digits, which need no files.
const char* const network = R"(workload:
  mapping: fp_pim
  layers:
    - {outputs: 64, activation: relu}
    - {outputs: 10}
platform: {preset: fp-pim}
dataset: {kind: digits, train: 30, test: 10}
training: {epochs: 1, learning_rate: 0.05}
run: {progress: none}
)";

nlohmann::json compared(const TemporaryFolder& folder) {
  const auto scenario = [&](const std::string& technology) {
    return folder.file(technology + ".yaml",
                       "name: " + technology + "\ntechnology: {preset: " + technology + "}\n" + network);
  };
  const ProgramResult result = weft::test::weft({"compare", scenario("sot_calibrated"), scenario("floatpim"),
                                                 "--json", "--out", (folder / "out").string()});
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.output);
}

double ratio(const nlohmann::json& all, const std::string& figure) {
  return all["ratios"][1][figure].get<double>();
}

}  // namespace

TEST_CASE("training in SOT-MRAM is 1.8 times faster than on FloatPIM, takes 3.3 times less energy and area") {
  // arXiv 2003.01551, abstract: 1.8, 3.3 and 2.5, here of whole training runs.
  const TemporaryFolder folder;
  const nlohmann::json all = compared(folder);
  CHECK(ratio(all, "time_s") == Approx(1.8).epsilon(0.15));
  CHECK(ratio(all, "energy_J") == Approx(3.3).epsilon(0.15));
  CHECK(ratio(all, "fp_pim.area_mm2") == Approx(2.5).epsilon(0.05));
  CHECK(all["runs"][1]["figures"]["accuracy"] == all["runs"][0]["figures"]["accuracy"]);
  // By component: a SOT-MRAM product costs more than FloatPIM's of 0.97 pJ; its searches hardly anything.
  CHECK(ratio(all, "fp_pim.multiplication_J") == Approx(0.974 / (1258.5 * 0.0545)).epsilon(0.001));
  CHECK(ratio(all, "fp_pim.addition_J") == Approx(8.292 / (218 * 0.0145 + 217 * 0.040)).epsilon(0.001));
  CHECK(ratio(all, "fp_pim.search_J") == Approx(48 * 5.34 / (50 * 0.02)).epsilon(0.001));
}

TEST_CASE("a run on floating-point PIM reports its units") {
  const TemporaryFolder folder;
  compared(folder);
  const nlohmann::json all = results(folder / "out/2-floatpim");
  const nlohmann::json& units = all["operations"]["fp_pim"];
  double sum = 0;
  for (const auto& [component, joule] : units["energy_J"].items()) sum += joule.get<double>();
  double of_units = 0;
  for (const auto& [component, joule] : all["energy"]["components"].items()) {
    if (component.find(".fp_pim") != std::string::npos) of_units += joule.get<double>();
  }
  CHECK(sum == Approx(of_units));
  CHECK(units["row_steps"]["addition"] > units["row_steps"]["multiplication"]);
  // 349 scratch cells among 256 numbers of 32 bits and themselves.
  const nlohmann::json& wear = units["wear"];
  CHECK(wear["lifetime_with_rotation_s"].get<double>() / wear["lifetime_s"].get<double>() ==
        Approx((256 * 32 + 349) / 349.0));
  CHECK(all["training"]["format"] == "fp32");
  CHECK(all["utilisation"][0]["fp_pims"].size() == 4);
  CHECK(all["utilisation"][0]["fp_pims"][0] > 0.5);
}

TEST_CASE("results of a network on several tiles name the tile of every layer") {
  const TemporaryFolder folder;
  const std::string scenario = folder.file("spread.yaml", std::string("name: spread\n") + network);
  const std::string out = (folder / "out").string();
  const ProgramResult result =
      weft::test::weft({"run", scenario, "--set", "platform.tiles.columns=2", "--set",
                        "workload.placement=spread", "--set", "training.batch=4", "--out", out});
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  const nlohmann::json all = results(folder / "out");
  CHECK(all["reference"]["bit_exact"] == true);
  CHECK(all["training"]["schedule"] == "all forward, all backward");
  const nlohmann::json& layers = all["training"]["layers"];
  REQUIRE(layers.size() == 2);
  CHECK(layers[0]["tile"] == 0);
  CHECK(layers[1]["tile"] == 1);
  for (std::size_t tile = 0; tile < 2; ++tile) {
    const nlohmann::json& used = all["utilisation"][tile]["fp_pims"];
    CAPTURE(tile, used.dump());
    for (std::size_t unit = 0; unit < 4; ++unit)
      CHECK((used[unit] > 0) == (unit < layers[tile]["units"].get<std::size_t>()));
  }
  const std::string listing = read_text((folder / "out/program.lst").string());
  CHECK(contains(listing, "activations to the next tile"));
  CHECK(contains(listing, "errors to the tile before"));
}

TEST_CASE("a schedule that floating-point PIM does not have is refused at its line") {
  const TemporaryFolder folder;
  const std::string scenario = folder.file("pipelined.yaml", std::string("name: pipelined\n") + network);
  const ProgramResult result = weft::test::weft({"check", scenario, "--set", "training.schedule=pipelined"});
  CHECK(result.status == 2);
  CHECK(
      contains(result.errors, "training.schedule: networks on floating-point PIM units have the schedules"));
}

TEST_CASE("a network on floating-point PIM that the platform cannot hold is refused with what it needs") {
  const TemporaryFolder folder;
  const std::string scenario = folder.file("large.yaml", std::string("name: large\n") + network);
  const auto refusal = [&](const std::vector<std::string>& sets) {
    std::vector<std::string> arguments{"check", scenario};
    for (const std::string& each : sets) arguments.insert(arguments.end(), {"--set", each});
    const ProgramResult result = weft::test::weft(arguments);
    CHECK(result.status == 2);
    return result.errors;
  };
  // 257 rows with the biases are two groups, so that 16 of the 64 outputs fit.
  CHECK(contains(refusal({"platform.fp_pim.columns=32", "platform.tile.fp_pim_units=1"}),
                 "layer 0 needs 4 floating-point PIM units of 256 x 32 in one tile, found 1"));
  CHECK(contains(refusal({"platform.tile.fp_pim_units=1"}),
                 "needs 2 floating-point PIM units of 256 x 1024 on 2 tiles of 1, the platform has 1;"));
  CHECK(contains(
      refusal({"platform.tiles.columns=2", "workload.placement=spread", "platform.tile.sync_counters=2"}),
      "need 3 sync counters, found 2"));
}

TEST_CASE("the scenarios of floating-point PIM are valid") {
  for (const char* name : {"fp_pim_digits.yaml", "fp_pim_tiles.yaml"}) {
    const ProgramResult result = weft::test::weft({"check", scenarios + name});
    CAPTURE(result.errors);
    CHECK(result.status == 0);
  }
}
