// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
namespace csr = weft::hart::csr;
using hart::Interrupt;
using hart::Privilege;

namespace {

constexpr std::uint32_t handler = ram_base + 0x400;
constexpr std::uint32_t user_code = ram_base + 0x1000;
constexpr std::uint32_t mie = 1u << 3;
constexpr std::uint32_t mpie = 1u << 7;
constexpr std::uint32_t mpp_machine = 3u << 11;
constexpr std::uint32_t mprv = 1u << 17;
constexpr std::uint32_t tw = 1u << 21;

hart::CoreConfig with_user_mode() {
  hart::CoreConfig config;
  config.user_mode = true;
  return config;
}

// At the first instruction of `words`, in user mode, with `mstatus` as it was before the mret.
void enter_user(Machine& machine, const std::vector<std::uint32_t>& words, std::uint32_t mstatus = 0) {
  machine.program({hart::word::mret});
  machine.program(words, user_code);
  machine.set_csr(csr::mtvec, handler);
  machine.set_csr(csr::mepc, user_code);
  machine.set_csr(csr::mstatus, mstatus);
  machine.core.set_pc(ram_base);
  machine.step();
  REQUIRE(machine.core.pc() == user_code);
  REQUIRE(machine.core.privilege() == Privilege::user);
}

// Whether an instruction is illegal in user mode with this mstatus and mcounteren.
bool is_illegal_for_users(std::uint32_t instruction, std::uint32_t mstatus = 0, std::uint32_t counters = 0) {
  Machine machine(with_user_mode());
  machine.set_csr(csr::mcounteren, counters);
  enter_user(machine, {instruction}, mstatus);
  machine.step();
  if (machine.traps.empty()) return false;
  CHECK(machine.traps[0].cause == hart::cause::illegal_instruction);
  CHECK(machine.traps[0].value == instruction);
  CHECK(machine.core.privilege() == Privilege::machine);
  return true;
}

}  // namespace

TEST_CASE("without user mode the registers and fields that belong to it do not exist") {
  Machine machine;
  for (const unsigned number : {csr::mcounteren, csr::menvcfg, csr::menvcfgh}) {
    std::uint32_t value = 0;
    CHECK(machine.core.read_csr(number, value) == hart::CsrStatus::no_such_csr);
    CHECK(machine.core.write_csr(number, 0) == hart::CsrStatus::no_such_csr);
  }
  machine.set_csr(csr::mstatus, mprv | tw);
  CHECK(machine.csr(csr::mstatus) == mpp_machine);
  machine.program({hart::word::mret});
  machine.step();
  CHECK(machine.core.privilege() == Privilege::machine);
  CHECK(machine.csr(csr::mstatus) == (mpp_machine | mpie));
}

TEST_CASE("user mode shows in misa and in the fields of mstatus, mcounteren and menvcfg") {
  Machine machine(with_user_mode());
  CHECK(machine.csr(csr::misa) == 0x40101105);
  CHECK(machine.csr(csr::mstatus) == mpp_machine);
  machine.set_csr(csr::mstatus, ~0u);
  CHECK(machine.csr(csr::mstatus) == (mprv | tw | mpp_machine | mpie | mie));
  for (const std::uint32_t level : {0u, 1u, 2u}) {
    machine.set_csr(csr::mstatus, level << 11);
    CHECK(machine.csr(csr::mstatus) == 0);
  }
  machine.set_csr(csr::mcounteren, ~0u);
  CHECK(machine.csr(csr::mcounteren) == 7);
  machine.set_csr(csr::menvcfg, ~0u);
  machine.set_csr(csr::menvcfgh, ~0u);
  CHECK(machine.csr(csr::menvcfg) == 0);
  CHECK(machine.csr(csr::menvcfgh) == 0);
}

