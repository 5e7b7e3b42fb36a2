// SPDX-License-Identifier: Apache-2.0
#include "models/reram_buffer/reram_memory.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/models/reram_buffer/bench.h"

using namespace weft;
using namespace weft::reram_buffer;
using namespace weft::test;

namespace {

struct MemoryBench {
  Driver driver{"driver"};
  Context context;
  ReramMemory memory;
  explicit MemoryBench(const ReramMemoryConfig& config = small_reram()) : memory("reram", config, context) {
    driver.socket.bind(memory.socket);
    elaborate();
  }
  // Time that one access takes on a free port.
  sc_core::sc_time cost(bool write, std::uint64_t address, std::uint32_t size, std::uint8_t fill = 0x11) {
    sc_core::sc_start(ns(100'000));
    std::vector<std::uint8_t> data(size, fill);
    sc_core::sc_time delay;
    const Status status = write ? driver.socket.write(address, data.data(), size, delay)
                                : driver.socket.read(address, data.data(), size, delay);
    CHECK(status == Status::ok);
    return delay;
  }
};

}  // namespace

TEST_CASE("rows of one bank are read one after the other, banks at the same time") {
  MemoryBench bench;
  CHECK(bench.cost(false, 0, 64) == ns(30));
  CHECK(bench.cost(false, 0, 128) == ns(30));
  CHECK(bench.cost(false, 0, 129) == ns(60));
  CHECK(bench.cost(false, 63, 2) == ns(30));
  CHECK(bench.cost(false, 0, 4096) == ns(32 * 30));
  CHECK(bench.memory.rows_read() == 1 + 2 + 3 + 2 + 64);
  CHECK(bench.memory.read_time() == ns((1 + 1 + 2 + 1 + 32) * 30));
}

TEST_CASE("a row's write lasts as long as its slowest cells, SET and RESET after each other") {
  ReramMemoryConfig config = small_reram();
  SECTION("pulses are not counted apart: a row takes one time") {
    MemoryBench bench(config);
    CHECK(bench.cost(true, 0, 256, 0x18) == ns(2 * 50));
    CHECK(bench.cost(true, 0, 256, 0x81) == ns(2 * 50));
  }
  SECTION("a pulse for every level") {
    config.rows.endurance.pulses_model = endurance::PulseModel::linear;
    MemoryBench bench(config);
    CHECK(bench.cost(true, 0, 64, 0x18) == ns(8 * 50));
    CHECK(bench.cost(true, 0, 64, 0x81) == ns((7 + 7) * 50));
    CHECK(bench.memory.write_time() == ns((8 + 14) * 50));
  }
}

TEST_CASE("energy is that of rows read and of pulses") {
  MemoryBench bench;
  bench.cost(false, 0, 128);
  bench.cost(true, 0, 32);
  // Every cell of a plain write gets its pulse: 64 cells of 4 bits.
  CHECK(bench.context.energy.total().value() == Approx((2 * 1 + 64 * 30) * 1e-12));
  CHECK(bench.memory.writes(WriteClass::other).cells == 64);
  CHECK(bench.memory.writes(WriteClass::other).rows == 1);
}

TEST_CASE("the lines of a row that is written are charged in each of its pulses") {
  ReramMemoryConfig config = small_reram();
  config.rows.endurance.pulses_model = endurance::PulseModel::linear;
  config.line_energy = {picojoule(1000), picojoule(100'000), picojoule(10'000'000)};
  MemoryBench bench(config);
  bench.cost(true, 0, 1, 0x21);
  // One cell takes a pulse and its neighbour two, during which the other 126 bit lines are not selected.
  const double lines = 2 * 1000 + 3 * 100'000 + 126.0 * 2 * 10'000'000;
  CHECK(bench.context.energy.total().value() == Approx((lines + 3 * 30) * 1e-12).epsilon(1e-12));
}

TEST_CASE("rows that levelling moves are read and rewritten in time and energy") {
  ReramMemoryConfig config = small_reram();
  config.rows.endurance.levelling = endurance::Levelling::row_rotation;
  config.rows.endurance.period = 2;
  config.row_setup_energy = picojoule(1'000'000);
  MemoryBench bench(config);
  CHECK(bench.cost(true, 0, 64, 0x11) == ns(50));
  // Every other row of 64 bytes is of the other bank: this is the second of 32 of the subarray. All of them
  // are read; row 1 holds what row 0 has held, only row 2 gets new contents.
  CHECK(bench.cost(true, 128, 64, 0x11) == ns(50 + 32 * 30 + 50));
  CHECK(bench.memory.rows_read() == 32);
  CHECK(bench.memory.moved().rows == 1);
  CHECK(bench.memory.moved().cells == 128);
  CHECK(bench.driver.peek<std::uint8_t>(0) == 0x11);
  CHECK(bench.driver.peek<std::uint8_t>(128) == 0x11);
  CHECK(bench.driver.peek<std::uint8_t>(256) == 0);
  const double energy = 32 * 1 + 3 * 128 * 30 + 3 * 1'000'000.0;
  CHECK(bench.context.energy.total().value() == Approx(energy * 1e-12).epsilon(1e-12));
}

TEST_CASE("accesses at the same time take turns at the port") {
  MemoryBench bench;
  std::uint8_t byte = 0;
  sc_core::sc_time first;
  sc_core::sc_time second;
  CHECK(bench.driver.socket.read(0, &byte, 1, first) == Status::ok);
  CHECK(bench.driver.socket.read(0, &byte, 1, second) == Status::ok);
  CHECK(first == ns(30));
  CHECK(second == ns(60));
  CHECK(bench.memory.waited() == ns(30));
}

TEST_CASE("a marked write counts for its class, and rows without a mark take no time") {
  MemoryBench bench;
  std::vector<std::uint8_t> burst(2 * 256, 0);
  for (std::size_t i = 0; i < 256; ++i) burst[i] = 0x77;
  burst[256 + 130] = static_cast<std::uint8_t>(endurance::Mark::changed);
  sc_core::sc_time delay;
  CHECK(bench.driver.socket.write(marked_address(WriteClass::error, 0), burst.data(), 512, delay) ==
        Status::ok);
  CHECK(delay == ns(50));
  CHECK(bench.memory.writes(WriteClass::error).cells == 2);
  CHECK(bench.memory.writes(WriteClass::other).cells == 0);
  CHECK(bench.driver.peek<std::uint8_t>(130) == 0x77);
  CHECK(bench.driver.peek<std::uint8_t>(131) == 0);
}

TEST_CASE("what is outside, odd or unknown is refused and changes nothing") {
  MemoryBench bench;
  std::vector<std::uint8_t> burst(16, 1);
  const auto write = [&](std::uint64_t address, std::uint32_t size) {
    sc_core::sc_time delay;
    const Status status = bench.driver.socket.write(address, burst.data(), size, delay);
    CHECK(delay == sc_core::SC_ZERO_TIME);
    return status;
  };
  CHECK(write(4096, 1) == Status::address_error);
  CHECK(write(4095, 2) == Status::address_error);
  CHECK(write(marked_address(WriteClass::gradient, 4092), 16) == Status::address_error);
  CHECK(write(marked_base + class_count * class_pitch, 2) == Status::address_error);
  CHECK(write(marked_address(WriteClass::error, 0), 15) == Status::burst_error);
  burst[15] = 3;
  CHECK(write(marked_address(WriteClass::error, 0), 16) == Status::generic_error);
  std::uint8_t byte = 0;
  CHECK(bench.driver.try_read(marked_address(WriteClass::error, 0), byte) == Status::command_error);
  CHECK(bench.driver.peek<std::uint32_t>(0) == 0);
  CHECK(bench.context.energy.total().value() == 0);
}

TEST_CASE("ReRAM gives no host pointer away") {
  MemoryBench bench;
  CHECK_FALSE(bench.driver.socket.direct(0).has_value());
}
