// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <utility>

#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
using hart::Interrupt;
using hart::StopReason;

namespace {

constexpr std::uint32_t handler = ram_base + 0x400;
constexpr std::uint32_t mstatus_mie = 0x8;
constexpr std::uint32_t all_lines = 0x888;

// Runs one instruction at `pc` and checks that it traps with exactly these values.
void check_trap(Machine& machine, std::uint32_t pc, std::uint32_t cause, std::uint32_t value) {
  machine.set_csr(hart::csr::mtvec, handler);
  machine.core.set_pc(pc);
  machine.step();
  CHECK(machine.core.pc() == handler);
  CHECK(machine.csr(hart::csr::mepc) == pc);
  CHECK(machine.csr(hart::csr::mcause) == cause);
  CHECK(machine.csr(hart::csr::mtval) == value);
  CHECK(machine.core.instructions() == 0);
  REQUIRE(machine.traps.size() == 1);
  CHECK(machine.traps[0].pc == pc);
  CHECK(machine.traps[0].cause == cause);
  CHECK(machine.traps[0].value == value);
  CHECK_FALSE(machine.traps[0].interrupt);
}

void check_memory_trap(std::uint32_t instruction, std::uint32_t address, std::uint32_t cause) {
  CAPTURE(instruction, address);
  Machine machine;
  machine.program({instruction});
  machine.core.set_x(s0, address);
  machine.core.set_x(a0, 0x55);
  check_trap(machine, ram_base, cause, address);
  CHECK(machine.core.x(a0) == 0x55);
}

// A machine that spins in a loop of one instruction, with interrupts enabled.
Machine& spinning(Machine& machine) {
  machine.program({jal(zero, 0)});
  machine.program({nop, hart::word::mret}, handler);
  machine.set_csr(hart::csr::mtvec, handler);
  machine.set_csr(hart::csr::mie, all_lines);
  machine.set_csr(hart::csr::mstatus, mstatus_mie);
  return machine;
}

}  // namespace

TEST_CASE("ecall and ebreak trap with their cause, and mepc is the instruction") {
  Machine call;
  call.program({hart::word::ecall});
  check_trap(call, ram_base, 11, 0);
  Machine stop;
  stop.program({hart::word::ebreak});
  check_trap(stop, ram_base, 3, ram_base);
  Machine compressed_stop;
  compressed_stop.program({pair(c_nop, 0x9002)});
  check_trap(compressed_stop, ram_base + 2, 3, ram_base + 2);
}

TEST_CASE("misaligned data accesses trap with the address and change nothing") {
  check_memory_trap(lw(a0, 0, s0), data_base + 1, 4);
  check_memory_trap(lw(a0, 0, s0), data_base + 2, 4);
  check_memory_trap(lh(a0, 0, s0), data_base + 1, 4);
  check_memory_trap(lhu(a0, 0, s0), data_base + 3, 4);
  check_memory_trap(sw(a0, 0, s0), data_base + 2, 6);
  check_memory_trap(sh(a0, 0, s0), data_base + 1, 6);
  check_memory_trap(lr_w(a0, s0), data_base + 2, 4);
  check_memory_trap(sc_w(a0, a1, s0), data_base + 2, 6);
  check_memory_trap(amo(0, a0, a1, s0), data_base + 1, 6);
  check_memory_trap(lw(a0, 0, s0), unmapped + 1, 4);  // misaligned goes before the access fault
}

TEST_CASE("accesses to nothing trap as access faults with the address") {
  check_memory_trap(lw(a0, 0, s0), unmapped, 5);
  check_memory_trap(lbu(a0, 0, s0), 0xFFFFFFFF, 5);
  check_memory_trap(sb(a0, 0, s0), 0, 7);
  check_memory_trap(lr_w(a0, s0), unmapped, 5);
  check_memory_trap(amo(1, a0, a1, s0), unmapped, 7);
  check_memory_trap(lw(a0, 0, s0), ram_base + ram_bytes, 5);
  check_memory_trap(lw(a0, 0, s0), ram_base - 4, 5);
}

TEST_CASE("an instruction fetch from nothing names the parcel that could not be fetched") {
  const bool direct_memory = GENERATE(true, false);
  Machine machine({}, direct_memory);
  SECTION("jump to unmapped memory") { check_trap(machine, unmapped, 1, unmapped); }
  SECTION("the last parcel of the address space") { check_trap(machine, 0xFFFFFFFE, 1, 0xFFFFFFFE); }
  SECTION("second half of an instruction behind the end of memory") {
    const std::uint32_t last = ram_base + ram_bytes - 4;
    machine.program({pair(c_nop, 0x0003)}, last);
    check_trap(machine, last + 2, 1, last + 4);
  }
}

