// SPDX-License-Identifier: Apache-2.0
// Threads that compute while the simulation goes on.
//
// A task is started when an operation begins and finished when it completes, both by the one thread that
// simulates. What it works on belongs to it in between: it must not touch anything else, the simulation
// kernel least of all. A thread that has to wait for a task helps: it takes that task, or another one, from
// the queue.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace weft {

class WorkerPool;

// One piece of work at a time. To be the last member of what it works on: it is then destroyed first, and its
// destructor waits for work that is under way.
class Task {
 public:
  Task() = default;
  ~Task();
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // Runs `work` on a thread of `pool`; without a pool at once. Finishes what was started before.
  void start(WorkerPool* pool, std::function<void()> work);
  // Returns when the work is done; does nothing if none was started. What it has thrown is thrown here.
  void finish();

 private:
  friend class WorkerPool;
  enum class State : std::uint8_t { queued, running, done };

  void run() noexcept;

  std::function<void()> work_;
  std::exception_ptr error_;
  WorkerPool* pool_ = nullptr;  // null: nothing has been started
  State state_ = State::done;   // guarded by the pool's mutex
};

class WorkerPool {
 public:
  // Threads beside the one that simulates.
  explicit WorkerPool(unsigned threads);
  // Finishes every task first; what they have thrown stays with them.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Tasks that have been started.
  std::uint64_t tasks() const { return tasks_; }

 private:
  friend class Task;

  void add(Task& task);
  void complete(Task& task);
  void withdraw(Task& task);
  void work();
  bool wait_for_task(std::unique_lock<std::mutex>& lock);
  void run(Task& task, std::unique_lock<std::mutex>& lock);
  void forget(Task& task);

  // Of the simulating thread.
  std::vector<Task*> active_;  // started and not finished
  std::uint64_t tasks_ = 0;
  // Of all threads.
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable done_;
  std::deque<Task*> queue_;
  bool ending_ = false;
  unsigned asleep_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace weft
