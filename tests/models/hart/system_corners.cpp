// SPDX-License-Identifier: Apache-2.0
// The corners of CSR instructions, alignment, interrupts, mret and wfi (RISC-V Unprivileged ISA 20191213,
// chapter 9; Privileged Architecture 20211203, chapter 3).
#include <catch2/catch.hpp>

#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
namespace csr = weft::hart::csr;
using hart::Interrupt;
using hart::StopReason;

namespace {

constexpr std::uint32_t handler = ram_base + 0x400;
constexpr std::uint32_t mie_bit = 0x08;
constexpr std::uint32_t mpie_bit = 0x80;
constexpr unsigned vendor_register = 0x7C0;

class CountingMachine : public Machine {
 public:
  hart::CsrStatus csr_read(unsigned number, std::uint32_t& value) override {
    ++reads;
    return Machine::csr_read(number, value);
  }
  hart::CsrStatus csr_write(unsigned number, std::uint32_t value) override {
    ++writes;
    return Machine::csr_write(number, value);
  }

  unsigned reads = 0;
  unsigned writes = 0;
};

std::uint32_t csr_instruction(std::uint32_t funct3, std::uint32_t rd, unsigned number, std::uint32_t rs1) {
  return hart::encode_i(Opcode::system, rd, funct3, rs1, number);
}

Machine& start(Machine& machine, const std::vector<std::uint32_t>& program) {
  machine.program(program);
  machine.set_csr(csr::mtvec, handler);
  return machine;
}

}  // namespace

TEST_CASE("each form of a CSR instruction reads and writes exactly when the manual says so") {
  struct Case {
    const char* name;
    std::uint32_t instruction;
    unsigned reads;
    unsigned writes;
    std::uint32_t result;  // of the register, 5 before; a1 is 2, a2 is 0
  };
  const Case cases[] = {
      {"csrrw", csr_instruction(1, a0, vendor_register, a1), 1, 1, 2},
      {"csrrw to x0", csr_instruction(1, zero, vendor_register, a1), 0, 1, 2},
      {"csrrw from x0", csr_instruction(1, a0, vendor_register, zero), 1, 1, 0},
      {"csrrs", csr_instruction(2, a0, vendor_register, a1), 1, 1, 7},
      {"csrrs to x0", csr_instruction(2, zero, vendor_register, a1), 1, 1, 7},
      {"csrrs from x0", csr_instruction(2, a0, vendor_register, zero), 1, 0, 5},
      {"csrrs from a register that is 0", csr_instruction(2, a0, vendor_register, a2), 1, 1, 5},
      {"csrrc", csr_instruction(3, a0, vendor_register, a1), 1, 1, 5},
      {"csrrc from x0", csr_instruction(3, a0, vendor_register, zero), 1, 0, 5},
      {"csrrc from a register that is 0", csr_instruction(3, a0, vendor_register, a2), 1, 1, 5},
      {"csrrwi", csr_instruction(5, a0, vendor_register, 3), 1, 1, 3},
      {"csrrwi to x0", csr_instruction(5, zero, vendor_register, 3), 0, 1, 3},
      {"csrrwi of 0", csr_instruction(5, a0, vendor_register, 0), 1, 1, 0},
      {"csrrsi", csr_instruction(6, a0, vendor_register, 2), 1, 1, 7},
      {"csrrsi of 0", csr_instruction(6, a0, vendor_register, 0), 1, 0, 5},
      {"csrrci", csr_instruction(7, a0, vendor_register, 4), 1, 1, 1},
      {"csrrci of 0", csr_instruction(7, a0, vendor_register, 0), 1, 0, 5},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CountingMachine machine;
    start(machine, {c.instruction});
    machine.vendor_csr = 5;
    machine.core.set_x(a0, 0x77);
    machine.core.set_x(a1, 2);
    machine.step();
    CHECK(machine.traps.empty());
    CHECK(machine.reads == c.reads);
    CHECK(machine.writes == c.writes);
    CHECK(machine.vendor_csr == c.result);
    const bool has_destination = hart::field_rd(c.instruction) != 0;
    CHECK(machine.core.x(a0) == (has_destination ? 5 : 0x77));
  }
}

