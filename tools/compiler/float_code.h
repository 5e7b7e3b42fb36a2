// SPDX-License-Identifier: Apache-2.0
// Single-precision code for tile harts with the extension F: instructions, and the elementary functions of
// tools/reference/float_functions.h as subroutines.
#pragma once

#include <cstdint>

#include "tools/compiler/assembler.h"

namespace weft::compiler {

// Floating-point registers by number; the subroutines take f10 and give f10, and change f0 to f7.
struct FloatReg {
  std::uint8_t number = 0;
};
constexpr FloatReg fa0{10};

class FloatCode {
 public:
  explicit FloatCode(Assembler& assembler) : as_(assembler) {}

  void load(FloatReg rd, std::int32_t offset, Reg base);
  void store(FloatReg source, std::int32_t offset, Reg base);
  void add(FloatReg rd, FloatReg a, FloatReg b) { arithmetic(0x00, rd, a, b); }
  void sub(FloatReg rd, FloatReg a, FloatReg b) { arithmetic(0x04, rd, a, b); }
  void mul(FloatReg rd, FloatReg a, FloatReg b) { arithmetic(0x08, rd, a, b); }
  void div(FloatReg rd, FloatReg a, FloatReg b) { arithmetic(0x0c, rd, a, b); }
  void sqrt(FloatReg rd, FloatReg a) { arithmetic(0x2c, rd, a, {0}); }
  void move(FloatReg rd, FloatReg a) { operation(0x10, 0, rd.number, a, a); }
  void negate(FloatReg rd, FloatReg a) { operation(0x10, 1, rd.number, a, a); }
  void min(FloatReg rd, FloatReg a, FloatReg b) { operation(0x14, 0, rd.number, a, b); }
  void max(FloatReg rd, FloatReg a, FloatReg b) { operation(0x14, 1, rd.number, a, b); }
  void less(Reg rd, FloatReg a, FloatReg b);
  void to_integer(Reg rd, FloatReg a);
  void from_integer(FloatReg rd, Reg a);
  void to_bits(Reg rd, FloatReg a);
  void from_bits(FloatReg rd, Reg a);
  // Changes t6.
  void constant(FloatReg rd, float value);

  // The subroutines, once a program. They change t0 and t6.
  void emit_functions();
  Label exp_function() const { return exp_; }
  Label log_function() const { return log_; }
  void make_labels();

 private:
  void operation(std::uint32_t function, std::uint32_t mode, std::uint32_t rd, FloatReg a, FloatReg b);
  void arithmetic(std::uint32_t function, FloatReg rd, FloatReg a, FloatReg b) {
    constexpr std::uint32_t nearest_even = 0;
    operation(function, nearest_even, rd.number, a, b);
  }
  template <typename Coefficients>
  void polynomial(const Coefficients& coefficients, FloatReg value, FloatReg x, FloatReg scratch);
  void emit_exp();
  void emit_log();

  Assembler& as_;
  Label exp_;
  Label log_;
};

}  // namespace weft::compiler
