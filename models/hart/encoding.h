// SPDX-License-Identifier: Apache-2.0
// Fields and immediates of 32-bit RISC-V instructions (RISC-V Unprivileged ISA 20191213, section 2.2
// and figure 2.4). Everything is a pure function of the instruction bits.
#pragma once

#include <cstdint>

namespace weft::hart {

// The major opcodes of RV32IMAFC and of the vendor space (ISA manual, table 24.1).
enum class Opcode : std::uint32_t {
  load = 0x03,
  load_fp = 0x07,
  custom_0 = 0x0B,
  misc_mem = 0x0F,
  op_imm = 0x13,
  auipc = 0x17,
  store = 0x23,
  store_fp = 0x27,
  custom_1 = 0x2B,
  amo = 0x2F,
  op = 0x33,
  lui = 0x37,
  madd = 0x43,
  msub = 0x47,
  nmsub = 0x4B,
  nmadd = 0x4F,
  op_fp = 0x53,
  custom_2 = 0x5B,
  branch = 0x63,
  jalr = 0x67,
  jal = 0x6F,
  system = 0x73,
  custom_3 = 0x7B,
};

// The instructions that are one fixed word.
namespace word {
constexpr std::uint32_t ecall = 0x00000073;
constexpr std::uint32_t ebreak = 0x00100073;
constexpr std::uint32_t mret = 0x30200073;
constexpr std::uint32_t wfi = 0x10500073;
}  // namespace word

// Operation field of the A extension.
constexpr std::uint32_t funct5_lr = 0x02;
constexpr std::uint32_t funct5_sc = 0x03;

constexpr std::uint32_t bits(std::uint32_t value, unsigned low, unsigned count) {
  return (value >> low) & ((1u << count) - 1u);
}

constexpr std::uint32_t sign_extend(std::uint32_t value, unsigned width) {
  const std::uint32_t sign = 1u << (width - 1);
  return ((value & (sign | (sign - 1u))) ^ sign) - sign;
}

constexpr Opcode opcode(std::uint32_t instruction) { return static_cast<Opcode>(bits(instruction, 0, 7)); }
constexpr std::uint32_t field_rd(std::uint32_t instruction) { return bits(instruction, 7, 5); }
constexpr std::uint32_t field_funct3(std::uint32_t instruction) { return bits(instruction, 12, 3); }
constexpr std::uint32_t field_rs1(std::uint32_t instruction) { return bits(instruction, 15, 5); }
constexpr std::uint32_t field_rs2(std::uint32_t instruction) { return bits(instruction, 20, 5); }
constexpr std::uint32_t field_funct7(std::uint32_t instruction) { return bits(instruction, 25, 7); }
constexpr std::uint32_t field_funct5(std::uint32_t instruction) { return bits(instruction, 27, 5); }
constexpr std::uint32_t field_csr(std::uint32_t instruction) { return bits(instruction, 20, 12); }

constexpr std::uint32_t immediate_i(std::uint32_t instruction) {
  return sign_extend(bits(instruction, 20, 12), 12);
}

constexpr std::uint32_t immediate_s(std::uint32_t instruction) {
  return sign_extend((bits(instruction, 25, 7) << 5) | bits(instruction, 7, 5), 12);
}

constexpr std::uint32_t immediate_b(std::uint32_t instruction) {
  return sign_extend((bits(instruction, 31, 1) << 12) | (bits(instruction, 7, 1) << 11) |
                         (bits(instruction, 25, 6) << 5) | (bits(instruction, 8, 4) << 1),
                     13);
}

constexpr std::uint32_t immediate_u(std::uint32_t instruction) { return instruction & 0xFFFFF000u; }

constexpr std::uint32_t immediate_j(std::uint32_t instruction) {
  return sign_extend((bits(instruction, 31, 1) << 20) | (bits(instruction, 12, 8) << 12) |
                         (bits(instruction, 20, 1) << 11) | (bits(instruction, 21, 10) << 1),
                     21);
}

constexpr std::uint32_t encode_r(Opcode op, std::uint32_t rd, std::uint32_t funct3, std::uint32_t rs1,
                                 std::uint32_t rs2, std::uint32_t funct7) {
  return static_cast<std::uint32_t>(op) | (rd << 7) | (funct3 << 12) | (rs1 << 15) | (rs2 << 20) |
         (funct7 << 25);
}

constexpr std::uint32_t encode_i(Opcode op, std::uint32_t rd, std::uint32_t funct3, std::uint32_t rs1,
                                 std::uint32_t immediate) {
  return static_cast<std::uint32_t>(op) | (rd << 7) | (funct3 << 12) | (rs1 << 15) | (immediate << 20);
}

constexpr std::uint32_t encode_s(Opcode op, std::uint32_t funct3, std::uint32_t rs1, std::uint32_t rs2,
                                 std::uint32_t immediate) {
  return static_cast<std::uint32_t>(op) | (bits(immediate, 0, 5) << 7) | (funct3 << 12) | (rs1 << 15) |
         (rs2 << 20) | (bits(immediate, 5, 7) << 25);
}

constexpr std::uint32_t encode_b(std::uint32_t funct3, std::uint32_t rs1, std::uint32_t rs2,
                                 std::uint32_t offset) {
  return static_cast<std::uint32_t>(Opcode::branch) | (bits(offset, 11, 1) << 7) | (bits(offset, 1, 4) << 8) |
         (funct3 << 12) | (rs1 << 15) | (rs2 << 20) | (bits(offset, 5, 6) << 25) |
         (bits(offset, 12, 1) << 31);
}

constexpr std::uint32_t encode_u(Opcode op, std::uint32_t rd, std::uint32_t immediate) {
  return static_cast<std::uint32_t>(op) | (rd << 7) | (immediate & 0xFFFFF000u);
}

constexpr std::uint32_t encode_j(std::uint32_t rd, std::uint32_t offset) {
  return static_cast<std::uint32_t>(Opcode::jal) | (rd << 7) | (bits(offset, 12, 8) << 12) |
         (bits(offset, 11, 1) << 20) | (bits(offset, 1, 10) << 21) | (bits(offset, 20, 1) << 31);
}

}  // namespace weft::hart
