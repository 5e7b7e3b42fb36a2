// SPDX-License-Identifier: Apache-2.0
// What the block cache, direct memory and the slicing of run() must not change.
#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
using hart::StopReason;

namespace {

// A sum over an array with a call, a division, a device access and a counter read in each round.
const std::vector<std::uint32_t> mixed_program = {
    addi(a0, zero, 0),            //
    lw(a1, 0, s0),                // loop:
    jal(ra, 36),                  //
    sw(a0, 4, s0),                //
    op(4, 1, a2, a0, a1),         //
    sw(a2, 0, s1),                //
    csrr(a3, hart::csr::mcycle),  //
    amo(0, a4, a3, s0),           //
    addi(t0, t0, 1),              //
    op_imm(7, t1, t0, 3),         //
    bne(t1, zero, -36),           //
    pair(0x0405, 0x9526),         // function at +44: c.addi s0,1; c.add a0,s1
    pair(0x147D, 0x8082),         // c.addi s0,-1; ret
};

struct Snapshot {
  std::array<std::uint32_t, 32> x{};
  std::uint32_t pc = 0;
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
  std::vector<std::uint8_t> ram;

  bool operator==(const Snapshot& other) const {
    return x == other.x && pc == other.pc && cycles == other.cycles && instructions == other.instructions &&
           ram == other.ram;
  }
};

Snapshot snapshot(const Machine& machine) {
  Snapshot result;
  for (unsigned i = 0; i < 32; ++i) result.x[i] = machine.core.x(i);
  result.pc = machine.core.pc();
  result.cycles = machine.core.cycles();
  result.instructions = machine.core.instructions();
  result.ram = machine.ram;
  return result;
}

struct Mode {
  bool cached;
  bool direct_memory;
};

void prepare(Machine& machine) {
  machine.program(mixed_program);
  machine.core.set_x(s0, data_base);
  machine.core.set_x(s1, device);
  machine.on_device = [&machine] { machine.core.add_cycles(5); };
}

Snapshot run_mixed(Mode mode, std::uint64_t limit, std::uint64_t slice) {
  hart::CoreConfig config;
  config.costs.load_use = 2;
  config.enable_cache = mode.cached;
  Machine machine(config, mode.direct_memory);
  prepare(machine);
  while (machine.core.cycles() < limit) {
    machine.core.run(std::min(limit, machine.core.cycles() + slice));
  }
  return snapshot(machine);
}

}  // namespace

TEST_CASE("neither cache nor direct memory nor slicing moves a cycle or a bit") {
  for (const std::uint64_t limit : {1u, 7u, 50u, 333u, 5000u}) {
    const Snapshot reference = run_mixed({false, false}, limit, 1);
    CHECK(reference.instructions > limit / 30);
    for (const Mode mode : {Mode{false, false}, Mode{false, true}, Mode{true, false}, Mode{true, true}}) {
      for (const std::uint64_t slice : {1u, 2u, 3u, 13u, 100000u}) {
        CAPTURE(limit, mode.cached, mode.direct_memory, slice);
        CHECK(run_mixed(mode, limit, slice) == reference);
      }
    }
  }
}

TEST_CASE("run stops at the first instruction boundary at or after the limit") {
  // Boundaries of one by one execution are the reference.
  Machine reference;
  prepare(reference);
  std::vector<std::uint64_t> boundaries = {0};
  while (boundaries.back() < 600) {
    reference.step();
    boundaries.push_back(reference.core.cycles());
  }
  for (std::uint64_t limit = 0; limit < 600; ++limit) {
    Machine machine;
    prepare(machine);
    CHECK(machine.core.run(limit) == StopReason::budget);
    const auto expected = std::lower_bound(boundaries.begin(), boundaries.end(), limit);
    CAPTURE(limit);
    CHECK(machine.core.cycles() == *expected);
  }
}

TEST_CASE("a limit in the past executes nothing") {
  Machine machine;
  machine.program({nop});
  machine.core.add_cycles(10);
  CHECK(machine.core.run(10) == StopReason::budget);
  CHECK(machine.core.instructions() == 0);
}

TEST_CASE("stall cycles added by a device end the budget behind that access") {
  Machine machine;
  machine.program({lw(a0, 0, s1), nop, nop, nop, jal(zero, 0)});
  machine.core.set_x(s1, device);
  machine.on_device = [&] { machine.core.add_cycles(1000); };
  CHECK(machine.core.run(500) == StopReason::budget);
  CHECK(machine.core.pc() == ram_base + 4);
  CHECK(machine.core.cycles() == 1002);
}