TEST_CASE("mret enters the level in MPP, which becomes user, and restores the interrupt enable") {
  Machine machine(with_user_mode());
  enter_user(machine, {nop}, mpie);
  CHECK(machine.csr(csr::mstatus) == (mpie | mie));
  machine.core.reset();
  CHECK(machine.core.privilege() == Privilege::machine);
  CHECK(machine.csr(csr::mstatus) == mpp_machine);
  machine.step();
  CHECK(machine.core.privilege() == Privilege::machine);
  CHECK(machine.csr(csr::mstatus) == mpie);
}

TEST_CASE("mret clears MPRV only when it leaves machine mode") {
  Machine machine(with_user_mode());
  machine.program({hart::word::mret});
  machine.set_csr(csr::mepc, user_code);
  machine.set_csr(csr::mstatus, mprv | mpp_machine);
  machine.step();
  CHECK(machine.csr(csr::mstatus) == (mprv | mpie));
  machine.core.set_pc(ram_base);
  machine.step();
  CHECK(machine.core.privilege() == Privilege::user);
  CHECK(machine.csr(csr::mstatus) == (mpie | mie));
}

TEST_CASE("ecall from user mode has a cause of its own and MPP tells where it came from") {
  Machine machine(with_user_mode());
  enter_user(machine, {nop, hart::word::ecall, addi(a0, a0, 1)}, mpie);
  machine.program({csrr(a1, csr::mepc), addi(a1, a1, 4), csrw(csr::mepc, a1), hart::word::mret}, handler);
  machine.step(2);
  CHECK(machine.core.pc() == handler);
  CHECK(machine.core.privilege() == Privilege::machine);
  CHECK(machine.csr(csr::mcause) == 8);
  CHECK(machine.csr(csr::mtval) == 0);
  CHECK(machine.csr(csr::mepc) == user_code + 4);
  CHECK(machine.csr(csr::mstatus) == mpie);  // MPP user
  machine.step(5);
  CHECK(machine.core.privilege() == Privilege::user);
  CHECK(machine.core.x(a0) == 1);
  CHECK(machine.traps.size() == 1);
}

TEST_CASE("a trap inside a handler comes from machine mode") {
  Machine machine(with_user_mode());
  enter_user(machine, {hart::word::ecall});
  machine.program({hart::word::ecall}, handler);
  machine.step(2);
  REQUIRE(machine.traps.size() == 2);
  CHECK(machine.traps[1].cause == hart::cause::machine_ecall);
  CHECK(machine.csr(csr::mstatus) == mpp_machine);
}

TEST_CASE("machine mode's registers and mret are illegal in user mode") {
  for (const unsigned number : {csr::mstatus, csr::mscratch, csr::mcycle, csr::mhartid, csr::mcounteren,
                                csr::mhpmcounter3, 0x7C0u, 0x3A0u}) {
    CAPTURE(number);
    CHECK(is_illegal_for_users(csrr(a0, number)));
    CHECK(is_illegal_for_users(csrrwi(a0, number, 1)));
  }
  CHECK(is_illegal_for_users(hart::word::mret));
  CHECK_FALSE(is_illegal_for_users(nop));
}

TEST_CASE("each bit of mcounteren gives users one counter") {
  const std::pair<unsigned, unsigned> counters[] = {
      {csr::cycle, csr::cycleh}, {csr::time, csr::timeh}, {csr::instret, csr::instreth}};
  for (unsigned i = 0; i < 3; ++i) {
    CAPTURE(i);
    for (const unsigned number : {counters[i].first, counters[i].second}) {
      CHECK_FALSE(is_illegal_for_users(csrr(a0, number), 0, 1u << i));
      CHECK(is_illegal_for_users(csrr(a0, number), 0, 7u & ~(1u << i)));
      CHECK(is_illegal_for_users(csrrwi(a0, number, 0), 0, 7));
    }
  }
}

