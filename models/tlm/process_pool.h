// SPDX-License-Identifier: Apache-2.0
// Processes of the simulation for work that has to wait in simulated time; kept, and used again.
#pragma once

#include <deque>
#include <functional>
#include <systemc>
#include <vector>

namespace weft {

class ProcessPool {
 public:
  // Begins `work` in a process of its own in the present evaluation phase, after what is running now. Works
  // begin in the order of the calls. While the simulation runs.
  void run(std::function<void()> work);

 private:
  struct Process {
    sc_core::sc_event begin;
    std::function<void()> work;
  };

  void serve(Process& process);

  std::deque<Process> processes_;  // whose elements stay where they are
  std::vector<Process*> idle_;
};

}  // namespace weft
