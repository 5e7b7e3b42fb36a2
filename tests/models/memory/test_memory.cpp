// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <systemc>
#include <utility>
#include <vector>

#include "models/common/context.h"
#include "models/common/error.h"
#include "models/memory/memory.h"
#include "tests/models/tlm/driver.h"

using Catch::Contains;
using sc_core::sc_time;
using weft::Context;
using weft::Status;
using weft::memory::Memory;
using weft::memory::MemoryConfig;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::ns;

namespace {

// 1 KiB, 20 ns latency, 4 bytes per nanosecond.
MemoryConfig small() {
  MemoryConfig config;
  config.size = 1024;
  config.latency = ns(20);
  config.bytes_per_second = 4e9;
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
  sc_time cost_of_read(std::uint32_t size) {
    std::array<std::uint8_t, 1024> data{};
    sc_time delay;
    CHECK(driver.socket.read(0, data.data(), size, delay) == Status::ok);
    return delay;
  }
};

}  // namespace

TEST_CASE("memory starts as zeros and holds what is written") {
  Bench bench(small());
  CHECK(bench.driver.read<std::uint64_t>(1016) == 0);
  bench.driver.write<std::uint64_t>(1016, 0x0123456789abcdefu);
  CHECK(bench.driver.read<std::uint64_t>(1016) == 0x0123456789abcdefu);
  CHECK(bench.driver.read<std::uint8_t>(1016) == 0xef);
}

TEST_CASE("an access outside the memory is an address error and changes nothing") {
  Bench bench(small());
  std::uint32_t value = 7;
  CHECK(bench.driver.try_read(1024, value) == Status::address_error);
  CHECK(bench.driver.try_write(1022, value) == Status::address_error);
  CHECK(bench.driver.try_read(~std::uint64_t{0} - 1, value) == Status::address_error);
  CHECK(bench.driver.read<std::uint16_t>(1022) == 0);
}

TEST_CASE("a ROM refuses writes from the bus, not those of the debugger and the loader") {
  MemoryConfig config = small();
  config.read_only = true;
  Bench bench(config);
  CHECK(bench.driver.try_write<std::uint32_t>(0, 1) == Status::command_error);
  CHECK(bench.driver.read(0) == 0);
  std::uint32_t value = 0x1234;
  CHECK(bench.driver.socket.write_debug(0, &value, 4) == Status::ok);
  CHECK(bench.driver.read(0) == 0x1234);
  value = 0x5678;
  bench.memory.load(4, &value, 4);
  CHECK(bench.driver.read(4) == 0x5678);
}

TEST_CASE("an access costs the latency and its words at the bandwidth") {
  const std::uint32_t size = GENERATE(1u, 4u, 5u, 64u, 256u);
  Bench bench(small());
  const std::uint32_t words = (size + 3) / 4;
  CHECK(bench.cost_of_read(size) == ns(20 + words));
}

TEST_CASE("without a bandwidth limit an access costs the latency alone, also at the same time") {
  MemoryConfig config = small();
  config.bytes_per_second = 0.0;
  Bench bench(config);
  CHECK(bench.cost_of_read(256) == ns(20));
  CHECK(bench.cost_of_read(256) == ns(20));
  CHECK(bench.memory.waited() == sc_core::SC_ZERO_TIME);
}

TEST_CASE("accesses at the same time take turns at the port while latencies overlap") {
  Bench bench(small());
  CHECK(bench.cost_of_read(64) == ns(36));
  CHECK(bench.cost_of_read(64) == ns(52));
  CHECK(bench.cost_of_read(64) == ns(68));
  CHECK(bench.memory.waited() == ns(16 + 32));
  CHECK(bench.memory.busy() == ns(48));
}

TEST_CASE("an access that arrives after the port is free does not wait") {
  Bench bench(small());
  CHECK(bench.cost_of_read(64) == ns(36));
  sc_core::sc_start(ns(16));
  CHECK(bench.cost_of_read(64) == ns(36));
  sc_time late = ns(10);  // the port is busy for six more
  std::uint8_t byte = 0;
  CHECK(bench.driver.socket.read(0, &byte, 1, late) == Status::ok);
  CHECK(late == ns(16 + 1 + 20));
}

TEST_CASE("reset frees the port and keeps the contents") {
  Bench bench(small());
  bench.driver.write<std::uint32_t>(0, 42);
  bench.cost_of_read(1024);
  bench.memory.reset();
  CHECK(bench.cost_of_read(4) == ns(21));
  CHECK(bench.driver.read(0) == 42);
}

TEST_CASE("direct access reaches the memory and costs the same as a word by transaction") {
  Bench bench(small());
  const auto region = bench.driver.socket.direct(100);
  REQUIRE(region.has_value());
  CHECK(region->start == 0);
  CHECK(region->end == 1023);
  CHECK(region->readable);
  CHECK(region->writable);
  CHECK(region->read_latency == bench.cost_of_read(4));
  CHECK(region->write_latency == region->read_latency);
  region->pointer[5] = 0xab;
  CHECK(bench.driver.peek<std::uint8_t>(5) == 0xab);
}

