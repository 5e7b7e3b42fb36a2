// SPDX-License-Identifier: Apache-2.0
// Write filters and wear as the user meets them.
#include <algorithm>
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
  CHECK(sparse["reference"]["bit_exact"] == true);
  CHECK(of(sparse, "energy", "dynamic_J") < of(dense, "energy", "dynamic_J"));
  CHECK(of(sparse, "accuracy", "platform") > of(dense, "accuracy", "platform") - 0.1);
}

TEST_CASE("the golden reference follows every policy bit by bit") {
  for (const char* rules :
       {"policy: drop, threshold_mode: rms", "policy: drop, threshold_mode: maximum, threshold: 0.1",
        "policy: drop, keep_residual: true, threshold: 3000", "policy: top_k, keep_residual: true",
        "policy: percentile", "policy: percentile, tracking: laplace", "policy: ef_grain, threshold: 2000",
        "policy: ef_reset, threshold_mode: rms, threshold: 3, residual_bits: 12",
        "policy: stochastic, threshold: 4000", "policy: row_top, keep_residual: true, granularity: row",
        "policy: row_max, threshold: 5000", "policy: wear_adaptive, threshold: 1000",
        "policy: drop, threshold: 2000000, granularity: crossbar"}) {
    CAPTURE(rules);
    const nlohmann::json all = written({"platform.crossbar.write_filter={" + std::string(rules) + "}"});
    CHECK(all["reference"]["bit_exact"] == true);
    CHECK(all["writes"]["weight"]["density"] < 1.0);
    CHECK(all["writes"]["weight"]["density"] > 0.0);
  }
}

TEST_CASE("the golden reference follows filters on cut and copied layers and on sums of a batch") {
  const std::string filter =
      "platform.crossbar.write_filter={policy: ef_reset, threshold_mode: rms, threshold: 2, residual_bits: "
      "30}";
  for (const char* setting : {"training.variant=2", "training.variant=3", "training.deposits=batch",
                              "training.evaluate=false", "dataset.train=117"}) {
    CAPTURE(setting);
    const nlohmann::json all = written({filter, setting});
    CHECK(all["reference"]["bit_exact"] == true);
    CHECK(all["writes"]["weight"]["density"] < 0.5);
  }
}

TEST_CASE("tile programs change the filter between epochs, and the golden reference with them") {
  const std::string schedule =
      "training.write_filter_schedule=[{from_epoch: 2, policy: ef_reset, threshold_mode: rms, threshold: "
      "2.7}, {from_epoch: 4, threshold: 4}]";
  const auto epochs = [](const char* count) { return std::string("training.epochs=") + count; };
  const std::string residuals = "platform.crossbar.write_filter.residual_bits=30";
  const nlohmann::json one = written({epochs("1"), residuals});
  const double updates = of(one["writes"], "weight", "weights_offered");
  const nlohmann::json five = written({epochs("5"), residuals, schedule});
  const nlohmann::json three = written({epochs("3"), residuals,
                                        "training.write_filter_schedule=[{from_epoch: 2, policy: ef_reset, "
                                        "threshold_mode: rms, threshold: 2.7}]"});
  CHECK(one["reference"]["bit_exact"] == true);
  CHECK(three["reference"]["bit_exact"] == true);
  CHECK(five["reference"]["bit_exact"] == true);
  // All of the first epoch, then less and less.
  CHECK(of(one["writes"], "weight", "weights_written") == updates);
  const double two_filtered = of(three["writes"], "weight", "weights_written") - updates;
  const double last_filtered =
      of(five["writes"], "weight", "weights_written") - of(three["writes"], "weight", "weights_written");
  CHECK(two_filtered < 0.4 * updates);
  CHECK(last_filtered < 0.8 * two_filtered);
  CHECK(last_filtered > 0);
}

TEST_CASE("the updates of an epoch's last batch are filtered by that epoch's rules") {
  // Without evaluation nothing but the change itself makes the arrays write before the next epoch.
  const std::vector<std::string> settings = {
      "training.evaluate=false", "platform.crossbar.write_filter={policy: drop, threshold: 1e9}",
      "training.write_filter_schedule=[{from_epoch: 2, policy: none}]"};
  const nlohmann::json all = written(settings);
  CHECK(all["reference"]["bit_exact"] == true);
  CHECK(2 * of(all["writes"], "weight", "weights_written") == of(all["writes"], "weight", "weights_offered"));
}

