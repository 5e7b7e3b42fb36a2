// SPDX-License-Identifier: Apache-2.0
#include "models/common/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace weft {

namespace {

// An idle thread looks this often before it sleeps: waking one takes longer than many a task.
constexpr int looks_before_sleep = 50;

}  // namespace

// ---- Task ----

Task::~Task() {
  if (pool_ != nullptr) pool_->withdraw(*this);
}

void Task::start(WorkerPool* pool, std::function<void()> work) {
  finish();
  if (pool == nullptr) return work();
  work_ = std::move(work);
  pool_ = pool;
  pool->add(*this);
}

void Task::finish() {
  if (pool_ != nullptr) pool_->complete(*this);
  if (error_ != nullptr) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Task::run() noexcept {
  try {
    work_();
  } catch (...) {
    error_ = std::current_exception();
  }
}

// ---- WorkerPool ----

WorkerPool::WorkerPool(unsigned threads) {
  // Signals are for the thread that simulates, whose waiting they are meant to end.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (unsigned number = 0; number < threads; ++number) threads_.emplace_back([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkerPool::~WorkerPool() {
  while (!active_.empty()) complete(*active_.back());
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::add(Task& task) {
  active_.push_back(&task);
  ++tasks_;
  bool wake = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    task.state_ = Task::State::queued;
    queue_.push_back(&task);
    wake = asleep_ > 0;
  }
  if (wake) arrived_.notify_one();
}

void WorkerPool::complete(Task& task) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (task.state_ != Task::State::done) {
    auto mine = std::find(queue_.begin(), queue_.end(), &task);
    if (mine == queue_.end()) mine = queue_.begin();
    if (mine == queue_.end()) {
      done_.wait(lock);
      continue;
    }
    Task& next = **mine;
    queue_.erase(mine);
    run(next, lock);
  }
  forget(task);
}

// The task's owner goes: nobody wants the result any more.
void WorkerPool::withdraw(Task& task) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (task.state_ == Task::State::queued) queue_.erase(std::find(queue_.begin(), queue_.end(), &task));
  while (task.state_ == Task::State::running) done_.wait(lock);
  forget(task);
}

void WorkerPool::forget(Task& task) {
  active_.erase(std::find(active_.begin(), active_.end(), &task));
  task.pool_ = nullptr;
}

void WorkerPool::run(Task& task, std::unique_lock<std::mutex>& lock) {
  task.state_ = Task::State::running;
  lock.unlock();
  task.run();
  lock.lock();
  task.state_ = Task::State::done;
}

void WorkerPool::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (wait_for_task(lock)) {
    Task& task = *queue_.front();
    queue_.pop_front();
    run(task, lock);
    // Only the simulating thread ever waits.
    done_.notify_one();
  }
}

// False when the pool ends.
bool WorkerPool::wait_for_task(std::unique_lock<std::mutex>& lock) {
  for (int look = 0; queue_.empty() && !ending_ && look < looks_before_sleep; ++look) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
  ++asleep_;
  arrived_.wait(lock, [this] { return ending_ || !queue_.empty(); });
  --asleep_;
  return !ending_;
}

}  // namespace weft
