// SPDX-License-Identifier: Apache-2.0
#include "models/device/effects.h"

#include <algorithm>

namespace weft::device {

const std::vector<Effect>& all_effects() {
  using C = DeviceConfig;
  static const std::vector<Effect> effects = {
      {"on_off", [](const C& c) { return c.on_off != 0; }, [](C& c) { c.on_off = 0; }},
      {"variation", [](const C& c) { return c.variation > 0; }, [](C& c) { c.variation = 0; }},
      {"programming", [](const C& c) { return c.programming.has_error(); }, [](C& c) { c.programming = {}; }},
      {"read_noise", [](const C& c) { return c.read_noise.on(); }, [](C& c) { c.read_noise = {}; }},
      {"stuck", [](const C& c) { return c.stuck.on(); }, [](C& c) { c.stuck = {}; }},
      {"drift", [](const C& c) { return c.drift.on(); }, [](C& c) { c.drift = {}; }},
      {"update", [](const C& c) { return c.update.on(); }, [](C& c) { c.update = {}; }},
      {"wires", [](const C& c) { return c.wires.on(); }, [](C& c) { c.wires = {}; }},
  };
  return effects;
}

DeviceConfig with_effects(const DeviceConfig& config, const std::vector<std::string>& keep) {
  DeviceConfig result = config;
  for (const Effect& effect : all_effects()) {
    if (std::find(keep.begin(), keep.end(), effect.name) == keep.end()) effect.switch_off(result);
  }
  return result;
}

}  // namespace weft::device
