// SPDX-License-Identifier: Apache-2.0
// A scenario of nothing but presets and overrides, for tests of the machines that they describe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/assembly/machine_config.h"
#include "platform/config/config.h"

namespace weft::test {

inline config::Scenario preset_scenario(const std::vector<std::string>& overrides) {
  config::LoadOptions options;
  options.preset_path = {std::filesystem::path(WEFT_SOURCE_DIR) / "scenarios"};
  options.overrides = overrides;
  return config::parse_scenario(
      "workload: {layers: [{outputs: 10}]}\n"
      "training: {epochs: 1, learning_rate: 0.1}\n"
      "dataset: {kind: digits, train: 10, test: 10}\n",
      "x.yaml", options);
}

}  // namespace weft::test
