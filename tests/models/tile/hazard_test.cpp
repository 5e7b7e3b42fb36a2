// SPDX-License-Identifier: Apache-2.0
// A tile that warns of memory hazards.
#include <fmt/format.h>

#include "tests/models/tile/tile_rig.h"

using namespace weft;
using namespace weft::test;

namespace {

constexpr std::uint32_t result_at = data_at + 0x400;

tile::TileConfig checking() {
  tile::TileConfig config = small_tile();
  config.check_hazards = true;
  return config;
}

Code prepared() {
  Code code;
  code.set_csr(csr_mtvec, handler_at).set_csr(xweft::csr_wfmt, 0x222).set_csr(xweft::csr_wlen, 64);
  return code.set_csr(xweft::csr_wbits, 0);
}

Code& load_word(Code& code, std::uint32_t address) {
  code.li(t1, address);
  return code << lw(a5, 0, t1);
}

}  // namespace

TEST_CASE("a load of a result that nobody has waited for is a hazard, with its pc") {
  Code code = prepared().xweft("vadd", data_at, data_at, result_at);
  load_word(code, result_at + 252);
  const std::uint32_t pc = tile_base + code.bytes() - 4;
  code.wait_for_ticket();
  load_word(code, result_at + 252).end();
  TileRig rig(checking());
  rig.run(code);
  CHECK(rig.traps.empty());
  REQUIRE(rig.warnings.size() == 1);
  CHECK(rig.warnings[0] ==
        fmt::format("hazard at pc {:#010x}: the hart reads {:#010x} to {:#010x}, which the vector "
                    "unit has still to write",
                    pc, result_at + 252, result_at + 255));
  CHECK(rig.tile.hazards()->hazards() == 1);
}

TEST_CASE("an operand in flight may be read and not written") {
  Code code = prepared().xweft("vadd", data_at, data_at + 0x100, result_at);
  load_word(code, data_at).save(a5, data_at + 0x104).save(a5, data_at + 0x200);
  TileRig rig(checking());
  rig.run(code.wait_for_ticket().end());
  REQUIRE(rig.warnings.size() == 1);
  CHECK(rig.warnings[0].find(
            "the hart writes 0x40001104 to 0x40001107, which the vector unit has still to read") !=
        std::string::npos);
}

TEST_CASE("a command that takes another unit's result too early is a hazard, one of the same unit is not") {
  Code code = prepared().xweft("vadd", data_at, data_at, result_at).xweft("vrelu", result_at, 0, result_at);
  code.xweft("dma", result_at, system_base, 256).xweft("waitm", 3);
  code.xweft("dma", result_at, system_base, 256).xweft("waitm", 3);
  TileRig rig(checking());
  rig.run(code.end());
  REQUIRE(rig.warnings.size() == 1);
  CHECK(rig.warnings[0].find(
            "a command of the DMA reads 0x40001400 to 0x400014ff, which the vector unit has still "
            "to write") != std::string::npos);
}

TEST_CASE("units that accumulate into one result are no hazard, reading it is") {
  Code code = prepared().set_csr(xweft::csr_wbits, 8).set_csr(xweft::csr_wdstr, 0);
  code.xweft("mvma", data_at, result_at, 3);
  load_word(code, result_at);
  TileRig rig(checking());
  rig.run(code.xweft("waitm", 0x300).end());
  // One report for each of the two owners.
  CHECK(rig.warnings.size() == 2);
  CHECK(rig.tile.hazards()->hazards() == 2);
}

TEST_CASE("rows with gaps own what they cover and nothing between") {
  Code code =
      prepared().set_csr(xweft::csr_wlen, 4).set_csr(xweft::csr_wcnt, 4).set_csr(xweft::csr_wdstr, 32);
  code.set_csr(xweft::csr_wsstr, 16).xweft("vtrans", data_at, 0, result_at);
  load_word(code, result_at + 16);
  load_word(code, result_at + 28);
  load_word(code, result_at + 32);
  TileRig rig(checking());
  rig.run(code.wait_for_ticket().end());
  CHECK(rig.warnings.size() == 1);
}

TEST_CASE("a tile's reset forgets what its units owned") {
  Code code = prepared().xweft("vadd", data_at, data_at, result_at).end();
  TileRig rig(checking());
  rig.start(code);
  sc_core::sc_start(ns(60));
  CHECK(rig.tile.hazards()->owns(result_at, result_at));
  rig.control(tile_control::registers::control_reset);
  CHECK_FALSE(rig.tile.hazards()->owns(result_at, result_at));
}

TEST_CASE("checking changes neither results nor simulated time") {
  struct Outcome {
    sc_core::sc_time end;
    std::uint64_t cycles = 0;
    std::uint64_t instructions = 0;
    std::vector<std::uint32_t> memory;
    double energy = 0;
  };
  std::vector<Outcome> outcomes;
  for (const bool check : {false, true}) {
    fresh_kernel();
    tile::TileConfig config = small_tile();
    config.check_hazards = check;
    // Code and data share a page with operands in flight, which are loaded and stored all the time.
    Code code = prepared().set_csr(xweft::csr_wbits, 8);
    for (int round = 0; round < 6; ++round) {
      code.xweft("vadd", tile_base + 0x700, data_at, result_at).xweft("mvm", data_at, data_at + 0x800, 3);
      code.li(a4, 40).li(t1, data_at);
      code << lw(a5, 0, t1) << addi(a5, a5, 1) << sw(a5, 0, t1) << addi(a4, a4, -1) << bne(a4, zero, -16);
      code.xweft("waitm", 0x302);
    }
    code.save_csr(csr_mcycle, data_at + 0xc00);
    TileRig rig(config);
    rig.run(code.end());
    CHECK(rig.traps.empty());
    CHECK(rig.warnings.empty() == !check);
    outcomes.push_back({sc_core::sc_time_stamp(), rig.tile.hart().core().cycles(),
                        rig.tile.hart().core().instructions(), rig.get<std::uint32_t>(tile_base, 0x800),
                        rig.context.energy.total().value()});
  }
  CHECK(outcomes[0].end == outcomes[1].end);
  CHECK(outcomes[0].cycles == outcomes[1].cycles);
  CHECK(outcomes[0].instructions == outcomes[1].instructions);
  CHECK((outcomes[0].memory == outcomes[1].memory));
  CHECK(outcomes[0].energy == outcomes[1].energy);
}
