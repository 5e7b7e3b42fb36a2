// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
namespace csr = weft::hart::csr;
using hart::CsrStatus;

namespace {

// a0 after one CSR instruction, with a1 = `operand`.
std::uint32_t run_one(Machine& machine, std::uint32_t instruction, std::uint32_t operand = 0) {
  machine.program({instruction});
  machine.core.set_x(a1, operand);
  machine.core.set_pc(ram_base);
  machine.step();
  return machine.core.x(a0);
}

bool is_illegal(std::uint32_t instruction) {
  Machine machine;
  machine.core.set_x(a0, 0x77);
  run_one(machine, instruction, ~0u);
  return machine.traps.size() == 1 && machine.traps[0].cause == hart::cause::illegal_instruction &&
         machine.traps[0].value == instruction && machine.core.x(a0) == 0x77;
}

std::uint32_t after_writing_ones(unsigned number) {
  Machine machine;
  machine.set_csr(number, ~0u);
  return machine.csr(number);
}

}  // namespace

TEST_CASE("swap, set and clear return the old value") {
  Machine machine;
  machine.set_csr(csr::mscratch, 0xF0);
  CHECK(run_one(machine, csrrw(a0, csr::mscratch, a1), 0x0F) == 0xF0);
  CHECK(run_one(machine, csrrs(a0, csr::mscratch, a1), 0x30) == 0x0F);
  CHECK(run_one(machine, csrrc(a0, csr::mscratch, a1), 0x03) == 0x3F);
  CHECK(run_one(machine, csrrwi(a0, csr::mscratch, 21)) == 0x3C);
  CHECK(run_one(machine, csrrsi(a0, csr::mscratch, 2)) == 21);
  CHECK(run_one(machine, csrrw(a1, csr::mscratch, a1), 5) == 21);  // same register in and out
  CHECK(machine.core.x(a1) == 23);
  CHECK(machine.csr(csr::mscratch) == 5);
}

TEST_CASE("set and clear with x0 do not write, swap into x0 does not read") {
  Machine machine;
  CHECK(run_one(machine, csrr(a0, csr::mhartid)) == 0);  // a write would be illegal
  CHECK(run_one(machine, csrrsi(a0, csr::mvendorid, 0)) == 0);
  CHECK(machine.traps.empty());
  CHECK(is_illegal(csrrs(a0, csr::mhartid, a1)));
  CHECK(is_illegal(csrrwi(a0, csr::cycle, 0)));
  CHECK(is_illegal(csrrw(zero, csr::time, a1)));
}

TEST_CASE("registers that do not exist are illegal instructions") {
  for (const unsigned number : {0x000u, 0x100u, 0x105u, 0x180u, 0x306u, 0x302u, 0x3A0u, 0x7A0u, 0x7B0u,
                                0xC03u, 0xB01u, 0x7C1u, 0x7FFu, 0xFC0u, 0xFFFu}) {
    CAPTURE(number);
    CHECK(is_illegal(csrrs(a0, number, zero)));
    CHECK(is_illegal(csrrw(a0, number, a1)));
  }
}

TEST_CASE("WARL fields keep only what is implemented") {
  CHECK(after_writing_ones(csr::mstatus) == 0x1888);
  CHECK(after_writing_ones(csr::mie) == 0x888);
  CHECK(after_writing_ones(csr::mip) == 0);
  CHECK(after_writing_ones(csr::mtvec) == 0xFFFFFFFD);
  CHECK(after_writing_ones(csr::mepc) == 0xFFFFFFFE);
  CHECK(after_writing_ones(csr::misa) == 0x40001105);
  CHECK(after_writing_ones(csr::mstatush) == 0);
  CHECK(after_writing_ones(csr::mcountinhibit) == 5);
  CHECK(after_writing_ones(csr::mcause) == ~0u);
  CHECK(after_writing_ones(csr::mtval) == ~0u);
  CHECK(after_writing_ones(csr::mhpmcounter3) == 0);
  CHECK(after_writing_ones(csr::mhpmcounter31h) == 0);
  CHECK(after_writing_ones(csr::mhpmevent31) == 0);
  hart::CoreConfig config;
  config.compressed = false;
  Machine machine(config);
  machine.set_csr(csr::mepc, ~0u);
  CHECK(machine.csr(csr::mepc) == 0xFFFFFFFC);
}

TEST_CASE("identification registers read what the configuration says") {
  hart::CoreConfig config;
  config.hart_id = 7;
  config.vendor_id = 1;
  config.architecture_id = 2;
  config.implementation_id = 3;
  config.vendor_extension = true;
  Machine machine(config);
  CHECK(machine.csr(csr::mhartid) == 7);
  CHECK(machine.csr(csr::mvendorid) == 1);
  CHECK(machine.csr(csr::marchid) == 2);
  CHECK(machine.csr(csr::mimpid) == 3);
  CHECK(machine.csr(csr::mconfigptr) == 0);
  CHECK(machine.csr(csr::misa) == 0x40801105);
  std::uint32_t value = 0;
  CHECK(machine.core.write_csr(csr::mhartid, 1) == CsrStatus::illegal_value);
  CHECK(machine.core.read_csr(0x123, value) == CsrStatus::no_such_csr);
}

