// SPDX-License-Identifier: Apache-2.0
// The effects of devices one by one: for reports, and for whoever asks what each of them costs. An effect
// that is added to DeviceConfig is added here; a test finds one that was forgotten.
#pragma once

#include <string>
#include <vector>

#include "models/device/device_config.h"

namespace weft::device {

struct Effect {
  const char* name;  // its key in crossbar.device
  bool (*is_on)(const DeviceConfig& config);
  void (*switch_off)(DeviceConfig& config);
};

const std::vector<Effect>& all_effects();

// `config` with only the effects that `keep` names.
DeviceConfig with_effects(const DeviceConfig& config, const std::vector<std::string>& keep);

}  // namespace weft::device
