// SPDX-License-Identifier: Apache-2.0
// What the crossbar units of each layer spent, by pass of training (`layers` of results.json). Known without
// asking the programs: the compiler says which units hold which layer, the units' accounts say what they did.
#pragma once

#include <nlohmann/json.hpp>

#include "models/common/context.h"
#include "platform/machine/accelerator.h"
#include "tools/compiler/placement.h"

namespace weft::tool {

nlohmann::json layer_report(const compiler::Placement& placement, const machine::Accelerator& accelerator,
                            const Context& context);

// Energy of all crossbar units by pass, and as `other` what is left of the run's total.
nlohmann::json pass_report(const machine::Accelerator& accelerator, const Context& context, double total_J);

}  // namespace weft::tool
