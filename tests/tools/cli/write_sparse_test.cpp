// SPDX-License-Identifier: Apache-2.0
// Write filters and wear as the user meets them.
#include <catch2/catch.hpp>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

// The small scenario on a machine that rewrites its weights after every batch.
nlohmann::json written(std::vector<std::string> settings) {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  std::vector<std::string> arguments = {"run", file, "-q", "--out", (folder / "out").string()};
  settings.insert(settings.begin(), {"platform.crossbar.update=write_back", "training.batch=8"});
  for (const std::string& setting : settings) {
    arguments.emplace_back("--set");
    arguments.push_back(setting);
  }
  const ProgramResult result = weft::test::weft(arguments);
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  return results(folder / "out");
}

double of(const nlohmann::json& results, const char* part, const char* key) {
  return results[part][key].get<double>();
}

}  // namespace

TEST_CASE("a filter that only compares leaves the golden bits, and writes less") {
  const nlohmann::json all = written({});
  const nlohmann::json changed = written({"platform.crossbar.write_filter.policy=compare"});
  CHECK(all["writes"]["weight"]["density"] == 1.0);
  CHECK(all["writes"]["weight"]["filtered"] == 0);
  CHECK_FALSE(all.contains("lifetime"));
  CHECK(all["reference"]["bit_exact"] == true);
  CHECK(changed["reference"]["bit_exact"] == true);
  CHECK(changed["writes"]["weight"]["density"] < 1.0);
  CHECK(changed["writes"]["weight"]["passes"] == all["writes"]["weight"]["passes"]);
}

TEST_CASE("error feedback writes less and lives longer at the accuracy of writing everything") {
  const std::vector<std::string> counted = {"platform.crossbar.endurance.count_wear=true",
                                            "platform.crossbar.endurance.pulses_model=fixed"};
  const nlohmann::json dense = written(counted);
  std::vector<std::string> filtered = counted;
  filtered.insert(filtered.end(), {"platform.crossbar.write_filter={policy: ef_reset, granularity: cell, "
                                   "threshold_mode: rms, threshold: 3, residual_bits: 30}"});
  const nlohmann::json sparse = written(filtered);
  CHECK(5 * sparse["writes"]["weight"]["cells"].get<double>() <
        dense["writes"]["weight"]["cells"].get<double>());
  CHECK(of(sparse, "lifetime", "worst_cell_years") > of(dense, "lifetime", "worst_cell_years"));
  CHECK(of(sparse, "lifetime", "mean_years") > 5 * of(dense, "lifetime", "mean_years"));
  CHECK(sparse["reference"]["bit_exact"].is_null());
  CHECK(of(sparse, "energy", "dynamic_J") < of(dense, "energy", "dynamic_J"));
  CHECK(of(sparse, "accuracy", "platform") > of(dense, "accuracy", "platform") - 0.1);
}

TEST_CASE("a run whose cells wear out ends with its report") {
  const nlohmann::json worn =
      written({"platform.crossbar.endurance={count_wear: true, median: 6, spread: 0.3}"});
  CHECK(worn["ending"] == "finished");
  CHECK(of(worn, "lifetime", "cells_stuck") > 0);
  CHECK(of(worn, "lifetime", "writes_refused") > 0);
  CHECK(of(worn, "lifetime", "first_failure_cell_write") > 0);
  CHECK(worn["reference"]["bit_exact"].is_null());
}

TEST_CASE("filters and wear are refused where nothing passes them, and where they make no sense") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  const auto refused = [&](const std::vector<std::string>& settings) {
    std::vector<std::string> arguments = {"check", file};
    for (const std::string& setting : settings) {
      arguments.emplace_back("--set");
      arguments.push_back(setting);
    }
    const ProgramResult result = weft::test::weft(arguments);
    CHECK(result.status != 0);
    return result.errors;
  };
  CHECK_THAT(refused({"platform.crossbar.write_filter.policy=drop"}), Catch::Contains("update: write_back"));
  CHECK_THAT(
      refused({"platform.crossbar.update=write_back", "platform.crossbar.write_filter.keep_residual=true"}),
      Catch::Contains("keep_residual"));
  CHECK_THAT(refused({"platform.crossbar.update=write_back", "platform.crossbar.endurance.levelling=random"}),
             Catch::Contains("count_wear"));
  CHECK_THAT(refused({"platform.crossbar.update=write_back", "platform.crossbar.write_filter.policy=best"}),
             Catch::Contains("ef_reset"));
}
