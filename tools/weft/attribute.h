// SPDX-License-Identifier: Apache-2.0
// `weft attribute`: which effect of devices costs how much accuracy. Runs a scenario without effects, with
// each alone, with all, and if asked for with all but one, over an ensemble of seeds.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "platform/config/scenario.h"
#include "tools/weft/commands.h"

namespace weft::tool {

struct AttributeOptions {
  ScenarioOptions scenario;
  int seeds = 5;
  int jobs = 1;                // simulations at a time
  bool leave_one_out = false;  // all effects but one, too
  std::filesystem::path out;   // empty: results/attribute/<name>
  bool as_json = false;
};

constexpr int max_attribute_seeds = 1000;
constexpr int max_attribute_jobs = 256;

// Exit status of the program.
int attribute(const AttributeOptions& options);

// The scenario with some of its effects; `name` is for people and for folders.
struct DeviceVariant {
  std::string name;  // "none", "read_noise", "all", "all but read_noise"
  std::vector<std::string> effects;
};

// Throws Error when no effect is on, or when the scenario does not say how accurate it is.
std::vector<DeviceVariant> device_variants(const config::Scenario& scenario, bool leave_one_out);

// What one variant reached with each of the seeds.
struct DeviceScores {
  DeviceVariant variant;
  std::vector<double> accuracy;  // share of the test samples
  std::vector<double> loss;      // mean over the test samples
};

// {"seeds": n, "variants": [...], "largest": ..., "finding": ...}. The first variant is the one without
// effects. An effect has the largest drop only if it can be told from nothing and from the second largest:
// paired differences beyond what chance gives in one ensemble of forty (Student's t).
nlohmann::json attribution(const std::vector<DeviceScores>& scores);
std::string attribution_table(const nlohmann::json& attribution);

}  // namespace weft::tool
