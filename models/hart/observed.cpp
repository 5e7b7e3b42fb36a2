// SPDX-License-Identifier: Apache-2.0
// Execution under an observer: one instruction at a time, with every access to memory on the slow path, where
// it can be seen.
#include "models/hart/core.h"
#include "models/hart/encoding.h"

namespace weft::hart {

namespace {

constexpr unsigned a0 = 10;

// Comparisons, classification, conversions and moves to integers (ISA manual, table 24.2).
bool is_float_to_integer(std::uint32_t instruction) {
  const std::uint32_t funct5 = instruction >> 27;
  return funct5 == 0x14 || funct5 == 0x18 || funct5 == 0x1c;
}

// Where an instruction that has retired has put its result. The decoder leaves whatever stands in the place
// of rd in operations that have none.
RegisterFile destination(const Operation& operation, std::uint32_t instruction) {
  switch (operation.kind) {
    case Kind::sb:
    case Kind::sh:
    case Kind::sw:
    case Kind::fsw:
    case Kind::fence:
    case Kind::fence_i:
    case Kind::branch_misaligned:
    case Kind::mret:
    case Kind::wfi:
      return RegisterFile::none;
    case Kind::flw:
      return RegisterFile::floating;
    default:
      break;
  }
  if (is_branch(operation.kind)) return RegisterFile::none;
  constexpr std::uint32_t op_fp = 0x53;
  constexpr std::uint32_t fmadd = 0x43;  // to fnmadd, 0x4f
  const std::uint32_t opcode = operation.length == 4 ? instruction & 0x7fu : 0;
  if ((opcode & 0x73u) == fmadd) return RegisterFile::floating;
  if (opcode == op_fp && !is_float_to_integer(instruction)) return RegisterFile::floating;
  return operation.rd == discard_register ? RegisterFile::none : RegisterFile::integer;
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
  Retirement retirement{cycle, pc, fetched_, operation.length, RegisterFile::none, 0, 0, accesses_};
  if (operation.kind == Kind::custom) {
    // Only the environment knows whether its instruction writes a register.
    retirement.rd = field_rd(fetched_);
    if (x_[retirement.rd] != registers_before[retirement.rd]) retirement.file = RegisterFile::integer;
  } else if (operation.kind == Kind::ebreak) {
    // It retires only as a request to the environment, which answers in a0.
    retirement.rd = a0;
    retirement.file = RegisterFile::integer;
  } else {
    retirement.rd = operation.rd;
    retirement.file = destination(operation, fetched_);
  }
  retirement.rd_value = retirement.file == RegisterFile::floating ? f(retirement.rd) : x(retirement.rd);
  observer_->retired(retirement);
}

void Core::record_access(std::uint32_t address, unsigned size, std::uint32_t value, bool write) {
  if (observer_ != nullptr) accesses_.push_back({address, size, value, write});
}

}  // namespace weft::hart
