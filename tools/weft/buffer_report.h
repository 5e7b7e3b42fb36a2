// SPDX-License-Identifier: Apache-2.0
// What a run wrote to the ReRAM beside the tiles' buffers, class by class, what the filters in front of it
// held back, and how long its cells will last.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "platform/config/scenario.h"
#include "platform/machine/accelerator.h"

namespace weft::tool {

// Whether cells of buffers are stuck, so that numbers may differ from those of the golden reference.
bool buffers_worn(const machine::Accelerator& accelerator);

// Adds `reram_buffer` and the classes of `writes` to results of machines with such buffers.
void add_buffer_report(nlohmann::json& results, const config::Scenario& scenario,
                       const machine::Accelerator& accelerator, double simulated_s);

// Lines of the summary; empty without such results.
std::string buffer_summary(const nlohmann::json& results);

}  // namespace weft::tool
