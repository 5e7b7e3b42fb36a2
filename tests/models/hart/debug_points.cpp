// SPDX-License-Identifier: Apache-2.0
// Breakpoints and watchpoints of a core: where they stop it, and that stopping changes nothing else.
#include <catch2/catch.hpp>

#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
using hart::DebugStop;
using hart::StopReason;
using hart::WatchKind;
using hart::Watchpoint;

namespace {

struct Mode {
  bool cached;
  bool direct_memory;
};
constexpr Mode modes[] = {{true, true}, {true, false}, {false, true}, {false, false}};

hart::CoreConfig config(Mode mode) {
  hart::CoreConfig result;
  result.enable_cache = mode.cached;
  return result;
}

// Per round a load, a store beside it, a byte store, an AMO, a device access, a call of compressed code.
const std::vector<std::uint32_t> program = {
    addi(t0, t0, 1),       //  +0 loop:
    lw(a1, 0, s0),         //  +4
    sw(t0, 4, s0),         //  +8
    sb(t0, 9, s0),         // +12
    amo(0, a4, t0, s0),    // +16
    sw(a1, 0, s1),         // +20
    jal(ra, 12),           // +24
    op_imm(7, t1, t0, 3),  // +28
    jal(zero, -32),        // +32
    pair(0x0405, 0x9526),  // +36: c.addi s0,1; c.add a0,s1
    pair(0x147D, 0x8082),  // +40: c.addi s0,-1; ret
};
constexpr std::uint32_t call_target = ram_base + 36;

void prepare(Machine& machine) {
  machine.program(program);
  machine.core.set_x(s0, data_base);
  machine.core.set_x(s1, device);
  machine.on_device = [&machine] { machine.core.add_cycles(5); };
}

struct State {
  std::vector<std::uint32_t> x;
  std::uint32_t pc = 0;
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
  std::vector<std::uint8_t> ram;
  std::size_t accesses = 0;

  bool operator==(const State& other) const {
    return x == other.x && pc == other.pc && cycles == other.cycles && instructions == other.instructions &&
           ram == other.ram && accesses == other.accesses;
  }
};

State state(const Machine& machine) {
  State result;
  for (unsigned i = 0; i < 32; ++i) result.x.push_back(machine.core.x(i));
  result.pc = machine.core.pc();
  result.cycles = machine.core.cycles();
  result.instructions = machine.core.instructions();
  result.ram = machine.ram;
  result.accesses = machine.accesses.size();
  return result;
}

// Runs to `limit` in slices; what stopped it on the way.
std::vector<DebugStop> run_to(Machine& machine, std::uint64_t limit, std::uint64_t slice = unlimited) {
  std::vector<DebugStop> stops;
  while (machine.core.cycles() < limit) {
    const std::uint64_t end = std::min(limit, machine.core.cycles() + slice);
    if (machine.core.run(end) == StopReason::debug) stops.push_back(machine.core.debug_stop());
  }
  return stops;
}

}  // namespace

TEST_CASE("a breakpoint stops before its instruction, and running on executes it") {
  for (const Mode mode : modes) {
    CAPTURE(mode.cached, mode.direct_memory);
    Machine machine(config(mode), mode.direct_memory);
    prepare(machine);
    machine.core.set_breakpoint(ram_base + 8);
    CHECK(machine.core.run(unlimited) == StopReason::debug);
    CHECK(machine.core.pc() == ram_base + 8);
    CHECK(machine.core.debug_stop().reason == DebugStop::Reason::breakpoint);
    CHECK(machine.core.debug_stop().pc == ram_base + 8);
    CHECK(machine.core.instructions() == 2);
    CHECK(machine.word(data_base + 4) == 0);
    CHECK(machine.core.run(unlimited) == StopReason::debug);
    CHECK(machine.core.instructions() == 2 + 13);
    CHECK(machine.core.x(t0) == 2);
    CHECK(machine.word(data_base + 4) == 1);
  }
}

TEST_CASE("a breakpoint is seen after the code around it has been cached, and forgotten once cleared") {
  Machine machine;
  prepare(machine);
  machine.core.run(1000);
  const std::vector<std::uint32_t> places{ram_base, ram_base + 12, ram_base + 36, ram_base + 40};
  for (const std::uint32_t place : places) {
    CAPTURE(place);
    machine.core.set_breakpoint(place);
    CHECK(machine.core.run(unlimited) == StopReason::debug);
    CHECK(machine.core.pc() == place);
    machine.core.clear_breakpoint(place);
    CHECK(machine.core.run(machine.core.cycles() + 1000) == StopReason::budget);
  }
}