TEST_CASE(
    "writes of activations as kernels are counted apart, and a filter that compares leaves the golden bits") {
  const std::vector<std::string> kernels = {
      "platform.tile.crossbars=6", "platform.crossbar.adc_bits=14", "training.gradient=activation_kernels",
      "platform.crossbar.endurance.count_wear=true", "platform.crossbar.endurance.pulses_model=fixed"};
  const nlohmann::json all = written(kernels);
  std::vector<std::string> filtered = kernels;
  filtered.emplace_back("platform.crossbar.kernel_filter={policy: compare, granularity: cell}");
  const nlohmann::json changed = written(filtered);
  CHECK(all["training"]["gradient"] == "activation_kernels, batch");
  CHECK(all["reference"]["bit_exact"] == true);
  CHECK(changed["reference"]["bit_exact"] == true);
  const nlohmann::json& dense = all["writes"]["activation_kernel"];
  const nlohmann::json& sparse = changed["writes"]["activation_kernel"];
  // 120 samples, two epochs, 64 inputs and 24 activations.
  constexpr int values = 2 * 120 * (64 + 24);
  CHECK(dense["values_written"] == values);
  CHECK(dense["filtered"] == 0);
  CHECK(sparse["values_offered"] == values);
  CHECK(sparse["cells"].get<int>() + sparse["filtered"].get<int>() == dense["cells"].get<int>());
  CHECK(sparse["cells"].get<double>() < 0.8 * dense["cells"].get<double>());
  CHECK(all["writes"]["weight"] == changed["writes"]["weight"]);
  CHECK(changed["lifetime"]["activation_kernel"]["mean_years"] >
        all["lifetime"]["activation_kernel"]["mean_years"]);
  CHECK(all["lifetime"]["worst_cell_years"] ==
        std::min(all["lifetime"]["weight"]["worst_cell_years"].get<double>(),
                 all["lifetime"]["activation_kernel"]["worst_cell_years"].get<double>()));
  // Comparing reads the rows first, which costs more than these pulses in this technology.
  CHECK(sparse["pulses"] == sparse["cells"]);
  CHECK(changed["energy"]["by_pass_J"]["gradient"] > all["energy"]["by_pass_J"]["gradient"]);
}

TEST_CASE("outer products in the arrays pass the filter, and the golden reference follows bit by bit") {
  for (const char* rules :
       {"policy: row_max, threshold_mode: rms, threshold: 3, granularity: row",
        "policy: row_top, density: 0.3", "policy: drop, threshold_mode: rms, threshold: 1",
        "policy: ef_reset, threshold_mode: rms, threshold: 3, residual_bits: 30", "policy: top_k",
        "policy: ef_grain, threshold: 5000, residual_bits: 30, granularity: row", "policy: percentile",
        "policy: drop, threshold: 1000000, granularity: crossbar", "policy: stochastic, threshold: 3000",
        "policy: wear_adaptive, threshold: 500"}) {
    CAPTURE(rules);
    const nlohmann::json all =
        written({"platform.crossbar.update=in_place", "dataset.train=40", "training.epochs=1",
                 "platform.crossbar.write_filter={" + std::string(rules) + "}"});
    CHECK(all["reference"]["bit_exact"] == true);
    CHECK(all["writes"]["weight"]["density"] < 1.0);
    CHECK(all["writes"]["weight"]["density"] > 0.0);
  }
}

TEST_CASE("filtered outer products on copies, of whole batches and with a schedule are followed too") {
  for (const char* setting :
       {"training.variant=2", "training.variant=3", "training.deposits=batch",
        "training.write_filter_schedule=[{from_epoch: 2, policy: none}]", "training.carry_period=4"}) {
    CAPTURE(setting);
    const nlohmann::json all =
        written({"platform.crossbar.update=in_place", "dataset.train=40",
                 "platform.crossbar.write_filter={policy: ef_reset, threshold_mode: rms, threshold: 2, "
                 "residual_bits: 30}",
                 setting});
    CHECK(all["reference"]["bit_exact"] == true);
    CHECK(all["writes"]["weight"]["density"] < 0.9);
  }
}

