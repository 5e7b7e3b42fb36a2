// SPDX-License-Identifier: Apache-2.0
// Somebody who watches a core instruction by instruction: an execution trace. Watching changes nothing
// that the program or simulated time can see; it only costs the block cache, hence wall time.
#pragma once

#include <cstdint>
#include <vector>

namespace weft::hart {

struct TrapEvent {
  bool interrupt = false;
  std::uint32_t cause = 0;  // exception code or interrupt number
  std::uint32_t pc = 0;     // as in mepc
  std::uint32_t value = 0;  // as in mtval
};

// One access to memory as the instruction made it; an AMO makes two.
struct MemoryAccess {
  std::uint32_t address = 0;
  unsigned size = 0;  // bytes
  std::uint32_t value = 0;
  bool write = false;
};

enum class RegisterFile { none, integer, floating };

struct Retirement {
  std::uint64_t cycle = 0;  // at which the instruction began
  std::uint32_t pc = 0;
  std::uint32_t instruction = 0;
  unsigned length = 4;                     // bytes
  RegisterFile file = RegisterFile::none;  // in which a register was written
  unsigned rd = 0;
  std::uint32_t rd_value = 0;
  const std::vector<MemoryAccess>& accesses;
};

class ExecutionObserver {
 public:
  virtual ~ExecutionObserver() = default;
  virtual void retired(const Retirement& retirement) = 0;
  // After the trap's state is in place; `cycle` is that of the trapped instruction or of the boundary at
  // which the interrupt was taken.
  virtual void trapped(const TrapEvent& event, std::uint64_t cycle) = 0;
};

}  // namespace weft::hart
