// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <systemc>
#include <vector>

#include "models/bus/bus.h"
#include "models/common/context.h"
#include "models/common/error.h"
#include "models/dma/dma.h"
#include "models/dma/registers.h"
#include "models/memory/memory.h"
#include "tests/models/tlm/debug_access.h"
#include "tests/models/tlm/driver.h"

using sc_core::sc_time;
using weft::Context;
using weft::Status;
using weft::Transfer;
using weft::bus::Bus;
using weft::bus::BusConfig;
using weft::dma::Dma;
using weft::dma::DmaConfig;
using weft::memory::Memory;
using weft::memory::MemoryConfig;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::ns;
using weft::test::settle;
using weft::test::Target;
namespace reg = weft::dma::registers;

namespace {

constexpr std::uint64_t ram_base = 0x1000;
constexpr std::uint64_t far_base = 0x100000000u;  // beyond 32 bits
constexpr std::uint64_t slow_base = 0x8000;
constexpr std::uint32_t start = 1;
constexpr std::uint32_t irq_enable = 2;
constexpr std::uint32_t busy = 1;
constexpr std::uint32_t done = 2;
constexpr std::uint32_t error = 4;
constexpr std::uint32_t kind_source = 1u << 4;
constexpr std::uint32_t kind_destination = 2u << 4;
constexpr std::uint32_t kind_busy = 3u << 4;

// Two memories of 4 KiB, 10 ns an access, and a target behind which 50 ns pass (as behind the NoC).
struct Bench {
  Context context;
  Bus bus{"bus", routes(), context};
  Driver driver{"driver"};
  Memory ram{"ram", memory(), context};
  Memory far{"far", memory(), context};
  Target slow{"slow"};
  Dma dma;
  sc_core::sc_signal<bool> irq{"irq"};

  explicit Bench(const DmaConfig& config = {}) : dma("dma", config, context) {
    driver.socket.bind(dma.socket);
    dma.memory.bind(bus.inputs[0]);
    dma.irq.bind(irq);
    bus.to("ram").bind(ram.socket);
    bus.to("far").bind(far.socket);
    bus.to("slow").bind(slow.socket);
    slow.socket.on_access([](const Transfer&, sc_time&) {
      sc_core::wait(ns(50));
      return Status::ok;
    });
    elaborate();
    for (std::uint32_t index = 0; index < 1024; ++index) {
      const std::uint32_t value = 0x1000000 + index;
      ram.load(4 * index, &value, 4);
    }
  }
  static BusConfig routes() {
    BusConfig config;
    config.regions = {{"ram", ram_base, 0x1000, false},
                      {"far", far_base, 0x1000, false},
                      {"slow", slow_base, 0x1000, false}};
    return config;
  }
  static MemoryConfig memory() {
    MemoryConfig config;
    config.size = 0x1000;
    config.latency = ns(10);
    return config;
  }
  void prepare(std::uint64_t source, std::uint64_t destination, std::uint32_t length) {
    driver.write<std::uint64_t>(reg::src_lo.offset, source);
    driver.write<std::uint64_t>(reg::dst_lo.offset, destination);
    driver.write<std::uint32_t>(reg::length.offset, length);
  }
  void control(std::uint32_t value) { driver.write<std::uint32_t>(reg::control.offset, value); }
  std::uint32_t status() { return driver.read(reg::status.offset); }
  std::uint64_t error_address() { return driver.read<std::uint64_t>(reg::error_address_lo.offset); }
  std::vector<std::uint8_t> contents(const Memory& memory_, std::uint64_t address, std::uint32_t size) {
    std::vector<std::uint8_t> bytes(size);
    memory_.save(address, bytes.data(), size);
    return bytes;
  }
};

}  // namespace

TEST_CASE("a transfer copies exactly its bytes, whatever the length and the burst") {
  const std::uint32_t length = GENERATE(1u, 255u, 256u, 257u, 1000u, 2048u);
  const std::uint32_t burst = GENERATE(4u, 256u, 4096u);
  DmaConfig config;
  config.burst_bytes = burst;
  Bench bench(config);
  bench.prepare(ram_base + 3, far_base + 5, length);
  bench.control(start);
  CHECK(bench.status() == busy);
  sc_core::sc_start(sc_time(1, sc_core::SC_MS));
  CHECK(bench.status() == done);
  CHECK(bench.contents(bench.far, 5, length) == bench.contents(bench.ram, 3, length));
  CHECK(bench.contents(bench.far, 0, 5) == std::vector<std::uint8_t>(5, 0));
  CHECK(bench.contents(bench.far, 5 + length, 16) == std::vector<std::uint8_t>(16, 0));
  CHECK(bench.dma.statistics().transfers == 1);
  CHECK(bench.dma.statistics().bytes == length);
}

