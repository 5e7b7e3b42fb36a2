// SPDX-License-Identifier: Apache-2.0
// The decoder: instruction bits in, one predecoded 16-byte operation out. What can be known at decode
// time is folded in here (targets of branches, the value of auipc, the legality of the encoding), so
// that the dispatch loop only does what depends on register values.
#pragma once

#include <cstdint>

#include "models/hart/cycle_costs.h"

namespace weft::hart {

// Every operation the dispatch loop has a handler for. A list because the enumeration and the table of
// handler addresses must never disagree. The is_…() below are ranges of it.
// clang-format off
#define WEFT_HART_OPERATIONS(X)                                                             \
  X(constant)                                                                               \
  X(add_i) X(slt_i) X(sltu_i) X(xor_i) X(or_i) X(and_i) X(sll_i) X(srl_i) X(sra_i)          \
  X(add_r) X(sub_r) X(sll_r) X(slt_r) X(sltu_r) X(xor_r) X(srl_r) X(sra_r) X(or_r) X(and_r) \
  X(mul) X(mulh) X(mulhsu) X(mulhu) X(div) X(divu) X(rem) X(remu)                           \
  X(lb) X(lh) X(lw) X(lbu) X(lhu) X(sb) X(sh) X(sw) X(fence)                                \
  X(beq) X(bne) X(blt) X(bge) X(bltu) X(bgeu) X(jal) X(jalr)                                \
  X(sh1add) X(sh2add) X(sh3add) X(andn) X(orn) X(xnor) X(clz) X(ctz) X(cpop)                \
  X(max) X(maxu) X(min) X(minu) X(sext_b) X(sext_h) X(rol) X(ror) X(ror_i) X(orc_b) X(rev8) \
  X(bclr) X(bext) X(bext_i) X(binv) X(bset)                                                 \
  X(flw) X(fsw) X(fadd) X(fsub) X(fmul) X(fdiv) X(fsqrt)                                    \
  X(fmadd) X(fmsub) X(fnmsub) X(fnmadd) X(fsgnj) X(fsgnjn) X(fsgnjx) X(fmin) X(fmax)        \
  X(feq) X(flt) X(fle) X(fclass) X(fmv_x_w) X(fmv_w_x)                                      \
  X(fcvt_w_s) X(fcvt_wu_s) X(fcvt_s_w) X(fcvt_s_wu) X(float_rounded)                        \
  X(jal_misaligned) X(branch_misaligned) X(csr) X(atomic) X(custom)                         \
  X(ecall) X(ebreak) X(mret) X(wfi) X(fence_i) X(illegal) X(end_of_block)
// clang-format on

enum class Kind : std::uint8_t {
#define WEFT_HART_ENUMERATOR(name) name,
  WEFT_HART_OPERATIONS(WEFT_HART_ENUMERATOR)
#undef WEFT_HART_ENUMERATOR
};

// F instructions with a rounding mode have the kind of their name if the mode is the usual one: that of frm,
// or towards zero for those to integers. With any other mode they are `float_rounded`.

// x0 is never written: operations that name it as destination write this 33rd register instead.
constexpr std::uint8_t discard_register = 32;

struct Operation {
  Kind kind = Kind::illegal;
  std::uint8_t rd = discard_register;
  std::uint8_t rs1 = 0;
  std::uint8_t rs2 = 0;
  std::uint16_t offset = 0;  // of this instruction from the start of its block, in bytes
  std::uint16_t length = 0;  // of this instruction, in bytes
  // Immediate operand; absolute target of jal and branches; value of `constant`; the instruction bits
  // as they stand in memory for csr, atomic, custom, illegal, branch_misaligned and all of F but flw and fsw.
  std::uint32_t immediate = 0;
  std::uint32_t cycles_before = 0;  // cost of the instructions before this one in its block
};
static_assert(sizeof(Operation) == 16, "four operations a cache line");

// Which extensions exist; the encodings of the others are illegal.
struct DecodeOptions {
  bool compressed = true;
  bool atomics = true;
  bool muldiv = true;
  bool single_float = false;
  bool zba = false;
  bool zbb = false;
  bool zbs = false;
};

// `instruction` holds `length` (2 or 4) bytes as fetched from `pc`; the upper half is ignored for 2. The
// result's `offset` and `cycles_before` are left to whoever puts it in a block.
Operation decode(std::uint32_t instruction, unsigned length, std::uint32_t pc, const DecodeOptions& options);

// Cycles of an operation that retires; of a conditional branch: when it is not taken.
unsigned cycle_cost(const Operation& operation, const CycleCosts& costs);

// Whether `operation` is a load whose result `next`, the instruction behind it in memory, reads.
bool is_used_by(const Operation& operation, const Operation& next);

// Whether the instruction that follows in memory may not be the next one executed.
bool ends_block(Kind kind);

constexpr bool is_multiply(Kind kind) { return kind >= Kind::mul && kind <= Kind::mulhu; }
constexpr bool is_divide(Kind kind) { return kind >= Kind::div && kind <= Kind::remu; }
// rd = rs1 op rs2, but for the rotations and single bits of Zbb and Zbs.
constexpr bool is_register_arithmetic(Kind kind) {
  return (kind >= Kind::add_r && kind <= Kind::remu) || (kind >= Kind::sh1add && kind <= Kind::xnor) ||
         (kind >= Kind::max && kind <= Kind::minu);
}
constexpr bool is_float(Kind kind) { return kind >= Kind::flw && kind <= Kind::float_rounded; }
constexpr bool is_branch(Kind kind) { return kind >= Kind::beq && kind <= Kind::bgeu; }
// Plain loads and stores, at x[rs1] + immediate.
constexpr bool is_load(Kind kind) { return kind >= Kind::lb && kind <= Kind::lhu; }
constexpr bool is_store(Kind kind) { return kind >= Kind::sb && kind <= Kind::sw; }
// Bytes a load or store accesses.
unsigned access_size(Kind kind);

}  // namespace weft::hart
