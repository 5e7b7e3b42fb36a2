// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/write_filter.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "models/crossbar/update_port.h"
#include "tests/models/tlm/driver.h"

using namespace weft;
using test::ns;

namespace {

struct Bench {
  test::Driver driver{"driver"};
  Context context;
  write_filter::WriteFilter filter;
  test::Target array{"array"};
  test::Driver host{"host"};  // of the registers
  std::vector<Transfer> seen;
  std::vector<std::uint8_t> bytes;
  Status answer = Status::ok;

  explicit Bench(const write_filter::WriteFilterConfig& config = {}) : filter("filter", config, context) {
    driver.socket.bind(filter.in);
    filter.out.bind(array.socket);
    host.socket.bind(filter.registers);
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

namespace {

write_filter::WriteFilterConfig feedback(double threshold) {
  write_filter::WriteFilterConfig config;
  config.rules.policy = write_filter::Policy::ef_reset;
  config.rules.threshold = threshold;
  config.rows = 4;
  config.columns = 40;
  config.cycle = ns(2);
  config.lanes = 16;
  config.compare = picojoule(0.03);
  config.residual_access = picojoule(0.66);
  return config;
}

struct Row {
  std::vector<std::int64_t> changes;
  std::vector<std::uint8_t> marks;
};

Status begin(Bench& bench, unsigned rows, unsigned columns) {
  const crossbar::UpdateShape shape{static_cast<std::uint16_t>(rows), static_cast<std::uint16_t>(columns)};
  return bench.driver.socket.write(crossbar::update_begin_address, &shape, sizeof shape, bench.driver.delay);
}

Status offer(Bench& bench, unsigned row, const std::vector<std::int64_t>& changes) {
  return bench.driver.socket.write(crossbar::update_row_address(row), changes.data(),
                                   static_cast<std::uint32_t>(8 * changes.size()), bench.driver.delay);
}

Status decide(Bench& bench) {
  return bench.driver.try_write<std::uint32_t>(crossbar::update_decide_address, 1);
}

Row take(Bench& bench, unsigned row, std::size_t columns) {
  std::vector<std::uint8_t> bytes(9 * columns);
  CHECK(bench.driver.socket.read(crossbar::update_row_address(row), bytes.data(),
                                 static_cast<std::uint32_t>(bytes.size()), bench.driver.delay) == Status::ok);
  Row result{std::vector<std::int64_t>(columns),
             {bytes.end() - static_cast<std::ptrdiff_t>(columns), bytes.end()}};
  std::memcpy(result.changes.data(), bytes.data(), 8 * columns);
  return result;
}

}  // namespace

TEST_CASE("updates are offered, decided and taken without reaching the array") {
  Bench bench(feedback(10));
  CHECK(begin(bench, 2, 3) == Status::ok);
  CHECK(offer(bench, 0, {4, -12, 0}) == Status::ok);
  CHECK(offer(bench, 1, {1, 2, 3}) == Status::ok);
  CHECK(decide(bench) == Status::ok);
  const Row first = take(bench, 0, 3);
  CHECK(first.changes == std::vector<std::int64_t>{0, -12, 0});
  CHECK(first.marks == std::vector<std::uint8_t>{0, 1, 0});
  CHECK(take(bench, 1, 3).marks == std::vector<std::uint8_t>{0, 0, 0});
  CHECK(bench.seen.empty());
  CHECK(bench.filter.statistics().weights_written == 1);
}

TEST_CASE("a pass takes a cycle for every 16 weights, and is charged by the weight") {
  Bench bench(feedback(10));
  begin(bench, 4, 40);
  offer(bench, 0, std::vector<std::int64_t>(40, 1));
  CHECK(bench.driver.delay == ns(3 * 2));
  offer(bench, 1, std::vector<std::int64_t>(40, 1));
  CHECK(bench.driver.delay == ns(6 * 2));
  decide(bench);
  take(bench, 0, 40);
  CHECK(bench.driver.delay == ns(6 * 2));
  CHECK(bench.context.energy.total().value() == Approx(80 * (0.03 + 0.66) * 1e-12));
}

TEST_CASE("without a policy a pass is free and everything is written") {
  Bench bench;
  begin(bench, 1, 2);
  offer(bench, 0, {0, 5});
  decide(bench);
  CHECK(take(bench, 0, 2).marks == std::vector<std::uint8_t>{1, 1});
  CHECK(bench.driver.delay == sc_core::SC_ZERO_TIME);
  CHECK(bench.context.energy.total().value() == 0);
}

TEST_CASE("by the cell, weights are marked to be compared") {
  write_filter::WriteFilterConfig config = feedback(10);
  config.rules.granularity = write_filter::Granularity::cell;
  Bench bench(config);
  begin(bench, 1, 2);
  offer(bench, 0, {0, 50});
  decide(bench);
  CHECK(take(bench, 0, 2).marks == std::vector<std::uint8_t>{0, 2});
}

TEST_CASE("a pass out of order or out of shape is refused") {
  Bench bench(feedback(10));
  CHECK(decide(bench) == Status::address_error);
  CHECK(offer(bench, 0, {1}) == Status::address_error);
  CHECK(begin(bench, 5, 3) == Status::generic_error);
  CHECK(begin(bench, 4, 41) == Status::generic_error);
  CHECK(begin(bench, 1, 0) == Status::generic_error);
  CHECK(begin(bench, 2, 3) == Status::ok);
  CHECK(offer(bench, 2, {1, 2, 3}) == Status::address_error);
  CHECK(offer(bench, 0, {1, 2}) == Status::burst_error);
  CHECK(bench.driver.try_write<std::uint32_t>(crossbar::update_begin_address + 4, 0) ==
        Status::address_error);
  CHECK(bench.driver.try_write<std::uint8_t>(crossbar::update_begin_address, 0) == Status::burst_error);
  std::uint32_t word = 0;
  CHECK(bench.driver.socket.read(crossbar::update_begin_address, &word, 4, bench.driver.delay) ==
        Status::command_error);
  CHECK(bench.driver.socket.read_debug(crossbar::update_row_address(0), &word, 4) == Status::address_error);
  CHECK(bench.seen.empty());
}