TEST_CASE("a callback sees the exact counts and pc before its instruction") {
  const bool cached = GENERATE(true, false);
  hart::CoreConfig config;
  config.enable_cache = cached;
  Machine machine(config);
  machine.program({nop, mul(a0, a0, a0), nop, sw(a0, 0, s1), nop});
  machine.core.set_x(s1, device);
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
  std::uint32_t pc = 0;
  machine.on_device = [&] {
    cycles = machine.core.cycles();
    instructions = machine.core.instructions();
    pc = machine.core.pc();
  };
  machine.core.run(7);
  CHECK(cycles == 5);
  CHECK(instructions == 3);
  CHECK(pc == ram_base + 12);
  CHECK(machine.core.cycles() == 7);
}

TEST_CASE("a yield requested in a callback returns after that instruction") {
  Machine machine;
  machine.program({lw(a0, 0, s1), addi(a1, a1, 1), jal(zero, -8)});
  machine.core.set_x(s1, device);
  machine.on_device = [&] { machine.core.request_yield(); };
  CHECK(machine.core.run(unlimited) == StopReason::yield);
  CHECK(machine.core.pc() == ram_base + 4);
  CHECK(machine.core.run(unlimited) == StopReason::yield);
  CHECK(machine.core.x(a1) == 1);
  machine.core.request_yield();
  CHECK(machine.core.run(unlimited) == StopReason::yield);
  CHECK(machine.core.instructions() == 4);
}

TEST_CASE("a yield requested while fetching returns after the fetched instruction") {
  Machine machine({}, false);
  machine.program({nop, nop, nop});
  machine.on_fetch = [&] { machine.core.request_yield(); };
  CHECK(machine.core.run(unlimited) == StopReason::yield);
  CHECK(machine.core.instructions() == 1);
}

TEST_CASE("a store into the block that is running takes effect on the next instruction") {
  for (const Mode mode : {Mode{false, true}, Mode{true, true}, Mode{true, false}}) {
    hart::CoreConfig config;
    config.enable_cache = mode.cached;
    Machine machine(config, mode.direct_memory);
    // Turns the instruction behind the store from a0 += 1 into a0 += 2.
    machine.program({sw(a1, 4, s0), addi(a0, a0, 1), jal(zero, 0)});
    machine.core.set_x(s0, ram_base);
    machine.core.set_x(a1, addi(a0, a0, 2));
    machine.core.run(10);
    CAPTURE(mode.cached, mode.direct_memory);
    CHECK(machine.core.x(a0) == 2);
  }
}

TEST_CASE("a byte, half word or AMO written into cached code is seen when the code runs again") {
  const std::uint32_t writers[] = {sb(a1, 3, s1), sh(a1, 2, s1), amo(1, a2, a1, s1)};
  for (const std::uint32_t writer : writers) {
    Machine machine;
    machine.program({jal(ra, 0x100), writer, jal(ra, 0xF8), jal(zero, 0)});
    machine.program({addi(a0, a0, 1), jalr(zero, 0, ra)}, ram_base + 0x100);
    machine.core.set_x(s1, ram_base + 0x100);
    const std::uint32_t changed = addi(a0, a0, 1 + 0x100);
    const std::uint32_t top_byte = changed >> 24;
    const std::uint32_t top_half = changed >> 16;
    machine.core.set_x(a1, writer == writers[0] ? top_byte : writer == writers[1] ? top_half : changed);
    machine.core.run(100);
    CHECK(machine.core.x(a0) == 2 + 0x100);
  }
}

TEST_CASE("a word stored over the first parcel of the lowest block is seen, though it starts below it") {
  Machine machine;
  machine.program({pair(c_nop, 0x0505), jalr(zero, 0, ra)});  // function at +2: c.addi a0,1
  machine.program({sw(a1, 0, s1), jal(ra, -0x102), sw(a1, 0, s0), jal(ra, -0x10A), jal(zero, 0)},
                  ram_base + 0x100);
  machine.core.set_pc(ram_base + 0x100);
  machine.core.set_x(s0, ram_base);
  machine.core.set_x(s1, data_base);
  machine.core.set_x(a1, pair(c_nop, 0x0509));  // c.addi a0,2
  machine.core.run(100);
  CHECK(machine.core.x(a0) == 3);
}

