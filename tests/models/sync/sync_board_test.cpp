// SPDX-License-Identifier: Apache-2.0
#include "models/sync/sync_board.h"

#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "models/sync/registers.h"
#include "tests/models/unit/rig.h"

using namespace weft;
using namespace weft::sync;
using weft::test::Master;
using weft::test::ns;

namespace {

constexpr std::uint32_t counter_at(unsigned index) { return registers::counter.offset + 4 * index; }
constexpr std::uint32_t add_at(unsigned index) { return registers::add.offset + 4 * index; }

struct Change {
  sc_core::sc_time time;
  std::uint32_t value;
  bool operator==(const Change& other) const { return time == other.time && value == other.value; }
};

std::ostream& operator<<(std::ostream& out, const Change& change) {
  return out << change.time << " -> " << change.value;
}

// Watches a counter through the interface that harts use.
class Watcher : public sc_core::sc_module {
 public:
  sc_core::sc_port<WaitInterface> board;
  std::vector<Change> changes;

  Watcher(const sc_core::sc_module_name& name, unsigned counter) : sc_module(name), counter_(counter) {
    SC_HAS_PROCESS(Watcher);
    SC_THREAD(run);
  }

 private:
  void run() {
    for (;;) {
      wait(board->changed());
      changes.push_back({sc_core::sc_time_stamp(), board->counter(counter_)});
    }
  }
  unsigned counter_;
};

struct Bench {
  SyncBoard board;
  Watcher watcher{"watcher", 3};
  Master master;

  explicit Bench(std::function<void(Master&)> script, unsigned counters = 32)
      : board("board", counters), master("master", std::move(script)) {
    master.socket.bind(board.registers);
    watcher.board.bind(board.waits);
  }
};

Status add(Master& master, unsigned index, std::uint32_t amount, sc_core::sc_time delay) {
  return master.socket.write(add_at(index), &amount, sizeof amount, delay);
}

unit::Command completing(std::uint32_t completion) {
  unit::Command command;
  command.completion = completion;
  return command;
}

}  // namespace

TEST_CASE("writing ADD raises the counter and wakes who waits for it") {
  Bench bench([](Master& master) {
    master.sleep(ns(10));
    master.write_at(add_at(3), 5);
    master.sleep(ns(10));
    master.write_at(add_at(3), 2);
  });
  sc_core::sc_start(ns(100));
  CHECK(bench.watcher.changes == std::vector<Change>{{ns(10), 5}, {ns(20), 7}});
  CHECK(bench.board.counter(2) == 0);
  CHECK(bench.board.counter(4) == 0);
}

TEST_CASE("an addition takes effect at its annotated time, not before") {
  Bench bench([](Master& master) { add(master, 3, 1, ns(40)); });
  sc_core::sc_start(ns(39));
  CHECK(bench.board.counter(3) == 0);
  sc_core::sc_start(ns(61));
  CHECK(bench.watcher.changes == std::vector<Change>{{ns(40), 1}});
}

TEST_CASE("additions annotated out of order take effect in the order of their times") {
  Bench bench([](Master& master) {
    add(master, 3, 1, ns(50));
    add(master, 3, 10, ns(20));
    add(master, 3, 100, ns(20));
    add(master, 3, 1000, ns(0));
    add(master, 3, 10000, ns(70));
  });
  sc_core::sc_start(ns(100));
  CHECK(bench.watcher.changes ==
        std::vector<Change>{{ns(0), 1000}, {ns(20), 1110}, {ns(50), 1111}, {ns(70), 11111}});
}

TEST_CASE("a counter wraps at 2^32") {
  Bench bench([](Master& master) {
    master.write_at(counter_at(3), 0xfffffffe);
    master.sleep(ns(1));
    master.write_at(add_at(3), 5);
  });
  sc_core::sc_start(ns(10));
  CHECK(bench.watcher.changes == std::vector<Change>{{ns(0), 0xfffffffe}, {ns(1), 3}});
}

TEST_CASE("a counter reads back what it holds") {
  std::uint32_t seen = 0;
  Bench bench([&](Master& master) {
    master.write_at(add_at(31), 77);
    sc_core::sc_time delay;
    master.socket.read(counter_at(31), &seen, sizeof seen, delay);
  });
  sc_core::sc_start(ns(10));
  CHECK(seen == 77);
}

