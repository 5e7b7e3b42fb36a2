// SPDX-License-Identifier: Apache-2.0
// What `weft attribute` makes of the scores of its runs.
#include <catch2/catch.hpp>

#include "platform/config/config.h"
#include "tools/weft/attribute.h"

using namespace weft;
using namespace weft::tool;

namespace {

DeviceScores scores(const std::string& name, const std::vector<std::string>& effects,
                    const std::vector<double>& accuracy) {
  return {{name, effects}, accuracy, std::vector<double>(accuracy.size(), 0.5)};
}

nlohmann::json attribution_of(const std::vector<double>& none, const std::vector<double>& noise,
                              const std::vector<double>& stuck) {
  return attribution({scores("none", {}, none), scores("read_noise", {"read_noise"}, noise),
                      scores("stuck", {"stuck"}, stuck), scores("all", {"read_noise", "stuck"}, stuck),
                      scores("all but stuck", {"read_noise"}, noise)});
}

config::Scenario scenario(const std::string& more) {
  return config::parse_scenario(
      "workload: {layers: [{outputs: 10}], loss: cross_entropy}\n"
      "dataset: {kind: digits, train: 10, test: 10}\n"
      "training: {epochs: 1, learning_rate: 0.1}\n" +
          more,
      "x.yaml");
}

std::vector<std::string> names(const std::vector<DeviceVariant>& variants) {
  std::vector<std::string> result;
  for (const DeviceVariant& each : variants) result.push_back(each.name);
  return result;
}

}  // namespace

TEST_CASE("drops are paired: seeds that are bad for every effect do not count") {
  // Seeds differ by 20 points, the effect costs 2 to 2.2 points with each.
  const nlohmann::json result = attribution_of({0.90, 0.80, 0.70}, {0.90, 0.80, 0.70}, {0.88, 0.779, 0.678});
  CHECK(result["largest"] == "stuck");
  CHECK(result["seeds"] == 3);
  const nlohmann::json& stuck = result["variants"][2];
  CHECK(stuck["name"] == "stuck");
  CHECK(stuck["accuracy_drop"]["mean"].get<double>() == Approx(0.021));
  CHECK(stuck["accuracy_drop"]["standard_error"].get<double>() == Approx(0.001 / std::sqrt(3.0)));
  CHECK(stuck["accuracy"]["deviation"].get<double>() == Approx(0.101));
  CHECK(result["sum_of_drops"].get<double>() == Approx(0.021));
  CHECK(result["finding"] == "stuck alone costs 2.10 points, the most; next is read_noise 0.00 points");
}

TEST_CASE("an effect is not blamed when the seeds cannot tell") {
  SECTION("one seed") {
    const nlohmann::json result = attribution_of({0.9}, {0.9}, {0.5});
    CHECK(result["largest"].is_null());
    CHECK(result["variants"][1]["accuracy_drop"]["standard_error"].is_null());
    CHECK(result["finding"].get<std::string>().find("one seed") == 0);
  }
  SECTION("two seeds need a difference far beyond their spread") {
    CHECK(attribution_of({0.9, 0.9}, {0.9, 0.9}, {0.80, 0.84})["largest"].is_null());
    CHECK(attribution_of({0.9, 0.9}, {0.9, 0.9}, {0.80, 0.805})["largest"] == "stuck");
  }
  SECTION("drops of either sign") {
    const nlohmann::json result = attribution_of({0.9, 0.9, 0.9}, {0.9, 0.9, 0.9}, {0.85, 0.92, 0.89});
    CHECK(result["largest"].is_null());
    CHECK(result["finding"].get<std::string>().find("no effect alone") == 0);
  }
  SECTION("two effects that cost about the same") {
    const nlohmann::json result = attribution_of({0.9, 0.9, 0.9}, {0.80, 0.81, 0.82}, {0.81, 0.80, 0.81});
    CHECK(result["largest"].is_null());
    CHECK(result["finding"].get<std::string>().find("cannot tell which is more") != std::string::npos);
  }
}

TEST_CASE("the table has a line for every combination, and says what effects cost together") {
  const std::string table =
      attribution_table(attribution_of({0.90, 0.80, 0.70}, {0.90, 0.80, 0.70}, {0.88, 0.779, 0.678}));
  for (const char* line : {"none ", "\nread_noise ", "\nstuck ", "\nall ", "\nall but stuck "}) {
    CAPTURE(line);
    CHECK(table.find(line) != std::string::npos);
  }
  CHECK(table.find("together 2.10 points, one by one 2.10 points in sum") != std::string::npos);
}

TEST_CASE("a scenario runs without effects, with each, with all, and with all but one if asked for") {
  const config::Scenario two = scenario(
      "platform: {crossbar: {arithmetic: device, device: {stuck: {low: 0.1}, read_noise: {sigma: 0.1}}}}\n");
  CHECK(names(device_variants(two, false)) == std::vector<std::string>{"none", "read_noise", "stuck", "all"});
  const std::vector<DeviceVariant> more = device_variants(two, true);
  REQUIRE(more.size() == 6);
  CHECK(more[4].name == "all but read_noise");
  CHECK(more[4].effects == std::vector<std::string>{"stuck"});
  const config::Scenario one =
      scenario("platform: {crossbar: {arithmetic: device, device: {variation: 0.1}}}\n");
  CHECK(names(device_variants(one, true)) == std::vector<std::string>{"none", "variation"});
}

TEST_CASE("scenarios without effects or without test accuracies are refused") {
  for (const char* more :
       {"", "platform: {crossbar: {arithmetic: device}}\n",
        "platform: {crossbar: {arithmetic: device, update: digital, device: {variation: 0.1}}}\n"}) {
    CAPTURE(more);
    CHECK_THROWS_WITH(device_variants(scenario(more), false), Catch::Contains("no effect of devices is on"));
  }
  config::Scenario blind = scenario("platform: {crossbar: {arithmetic: device, device: {variation: 0.1}}}\n");
  blind.training.evaluate = false;
  CHECK_THROWS_WITH(device_variants(blind, false), Catch::Contains("training.evaluate"));
}
