// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <systemc>
#include <vector>

#include "models/clint/clint.h"
#include "models/clint/registers.h"
#include "models/common/context.h"
#include "models/common/error.h"
#include "tests/models/tlm/debug_access.h"
#include "tests/models/tlm/driver.h"

using Catch::Contains;
using sc_core::sc_time;
using weft::Context;
using weft::RegisterInfo;
using weft::Status;
using weft::clint::Clint;
using weft::clint::ClintConfig;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::ns;
using weft::test::settle;
namespace reg = weft::clint::registers;

namespace {

constexpr std::uint64_t mtime = 0xbff8;
constexpr std::uint64_t never = ~std::uint64_t{0};

constexpr std::uint64_t msip(unsigned hart) { return 4ull * hart; }
constexpr std::uint64_t mtimecmp(unsigned hart) { return 0x4000 + 8ull * hart; }

// Notes when an input rises and falls.
class Watch : public sc_core::sc_module {
 public:
  explicit Watch(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_METHOD(note);
    sensitive << input;
    dont_initialize();
  }
  SC_HAS_PROCESS(Watch);
  sc_core::sc_in<bool> input{"input"};
  std::vector<sc_time> rises;
  std::vector<sc_time> falls;

 private:
  void note() { (input.read() ? rises : falls).push_back(sc_core::sc_time_stamp()); }
};

struct Bench {
  Context context;
  Driver driver{"driver"};
  Clint clint;
  sc_core::sc_vector<sc_core::sc_signal<bool>> software;
  sc_core::sc_vector<sc_core::sc_signal<bool>> timer;
  Watch watch{"watch"};  // timer of hart 0

  explicit Bench(const ClintConfig& config = {})
      : clint("clint", config, context), software("software", config.harts), timer("timer", config.harts) {
    driver.socket.bind(clint.socket);
    clint.software.bind(software);
    clint.timer.bind(timer);
    watch.input.bind(timer[0]);
    elaborate();
  }
};

ClintConfig two_harts() {
  ClintConfig config;
  config.harts = 2;
  return config;
}

}  // namespace

TEST_CASE("mtime counts simulated time in ticks") {
  Bench bench;
  CHECK(bench.clint.now_ticks() == 0);
  sc_core::sc_start(ns(999));
  CHECK(bench.clint.now_ticks() == 9);
  sc_core::sc_start(ns(1));
  CHECK(bench.clint.now_ticks() == 10);
  CHECK(bench.driver.read<std::uint64_t>(mtime) == 10);
  CHECK(bench.driver.read<std::uint32_t>(mtime) == 10);
  CHECK(bench.driver.read<std::uint32_t>(mtime + 4) == 0);
}

TEST_CASE("mtime is read at the reader's local time") {
  Bench bench;
  bench.driver.delay = ns(550);
  CHECK(bench.driver.read<std::uint64_t>(mtime) == 5);
  CHECK(bench.clint.ticks_at(ns(700)) == 7);
}

TEST_CASE("the tick is configurable") {
  ClintConfig config;
  config.tick = sc_time(1, sc_core::SC_US);
  Bench bench(config);
  sc_core::sc_start(ns(2500));
  CHECK(bench.clint.now_ticks() == 2);
}

TEST_CASE("the timer interrupt rises exactly at its compare value") {
  Bench bench;
  sc_core::sc_start(ns(130));
  bench.driver.write<std::uint64_t>(mtimecmp(0), 50);
  sc_core::sc_start(sc_time(20, sc_core::SC_US));
  CHECK(bench.watch.rises == std::vector<sc_time>{sc_time(5, sc_core::SC_US)});
  CHECK(bench.timer[0].read());
}

TEST_CASE("a compare value in the past interrupts at once, a new one in the future takes it back") {
  Bench bench;
  sc_core::sc_start(sc_time(5, sc_core::SC_US));
  bench.driver.write<std::uint64_t>(mtimecmp(0), 50);
  settle();
  CHECK(bench.timer[0].read());
  bench.driver.write<std::uint64_t>(mtimecmp(0), 60);
  settle();
  CHECK_FALSE(bench.timer[0].read());
  sc_core::sc_start(sc_time(5, sc_core::SC_US));
  CHECK(bench.timer[0].read());
  CHECK(bench.watch.rises.back() == sc_time(6, sc_core::SC_US));
}

TEST_CASE("a compare value that is moved away does not interrupt at its old time") {
  Bench bench;
  bench.driver.write<std::uint64_t>(mtimecmp(0), 50);
  sc_core::sc_start(sc_time(1, sc_core::SC_US));
  bench.driver.write<std::uint64_t>(mtimecmp(0), 70);
  sc_core::sc_start(sc_time(10, sc_core::SC_US));
  CHECK(bench.watch.rises == std::vector<sc_time>{sc_time(7, sc_core::SC_US)});
}

TEST_CASE("a compare value written in halves counts as a whole") {
  Bench bench;
  bench.driver.write<std::uint32_t>(mtimecmp(0) + 4, 0xffffffff);
  bench.driver.write<std::uint32_t>(mtimecmp(0), 20);
  bench.driver.write<std::uint32_t>(mtimecmp(0) + 4, 0);
  sc_core::sc_start(sc_time(10, sc_core::SC_US));
  CHECK(bench.watch.rises == std::vector<sc_time>{sc_time(2, sc_core::SC_US)});
}

