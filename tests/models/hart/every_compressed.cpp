// SPDX-License-Identifier: Apache-2.0
// Every instruction of RV32C with the ends of its immediate, its hints and its reserved encodings (RISC-V
// Unprivileged ISA 20191213, chapter 16). The parcels are GNU as's.
#include <catch2/catch.hpp>

#include "models/hart/compressed.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr std::uint32_t t6 = 31;
// Float registers by their ABI names.
constexpr std::uint32_t ft0 = 0;
constexpr std::uint32_t fs0 = 8;
constexpr std::uint32_t fa0 = 10;
constexpr std::uint32_t fa5 = 15;
constexpr std::uint32_t ft11 = 31;
constexpr std::uint32_t mstatus_fs_initial = 1u << 13;

struct Expansion {
  const char* name;
  std::uint16_t parcel;
  std::uint32_t instruction;
};

const Expansion expansions[] = {
    {"c.addi4spn s0,sp,4", 0x0040, addi(s0, sp, 4)},
    {"c.addi4spn a5,sp,1020", 0x1FFC, addi(a5, sp, 1020)},
    {"c.lw s0,0(a5)", 0x4380, lw(s0, 0, a5)},
    {"c.lw a5,124(s0)", 0x5C7C, lw(a5, 124, s0)},
    {"c.sw s0,124(a5)", 0xDFE0, sw(s0, 124, a5)},
    {"c.sw a5,64(s0)", 0xC03C, sw(a5, 64, s0)},
    {"c.flw fs0,0(a5)", 0x6380, flw(fs0, 0, a5)},
    {"c.flw fa5,124(s0)", 0x7C7C, flw(fa5, 124, s0)},
    {"c.fsw fs0,124(a5)", 0xFFE0, fsw(fs0, 124, a5)},
    {"c.fsw fa5,64(s0)", 0xE03C, fsw(fa5, 64, s0)},
    {"c.nop", 0x0001, nop},
    {"c.addi a0,-32", 0x1501, addi(a0, a0, -32)},
    {"c.addi t6,31", 0x0FFD, addi(t6, t6, 31)},
    {"c.jal .-2048", 0x3001, jal(ra, -2048)},
    {"c.jal .+2046", 0x2FFD, jal(ra, 2046)},
    {"c.li a0,-32", 0x5501, addi(a0, zero, -32)},
    {"c.li t6,31", 0x4FFD, addi(t6, zero, 31)},
    {"c.addi16sp sp,-512", 0x7101, addi(sp, sp, -512)},
    {"c.addi16sp sp,496", 0x617D, addi(sp, sp, 496)},
    {"c.lui a0,0xfffe0", 0x7501, lui(a0, 0xFFFE0000)},
    {"c.lui t6,0x1f", 0x6FFD, lui(t6, 0x1F000)},
    {"c.srli s0,1", 0x8005, op_imm(5, s0, s0, 1)},
    {"c.srli a5,31", 0x83FD, op_imm(5, a5, a5, 31)},
    {"c.srai s0,1", 0x8405, op_imm(5, s0, s0, 0x401)},
    {"c.srai a5,31", 0x87FD, op_imm(5, a5, a5, 0x41F)},
    {"c.andi s0,-32", 0x9801, op_imm(7, s0, s0, -32)},
    {"c.andi a5,31", 0x8BFD, op_imm(7, a5, a5, 31)},
    {"c.sub s0,a5", 0x8C1D, op(0, 0x20, s0, s0, a5)},
    {"c.xor s0,a5", 0x8C3D, xor_(s0, s0, a5)},
    {"c.or s0,a5", 0x8C5D, op(6, 0, s0, s0, a5)},
    {"c.and a5,s0", 0x8FE1, op(7, 0, a5, a5, s0)},
    {"c.j .-2048", 0xB001, jal(zero, -2048)},
    {"c.j .+2046", 0xAFFD, jal(zero, 2046)},
    {"c.beqz s0,.-256", 0xD001, beq(s0, zero, -256)},
    {"c.beqz a5,.+254", 0xCFFD, beq(a5, zero, 254)},
    {"c.bnez s0,.-256", 0xF001, bne(s0, zero, -256)},
    {"c.bnez a5,.+254", 0xEFFD, bne(a5, zero, 254)},
    {"c.slli a0,1", 0x0506, op_imm(1, a0, a0, 1)},
    {"c.slli t6,31", 0x0FFE, op_imm(1, t6, t6, 31)},
    {"c.lwsp a0,0(sp)", 0x4502, lw(a0, 0, sp)},
    {"c.lwsp t6,252(sp)", 0x5FFE, lw(t6, 252, sp)},
    {"c.jr a0", 0x8502, jalr(zero, 0, a0)},
    {"c.jr t6", 0x8F82, jalr(zero, 0, t6)},
    {"c.mv a0,t6", 0x857E, add(a0, zero, t6)},
    {"c.mv t6,a0", 0x8FAA, add(t6, zero, a0)},
    {"c.ebreak", 0x9002, hart::word::ebreak},
    {"c.jalr a0", 0x9502, jalr(ra, 0, a0)},
    {"c.jalr t6", 0x9F82, jalr(ra, 0, t6)},
    {"c.add a0,t6", 0x957E, add(a0, a0, t6)},
    {"c.add t6,a0", 0x9FAA, add(t6, t6, a0)},
    {"c.swsp zero,0(sp)", 0xC002, sw(zero, 0, sp)},
    {"c.swsp t6,252(sp)", 0xDFFE, sw(t6, 252, sp)},
    {"c.flwsp fa0,0(sp)", 0x6502, flw(fa0, 0, sp)},
    {"c.flwsp ft11,252(sp)", 0x7FFE, flw(ft11, 252, sp)},
    {"c.fswsp ft0,0(sp)", 0xE002, fsw(ft0, 0, sp)},
    {"c.fswsp ft11,252(sp)", 0xFFFE, fsw(ft11, 252, sp)},
};