TEST_CASE("memory up to the end of the address space runs and wraps to address 0") {
  class TopOfMemory : public Machine {
   public:
    hart::DirectMemory direct(std::uint32_t address) override {
      if (address < 0xFFFF0000) return {};
      return {ram.data(), 0xFFFF0000, 0xFFFFFFFF, true, true};
    }
  };
  TopOfMemory machine;
  machine.program({pair(c_nop, 0x0515)}, ram_base + ram_bytes - 4);  // c.addi a0,5 as last parcel
  machine.core.set_pc(0xFFFFFFFC);
  machine.core.run(machine.core.cycles() + 3);
  CHECK(machine.core.x(a0) == 5);
  REQUIRE(machine.traps.size() == 1);
  CHECK(machine.traps[0].cause == 1);
  CHECK(machine.traps[0].pc == 0);
}

TEST_CASE("without compressed instructions a taken jump to a half word traps at the jump") {
  hart::CoreConfig config;
  config.compressed = false;
  Machine machine(config);
  SECTION("jal") {
    machine.program({jal(a0, 6)});
    check_trap(machine, ram_base, 0, ram_base + 6);
    CHECK(machine.core.x(a0) == 0);
  }
  SECTION("jalr") {
    machine.program({jalr(a0, 2, a1)});
    check_trap(machine, ram_base, 0, 2);
    CHECK(machine.core.x(a0) == 0);
  }
  SECTION("taken branch") {
    machine.program({beq(zero, zero, 6)});
    check_trap(machine, ram_base, 0, ram_base + 6);
  }
  SECTION("taken unsigned branch") {
    machine.core.set_x(a0, 0xFFFFFFFF);
    machine.program({branch(7, a0, a1, -6)});
    check_trap(machine, ram_base, 0, ram_base - 6);
  }
  SECTION("a branch that is not taken goes on") {
    machine.core.set_x(a0, 0xFFFFFFFF);
    machine.program(
        {bne(zero, zero, 6), branch(6, a0, zero, 6), branch(5, a0, zero, 6), branch(4, zero, a0, 6)});
    machine.step(4);
    CHECK(machine.traps.empty());
    CHECK(machine.core.pc() == ram_base + 16);
    CHECK(machine.core.cycles() == 4);
  }
}

TEST_CASE("a trap stacks the interrupt enable and mret restores it") {
  Machine machine;
  machine.program({hart::word::ecall, nop});
  machine.program({hart::word::mret}, handler);
  machine.set_csr(hart::csr::mtvec, handler);
  machine.set_csr(hart::csr::mstatus, mstatus_mie);
  machine.step();
  CHECK(machine.csr(hart::csr::mstatus) == 0x1880);  // MPP, MPIE
  machine.step();
  CHECK(machine.core.pc() == ram_base);
  CHECK(machine.csr(hart::csr::mstatus) == 0x1888);
}

TEST_CASE("mret leaves the stacked interrupt enable set") {
  Machine machine;
  machine.program({hart::word::mret});
  machine.set_csr(hart::csr::mepc, data_base);
  machine.set_csr(hart::csr::mstatus, mstatus_mie);
  machine.step();
  CHECK(machine.core.pc() == data_base);
  CHECK(machine.csr(hart::csr::mstatus) == 0x1880);
}

TEST_CASE("an interrupt is taken between two instructions, with the next one in mepc") {
  Machine machine;
  spinning(machine);
  machine.program({nop, nop, nop});
  machine.step();
  machine.core.set_interrupt(Interrupt::timer, true);
  CHECK(machine.csr(hart::csr::mip) == 0x80);
  machine.step();
  CHECK(machine.core.pc() == handler);
  CHECK(machine.csr(hart::csr::mepc) == ram_base + 4);
  CHECK(machine.csr(hart::csr::mcause) == 0x80000007);
  CHECK(machine.csr(hart::csr::mtval) == 0);
  REQUIRE(machine.traps.size() == 1);
  CHECK(machine.traps[0].interrupt);
  CHECK(machine.traps[0].cause == 7);
  machine.step(3);
  CHECK(machine.traps.size() == 2);  // the line is a level: taken again right after mret
  CHECK(machine.csr(hart::csr::mepc) == ram_base + 4);
}

TEST_CASE("external goes before software before timer") {
  Machine machine;
  spinning(machine);
  const std::uint32_t expected[] = {0x8000000B, 0x80000003, 0x80000007};
  const Interrupt lines[] = {Interrupt::external, Interrupt::software, Interrupt::timer};
  for (const Interrupt line : lines) machine.core.set_interrupt(line, true);
  for (int i = 0; i < 3; ++i) {
    machine.set_csr(hart::csr::mstatus, mstatus_mie);
    machine.step();
    CHECK(machine.csr(hart::csr::mcause) == expected[i]);
    machine.core.set_interrupt(lines[i], false);
  }
}