TEST_CASE("harts have timers of their own") {
  Bench bench(two_harts());
  bench.driver.write<std::uint64_t>(mtimecmp(1), 10);
  bench.driver.write<std::uint64_t>(mtimecmp(0), 20);
  sc_core::sc_start(ns(1500));
  CHECK_FALSE(bench.timer[0].read());
  CHECK(bench.timer[1].read());
  sc_core::sc_start(ns(1000));
  CHECK(bench.timer[0].read());
  CHECK(bench.watch.rises == std::vector<sc_time>{ns(2000)});
}

TEST_CASE("an unreachable compare value leaves no event behind") {
  const std::uint64_t value = GENERATE(~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{1} << 48);
  Bench bench;
  sc_core::sc_start(ns(150));
  bench.driver.write<std::uint64_t>(mtimecmp(0), 5);
  settle();
  bench.driver.write<std::uint64_t>(mtimecmp(0), value);
  settle();
  CHECK_FALSE(sc_core::sc_pending_activity());
}

TEST_CASE("the last compare value that simulated time reaches is scheduled") {
  Bench bench;
  const std::uint64_t last = sc_core::sc_max_time().value() / ns(100).value();
  bench.driver.write<std::uint64_t>(mtimecmp(0), last);
  settle();
  CHECK(sc_core::sc_pending_activity());
  bench.driver.write<std::uint64_t>(mtimecmp(0), last + 1);
  settle();
  CHECK_FALSE(sc_core::sc_pending_activity());
}

TEST_CASE("nothing is pending after reset") {
  Bench bench(two_harts());
  settle();
  CHECK_FALSE(sc_core::sc_pending_activity());
}

TEST_CASE("writing mtime moves it, and the compare with it") {
  Bench bench;
  sc_core::sc_start(ns(1050));
  bench.driver.write<std::uint64_t>(mtimecmp(0), 0x100000010u);
  bench.driver.write<std::uint64_t>(mtime, 0x100000000u);
  CHECK(bench.driver.read<std::uint64_t>(mtime) == 0x100000000u);
  sc_core::sc_start(sc_time(10, sc_core::SC_US));
  CHECK(bench.watch.rises == std::vector<sc_time>{ns(1000 + 1600)});
  CHECK(bench.clint.now_ticks() == 0x100000000u + 100);
}

TEST_CASE("a software interrupt follows its bit") {
  Bench bench(two_harts());
  bench.driver.write<std::uint32_t>(msip(1), 1);
  settle();
  CHECK_FALSE(bench.software[0].read());
  CHECK(bench.software[1].read());
  CHECK(bench.driver.read(msip(1)) == 1);
  bench.driver.write<std::uint32_t>(msip(1), 0xfffffffe);
  settle();
  CHECK_FALSE(bench.software[1].read());
  CHECK(bench.driver.read(msip(1)) == 0);
}

TEST_CASE("the registers of a hart that does not exist are holes") {
  Bench bench(two_harts());
  std::uint32_t value = 0;
  CHECK(bench.driver.try_read(msip(2), value) == Status::address_error);
  CHECK(bench.driver.try_read(mtimecmp(2), value) == Status::address_error);
  std::uint8_t byte = 0;
  CHECK(bench.driver.try_read(msip(0), byte) == Status::burst_error);
}

TEST_CASE("reset is complete") {
  Bench bench;
  sc_core::sc_start(ns(1000));
  bench.driver.write<std::uint32_t>(msip(0), 1);
  bench.driver.write<std::uint64_t>(mtimecmp(0), 5);
  settle();
  CHECK(bench.timer[0].read());
  bench.clint.reset();
  settle();
  CHECK_FALSE(bench.timer[0].read());
  CHECK_FALSE(bench.software[0].read());
  CHECK(bench.clint.now_ticks() == 0);
  CHECK(bench.driver.read<std::uint64_t>(mtimecmp(0)) == never);
  CHECK(bench.driver.read(msip(0)) == 0);
  sc_core::sc_start(ns(1000));
  CHECK(bench.clint.now_ticks() == 10);
}

TEST_CASE("a configuration that cannot be is refused") {
  Context context;
  ClintConfig config;
  config.harts = 17;
  CHECK_THROWS_WITH(Clint("clint", config, context), Contains("17 harts") && Contains("16"));
  config.harts = 0;
  CHECK_THROWS_AS(Clint("none", config, context), weft::Error);
  config.harts = 1;
  config.tick = sc_core::SC_ZERO_TIME;
  CHECK_THROWS_WITH(Clint("still", config, context), Contains("tick"));
}

TEST_CASE("debug accesses to the CLINT have no side effect") {
  // A tick longer than the test, so that time itself changes no register.
  ClintConfig config = two_harts();
  config.tick = sc_time(1, sc_core::SC_SEC);
  Bench bench(config);
  bench.driver.write<std::uint32_t>(msip(0), 1);
  bench.driver.write<std::uint64_t>(mtimecmp(1), 0);
  const auto of_harts = [](RegisterInfo info) {
    info.count = 2;
    return info;
  };
  const std::vector<RegisterInfo> table = {of_harts(reg::msip), of_harts(reg::mtimecmp_lo),
                                           of_harts(reg::mtimecmp_hi), reg::mtime_lo, reg::mtime_hi};
  weft::test::check_debug_access(bench.driver, table, [&bench] {
    std::string lines;
    for (unsigned hart = 0; hart < 2; ++hart) {
      lines += bench.software[hart].read() ? 'S' : '-';
      lines += bench.timer[hart].read() ? 'T' : '-';
    }
    return lines;
  });
}
