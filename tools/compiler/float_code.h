// SPDX-License-Identifier: Apache-2.0
// The elementary functions of tools/reference/float_functions.h as subroutines of tile harts with the
// extension F.
#pragma once

#include "tools/compiler/assembler.h"

namespace weft::compiler {

// Argument and result of the subroutines.
constexpr FReg fa0 = FReg::f10;

class FloatCode {
 public:
  explicit FloatCode(Assembler& assembler) : as_(assembler) {}

  // The subroutines, once a program. They change f0 to f7, t0 and t6.
  void emit_functions();
  Label exp_function() const { return exp_; }
  Label log_function() const { return log_; }
  void make_labels();

 private:
  template <typename Coefficients>
  void polynomial(const Coefficients& coefficients, FReg value, FReg x, FReg scratch);
  void emit_exp();
  void emit_log();

  Assembler& as_;
  Label exp_;
  Label log_;
};

}  // namespace weft::compiler