TEST_CASE("stopping anywhere moves no cycle and no bit, with and without cache and direct memory") {
  for (const std::uint64_t limit : {50u, 333u, 4000u}) {
    Machine undisturbed;
    prepare(undisturbed);
    undisturbed.core.run(limit);
    const State expected = state(undisturbed);
    for (const Mode mode : modes) {
      for (const std::uint64_t slice : {1u, 3u, 100u, 100000u}) {
        CAPTURE(limit, mode.cached, mode.direct_memory, slice);
        Machine machine(config(mode), mode.direct_memory);
        prepare(machine);
        for (std::uint32_t place = 0; place < 44; place += 4) machine.core.set_breakpoint(ram_base + place);
        machine.core.set_watchpoint({data_base, 4, WatchKind::access});
        machine.core.set_watchpoint({data_base + 9, 1, WatchKind::write});
        machine.core.set_watchpoint({device, 4, WatchKind::write});
        const std::vector<DebugStop> stops = run_to(machine, limit, slice);
        CHECK((state(machine) == expected));
        CHECK(stops.size() > expected.instructions * 3 / 4);
      }
    }
  }
}

TEST_CASE("a watchpoint stops before exactly those accesses that touch its bytes in its way") {
  struct Case {
    Watchpoint point;
    std::vector<std::uint32_t> places;  // offsets of the instructions it stops, in one round
    std::uint32_t data_address;
  };
  const std::vector<Case> cases{
      {{data_base, 4, WatchKind::read}, {4, 16}, data_base},
      {{data_base, 4, WatchKind::write}, {16}, data_base},
      {{data_base, 4, WatchKind::access}, {4, 16}, data_base},
      {{data_base + 3, 1, WatchKind::read}, {4, 16}, data_base + 3},
      {{data_base + 4, 4, WatchKind::write}, {8}, data_base + 4},
      {{data_base + 4, 4, WatchKind::read}, {}, 0},
      {{data_base + 6, 2, WatchKind::write}, {8}, data_base + 6},
      {{data_base + 6, 3, WatchKind::write}, {8}, data_base + 6},
      {{data_base + 8, 1, WatchKind::write}, {}, 0},
      {{data_base + 9, 1, WatchKind::write}, {12}, data_base + 9},
      {{data_base + 8, 4, WatchKind::write}, {12}, data_base + 9},
      {{data_base + 10, 2, WatchKind::access}, {}, 0},
      {{device, 4, WatchKind::write}, {20}, device},
      {{data_base - 0x100, 0x80, WatchKind::access}, {}, 0},
  };
  for (const Mode mode : modes) {
    for (const Case& each : cases) {
      CAPTURE(mode.cached, mode.direct_memory, each.point.address, each.point.length,
              static_cast<int>(each.point.kind));
      Machine machine(config(mode), mode.direct_memory);
      prepare(machine);
      machine.core.run(500);  // all of it is cached
      machine.core.set_watchpoint(each.point);
      // From the start of one round to the start of the next.
      machine.core.set_breakpoint(ram_base);
      while (machine.core.run(unlimited) != StopReason::debug || machine.core.pc() != ram_base) continue;
      std::vector<std::uint32_t> places;
      while (machine.core.run(unlimited) == StopReason::debug && machine.core.pc() != ram_base) {
        const DebugStop& stop = machine.core.debug_stop();
        CHECK(stop.reason == DebugStop::Reason::watchpoint);
        CHECK((stop.watchpoint == each.point));
        CHECK(stop.data_address == each.data_address);
        CHECK(stop.pc == machine.core.pc());
        places.push_back(stop.pc - ram_base);
      }
      CHECK(places == each.places);
    }
  }
}

TEST_CASE("the watched access has not happened yet at the stop") {
  Machine machine;
  prepare(machine);
  machine.core.set_watchpoint({data_base + 4, 4, WatchKind::write});
  REQUIRE(machine.core.run(unlimited) == StopReason::debug);
  CHECK(machine.word(data_base + 4) == 0);
  machine.step();
  CHECK(machine.word(data_base + 4) == 1);
  CHECK(machine.core.pc() == ram_base + 12);
}

TEST_CASE(
    "lr.w and a successful sc.w hit watchpoints, a failing sc.w does not and an interrupted one succeeds") {
  Machine machine;
  machine.program({lr_w(a0, s0), sc_w(a1, a2, s0), sc_w(a3, a2, s0), addi(zero, zero, 0)});
  machine.core.set_x(s0, data_base);
  machine.core.set_x(a2, 77);
  machine.core.set_watchpoint({data_base, 4, WatchKind::access});
  const std::vector<DebugStop> stops = run_to(machine, 14);
  REQUIRE(stops.size() == 2);
  CHECK(stops[0].pc == ram_base);
  CHECK(stops[1].pc == ram_base + 4);
  CHECK(machine.core.x(a1) == 0);
  CHECK(machine.core.x(a3) == 1);
  CHECK(machine.word(data_base) == 77);
}

TEST_CASE("a misaligned access traps without hitting a watchpoint, a faulting one hits it and then traps") {
  Machine machine;
  machine.program({lw(a0, 1, s0), nop});
  machine.core.set_x(s0, data_base);
  machine.core.set_watchpoint({data_base, 16, WatchKind::access});
  machine.core.run(machine.core.cycles() + 1);
  REQUIRE(machine.traps.size() == 1);
  CHECK(machine.traps[0].cause == hart::cause::load_misaligned);

  machine.core.set_pc(ram_base);
  machine.core.set_x(s0, unmapped - 1);
  machine.core.set_watchpoint({unmapped, 4, WatchKind::read});
  CHECK(machine.core.run(machine.core.cycles() + 1) == StopReason::debug);
  CHECK(machine.traps.size() == 1);
  machine.step();
  REQUIRE(machine.traps.size() == 2);
  CHECK(machine.traps[1].cause == hart::cause::load_access);
}