TEST_CASE("data between two pieces of code is written without losing either") {
  Machine machine;
  machine.program({sw(a0, 16, s0), addi(a0, a0, 1), jal(zero, 16), nop, 0, nop, jal(zero, -24)});
  machine.core.set_x(s0, ram_base);
  machine.core.run(1001);
  CHECK(machine.traps.empty());
  CHECK(machine.word(ram_base + 16) + 1 >= machine.core.x(a0));
  CHECK(machine.core.x(a0) > 150);
}

TEST_CASE("code changed by somebody else is seen after flush_code") {
  Machine machine;
  machine.program({addi(a0, a0, 1), jal(zero, -4)});
  machine.core.run(9);
  CHECK(machine.core.x(a0) == 3);
  machine.set_word(ram_base, addi(a0, a0, 100));
  machine.core.flush_code();
  machine.core.run(machine.core.cycles() + 3);
  CHECK(machine.core.x(a0) == 103);
}

TEST_CASE("code changed by a bus master is seen after fence.i") {
  Machine machine;
  machine.program({jal(ra, 0x100), sw(a0, 0, s1), fence_i, jal(ra, 0xF4), jal(zero, 0)});
  machine.program({addi(a0, a0, 1), jalr(zero, 0, ra)}, ram_base + 0x100);
  machine.core.set_x(s1, device);
  machine.on_device = [&] { machine.set_word(ram_base + 0x100, addi(a0, a0, 100)); };
  machine.core.run(100);
  CHECK(machine.core.x(a0) == 101);
}

TEST_CASE("a function returns to whoever called it this time") {
  Machine machine;
  machine.program({jal(ra, 0x100), addi(a1, a1, 1), jal(ra, 0xF8), addi(a2, a2, 1), jal(zero, -16)});
  machine.program({addi(a0, a0, 1), jalr(zero, 0, ra)}, ram_base + 0x100);
  machine.core.run(14 * 10);
  CHECK(machine.core.x(a0) == 20);
  CHECK(machine.core.x(a1) == 10);
  CHECK(machine.core.x(a2) == 10);
}

TEST_CASE("a yield requested by the fetch of a jump returns before the cached code it leads to") {
  class SlowStart : public Machine {
   public:
    hart::DirectMemory direct(std::uint32_t address) override {
      if (address < ram_base + 16) return {};
      return {ram.data() + 16, ram_base + 16, ram_base + ram_bytes - 1, true, true};
    }
  };
  SlowStart machine;
  machine.program({jal(zero, 16), nop, nop, nop, addi(a0, a0, 1), jal(zero, -4)});
  machine.core.run(machine.core.cycles() + 20);
  machine.core.set_pc(ram_base);
  const std::uint32_t before = machine.core.x(a0);
  machine.on_fetch = [&] { machine.core.request_yield(); };
  CHECK(machine.core.run(machine.core.cycles() + 1000) == StopReason::yield);
  CHECK(machine.core.pc() == ram_base + 16);
  CHECK(machine.core.x(a0) == before);
}

TEST_CASE("memory that is no longer direct is not touched through the old pointer") {
  Machine machine;
  machine.program({sw(a0, 0, s0), lw(a1, 0, s0), jal(zero, -8)});
  machine.core.set_x(s0, data_base);
  machine.core.set_x(a0, 5);
  machine.core.run(50);
  machine.direct_memory = false;
  machine.core.flush_direct();
  std::vector<std::uint8_t> moved = machine.ram;
  machine.ram.swap(moved);
  std::fill(moved.begin(), moved.end(), std::uint8_t{0});
  machine.core.set_x(a0, 6);
  machine.core.run(machine.core.cycles() + 50);
  CHECK(machine.word(data_base) == 6);
  CHECK(machine.core.x(a1) == 6);
  CHECK(std::all_of(moved.begin(), moved.end(), [](std::uint8_t byte) { return byte == 0; }));
}

