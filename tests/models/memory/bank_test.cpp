// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <catch2/catch.hpp>
#include <set>
#include <utility>
#include <vector>

#include "models/common/context.h"
#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "models/memory/bank_calendar.h"
#include "models/memory/memory.h"
#include "tests/models/tlm/driver.h"

using Catch::Contains;
using sc_core::sc_time;
using weft::Context;
using weft::CounterRng;
using weft::Status;
using weft::memory::BankCalendar;
using weft::memory::Memory;
using weft::memory::MemoryConfig;
using weft::memory::Slot;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::ns;

TEST_CASE("a stream moves a word a slot through the banks") {
  BankCalendar calendar(4, 8);
  CHECK(calendar.reserve(10, 0, 256) == 10 + 32);
  CHECK(calendar.reserve(100, 6, 4) == 102);  // two words
  CHECK(calendar.statistics().words == 34);
  CHECK(calendar.statistics().conflicts == 0);
}

TEST_CASE("streams that meet in a bank follow each other a slot apart and do not meet again") {
  BankCalendar calendar(4, 8);
  CHECK(calendar.reserve(0, 0, 8 * 100) == 100);
  CHECK(calendar.reserve(0, 0, 8 * 100) == 101);
  CHECK(calendar.statistics().conflicts == 1);
  CHECK(calendar.statistics().waited == 1);
  CHECK(calendar.reserve(0, 16, 8 * 100) == 100);
  CHECK(calendar.reserve(0, 16, 8 * 100) == 101);
  // Four banks carry four streams; a fifth one waits for an end.
  CHECK(calendar.reserve(0, 0, 8 * 100) == 200);
}

TEST_CASE("users of one bank share its slots, users of different banks have one each") {
  constexpr int words = 50;
  const auto last_slot = [](std::uint64_t first, std::uint64_t second) {
    BankCalendar calendar(8, 4);
    std::array<Slot, 2> next{};
    for (int i = 0; i < words; ++i) {
      // Every 32 bytes: always the same bank.
      const auto offset = static_cast<std::uint64_t>(i) * 32;
      next[0] = calendar.reserve(next[0], first + offset, 4);
      next[1] = calendar.reserve(next[1], second + offset, 4);
    }
    return std::max(next[0], next[1]);
  };
  CHECK(last_slot(0, 4) == words);
  CHECK(last_slot(0, 0) == 2 * words);
}

TEST_CASE("a calendar gives the slots of a list of everything taken so far") {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    CounterRng random(seed, 0, 0);
    const unsigned banks = 1 + random.below(9);
    const unsigned word = 1u << random.below(6);
    BankCalendar calendar(banks, word);
    std::set<std::pair<Slot, std::uint64_t>> taken;
    int different = 0;
    for (int i = 0; i < 200; ++i) {
      const Slot ready = random.below(1500);
      const std::uint64_t address = random.below(4096);
      const std::uint32_t bytes = 1 + random.below(200);
      Slot slot = ready;
      for (std::uint64_t at = address / word; at <= (address + bytes - 1) / word; ++at) {
        while (taken.count({slot, at % banks}) != 0) ++slot;
        taken.emplace(slot++, at % banks);
      }
      if (calendar.reserve(ready, address, bytes) != slot) ++different;
    }
    CHECK(different == 0);
    CHECK(calendar.statistics().words == taken.size());
  }
}

TEST_CASE("what is forgotten is before the horizon") {
  BankCalendar calendar(2, 4);
  calendar.reserve(0, 0, 4 * 2000);
  calendar.forget_before(1000);
  CHECK(calendar.reserve(1000, 0, 4) == 1002);  // slot 1000 is bank 0's, 1001 bank 1's
  CHECK(calendar.statistics().words == 2001);
}

TEST_CASE("far times cost no memory for the time between") {
  BankCalendar calendar(2, 4);
  CHECK(calendar.reserve(Slot{1} << 60, 0, 8) == (Slot{1} << 60) + 2);
  CHECK(calendar.reserve(0, 0, 8) == 2);
}

namespace {

// 4 KiB, 20 ns latency, words of 8 bytes at 8 bytes per nanosecond.
MemoryConfig banked(unsigned banks) {
  MemoryConfig config;
  config.size = 4096;
  config.latency = ns(20);
  config.bytes_per_second = 8e9;
  config.banks = banks;
  config.word_bytes = 8;
  return config;
}

struct Bench {
  Context context;
  Driver driver{"driver"};
  Memory memory;
  explicit Bench(const MemoryConfig& config) : memory("memory", config, context) {
    driver.socket.bind(memory.socket);
    elaborate();
  }
  sc_time cost(std::uint64_t address, std::uint32_t size, sc_time delay = {}) {
    std::array<std::uint8_t, 4096> data{};
    CHECK(driver.socket.read(address, data.data(), size, delay) == Status::ok);
    return delay;
  }
};

}  // namespace

TEST_CASE("users of a memory with banks stream side by side, of one with a port in turn") {
  SECTION("banks") {
    Bench bench(banked(4));
    CHECK(bench.cost(0, 2048) == ns(256 + 20));
    CHECK(bench.cost(2048, 2048) == ns(257 + 20));
    CHECK(bench.memory.banks().conflicts == 1);
    CHECK(bench.memory.waited() == ns(1));
    CHECK(bench.memory.busy() == ns(512));
  }
  SECTION("a port") {
    Bench bench(banked(1));
    CHECK(bench.cost(0, 2048) == ns(256 + 20));
    CHECK(bench.cost(2048, 2048) == ns(512 + 20));
    CHECK(bench.memory.banks().words == 0);
  }
}

TEST_CASE("an access to banks begins at the next slot and fills gaps before later ones") {
  Bench bench(banked(2));
  CHECK(bench.cost(0, 8, ns(100.3)) == ns(102 + 20));
  CHECK(bench.cost(0, 8, ns(50)) == ns(51 + 20));
  sc_core::sc_start(ns(1000));
  CHECK(bench.cost(0, 16) == ns(22));
}

TEST_CASE("resetting a memory frees its banks") {
  Bench bench(banked(2));
  bench.cost(0, 4096);
  bench.memory.reset();
  CHECK(bench.cost(0, 8) == ns(21));
}

TEST_CASE("direct access to banks costs what a word costs") {
  Bench bench(banked(2));
  const auto region = bench.driver.socket.direct(0);
  REQUIRE(region.has_value());
  CHECK(region->read_latency == ns(21));
}

TEST_CASE("banks that cannot be built say why") {
  CHECK_THROWS_WITH(BankCalendar(0, 4), Contains("0 banks"));
  CHECK_THROWS_WITH(BankCalendar(65, 4), Contains("65 banks"));
  CHECK_THROWS_WITH(BankCalendar(2, 0), Contains("0 bytes"));
  Context context;
  MemoryConfig config = banked(4);
  config.bytes_per_second = 0;
  CHECK_THROWS_WITH(Memory("unlimited", config, context), Contains("without a bandwidth"));
  config = banked(4);
  config.word_bytes = 6;
  CHECK_THROWS_WITH(Memory("odd", config, context), Contains("6 bytes"));
}