TEST_CASE("a transfer takes the time of its reads and writes and is busy until then") {
  Bench bench;
  bench.prepare(ram_base, far_base, 1024);
  bench.control(start);
  sc_core::sc_start(ns(79));
  CHECK(bench.status() == busy);
  sc_core::sc_start(ns(2));
  CHECK(bench.status() == done);
  CHECK(bench.dma.statistics().busy == ns(4 * (10 + 10)));
}

TEST_CASE("a transfer begins at the local time of the write that starts it") {
  Bench bench;
  bench.prepare(ram_base, far_base, 256);
  bench.driver.delay = ns(1000);
  bench.control(start);
  bench.driver.delay = sc_core::SC_ZERO_TIME;
  sc_core::sc_start(ns(1019));
  CHECK(bench.status() == busy);
  sc_core::sc_start(ns(2));
  CHECK(bench.status() == done);
}

TEST_CASE("targets may let time pass") {
  Bench bench;
  bench.prepare(slow_base, slow_base + 0x100, 512);
  bench.control(start);
  sc_core::sc_start(ns(199));
  CHECK(bench.status() == busy);
  sc_core::sc_start(ns(2));
  CHECK(bench.status() == done);
}

TEST_CASE("a transfer of length zero completes at once") {
  Bench bench;
  bench.prepare(0, 0, 0);
  bench.control(start | irq_enable);
  CHECK(bench.status() == done);
  settle();
  CHECK(bench.irq.read());
  CHECK(bench.dma.statistics().bytes == 0);
}

TEST_CASE("the interrupt follows done and error while it is enabled") {
  Bench bench;
  bench.prepare(ram_base, far_base, 256);
  bench.control(start | irq_enable);
  settle();
  CHECK_FALSE(bench.irq.read());
  sc_core::sc_start(ns(100));
  CHECK(bench.irq.read());
  bench.control(0);
  settle();
  CHECK_FALSE(bench.irq.read());
  bench.control(irq_enable);
  settle();
  CHECK(bench.irq.read());
  bench.driver.write<std::uint32_t>(reg::status.offset, done);
  settle();
  CHECK_FALSE(bench.irq.read());
  CHECK(bench.status() == 0);
}

TEST_CASE("start reads as zero and does not start again by being written back") {
  Bench bench;
  bench.prepare(ram_base, far_base, 256);
  bench.control(start | irq_enable);
  CHECK(bench.driver.read(reg::control.offset) == irq_enable);
  sc_core::sc_start(ns(100));
  bench.control(bench.driver.read(reg::control.offset));
  settle();
  CHECK(bench.status() == done);
}

TEST_CASE("done and error are cleared by writing one, by nothing else") {
  Bench bench;
  bench.prepare(0, far_base, 4);
  bench.control(start);
  sc_core::sc_start(ns(100));
  bench.prepare(ram_base, far_base, 4);
  bench.control(start);
  sc_core::sc_start(ns(100));
  CHECK(bench.status() == (done | error | kind_source));
  bench.driver.write<std::uint32_t>(reg::status.offset, 0);
  CHECK(bench.status() == (done | error | kind_source));
  bench.driver.write<std::uint32_t>(reg::status.offset, done);
  CHECK(bench.status() == (error | kind_source));
  bench.driver.write<std::uint32_t>(reg::status.offset, error);
  CHECK(bench.status() == 0);
}

TEST_CASE("a source that cannot be read stops the transfer with the address of its burst") {
  Bench bench;
  bench.prepare(ram_base + 0xe00, far_base, 0x400);  // two bursts inside, two beyond the end
  bench.control(start | irq_enable);
  sc_core::sc_start(sc_time(1, sc_core::SC_US));
  CHECK(bench.status() == (error | kind_source));
  CHECK(bench.error_address() == ram_base + 0x1000);
  CHECK(bench.irq.read());
  CHECK(bench.dma.statistics().bytes == 0x200);
  CHECK(bench.contents(bench.far, 0, 0x200) == bench.contents(bench.ram, 0xe00, 0x200));
  CHECK(bench.contents(bench.far, 0x200, 4) == std::vector<std::uint8_t>(4, 0));
}

TEST_CASE("a destination that cannot be written stops the transfer with the address of its burst") {
  Bench bench;
  bench.prepare(ram_base, far_base + 0xf00, 0x200);
  bench.control(start);
  sc_core::sc_start(sc_time(1, sc_core::SC_US));
  CHECK(bench.status() == (error | kind_destination));
  CHECK(bench.error_address() == far_base + 0x1000);
  CHECK(bench.dma.statistics().transfers == 0);
}

