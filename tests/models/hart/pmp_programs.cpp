// SPDX-License-Identifier: Apache-2.0
// Physical memory protection as programs meet it: traps, cached code and direct memory.
#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"
#include "tests/models/hart/pmp_model.h"

using namespace weft::test;
namespace hart = weft::hart;
namespace csr = weft::hart::csr;
using hart::AccessKind;
using hart::Privilege;

namespace {

constexpr std::uint32_t mprv = 1u << 17;
constexpr std::uint32_t mpp_machine = 3u << 11;
constexpr std::uint32_t napot = 3 << 3;
constexpr std::uint32_t lock = 1 << 7;
constexpr std::uint32_t read_bit = 1;
constexpr std::uint32_t read_write = 3;
constexpr std::uint32_t read_execute = 5;
constexpr std::uint32_t user_code = ram_base + 0x1000;
constexpr std::uint32_t handler = ram_base + 0x400;

hart::CoreConfig protected_core(unsigned entries = 16) {
  hart::CoreConfig config;
  config.user_mode = true;
  config.pmp_entries = entries;
  config.misaligned = hart::MisalignedAccess::hardware;
  return config;
}

constexpr std::uint32_t napot_address(std::uint32_t base, std::uint32_t bytes) {
  return (base >> 2) | ((bytes >> 3) - 1u);
}

void enter(Machine& machine, Privilege level, std::uint32_t pc) {
  machine.program({hart::word::mret});
  machine.set_csr(csr::mtvec, handler);
  machine.set_csr(csr::mepc, pc);
  machine.set_csr(csr::mstatus, level == Privilege::machine ? mpp_machine : 0);
  machine.core.set_pc(ram_base);
  machine.step();
  REQUIRE(machine.core.privilege() == level);
}

void set_protection(Machine& machine, const PmpRegisters& registers) {
  for (unsigned i = 0; i < 16; ++i) machine.set_csr(csr::pmpaddr0 + i, registers.address[i]);
  for (unsigned i = 0; i < 4; ++i) machine.set_csr(csr::pmpcfg0 + i, registers.config_word(i));
}

// User code readable and executable, data readable and writable, the rest nothing.
void protect(Machine& machine) {
  machine.set_csr(csr::pmpaddr0, napot_address(user_code, 0x1000));
  machine.set_csr(csr::pmpaddr0 + 1, napot_address(data_base, 0x1000));
  machine.set_csr(csr::pmpcfg0, (napot | read_write) << 8 | (napot | read_execute));
}

void check_last_trap(const Machine& machine, std::uint32_t cause, std::uint32_t pc, std::uint32_t value) {
  REQUIRE_FALSE(machine.traps.empty());
  CHECK(machine.traps.back().cause == cause);
  CHECK(machine.traps.back().pc == pc);
  CHECK(machine.traps.back().value == value);
}

}  // namespace

TEST_CASE("more than 16 entries of protection are refused") {
  CHECK_THROWS_WITH(Machine(protected_core(17)), Catch::Contains("17") && Catch::Contains("0 to 16"));
}

TEST_CASE("a user program reaches what it may and traps at the first thing it may not") {
  const bool direct_memory = GENERATE(true, false);
  Machine machine(protected_core(), direct_memory);
  protect(machine);
  machine.core.set_x(s0, data_base);
  machine.core.set_x(s1, user_code);
  SECTION("its own data, then somebody else's") {
    machine.program(
        {lw(a0, 0, s0), addi(a0, a0, 3), sw(a0, 0, s0), lui(a2, 0x1000), add(a2, s0, a2), lw(a1, 0, a2)},
        user_code);
    enter(machine, Privilege::user, user_code);
    machine.step(6);
    CHECK(machine.word(data_base) == 3);
    check_last_trap(machine, 5, user_code + 20, data_base + 0x1000);
  }
  SECTION("a store to its code") {
    machine.program({lw(a0, 0, s1), sw(a0, 0, s1)}, user_code);
    enter(machine, Privilege::user, user_code);
    machine.step(2);
    CHECK(machine.core.x(a0) == lw(a0, 0, s1));
    check_last_trap(machine, 7, user_code + 4, user_code);
  }
  SECTION("a jump into its data") {
    machine.program({jalr(zero, 0, s0)}, user_code);
    enter(machine, Privilege::user, user_code);
    machine.step(2);
    check_last_trap(machine, 1, data_base, data_base);
  }
  SECTION("off the end of its code") {
    machine.program({nop}, user_code + 0xFFC);
    enter(machine, Privilege::user, user_code + 0xFFC);
    machine.step(2);
    check_last_trap(machine, 1, user_code + 0x1000, user_code + 0x1000);
  }
  SECTION("an instruction whose second half is not its code") {
    machine.program({pair(c_nop, 0x0003)}, user_code + 0xFFC);
    enter(machine, Privilege::user, user_code + 0xFFE);
    machine.step();
    check_last_trap(machine, 1, user_code + 0xFFE, user_code + 0x1000);
  }
}