TEST_CASE("wear and lifetime are reported of machines that update in place") {
  const std::vector<std::string> counted = {"platform.crossbar.update=in_place", "dataset.train=40",
                                            "platform.crossbar.endurance={count_wear: true, mode: pulse}"};
  const nlohmann::json all = written(counted);
  CHECK(all["reference"]["bit_exact"] == true);
  std::vector<std::string> filtered = counted;
  filtered.emplace_back(
      "platform.crossbar.write_filter={policy: row_max, threshold_mode: rms, threshold: 3, granularity: "
      "row}");
  const nlohmann::json sparse = written(filtered);
  CHECK(of(sparse["writes"], "weight", "pulses") < of(all["writes"], "weight", "pulses"));
  CHECK(of(sparse, "lifetime", "mean_years") > of(all, "lifetime", "mean_years"));
  std::vector<std::string> unseen = counted;
  unseen.emplace_back("platform.crossbar.arithmetic=none");
  const nlohmann::json rows = written(unseen);
  CHECK(of(rows, "lifetime", "worst_cell_years") > 0);
  // Every driven row counts as pulsed in every step.
  CHECK(of(rows["writes"], "weight", "pulses") > of(all["writes"], "weight", "pulses"));
}

TEST_CASE("a run whose cells wear out under outer products ends with its report") {
  const nlohmann::json worn =
      written({"platform.crossbar.update=in_place",
               "platform.crossbar.endurance={count_wear: true, median: 40, spread: 0.3}"});
  CHECK(worn["ending"] == "finished");
  CHECK(of(worn, "lifetime", "cells_stuck") > 0);
  CHECK(of(worn, "lifetime", "writes_refused") > 0);
  CHECK(worn["reference"]["bit_exact"].is_null());
  CHECK(worn["reference"]["not_compared"] == "cells of crossbars have worn out");
}

TEST_CASE("both cells of pairs wear under outer products, and the golden bits stay") {
  const nlohmann::json all =
      written({"platform.crossbar.update=in_place", "platform.crossbar.encoding=differential",
               "platform.crossbar.endurance={count_wear: true, mode: pulse}", "dataset.train=40"});
  CHECK(all["reference"]["bit_exact"] == true);
  CHECK_FALSE(all["reference"].contains("not_compared"));
  CHECK(of(all, "lifetime", "worst_cell_years") > 0);
  for (const nlohmann::json& array : all["lifetime"]["wear_map"]) {
    const auto slices = array["slices"].get<std::vector<double>>();
    REQUIRE(slices.size() % 2 == 0);
    CHECK(slices[0] > 0);
    CHECK(slices[1] > 0);
  }
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
  CHECK_THAT(refused({"platform.crossbar.update=digital", "platform.crossbar.write_filter.policy=drop"}),
             Catch::Contains("in_place or write_back"));
  CHECK_THAT(refused({"platform.crossbar.write_filter.policy=compare"}),
             Catch::Contains("granularity weight"));
  CHECK_THAT(refused({"platform.crossbar.write_filter={policy: drop, granularity: cell}"}),
             Catch::Contains("granularity weight"));
  CHECK_THAT(refused({"platform.crossbar.arithmetic=none", "platform.crossbar.write_filter.policy=drop"}),
             Catch::Contains("arithmetic: none"));
  CHECK_THAT(refused({"platform.crossbar.arithmetic=exact", "platform.crossbar.endurance.count_wear=true"}),
             Catch::Contains("cells_fail: false"));
  CHECK_THAT(
      refused({"platform.crossbar.update=write_back", "platform.crossbar.write_filter.keep_residual=true"}),
      Catch::Contains("keep_residual"));
  CHECK_THAT(refused({"platform.crossbar.update=write_back", "platform.crossbar.endurance.levelling=random"}),
             Catch::Contains("count_wear"));
  CHECK_THAT(refused({"platform.crossbar.update=write_back", "platform.crossbar.write_filter.policy=best"}),
             Catch::Contains("ef_reset"));
  const auto refused_change = [&](const std::string& changes) {
    return refused(
        {"platform.crossbar.update=write_back", "training.write_filter_schedule=[" + changes + "]"});
  };
  CHECK_THAT(refused_change("{from_epoch: 3}"),
             Catch::Contains("change 1: from_epoch is 3, allowed: 1 to 2"));
  CHECK_THAT(refused_change("{from_epoch: 2}, {from_epoch: 2}"),
             Catch::Contains("change 2: from_epoch is 2"));
  CHECK_THAT(refused_change("{policy: drop}"), Catch::Contains("from_epoch"));
  CHECK_THAT(refused_change("{from_epoch: 2, density: 1.5}"), Catch::Contains("density"));
  CHECK_THAT(refused({"platform.crossbar.update=write_back", "training.variant=2",
                      "platform.crossbar.write_filter.policy=stochastic"}),
             Catch::Contains("two copies"));
}
