// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>

#include "models/common/error.h"
#include "models/device/device_config.h"
#include "models/device/effects.h"
#include "models/device/update/update_model.h"

namespace weft::test {
namespace {

using device::DeviceConfig;

TEST_CASE("devices without effects are allowed and name none") {
  const DeviceConfig config;
  config.validate();
  CHECK(config.effects().empty());
}

TEST_CASE("effects that are on are named") {
  DeviceConfig config;
  config.read_noise.sigma = 0.01;
  config.drift.age = device::DriftAge::configured;
  config.drift.time_s = 3600;
  config.update.model = "soft_bounds";
  CHECK(config.effects() == std::vector<std::string>{"read_noise", "drift", "update"});
}

TEST_CASE("values that are not allowed are named with their range") {
  const auto refused = [](auto change, const std::string& text) {
    DeviceConfig config;
    change(config);
    CHECK_THROWS_WITH(config.validate(), Catch::Contains(text));
  };
  refused([](DeviceConfig& c) { c.on_off = 0.5; }, "device: on_off = 0.5 is not allowed (1.01 to");
  refused([](DeviceConfig& c) { c.read_noise.sigma = -1; }, "read_noise.sigma = -1");
  refused([](DeviceConfig& c) { c.variation = std::numeric_limits<double>::quiet_NaN(); }, "variation = nan");
  refused([](DeviceConfig& c) { c.stuck.low = c.stuck.high = 0.6; }, "stuck.low + stuck.high = 1.2");
  refused([](DeviceConfig& c) { c.update.model = "magic"; }, "update.model = 'magic' is not known");
  refused([](DeviceConfig& c) { c.programming.fit = "guess"; }, "programming.fit = 'guess' is not known");
  refused([](DeviceConfig& c) { c.programming.verify_pulses = 0; }, "programming.verify_pulses = 0");
}

// Every effect on.
DeviceConfig everything() {
  DeviceConfig config;
  config.on_off = 20;
  config.variation = 0.1;
  config.programming.sigma = 0.01;
  config.read_noise.sigma = 0.01;
  config.stuck.low = 0.01;
  config.drift.age = device::DriftAge::simulated;
  config.update.model = "soft_bounds";
  config.wires.model = device::WireModel::ladder;
  return config;
}

TEST_CASE("each effect can be kept alone, left out alone, or switched off with all others") {
  const std::vector<std::string> all = everything().effects();
  // The keys of the scenario: a group that is added to DeviceConfig belongs into the list.
  CHECK(all == std::vector<std::string>{"on_off", "variation", "programming", "read_noise", "stuck", "drift",
                                        "update", "wires"});
  CHECK(all.size() == device::all_effects().size());
  CHECK(with_effects(everything(), all).effects() == all);
  CHECK(with_effects(everything(), {}).effects().empty());
  for (const std::string& each : all) {
    CAPTURE(each);
    CHECK(with_effects(everything(), {each}).effects() == std::vector<std::string>{each});
    std::vector<std::string> rest = all;
    rest.erase(std::find(rest.begin(), rest.end(), each));
    CHECK(with_effects(everything(), rest).effects() == rest);
  }
}

TEST_CASE("every file of the folder of update models is a model of that name") {
  std::vector<std::string> files{"ideal"};
  for (const auto& entry : std::filesystem::directory_iterator(WEFT_SOURCE_DIR "/models/device/update")) {
    if (entry.path().extension() == ".cpp" && entry.path().stem() != "registry")
      files.push_back(entry.path().stem().string());
  }
  std::vector<std::string> names;
  for (const device::UpdateModel* model : device::update_models()) names.emplace_back(model->name());
  std::sort(files.begin(), files.end());
  std::sort(names.begin(), names.end());
  CHECK(files == names);
}

TEST_CASE("update models are found by the names they are listed with") {
  for (const device::UpdateModel* model : device::update_models())
    CHECK(device::find_update_model(model->name()) == model);
  CHECK(device::find_update_model("none") == nullptr);
}

}  // namespace
}  // namespace weft::test
