// SPDX-License-Identifier: Apache-2.0
// What the floating-point PIM units of a run did: row steps, energy by component, area, and how long their
// cells live.
#pragma once

#include <nlohmann/json.hpp>

#include "models/common/context.h"
#include "platform/config/scenario.h"
#include "platform/machine/accelerator.h"

namespace weft::tool {

// Null on a platform without such units.
nlohmann::json fp_pim_report(const config::Scenario& scenario, const machine::Accelerator& accelerator,
                             const Context& context, double simulated_s);

}  // namespace weft::tool