TEST_CASE("starting while busy is an error that leaves the transfer under way intact") {
  Bench bench;
  bench.prepare(ram_base, far_base, 512);
  bench.control(start);
  sc_core::sc_start(ns(5));
  bench.prepare(ram_base + 0x800, far_base + 0x800, 16);
  bench.control(start);
  CHECK(bench.status() == (busy | error | kind_busy));
  sc_core::sc_start(ns(100));
  CHECK(bench.status() == (done | error | kind_busy));
  CHECK(bench.contents(bench.far, 0, 512) == bench.contents(bench.ram, 0, 512));
  CHECK(bench.contents(bench.far, 0x800, 16) == std::vector<std::uint8_t>(16, 0));
}

TEST_CASE("a transfer can follow an error and another transfer") {
  Bench bench;
  bench.prepare(0, far_base, 4);
  bench.control(start);
  sc_core::sc_start(ns(100));
  for (std::uint32_t round = 0; round < 3; ++round) {
    bench.driver.write<std::uint32_t>(reg::status.offset, done | error);
    bench.prepare(ram_base + 16 * round, far_base + 16 * round, 16);
    bench.control(start);
    sc_core::sc_start(ns(100));
    CHECK(bench.status() == done);
  }
  CHECK(bench.contents(bench.far, 0, 48) == bench.contents(bench.ram, 0, 48));
}

TEST_CASE("reset gives up the transfer under way and a new one may start at once") {
  Bench bench;
  bench.prepare(slow_base, far_base, 1024);
  bench.control(start | irq_enable);
  sc_core::sc_start(ns(20));
  bench.dma.reset();
  CHECK(bench.status() == 0);
  CHECK(bench.driver.read(reg::length.offset) == 0);
  bench.prepare(ram_base, far_base + 0x400, 64);
  bench.control(start);
  sc_core::sc_start(sc_time(10, sc_core::SC_US));
  CHECK(bench.status() == done);
  CHECK_FALSE(bench.irq.read());
  CHECK(bench.dma.statistics().bytes == 64);
  CHECK(bench.dma.statistics().transfers == 1);
  CHECK(bench.contents(bench.far, 0x400, 64) == bench.contents(bench.ram, 0, 64));
}

TEST_CASE("reset before a transfer's local start time cancels it") {
  Bench bench;
  bench.prepare(ram_base, far_base, 64);
  bench.driver.delay = ns(100);
  bench.control(start);
  bench.driver.delay = sc_core::SC_ZERO_TIME;
  sc_core::sc_start(ns(50));
  bench.dma.reset();
  sc_core::sc_start(ns(1000));
  CHECK(bench.status() == 0);
  CHECK(bench.contents(bench.far, 0, 4) == std::vector<std::uint8_t>(4, 0));
}

TEST_CASE("an idle engine leaves no event behind") {
  Bench bench;
  bench.prepare(ram_base, far_base, 64);
  bench.control(start);
  sc_core::sc_start(ns(1000));
  CHECK(bench.status() == done);
  CHECK_FALSE(sc_core::sc_pending_activity());
}

TEST_CASE("writing back a status with its read-only bits is not reported as unmodelled") {
  Bench bench;
  std::vector<std::string> texts;
  bench.context.log.set_sink([&](const weft::LogEntry& entry) { texts.push_back(entry.text); },
                             weft::LogLevel::info);
  bench.driver.write<std::uint32_t>(reg::status.offset, 0x77);
  CHECK(texts.empty());
  bench.driver.write<std::uint32_t>(reg::status.offset, 0x100);
  bench.control(0x80);
  REQUIRE(texts.size() == 2);
  CHECK_THAT(texts[0], Catch::Contains("STATUS"));
  CHECK_THAT(texts[1], Catch::Contains("CONTROL") && Catch::Contains("0x80"));
}

TEST_CASE("bursts of no bytes are refused") {
  Context context;
  DmaConfig config;
  config.burst_bytes = 0;
  CHECK_THROWS_AS(Dma("dma", config, context), weft::Error);
}

TEST_CASE("debug accesses to the DMA engine have no side effect") {
  Bench bench;
  bench.prepare(0, far_base, 4);
  bench.control(start);
  sc_core::sc_start(ns(100));
  bench.prepare(ram_base, far_base, 16);
  bench.control(start | irq_enable);
  sc_core::sc_start(ns(100));
  weft::test::check_debug_access(bench.driver, reg::table(), [&bench] {
    return std::string(bench.irq.read() ? "irq " : "quiet ") + std::to_string(bench.dma.statistics().bytes);
  });
}
