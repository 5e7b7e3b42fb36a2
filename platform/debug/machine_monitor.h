// SPDX-License-Identifier: Apache-2.0
// A whole machine for the debugger: its harts by name, and monitor commands that show its units.
#pragma once

#include "platform/debug/target.h"
#include "platform/machine/machine.h"

namespace weft::debug {

// Threads: the host's hart, then the tiles' in order. Commands: units, dump, reset.
Target machine_target(machine::Machine& machine);

}  // namespace weft::debug
