// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "platform/config/config.h"

namespace weft::config::test {

// A complete scenario; tests put other sections behind it. Line 1 is "workload:".
inline const std::string network =
    "workload:\n"
    "  layers:\n"
    "    - {outputs: 16, activation: relu}\n"
    "    - {outputs: 10}\n"
    "training: {epochs: 1, learning_rate: 0.1}\n"
    "dataset: {kind: digits, train: 100, test: 10}\n";
constexpr int first_free_line = 7;

inline LoadOptions set(std::vector<std::string> overrides) {
  LoadOptions options;
  options.overrides = std::move(overrides);
  return options;
}

// What a user would read; empty if the scenario is accepted.
inline std::string errors_of(const std::string& text, const LoadOptions& options = {}) {
  try {
    parse_scenario(text, "x.yaml", options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

// A folder that goes away with its files.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "weft_config_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string errors_of_file(const std::filesystem::path& file, const LoadOptions& options = {}) {
  try {
    load_scenario(file, options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace weft::config::test
