// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

// Stuck cells ruin training; this little noise never moves a conversion to another code.
const std::vector<std::string> two_effects{"--set", "platform.crossbar.arithmetic=device",
                                           "--set", "platform.crossbar.device.read_noise.sigma=0.000001",
                                           "--set", "platform.crossbar.device.stuck.low=0.3"};

ProgramResult attribute(const std::string& file, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"attribute", file};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return weft::test::weft(arguments);
}

nlohmann::json variant(const nlohmann::json& attribution, const std::string& name) {
  for (const auto& each : attribution["variants"]) {
    if (each["name"] == name) return each;
  }
  return {};
}

}  // namespace

TEST_CASE("attribute blames the effect that costs accuracy, over seeds, and leaves its runs behind") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  std::vector<std::string> arguments = two_effects;
  arguments.insert(arguments.end(), {"--seeds", "4", "--jobs", "2", "--leave-one-out", "--json", "--out",
                                     (folder / "out").string()});
  const ProgramResult result = attribute(file, arguments);
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  const nlohmann::json all = nlohmann::json::parse(result.output);
  CHECK(all["largest"] == "stuck");
  CHECK(all["variants"].size() == 6);
  CHECK(variant(all, "read_noise")["accuracy_drop"]["mean"] == 0.0);
  CHECK(variant(all, "stuck")["accuracy_drop"]["mean"] > 0.1);
  CHECK(variant(all, "all but read_noise")["accuracy"] == variant(all, "stuck")["accuracy"]);
  CHECK(variant(all, "all but stuck")["accuracy"] == variant(all, "read_noise")["accuracy"]);
  CHECK(nlohmann::json::parse(read_text(folder / "out/attribution.json")) == all);

  // The same path as `weft run`: a run of it gives what it has counted.
  std::vector<double> accuracies;
  for (int seed = 0; seed < 4; ++seed) {
    const nlohmann::json one = results(folder / ("out/stuck-seed" + std::to_string(seed)));
    CHECK(one["devices"]["effects"] == nlohmann::json({"stuck"}));
    accuracies.push_back(one["accuracy"]["platform"]);
  }
  CHECK(variant(all, "stuck")["accuracy"]["values"] == nlohmann::json(accuracies));
  const ProgramResult again =
      weft::test::weft({"run", (folder / "out/stuck-seed3/scenario.yaml").string(), "-q", "--no-reference",
                        "--out", (folder / "again").string()});
  REQUIRE(again.status == 0);
  CHECK(results(folder / "again")["accuracy"]["platform"] == accuracies[3]);
}

TEST_CASE("attribute prints a table and a finding") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  std::vector<std::string> arguments = two_effects;
  arguments.insert(arguments.end(),
                   {"--set", "dataset.train=20", "--seeds", "1", "--out", (folder / "out").string()});
  const ProgramResult result = attribute(file, arguments);
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  CHECK(contains(result.output, "\nread_noise "));
  CHECK(contains(result.output, "\nall "));
  CHECK_FALSE(contains(result.output, "all but"));
  CHECK(contains(result.output, "one seed cannot tell"));
  CHECK(contains(result.errors, "run 4 of 4: all-seed0"));
}

TEST_CASE("attribute refuses what it cannot compare, and writes nothing then") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const std::string arithmetic = "platform.crossbar.arithmetic=device";
  const std::string effect = "platform.crossbar.device.variation=0.1";
  const std::vector<Case> cases{
      {{}, "no effect of devices is on"},
      {{"--set", arithmetic}, "no effect of devices is on"},
      {{"--set", effect}, "it needs arithmetic: device"},
      {{"--set", arithmetic, "--set", effect, "--set", "platform.crossbar.update=digital"}, "not digital"},
      {{"--set", arithmetic, "--set", effect, "--set", "training.evaluate=false"}, "training.evaluate"},
      {{"--set", "platform.crossbar.device.varation=0.1"}, "unknown key"},
      {{"--seeds", "0"}, "--seeds"},
      {{"--seeds", "many"}, "--seeds"},
      {{"--jobs", "0"}, "--jobs"},
  };
  for (const Case& each : cases) {
    std::vector<std::string> arguments = each.arguments;
    arguments.insert(arguments.end(), {"--out", (folder / "out").string()});
    const ProgramResult result = attribute(file, arguments);
    CAPTURE(each.message, result.errors);
    CHECK(result.status == 2);
    CHECK(contains(result.errors, each.message));
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  }
  CHECK(attribute((folder / "none.yaml").string(), {}).status == 2);
}

TEST_CASE("a digital unit has no devices: results are exact, and no effect is listed") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  const ProgramResult result = weft::test::weft(
      {"run", file, "-q", "--set", "platform.crossbar.arithmetic=device", "--set",
       "platform.crossbar.device.stuck.low=0.1", "--set", "platform.crossbar.device.programming.sigma=0.01",
       "--set", "platform.crossbar.device.programming.verify_window=0.5", "--set",
       "platform.crossbar.update=digital", "--out", (folder / "out").string()});
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  const nlohmann::json all = results(folder / "out");
  CHECK(all["devices"]["effects"].empty());
  CHECK(all["devices"]["stuck_low"] == 0);
  CHECK(all["reference"]["bit_exact"] == true);
}

TEST_CASE("verified writes cost more energy and time in a run, and the pulses are in its results") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  std::vector<nlohmann::json> runs;
  for (const std::string window : {"0", "2", "0.5"}) {
    const std::filesystem::path out = folder / ("window" + window);
    const ProgramResult result =
        weft::test::weft({"run", file, "-q", "--no-reference", "--set", "platform.crossbar.arithmetic=device",
                          "--set", "platform.crossbar.device.programming.sigma=0.01", "--set",
                          "platform.crossbar.device.programming.verify_window=" + window, "--set",
                          "training.epochs=1", "--out", out.string()});
    CAPTURE(result.errors);
    REQUIRE(result.status == 0);
    runs.push_back(results(out));
  }
  const auto joule = [](const nlohmann::json& run, const std::string& operation) {
    double sum = 0;
    for (const auto& each : run["energy"]["operations"]) {
      if (each["operation"] == operation) sum += each["energy_J"].get<double>();
    }
    return sum;
  };
  for (const char* operation : {"array_verified_pulse", "update_verified_pulse"}) {
    CAPTURE(operation);
    CHECK(joule(runs[0], operation) == 0);
    CHECK(joule(runs[1], operation) > 0);
    CHECK(joule(runs[2], operation) > joule(runs[1], operation));
  }
  CHECK(joule(runs[0], "update_row_write") > 0);
  CHECK(joule(runs[2], "update_row_write") == 0);
  CHECK(runs[2]["devices"]["row_pulses"] > runs[1]["devices"]["row_pulses"]);
  CHECK(runs[2]["time"]["simulated_s"] > runs[1]["time"]["simulated_s"]);
}
