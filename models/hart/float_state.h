// SPDX-License-Identifier: Apache-2.0
// The state that the F extension adds to a hart: f0 to f31, fcsr and mstatus.FS (RISC-V Unprivileged ISA
// 20191213, section 11.2; Privileged Architecture 20211203, section 3.1.6.6). Registers are 32 bits wide
// (FLEN = 32), so there is nothing to NaN-box.
#pragma once

#include <array>
#include <cstdint>

#include "models/hart/float_unit.h"

namespace weft::hart {

class FloatState {
 public:
  // mstatus.FS. Off: every F instruction and every access to its CSRs is illegal.
  enum class Status : std::uint32_t { off, initial, clean, dirty };

  Status status() const { return status_; }
  void set_status(Status status) {
    status_ = status;
    update();
  }
  bool usable() const { return status_ != Status::off; }
  // Marked as changed already: registers can be written without further ado.
  bool dirty() const { return dirty_; }
  // Dirty, and frm says nearest even: what nearly every instruction of a running program meets.
  bool nearest_even() const { return nearest_even_; }

  std::uint32_t f(unsigned i) const { return registers_[i & 31u]; }
  void set_f(unsigned i, std::uint32_t value) { registers_[i & 31u] = value; }

  // The two fields of fcsr. Any value of frm can be written; 5 to 7 make instructions that use it illegal.
  std::uint32_t flags() const { return flags_; }
  std::uint32_t rounding_mode() const { return rounding_mode_; }
  void raise(std::uint32_t flags) { flags_ |= flags; }
  void set_flags(std::uint32_t flags) {
    flags_ = flags & 31u;
    set_status(Status::dirty);
  }
  void set_rounding_mode(std::uint32_t mode) {
    rounding_mode_ = mode & 7u;
    set_status(Status::dirty);
  }

  // While dirty: a result for a float register, or for an integer register.
  void retire(unsigned rd, float_unit::Result result) { registers_[rd & 31u] = integer(result); }
  std::uint32_t integer(float_unit::Result result) {
    flags_ |= result.flags;
    return result.value;
  }

 private:
  void update() {
    dirty_ = status_ == Status::dirty;
    nearest_even_ =
        dirty_ && rounding_mode_ == static_cast<std::uint32_t>(float_unit::Rounding::nearest_even);
  }

  std::array<std::uint32_t, 32> registers_{};
  std::uint32_t flags_ = 0;
  std::uint32_t rounding_mode_ = 0;
  Status status_ = Status::off;
  bool dirty_ = false;
  bool nearest_even_ = false;
};

}  // namespace weft::hart
