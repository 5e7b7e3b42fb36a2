// SPDX-License-Identifier: Apache-2.0
// Instruction bits to text, in the syntax of GNU objdump with aliases ("mv", "ret", "beqz").
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "models/hart/compressed.h"

namespace weft::hart {

// Text of an instruction of the major opcodes custom-0 to custom-3, or "" if it is not known.
using CustomDisassembler = std::function<std::string(std::uint32_t instruction, std::uint32_t pc)>;

// RV32IMAC_Zicsr_Zifencei. A value whose low two bits are not 11 is a 16-bit instruction and only its low
// half counts. Targets of jumps and branches are absolute. Unknown: `.word 0x…`, of 16 bits `.half 0x…`.
std::string disassemble(std::uint32_t instruction, std::uint32_t pc, const CustomDisassembler& custom = {});

}  // namespace weft::hart