TEST_CASE("counters count everything before the instruction that reads them") {
  const bool cached = GENERATE(true, false);
  hart::CoreConfig config;
  config.enable_cache = cached;
  Machine machine(config);
  machine.program({nop, mul(a2, a2, a2), csrr(a0, csr::mcycle), nop, csrr(a1, csr::minstret),
                   csrr(a2, csr::cycle), csrr(a3, csr::instret)});
  machine.core.run(11);
  CHECK(machine.core.x(a0) == 4);  // 1 + 3
  CHECK(machine.core.x(a1) == 4);
  CHECK(machine.core.x(a2) == 7);
  CHECK(machine.core.x(a3) == 6);
}

TEST_CASE("a value written to a counter is what the next instruction reads") {
  Machine machine;
  machine.program({csrw(csr::minstret, a1), csrr(a0, csr::minstret), csrw(csr::mcycle, a1),
                   csrr(a2, csr::mcycle), csrw(csr::mcycleh, a1), csrr(a3, csr::cycleh),
                   csrr(a4, csr::cycle)});
  machine.core.set_x(a1, 1000);
  machine.step(7);
  CHECK(machine.core.x(a0) == 1000);
  CHECK(machine.core.x(a2) == 1000);
  CHECK(machine.core.x(a3) == 1000);
  CHECK(machine.core.x(a4) == 1003);
  CHECK(machine.core.instructions() == 7);  // the core's own count is not software's to change
}

TEST_CASE("a counter carries into its upper half") {
  Machine machine;
  machine.program({csrw(csr::mcycle, a1), nop, csrr(a0, csr::mcycleh)});
  machine.core.set_x(a1, 0xFFFFFFFF);
  machine.step(3);
  CHECK(machine.core.x(a0) == 1);
}

TEST_CASE("mcountinhibit stops each counter by itself") {
  Machine machine;
  machine.program({csrrwi(zero, csr::mcountinhibit, 1), nop, nop, csrr(a0, csr::mcycle),
                   csrr(a1, csr::minstret), csrrwi(zero, csr::mcountinhibit, 0), nop, csrr(a2, csr::mcycle)});
  machine.step(8);
  CHECK(machine.core.x(a0) == 1);
  CHECK(machine.core.x(a1) == 4);
  CHECK(machine.core.x(a2) == 2);
  CHECK(machine.core.cycles() == 8);
}

TEST_CASE("the time register is the environment's clock") {
  Machine machine;
  machine.time_value = 0x1'2345'6789ull;
  CHECK(run_one(machine, csrr(a0, csr::time)) == 0x23456789);
  CHECK(run_one(machine, csrr(a0, csr::timeh)) == 1);
}

TEST_CASE("vendor registers are the environment's, and an illegal value traps") {
  Machine machine;
  CHECK(run_one(machine, csrrwi(a0, 0x7C0, 5)) == 0);
  CHECK(machine.vendor_csr == 5);
  CHECK(run_one(machine, csrrs(a0, 0x7C0, a1), 2) == 5);
  CHECK(machine.vendor_csr == 7);
  CHECK(machine.traps.empty());
  machine.core.set_x(a0, 0x77);
  run_one(machine, csrrwi(a0, 0x7C0, 8));
  REQUIRE(machine.traps.size() == 1);
  CHECK(machine.traps[0].value == csrrwi(a0, 0x7C0, 8));
  CHECK(machine.core.x(a0) == 0x77);
  CHECK(machine.vendor_csr == 7);
}

TEST_CASE("reset restores registers and counters and keeps the lines and the core's counts") {
  Machine machine;
  machine.program({addi(a0, a0, 1), nop, nop});
  machine.set_csr(csr::mscratch, 5);
  machine.set_csr(csr::mie, 0x80);
  machine.core.set_interrupt(hart::Interrupt::timer, true);
  machine.step(3);
  machine.core.reset();
  CHECK(machine.core.pc() == ram_base);
  CHECK(machine.core.x(a0) == 0);
  CHECK(machine.csr(csr::mscratch) == 0);
  CHECK(machine.csr(csr::mie) == 0);
  CHECK(machine.csr(csr::mip) == 0x80);
  CHECK(machine.csr(csr::mcycle) == 0);
  CHECK(machine.core.cycles() == 3);
}

TEST_CASE("every implemented register has a name") {
  CHECK(csr::name(csr::mstatus) == "mstatus");
  CHECK(csr::name(csr::mhpmcounter3) == "mhpmcounter3");
  CHECK(csr::name(csr::mhpmcounter31h) == "mhpmcounter31h");
  CHECK(csr::name(csr::mhpmevent31) == "mhpmevent31");
  CHECK(csr::name(csr::pmpcfg3) == "pmpcfg3");
  CHECK(csr::name(csr::pmpaddr15) == "pmpaddr15");
  hart::CoreConfig everything;
  everything.single_float = true;
  everything.user_mode = true;
  everything.pmp_entries = 1;
  Machine machine(everything);
  for (unsigned number = 0; number < 4096; ++number) {
    std::uint32_t value = 0;
    const bool exists = !csr::is_vendor(number) && machine.core.read_csr(number, value) == CsrStatus::ok;
    CAPTURE(number);
    CHECK(exists == !csr::name(number).empty());
  }
}