TEST_CASE("direct access to a ROM is for reading, and may be switched off") {
  MemoryConfig config = small();
  config.read_only = true;
  Bench bench(config);
  REQUIRE(bench.driver.socket.direct(0).has_value());
  CHECK(bench.driver.socket.direct(0)->readable);
  CHECK_FALSE(bench.driver.socket.direct(0)->writable);
}

TEST_CASE("direct access may be switched off") {
  MemoryConfig config = small();
  config.direct = false;
  Bench bench(config);
  CHECK_FALSE(bench.driver.socket.direct(0).has_value());
}

TEST_CASE("a debug access takes no time, occupies nothing and costs no energy") {
  MemoryConfig config = small();
  config.read_energy_per_byte = weft::picojoule(1.0);
  config.write_energy_per_byte = weft::picojoule(1.0);
  Bench bench(config);
  std::array<std::uint8_t, 1024> data{};
  CHECK(bench.driver.socket.read_debug(0, data.data(), 1024) == Status::ok);
  CHECK(bench.driver.socket.write_debug(0, data.data(), 1024) == Status::ok);
  CHECK(bench.driver.socket.read_debug(1, data.data(), 1024) == Status::address_error);
  CHECK(bench.context.energy.total().value() == 0.0);
  CHECK(bench.memory.busy() == sc_core::SC_ZERO_TIME);
  CHECK(bench.cost_of_read(4) == ns(21));
}

TEST_CASE("every byte of a transaction is charged to its direction's account") {
  MemoryConfig config = small();
  config.read_energy_per_byte = weft::picojoule(2.0);
  config.write_energy_per_byte = weft::picojoule(3.0);
  Bench bench(config);
  bench.driver.write<std::uint64_t>(0, 1);
  bench.driver.read<std::uint16_t>(0);
  std::uint32_t value = 0;
  CHECK(bench.driver.try_read(2000, value) == Status::address_error);
  const auto& accounts = bench.context.energy.accounts();
  REQUIRE(accounts.size() == 2);
  CHECK(accounts[0].component() == "memory");
  CHECK(accounts[0].operation() == "read byte");
  CHECK(accounts[0].count() == 2);
  CHECK(accounts[1].count() == 8);
  CHECK(bench.context.energy.total().value() == Approx(28e-12));
}

TEST_CASE("the loader's range is checked") {
  // Not elaborated: AddressSanitizer loses track of the stack when an exception follows a coroutine.
  Context context;
  Memory memory("memory", small(), context);
  std::array<std::uint8_t, 8> data{1, 2, 3, 4, 5, 6, 7, 8};
  memory.load(1016, data.data(), 8);
  std::array<std::uint8_t, 8> back{};
  memory.save(1016, back.data(), 8);
  CHECK(back == data);
  CHECK_THROWS_WITH(memory.load(1017, data.data(), 8), Contains("memory") && Contains("1024 bytes"));
  CHECK_THROWS_AS(memory.save(1024, back.data(), 1), weft::Error);
  CHECK_NOTHROW(memory.load(1024, data.data(), 0));
}

TEST_CASE("a configuration that cannot be is refused") {
  Context context;
  MemoryConfig config;
  CHECK_THROWS_WITH(Memory("empty", config, context), Contains("empty") && Contains("0 bytes"));
  config.size = 16;
  config.bytes_per_second = -1.0;
  CHECK_THROWS_WITH(Memory("slow", config, context), Contains("slow") && Contains("bandwidth"));
}

TEST_CASE("two gibibytes cost nothing until they are touched") {
  Context context;
  MemoryConfig config;
  config.size = std::uint64_t{2} << 30;
  Driver driver("driver");
  Memory memory("dram", config, context);
  driver.socket.bind(memory.socket);
  elaborate();
  driver.write<std::uint8_t>(config.size - 1, 1);
  CHECK(driver.read<std::uint8_t>(config.size - 1) == 1);
  CHECK(driver.read<std::uint32_t>(config.size / 2) == 0);
}

TEST_CASE("every write that has not gone through a host pointer is reported, and only when it has happened") {
  Bench bench(small());
  using Report = std::pair<std::uint64_t, std::uint64_t>;
  std::vector<Report> reports;
  std::uint32_t seen = 0;
  bench.memory.on_write([&](std::uint64_t address, std::uint64_t size) {
    reports.emplace_back(address, size);
    bench.memory.save(address, &seen, sizeof seen);
  });
  bench.driver.write<std::uint32_t>(16, 0x11);
  CHECK(seen == 0x11);
  const std::uint32_t value = 0x22;
  CHECK(bench.driver.socket.write_debug(32, &value, sizeof value) == Status::ok);
  CHECK(seen == 0x22);
  bench.memory.load(48, &value, 3);
  CHECK(reports == std::vector<Report>{{16, 4}, {32, 4}, {48, 3}});
  bench.driver.read<std::uint32_t>(16);
  std::uint32_t outside = 0;
  CHECK(bench.driver.try_write(1024, outside) == Status::address_error);
  bench.memory.load(0, &value, 0);
  CHECK(reports.size() == 3);
}