TEST_CASE("a device that takes direct access away in the middle of a block is obeyed at once") {
  Machine machine;
  machine.program({lw(a0, 0, s0), sw(a0, 0, s1), sw(a1, 4, s0), nop, jal(zero, 0)});
  machine.core.set_x(s0, data_base);
  machine.core.set_x(s1, device);
  machine.core.set_x(a1, 77);
  std::vector<std::uint8_t> old;
  machine.on_device = [&] {
    machine.direct_memory = false;
    old.swap(machine.ram);
    machine.ram = old;
    machine.core.flush_direct();
  };
  machine.core.run(20);
  CHECK(machine.word(data_base + 4) == 77);
  CHECK(old[data_base - ram_base + 4] == 0);
}

TEST_CASE("many alternating direct regions all stay correct") {
  // 40 banks of 16 bytes, more than the core remembers at a time, read-only every fourth.
  class Banks : public Machine {
   public:
    hart::DirectMemory direct(std::uint32_t address) override {
      if (address < data_base) return {ram.data(), ram_base, data_base - 1, true, true};
      if (address >= data_base + 640) return {};
      const std::uint32_t start = address & ~15u;
      const bool writable = (start & 0x30u) != 0;
      return {ram.data() + (start - ram_base), start, start + 15, true, writable};
    }
  };
  Banks machine;
  machine.program(
      {lw(a0, 0, s0), addi(a0, a0, 1), sw(a0, 0, s0), addi(s0, s0, 4), bne(s0, s1, -16), jal(zero, 0)});
  machine.core.set_x(s0, data_base);
  machine.core.set_x(s1, data_base + 640);
  machine.core.run(5000);
  for (std::uint32_t offset = 0; offset < 640; offset += 4) {
    CAPTURE(offset);
    CHECK(machine.word(data_base + offset) == 1);
  }
}

TEST_CASE("a forgotten region's place in the memory of regions does not lend its rights to the next") {
  // Data regions of 32 bytes: the even ones directly readable only, the odd ones directly writable only.
  class OneWay : public Machine {
   public:
    hart::DirectMemory direct(std::uint32_t address) override {
      if (address < data_base) return {ram.data(), ram_base, data_base - 1, true, true};
      const std::uint32_t start = address & ~31u;
      const bool odd = (start & 32u) != 0;
      return {ram.data() + (start - ram_base), start, start + 31, !odd, odd};
    }
    hart::AccessStatus load(std::uint32_t address, unsigned size, std::uint32_t& value) override {
      loads.push_back(address);
      return Machine::load(address, size, value);
    }
    hart::AccessStatus store(std::uint32_t address, unsigned size, std::uint32_t value) override {
      stores.push_back(address);
      return Machine::store(address, size, value);
    }
    std::vector<std::uint32_t> loads;
    std::vector<std::uint32_t> stores;
  };
  for (const bool store_first : {false, true}) {
    for (int last = 1; last < 20; ++last) {
      OneWay machine;
      const auto touch = [](bool is_store, int region) {
        return is_store ? sw(zero, 32 * region, s0) : lw(a0, 32 * region, s0);
      };
      // The first region with its own right, then more regions with the other right, then the last of
      // these with the right it lacks.
      std::vector<std::uint32_t> program = {touch(store_first, store_first ? 1 : 0)};
      int region = 0;
      for (int i = 0; i < last; ++i) {
        region = 2 * i + (store_first ? 2 : 3);
        program.push_back(touch(!store_first, region));
      }
      program.push_back(touch(store_first, region));
      machine.program(program);
      machine.core.set_x(s0, data_base);
      machine.core.run(machine.core.cycles() + 100);
      const std::vector<std::uint32_t> slow = {data_base + 32u * static_cast<std::uint32_t>(region)};
      CAPTURE(store_first, last);
      CHECK(machine.loads == (store_first ? std::vector<std::uint32_t>{} : slow));
      CHECK(machine.stores == (store_first ? slow : std::vector<std::uint32_t>{}));
    }
  }
}

TEST_CASE("code in a region that was forgotten and learnt again is still guarded") {
  class Small : public Machine {
   public:
    hart::DirectMemory direct(std::uint32_t address) override {
      const std::uint32_t start = address & ~63u;
      if (address < ram_base || address >= ram_base + ram_bytes) return {};
      return {ram.data() + (start - ram_base), start, start + 63, true, true};
    }
  };
  Small machine;
  const std::uint32_t function = data_base + 64 * 40;
  std::vector<std::uint32_t> program = {jalr(ra, 0, s1)};
  for (int region = 0; region < 20; ++region) program.push_back(sw(zero, 64 * region, s0));
  program.insert(program.end(), {sw(zero, 32, s1), sw(a1, 0, s1), jalr(ra, 0, s1), jal(zero, 0)});
  machine.program(program);
  machine.program({addi(a0, a0, 1), jalr(zero, 0, ra)}, function);
  machine.core.set_x(s0, data_base);
  machine.core.set_x(s1, function);
  machine.core.set_x(a1, addi(a0, a0, 100));
  machine.core.run(200);
  CHECK(machine.core.x(a0) == 101);
}

