// SPDX-License-Identifier: Apache-2.0
// Scenarios of the project on real images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/config/config.h"
#include "tests/support/skip.h"

namespace weft::test {

// The folder of MNIST's files; may be absent.
inline std::filesystem::path mnist() {
  return std::filesystem::path(WEFT_SOURCE_DIR) / "../shared/data/mnist";
}

inline config::Scenario mnist_scenario(const std::string& name,
                                       const std::vector<std::string>& overrides = {}) {
  config::LoadOptions options;
  options.data_directory = mnist();
  options.overrides = overrides;
  return config::load_scenario(std::filesystem::path(WEFT_SOURCE_DIR) / "scenarios" / name, options);
}

}  // namespace weft::test
