// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;

namespace {

// s0 = data_base, s1 = data_base + 4, a1 = 11.
void start(Machine& machine, const std::vector<std::uint32_t>& program) {
  machine.program(program);
  machine.core.set_x(s0, data_base);
  machine.core.set_x(s1, data_base + 4);
  machine.core.set_x(a1, 11);
  machine.core.set_x(a0, 99);
  machine.set_word(data_base, 7);
}

}  // namespace

TEST_CASE("the AMOs return the old word and store the combined one") {
  struct Case {
    std::uint32_t funct5;
    std::uint32_t memory;
    std::uint32_t operand;
    std::uint32_t stored;
  };
  const std::uint32_t minus_one = 0xFFFFFFFF;
  const Case cases[] = {{0x00, minus_one, 2, 1},  {0x01, 5, 6, 6},          {0x04, 0xFF, 0x0F, 0xF0},
                        {0x08, 0xF0, 0x0F, 0xFF}, {0x0C, 0xFF, 0x1F, 0x1F}, {0x10, minus_one, 1, minus_one},
                        {0x14, minus_one, 1, 1},  {0x18, minus_one, 1, 1},  {0x1C, minus_one, 1, minus_one},
                        {0x10, 3, 3, 3}};
  const bool direct_memory = GENERATE(true, false);
  for (const Case& c : cases) {
    CAPTURE(c.funct5, direct_memory);
    Machine machine({}, direct_memory);
    start(machine, {amo(c.funct5, a0, a1, s0) | (3u << 25)});
    machine.set_word(data_base, c.memory);
    machine.core.set_x(a1, c.operand);
    machine.step();
    CHECK(machine.core.x(a0) == c.memory);
    CHECK(machine.word(data_base) == c.stored);
  }
}

TEST_CASE("an AMO with the same source and destination uses the old operand") {
  Machine machine;
  start(machine, {amo(0, a1, a1, s0)});
  machine.step();
  CHECK(machine.core.x(a1) == 7);
  CHECK(machine.word(data_base) == 18);
}

TEST_CASE("sc succeeds once after lr and fails the second time") {
  Machine machine;
  start(machine, {lr_w(a2, s0), sc_w(a0, a1, s0), sc_w(a3, a1, s0)});
  machine.step(2);
  CHECK(machine.core.x(a2) == 7);
  CHECK(machine.core.x(a0) == 0);
  CHECK(machine.word(data_base) == 11);
  machine.set_word(data_base, 1);
  machine.step();
  CHECK(machine.core.x(a3) == 1);
  CHECK(machine.word(data_base) == 1);
}

TEST_CASE("sc without lr fails and stores nothing") {
  Machine machine;
  start(machine, {sc_w(a0, a1, s0)});
  machine.step();
  CHECK(machine.core.x(a0) == 1);
  CHECK(machine.word(data_base) == 7);
}

TEST_CASE("sc to another word fails and drops the reservation") {
  Machine machine;
  start(machine, {lr_w(a2, s0), sc_w(a0, a1, s1), sc_w(a3, a1, s0)});
  machine.step(3);
  CHECK(machine.core.x(a0) == 1);
  CHECK(machine.core.x(a3) == 1);
  CHECK(machine.word(data_base) == 7);
}

TEST_CASE("a foreign store to any byte of the word drops the reservation, one beside it does not") {
  for (const std::uint32_t offset : {0u, 3u, 4u, 0xFFFFFFFFu}) {
    Machine machine;
    start(machine, {lr_w(a2, s0), sc_w(a0, a1, s0)});
    machine.step();
    machine.core.invalidate_reservation(data_base + offset);
    machine.step();
    CHECK(machine.core.x(a0) == (offset < 4 ? 1 : 0));
  }
}

TEST_CASE("reset drops the reservation") {
  Machine machine;
  start(machine, {lr_w(a2, s0), sc_w(a0, a1, s0)});
  machine.step();
  machine.core.reset();
  machine.core.set_x(s0, data_base);
  machine.core.set_pc(ram_base + 4);
  machine.step();
  CHECK(machine.core.x(a0) == 1);
}

TEST_CASE("an AMO on a device is one load and one store") {
  Machine machine;
  start(machine, {amo(8, a0, a1, s0)});
  machine.core.set_x(s0, device);
  machine.device_value = 0x40;
  machine.step();
  REQUIRE(machine.accesses.size() == 2);
  CHECK_FALSE(machine.accesses[0].is_store);
  CHECK(machine.accesses[1].is_store);
  CHECK(machine.device_value == 0x4B);
  CHECK(machine.core.x(a0) == 0x40);
}

TEST_CASE("a foreign store while lr waits for a slow device is not missed") {
  Machine machine;
  start(machine, {lr_w(a2, s0), sc_w(a0, a1, s0)});
  machine.core.set_x(s0, device);
  machine.on_device = [&] { machine.core.invalidate_reservation(device); };
  machine.step(2);
  CHECK(machine.core.x(a0) == 1);
}
