// SPDX-License-Identifier: Apache-2.0
#include "models/hart/reservation_monitor.h"

#include <catch2/catch.hpp>
#include <memory>

#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
using hart::ReservationMonitor;

namespace {

constexpr std::uint32_t word = 0x80001000;

// A hart with the RAM of another machine in place of its own.
class Neighbour : public Machine {
 public:
  explicit Neighbour(Machine& owner) : owner_(owner) {}

  hart::DirectMemory direct(std::uint32_t address) override { return owner_.direct(address); }

 private:
  Machine& owner_;
};

}  // namespace

TEST_CASE("a reservation ends with a store of somebody else to any byte of the word") {
  struct Store {
    std::uint32_t address;
    std::uint32_t size;
    bool hits;
  };
  const Store stores[] = {{word, 4, true},      {word + 3, 1, true},  {word - 4, 4, false},
                          {word + 4, 4, false}, {word - 1, 1, false}, {word - 100, 101, true},
                          {word, 1, true},      {word - 2, 2, false}, {0, word, false},
                          {0, word + 1, true},  {word + 2, 64, true}};
  for (const Store& store : stores) {
    CAPTURE(store.address, store.size);
    for (const bool by_hart : {true, false}) {
      ReservationMonitor monitor;
      const auto a = monitor.join({});
      const auto b = monitor.join({});
      monitor.reserve(a, word);
      monitor.reserve(b, word);
      if (by_hart) {
        monitor.stored(b, store.address, store.size);
        CHECK(monitor.holds(b, word));
      } else {
        monitor.written(store.address, store.size);
        CHECK(monitor.holds(b, word) == !store.hits);
      }
      CHECK(monitor.holds(a, word) == !store.hits);
    }
  }
}

TEST_CASE("the word at the end of the address space is reserved like any other") {
  ReservationMonitor monitor;
  const auto a = monitor.join({});
  monitor.reserve(a, 0xFFFFFFFC);
  monitor.written(0, 4);
  CHECK(monitor.holds(a, 0xFFFFFFFC));
  monitor.written(0xFFFFFFFF, 1);
  CHECK_FALSE(monitor.holds(a, 0xFFFFFFFC));
}

TEST_CASE("a hart reserves one word at a time") {
  ReservationMonitor monitor;
  const auto a = monitor.join({});
  monitor.reserve(a, word);
  monitor.reserve(a, word + 4);
  CHECK_FALSE(monitor.holds(a, word));
  CHECK(monitor.holds(a, word + 4));
  monitor.release(a);
  CHECK_FALSE(monitor.holds(a, word + 4));
}

TEST_CASE("the bus store of a hart spares its own reservation once, not the others'") {
  ReservationMonitor monitor;
  const auto a = monitor.join({});
  const auto b = monitor.join({});
  monitor.reserve(a, word);
  monitor.reserve(b, word);
  monitor.begin_own_store(a, word, 4);
  monitor.written(word, 4);
  CHECK(monitor.holds(a, word));
  CHECK_FALSE(monitor.holds(b, word));
  SECTION("a second write is somebody else's") { monitor.written(word, 4); }
  SECTION("so is one after the store") {
    monitor.begin_own_store(a, word, 4);
    monitor.end_own_store(a);
    monitor.written(word, 4);
  }
  SECTION("so is one of another size") {
    monitor.begin_own_store(a, word, 4);
    monitor.written(word, 8);
  }
  CHECK_FALSE(monitor.holds(a, word));
}

TEST_CASE("a hart's stores are guarded exactly while another hart is active") {
  ReservationMonitor monitor;
  std::array<bool, 4> guarded{};
  std::array<ReservationMonitor::HartId, 4> id{};
  for (std::size_t i = 0; i < 3; ++i) {
    id[i] = monitor.join([&guarded, i](bool on) { guarded[i] = on; });
  }
  const auto guards = [&](bool a, bool b, bool c) {
    return guarded[0] == a && guarded[1] == b && guarded[2] == c;
  };
  monitor.reserve(id[0], word);
  CHECK(guards(false, true, true));
  monitor.reserve(id[1], word);
  CHECK(guards(true, true, true));
  CHECK(monitor.lock(id[2], word));
  // One that joins late finds out at once.
  id[3] = monitor.join([&](bool on) { guarded[3] = on; });
  CHECK(guarded[3]);
  monitor.release(id[0]);
  monitor.stored(id[3], word, 1);
  CHECK(guards(true, true, false));
  monitor.unlock(id[2]);
  CHECK(guards(false, false, false));
  monitor.reserve(id[1], word);
  monitor.leave(id[1]);
  CHECK(guards(false, false, false));
}

