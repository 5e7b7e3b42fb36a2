// SPDX-License-Identifier: Apache-2.0
// Instruction words by mnemonic, for programs written in tests. Operands in assembler order.
#pragma once

#include <cstdint>

#include "models/hart/encoding.h"

namespace weft::test {

using hart::Opcode;

// ABI names of the registers the tests use.
enum Register : std::uint32_t {
  zero = 0,
  ra = 1,
  sp = 2,
  t0 = 5,
  t1 = 6,
  s0 = 8,
  s1 = 9,
  a0 = 10,
  a1,
  a2,
  a3,
  a4,
  a5
};

constexpr std::uint32_t addi(std::uint32_t rd, std::uint32_t rs1, std::int32_t immediate) {
  return hart::encode_i(Opcode::op_imm, rd, 0, rs1, static_cast<std::uint32_t>(immediate));
}
constexpr std::uint32_t op_imm(std::uint32_t funct3, std::uint32_t rd, std::uint32_t rs1,
                               std::int32_t immediate) {
  return hart::encode_i(Opcode::op_imm, rd, funct3, rs1, static_cast<std::uint32_t>(immediate));
}
constexpr std::uint32_t op(std::uint32_t funct3, std::uint32_t funct7, std::uint32_t rd, std::uint32_t rs1,
                           std::uint32_t rs2) {
  return hart::encode_r(Opcode::op, rd, funct3, rs1, rs2, funct7);
}
constexpr std::uint32_t add(std::uint32_t rd, std::uint32_t rs1, std::uint32_t rs2) {
  return op(0, 0, rd, rs1, rs2);
}
constexpr std::uint32_t xor_(std::uint32_t rd, std::uint32_t rs1, std::uint32_t rs2) {
  return op(4, 0, rd, rs1, rs2);
}
constexpr std::uint32_t mul(std::uint32_t rd, std::uint32_t rs1, std::uint32_t rs2) {
  return op(0, 1, rd, rs1, rs2);
}
constexpr std::uint32_t lui(std::uint32_t rd, std::uint32_t value) {
  return hart::encode_u(Opcode::lui, rd, value);
}
constexpr std::uint32_t auipc(std::uint32_t rd, std::uint32_t value) {
  return hart::encode_u(Opcode::auipc, rd, value);
}

constexpr std::uint32_t load(std::uint32_t funct3, std::uint32_t rd, std::int32_t offset,
                             std::uint32_t base) {
  return hart::encode_i(Opcode::load, rd, funct3, base, static_cast<std::uint32_t>(offset));
}
constexpr std::uint32_t lb(std::uint32_t rd, std::int32_t offset, std::uint32_t base) {
  return load(0, rd, offset, base);
}
constexpr std::uint32_t lh(std::uint32_t rd, std::int32_t offset, std::uint32_t base) {
  return load(1, rd, offset, base);
}
constexpr std::uint32_t lw(std::uint32_t rd, std::int32_t offset, std::uint32_t base) {
  return load(2, rd, offset, base);
}
constexpr std::uint32_t lbu(std::uint32_t rd, std::int32_t offset, std::uint32_t base) {
  return load(4, rd, offset, base);
}
constexpr std::uint32_t lhu(std::uint32_t rd, std::int32_t offset, std::uint32_t base) {
  return load(5, rd, offset, base);
}
constexpr std::uint32_t store(std::uint32_t funct3, std::uint32_t rs2, std::int32_t offset,
                              std::uint32_t base) {
  return hart::encode_s(Opcode::store, funct3, base, rs2, static_cast<std::uint32_t>(offset));
}
constexpr std::uint32_t sb(std::uint32_t rs2, std::int32_t offset, std::uint32_t base) {
  return store(0, rs2, offset, base);
}
constexpr std::uint32_t sh(std::uint32_t rs2, std::int32_t offset, std::uint32_t base) {
  return store(1, rs2, offset, base);
}
constexpr std::uint32_t sw(std::uint32_t rs2, std::int32_t offset, std::uint32_t base) {
  return store(2, rs2, offset, base);
}

constexpr std::uint32_t branch(std::uint32_t funct3, std::uint32_t rs1, std::uint32_t rs2,
                               std::int32_t offset) {
  return hart::encode_b(funct3, rs1, rs2, static_cast<std::uint32_t>(offset));
}
constexpr std::uint32_t beq(std::uint32_t rs1, std::uint32_t rs2, std::int32_t offset) {
  return branch(0, rs1, rs2, offset);
}
constexpr std::uint32_t bne(std::uint32_t rs1, std::uint32_t rs2, std::int32_t offset) {
  return branch(1, rs1, rs2, offset);
}
constexpr std::uint32_t jal(std::uint32_t rd, std::int32_t offset) {
  return hart::encode_j(rd, static_cast<std::uint32_t>(offset));
}
constexpr std::uint32_t jalr(std::uint32_t rd, std::int32_t offset, std::uint32_t base) {
  return hart::encode_i(Opcode::jalr, rd, 0, base, static_cast<std::uint32_t>(offset));
}

constexpr std::uint32_t csrrw(std::uint32_t rd, std::uint32_t number, std::uint32_t rs1) {
  return hart::encode_i(Opcode::system, rd, 1, rs1, number);
}
constexpr std::uint32_t csrrs(std::uint32_t rd, std::uint32_t number, std::uint32_t rs1) {
  return hart::encode_i(Opcode::system, rd, 2, rs1, number);
}
constexpr std::uint32_t csrrc(std::uint32_t rd, std::uint32_t number, std::uint32_t rs1) {
  return hart::encode_i(Opcode::system, rd, 3, rs1, number);
}
constexpr std::uint32_t csrrwi(std::uint32_t rd, std::uint32_t number, std::uint32_t value) {
  return hart::encode_i(Opcode::system, rd, 5, value, number);
}
constexpr std::uint32_t csrrsi(std::uint32_t rd, std::uint32_t number, std::uint32_t value) {
  return hart::encode_i(Opcode::system, rd, 6, value, number);
}
constexpr std::uint32_t csrr(std::uint32_t rd, std::uint32_t number) { return csrrs(rd, number, zero); }
constexpr std::uint32_t csrw(std::uint32_t number, std::uint32_t rs1) { return csrrw(zero, number, rs1); }

constexpr std::uint32_t amo(std::uint32_t funct5, std::uint32_t rd, std::uint32_t rs2, std::uint32_t rs1) {
  return hart::encode_r(Opcode::amo, rd, 2, rs1, rs2, funct5 << 2);
}
constexpr std::uint32_t lr_w(std::uint32_t rd, std::uint32_t rs1) {
  return amo(hart::funct5_lr, rd, zero, rs1);
}
constexpr std::uint32_t sc_w(std::uint32_t rd, std::uint32_t rs2, std::uint32_t rs1) {
  return amo(hart::funct5_sc, rd, rs2, rs1);
}

constexpr std::uint32_t flw(std::uint32_t rd, std::int32_t offset, std::uint32_t base) {
  return hart::encode_i(Opcode::load_fp, rd, 2, base, static_cast<std::uint32_t>(offset));
}
constexpr std::uint32_t fsw(std::uint32_t rs2, std::int32_t offset, std::uint32_t base) {
  return hart::encode_s(Opcode::store_fp, 2, base, rs2, static_cast<std::uint32_t>(offset));
}
// Instructions of the major opcode op-fp; `funct3` is the rounding mode where there is one.
constexpr std::uint32_t op_fp(std::uint32_t funct7, std::uint32_t funct3, std::uint32_t rd, std::uint32_t rs1,
                              std::uint32_t rs2) {
  return hart::encode_r(Opcode::op_fp, rd, funct3, rs1, rs2, funct7);
}
constexpr std::uint32_t multiply_add(Opcode opcode, std::uint32_t rounding, std::uint32_t rd,
                                     std::uint32_t rs1, std::uint32_t rs2, std::uint32_t rs3) {
  return hart::encode_r(opcode, rd, rounding, rs1, rs2, rs3 << 2);
}
constexpr std::uint32_t fmv_x_w(std::uint32_t rd, std::uint32_t rs1) { return op_fp(0x70, 0, rd, rs1, 0); }
constexpr std::uint32_t fmv_w_x(std::uint32_t rd, std::uint32_t rs1) { return op_fp(0x78, 0, rd, rs1, 0); }

constexpr std::uint32_t nop = 0x00000013;
constexpr std::uint32_t fence_i = 0x0000100F;
constexpr std::uint32_t custom_0 = 0x0000000B;
// Two 16-bit instructions in one word of a program.
constexpr std::uint32_t pair(std::uint32_t first, std::uint32_t second) { return first | (second << 16); }
constexpr std::uint32_t c_nop = 0x0001;
constexpr std::uint32_t c_j_self = 0xA001;

}  // namespace weft::test
