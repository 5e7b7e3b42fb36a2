// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/float_code.h"

#include "tools/reference/float_functions.h"

namespace weft::compiler {

namespace {

namespace functions = reference::float_functions;

constexpr FReg f0 = FReg::f0;
constexpr FReg f1 = FReg::f1;
constexpr FReg f2 = FReg::f2;
constexpr FReg f3 = FReg::f3;
constexpr FReg f4 = FReg::f4;

}  // namespace

void FloatCode::make_labels() {
  exp_ = as_.make_label();
  log_ = as_.make_label();
}

template <typename Coefficients>
void FloatCode::polynomial(const Coefficients& coefficients, FReg value, FReg x, FReg scratch) {
  as_.fli(value, coefficients[0]);
  for (std::size_t i = 1; i < coefficients.size(); ++i) {
    as_.fmul(value, value, x);
    as_.fli(scratch, coefficients[i]);
    as_.fadd(value, value, scratch);
  }
}

void FloatCode::emit_exp() {
  as_.bind(exp_);
  as_.note("e to the power of fa0");
  as_.fli(f0, functions::exp_least);
  as_.fmax(fa0, fa0, f0);
  as_.fli(f0, functions::exp_most);
  as_.fmin(fa0, fa0, f0);
  as_.fli(f0, functions::log2_e);
  as_.fmul(f0, fa0, f0);
  as_.to_integer(Reg::t0, f0);
  as_.to_float(f0, Reg::t0);
  as_.fli(f1, functions::ln2_high);
  as_.fmul(f1, f0, f1);
  as_.fsub(fa0, fa0, f1);
  as_.fli(f1, functions::ln2_low);
  as_.fmul(f1, f0, f1);
  as_.fsub(fa0, fa0, f1);
  polynomial(functions::exp_coefficients, f2, fa0, f1);
  as_.addi(Reg::t0, Reg::t0, 127);
  as_.slli(Reg::t0, Reg::t0, 23);
  as_.move(f0, Reg::t0);
  as_.fmul(fa0, f2, f0);
  as_.ret();
}

void FloatCode::emit_log() {
  as_.bind(log_);
  as_.note("natural logarithm of fa0");
  as_.move(Reg::t0, fa0);
  as_.srli(Reg::t6, Reg::t0, 23);
  as_.addi(Reg::t6, Reg::t6, -127);
  as_.to_float(f0, Reg::t6);
  as_.slli(Reg::t0, Reg::t0, 9);
  as_.srli(Reg::t0, Reg::t0, 9);
  as_.li(Reg::t6, 0x3f800000);
  as_.add(Reg::t0, Reg::t0, Reg::t6);
  as_.move(f1, Reg::t0);
  as_.fli(f2, 1.0f);
  as_.fsub(f1, f1, f2);
  as_.fli(f2, 2.0f);
  as_.fadd(f2, f1, f2);
  as_.fdiv(f1, f1, f2);
  as_.fmul(f2, f1, f1);
  as_.fadd(f1, f1, f1);
  polynomial(functions::log_coefficients, f3, f2, f4);
  as_.fmul(f3, f3, f1);
  as_.fli(f1, functions::ln2);
  as_.fmul(f0, f0, f1);
  as_.fadd(fa0, f3, f0);
  as_.ret();
}

void FloatCode::emit_functions() {
  emit_exp();
  emit_log();
}

}  // namespace weft::compiler
