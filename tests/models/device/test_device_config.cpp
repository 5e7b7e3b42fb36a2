// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <limits>

#include "models/common/error.h"
#include "models/device/device_config.h"
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

TEST_CASE("update models are found by the names they are listed with") {
  CHECK(device::update_models().size() == 7);
  for (const device::UpdateModel* model : device::update_models())
    CHECK(device::find_update_model(model->name()) == model);
  CHECK(device::find_update_model("none") == nullptr);
}

}  // namespace
}  // namespace weft::test
