// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/common/error.h"
#include "models/plic/plic.h"
#include "models/plic/registers.h"
#include "tests/models/tlm/debug_access.h"
#include "tests/models/tlm/driver.h"

using Catch::Contains;
using weft::Context;
using weft::RegisterInfo;
using weft::Status;
using weft::plic::Plic;
using weft::plic::PlicConfig;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::settle;
namespace reg = weft::plic::registers;

namespace {

constexpr std::uint64_t priority(unsigned source) { return 4ull * source; }
constexpr std::uint64_t pending = 0x1000;
constexpr std::uint64_t enable(unsigned context) { return 0x2000 + 0x80ull * context; }
constexpr std::uint64_t threshold(unsigned context) { return 0x200000 + 0x1000ull * context; }
constexpr std::uint64_t claim(unsigned context) { return threshold(context) + 4; }

// Sources 3, 10 and 40 are connected.
struct Bench {
  Context context;
  Driver driver{"driver"};
  Plic plic;
  sc_core::sc_signal<bool> source3{"source3"};
  sc_core::sc_signal<bool> source10{"source10"};
  sc_core::sc_signal<bool> source40{"source40"};
  sc_core::sc_vector<sc_core::sc_signal<bool>> external;

  explicit Bench(const PlicConfig& config = {})
      : plic("plic", config, context), external("external", config.contexts) {
    driver.socket.bind(plic.socket);
    plic.sources[3].bind(source3);
    plic.sources[10].bind(source10);
    plic.sources[40].bind(source40);
    plic.external.bind(external);
    elaborate();
  }
  void set(sc_core::sc_signal<bool>& source, bool level) {
    source.write(level);
    settle();
  }
  void set_up(unsigned source, std::uint32_t level, unsigned context_number = 0) {
    driver.write<std::uint32_t>(priority(source), level);
    const std::uint64_t word = enable(context_number) + 4 * (source / 32);
    driver.write<std::uint32_t>(word, driver.read(word) | 1u << (source % 32));
    settle();
  }
  bool interrupts(unsigned context_number = 0) {
    settle();
    return external[context_number].read();
  }
};

PlicConfig two_contexts() {
  PlicConfig config;
  config.contexts = 2;
  return config;
}

}  // namespace

TEST_CASE("an enabled source with a priority interrupts, is claimed and completed") {
  Bench bench;
  bench.set_up(10, 1);
  CHECK_FALSE(bench.interrupts());
  bench.set(bench.source10, true);
  CHECK(bench.interrupts());
  CHECK(bench.driver.read(pending) == 1u << 10);
  CHECK(bench.driver.read(claim(0)) == 10);
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.driver.read(pending) == 0);
  bench.set(bench.source10, false);
  bench.driver.write<std::uint32_t>(claim(0), 10);
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.driver.read(claim(0)) == 0);
}

TEST_CASE("a source still high on completion interrupts again, and not before") {
  Bench bench;
  bench.set_up(10, 1);
  bench.set(bench.source10, true);
  CHECK(bench.driver.read(claim(0)) == 10);
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.driver.read(claim(0)) == 0);
  bench.driver.write<std::uint32_t>(claim(0), 10);
  CHECK(bench.interrupts());
  CHECK(bench.driver.read(claim(0)) == 10);
}

TEST_CASE("a request stays pending when the source falls before it is claimed") {
  Bench bench;
  bench.set_up(10, 1);
  bench.set(bench.source10, true);
  bench.set(bench.source10, false);
  CHECK(bench.interrupts());
  CHECK(bench.driver.read(claim(0)) == 10);
  bench.driver.write<std::uint32_t>(claim(0), 10);
  CHECK_FALSE(bench.interrupts());
}

TEST_CASE("the gateway ignores a source that falls and rises while it is in service") {
  Bench bench;
  bench.set_up(10, 1);
  bench.set(bench.source10, true);
  CHECK(bench.driver.read(claim(0)) == 10);
  bench.set(bench.source10, false);
  bench.set(bench.source10, true);
  CHECK(bench.driver.read(pending) == 0);
  bench.set(bench.source10, false);
  bench.driver.write<std::uint32_t>(claim(0), 10);
  CHECK_FALSE(bench.interrupts());
}

TEST_CASE("a source with priority zero is pending but never interrupts and cannot be claimed") {
  Bench bench;
  bench.set_up(10, 0);
  bench.set(bench.source10, true);
  CHECK(bench.driver.read(pending) == 1u << 10);
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.driver.read(claim(0)) == 0);
}

TEST_CASE("a source that is not enabled does not interrupt until it is") {
  Bench bench;
  bench.driver.write<std::uint32_t>(priority(10), 1);
  bench.set(bench.source10, true);
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.driver.read(claim(0)) == 0);
  bench.set_up(10, 1);
  CHECK(bench.interrupts());
}

TEST_CASE("claims go by priority, among equals by the lower number") {
  Bench bench;
  bench.set_up(3, 2);
  bench.set_up(10, 2);
  bench.set_up(40, 7);
  bench.set(bench.source10, true);
  bench.set(bench.source3, true);
  bench.set(bench.source40, true);
  CHECK(bench.driver.read(pending + 4) == 1u << 8);
  CHECK(bench.driver.read(claim(0)) == 40);
  CHECK(bench.driver.read(claim(0)) == 3);
  CHECK(bench.driver.read(claim(0)) == 10);
  CHECK(bench.driver.read(claim(0)) == 0);
}

