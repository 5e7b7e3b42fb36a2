// SPDX-License-Identifier: Apache-2.0
#include "models/dram/interleaver.h"

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "models/memory/memory.h"
#include "tests/models/tlm/driver.h"

using Catch::Contains;
using sc_core::sc_time;
using weft::Status;
using weft::Transfer;
using weft::dram::Interleaver;
using weft::dram::InterleaverConfig;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::now;
using weft::test::ns;
using weft::test::Target;

namespace {

constexpr std::uint64_t base = 0x1000;

InterleaverConfig three() {
  InterleaverConfig config;
  config.base = base;
  config.size = 0x4000;
  config.controllers = {0x10'0000, 0x20'0000, 0x30'0000};
  config.block_bytes = 256;
  return config;
}

struct Seen {
  std::uint64_t address;
  std::uint32_t size;
  sc_time time;
};

// Everything behind the interleaver: an access blocks for 100 ns.
struct Bench {
  Driver driver{"driver"};
  Interleaver interleaver;
  Target target{"target"};
  std::vector<Seen> seen;
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(0x40'0000);

  explicit Bench(const InterleaverConfig& config) : interleaver("interleaver", config) {
    driver.socket.bind(interleaver.in);
    interleaver.out.bind(target.socket);
    target.socket.on_access([this](const Transfer& transfer, sc_time&) {
      if (!transfer.debug) {
        seen.push_back({transfer.address, transfer.size, now()});
        sc_core::wait(ns(100));
      }
      if (transfer.address >= 0x30'0000 && refuse) return Status::address_error;
      for (std::uint32_t i = 0; i < transfer.size; ++i) {
        std::uint8_t& byte = bytes.at(transfer.address + i);
        if (transfer.write) byte = transfer.data[i];
        if (!transfer.write) transfer.data[i] = byte;
      }
      return Status::ok;
    });
  }
  void run(std::function<void()> body) {
    driver.in_thread = std::move(body);
    sc_core::sc_start(ns(1'000'000));
  }
  bool refuse = false;
};

}  // namespace

TEST_CASE("an access is cut at the controllers' blocks and its pieces are under way together") {
  Bench bench(three());
  sc_time took;
  bench.run([&] {
    std::array<std::uint8_t, 700> data{};
    const sc_time before = now();
    sc_time delay = ns(7);
    CHECK(bench.driver.socket.read(base + 200, data.data(), 700, delay) == Status::ok);
    CHECK(delay == sc_core::SC_ZERO_TIME);
    took = now() - before;
  });
  CHECK(took == ns(7 + 2 * 100));  // four pieces, three controllers
  REQUIRE(bench.seen.size() == 4);
  CHECK(bench.seen[0].address == 0x10'0000 + 200);
  CHECK(bench.seen[0].size == 56);
  CHECK(bench.seen[1].address == 0x20'0000 + 256);
  CHECK(bench.seen[1].time == bench.seen[0].time);
  CHECK(bench.seen[2].address == 0x30'0000 + 512);
  CHECK(bench.seen[3].address == 0x10'0000 + 768);
  CHECK(bench.seen[3].size == 132);
}

TEST_CASE("an access within a block and one to elsewhere go straight on") {
  Bench bench(three());
  bench.run([&] {
    std::uint32_t value = 0;
    sc_time delay = ns(3);
    CHECK(bench.driver.socket.read(base + 256, &value, 4, delay) == Status::ok);
    CHECK(delay == ns(3));
    CHECK(bench.driver.socket.read(0x500, &value, 4, delay) == Status::ok);
    CHECK(bench.driver.socket.read(base + 0x4000, &value, 4, delay) == Status::ok);
  });
  REQUIRE(bench.seen.size() == 3);
  CHECK(bench.seen[0].address == 0x20'0000 + 256);
  CHECK(bench.seen[1].address == 0x500);
  CHECK(bench.seen[2].address == base + 0x4000);
}

TEST_CASE("bytes of every access arrive where they belong") {
  Bench bench(three());
  int wrong = 0;
  bench.run([&] {
    weft::CounterRng random(3, 0, 0);
    std::vector<std::uint8_t> shadow(0x4000);
    for (int i = 0; i < 300; ++i) {
      std::array<std::uint8_t, 2000> data{};
      const std::uint32_t bytes = 1 + random.below(data.size());
      const std::uint64_t offset = random.below(static_cast<std::uint32_t>(0x4000 - bytes + 1));
      sc_time delay;
      if (random.below(2) == 0) {
        for (std::uint32_t k = 0; k < bytes; ++k)
          shadow[offset + k] = data.at(k) = static_cast<std::uint8_t>(random.next_u32());
        if (bench.driver.socket.write(base + offset, data.data(), bytes, delay) != Status::ok) ++wrong;
      } else {
        if (bench.driver.socket.read(base + offset, data.data(), bytes, delay) != Status::ok) ++wrong;
        if (!std::equal(data.begin(), data.begin() + bytes,
                        shadow.begin() + static_cast<std::ptrdiff_t>(offset)))
          ++wrong;
      }
    }
  });
  CHECK(wrong == 0);
  CHECK(bench.seen.size() > 300);
}

TEST_CASE("an access past the end, and one whose piece is refused, are errors") {
  Bench bench(three());
  bench.refuse = true;
  bench.run([&] {
    std::array<std::uint8_t, 800> data{};
    sc_time delay;
    CHECK(bench.driver.socket.read(base + 0x4000 - 4, data.data(), 8, delay) == Status::address_error);
    CHECK(bench.driver.socket.read(base, data.data(), 800, delay) == Status::address_error);
    CHECK(bench.driver.socket.read(base, data.data(), 512, delay) == Status::ok);
  });
}

TEST_CASE("debug accesses and host pointers come from the store where there is one") {
  weft::Context context;
  InterleaverConfig config = three();
  config.has_store = true;
  config.direct = true;
  Bench bench(config);
  weft::memory::MemoryConfig memory_config;
  memory_config.size = 0x4000;
  weft::memory::Memory memory("memory", memory_config, context);
  bench.interleaver.store[0].bind(memory.socket);
  elaborate();
  const std::uint32_t value = 0xabcd;
  CHECK(bench.driver.socket.write_debug(base + 254, &value, 4) == Status::ok);
  std::uint32_t found = 0;
  memory.save(254, &found, 4);
  CHECK(found == value);
  CHECK(bench.driver.socket.write_debug(0x500, &value, 4) == Status::ok);
  CHECK(bench.bytes[0x500] == 0xcd);
  const auto region = bench.driver.socket.direct(base + 300);
  REQUIRE(region.has_value());
  CHECK(region->start == base);
  CHECK(region->end == base + 0x3fff);
  CHECK(region->pointer[254] == 0xcd);
  CHECK_FALSE(bench.driver.socket.direct(0x500).has_value());
}

TEST_CASE("without a store debug accesses take the way of all others and nothing is direct") {
  Bench bench(three());
  elaborate();
  std::array<std::uint8_t, 512> data{};
  data.fill(9);
  CHECK(bench.driver.socket.write_debug(base + 100, data.data(), 512) == Status::ok);
  CHECK(bench.bytes[0x10'0000 + 255] == 9);
  CHECK(bench.bytes[0x20'0000 + 256] == 9);
  CHECK(bench.bytes[0x30'0000 + 611] == 9);
  CHECK_FALSE(bench.driver.socket.direct(base).has_value());
}

TEST_CASE("an interleaver without controllers is refused") {
  InterleaverConfig config = three();
  config.controllers.clear();
  CHECK_THROWS_WITH(Interleaver("interleaver", config), Contains("at least one controller"));
}
