// SPDX-License-Identifier: Apache-2.0
// Writes the tile programs as one RISC-V ELF executable: a loadable segment, a code and a data section for
// every tile, at the tile's global addresses, and a symbol for every region of code.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/compiler/codegen.h"

namespace weft::compiler {

std::vector<std::uint8_t> write_elf(const std::vector<TileProgram>& programs);

}  // namespace weft::compiler