TEST_CASE("the threshold masks its own priority and below, but not the claim") {
  Bench bench;
  bench.set_up(10, 3);
  bench.set(bench.source10, true);
  bench.driver.write<std::uint32_t>(threshold(0), 2);
  CHECK(bench.interrupts());
  bench.driver.write<std::uint32_t>(threshold(0), 3);
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.driver.read(claim(0)) == 10);
}

TEST_CASE("contexts have enables, thresholds and outputs of their own, and one claims for all") {
  Bench bench(two_contexts());
  bench.set_up(10, 1, 0);
  bench.set_up(3, 1, 1);
  bench.set(bench.source10, true);
  CHECK(bench.interrupts(0));
  CHECK_FALSE(bench.interrupts(1));
  bench.set_up(10, 1, 1);
  CHECK(bench.interrupts(1));
  CHECK(bench.driver.read(claim(1)) == 10);
  CHECK_FALSE(bench.interrupts(0));
  CHECK(bench.driver.read(claim(0)) == 0);
}

TEST_CASE("a completion for a source that the context has not enabled is ignored") {
  Bench bench(two_contexts());
  bench.set_up(10, 1, 0);
  bench.set(bench.source10, true);
  CHECK(bench.driver.read(claim(0)) == 10);
  bench.driver.write<std::uint32_t>(claim(1), 10);
  CHECK_FALSE(bench.interrupts(0));
  bench.driver.write<std::uint32_t>(claim(0), 0);
  bench.driver.write<std::uint32_t>(claim(0), 64);
  bench.driver.write<std::uint32_t>(claim(0), 0xffffffff);
  CHECK_FALSE(bench.interrupts(0));
  bench.driver.write<std::uint32_t>(claim(0), 10);
  CHECK(bench.interrupts(0));
}

TEST_CASE("source 0 and sources beyond the configuration have no priority and no enable") {
  PlicConfig config;
  config.sources = 40;
  Bench bench(config);
  for (const unsigned source : {0u, 41u, 63u}) {
    bench.driver.write<std::uint32_t>(priority(source), 7);
    CHECK(bench.driver.read(priority(source)) == 0);
  }
  bench.driver.write<std::uint32_t>(enable(0), 0xffffffff);
  bench.driver.write<std::uint32_t>(enable(0) + 4, 0xffffffff);
  CHECK(bench.driver.read(enable(0)) == 0xfffffffe);
  CHECK(bench.driver.read(enable(0) + 4) == 0x1ff);
}

TEST_CASE("the registers of a context that does not exist are holes") {
  Bench bench;
  std::uint32_t value = 0;
  CHECK(bench.driver.try_read(claim(1), value) == Status::address_error);
  CHECK(bench.driver.try_read(enable(1), value) == Status::address_error);
  CHECK(bench.driver.try_write(pending, value) == Status::command_error);
  std::uint8_t byte = 0;
  CHECK(bench.driver.try_read(priority(1), byte) == Status::burst_error);
}

TEST_CASE("reset is complete") {
  Bench bench;
  bench.set_up(10, 1);
  bench.set_up(3, 1);
  bench.driver.write<std::uint32_t>(threshold(0), 1);
  bench.set(bench.source3, true);
  CHECK(bench.driver.read(claim(0)) == 3);
  bench.set(bench.source10, true);
  bench.set(bench.source10, false);
  CHECK(bench.driver.read(pending) == 1u << 10);
  bench.plic.reset();
  settle();
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.driver.read(priority(10)) == 0);
  CHECK(bench.driver.read(enable(0)) == 0);
  CHECK(bench.driver.read(threshold(0)) == 0);
  // The input that is still high asks again: its service did not survive.
  CHECK(bench.driver.read(pending) == 1u << 3);
}

TEST_CASE("a configuration that cannot be is refused") {
  Context context;
  PlicConfig config;
  config.sources = 64;
  CHECK_THROWS_WITH(Plic("plic", config, context), Contains("64 interrupt sources") && Contains("63"));
  config.sources = 0;
  CHECK_THROWS_AS(Plic("none", config, context), weft::Error);
  config.sources = 63;
  config.contexts = 17;
  CHECK_THROWS_WITH(Plic("wide", config, context), Contains("17 contexts"));
}

TEST_CASE("debug accesses to the PLIC have no side effect") {
  Bench bench(two_contexts());
  bench.set_up(3, 1);
  bench.set_up(10, 2);
  bench.set(bench.source3, true);
  bench.set(bench.source10, true);
  CHECK(bench.driver.read(claim(0)) == 10);
  std::vector<RegisterInfo> table = reg::table();
  for (RegisterInfo& info : table) {
    if (info.count == reg::claim.count) info.count = 2;
  }
  weft::test::check_debug_access(bench.driver, table, [&bench] {
    return std::string(bench.external[0].read() ? "E" : "-") + (bench.external[1].read() ? "E" : "-");
  });
}
