// SPDX-License-Identifier: Apache-2.0
// A bit that is not modelled says so when software sets it: "CONTROL: bits 0x30 are not modelled".
#pragma once

#include <cstdint>
#include <systemc>

#include "models/common/log.h"
#include "models/tlm/register_file.h"

namespace weft {

// Logs every such write to `registers` in the name of `block`; both and `log` must outlive the registers'
// use.
void log_unmodelled(RegisterFile& registers, const sc_core::sc_object& block, const Log& log);

// Logs one such write: for a block that has to look at the bits first.
void log_unmodelled(const RegisterInfo& info, unsigned index, std::uint32_t bits,
                    const sc_core::sc_object& block, const Log& log);

}  // namespace weft