TEST_CASE("mie and mstatus.MIE both hold an interrupt back") {
  Machine machine;
  spinning(machine);
  machine.core.set_interrupt(Interrupt::external, true);
  machine.set_csr(hart::csr::mie, 0x088);
  CHECK(machine.core.interrupts_enabled());
  machine.step(3);
  CHECK(machine.traps.empty());
  machine.set_csr(hart::csr::mie, all_lines);
  machine.set_csr(hart::csr::mstatus, 0);
  CHECK_FALSE(machine.core.interrupts_enabled());
  machine.step(3);
  CHECK(machine.traps.empty());
}

TEST_CASE("enabling interrupts by instruction lets a pending one in right behind it") {
  Machine machine;
  spinning(machine);
  machine.set_csr(hart::csr::mstatus, 0);
  machine.program({csrrsi(zero, hart::csr::mstatus, 8), nop, nop});
  machine.core.set_interrupt(Interrupt::software, true);
  machine.core.run(machine.core.cycles() + 2);
  CHECK(machine.core.pc() == handler);
  CHECK(machine.csr(hart::csr::mepc) == ram_base + 4);
}

TEST_CASE("vectored mode spreads interrupts and leaves exceptions at the base") {
  Machine machine;
  spinning(machine);
  machine.set_csr(hart::csr::mtvec, handler | 1);
  machine.core.set_interrupt(Interrupt::external, true);
  machine.step();
  CHECK(machine.core.pc() == handler + 44);
  machine.core.set_interrupt(Interrupt::external, false);
  machine.program({hart::word::ecall});
  machine.core.set_pc(ram_base);
  machine.step();
  CHECK(machine.core.pc() == handler);
}

TEST_CASE("in vectored mode every interrupt has its own entry, the one that goes first included") {
  const std::pair<Interrupt, std::uint32_t> lines[] = {
      {Interrupt::software, 3}, {Interrupt::timer, 7}, {Interrupt::external, 11}};
  std::uint32_t expected = 0;
  for (const auto& [line, code] : lines) {
    Machine machine;
    spinning(machine);
    machine.set_csr(hart::csr::mtvec, handler | 1);
    machine.core.set_interrupt(line, true);
    machine.step();
    CHECK(machine.core.pc() == handler + 4 * code);
    expected = code;
  }
  Machine machine;
  spinning(machine);
  machine.set_csr(hart::csr::mtvec, handler | 1);
  for (const auto& entry : lines) machine.core.set_interrupt(entry.first, true);
  machine.step();
  CHECK(machine.core.pc() == handler + 4 * expected);
}

TEST_CASE("a vector base is a multiple of 4 in both modes") {
  Machine machine;
  spinning(machine);
  machine.core.set_interrupt(Interrupt::timer, true);
  for (const std::uint32_t mode : {0u, 1u}) {
    machine.set_csr(hart::csr::mtvec, (handler + 4) | 2 | mode);
    CHECK(machine.csr(hart::csr::mtvec) == ((handler + 4) | mode));
    machine.set_csr(hart::csr::mstatus, mstatus_mie);
    machine.step();
    CHECK(machine.core.pc() == handler + 4 + 28 * mode);
  }
}

TEST_CASE("a handler that enables interrupts is interrupted, and both return") {
  Machine machine;
  spinning(machine);
  // Saves mepc and mcause of the first level, then lets the second in.
  machine.program({csrr(a0, hart::csr::mepc), csrrsi(zero, hart::csr::mstatus, 8), nop,
                   csrw(hart::csr::mepc, a0), hart::word::mret},
                  handler);
  machine.core.set_interrupt(Interrupt::timer, true);
  machine.step(2);
  machine.core.set_interrupt(Interrupt::timer, false);
  machine.core.set_interrupt(Interrupt::external, true);
  CHECK(machine.core.x(a0) == ram_base);
  machine.program({addi(a1, a1, 1), hart::word::mret}, handler + 0x100);
  machine.set_csr(hart::csr::mtvec, handler + 0x100);
  machine.step(2);
  CHECK(machine.core.pc() == handler + 0x100);
  CHECK(machine.csr(hart::csr::mepc) == handler + 8);
  CHECK(machine.csr(hart::csr::mcause) == 0x8000000B);
  machine.core.set_interrupt(Interrupt::external, false);
  machine.step(5);
  CHECK(machine.core.pc() == ram_base);
  CHECK(machine.core.x(a1) == 1);
  CHECK(machine.traps.size() == 2);
}

TEST_CASE("an interrupt that becomes pending in a handler waits for its mret") {
  Machine machine;
  spinning(machine);
  machine.program({hart::word::ecall});
  machine.program({hart::word::mret}, handler);
  machine.step();
  machine.core.set_interrupt(Interrupt::external, true);
  CHECK(machine.csr(hart::csr::mcause) == 11);
  machine.step();
  CHECK(machine.traps.size() == 1);
  machine.step();
  CHECK(machine.traps.size() == 2);
  CHECK(machine.csr(hart::csr::mepc) == ram_base);
}