TEST_CASE("a direct region with odd bounds is used up to its last byte") {
  class Odd : public Machine {
   public:
    hart::DirectMemory direct(std::uint32_t address) override {
      if (address < data_base) return {ram.data(), ram_base, data_base - 1, true, true};
      return {ram.data() + (data_base - ram_base) + 1, data_base + 1, data_base + 9, true, true};
    }
  };
  Odd machine;
  for (std::uint32_t i = 0; i < 12; ++i)
    machine.ram[data_base - ram_base + i] = static_cast<std::uint8_t>(i + 1);
  machine.program(
      {lbu(a0, 0, s0), lbu(a1, 1, s0), lw(a2, 0, s0), lw(a3, 8, s0), lhu(a4, 8, s0), lbu(a5, 9, s0)});
  machine.core.set_x(s0, data_base);
  machine.step(6);
  CHECK(machine.traps.empty());
  CHECK(machine.core.x(a0) == 1);
  CHECK(machine.core.x(a1) == 2);
  CHECK(machine.core.x(a2) == 0x04030201);
  CHECK(machine.core.x(a3) == 0x0C0B0A09);
  CHECK(machine.core.x(a4) == 0x0A09);
  CHECK(machine.core.x(a5) == 10);
}

TEST_CASE("a reset from inside a callback happens after the instruction") {
  Machine machine;
  machine.program({addi(a0, a0, 1), sw(a0, 0, s1), addi(a1, a1, 1), jal(zero, -12)});
  machine.core.set_x(s1, device);
  machine.on_device = [&] { machine.core.reset(); };
  machine.core.run(2);
  CHECK(machine.core.instructions() == 2);
  CHECK(machine.accesses.size() == 1);
  CHECK(machine.core.pc() == ram_base);
  CHECK(machine.core.x(s1) == 0);
  CHECK(machine.core.x(a1) == 0);
}

TEST_CASE("an exception from a callback leaves the state before the instruction") {
  Machine machine;
  machine.program({nop, mul(a0, a0, a0), lw(a0, 0, s1), jal(zero, 0)});
  machine.core.set_x(s1, device);
  machine.on_device = [] { throw weft::Error("bus on fire"); };
  CHECK_THROWS_AS(machine.core.run(100), weft::Error);
  CHECK(machine.core.pc() == ram_base + 8);
  CHECK(machine.core.cycles() == 4);
  CHECK(machine.core.instructions() == 2);
  machine.on_device = nullptr;
  machine.device_value = 42;
  machine.step();
  CHECK(machine.core.x(a0) == 42);
}

TEST_CASE("run inside a callback is refused") {
  Machine machine;
  machine.program({lw(a0, 0, s1)});
  machine.core.set_x(s1, device);
  machine.on_device = [&] { machine.core.run(10); };
  CHECK_THROWS_WITH(machine.core.run(100), "hart 0: run() called from inside a callback");
}

TEST_CASE("more code than the cache holds still runs") {
  // Every parcel of a region is the start of a block of its own; repeated over several base addresses
  // through aliases of the same RAM.
  class Aliases : public Machine {
   public:
    hart::DirectMemory direct(std::uint32_t address) override {
      const std::uint32_t start = address & ~(ram_bytes - 1);
      return {ram.data(), start, start + (ram_bytes - 1), true, false};
    }
  };
  Aliases machine;
  machine.program(std::vector<std::uint32_t>(ram_bytes / 4, pair(c_nop, c_nop)));
  for (std::uint32_t alias = 0; alias < 2; ++alias) {
    for (std::uint32_t offset = 0; offset < ram_bytes; offset += 2) {
      machine.core.set_pc(alias * ram_bytes + offset);
      machine.step();
    }
  }
  CHECK(machine.core.instructions() == ram_bytes);
  CHECK(machine.traps.empty());
}
