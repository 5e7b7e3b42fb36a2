// SPDX-License-Identifier: Apache-2.0
// What a DRAM's controllers did, and what its accesses cost.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/common/context.h"
#include "platform/config/scenario.h"
#include "platform/machine/machine.h"

namespace weft::tool {

// Adds `memory` to results of machines with a DRAM (platform.memory.kind).
void add_memory_report(nlohmann::json& results, const config::Scenario& scenario,
                       const machine::Machine& machine, const Context& context, double simulated_s);

// Use of a tile's buffer with banks; null with one port.
nlohmann::json bank_report(const memory::Memory& buffer, double simulated_s);

// A line of the summary; empty without such results.
std::string memory_summary(const nlohmann::json& results);

}  // namespace weft::tool