TEST_CASE("an attempt to write a read-only register traps even if it would change nothing") {
  struct Case {
    const char* name;
    std::uint32_t instruction;
    bool traps;
  };
  const Case cases[] = {
      {"csrrw", csr_instruction(1, a0, csr::mhartid, zero), true},
      {"csrrw to x0", csr_instruction(1, zero, csr::mhartid, zero), true},
      {"csrrs from x0", csr_instruction(2, a0, csr::mhartid, zero), false},
      {"csrrs from a register that is 0", csr_instruction(2, a0, csr::mhartid, a2), true},
      {"csrrc from x0", csr_instruction(3, a0, csr::mhartid, zero), false},
      {"csrrc from a register that is 0", csr_instruction(3, a0, csr::mhartid, a2), true},
      {"csrrwi", csr_instruction(5, a0, csr::mhartid, 0), true},
      {"csrrsi of 0", csr_instruction(6, a0, csr::mhartid, 0), false},
      {"csrrsi", csr_instruction(6, a0, csr::mhartid, 1), true},
      {"csrrci of 0", csr_instruction(7, a0, csr::mhartid, 0), false},
      {"csrrci", csr_instruction(7, a0, csr::mhartid, 1), true},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    Machine machine;
    start(machine, {c.instruction}).core.set_x(a0, 0x77);
    machine.step();
    REQUIRE(machine.traps.size() == (c.traps ? 1 : 0));
    if (c.traps) CHECK(machine.traps[0].value == c.instruction);
    CHECK(machine.core.x(a0) == (c.traps ? 0x77 : 0));
  }
}

TEST_CASE("every access off its natural alignment traps before anything happens") {
  struct Access {
    const char* name;
    std::uint32_t instruction;
    std::uint32_t size;
    std::uint32_t cause;
  };
  std::vector<Access> accesses = {{"lh", lh(a0, 0, s0), 2, 4},     {"lhu", lhu(a0, 0, s0), 2, 4},
                                  {"lw", lw(a0, 0, s0), 4, 4},     {"sh", sh(a1, 0, s0), 2, 6},
                                  {"sw", sw(a1, 0, s0), 4, 6},     {"lr.w", lr_w(a0, s0), 4, 4},
                                  {"sc.w", sc_w(a0, a1, s0), 4, 6}};
  for (const std::uint32_t funct5 : {0u, 1u, 4u, 8u, 12u, 16u, 20u, 24u, 28u}) {
    accesses.push_back({"AMO", amo(funct5, a0, a1, s0), 4, 6});
  }
  for (const Access& access : accesses) {
    for (std::uint32_t offset = 1; offset < access.size; ++offset) {
      CAPTURE(access.name, access.instruction, offset);
      Machine machine;
      start(machine, {access.instruction}).core.set_x(s0, data_base + offset);
      machine.core.set_x(a0, 75);
      machine.core.set_x(a1, 0xFFFFFFFF);
      const std::vector<std::uint8_t> before = machine.ram;
      machine.step();
      REQUIRE(machine.traps.size() == 1);
      CHECK(machine.traps[0].cause == access.cause);
      CHECK(machine.traps[0].value == data_base + offset);
      CHECK(machine.core.x(a0) == 75);
      CHECK(machine.ram == before);
    }
  }
}