// Fields that make a parcel mean nothing; the rest of it is free.
struct Pattern {
  const char* name;
  std::uint32_t mask;
  std::uint32_t value;
};

const Pattern reserved[] = {
    {"defined illegal", 0xFFFF, 0x0000},
    {"c.addi4spn without immediate", 0xFFE3, 0x0000},
    {"c.fld of the D extension", 0xE003, 0x2000},
    {"quadrant 0, function 4", 0xE003, 0x8000},
    {"c.fsd of the D extension", 0xE003, 0xA000},
    {"c.addi16sp without immediate", 0xFFFF, 0x6101},
    {"c.srli by 32 and more", 0xFC03, 0x9001},
    {"c.srai by 32 and more", 0xFC03, 0x9401},
    {"c.subw, c.addw of RV64 and their neighbours", 0xFC03, 0x9C01},
    {"c.slli by 32 and more", 0xF003, 0x1002},
    {"c.fldsp of the D extension", 0xE003, 0x2002},
    {"c.lwsp to x0", 0xEF83, 0x4002},
    {"c.jr of x0", 0xFFFF, 0x8002},
    {"c.fsdsp of the D extension", 0xE003, 0xA002},
};

// Instructions that change nothing, reserved for hints.
const Pattern hints[] = {
    {"c.nop with an immediate", 0xEF83, 0x0001},
    {"c.li to x0", 0xEF83, 0x4001},
    {"c.slli of x0", 0xFF83, 0x0002},
    {"c.srli by 0", 0xFC7F, 0x8001},
    {"c.srai by 0", 0xFC7F, 0x8401},
    {"c.slli by 0", 0xF07F, 0x0002},
};

bool matches(std::uint32_t parcel, const Pattern& pattern) {
  return (parcel & pattern.mask) == pattern.value;
}

// Runs one parcel on registers x(i) = 0x1000 + i and returns whether any of them changed.
bool changes_registers(Machine& machine, std::uint32_t parcel) {
  machine.program({pair(parcel, c_nop)});
  machine.traps.clear();
  machine.core.set_pc(ram_base);
  for (unsigned i = 1; i < 32; ++i) machine.core.set_x(i, 0x1000 + i);
  machine.step();
  bool changed = false;
  for (unsigned i = 1; i < 32; ++i) changed = changed || machine.core.x(i) != 0x1000 + i;
  return changed;
}

}  // namespace

TEST_CASE("every compressed instruction expands to its 32-bit form") {
  for (const Expansion& c : expansions) {
    INFO(c.name);
    CHECK(hart::expand(c.parcel) == c.instruction);
  }
}

