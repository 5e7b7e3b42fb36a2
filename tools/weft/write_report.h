// SPDX-License-Identifier: Apache-2.0
// What a run wrote, what its filters held back, and how long its cells will last.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "platform/config/scenario.h"
#include "platform/machine/accelerator.h"

namespace weft::tool {

// Whether worn cells may have made weights differ from those of a machine whose cells last.
bool cells_have_failed(const machine::Accelerator& accelerator);

// Adds `writes` to results of machines that write weights back, and `lifetime` where wear is counted.
void add_write_report(nlohmann::json& results, const config::Scenario& scenario,
                      const machine::Accelerator& accelerator, double simulated_s);

// Lines of the summary; empty without such results.
std::string write_summary(const nlohmann::json& results);

}  // namespace weft::tool
