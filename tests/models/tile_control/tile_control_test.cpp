// SPDX-License-Identifier: Apache-2.0
#include "models/tile_control/tile_control.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "models/tile_control/registers.h"
#include "tests/models/tlm/debug_access.h"
#include "tests/models/tlm/driver.h"

using namespace weft;
using tile_control::TileControl;
namespace r = tile_control::registers;

namespace {

// Writes down what it is told.
class FakeHart : public hart::HartControl {
 public:
  std::vector<std::string>& calls;
  bool is_running = false;

  explicit FakeHart(std::vector<std::string>& list) : calls(list) {}
  void start(std::uint32_t entry) override {
    calls.push_back(fmt::format("start {:#x}", entry));
    is_running = true;
  }
  void halt() override {
    calls.emplace_back("halt");
    is_running = false;
  }
  bool running() const override { return is_running; }
};

struct Bench {
  Context context;
  std::vector<std::string> calls;
  std::vector<std::string> log;
  FakeHart hart{calls};
  TileControl control{"control", {5, 0xff, 0x40000, 32}, context};
  test::Driver driver{"driver"};
  sc_core::sc_signal<bool> irq{"irq"};

  Bench() {
    driver.socket.bind(control.socket);
    control.hart.bind(hart);
    control.irq.bind(irq);
    control.on_reset([this] { calls.emplace_back("reset"); });
    context.log.set_sink([this](const LogEntry& entry) { log.push_back(entry.source + " " + entry.text); },
                         LogLevel::info);
    test::elaborate();
  }

  std::uint32_t read(const RegisterInfo& info) { return driver.read(info.offset); }
  void write(const RegisterInfo& info, std::uint32_t value) {
    driver.write(info.offset, value);
    test::settle();
  }
};

}  // namespace

TEST_CASE("the tile says what it is and what it has") {
  Bench bench;
  CHECK(bench.read(r::id) == 5);
  CHECK(bench.read(r::crossbars) == 0xff);
  CHECK(bench.read(r::buffer_size) == 0x40000);
  CHECK(bench.read(r::counters) == 32);
}

TEST_CASE("the hart is started at the entry and stopped") {
  Bench bench;
  CHECK(bench.read(r::status) == 0);
  bench.write(r::entry, 0x40000100);
  CHECK(bench.calls.empty());
  bench.write(r::control, r::control_start);
  CHECK(bench.read(r::status) == r::status_running);
  bench.write(r::control, r::control_stop);
  CHECK(bench.read(r::status) == 0);
  CHECK(bench.calls == std::vector<std::string>{"start 0x40000100", "halt"});
}

TEST_CASE("reset comes before stop and stop before start") {
  Bench bench;
  bench.write(r::entry, 0x20);
  bench.write(r::control, r::control_start | r::control_stop | r::control_reset);
  CHECK(bench.calls == std::vector<std::string>{"reset", "halt", "start 0x20"});
  bench.calls.clear();
  bench.write(r::control, 0);
  CHECK(bench.calls.empty());
}

TEST_CASE("events stay until they are cleared and interrupt while they are enabled") {
  Bench bench;
  bench.write(r::raise, r::events_done);
  CHECK(bench.read(r::events) == r::events_done);
  CHECK_FALSE(bench.irq.read());
  bench.write(r::enable, r::events_done | r::events_fault);
  CHECK(bench.irq.read());
  bench.write(r::raise, r::events_progress);
  CHECK(bench.read(r::events) == (r::events_done | r::events_progress));
  bench.write(r::events, r::events_progress);
  CHECK(bench.irq.read());
  bench.write(r::events, r::events_done);
  CHECK(bench.read(r::events) == 0);
  CHECK_FALSE(bench.irq.read());
  bench.write(r::raise, r::events_fault);
  CHECK(bench.irq.read());
  bench.write(r::enable, 0);
  CHECK_FALSE(bench.irq.read());
  CHECK(bench.read(r::events) == r::events_fault);
}

TEST_CASE("a unit that fails raises the tile's interrupt where the program wants it") {
  Bench bench;
  std::uint64_t errors = 0;
  bench.control.on_unit_errors([&] { return errors; });
  errors = std::uint64_t{1} << 34 | 2;
  bench.control.unit_failed();
  test::settle();
  CHECK(bench.read(r::events) == r::events_unit_error);
  CHECK(bench.read(r::unit_errors) == 2);
  CHECK(bench.driver.read(r::unit_errors.offset + 4) == 4);
  CHECK_FALSE(bench.irq.read());
  bench.write(r::enable, r::enable_unit_error);
  CHECK(bench.irq.read());
  bench.write(r::events, r::events_unit_error);
  CHECK_FALSE(bench.irq.read());
  // The event comes from the units alone.
  bench.write(r::raise, r::events_unit_error);
  CHECK(bench.read(r::events) == 0);
}

TEST_CASE("fault record and scratch registers hold what software writes") {
  Bench bench;
  bench.write(r::fault_cause, 5);
  bench.write(r::fault_pc, 0x40000020);
  bench.write(r::fault_value, 0xf0000000);
  for (unsigned index = 0; index < 8; ++index) bench.driver.write(r::scratch.offset + 4 * index, 100 + index);
  CHECK(bench.read(r::fault_cause) == 5);
  CHECK(bench.read(r::fault_pc) == 0x40000020);
  CHECK(bench.read(r::fault_value) == 0xf0000000);
  for (unsigned index = 0; index < 8; ++index)
    CHECK(bench.driver.read(r::scratch.offset + 4 * index) == 100 + index);
}

TEST_CASE("reset of the block clears registers and events and leaves the hart alone") {
  Bench bench;
  bench.write(r::enable, 7);
  bench.write(r::raise, 7);
  bench.write(r::entry, 0x40);
  CHECK(bench.irq.read());
  bench.control.reset();
  test::settle();
  CHECK_FALSE(bench.irq.read());
  CHECK(bench.read(r::events) == 0);
  CHECK(bench.read(r::enable) == 0);
  CHECK(bench.read(r::entry) == 0);
  CHECK(bench.calls.empty());
}

TEST_CASE("bits that the tile control does not have say so when touched") {
  Bench bench;
  bench.write(r::control, 0x30);
  CHECK(bench.calls.empty());
  CHECK(bench.log == std::vector<std::string>{"control CONTROL: bits 0x30 are not modelled"});
}

TEST_CASE("debug accesses of the tile control have no side effect and take no time") {
  Bench bench;
  bench.write(r::enable, 3);
  bench.write(r::raise, 1);
  test::check_debug_access(bench.driver, r::table(), [&] {
    std::string seen = bench.irq.read() ? "irq" : "quiet";
    for (const std::string& call : bench.calls) seen += ", " + call;
    return seen;
  });
}
