// SPDX-License-Identifier: Apache-2.0
// Execution under an observer: one instruction at a time, with every access to memory on the slow path, where
// it can be seen.
#include "models/hart/core.h"
#include "models/hart/encoding.h"

namespace weft::hart {

namespace {

// The decoder leaves whatever stands in the place of rd in instructions that have none.
bool has_destination(Kind kind) {
  switch (kind) {
    case Kind::sb:
    case Kind::sh:
    case Kind::sw:
    case Kind::fence:
    case Kind::fence_i:
    case Kind::branch_misaligned:
    case Kind::mret:
    case Kind::wfi:
      return false;
    default:
      return !is_branch(kind);
  }
}

}  // namespace

void Core::run_one_observed() {
  const std::uint64_t retired_before = instructions_;
  const std::uint64_t cycle = cycles_;
  const std::uint32_t pc = pc_;
  const std::array<std::uint32_t, 33> registers_before = x_;
  accesses_.clear();
  direct_.forget_recent();
  run_one_uncached();
  // A callback of the instruction may have ended the observation.
  if (observer_ == nullptr || instructions_ == retired_before) return;

  const Operation& operation = scratch_operations_[0];
  Retirement retirement{cycle, pc, fetched_, operation.length, 0, 0, accesses_};
  if (operation.kind == Kind::custom) {
    // Only the environment knows whether its instruction writes a register.
    const unsigned rd = field_rd(fetched_);
    if (x_[rd] != registers_before[rd]) retirement.rd = rd;
  } else if (operation.kind == Kind::ebreak) {
    // It retires only as a request to the environment, which answers in a0.
    constexpr unsigned a0 = 10;
    retirement.rd = a0;
  } else if (has_destination(operation.kind) && operation.rd != discard_register) {
    retirement.rd = operation.rd;
  }
  retirement.rd_value = x_[retirement.rd];
  observer_->retired(retirement);
}

void Core::record_access(std::uint32_t address, unsigned size, std::uint32_t value, bool write) {
  if (observer_ != nullptr) accesses_.push_back({address, size, value, write});
}

}  // namespace weft::hart