TEST_CASE("code that machine mode has run is not executable for users because of that") {
  Machine machine(protected_core());
  const std::uint32_t shared = ram_base + 0x3000;
  machine.program({addi(a0, a0, 1), jalr(zero, 0, ra)}, shared);
  machine.program({jalr(ra, 0, s1), jal(zero, 0)}, user_code);
  machine.core.set_x(s1, shared);
  protect(machine);
  enter(machine, Privilege::machine, user_code);
  machine.core.run(machine.core.cycles() + 20);
  CHECK(machine.core.x(a0) == 1);
  enter(machine, Privilege::user, user_code);
  machine.step(2);
  check_last_trap(machine, 1, shared, shared);
}

TEST_CASE("memory that machine mode has used is not readable for users because of that") {
  Machine machine(protected_core());
  protect(machine);
  machine.program({lw(a0, 0, s0), sw(a0, 0, s0), hart::word::ecall}, user_code);
  machine.core.set_x(s0, ram_base + 0x6000);
  enter(machine, Privilege::machine, user_code);
  machine.step(3);
  REQUIRE(machine.traps.size() == 1);  // the ecall
  enter(machine, Privilege::user, user_code);
  machine.step();
  check_last_trap(machine, 5, user_code, ram_base + 0x6000);
}

TEST_CASE("MPRV makes loads and stores as the level in MPP, but not fetches") {
  Machine machine(protected_core());
  protect(machine);
  const std::uint32_t secret = ram_base + 0x6000;
  machine.core.set_x(s0, secret);
  machine.core.set_x(s1, data_base);
  machine.core.set_x(a1, mprv);
  machine.set_csr(csr::mtvec, handler);
  machine.program({lw(a0, 0, s0), csrrs(zero, csr::mstatus, a1), lw(a0, 0, s0), nop});
  machine.set_csr(csr::mstatus, mpp_machine);
  machine.core.set_pc(ram_base);
  machine.step(3);
  CHECK(machine.traps.empty());  // MPP machine
  machine.core.set_pc(ram_base);
  machine.set_csr(csr::mstatus, 0);  // MPP user
  machine.step(3);
  check_last_trap(machine, 5, ram_base + 8, secret);
  // In the handler MPP is machine again: it may touch the secret although MPRV is still set.
  machine.program({sw(a0, 0, s0), lw(a0, 0, s1)}, handler);
  machine.step(2);
  CHECK(machine.traps.size() == 1);
  CHECK((machine.csr(csr::mstatus) & mprv) != 0);
}

TEST_CASE("a protection written by the program holds for its next instruction") {
  Machine machine(protected_core());
  machine.set_csr(csr::mtvec, handler);
  machine.core.set_x(s0, data_base);
  machine.core.set_x(a1, napot_address(data_base, 0x100));
  machine.core.set_x(a2, napot | lock | read_bit);
  machine.program({sw(a0, 0, s0), csrw(csr::pmpaddr0, a1), sw(a0, 4, s0), csrw(csr::pmpcfg0, a2),
                   lw(a3, 0, s0), sw(a0, 8, s0)});
  machine.core.run(machine.core.cycles() + 8);
  check_last_trap(machine, 7, ram_base + 20, data_base + 8);
}

TEST_CASE("a locked entry without X takes the code away from under machine mode") {
  Machine machine(protected_core());
  machine.core.set_x(a1, napot_address(ram_base, 0x1000));
  machine.core.set_x(a2, napot | lock | read_write);
  machine.set_csr(csr::mtvec, user_code);
  machine.program({csrw(csr::pmpaddr0, a1), csrw(csr::pmpcfg0, a2), addi(a0, a0, 1), addi(a0, a0, 1)});
  machine.core.run(machine.core.cycles() + 3);
  check_last_trap(machine, 1, ram_base + 8, ram_base + 8);
  CHECK(machine.core.x(a0) == 0);
}

