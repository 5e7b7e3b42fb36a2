// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

nlohmann::json compared(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "compare");
  arguments.emplace_back("--json");
  const ProgramResult result = weft::test::weft(arguments);
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.output);
}

double figure(const nlohmann::json& comparison, std::size_t run, const std::string& key) {
  return comparison["runs"][run]["figures"][key].get<double>();
}

double ratio(const nlohmann::json& comparison, std::size_t run, const std::string& key) {
  return comparison["ratios"][run][key].get<double>();
}

// A perceptron of four matrices as PANTHER's: layers Dense1 to Dense4 of table 4, operands as wide as they
// go.
const char* const published_network = R"(name: dense
platform: {preset: panther}
technology: {preset: reram-32nm}
workload:
  layers:
    - {outputs: 256, activation: relu}
    - {outputs: 512, activation: relu}
    - {outputs: 512, activation: relu}
    - {outputs: 10}
  number_format: {input_bits: 15, activation_bits: 15, error_bits: 15}
dataset: {kind: digits, size: 32, train: 4, test: 1}
training: {epochs: 1, batch: 1, learning_rate: 0.001, carry_period: 1024, evaluate: false}
run: {progress: none}
)";

nlohmann::json published_comparison(int samples, int batch) {
  const TemporaryFolder folder;
  const std::string file = folder.file("dense.yaml", published_network);
  return compared({file, "--on", "panther", "--on", "base-digital", "--on", "base-mvm", "--set",
                   "dataset.train=" + std::to_string(samples), "--set",
                   "training.batch=" + std::to_string(batch), "--set", "platform.tile.buffer_size=768 KiB",
                   "--out", (folder / "out").string()});
}

// Carries are resolved once in these runs, at their end; PANTHER does so every 1024 examples (section 6.3).
double panther_per_sample(const nlohmann::json& all, const std::string& layer, int samples) {
  constexpr int period = 1024;
  const double resolution = figure(all, 0, layer + ".update_J");
  return (figure(all, 0, layer + ".training_J") - resolution) / samples + resolution / period;
}

}  // namespace

TEST_CASE("a comparison runs scenarios and takes results that are there, with ratios to the first") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  const ProgramResult before = weft::test::weft({"run", file, "-q", "--out", (folder / "before").string()});
  REQUIRE(before.status == 0);
  const nlohmann::json both =
      compared({(folder / "before").string(), (folder / "before/results.json").string(), file, "--set",
                "training.epochs=1", "--out", (folder / "out").string()});
  REQUIRE(both["runs"].size() == 3);
  CHECK(both["runs"][0]["name"] == "before");
  CHECK(both["runs"][2]["name"] == "small");
  CHECK(both["runs"][0]["figures"] == both["runs"][1]["figures"]);
  CHECK(figure(both, 0, "time_s") == results(folder / "before")["time"]["simulated_s"].get<double>());
  CHECK(figure(both, 2, "time_s") == results(folder / "out/3-small")["time"]["simulated_s"].get<double>());
  for (const char* key : {"time_s", "energy_J", "layer0.forward_J", "crossbars.update_J"}) {
    CAPTURE(key);
    CHECK(ratio(both, 1, key) == 1);
    CHECK(ratio(both, 2, key) == Approx(figure(both, 2, key) / figure(both, 0, key)));
    CHECK(ratio(both, 2, key) == Approx(0.5).margin(0.1));  // one epoch instead of two
  }
  CHECK(both["ratios"][2]["layer0.error_J"].is_null());  // the first layer passes no error on
}

TEST_CASE("layers and passes add up to what the crossbar units spent") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  REQUIRE(weft::test::weft({"run", file, "-q", "--out", (folder / "out").string()}).status == 0);
  const nlohmann::json all = results(folder / "out");
  double of_layers = 0;
  REQUIRE(all["layers"].size() == 2);
  CHECK(all["layers"][0]["arrays"] == 2);
  for (const auto& layer : all["layers"]) {
    for (const auto& joule : layer["energy_J"]) of_layers += joule.get<double>();
  }
  double of_units = 0;
  for (const auto& operation : all["energy"]["operations"]) {
    if (operation["kind"] == "tile.crossbar") of_units += operation["energy_J"].get<double>();
  }
  CHECK(of_units > 0);
  CHECK(of_layers == Approx(of_units).epsilon(1e-9));
}

