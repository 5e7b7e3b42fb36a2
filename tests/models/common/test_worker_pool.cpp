// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <thread>
#include <vector>

#include "models/common/worker_pool.h"

using weft::Task;
using weft::WorkerPool;

namespace {

// Long enough for another thread to get its turn, whatever the machine does besides.
template <typename Condition>
bool comes_true(const Condition& condition) {
  for (int i = 0; i < 100'000 && !condition(); ++i)
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  return condition();
}

}  // namespace

TEST_CASE("without a pool work is done at once, on the same thread") {
  Task task;
  std::thread::id who;
  task.start(nullptr, [&] { who = std::this_thread::get_id(); });
  CHECK(who == std::this_thread::get_id());
  CHECK_THROWS_AS(task.start(nullptr, [] { throw std::runtime_error("at once"); }), std::runtime_error);
  CHECK_NOTHROW(task.finish());
}

TEST_CASE("work goes on while nobody waits for it") {
  WorkerPool pool(1);
  std::atomic<bool> done{false};
  std::thread::id who;
  Task task;
  task.start(&pool, [&] {
    who = std::this_thread::get_id();
    done = true;
  });
  REQUIRE(comes_true([&] { return done.load(); }));
  task.finish();
  CHECK(who != std::this_thread::get_id());
  CHECK(pool.tasks() == 1);
}

TEST_CASE("results are there when the task has been finished, with any number of threads") {
  const unsigned threads = GENERATE(0u, 1u, 2u, 5u);
  WorkerPool pool(threads);
  constexpr int units = 20;
  constexpr int rounds = 300;
  std::vector<std::uint64_t> sums(units, 0);
  std::deque<Task> tasks(units);
  for (int round = 1; round <= rounds; ++round) {
    for (std::size_t i = 0; i < units; ++i) {
      tasks[i].start(&pool, [&sums, i, round] { sums[i] = sums[i] * 31 + static_cast<unsigned>(round) + i; });
    }
    // In another order than they were started.
    for (std::size_t i = 0; i < units; ++i) tasks[(7 * i) % units].finish();
  }
  for (std::size_t i = 0; i < units; ++i) {
    std::uint64_t expected = 0;
    for (int round = 1; round <= rounds; ++round) expected = expected * 31 + static_cast<unsigned>(round) + i;
    CHECK(sums[i] == expected);
  }
}

TEST_CASE("a task that is started again has finished first") {
  WorkerPool pool(2);
  std::vector<int> order;
  Task task;
  for (int i = 0; i < 100; ++i) task.start(&pool, [&order, i] { order.push_back(i); });
  task.finish();
  REQUIRE(order.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("what work throws is thrown where it is finished, once") {
  WorkerPool pool(1);
  Task task;
  task.start(&pool, [] { throw std::runtime_error("from a worker"); });
  CHECK_THROWS_WITH(task.finish(), "from a worker");
  CHECK_NOTHROW(task.finish());
  int value = 0;
  task.start(&pool, [&] { value = 1; });
  task.finish();
  CHECK(value == 1);
}

TEST_CASE("a pool that ends has done what was begun, and a task outlives it") {
  std::atomic<int> done{0};
  std::deque<Task> tasks(10);
  {
    WorkerPool pool(2);
    for (Task& task : tasks) task.start(&pool, [&done] { ++done; });
  }
  CHECK(done == 10);
  for (Task& task : tasks) CHECK_NOTHROW(task.finish());
}

TEST_CASE("a task that goes waits for work that is under way, and drops work that is not") {
  WorkerPool pool(1);
  std::atomic<bool> entered{false};
  std::atomic<bool> leave{false};
  std::atomic<bool> dropped_ran{false};
  bool finished = false;
  std::thread door;
  {
    Task under_way;
    under_way.start(&pool, [&] {
      entered = true;
      while (!leave) std::this_thread::yield();
      finished = true;
    });
    REQUIRE(comes_true([&] { return entered.load(); }));
    {
      Task waiting;
      waiting.start(&pool, [&] { dropped_ran = true; });
    }
    door = std::thread([&] { leave = true; });
  }
  CHECK(finished);
  CHECK_FALSE(dropped_ran);
  door.join();
}

TEST_CASE("a thread that waits helps: no worker is needed to finish anything") {
  WorkerPool pool(1);
  std::atomic<bool> entered{false};
  std::atomic<bool> leave{false};
  Task blocker;
  blocker.start(&pool, [&] {
    entered = true;
    while (!leave) std::this_thread::yield();
  });
  REQUIRE(comes_true([&] { return entered.load(); }));
  Task mine;
  std::thread::id who;
  mine.start(&pool, [&] { who = std::this_thread::get_id(); });
  mine.finish();  // the only worker is busy
  CHECK(who == std::this_thread::get_id());
  leave = true;
  blocker.finish();
}