TEST_CASE("a breakpoint set by a callback stops in the middle of the block that is running") {
  Machine machine;
  prepare(machine);
  machine.on_device = [&machine] { machine.core.set_breakpoint(ram_base + 24); };
  CHECK(machine.core.run(unlimited) == StopReason::debug);
  CHECK(machine.core.pc() == ram_base + 24);
}

TEST_CASE("watchpoints set by a callback hold from the next access on") {
  Machine machine;
  prepare(machine);
  machine.on_device = [&machine] { machine.core.set_watchpoint({data_base, 4, WatchKind::read}); };
  CHECK(machine.core.run(unlimited) == StopReason::debug);
  CHECK(machine.core.pc() == ram_base + 4);
  CHECK(machine.core.x(t0) == 2);
}

TEST_CASE("stepping over a breakpoint executes one instruction and leaves the others in force") {
  Machine machine;
  prepare(machine);
  for (const std::uint32_t place : {0u, 4u, 8u}) machine.core.set_breakpoint(ram_base + place);
  for (unsigned done = 1; done <= 4; ++done) {
    machine.core.pass_debug_points();
    CHECK(machine.core.run(machine.core.cycles() + 1) == StopReason::budget);
    CHECK(machine.core.instructions() == done);
  }
  CHECK(run_to(machine, machine.core.cycles() + 200).size() > 9);
}

TEST_CASE("what has been passed is forgotten when the program counter is moved or all points are gone") {
  Machine machine;
  prepare(machine);
  machine.core.set_breakpoint(ram_base + 4);
  REQUIRE(machine.core.run(unlimited) == StopReason::debug);
  machine.core.set_pc(ram_base + 4);
  CHECK(machine.core.run(unlimited) == StopReason::debug);
  CHECK(machine.core.instructions() == 1);

  machine.core.clear_breakpoint(ram_base + 4);
  machine.core.run(machine.core.cycles() + 1);
  machine.core.set_breakpoint(machine.core.pc());
  CHECK(machine.core.run(unlimited) == StopReason::debug);
  CHECK(machine.core.instructions() == 2);
}

TEST_CASE("an interrupt goes before a breakpoint, which stops when its handler has returned") {
  Machine machine;
  const std::uint32_t handler = ram_base + 0x100;
  machine.program(std::vector<std::uint32_t>(8, nop));
  machine.program({0x30200073}, handler);  // mret
  machine.set_csr(hart::csr::mtvec, handler);
  machine.set_csr(hart::csr::mie, 1u << 7);
  machine.set_csr(hart::csr::mstatus, 1u << 3);
  machine.core.set_breakpoint(ram_base + 4);
  machine.core.set_breakpoint(handler);
  machine.step();
  machine.core.set_interrupt(hart::Interrupt::timer, true);
  CHECK(machine.core.run(unlimited) == StopReason::debug);
  CHECK(machine.core.pc() == handler);
  machine.core.set_interrupt(hart::Interrupt::timer, false);
  CHECK(machine.core.run(unlimited) == StopReason::debug);
  CHECK(machine.core.pc() == ram_base + 4);
}

TEST_CASE("code that is watched while it runs executes the same") {
  Machine plain;
  prepare(plain);
  plain.core.run(2000);
  Machine watched;
  prepare(watched);
  watched.core.set_watchpoint({ram_base + 6, 3, WatchKind::access});
  watched.core.set_watchpoint({call_target, 2, WatchKind::access});
  CHECK(run_to(watched, 2000).empty());
  CHECK((state(watched) == state(plain)));
}

TEST_CASE("a load pays for its use by the next instruction when a breakpoint stands between them") {
  const std::vector<std::uint32_t> loop{lw(a1, 0, s0), add(a2, a1, a1), jal(zero, -8)};
  hart::CoreConfig costs;
  costs.costs.load_use = 3;
  std::vector<std::uint64_t> cycles;
  for (const bool debugged : {false, true}) {
    Machine machine(costs);
    machine.program(loop);
    machine.core.set_x(s0, data_base);
    if (debugged) {
      for (const std::uint32_t place : {0u, 4u, 8u}) machine.core.set_breakpoint(ram_base + place);
      machine.core.set_watchpoint({data_base, 4, WatchKind::read});
      machine.core.set_watchpoint({ram_base + 4, 1, WatchKind::write});
    }
    while (machine.core.instructions() < 30) machine.core.run(machine.core.cycles() + 1);
    cycles.push_back(machine.core.cycles());
  }
  CHECK(cycles[0] == 10 * (2 + 3 + 1 + 2));
  CHECK(cycles[1] == cycles[0]);
}