TEST_CASE("compare refuses what are no results, and passes on what is wrong with a scenario") {
  const TemporaryFolder folder;
  struct Case {
    std::string input;
    std::string message;
  };
  const std::vector<Case> cases{{folder.file("a.json", "{}"), "not a results.json"},
                                {folder.file("b.json", "{"), "not a results.json"},
                                {folder.file("c.json", "{\"schema_version\": 1}"), "schema_version 1"},
                                {(folder / "none.json").string(), "cannot be read"},
                                {(folder / "none.yaml").string(), "no such scenario file"},
                                {folder.file("d.yaml", "workload: 1\n"), "workload"}};
  for (const Case& each : cases) {
    const ProgramResult result =
        weft::test::weft({"compare", each.input, "--out", (folder / "out").string()});
    CAPTURE(each.input, result.errors);
    CHECK(result.status == 2);
    CHECK(contains(result.errors, each.message));
    CHECK(result.output.empty());
  }
}

TEST_CASE("the baselines train bit for bit like the golden reference") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  // Converters that lose nothing: the published ones of base-mvm clip.
  for (const std::string platform : {"base-digital", "base-mvm"}) {
    for (const std::string batch : {"1", "8"}) {
      CAPTURE(platform, batch);
      const ProgramResult run =
          weft::test::weft({"run", file, "-q", "--set", "platform.preset=" + platform, "--set",
                            "platform.crossbar.adc_bits=16", "--set", "training.batch=" + batch, "--out",
                            (folder / "out").string()});
      CAPTURE(run.errors);
      REQUIRE(run.status == 0);
      CHECK(results(folder / "out")["reference"]["bit_exact"] == true);
    }
  }
}

// PANTHER (arXiv 1912.11516) sections 7.3 and 7.4: energy of the fully connected layers of its perceptron,
// other design over PANTHER. The paper's figures include whatever else its simulator charges, hence 15 %;
// each design comes much closer to the upper end of its range, which is the layer with least else. Layer 0 is
// apart: it passes no error on here, so both sides lack a product.
TEST_CASE("energy ratios of the baselines at batch 1 are PANTHER's") {
  constexpr int samples = 4;
  const nlohmann::json all = published_comparison(samples, 1);
  for (const std::string layer : {"layer1", "layer2", "layer3"}) {
    CAPTURE(layer);
    const double panther = panther_per_sample(all, layer, samples);
    const double digital = figure(all, 1, layer + ".training_J") / samples;
    CHECK(digital / panther >= 7.01 * 0.85);
    CHECK(digital / panther <= 8.02);
    const double mvm = figure(all, 2, layer + ".training_J") / samples;
    CHECK(mvm / panther == Approx(54.21).epsilon(0.05));
  }
}

TEST_CASE("energy ratios of the baselines at batches of 64 and 1024 are PANTHER's") {
  constexpr int samples = 64;
  const nlohmann::json all = published_comparison(samples, samples);
  for (const std::string layer : {"layer1", "layer2", "layer3"}) {
    CAPTURE(layer);
    const double panther = panther_per_sample(all, layer, samples);
    const double whole = figure(all, 2, layer + ".training_J");
    const double write_back = figure(all, 2, layer + ".update_J");
    CHECK(whole / samples / panther >= 1.61);
    CHECK(whole / samples / panther <= 2.16);
    // A batch of 1024 does not fit into a tile's buffer; it differs in having one write-back for as many.
    constexpr int large = 1024;
    CHECK(((whole - write_back) / samples + write_back / large) / panther == Approx(1.18).epsilon(0.05));
  }
}
