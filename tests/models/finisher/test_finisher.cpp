// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/finisher/finisher.h"
#include "models/finisher/registers.h"
#include "tests/models/tlm/debug_access.h"
#include "tests/models/tlm/driver.h"

using weft::Context;
using weft::Status;
using weft::finisher::ExitKind;
using weft::finisher::ExitRequest;
using weft::finisher::Finisher;
using weft::test::Driver;
using weft::test::elaborate;

namespace {

struct Bench {
  Context context;
  Driver driver{"driver"};
  Finisher finisher{"finisher", context};
  std::vector<ExitRequest> requests;
  std::vector<weft::LogEntry> log;

  Bench() {
    driver.socket.bind(finisher.socket);
    finisher.on_exit([this](const ExitRequest& request) { requests.push_back(request); });
    context.log.set_sink([this](const weft::LogEntry& entry) { log.push_back(entry); }, weft::LogLevel::info);
    elaborate();
  }
  ExitRequest request(std::uint32_t value) {
    driver.write<std::uint32_t>(0, value);
    REQUIRE(requests.size() == 1);
    return requests[0];
  }
};

}  // namespace

TEST_CASE("0x5555 passes") {
  const ExitRequest request = Bench().request(0x5555);
  CHECK(request.kind == ExitKind::pass);
  CHECK(request.code == 0);
}

TEST_CASE("0x3333 fails with the code of the upper half") {
  const ExitRequest request = Bench().request(0xabcd3333);
  CHECK(request.kind == ExitKind::fail);
  CHECK(request.code == 0xabcd);
}

TEST_CASE("0x7777 asks for a reset") { CHECK(Bench().request(0x7777).kind == ExitKind::reset); }

TEST_CASE("any other value is ignored with a warning that names it") {
  Bench bench;
  bench.driver.write<std::uint32_t>(0, 0x1234);
  CHECK(bench.requests.empty());
  REQUIRE(bench.log.size() == 1);
  CHECK(bench.log[0].level == weft::LogLevel::warning);
  CHECK(bench.log[0].source == "finisher");
  CHECK_THAT(bench.log[0].text, Catch::Contains("0x1234"));
}

TEST_CASE("the finisher reads as zero and does not stop the simulation itself") {
  Bench bench;
  bench.request(0x5555);
  CHECK(bench.driver.read(0) == 0);
  CHECK(sc_core::sc_get_status() != sc_core::SC_STOPPED);
}

TEST_CASE("a request without anybody to report to is harmless") {
  Bench bench;
  bench.finisher.on_exit(nullptr);
  CHECK_NOTHROW(bench.driver.write<std::uint32_t>(0, 0x5555));
}

TEST_CASE("holes and parts of the register are errors") {
  Bench bench;
  CHECK(bench.driver.try_write<std::uint32_t>(4, 0x5555) == Status::address_error);
  CHECK(bench.driver.try_write<std::uint16_t>(0, 0x5555) == Status::burst_error);
  CHECK(bench.requests.empty());
}

TEST_CASE("debug accesses to the finisher have no side effect") {
  Bench bench;
  std::uint32_t pass = 0x5555;
  CHECK(bench.driver.socket.write_debug(0, &pass, 4) == Status::ok);
  weft::test::check_debug_access(bench.driver, weft::finisher::registers::table(), [&bench] {
    return std::to_string(bench.requests.size()) + " requests, " + std::to_string(bench.log.size()) +
           " entries";
  });
  CHECK(bench.requests.empty());
}