TEST_CASE("a locked word is locked for others only") {
  ReservationMonitor monitor;
  const auto a = monitor.join({});
  const auto b = monitor.join({});
  CHECK(monitor.lock(a, word));
  CHECK_FALSE(monitor.locked_by_other(a, word));
  CHECK(monitor.locked_by_other(b, word));
  CHECK_FALSE(monitor.lock(b, word));
  CHECK(monitor.lock(b, word + 4));
  monitor.unlock(a);
  CHECK_FALSE(monitor.locked_by_other(b, word));
}

TEST_CASE("a store of another hart through a warm host pointer ends a reservation") {
  const std::uint32_t offset = GENERATE(0u, 4u);
  ReservationMonitor monitor;  // outlives the cores
  Machine a;
  Neighbour b(a);
  a.core.share_reservations(monitor);
  b.core.share_reservations(monitor);
  a.program({lr_w(a2, s0), sc_w(a0, a1, s0)});
  a.program({sw(a3, 0, s0), sw(a3, 0, s0), jal(zero, -8)}, ram_base + 0x100);
  a.core.set_x(s0, data_base);
  b.core.set_x(s0, data_base + offset);
  b.core.set_x(a3, 99);
  b.core.set_pc(ram_base + 0x100);
  b.core.run(100);  // its store window is open, and its block decoded
  a.step();
  b.core.run(200);
  a.step();
  CHECK(a.core.x(a0) == (offset == 0 ? 1 : 0));
  CHECK(b.word(data_base) == 0);  // b has no RAM of its own
  CHECK(a.word(data_base + offset) == 99);
}

TEST_CASE("guarded stores cost no other cycles and end with the reservation") {
  ReservationMonitor monitor;  // outlives the cores
  Machine alone;
  Machine a;
  Neighbour b(a);
  a.core.share_reservations(monitor);
  b.core.share_reservations(monitor);
  a.program({lr_w(a2, s0), sc_w(a0, a1, s0)});
  a.core.set_x(s0, data_base);
  for (Machine* machine : {&alone, &a}) {
    machine->program({sw(a3, 4, s0), sb(a3, 9, s0), addi(a3, a3, 1), jal(zero, -12)}, ram_base + 0x100);
  }
  for (Machine* machine : {&alone, static_cast<Machine*>(&b)}) {
    machine->core.set_x(s0, data_base);
    machine->core.set_pc(ram_base + 0x100);
  }
  a.step();
  b.core.run(501);
  alone.core.run(501);
  CHECK(b.core.cycles() == alone.core.cycles());
  CHECK(b.core.pc() == alone.core.pc());
  CHECK(b.core.x(a3) == alone.core.x(a3));
  a.step();
  CHECK(a.core.x(a0) == 0);
}

TEST_CASE("code another master wrote over the bus is decoded anew, and nothing else is") {
  Machine machine;
  machine.program({addi(a0, a0, 1), jal(zero, -4)});
  machine.core.run(100);
  const std::uint32_t replaced = addi(a0, zero, 7);
  SECTION("a write that covers it") {
    machine.set_word(ram_base, replaced);
    machine.core.code_written(ram_base - 0x1000, 0x2000);
    machine.core.run(200);
    CHECK(machine.core.x(a0) == 7);
  }
  SECTION("a write of its last byte") {
    machine.set_word(ram_base, replaced);
    machine.core.code_written(ram_base + 7, 1);
    machine.core.run(200);
    CHECK(machine.core.x(a0) == 7);
  }
  SECTION("writes beside it leave it cached") {
    machine.set_word(ram_base, replaced);
    machine.core.code_written(ram_base + 8, 0x1000);
    machine.core.code_written(ram_base - 0x1000, 0x1000);
    machine.core.run(200);
    CHECK(machine.core.x(a0) > 7);
  }
}
