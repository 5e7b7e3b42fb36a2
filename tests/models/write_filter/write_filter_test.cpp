// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/write_filter.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "tests/models/tlm/driver.h"

using namespace weft;
using test::ns;

namespace {

struct Bench {
  test::Driver driver{"driver"};
  write_filter::WriteFilter filter{"filter"};
  test::Target array{"array"};
  std::vector<Transfer> seen;
  std::vector<std::uint8_t> bytes;
  Status answer = Status::ok;

  Bench() {
    driver.socket.bind(filter.in);
    filter.out.bind(array.socket);
    array.socket.on_access([this](const Transfer& transfer, sc_core::sc_time& delay) {
      seen.push_back(transfer);
      if (transfer.write) bytes.assign(transfer.data, transfer.data + transfer.size);
      if (!transfer.write) std::memset(transfer.data, 0x5a, transfer.size);
      if (!transfer.debug) delay += ns(30);
      return answer;
    });
    test::elaborate();
  }
};

}  // namespace

TEST_CASE("a write passes unchanged and takes the array's time only") {
  Bench bench;
  const std::array<std::uint8_t, 5> data{1, 2, 3, 4, 250};
  bench.driver.delay = ns(2);
  CHECK(bench.driver.socket.write(0x50000001, data.data(), data.size(), bench.driver.delay) == Status::ok);
  REQUIRE(bench.seen.size() == 1);
  CHECK(bench.seen[0].write);
  CHECK(bench.seen[0].address == 0x50000001);
  CHECK_FALSE(bench.seen[0].debug);
  CHECK(bench.bytes == std::vector<std::uint8_t>(data.begin(), data.end()));
  CHECK(bench.driver.delay == ns(32));
}

TEST_CASE("the filter counts the writes that passed and their bytes") {
  Bench bench;
  bench.driver.write<std::uint32_t>(0, 1);
  bench.driver.write<std::uint64_t>(8, 2);
  CHECK(bench.filter.writes_seen() == 2);
  CHECK(bench.filter.bytes_seen() == 12);
  CHECK(bench.driver.read<std::uint8_t>(0) == 0x5a);
  bench.answer = Status::burst_error;
  CHECK(bench.driver.try_write<std::uint32_t>(0, 1) == Status::burst_error);
  CHECK(bench.filter.writes_seen() == 2);
  CHECK(bench.filter.bytes_seen() == 12);
}

TEST_CASE("the array's answer comes back, whatever it is") {
  Bench bench;
  for (const Status status : {Status::ok, Status::address_error, Status::command_error, Status::burst_error,
                              Status::generic_error}) {
    bench.answer = status;
    CHECK(bench.driver.try_write<std::uint32_t>(0, 1) == status);
  }
}

TEST_CASE("a debug access passes as one, without time and count") {
  Bench bench;
  const std::uint32_t value = 7;
  CHECK(bench.driver.socket.write_debug(4, &value, sizeof value) == Status::ok);
  CHECK(bench.driver.peek(4) == 0x5a5a5a5a);
  REQUIRE(bench.seen.size() == 2);
  CHECK(bench.seen[0].debug);
  CHECK(bench.seen[1].debug);
  CHECK(bench.filter.writes_seen() == 0);
  CHECK(bench.driver.delay == sc_core::SC_ZERO_TIME);
}
