// SPDX-License-Identifier: Apache-2.0
// What a scenario wants trained: its network, plan and data, and the program compiled from them.
#pragma once

#include "platform/config/scenario.h"
#include "tools/compiler/compiler.h"
#include "tools/dataset/dataset.h"
#include "tools/reference/network.h"

namespace weft::tool {

struct Workload {
  reference::Network network;
  reference::TrainingPlan plan;
  dataset::Split data;
  compiler::CompiledProgram program;
};

// Reads or draws the data set and compiles. Throws Error.
Workload prepare(const config::Scenario& scenario);

}  // namespace weft::tool
