// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/log_unmodelled.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/models/tlm/driver.h"

using namespace weft;

namespace {

constexpr RegisterInfo single{"SINGLE", 0x0, 4, RegisterAccess::read_write, 0, 0x0f, 1, 4};
constexpr RegisterInfo array{"ARRAY", 0x10, 4, RegisterAccess::read_write, 0, 0xff, 3, 4};

struct Bench {
  test::Target block{"block"};
  RegisterFile registers{{single, array}};
  Log log;
  std::vector<LogEntry> entries;

  explicit Bench(LogLevel lowest) {
    log.set_sink([this](const LogEntry& entry) { entries.push_back(entry); }, lowest);
    log_unmodelled(registers, block, log);
  }
  void write(std::uint64_t address, std::uint32_t value, bool debug = false) {
    CHECK(registers.access({true, address, reinterpret_cast<std::uint8_t*>(&value), 4, debug}) == Status::ok);
  }
};

}  // namespace

TEST_CASE("a block logs the bits that it does not model, with register and index") {
  Bench bench(LogLevel::info);
  bench.write(0x0, 0x35);
  bench.write(0x18, 0x100);
  REQUIRE(bench.entries.size() == 2);
  CHECK(bench.entries[0].level == LogLevel::info);
  CHECK(bench.entries[0].source == "block");
  CHECK(bench.entries[0].time == "0 s");
  CHECK(bench.entries[0].text == "SINGLE: bits 0x30 are not modelled");
  CHECK(bench.entries[1].text == "ARRAY[2]: bits 0x100 are not modelled");
}

TEST_CASE("nothing is logged for modelled bits, debug accesses and a log that does not want it") {
  Bench bench(LogLevel::info);
  bench.write(0x0, 0x0f);
  bench.write(0x0, 0xf0, true);
  CHECK(bench.entries.empty());
  bench.log.set_sink([&](const LogEntry& entry) { bench.entries.push_back(entry); }, LogLevel::warning);
  bench.write(0x0, 0xf0);
  CHECK(bench.entries.empty());
}
