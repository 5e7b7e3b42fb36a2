// SPDX-License-Identifier: Apache-2.0
#include "models/device/device_config.h"

#include <fmt/core.h>

#include "models/common/error.h"
#include "models/device/effects.h"
#include "models/device/programming_error.h"
#include "models/device/update/update_model.h"

namespace weft::device {

namespace {

// Written so that a value that is no number is refused.
void require(const char* field, double value, double low, double high) {
  if (value >= low && value <= high) return;
  throw Error(fmt::format("device: {} = {} is not allowed ({} to {})", field, value, low, high));
}

void validate_programming(const ProgrammingConfig& programming) {
  if (!programming.fit.empty() && find_programming_fit(programming.fit) == nullptr) {
    throw Error(fmt::format("device: programming.fit = '{}' is not known", programming.fit));
  }
  require("programming.sigma", programming.sigma, 0, 1);
  require("programming.relative_sigma", programming.relative_sigma, 0, 1);
  require("programming.verify_window", programming.verify_window, 0, 128);
  require("programming.verify_pulses", programming.verify_pulses, 1, 1000);
}

void validate_update(const UpdateConfig& update) {
  if (find_update_model(update.model) == nullptr) {
    throw Error(fmt::format("device: update.model = '{}' is not known", update.model));
  }
  require("update.step", update.step, 0, 256);
  require("update.step_variation", update.step_variation, 0, 10);
  require("update.noise", update.noise, 0, 100);
  require("update.asymmetry", update.asymmetry, -1, 1);
  require("update.asymmetry_sigma", update.asymmetry_sigma, 0, 1);
  require("update.bound_variation", update.bound_variation, 0, 1);
  require("update.slope", update.slope, 0, 20);
  require("update.slope_variation", update.slope_variation, 0, 10);
  require("update.exponential_up", update.exponential_up, -100, 100);
  require("update.exponential_down", update.exponential_down, -100, 100);
  require("update.exponential_scale", update.exponential_scale, 0, 10);
  require("update.exponential_offset", update.exponential_offset, -10, 10);
}

}  // namespace

void DeviceConfig::validate() const {
  require("g_max_uS", g_max_uS, 1e-6, 1e6);
  if (on_off != 0) require("on_off", on_off, 1.01, 1e12);
  require("variation", variation, 0, 1);
  validate_programming(programming);
  require("read_noise.sigma", read_noise.sigma, 0, 1);
  require("read_noise.relative_sigma", read_noise.relative_sigma, 0, 1);
  require("stuck.low", stuck.low, 0, 1);
  require("stuck.high", stuck.high, 0, 1);
  require("stuck.low + stuck.high", stuck.low + stuck.high, 0, 1);
  require("drift.time_s", drift.time_s, 0, 1e12);
  require("drift.t0_s", drift.t0_s, 1e-12, 1e12);
  require("drift.exponent", drift.exponent, -1, 1);
  require("drift.exponent_sigma", drift.exponent_sigma, 0, 1);
  validate_update(update);
  require("wires.ohm_per_cell", wires.ohm_per_cell, 0, 1e6);
}

std::vector<std::string> DeviceConfig::effects() const {
  std::vector<std::string> names;
  for (const Effect& effect : all_effects()) {
    if (effect.is_on(*this)) names.emplace_back(effect.name);
  }
  return names;
}

}  // namespace weft::device
