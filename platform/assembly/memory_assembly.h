// SPDX-License-Identifier: Apache-2.0
// The part of a machine's configuration that platform.memory describes.
#pragma once

#include "platform/config/scenario.h"
#include "platform/machine/machine.h"

namespace weft::assembly {

// Turns the plain memory that `machine.dram` is into the store of a DRAM, if the scenario has one, and places
// its controllers.
void set_memory(const config::Scenario& scenario, machine::MachineConfig& machine);

}  // namespace weft::assembly
