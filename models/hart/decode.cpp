// SPDX-License-Identifier: Apache-2.0
#include "models/hart/decode.h"

#include <array>

#include "models/hart/compressed.h"
#include "models/hart/encoding.h"
#include "models/hart/float_encoding.h"
#include "models/hart/float_unit.h"

namespace weft::hart {

namespace {

std::uint8_t destination(std::uint32_t instruction) {
  const std::uint32_t rd = field_rd(instruction);
  return rd == 0 ? discard_register : static_cast<std::uint8_t>(rd);
}

Operation make(Kind kind, std::uint32_t instruction, std::uint32_t immediate) {
  Operation operation;
  operation.kind = kind;
  operation.rd = destination(instruction);
  operation.rs1 = static_cast<std::uint8_t>(field_rs1(instruction));
  operation.rs2 = static_cast<std::uint8_t>(field_rs2(instruction));
  operation.immediate = immediate;
  return operation;
}

Operation illegal() { return {}; }

Operation decode_load(std::uint32_t i) {
  constexpr std::array<Kind, 8> kinds = {Kind::lb,  Kind::lh,  Kind::lw,      Kind::illegal,
                                         Kind::lbu, Kind::lhu, Kind::illegal, Kind::illegal};
  return make(kinds[field_funct3(i)], i, immediate_i(i));
}

Operation decode_store(std::uint32_t i) {
  constexpr std::array<Kind, 3> kinds = {Kind::sb, Kind::sh, Kind::sw};
  const std::uint32_t funct3 = field_funct3(i);
  return funct3 < kinds.size() ? make(kinds[funct3], i, immediate_s(i)) : illegal();
}

// The bit-manipulation extensions (RISC-V Bit-Manipulation ISA 1.0.0, chapter 2). What they can do with an
// immediate operand of the base is decoded as that: there is nothing left to compute when it is executed.

using Extension = bool DecodeOptions::*;

struct BitEncoding {
  std::uint32_t selector;  // funct7, or all twelve upper bits where there is one source only
  std::uint32_t funct3;
  Extension extension;
  Kind kind;
};

Operation decode_bit_op(std::uint32_t i, const DecodeOptions& options) {
  static constexpr Extension zba = &DecodeOptions::zba;
  static constexpr Extension zbb = &DecodeOptions::zbb;
  static constexpr Extension zbs = &DecodeOptions::zbs;
  static constexpr BitEncoding encodings[] = {
      {0x10, 2, zba, Kind::sh1add}, {0x10, 4, zba, Kind::sh2add}, {0x10, 6, zba, Kind::sh3add},
      {0x20, 7, zbb, Kind::andn},   {0x20, 6, zbb, Kind::orn},    {0x20, 4, zbb, Kind::xnor},
      {0x05, 6, zbb, Kind::max},    {0x05, 7, zbb, Kind::maxu},   {0x05, 4, zbb, Kind::min},
      {0x05, 5, zbb, Kind::minu},   {0x30, 1, zbb, Kind::rol},    {0x30, 5, zbb, Kind::ror},
      {0x24, 1, zbs, Kind::bclr},   {0x24, 5, zbs, Kind::bext},   {0x34, 1, zbs, Kind::binv},
      {0x14, 1, zbs, Kind::bset}};
  const std::uint32_t funct3 = field_funct3(i);
  const std::uint32_t funct7 = field_funct7(i);
  for (const BitEncoding& e : encodings) {
    if (e.selector == funct7 && e.funct3 == funct3 && options.*e.extension) return make(e.kind, i, 0);
  }
  const bool is_zext_h = funct7 == 0x04 && funct3 == 4 && field_rs2(i) == 0;
  return is_zext_h && options.zbb ? make(Kind::and_i, i, 0xFFFF) : illegal();
}

Operation decode_bit_immediate(std::uint32_t i, const DecodeOptions& options) {
  static constexpr BitEncoding unary[] = {
      {0x600, 1, &DecodeOptions::zbb, Kind::clz},    {0x601, 1, &DecodeOptions::zbb, Kind::ctz},
      {0x602, 1, &DecodeOptions::zbb, Kind::cpop},   {0x604, 1, &DecodeOptions::zbb, Kind::sext_b},
      {0x605, 1, &DecodeOptions::zbb, Kind::sext_h}, {0x287, 5, &DecodeOptions::zbb, Kind::orc_b},
      {0x698, 5, &DecodeOptions::zbb, Kind::rev8}};
  const std::uint32_t funct3 = field_funct3(i);
  for (const BitEncoding& e : unary) {
    if (e.selector == bits(i, 20, 12) && e.funct3 == funct3 && options.*e.extension)
      return make(e.kind, i, 0);
  }
  const std::uint32_t funct7 = field_funct7(i);
  const std::uint32_t amount = field_rs2(i);
  if (options.zbb && funct3 == 5 && funct7 == 0x30) return make(Kind::ror_i, i, amount);
  if (!options.zbs) return illegal();
  if (funct3 == 5) return funct7 == 0x24 ? make(Kind::bext_i, i, amount) : illegal();
  switch (funct7) {
    case 0x14:  // bseti
      return make(Kind::or_i, i, 1u << amount);
    case 0x24:  // bclri
      return make(Kind::and_i, i, ~(1u << amount));
    case 0x34:  // binvi
      return make(Kind::xor_i, i, 1u << amount);
    default:
      return illegal();
  }
}

Operation decode_op_imm(std::uint32_t i, const DecodeOptions& options) {
  constexpr std::array<Kind, 8> kinds = {Kind::add_i, Kind::sll_i, Kind::slt_i, Kind::sltu_i,
                                         Kind::xor_i, Kind::srl_i, Kind::or_i,  Kind::and_i};
  const std::uint32_t funct3 = field_funct3(i);
  const std::uint32_t funct7 = field_funct7(i);
  const std::uint32_t shift_amount = field_rs2(i);
  if (funct3 == 1 && funct7 == 0) return make(Kind::sll_i, i, shift_amount);
  if (funct3 == 5 && funct7 == 0x20) return make(Kind::sra_i, i, shift_amount);
  if (funct3 == 5 && funct7 == 0) return make(Kind::srl_i, i, shift_amount);
  if (funct3 == 1 || funct3 == 5) return decode_bit_immediate(i, options);
  return make(kinds[funct3], i, immediate_i(i));
}

Operation decode_op(std::uint32_t i, const DecodeOptions& options) {
  constexpr std::array<Kind, 8> base = {Kind::add_r, Kind::sll_r, Kind::slt_r, Kind::sltu_r,
                                        Kind::xor_r, Kind::srl_r, Kind::or_r,  Kind::and_r};
  constexpr std::array<Kind, 8> products = {Kind::mul, Kind::mulh, Kind::mulhsu, Kind::mulhu,
                                            Kind::div, Kind::divu, Kind::rem,    Kind::remu};
  const std::uint32_t funct3 = field_funct3(i);
  switch (field_funct7(i)) {
    case 0x00:
      return make(base[funct3], i, 0);
    case 0x01:
      return options.muldiv ? make(products[funct3], i, 0) : illegal();
    case 0x20:
      if (funct3 == 0) return make(Kind::sub_r, i, 0);
      if (funct3 == 5) return make(Kind::sra_r, i, 0);
      return decode_bit_op(i, options);
    default:
      return decode_bit_op(i, options);
  }
}

Operation decode_branch(std::uint32_t i, std::uint32_t pc, bool compressed) {
  constexpr std::array<Kind, 8> kinds = {Kind::beq, Kind::bne, Kind::illegal, Kind::illegal,
                                         Kind::blt, Kind::bge, Kind::bltu,    Kind::bgeu};
  const Kind kind = kinds[field_funct3(i)];
  if (kind == Kind::illegal) return illegal();
  const std::uint32_t target = pc + immediate_b(i);
  if (!compressed && (target & 2u) != 0) return make(Kind::branch_misaligned, i, i);
  return make(kind, i, target);
}

Operation decode_jal(std::uint32_t i, std::uint32_t pc, bool compressed) {
  const std::uint32_t target = pc + immediate_j(i);
  const bool misaligned = !compressed && (target & 2u) != 0;
  return make(misaligned ? Kind::jal_misaligned : Kind::jal, i, target);
}

// The fields of fence and fence.i that have no meaning yet are ignored, as the ISA manual (section 2.7
// and chapter 3) demands of implementations.
Operation decode_misc_mem(std::uint32_t i) {
  switch (field_funct3(i)) {
    case 0:
      return make(Kind::fence, i, 0);
    case 1:
      return make(Kind::fence_i, i, 0);
    default:
      return illegal();
  }
}

Operation decode_atomic(std::uint32_t i) {
  if (field_funct3(i) != 2) return illegal();
  switch (field_funct5(i)) {
    case funct5_lr:
      return field_rs2(i) == 0 ? make(Kind::atomic, i, i) : illegal();
    case funct5_sc:
    case 0x00:  // amoadd
    case 0x01:  // amoswap
    case 0x04:  // amoxor
    case 0x08:  // amoor
    case 0x0C:  // amoand
    case 0x10:  // amomin
    case 0x14:  // amomax
    case 0x18:  // amominu
    case 0x1C:  // amomaxu
      return make(Kind::atomic, i, i);
    default:
      return illegal();
  }
}

Operation decode_system(std::uint32_t i) {
  switch (i) {
    case word::ecall:
      return make(Kind::ecall, i, i);
    case word::ebreak:
      return make(Kind::ebreak, i, i);
    case word::mret:
      return make(Kind::mret, i, i);
    case word::wfi:
      return make(Kind::wfi, i, i);
    default:
      return (field_funct3(i) & 3u) != 0 ? make(Kind::csr, i, i) : illegal();
  }
}

// The F extension. Registers f0 to f31 have no constant one: f0 can be written.

Operation make_float(Kind kind, std::uint32_t i, std::uint32_t immediate) {
  Operation operation = make(kind, i, immediate);
  operation.rd = static_cast<std::uint8_t>(field_rd(i));
  return operation;
}

Operation decode_multiply_add(std::uint32_t i) {
  constexpr std::array<Kind, 4> kinds = {Kind::fmadd, Kind::fmsub, Kind::fnmsub, Kind::fnmadd};
  const std::uint32_t rounding = field_funct3(i);
  const bool is_single = bits(i, 25, 2) == 0;
  if (!is_single) return illegal();
  if (rounding == dynamic_rounding) return make_float(kinds[bits(i, 2, 2)], i, i);
  return float_unit::is_rounding_mode(rounding) ? make_float(Kind::float_rounded, i, i) : illegal();
}

Kind rounded_kind(std::uint32_t i) {
  constexpr std::array<Kind, 2> to_integer = {Kind::fcvt_w_s, Kind::fcvt_wu_s};
  constexpr std::array<Kind, 2> from_integer = {Kind::fcvt_s_w, Kind::fcvt_s_wu};
  const std::uint32_t rs2 = field_rs2(i);
  switch (field_funct7(i)) {
    case funct7_fadd:
      return Kind::fadd;
    case funct7_fsub:
      return Kind::fsub;
    case funct7_fmul:
      return Kind::fmul;
    case funct7_fdiv:
      return Kind::fdiv;
    case funct7_fsqrt:
      return rs2 == 0 ? Kind::fsqrt : Kind::illegal;
    case funct7_fcvt_to_integer:
      return rs2 < to_integer.size() ? to_integer[rs2] : Kind::illegal;
    case funct7_fcvt_from_integer:
      return rs2 < from_integer.size() ? from_integer[rs2] : Kind::illegal;
    default:
      return Kind::illegal;
  }
}

Kind unrounded_kind(std::uint32_t i) {
  constexpr std::array<Kind, 3> signs = {Kind::fsgnj, Kind::fsgnjn, Kind::fsgnjx};
  constexpr std::array<Kind, 2> extremes = {Kind::fmin, Kind::fmax};
  constexpr std::array<Kind, 3> comparisons = {Kind::fle, Kind::flt, Kind::feq};
  const std::uint32_t funct3 = field_funct3(i);
  const bool no_rs2 = field_rs2(i) == 0;
  switch (field_funct7(i)) {
    case funct7_fsgnj:
      return funct3 < signs.size() ? signs[funct3] : Kind::illegal;
    case funct7_fmin_fmax:
      return funct3 < extremes.size() ? extremes[funct3] : Kind::illegal;
    case funct7_fcompare:
      return funct3 < comparisons.size() ? comparisons[funct3] : Kind::illegal;
    case funct7_fmv_to_integer_fclass:
      if (!no_rs2 || funct3 > 1) return Kind::illegal;
      return funct3 == 0 ? Kind::fmv_x_w : Kind::fclass;
    case funct7_fmv_from_integer:
      return no_rs2 && funct3 == 0 ? Kind::fmv_w_x : Kind::illegal;
    default:
      return Kind::illegal;
  }
}

Operation decode_float(std::uint32_t i) {
  const bool rounds = has_rounding_mode(i);
  Kind kind = rounds ? rounded_kind(i) : unrounded_kind(i);
  if (kind == Kind::illegal) return illegal();
  const std::uint32_t rounding = field_funct3(i);
  if (rounds && rounding != dynamic_rounding && !float_unit::is_rounding_mode(rounding)) return illegal();
  const bool to_integer = field_funct7(i) == funct7_fcvt_to_integer;
  const auto towards_zero = static_cast<std::uint32_t>(float_unit::Rounding::towards_zero);
  if (rounds && rounding != (to_integer ? towards_zero : dynamic_rounding)) kind = Kind::float_rounded;
  return writes_integer_register(i) ? make(kind, i, i) : make_float(kind, i, i);
}

Operation decode_float_word(std::uint32_t i) {
  switch (opcode(i)) {
    case Opcode::load_fp:
      return field_funct3(i) == 2 ? make_float(Kind::flw, i, immediate_i(i)) : illegal();
    case Opcode::store_fp:
      return field_funct3(i) == 2 ? make(Kind::fsw, i, immediate_s(i)) : illegal();
    case Opcode::op_fp:
      return decode_float(i);
    default:
      return decode_multiply_add(i);
  }
}

Operation decode_word(std::uint32_t i, std::uint32_t pc, const DecodeOptions& options) {
  switch (opcode(i)) {
    case Opcode::lui:
      return make(Kind::constant, i, immediate_u(i));
    case Opcode::auipc:
      return make(Kind::constant, i, pc + immediate_u(i));
    case Opcode::jal:
      return decode_jal(i, pc, options.compressed);
    case Opcode::jalr:
      return field_funct3(i) == 0 ? make(Kind::jalr, i, immediate_i(i)) : illegal();
    case Opcode::branch:
      return decode_branch(i, pc, options.compressed);
    case Opcode::load:
      return decode_load(i);
    case Opcode::store:
      return decode_store(i);
    case Opcode::op_imm:
      return decode_op_imm(i, options);
    case Opcode::op:
      return decode_op(i, options);
    case Opcode::misc_mem:
      return decode_misc_mem(i);
    case Opcode::amo:
      return options.atomics ? decode_atomic(i) : illegal();
    case Opcode::system:
      return decode_system(i);
    case Opcode::load_fp:
    case Opcode::store_fp:
    case Opcode::madd:
    case Opcode::msub:
    case Opcode::nmsub:
    case Opcode::nmadd:
    case Opcode::op_fp:
      return options.single_float ? decode_float_word(i) : illegal();
    case Opcode::custom_0:
    case Opcode::custom_1:
    case Opcode::custom_2:
    case Opcode::custom_3:
      return make(Kind::custom, i, i);
    default:
      return illegal();
  }
}

}  // namespace

Operation decode(std::uint32_t instruction, unsigned length, std::uint32_t pc, const DecodeOptions& options) {
  const auto parcel = static_cast<std::uint16_t>(instruction);
  const bool is_short = length == 2;
  const bool known = !is_short || options.compressed;
  const std::uint32_t full = is_short ? expand(parcel) : instruction;
  Operation operation = known ? decode_word(full, pc, options) : illegal();
  if (operation.kind == Kind::illegal) operation.immediate = is_short ? parcel : instruction;
  operation.length = static_cast<std::uint16_t>(length);
  return operation;
}

namespace {

bool is_load(const Operation& operation) {
  if (operation.kind == Kind::atomic) return field_funct5(operation.immediate) == funct5_lr;
  return is_load(operation.kind);
}

bool reads_first_source(const Operation& operation) {
  switch (operation.kind) {
    case Kind::constant:
    case Kind::jal:
    case Kind::jal_misaligned:
    case Kind::fence:
    case Kind::fence_i:
    case Kind::ecall:
    case Kind::ebreak:
    case Kind::mret:
    case Kind::wfi:
    case Kind::illegal:
    case Kind::end_of_block:
      return false;
    case Kind::csr:
      return (field_funct3(operation.immediate) & 4u) == 0;
    case Kind::flw:
    case Kind::fsw:
      return true;
    default:
      return !is_float(operation.kind) || reads_integer_register(operation.immediate);
  }
}

bool reads_second_source(const Operation& operation) {
  const Kind kind = operation.kind;
  if (is_register_arithmetic(kind) || is_store(kind) || is_branch(kind)) return true;
  switch (kind) {
    case Kind::rol:
    case Kind::ror:
    case Kind::bclr:
    case Kind::bext:
    case Kind::binv:
    case Kind::bset:
    case Kind::branch_misaligned:
    case Kind::atomic:
    case Kind::custom:
      return true;
    default:
      return false;
  }
}

bool reads_third_source(const Operation& operation) { return operation.kind == Kind::custom; }

// Of flw, in a register file of its own.
bool is_float_used_by(std::uint32_t loaded, const Operation& next) {
  if (next.kind == Kind::fsw) return next.rs2 == loaded;
  if (!is_float(next.kind) || next.kind == Kind::flw) return false;
  const std::uint32_t i = next.immediate;
  return (!reads_integer_register(i) && next.rs1 == loaded) || (!has_one_source(i) && next.rs2 == loaded) ||
         (is_multiply_add(i) && field_rs3(i) == loaded);
}

}  // namespace

bool is_used_by(const Operation& operation, const Operation& next) {
  if (operation.kind == Kind::flw) return is_float_used_by(operation.rd, next);
  if (!is_load(operation) || operation.rd == discard_register) return false;
  return (reads_first_source(next) && next.rs1 == operation.rd) ||
         (reads_second_source(next) && next.rs2 == operation.rd) ||
         (reads_third_source(next) && bits(next.immediate, 27, 5) == operation.rd);
}

static unsigned float_cost(std::uint32_t instruction, const CycleCosts& costs) {
  if (is_multiply_add(instruction)) return costs.float_arithmetic;
  switch (field_funct7(instruction)) {
    case funct7_fdiv:
      return costs.float_divide;
    case funct7_fsqrt:
      return costs.float_sqrt;
    default:
      return has_rounding_mode(instruction) ? costs.float_arithmetic : costs.float_simple;
  }
}

unsigned cycle_cost(const Operation& operation, const CycleCosts& costs) {
  const Kind kind = operation.kind;
  if (is_multiply(kind)) return costs.multiply;
  if (is_divide(kind)) return costs.divide;
  if (is_load(kind) || kind == Kind::flw) return costs.load;
  if (is_store(kind) || kind == Kind::fsw) return costs.store;
  if (is_branch(kind) || kind == Kind::branch_misaligned) return costs.branch;
  switch (kind) {
    case Kind::jal:
    case Kind::jalr:
    case Kind::jal_misaligned:
    case Kind::mret:
      return costs.jump;
    case Kind::fence:
    case Kind::fence_i:
    case Kind::wfi:
      return costs.fence;
    case Kind::csr:
      return costs.csr;
    case Kind::atomic:
      return field_funct5(operation.immediate) == funct5_lr ? costs.load : costs.atomic;
    case Kind::custom:
      return costs.custom;
    default:
      return is_float(kind) ? float_cost(operation.immediate, costs) : costs.alu;
  }
}

unsigned access_size(Kind kind) {
  switch (kind) {
    case Kind::lb:
    case Kind::lbu:
    case Kind::sb:
      return 1;
    case Kind::lh:
    case Kind::lhu:
    case Kind::sh:
      return 2;
    default:
      return 4;
  }
}

bool ends_block(Kind kind) {
  switch (kind) {
    case Kind::jal:
    case Kind::jalr:
    case Kind::jal_misaligned:
    case Kind::branch_misaligned:
    case Kind::ecall:
    case Kind::ebreak:
    case Kind::mret:
    case Kind::wfi:
    case Kind::fence_i:
    case Kind::illegal:
      return true;
    default:
      return is_branch(kind);
  }
}

}  // namespace weft::hart