TEST_CASE("an AMO needs both rights, and does not touch a device it may not write") {
  Machine machine(protected_core());
  machine.set_csr(csr::pmpaddr0, napot_address(device, 8));
  machine.set_csr(csr::pmpcfg0, napot | lock | read_bit);
  machine.program({amo(0, a0, a1, s0)});
  machine.core.set_x(s0, device);
  machine.step();
  check_last_trap(machine, 7, ram_base, device);
  CHECK(machine.accesses.empty());
}

TEST_CASE("a misaligned access over the border of two entries fails as a whole") {
  Machine machine(protected_core());
  machine.set_csr(csr::pmpaddr0, napot_address(data_base, 8));
  machine.set_csr(csr::pmpaddr0 + 1, napot_address(data_base + 8, 8));
  machine.set_csr(csr::pmpcfg0, (napot | read_write) << 8 | (napot | read_write));
  machine.program({sw(a0, 0, s0)}, user_code);
  machine.core.set_x(a0, ~0u);
  machine.core.set_x(s0, data_base + 6);
  enter(machine, Privilege::machine, user_code);
  machine.step();
  check_last_trap(machine, 7, user_code, data_base + 6);
  CHECK(machine.word(data_base + 4) == 0);
}

TEST_CASE("random loads, stores, AMOs and fetches trap exactly where the protection says") {
  weft::CounterRng rng(99, 3, 0);
  Machine machine(protected_core());
  // Code and data side by side, so that the entries hit both.
  const std::uint32_t code = ram_base + 0x2000;
  constexpr std::uint32_t span = 0x200;
  struct Instruction {
    std::uint32_t word;
    unsigned size;
    bool is_store;
    bool is_atomic;
  };
  const Instruction instructions[] = {{lb(a0, 0, s0), 1, false, false},   {lhu(a0, 0, s0), 2, false, false},
                                      {lw(a0, 0, s0), 4, false, false},   {sb(a0, 0, s0), 1, true, false},
                                      {sh(a0, 0, s0), 2, true, false},    {sw(a0, 0, s0), 4, true, false},
                                      {amo(4, a0, a1, s0), 4, true, true}};
  constexpr std::uint32_t count = 7;
  for (std::uint32_t slot = 0; slot < span / 8; ++slot) {
    machine.program({instructions[slot % count].word}, code + 4 * slot);
  }
  const std::uint32_t data = code + span / 2;
  std::array<unsigned, 4> seen{};  // nothing, fetch, load, store fault
  for (int config = 0; config < 3000; ++config) {
    const PmpRegisters model = random_protection(rng, 16, code, span);
    const std::uint32_t mode = rng.below(3);
    const Privilege level = mode == 0 ? Privilege::user : Privilege::machine;
    const Privilege data_level = mode == 2 ? Privilege::machine : Privilege::user;
    bool ready = false;
    for (int i = 0; i < 40; ++i) {
      if (!ready) {
        machine.core.reset();
        enter(machine, level, code);
        if (mode == 1) machine.set_csr(csr::mstatus, mprv);
        set_protection(machine, model);
        ready = true;
      }
      const std::uint32_t slot = rng.below(span / 8);
      const Instruction& instruction = instructions[slot % count];
      const std::uint32_t pc = code + 4 * slot;
      std::uint32_t address = data + rng.below(span / 2 - 4);
      if (instruction.is_atomic) address &= ~3u;
      std::uint32_t expected = 0;
      std::uint32_t value = address;
      const bool fetched = model.allows(pc, 2, AccessKind::fetch, level);
      if (!fetched || !model.allows(pc + 2, 2, AccessKind::fetch, level)) {
        expected = hart::cause::fetch_access;
        value = fetched ? pc + 2 : pc;
      } else if (!model.allows(address, instruction.size,
                               instruction.is_store ? AccessKind::store : AccessKind::load, data_level) ||
                 (instruction.is_atomic && !model.allows(address, 4, AccessKind::load, data_level))) {
        expected = instruction.is_store ? hart::cause::store_access : hart::cause::load_access;
      }
      machine.traps.clear();
      machine.core.set_x(s0, address);
      machine.core.set_pc(pc);
      machine.step();
      const std::uint32_t cause = machine.traps.empty() ? 0 : machine.traps[0].cause;
      CAPTURE(config, i, mode, pc, address, instruction.size, instruction.is_store);
      if (cause != expected) FAIL("cause " << cause << ", expected " << expected);
      if (cause != 0 && machine.traps[0].value != value) FAIL("mtval " << machine.traps[0].value);
      seen[cause == 0 ? 0 : cause == 1 ? 1 : cause == 5 ? 2 : 3] += 1;
      ready = cause == 0;
    }
  }
  for (const unsigned times : seen) CHECK(times > 5000);
}
