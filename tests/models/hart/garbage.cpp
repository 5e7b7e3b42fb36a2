// SPDX-License-Identifier: Apache-2.0
// Whatever bytes a hart runs, the simulator survives, counts on, and does the same with and without its
// cache.
#include <catch2/catch.hpp>

#include "models/common/counter_rng.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr std::uint64_t seed = 20260101;

void fill_random(Machine& machine, weft::CounterRng& rng) {
  for (std::uint32_t offset = 0; offset < ram_bytes; offset += 4)
    machine.set_word(ram_base + offset, rng.next_u32());
}

std::uint32_t random_address(weft::CounterRng& rng) {
  switch (rng.below(4)) {
    case 0:
      return device;
    case 1:
      return rng.next_u32();
    default:
      return ram_base + rng.below(ram_bytes);
  }
}

void prepare(Machine& machine, std::uint32_t round, bool valid_words) {
  weft::CounterRng rng(seed, round, 0);
  fill_random(machine, rng);
  if (valid_words) {
    // Bias towards 32-bit instructions of the implemented opcodes, so that more is executed than decoded.
    constexpr std::array<std::uint32_t, 12> opcodes = {0x03, 0x0B, 0x0F, 0x13, 0x17, 0x23,
                                                       0x2F, 0x33, 0x37, 0x63, 0x6F, 0x73};
    for (std::uint32_t offset = 0; offset < ram_bytes; offset += 4) {
      const std::uint32_t address = ram_base + offset;
      machine.set_word(address, (machine.word(address) & ~0x7Fu) | opcodes[rng.below(opcodes.size())]);
    }
  }
  for (unsigned i = 1; i < 32; ++i) machine.core.set_x(i, random_address(rng));
  machine.set_csr(hart::csr::mtvec, ram_base + (rng.below(ram_bytes) & ~3u) + rng.below(2));
  machine.set_csr(hart::csr::mie, 0x888);
  machine.set_csr(hart::csr::mstatus, 0x8);
  machine.core.set_interrupt(hart::Interrupt::timer, rng.below(2) == 1);
  machine.core.set_pc(ram_base + rng.below(ram_bytes));
  machine.on_custom = [&machine](std::uint32_t instruction) {
    machine.core.set_x(instruction >> 27, instruction);
    return (instruction & 0x100u) != 0 ? hart::CustomResult::trap(instruction >> 20, instruction)
                                       : hart::CustomResult::retire();
  };
}

void run_round(Machine& machine, std::uint32_t round) {
  weft::CounterRng rng(seed, round, 1);
  for (int slice = 0; slice < 20; ++slice) {
    if (machine.core.run(machine.core.cycles() + 1 + rng.below(200)) == hart::StopReason::wfi) {
      machine.core.add_cycles(10);
      machine.core.set_interrupt(hart::Interrupt::software, rng.below(2) == 1);
    }
    if (rng.below(4) == 0) machine.core.set_pc(random_address(rng));
  }
}

std::string difference(Machine& a, Machine& b) {
  if (a.core.pc() != b.core.pc()) return "pc";
  if (a.core.cycles() != b.core.cycles()) return "cycles";
  if (a.core.instructions() != b.core.instructions()) return "instructions";
  for (unsigned i = 0; i < 32; ++i) {
    if (a.core.x(i) != b.core.x(i)) return "x" + std::to_string(i);
  }
  for (const unsigned number : {hart::csr::mcause, hart::csr::mtval, hart::csr::mepc, hart::csr::mstatus}) {
    if (a.csr(number) != b.csr(number)) return hart::csr::name(number);
  }
  if (a.traps.size() != b.traps.size()) return "traps";
  return a.ram == b.ram ? "" : "ram";
}

}  // namespace

TEST_CASE("random bytes as code never crash and run the same with and without cache") {
  const bool valid_words = GENERATE(false, true);
  INFO("seed " << seed);
  std::uint64_t executed = 0;
  std::size_t traps = 0;
  for (std::uint32_t round = 0; round < 300; ++round) {
    hart::CoreConfig config;
    config.costs.load_use = 1;
    hart::CoreConfig uncached_config = config;
    uncached_config.enable_cache = false;
    Machine cached(config);
    Machine uncached(uncached_config);
    Machine indirect(config, false);
    for (Machine* machine : {&cached, &uncached, &indirect}) {
      prepare(*machine, round, valid_words);
      run_round(*machine, round);
    }
    CAPTURE(round, valid_words);
    REQUIRE(difference(cached, uncached) == "");
    REQUIRE(difference(cached, indirect) == "");
    executed += cached.core.instructions();
    traps += cached.traps.size();
  }
  CHECK(executed > 10000);
  CHECK(traps > 10000);
}

TEST_CASE("code that overwrites itself in a tight loop never crashes") {
  Machine machine;
  // Stores random words over the loop that stores them.
  weft::CounterRng rng(seed, 0, 2);
  for (int round = 0; round < 200; ++round) {
    machine.core.reset();
    machine.program(
        {sw(a0, 0, s0), addi(s0, s0, 4), add(a0, a0, a1), sw(a0, 8, s0), jal(zero, -16), c_j_self});
    machine.core.set_x(s0, ram_base - 16 + 4 * rng.below(10));
    machine.core.set_x(a0, rng.next_u32());
    machine.core.set_x(a1, rng.next_u32());
    machine.core.run(machine.core.cycles() + 500);
  }
  CHECK(machine.core.instructions() > 0);
  CHECK(machine.core.cycles() >= 200u * 500u);
}
