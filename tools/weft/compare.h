// SPDX-License-Identifier: Apache-2.0
// `weft compare`: runs scenarios, or takes results that are there, and sets them side by side.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace weft::tool {

struct CompareOptions {
  std::vector<std::filesystem::path> inputs;  // scenarios, results.json files, or their folders
  std::vector<std::string> set;
  std::optional<std::filesystem::path> data;
  std::vector<std::string> platforms;  // presets: every scenario runs on each of them
  std::vector<std::string> vary;       // KEY=VALUE,VALUE…: every scenario runs with each combination
  std::filesystem::path out = "results/compare";
  bool as_json = false;
};

// Exit status of the program.
int compare(const CompareOptions& options);

// A run under the name it has in the comparison.
struct NamedResults {
  std::string name;
  nlohmann::json results;
};

// {"runs": [...], "ratios": [...]}: figures of every run, and each divided by the first run's. A figure that
// a run does not have, and a ratio to nothing, is null.
nlohmann::json comparison(const std::vector<NamedResults>& runs);
std::string comparison_table(const nlohmann::json& comparison);

}  // namespace weft::tool
