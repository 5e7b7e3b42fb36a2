// SPDX-License-Identifier: Apache-2.0
// Fields of the F extension's instructions (RISC-V Unprivileged ISA 20191213, chapter 11 and table 24.2).
#pragma once

#include <cstdint>

#include "models/hart/encoding.h"

namespace weft::hart {

constexpr std::uint32_t dynamic_rounding = 7;

// Operation field of Opcode::op_fp, the format bits of single precision (0) included.
constexpr std::uint32_t funct7_fadd = 0x00;
constexpr std::uint32_t funct7_fsub = 0x04;
constexpr std::uint32_t funct7_fmul = 0x08;
constexpr std::uint32_t funct7_fdiv = 0x0C;
constexpr std::uint32_t funct7_fsgnj = 0x10;
constexpr std::uint32_t funct7_fmin_fmax = 0x14;
constexpr std::uint32_t funct7_fsqrt = 0x2C;
constexpr std::uint32_t funct7_fcompare = 0x50;
constexpr std::uint32_t funct7_fcvt_to_integer = 0x60;
constexpr std::uint32_t funct7_fcvt_from_integer = 0x68;
constexpr std::uint32_t funct7_fmv_to_integer_fclass = 0x70;
constexpr std::uint32_t funct7_fmv_from_integer = 0x78;

constexpr std::uint32_t field_rs3(std::uint32_t instruction) { return bits(instruction, 27, 5); }

// The following are for legal instructions other than flw and fsw.

constexpr bool is_multiply_add(std::uint32_t instruction) { return opcode(instruction) != Opcode::op_fp; }

constexpr bool writes_integer_register(std::uint32_t instruction) {
  const std::uint32_t funct7 = field_funct7(instruction);
  return !is_multiply_add(instruction) && (funct7 == funct7_fcompare || funct7 == funct7_fcvt_to_integer ||
                                           funct7 == funct7_fmv_to_integer_fclass);
}

constexpr bool reads_integer_register(std::uint32_t instruction) {
  const std::uint32_t funct7 = field_funct7(instruction);
  return !is_multiply_add(instruction) &&
         (funct7 == funct7_fcvt_from_integer || funct7 == funct7_fmv_from_integer);
}

constexpr bool has_one_source(std::uint32_t instruction) {
  const std::uint32_t funct7 = field_funct7(instruction);
  return !is_multiply_add(instruction) && (funct7 == funct7_fsqrt || funct7 >= funct7_fcvt_to_integer);
}

constexpr bool has_rounding_mode(std::uint32_t instruction) {
  if (is_multiply_add(instruction)) return true;
  switch (field_funct7(instruction)) {
    case funct7_fadd:
    case funct7_fsub:
    case funct7_fmul:
    case funct7_fdiv:
    case funct7_fsqrt:
    case funct7_fcvt_to_integer:
    case funct7_fcvt_from_integer:
      return true;
    default:
      return false;
  }
}

}  // namespace weft::hart
