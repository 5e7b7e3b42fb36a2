// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/process_pool.h"

namespace weft {

void ProcessPool::run(std::function<void()> work) {
  if (idle_.empty()) {
    Process& process = processes_.emplace_back();
    process.work = std::move(work);
    sc_core::sc_spawn([this, &process] { serve(process); });
    return;
  }
  Process& process = *idle_.back();
  idle_.pop_back();
  process.work = std::move(work);
  process.begin.notify();
}

void ProcessPool::serve(Process& process) {
  for (;;) {
    process.work();
    process.work = nullptr;
    idle_.push_back(&process);
    sc_core::wait(process.begin);
  }
}

}  // namespace weft