TEST_CASE("every compressed instruction does what its expansion does, two bytes shorter") {
  for (const Expansion& c : expansions) {
    INFO(c.name);
    hart::CoreConfig config;
    config.single_float = true;
    Machine compressed(config);
    Machine expanded(config);
    compressed.program({pair(c.parcel, c_nop)}, ram_base + 0x4000);
    expanded.program({c.instruction}, ram_base + 0x4000);
    for (Machine* machine : {&compressed, &expanded}) {
      machine->set_csr(hart::csr::mstatus, mstatus_fs_initial);
      for (unsigned i = 1; i < 32; ++i) machine->core.set_x(i, data_base + 0x100 * i);
      for (unsigned i = 0; i < 32; ++i) machine->core.set_f(i, 0x40000000u + i);
      for (std::uint32_t offset = 0; offset < 0x4000; offset += 4) {
        machine->set_word(data_base + offset, 0x9E3779B9u * (offset + 1));
      }
      machine->core.set_pc(ram_base + 0x4000);
      machine->step();
    }
    const bool falls_through = expanded.core.pc() == ram_base + 0x4004;
    CHECK(compressed.core.pc() == expanded.core.pc() - (falls_through ? 2 : 0));
    CHECK(compressed.traps.size() == expanded.traps.size());
    const Opcode opcode = hart::opcode(c.instruction);
    const bool links =
        (opcode == Opcode::jal || opcode == Opcode::jalr) && hart::field_rd(c.instruction) == ra;
    for (unsigned i = 0; i < 32; ++i) {
      CAPTURE(i);
      CHECK(compressed.core.x(i) == expanded.core.x(i) - (links && i == ra ? 2 : 0));
      CHECK(compressed.core.f(i) == expanded.core.f(i));
    }
    expanded.program({pair(c.parcel, c_nop)}, ram_base + 0x4000);
    CHECK(compressed.ram == expanded.ram);
  }
}

TEST_CASE("every reserved compressed encoding is illegal, with its 16 bits in mtval") {
  Machine machine;
  for (const Pattern& pattern : reserved) {
    unsigned count = 0;
    for (std::uint32_t parcel = 0; parcel < 0x10000; ++parcel) {
      if (!matches(parcel, pattern)) continue;
      ++count;
      const bool changed = changes_registers(machine, parcel);
      const bool illegal = machine.traps.size() == 1 &&
                           machine.traps[0].cause == hart::cause::illegal_instruction &&
                           machine.traps[0].value == parcel;
      if (changed || !illegal) {
        INFO(pattern.name);
        CAPTURE(parcel);
        CHECK_FALSE(changed);
        CHECK(illegal);
      }
    }
    CHECK(count > 0);
  }
  // c.lui without immediate, of every register but sp
  for (std::uint32_t rd = 0; rd < 32; ++rd) {
    if (rd == sp) continue;
    CAPTURE(rd);
    CHECK_FALSE(changes_registers(machine, 0x6001 | rd << 7));
    CHECK(machine.traps.size() == 1);
  }
}

TEST_CASE("every compressed hint retires and changes nothing") {
  Machine machine;
  const auto check = [&machine](const char* name, std::uint32_t parcel) {
    INFO(name);
    CAPTURE(parcel);
    CHECK_FALSE(changes_registers(machine, parcel));
    CHECK(machine.traps.empty());
    CHECK(machine.core.pc() == ram_base + 2);
  };
  for (const Pattern& pattern : hints) {
    for (std::uint32_t parcel = 0; parcel < 0x10000; ++parcel) {
      if (matches(parcel, pattern)) check(pattern.name, parcel);
    }
  }
  for (std::uint32_t rd = 1; rd < 32; ++rd) check("c.addi by 0", 0x0001 | rd << 7);
  for (std::uint32_t immediate = 1; immediate < 64; ++immediate) {
    check("c.lui to x0", 0x6001 | (immediate & 31u) << 2 | (immediate >> 5) << 12);
  }
  for (std::uint32_t rs2 = 1; rs2 < 32; ++rs2) {
    check("c.mv to x0", 0x8002 | rs2 << 2);
    check("c.add to x0", 0x9002 | rs2 << 2);
  }
}