TEST_CASE("accesses that the sync board does not have are refused") {
  std::vector<Status> seen;
  Bench bench([&](Master& master) {
    sc_core::sc_time delay;
    std::array<std::uint32_t, 2> words{};
    seen.push_back(master.socket.read(add_at(0), words.data(), 4, delay));
    seen.push_back(master.write_at(counter_at(32), 1));
    seen.push_back(master.write_at(add_at(32), 1));
    seen.push_back(master.socket.write(counter_at(0), words.data(), 8, delay));
    seen.push_back(master.socket.write(counter_at(0), words.data(), 2, delay));
    seen.push_back(master.write_at(counter_at(0) + 2, 1));
  });
  sc_core::sc_start(ns(10));
  CHECK(seen == std::vector<Status>{Status::command_error, Status::address_error, Status::address_error,
                                    Status::burst_error, Status::burst_error, Status::burst_error});
}

TEST_CASE("a debug access changes or shows a counter and wakes nobody") {
  std::uint32_t seen = 0;
  Bench bench([&](Master& master) {
    std::uint32_t value = 9;
    master.socket.write_debug(counter_at(3), &value, sizeof value);
    master.socket.write_debug(add_at(3), &value, sizeof value);
    master.socket.read_debug(counter_at(3), &seen, sizeof seen);
  });
  sc_core::sc_start(ns(10));
  CHECK(seen == 9);
  CHECK(bench.watcher.changes.empty());
}

TEST_CASE("a completed command raises the counter it names, a failed one does not") {
  Bench bench([](Master&) {});
  bench.board.accepted(2);
  bench.board.accepted(2);
  bench.board.accepted(2);
  bench.board.completed(2, completing(test::completion_word(3, 0xffff)));
  CHECK(bench.board.counter(3) == 0xffff);
  bench.board.failed(2, {unit::Cause::load_access_fault, 0x10});
  CHECK(bench.board.counter(3) == 0xffff);
  bench.board.completed(2, completing(test::completion_word(3, 1) & 0x7fffffff));
  CHECK(bench.board.counter(3) == 0xffff);
}

TEST_CASE("a unit is busy until everything it took is finished") {
  Bench bench([](Master&) {});
  bench.board.accepted(1);
  bench.board.accepted(1);
  bench.board.accepted(31);
  CHECK(bench.board.busy_units() == (1u << 1 | 1u << 31));
  bench.board.completed(1, completing(0));
  CHECK(bench.board.busy_units() == (1u << 1 | 1u << 31));
  bench.board.failed(1, {unit::Cause::load_access_fault, 0});
  CHECK(bench.board.busy_units() == 1u << 31);
  CHECK(bench.board.issued(1) == 2);
  CHECK(bench.board.finished(1) == 2);
  CHECK(bench.board.issued(31) == 1);
  CHECK(bench.board.finished(31) == 0);
}

TEST_CASE("faults are handed out once, oldest first") {
  Bench bench([](Master&) {});
  CHECK_FALSE(bench.board.take_fault());
  for (const unsigned unit : {1u, 8u}) bench.board.accepted(unit);
  bench.board.failed(8, {unit::Cause::load_access_fault, 0x10});
  bench.board.failed(1, {unit::Cause::store_access_fault, 0x20});
  const auto first = bench.board.take_fault();
  const auto second = bench.board.take_fault();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->unit == 8);
  CHECK(first->fault.cause == unit::Cause::load_access_fault);
  CHECK(first->fault.value == 0x10);
  CHECK(second->unit == 1);
  CHECK(second->fault.value == 0x20);
  CHECK_FALSE(bench.board.take_fault());
}

TEST_CASE("reset forgets counters, bookkeeping, faults and additions still to come") {
  Bench* tile = nullptr;
  Bench bench([&](Master& master) {
    master.write_at(add_at(3), 5);
    add(master, 3, 7, ns(50));
    tile->board.accepted(4);
    tile->board.accepted(4);
    tile->board.failed(4, {unit::Cause::load_access_fault, 0});
    master.sleep(ns(10));
    tile->board.reset();
    add(master, 3, 1, ns(80));
  });
  tile = &bench;
  sc_core::sc_start(ns(60));
  CHECK(bench.board.counter(3) == 0);
  CHECK(bench.board.busy_units() == 0);
  CHECK(bench.board.issued(4) == 0);
  CHECK(bench.board.finished(4) == 0);
  CHECK_FALSE(bench.board.take_fault());
  sc_core::sc_start(ns(60));
  CHECK(bench.board.counter(3) == 1);
}

TEST_CASE("a board has 1 to 64 counters") {
  CHECK_THROWS_WITH(SyncBoard("none", 0), Catch::Contains("0 sync counters; allowed are 1 to 64"));
  CHECK_THROWS_AS(SyncBoard("many", 65), Error);
  CHECK(SyncBoard("all", 64).counter_count() == 64);
}
