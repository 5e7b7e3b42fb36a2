// SPDX-License-Identifier: Apache-2.0
// The compiler: network, training plan and data set in, everything the machine needs out. Passes in order:
// lowering (number formats), placement (shards to tiles), layout (buffers), DRAM images, code, ELF file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/compiler/codegen.h"
#include "tools/compiler/dram.h"
#include "tools/compiler/fp_codegen.h"
#include "tools/compiler/layout.h"
#include "tools/compiler/lowering.h"
#include "tools/compiler/placement.h"
#include "tools/dataset/dataset.h"

namespace weft::compiler {

struct CompileOptions {
  LoweringOptions lowering;
  Machine machine;
  TileLimits tile;
  std::uint64_t dram_base = 0x80000000;
  std::uint64_t dram_size = 256u * 1024 * 1024;
  std::uint32_t firmware_size = 8u * 1024 * 1024;  // at the start of DRAM, left alone
  bool evaluate = true;
  bool shuffle = true;
  reference::InitialRule initial = reference::InitialRule::automatic;
};

// Bytes to be put into DRAM before the machine starts.
struct MemoryImage {
  std::string what;
  std::uint32_t address = 0;
  std::vector<std::uint8_t> bytes;
};

struct CompiledProgram {
  LoweredNetwork network;
  Placement placement;
  Layout layout;
  DramMap dram;
  std::vector<TileProgram> programs;
  std::vector<std::uint8_t> elf;
  std::vector<MemoryImage> images;  // boot information and the ELF file included
  std::optional<FpProgram> fp;      // of networks on floating-point PIM units (fp_compiler.h)

  // What the machine is trained on, for the references.
  std::vector<std::int16_t> train_codes;
  std::vector<std::int16_t> test_codes;
  std::vector<std::vector<std::uint32_t>> orders;  // one an epoch
  std::vector<reference::LayerWeights> initial;
  std::vector<LoweredWeights> lowered_initial;
};

// Throws Error with what does not fit and what would.
CompiledProgram compile(const reference::Network& network, const reference::TrainingPlan& plan,
                        const dataset::Split& data, const CompileOptions& options);

// The order of the samples, one an epoch.
std::vector<std::vector<std::uint32_t>> make_orders(const reference::TrainingPlan& plan, std::uint32_t count,
                                                    bool shuffle);

// Throws Error unless the network has the inputs and outputs that the data need.
void check_fit(const reference::Network& network, const dataset::Split& data);

// Line of the listing with the instruction at `address` (from 1), and its text; line 0 if there is none.
struct ListingPlace {
  int line = 0;
  std::string region;
  std::string note;
};
ListingPlace find_in_listing(const CompiledProgram& program, std::uint32_t address);

// The listing: address, word, instruction, region and note of every instruction.
std::string listing_text(const CompiledProgram& program);

// What lies where, as JSON: placement, buffers, DRAM map, number formats.
std::string manifest_text(const CompiledProgram& program);

}  // namespace weft::compiler
