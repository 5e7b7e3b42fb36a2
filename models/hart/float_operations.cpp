// SPDX-License-Identifier: Apache-2.0
// The F extension where the dispatch loop cannot take its short cuts: floating point switched off or not
// marked dirty yet, a rounding mode other than nearest even, memory without direct access.
#include "models/hart/core.h"
#include "models/hart/encoding.h"
#include "models/hart/float_encoding.h"
#include "models/hart/float_unit.h"

namespace weft::hart {

namespace {

using float_unit::Result;
using float_unit::Rounding;
using float_unit::sign_bit;

struct Operands {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t integer = 0;  // x[rs1]
};

Result copy_sign(std::uint32_t funct3, std::uint32_t a, std::uint32_t b) {
  if (funct3 == 0) return {float_unit::copy_sign(a, b), 0};
  return {float_unit::copy_sign(a, funct3 == 1 ? ~b : a ^ b), 0};
}

Result compare(std::uint32_t funct3, std::uint32_t a, std::uint32_t b) {
  if (funct3 == 0) return float_unit::less_or_equal(a, b);
  return funct3 == 1 ? float_unit::less(a, b) : float_unit::equal(a, b);
}

// Of a legal instruction.
Result compute(std::uint32_t i, const Operands& o, Rounding rounding) {
  switch (opcode(i)) {
    case Opcode::madd:
      return float_unit::multiply_add(o.a, o.b, o.c, rounding);
    case Opcode::msub:
      return float_unit::multiply_add(o.a, o.b, o.c ^ sign_bit, rounding);
    case Opcode::nmsub:
      return float_unit::multiply_add(o.a ^ sign_bit, o.b, o.c, rounding);
    case Opcode::nmadd:
      return float_unit::multiply_add(o.a ^ sign_bit, o.b, o.c ^ sign_bit, rounding);
    default:
      break;
  }
  const std::uint32_t funct3 = field_funct3(i);
  const bool is_unsigned = field_rs2(i) == 1;
  switch (field_funct7(i)) {
    case funct7_fadd:
      return float_unit::add(o.a, o.b, rounding);
    case funct7_fsub:
      return float_unit::subtract(o.a, o.b, rounding);
    case funct7_fmul:
      return float_unit::multiply(o.a, o.b, rounding);
    case funct7_fdiv:
      return float_unit::divide(o.a, o.b, rounding);
    case funct7_fsqrt:
      return float_unit::square_root(o.a, rounding);
    case funct7_fsgnj:
      return copy_sign(funct3, o.a, o.b);
    case funct7_fmin_fmax:
      return funct3 == 0 ? float_unit::minimum(o.a, o.b) : float_unit::maximum(o.a, o.b);
    case funct7_fcompare:
      return compare(funct3, o.a, o.b);
    case funct7_fcvt_to_integer:
      return is_unsigned ? float_unit::to_unsigned(o.a, rounding) : float_unit::to_signed(o.a, rounding);
    case funct7_fcvt_from_integer:
      return is_unsigned ? float_unit::from_unsigned(o.integer, rounding)
                         : float_unit::from_signed(o.integer, rounding);
    case funct7_fmv_to_integer_fclass:
      return {funct3 == 1 ? float_unit::classify(o.a) : o.a, 0};
    default:  // fmv.w.x
      return {o.integer, 0};
  }
}

// flw and fsw carry their offset in place of the instruction bits, which only a trap asks for.
std::uint32_t encoding_of_access(const Operation& operation) {
  const std::uint32_t offset = operation.immediate;
  const bool is_store = operation.kind == Kind::fsw;
  if (operation.length == 4) {
    return is_store ? encode_s(Opcode::store_fp, 2, operation.rs1, operation.rs2, offset)
                    : encode_i(Opcode::load_fp, operation.rd, 2, operation.rs1, offset);
  }
  constexpr std::uint32_t sp = 2;
  const std::uint32_t funct3 = is_store ? 0xE000 : 0x6000;
  const std::uint32_t data = is_store ? operation.rs2 : operation.rd;
  if (operation.rs1 != sp) {
    return funct3 | bits(offset, 3, 3) << 10 | (operation.rs1 & 7u) << 7 | bits(offset, 2, 1) << 6 |
           bits(offset, 6, 1) << 5 | (data & 7u) << 2;
  }
  constexpr std::uint32_t quadrant2 = 2;
  if (is_store) return funct3 | bits(offset, 2, 4) << 9 | bits(offset, 6, 2) << 7 | data << 2 | quadrant2;
  return funct3 | bits(offset, 5, 1) << 12 | data << 7 | bits(offset, 2, 3) << 4 | bits(offset, 6, 2) << 2 |
         quadrant2;
}

}  // namespace

bool Core::float_operation(const Block& block, const Operation& operation) {
  FloatState& state = csrs_.float_state();
  const std::uint32_t instruction = operation.immediate;
  std::uint32_t rounding = field_funct3(instruction);
  if (rounding == dynamic_rounding) rounding = state.rounding_mode();
  const bool rounds = has_rounding_mode(instruction);
  if (!state.usable() || (rounds && !float_unit::is_rounding_mode(rounding))) {
    return raise(block, operation, cause::illegal_instruction, instruction);
  }
  const Operands operands = {state.f(operation.rs1), state.f(operation.rs2), state.f(field_rs3(instruction)),
                             x_[operation.rs1]};
  const Result result = compute(instruction, operands, static_cast<Rounding>(rounding));
  const bool to_integer = writes_integer_register(instruction);
  if (to_integer) {
    x_[operation.rd] = result.value;
  } else {
    state.set_f(operation.rd, result.value);
  }
  state.raise(result.flags);
  if (!to_integer || result.flags != 0) state.set_status(FloatState::Status::dirty);
  return true;
}

bool Core::float_load_slow(const Block& block, const Operation& operation) {
  if (csrs_.float_state().usable()) return load_slow(block, operation);
  return raise(block, operation, cause::illegal_instruction, encoding_of_access(operation));
}

bool Core::float_store_slow(const Block& block, const Operation& operation) {
  if (csrs_.float_state().usable()) return store_slow(block, operation);
  return raise(block, operation, cause::illegal_instruction, encoding_of_access(operation));
}

}  // namespace weft::hart
