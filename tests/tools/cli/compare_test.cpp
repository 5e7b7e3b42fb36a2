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

TEST_CASE("passes and the rest add up to the total, and their times to a layer's busy time") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  const nlohmann::json all =
      compared({file, "--on", "panther", "--on", "base-mvm", "--out", (folder / "out").string()});
  const std::vector<std::string> passes{"forward", "error", "gradient", "update", "access"};
  for (std::size_t run = 0; run < 2; ++run) {
    double joule = figure(all, run, "other_J");
    for (const std::string& pass : passes) joule += figure(all, run, "crossbars." + pass + "_J");
    CHECK(joule == Approx(figure(all, run, "energy_J")).epsilon(1e-9));
    CHECK(figure(all, run, "other_J") > figure(all, run, "leakage_J"));
    for (const std::string layer : {"layer0", "layer1"}) {
      double seconds = 0;
      double of_layer = 0;
      for (const std::string& pass : passes) {
        seconds += figure(all, run, layer + "." + pass + "_s");
        of_layer += figure(all, run, layer + "." + pass + "_J");
      }
      CHECK(seconds == Approx(figure(all, run, layer + ".busy_s")).epsilon(1e-9));
      CHECK(of_layer ==
            Approx(figure(all, run, layer + ".training_J") + figure(all, run, layer + ".access_J")));
    }
    // The first layer passes no error on.
    CHECK(figure(all, run, "layer0.error_s") == 0);
    CHECK(figure(all, run, "layer1.error_s") > 0);
  }
  CHECK(ratio(all, 1, "layer1.update_s") > 1);  // rows written back one by one
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

TEST_CASE("a sweep runs a scenario with every combination of the values given") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  const nlohmann::json all =
      compared({file, "--out", (folder / "out").string(), "--set", "platform.crossbar.update=write_back",
                "--set", "training.batch=8", "--set", "training.epochs=1", "--set",
                "platform.crossbar.write_filter={policy: ef_reset, threshold_mode: rms, residual_bits: 30}",
                "--set", "platform.crossbar.endurance.count_wear=true", "--vary",
                "platform.crossbar.write_filter.threshold=1,4", "--vary",
                "platform.crossbar.write_filter.granularity=weight,row"});
  REQUIRE(all["runs"].size() == 4);
  CHECK(all["runs"][0]["name"] == "threshold=1, granularity=weight");
  CHECK(all["runs"][1]["name"] == "threshold=1, granularity=row");
  CHECK(all["runs"][2]["name"] == "threshold=4, granularity=weight");
  CHECK(ratio(all, 2, "writes.weight.cells") < 0.7);
  CHECK(ratio(all, 2, "lifetime.mean_years") > 1.2);
  CHECK(ratio(all, 1, "writes.weight.cells") > 1);
  for (const char* key : {"energy_J", "time_s", "accuracy", "lifetime.worst_cell_years"}) {
    CAPTURE(key);
    CHECK(figure(all, 3, key) > 0);
  }
}

TEST_CASE("values to vary that are no list are refused") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  for (const char* wrong : {"training.batch", "=1,2", "training.batch=1,,2"}) {
    const ProgramResult result = weft::test::weft({"compare", file, "--vary", wrong});
    CHECK(result.status == 2);
    CHECK_THAT(result.errors, Catch::Contains("--vary"));
  }
}
