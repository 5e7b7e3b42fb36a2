// SPDX-License-Identifier: Apache-2.0
// From a scenario to the configuration structs of the machine: the one place where units of the scenario
// (nanoseconds, picojoule) become SystemC times and strong energies.
#pragma once

#include "platform/config/scenario.h"
#include "platform/machine/machine.h"

namespace weft::assembly {

crossbar::ArrayConfig array_config(const config::CrossbarConfig& crossbar);

// `boot_info`: address of the boot information in DRAM, 0 if there is none.
machine::MachineConfig machine_config(const config::Scenario& scenario, std::uint32_t boot_info);

}  // namespace weft::assembly
