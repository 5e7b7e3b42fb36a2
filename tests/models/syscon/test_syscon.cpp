// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/common/error.h"
#include "models/syscon/registers.h"
#include "models/syscon/syscon.h"
#include "tests/models/tlm/debug_access.h"
#include "tests/models/tlm/driver.h"

using weft::Context;
using weft::Status;
using weft::syscon::Progress;
using weft::syscon::Syscon;
using weft::syscon::SysconConfig;
using weft::test::Driver;
using weft::test::elaborate;
namespace reg = weft::syscon::registers;

namespace {

SysconConfig machine() {
  SysconConfig config;
  config.version_major = 1;
  config.version_minor = 2;
  config.version_patch = 3;
  config.tile_columns = 4;
  config.tile_rows = 3;
  config.crossbars_per_tile = 8;
  config.crossbar_rows = 128;
  config.crossbar_columns = 64;
  config.dram_bytes = 0x180000000u;
  config.clock_hz = 1000000000;
  config.boot_info = 0x87f00000;
  return config;
}

struct Bench {
  Context context;
  Driver driver{"driver"};
  Syscon syscon{"syscon", machine(), context};
  int resets = 0;
  std::vector<Progress> progress;

  Bench() {
    driver.socket.bind(syscon.socket);
    syscon.on_reset_request([this] { ++resets; });
    syscon.on_progress([this](const Progress& report) { progress.push_back(report); });
    elaborate();
  }
  std::uint32_t read(const weft::RegisterInfo& info) { return driver.read(info.offset); }
};

}  // namespace

TEST_CASE("firmware finds the magic word as text") {
  Bench bench;
  char text[5] = {};
  sc_core::sc_time delay;
  CHECK(bench.driver.socket.read(reg::magic.offset, text, 4, delay) == Status::ok);
  CHECK(std::string(text) == "WEFT");
}

TEST_CASE("identification and capabilities are those of the configuration") {
  Bench bench;
  CHECK(bench.read(reg::version) == 0x00010203);
  CHECK(bench.read(reg::tiles) == 12);
  CHECK(bench.read(reg::tile_columns) == 4);
  CHECK(bench.read(reg::tile_rows) == 3);
  CHECK(bench.read(reg::crossbars) == 8);
  CHECK(bench.read(reg::crossbar_rows) == 128);
  CHECK(bench.read(reg::crossbar_columns) == 64);
  CHECK(bench.read(reg::dram_size_lo) == 0x80000000);
  CHECK(bench.read(reg::dram_size_hi) == 1);
  CHECK(bench.read(reg::clock_hz) == 1000000000);
  CHECK(bench.read(reg::boot_info) == 0x87f00000);
}

TEST_CASE("identification cannot be written") {
  Bench bench;
  for (const weft::RegisterInfo& info : reg::table()) {
    if (info.access != weft::RegisterAccess::read_only) continue;
    const std::uint32_t before = bench.read(info);
    CHECK(bench.driver.try_write<std::uint32_t>(info.offset, ~before) == Status::command_error);
    CHECK(bench.read(info) == before);
  }
}

TEST_CASE("a reset is requested by its bit alone") {
  Bench bench;
  bench.driver.write<std::uint32_t>(reg::reset.offset, 2);
  CHECK(bench.resets == 0);
  bench.driver.write<std::uint32_t>(reg::reset.offset, 1);
  CHECK(bench.resets == 1);
  std::uint32_t value = 0;
  CHECK(bench.driver.try_read(reg::reset.offset, value) == Status::command_error);
}

TEST_CASE("progress is reported as it is written") {
  Bench bench;
  bench.driver.write<std::uint32_t>(reg::progress_total.offset, 200);
  CHECK(bench.progress.empty());
  bench.driver.write<std::uint32_t>(reg::progress.offset, 50);
  REQUIRE(bench.progress.size() == 1);
  CHECK(bench.progress[0].done == 50);
  CHECK(bench.progress[0].total == 200);
  CHECK(bench.read(reg::progress) == 50);
}

TEST_CASE("the exit code is visible to firmware and to the platform, whoever wrote it") {
  Bench bench;
  bench.driver.write<std::uint32_t>(reg::exit_code.offset, 7);
  CHECK(bench.syscon.exit_code() == 7);
  bench.syscon.set_exit_code(9);
  CHECK(bench.read(reg::exit_code) == 9);
}

TEST_CASE("reset clears what firmware wrote except the scratch registers") {
  Bench bench;
  bench.driver.write<std::uint32_t>(reg::scratch.offset, 0x11);
  bench.driver.write<std::uint32_t>(reg::scratch.offset + 12, 0x44);
  bench.driver.write<std::uint32_t>(reg::progress.offset, 5);
  bench.driver.write<std::uint32_t>(reg::exit_code.offset, 6);
  bench.syscon.reset();
  CHECK(bench.read(reg::scratch) == 0x11);
  CHECK(bench.driver.read(reg::scratch.offset + 12) == 0x44);
  CHECK(bench.read(reg::progress) == 0);
  CHECK(bench.read(reg::exit_code) == 0);
  CHECK(bench.read(reg::magic) == 0x54464557);
  CHECK(bench.read(reg::tiles) == 12);
}

TEST_CASE("a request and a report without anybody to tell are harmless") {
  Bench bench;
  bench.syscon.on_reset_request(nullptr);
  bench.syscon.on_progress(nullptr);
  CHECK_NOTHROW(bench.driver.write<std::uint32_t>(reg::reset.offset, 1));
  CHECK_NOTHROW(bench.driver.write<std::uint32_t>(reg::progress.offset, 1));
}

TEST_CASE("a version that does not fit its field is refused") {
  Context context;
  SysconConfig config;
  config.version_minor = 256;
  CHECK_THROWS_WITH(Syscon("syscon", config, context), Catch::Contains("0.256.0") && Catch::Contains("255"));
}

TEST_CASE("debug accesses to the system controller have no side effect") {
  Bench bench;
  weft::test::check_debug_access(bench.driver, reg::table(), [&bench] {
    return std::to_string(bench.resets) + " resets, " + std::to_string(bench.progress.size()) + " reports";
  });
}