TEST_CASE("of all combinations of pending and enabled interrupts the right one is taken") {
  const Interrupt by_priority[] = {Interrupt::external, Interrupt::software, Interrupt::timer};
  for (unsigned pending = 0; pending < 8; ++pending) {
    for (unsigned enabled = 0; enabled < 8; ++enabled) {
      CAPTURE(pending, enabled);
      Machine machine;
      start(machine, {nop});
      std::uint32_t mask = 0;
      std::uint32_t expected = 0;
      for (unsigned i = 0; i < 3; ++i) {
        const auto code = static_cast<std::uint32_t>(by_priority[i]);
        machine.core.set_interrupt(by_priority[i], (pending >> i & 1u) != 0);
        if ((enabled >> i & 1u) != 0) mask |= 1u << code;
        if ((pending & enabled) >> i & 1u && expected == 0) expected = 0x80000000 | code;
      }
      machine.set_csr(csr::mie, mask);
      machine.set_csr(csr::mstatus, mie_bit);
      machine.step();
      CHECK(machine.csr(csr::mcause) == expected);
      CHECK(machine.core.pc() == (expected == 0 ? ram_base + 4 : handler));
    }
  }
}

TEST_CASE("a pending interrupt goes before the trap of the instruction at hand") {
  for (const std::uint32_t instruction : {hart::word::ecall, 0xFFFFFFFFu, lw(a0, 1, zero)}) {
    CAPTURE(instruction);
    Machine machine;
    start(machine, {instruction});
    machine.set_csr(csr::mie, 0x80);
    machine.set_csr(csr::mstatus, mie_bit);
    machine.core.set_interrupt(Interrupt::timer, true);
    machine.step();
    CHECK(machine.csr(csr::mcause) == 0x80000007);
    CHECK(machine.csr(csr::mepc) == ram_base);
  }
}

TEST_CASE("mret lets a pending interrupt in before the instruction it returns to, if MPIE was set") {
  for (const bool enabled : {false, true}) {
    CAPTURE(enabled);
    Machine machine;
    start(machine, {hart::word::mret});
    machine.program({addi(a0, a0, 1)}, data_base);
    machine.set_csr(csr::mepc, data_base);
    machine.set_csr(csr::mie, 0x800);
    machine.set_csr(csr::mstatus, enabled ? mpie_bit : 0);
    machine.core.set_interrupt(Interrupt::external, true);
    machine.step();
    CHECK(machine.core.pc() == data_base);
    machine.step();
    CHECK(machine.core.x(a0) == (enabled ? 0 : 1));
    CHECK(machine.traps.size() == (enabled ? 1 : 0));
    if (enabled) CHECK(machine.csr(csr::mepc) == data_base);
  }
}

TEST_CASE("a trap inside a handler replaces what the first one left") {
  Machine machine;
  start(machine, {hart::word::ecall});
  machine.program({0xFFFFFFFF}, handler);
  machine.set_csr(csr::mstatus, mie_bit);
  machine.step(2);
  CHECK(machine.csr(csr::mcause) == hart::cause::illegal_instruction);
  CHECK(machine.csr(csr::mepc) == handler);
  CHECK((machine.csr(csr::mstatus) & (mie_bit | mpie_bit)) == 0);
}

TEST_CASE("wfi sleeps on through interrupts that mie does not enable") {
  Machine machine;
  start(machine, {hart::word::wfi, addi(a0, a0, 1)});
  machine.set_csr(csr::mie, 0x80);
  machine.core.set_interrupt(Interrupt::external, true);
  CHECK(machine.core.run(100) == StopReason::wfi);
  machine.core.set_interrupt(Interrupt::software, true);
  CHECK(machine.core.run(100) == StopReason::wfi);
  CHECK(machine.core.x(a0) == 0);
  machine.core.set_interrupt(Interrupt::timer, true);
  machine.step();
  CHECK(machine.core.x(a0) == 1);
  CHECK(machine.core.instructions() == 2);
}

TEST_CASE("a line that falls again before the hart wakes leaves it asleep") {
  Machine machine;
  start(machine, {hart::word::wfi, addi(a0, a0, 1)});
  machine.set_csr(csr::mie, 0x80);
  CHECK(machine.core.run(100) == StopReason::wfi);
  machine.core.set_interrupt(Interrupt::timer, true);
  machine.core.set_interrupt(Interrupt::timer, false);
  CHECK(machine.core.run(100) == StopReason::wfi);
  CHECK(machine.core.x(a0) == 0);
}
