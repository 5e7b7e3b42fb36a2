// SPDX-License-Identifier: Apache-2.0
// Makes the program of one tile: initialisation, the loops over epochs, batches and samples, forward,
// backward and update passes of the tile's shards, read-out. docs/compiler.md describes the schedule.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/compiler/assembler.h"
#include "tools/compiler/dram.h"
#include "tools/compiler/layout.h"
#include "tools/compiler/lowering.h"
#include "tools/compiler/placement.h"

namespace weft::compiler {

struct ProgramPlan {
  const LoweredNetwork& network;
  const Placement& placement;
  const Layout& layout;
  const DramMap& dram;
  int epochs = 1;
  bool evaluate = true;
};

struct TileProgram {
  int tile = 0;
  std::uint32_t entry = 0;
  Assembler code;
  std::uint32_t data_address = 0;
  std::vector<std::uint32_t> data;
};

// Throws Error when the code does not fit into the room the layout has reserved for it.
TileProgram generate(const ProgramPlan& plan, int tile);

}  // namespace weft::compiler
