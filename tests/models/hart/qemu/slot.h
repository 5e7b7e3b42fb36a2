// SPDX-License-Identifier: Apache-2.0
// The frame around one program of a comparison with QEMU: 8 KiB of memory that hold everything the program
// needs and everything it leaves behind, so that thousands of them fit into one image and one QEMU.
//
//   code page   0x000  prologue (CSRs, registers), trap handler, epilogue
//               0x400  body: the program itself
//               0xFFC  exit: to the next program (QEMU) or out of the simulator (this core)
//   data page   offsets in namespace `slot`: initial state, final state, log of traps, scratch memory
//
// One register of the program, the context, holds the address of the data page. It, sp and s0 are never
// written by a body; sp and s0 point into the scratch memory.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tests/models/hart/machine.h"

namespace weft::test {

namespace slot {
constexpr std::uint32_t bytes = 0x2000;
constexpr std::uint32_t data_page = 0x1000;
constexpr std::uint32_t body = 0x400;
constexpr std::uint32_t exit = 0xFFC;
constexpr std::uint32_t body_bytes = exit - body - 4;  // behind the body: a jump to the epilogue

// Offsets in the data page, all within reach of a 12-bit immediate.
constexpr std::uint32_t initial_x = 0x000;
constexpr std::uint32_t initial_f = 0x080;
constexpr std::uint32_t saved = 0x100;         // two registers of the interrupted program
constexpr std::uint32_t log_position = 0x108;  // address of the next entry of the log
constexpr std::uint32_t fuel = 0x10C;          // backward jumps left
constexpr std::uint32_t resume = 0x110;        // where to go on after a fault of a fetch
constexpr std::uint32_t handler = 0x114;       // address of the trap handler
constexpr std::uint32_t retired_before = 0x118;
constexpr std::uint32_t retired_after = 0x11C;
constexpr std::uint32_t initial_csrs = 0x120;
constexpr std::uint32_t final_csrs = 0x140;
constexpr std::uint32_t initial_fcsr = 0x160;
constexpr std::uint32_t final_fcsr = 0x164;
constexpr std::uint32_t final_x = 0x180;
constexpr std::uint32_t final_f = 0x200;
constexpr std::uint32_t log = 0x280;
constexpr std::uint32_t log_entries = 64;
constexpr std::uint32_t log_entry_bytes = 16;  // mcause, mepc, mtval, mstatus
constexpr std::uint32_t log_end = log + log_entries * log_entry_bytes;
constexpr std::uint32_t initial_optional_csrs = log_end;  // those of user mode and protection
constexpr std::uint32_t final_optional_csrs = 0x700;
constexpr std::uint32_t scratch = 0x800;
constexpr std::uint32_t scratch_bytes = 0x800;
// The bodies' pointers: s0 reaches everything with a signed 11-bit offset; sp what the unsigned offsets of
// compressed instructions reach.
constexpr std::uint32_t s0_offset = 0xC00;
constexpr std::uint32_t sp_offset = 0x900;
}  // namespace slot

// An address range in which neither machine has anything.
constexpr std::uint32_t hole = 0x00800000;

// The first slot; the page before it starts QEMU.
constexpr std::uint32_t first_slot = ram_base + slot::bytes;

// The value of a pmpaddr register: as it is, or with the address of the slot added.
struct ProtectionAddress {
  std::uint32_t value = 0;
  bool relative = false;
};

// Entries 0 to 3 are the same in every program: all levels may use the slot up to the scratch memory, and
// machine mode what ends QEMU, whatever the other entries say.
constexpr std::uint32_t frame_pmpcfg = 0x1F'13'0F'00;
constexpr unsigned frame_entries = 4;
std::array<ProtectionAddress, frame_entries> frame_pmpaddr();

// A program: units of instructions that belong together. Jumps lead to the beginning of a unit.
struct Program {
  std::uint32_t context = 31;  // register
  std::uint32_t mstatus = 0;
  std::uint32_t mscratch = 0;
  std::uint32_t fcsr = 0;
  std::array<std::uint32_t, 32> x{};
  std::array<std::uint32_t, 32> f{};
  bool single_float = false;
  bool user_mode = false;
  bool protection = false;
  std::uint32_t mcounteren = 0;
  std::array<std::uint32_t, 4> pmpcfg{};
  std::array<ProtectionAddress, 16> pmpaddr{};
  std::vector<std::vector<std::uint16_t>> units;

  // Appends an instruction to the last unit: 16 bits if those say so.
  void emit(std::uint32_t instruction);
  void emit16(std::uint32_t parcel);
  std::uint32_t body_bytes() const;
  // The same program that leaves before `unit`; everything else stays where it is.
  Program truncated(std::size_t unit) const;
};

// Memory of a slot at `base` before the program runs; the exit is left open.
std::vector<std::uint8_t> slot_image(const Program& program, std::uint32_t base);

// What differs between two data pages, "" if nothing does that matters.
std::string difference(const std::vector<std::uint8_t>& here, const std::vector<std::uint8_t>& qemu);

std::uint32_t trap_count(const std::vector<std::uint8_t>& data_page);

// One line an instruction, with the number of its unit.
std::string listing(const Program& program, std::uint32_t base);

}  // namespace weft::test