TEST_CASE("wfi sleeps until an enabled interrupt is pending, whatever mstatus.MIE says") {
  Machine machine;
  spinning(machine);
  machine.program({hart::word::wfi, addi(a0, a0, 1), jal(zero, 0)});
  const bool interrupts = GENERATE(false, true);
  machine.set_csr(hart::csr::mstatus, interrupts ? mstatus_mie : 0);
  CHECK(machine.core.run(1000) == StopReason::wfi);
  CHECK(machine.core.waiting());
  CHECK(machine.core.interrupts_enabled());
  CHECK(machine.core.cycles() == 1);
  CHECK(machine.core.run(1000) == StopReason::wfi);
  CHECK(machine.core.cycles() == 1);

  machine.core.add_cycles(99);
  machine.core.set_interrupt(Interrupt::timer, true);
  machine.step();
  CHECK_FALSE(machine.core.waiting());
  CHECK(machine.core.x(a0) == (interrupts ? 0 : 1));
  CHECK(machine.traps.size() == (interrupts ? 1 : 0));
  if (interrupts) CHECK(machine.csr(hart::csr::mepc) == ram_base + 4);
}

TEST_CASE("wfi with an interrupt already pending does not sleep") {
  Machine machine;
  spinning(machine);
  machine.program({hart::word::wfi, jal(zero, 0)});
  machine.set_csr(hart::csr::mstatus, 0);
  machine.core.set_interrupt(Interrupt::software, true);
  CHECK(machine.core.run(1000) == StopReason::budget);
  CHECK(machine.core.pc() == ram_base + 4);
}

TEST_CASE("wfi with no interrupt enabled says so") {
  Machine machine;
  machine.program({hart::word::wfi});
  CHECK(machine.core.run(1000) == StopReason::wfi);
  CHECK_FALSE(machine.core.interrupts_enabled());
}

TEST_CASE("a line raised by a device access interrupts right behind that access") {
  const bool cached = GENERATE(true, false);
  hart::CoreConfig config;
  config.enable_cache = cached;
  Machine machine(config);
  spinning(machine);
  machine.program({nop, sw(a0, 0, s0), addi(a1, a1, 1), addi(a1, a1, 1), jal(zero, -16)});
  machine.core.set_x(s0, device);
  machine.on_device = [&] { machine.core.set_interrupt(Interrupt::external, true); };
  machine.core.run(3);
  CHECK(machine.core.pc() == handler);
  CHECK(machine.csr(hart::csr::mepc) == ram_base + 8);
  CHECK(machine.core.x(a1) == 0);
}

TEST_CASE("a trap vector that itself cannot be fetched burns cycles, not the simulator") {
  Machine machine;
  machine.program({hart::word::ecall});
  machine.set_csr(hart::csr::mtvec, unmapped);
  CHECK(machine.core.run(4000) == StopReason::budget);
  CHECK(machine.core.cycles() == 4000);
  CHECK(machine.traps.size() == 1000);
  CHECK(machine.csr(hart::csr::mepc) == unmapped);
}

TEST_CASE("a vendor instruction retires or traps as the environment decides") {
  Machine machine;
  machine.program({custom_0 | 0x100, custom_0 | 0x200, custom_0 | 0x300});
  machine.set_csr(hart::csr::mtvec, handler);
  machine.on_custom = [&](std::uint32_t instruction) {
    machine.core.set_x(a0, instruction);
    return instruction == (custom_0 | 0x300) ? hart::CustomResult::trap(24, 0x1234)
                                             : hart::CustomResult::retire();
  };
  machine.step(2);
  CHECK(machine.core.x(a0) == (custom_0 | 0x200));
  CHECK(machine.core.instructions() == 2);
  machine.step();
  CHECK(machine.core.pc() == handler);
  CHECK(machine.csr(hart::csr::mcause) == 24);
  CHECK(machine.csr(hart::csr::mtval) == 0x1234);
  CHECK(machine.csr(hart::csr::mepc) == ram_base + 8);
  CHECK(machine.core.instructions() == 2);
}

TEST_CASE("all four vendor opcodes reach the environment") {
  for (const std::uint32_t opcode : {0x0Bu, 0x2Bu, 0x5Bu, 0x7Bu}) {
    Machine machine;
    std::uint32_t seen = 0;
    machine.on_custom = [&seen](std::uint32_t instruction) {
      seen = instruction;
      return hart::CustomResult::retire();
    };
    machine.program({0xABCDE000 | opcode});
    machine.step();
    CHECK(seen == (0xABCDE000 | opcode));
    CHECK(machine.traps.empty());
  }
}
