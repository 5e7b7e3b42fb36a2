// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/float_code.h"

#include <cstring>

#include "tools/reference/float_functions.h"

namespace weft::compiler {

namespace {

namespace functions = reference::float_functions;

constexpr std::uint32_t op_fp = 0x53;

std::uint32_t number(Reg reg) { return static_cast<std::uint32_t>(reg); }

}  // namespace

void FloatCode::load(FloatReg rd, std::int32_t offset, Reg base) {
  as_.raw(static_cast<std::uint32_t>(offset) << 20 | number(base) << 15 | 2u << 12 |
          static_cast<std::uint32_t>(rd.number) << 7 | 0x07u);
}

void FloatCode::store(FloatReg source, std::int32_t offset, Reg base) {
  const auto immediate = static_cast<std::uint32_t>(offset);
  as_.raw((immediate >> 5 & 0x7fu) << 25 | static_cast<std::uint32_t>(source.number) << 20 |
          number(base) << 15 | 2u << 12 | (immediate & 0x1fu) << 7 | 0x27u);
}

void FloatCode::operation(std::uint32_t function, std::uint32_t mode, std::uint32_t rd, FloatReg a,
                          FloatReg b) {
  as_.raw(function << 25 | static_cast<std::uint32_t>(b.number) << 20 |
          static_cast<std::uint32_t>(a.number) << 15 | mode << 12 | rd << 7 | op_fp);
}

void FloatCode::less(Reg rd, FloatReg a, FloatReg b) { operation(0x50, 1, number(rd), a, b); }
void FloatCode::to_integer(Reg rd, FloatReg a) { operation(0x60, 0, number(rd), a, {0}); }
void FloatCode::to_bits(Reg rd, FloatReg a) { operation(0x70, 0, number(rd), a, {0}); }

void FloatCode::from_integer(FloatReg rd, Reg a) {
  operation(0x68, 0, rd.number, {static_cast<std::uint8_t>(a)}, {0});
}
void FloatCode::from_bits(FloatReg rd, Reg a) {
  operation(0x78, 0, rd.number, {static_cast<std::uint8_t>(a)}, {0});
}

void FloatCode::constant(FloatReg rd, float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  as_.li(Reg::t6, bits);
  from_bits(rd, Reg::t6);
}

void FloatCode::make_labels() {
  exp_ = as_.make_label();
  log_ = as_.make_label();
}

template <typename Coefficients>
void FloatCode::polynomial(const Coefficients& coefficients, FloatReg value, FloatReg x, FloatReg scratch) {
  constant(value, coefficients[0]);
  for (std::size_t i = 1; i < coefficients.size(); ++i) {
    mul(value, value, x);
    constant(scratch, coefficients[i]);
    add(value, value, scratch);
  }
}

void FloatCode::emit_exp() {
  constexpr FloatReg f0{0}, f1{1}, f2{2};
  as_.bind(exp_);
  as_.note("e to the power of fa0");
  constant(f0, functions::exp_least);
  max(fa0, fa0, f0);
  constant(f0, functions::exp_most);
  min(fa0, fa0, f0);
  constant(f0, functions::log2_e);
  mul(f0, fa0, f0);
  to_integer(Reg::t0, f0);
  from_integer(f0, Reg::t0);
  constant(f1, functions::ln2_high);
  mul(f1, f0, f1);
  sub(fa0, fa0, f1);
  constant(f1, functions::ln2_low);
  mul(f1, f0, f1);
  sub(fa0, fa0, f1);
  polynomial(functions::exp_coefficients, f2, fa0, f1);
  as_.addi(Reg::t0, Reg::t0, 127);
  as_.slli(Reg::t0, Reg::t0, 23);
  from_bits(f0, Reg::t0);
  mul(fa0, f2, f0);
  as_.ret();
}

void FloatCode::emit_log() {
  constexpr FloatReg f0{0}, f1{1}, f2{2}, f3{3}, f4{4};
  as_.bind(log_);
  as_.note("natural logarithm of fa0");
  to_bits(Reg::t0, fa0);
  as_.srli(Reg::t6, Reg::t0, 23);
  as_.addi(Reg::t6, Reg::t6, -127);
  from_integer(f0, Reg::t6);
  as_.slli(Reg::t0, Reg::t0, 9);
  as_.srli(Reg::t0, Reg::t0, 9);
  as_.li(Reg::t6, 0x3f800000);
  as_.add(Reg::t0, Reg::t0, Reg::t6);
  from_bits(f1, Reg::t0);
  constant(f2, 1.0f);
  sub(f1, f1, f2);
  constant(f2, 2.0f);
  add(f2, f1, f2);
  div(f1, f1, f2);
  mul(f2, f1, f1);
  add(f1, f1, f1);
  polynomial(functions::log_coefficients, f3, f2, f4);
  mul(f3, f3, f1);
  constant(f1, functions::ln2);
  mul(f0, f0, f1);
  add(fa0, f3, f0);
  as_.ret();
}

void FloatCode::emit_functions() {
  emit_exp();
  emit_log();
}

}  // namespace weft::compiler
