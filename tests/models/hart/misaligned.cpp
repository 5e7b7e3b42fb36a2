// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstring>

#include "models/common/counter_rng.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

hart::CoreConfig in_hardware() {
  hart::CoreConfig config;
  config.misaligned = hart::MisalignedAccess::hardware;
  return config;
}

// Direct memory in pieces of 0x100 bytes, every fourth of them without direct access.
class PatchyMachine : public Machine {
 public:
  PatchyMachine() : Machine(in_hardware()) {}

  hart::DirectMemory direct(std::uint32_t address) override {
    const std::uint32_t offset = address - ram_base;
    if (offset >= ram_bytes) return {};
    const std::uint32_t first = offset & ~0xFFu;
    const bool direct = (first & 0x300u) != 0x300u;
    return {direct ? ram.data() + first : nullptr, ram_base + first, ram_base + first + 0xFF, direct, direct};
  }
};

// One instruction with s0 = address; a0 is operand or result.
void run(Machine& machine, std::uint32_t instruction, std::uint32_t address, std::uint32_t operand = 0) {
  machine.program({instruction});
  machine.core.set_x(s0, address);
  machine.core.set_x(a0, operand);
  machine.core.set_pc(ram_base);
  machine.step();
}

}  // namespace

TEST_CASE("misaligned loads and stores give the bytes, across ranges and without direct access") {
  PatchyMachine machine;
  weft::CounterRng rng(31, 0, 0);
  for (std::uint32_t i = 0; i < ram_bytes; ++i) machine.ram[i] = static_cast<std::uint8_t>(rng.next_u32());
  // Reads and writes straight from the array, as a model that cannot be wrong.
  std::vector<std::uint8_t> expected = machine.ram;
  for (int i = 0; i < 50'000; ++i) {
    // Close to the borders of ranges, where it matters.
    const std::uint32_t offset = 0x8000 + 0x100 * rng.below(16) + 0xF8 + rng.below(16);
    const unsigned size = 1u << rng.below(3);
    const std::uint32_t value = rng.next_u32();
    CAPTURE(i, offset, size);
    if (rng.below(2) == 0) {
      const std::uint32_t funct3 = size == 1 ? 4 : size == 2 ? 5 : 2;
      run(machine, load(funct3, a0, 0, s0), ram_base + offset);
      std::uint32_t want = 0;
      std::memcpy(&want, expected.data() + offset, size);
      if (machine.core.x(a0) != want) FAIL("loaded " << machine.core.x(a0) << ", expected " << want);
    } else {
      run(machine, store(size == 1 ? 0 : size == 2 ? 1 : 2, a0, 0, s0), ram_base + offset, value);
      std::memcpy(expected.data() + offset, &value, size);
      std::memcpy(expected.data(), machine.ram.data(), 4);  // the instruction
      if (machine.ram != expected) FAIL("memory differs");
    }
  }
  CHECK(machine.traps.empty());
}

TEST_CASE("a misaligned half word is sign-extended from its upper byte") {
  Machine machine(in_hardware());
  machine.set_word(data_base, 0x00807F00);
  run(machine, lh(a0, 1, s0), data_base);
  CHECK(machine.core.x(a0) == 0xFFFF807F);
  run(machine, lhu(a0, 1, s0), data_base);
  CHECK(machine.core.x(a0) == 0x0000807F);
}

TEST_CASE("a misaligned access costs one more of its class") {
  Machine machine(in_hardware());
  const hart::CycleCosts costs;
  run(machine, lw(a0, 1, s0), data_base);
  CHECK(machine.core.cycles() == 2 * costs.load);
  run(machine, sw(a0, 1, s0), data_base);
  CHECK(machine.core.cycles() == 2 * costs.load + 2 * costs.store);
  CHECK(machine.core.instructions() == 2);
}

TEST_CASE("misaligned accesses end a slice at the same instruction as everything else does") {
  for (std::uint64_t slice = 1; slice < 12; ++slice) {
    CAPTURE(slice);
    Machine whole(in_hardware());
    Machine sliced(in_hardware());
    for (Machine* machine : {&whole, &sliced}) {
      machine->program({lw(a0, 1, s0), addi(a1, a1, 1), sw(a1, 5, s0), lh(a2, 3, s0), jal(zero, -16)});
      machine->core.set_x(s0, data_base);
    }
    whole.core.run(1000);
    while (sliced.core.cycles() < 1000) {
      sliced.core.run(std::min<std::uint64_t>(sliced.core.cycles() + slice, 1000));
    }
    CHECK(whole.core.cycles() == sliced.core.cycles());
    CHECK(whole.core.pc() == sliced.core.pc());
    CHECK(whole.core.instructions() == sliced.core.instructions());
    CHECK(whole.core.x(a1) == sliced.core.x(a1));
  }
}

TEST_CASE("a device sees the naturally aligned pieces of a misaligned access, lowest first") {
  Machine machine(in_hardware());
  run(machine, sh(a0, 1, s0), device, 0xABCD);
  REQUIRE(machine.accesses.size() == 2);
  CHECK(machine.accesses[0].address == device + 1);
  CHECK(machine.accesses[0].size == 1);
  CHECK(machine.accesses[0].value == 0xCD);
  CHECK(machine.accesses[1].address == device + 2);
  CHECK(machine.accesses[1].size == 1);
  CHECK(machine.accesses[1].value == 0xAB);
}

TEST_CASE("a fault in the second piece names it and leaves the register alone") {
  Machine machine(in_hardware());
  const std::uint32_t end = ram_base + ram_bytes;
  run(machine, lw(a0, 0, s0), end - 2, 0x55);
  REQUIRE(machine.traps.size() == 1);
  CHECK(machine.traps[0].cause == hart::cause::load_access);
  CHECK(machine.traps[0].value == end);
  CHECK(machine.core.x(a0) == 0x55);
  CHECK(machine.core.cycles() == hart::CycleCosts{}.trap);
  run(machine, sw(a0, 0, s0), end - 1, 0x11223344);
  REQUIRE(machine.traps.size() == 2);
  CHECK(machine.traps[1].cause == hart::cause::store_access);
  CHECK(machine.traps[1].value == end);
  CHECK(machine.ram.back() == 0x44);  // the first piece has been stored
}

TEST_CASE("atomics trap when misaligned, whatever loads and stores do") {
  const std::pair<std::uint32_t, std::uint32_t> all[] = {
      {lr_w(a0, s0), 4}, {sc_w(a0, a1, s0), 6}, {amo(0, a0, a1, s0), 6}};
  for (const auto& [instruction, cause] : all) {
    Machine machine(in_hardware());
    run(machine, instruction, data_base + 2);
    REQUIRE(machine.traps.size() == 1);
    CHECK(machine.traps[0].cause == cause);
    CHECK(machine.traps[0].value == data_base + 2);
  }
}

TEST_CASE("a misaligned store over code is seen by the next instruction") {
  Machine machine(in_hardware());
  // The store replaces the upper parcel of the instruction at +8 and the lower one of that at +12.
  machine.program({nop, sw(a1, 10, s0), addi(a0, zero, 1), addi(a2, zero, 1)});
  machine.core.set_x(s0, ram_base);
  const std::uint32_t first = addi(a0, zero, 7);
  const std::uint32_t second = addi(a3, zero, 1);
  machine.core.set_x(a1, (first >> 16) | (second << 16));
  machine.core.run(machine.core.cycles() + 5);
  CHECK(machine.core.x(a0) == 7);
  CHECK(machine.core.x(a3) == 1);
}
