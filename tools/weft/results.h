// SPDX-License-Identifier: Apache-2.0
// What a run leaves behind: results.json (docs/results.md) and the summary on the terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "platform/config/scenario.h"
#include "tools/weft/references.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

namespace weft::tool {

struct RunReport {
  const config::Scenario& scenario;
  std::string scenario_hash;
  const Workload* workload = nullptr;  // null for hand-written tile programs
  const Simulation& simulation;
  const Outcome& outcome;
  std::optional<GoldenRun> golden;
  std::optional<FloatRun> float32;
  std::optional<std::string> difference;  // to the golden weights; "" if there is none
  bool references_stopped = false;
};

nlohmann::json make_results(const RunReport& report);
std::string make_summary(const RunReport& report, const nlohmann::json& results);

}  // namespace weft::tool