TEST_CASE("wfi in user mode sleeps, or is illegal with mstatus.TW") {
  CHECK(is_illegal_for_users(hart::word::wfi, tw));
  Machine machine(with_user_mode());
  machine.set_csr(csr::mie, 0x80);
  enter_user(machine, {hart::word::wfi, nop});
  CHECK(machine.core.run(1000) == hart::StopReason::wfi);
  machine.core.set_interrupt(Interrupt::timer, true);
  machine.step();
  REQUIRE(machine.traps.size() == 1);
  CHECK(machine.csr(csr::mepc) == user_code + 4);
}

TEST_CASE("mstatus.TW leaves machine mode's wfi alone") {
  Machine machine(with_user_mode());
  machine.program({hart::word::wfi});
  machine.set_csr(csr::mstatus, tw | mpp_machine);
  CHECK(machine.core.run(1000) == hart::StopReason::wfi);
}

TEST_CASE("interrupts are always let in below machine mode") {
  Machine machine(with_user_mode());
  machine.set_csr(csr::mie, 0x800);
  enter_user(machine, {nop, nop, nop});  // MIE 0
  CHECK(machine.core.interrupts_enabled());
  machine.step();
  machine.core.set_interrupt(Interrupt::external, true);
  machine.step();
  CHECK(machine.core.pc() == handler);
  CHECK(machine.csr(csr::mcause) == 0x8000000B);
  CHECK(machine.csr(csr::mepc) == user_code + 4);
  CHECK(machine.csr(csr::mstatus) == 0);  // MPIE 0, MPP user
  CHECK_FALSE(machine.core.interrupts_enabled());
}

TEST_CASE("an interrupt that waited for user mode is taken before its first instruction") {
  Machine machine(with_user_mode());
  machine.program({nop, hart::word::mret});
  machine.program({addi(a0, a0, 1)}, user_code);
  machine.set_csr(csr::mtvec, handler);
  machine.set_csr(csr::mepc, user_code);
  machine.set_csr(csr::mstatus, 0);
  machine.set_csr(csr::mie, 0x8);
  machine.core.set_interrupt(Interrupt::software, true);
  machine.step(3);
  CHECK(machine.core.pc() == handler);
  CHECK(machine.core.x(a0) == 0);
  CHECK(machine.csr(csr::mepc) == user_code);
}

TEST_CASE("reset returns to machine mode") {
  Machine machine(with_user_mode());
  enter_user(machine, {nop}, tw);
  machine.set_csr(csr::mcounteren, 7);
  machine.core.reset();
  CHECK(machine.core.privilege() == Privilege::machine);
  CHECK(machine.csr(csr::mstatus) == mpp_machine);
  CHECK(machine.csr(csr::mcounteren) == 0);
}

TEST_CASE("a program of system calls costs the same cached, uncached and sliced") {
  hart::CoreConfig uncached_config = with_user_mode();
  uncached_config.enable_cache = false;
  Machine cached(with_user_mode());
  Machine uncached(uncached_config);
  Machine sliced(with_user_mode());
  for (Machine* machine : {&cached, &uncached, &sliced}) {
    enter_user(*machine, {addi(a0, a0, 1), hart::word::ecall, bne(a0, a3, -8), jal(zero, 0)});
    machine->program(
        {csrr(a1, csr::mepc), addi(a1, a1, 4), csrw(csr::mepc, a1), add(a2, a2, a0), hart::word::mret},
        handler);
    machine->core.set_x(a3, 100);
  }
  constexpr std::uint64_t end = 3000;
  cached.core.run(end);
  uncached.core.run(end);
  while (sliced.core.cycles() < end) sliced.step();
  for (const Machine* other : {&uncached, &sliced}) {
    CHECK(other->core.cycles() == cached.core.cycles());
    CHECK(other->core.instructions() == cached.core.instructions());
    CHECK(other->core.x(a2) == 5050);
  }
  CHECK(cached.core.x(a2) == 5050);
  CHECK(cached.traps.size() == 100);
}
