// SPDX-License-Identifier: Apache-2.0
#include "models/hart/compressed.h"

#include "models/hart/encoding.h"

namespace weft::hart {

namespace {

constexpr std::uint32_t reserved = 0;
constexpr std::uint32_t ra = 1;
constexpr std::uint32_t sp = 2;

// The three-bit register fields of the CIW, CL, CS, CA and CB formats name x8 to x15.
constexpr std::uint32_t high_register(std::uint32_t parcel, unsigned low) {
  return 8u + bits(parcel, low, 3);
}

std::uint32_t immediate_ci(std::uint32_t c) { return sign_extend((bits(c, 12, 1) << 5) | bits(c, 2, 5), 6); }

std::uint32_t offset_word(std::uint32_t c) {
  return (bits(c, 5, 1) << 6) | (bits(c, 10, 3) << 3) | (bits(c, 6, 1) << 2);
}

std::uint32_t stack_load_offset(std::uint32_t c) {
  return (bits(c, 2, 2) << 6) | (bits(c, 12, 1) << 5) | (bits(c, 4, 3) << 2);
}

std::uint32_t stack_store_offset(std::uint32_t c) { return (bits(c, 7, 2) << 6) | (bits(c, 9, 4) << 2); }

std::uint32_t offset_jump(std::uint32_t c) {
  return sign_extend((bits(c, 12, 1) << 11) | (bits(c, 8, 1) << 10) | (bits(c, 9, 2) << 8) |
                         (bits(c, 6, 1) << 7) | (bits(c, 7, 1) << 6) | (bits(c, 2, 1) << 5) |
                         (bits(c, 11, 1) << 4) | (bits(c, 3, 3) << 1),
                     12);
}

std::uint32_t offset_branch(std::uint32_t c) {
  return sign_extend((bits(c, 12, 1) << 8) | (bits(c, 5, 2) << 6) | (bits(c, 2, 1) << 5) |
                         (bits(c, 10, 2) << 3) | (bits(c, 3, 2) << 1),
                     9);
}

std::uint32_t expand_addi4spn(std::uint32_t c) {
  const std::uint32_t immediate =
      (bits(c, 7, 4) << 6) | (bits(c, 11, 2) << 4) | (bits(c, 5, 1) << 3) | (bits(c, 6, 1) << 2);
  if (immediate == 0) return reserved;
  return encode_i(Opcode::op_imm, high_register(c, 2), 0, sp, immediate);
}

std::uint32_t expand_quadrant0(std::uint32_t c) {
  switch (bits(c, 13, 3)) {
    case 0:
      return expand_addi4spn(c);
    case 2:
      return encode_i(Opcode::load, high_register(c, 2), 2, high_register(c, 7), offset_word(c));
    case 3:
      return encode_i(Opcode::load_fp, high_register(c, 2), 2, high_register(c, 7), offset_word(c));
    case 7:
      return encode_s(Opcode::store_fp, 2, high_register(c, 7), high_register(c, 2), offset_word(c));
    case 6:
      return encode_s(Opcode::store, 2, high_register(c, 7), high_register(c, 2), offset_word(c));
    default:
      return reserved;
  }
}

std::uint32_t expand_lui_or_addi16sp(std::uint32_t c) {
  const std::uint32_t rd = bits(c, 7, 5);
  if (rd == sp) {
    const std::uint32_t immediate =
        sign_extend((bits(c, 12, 1) << 9) | (bits(c, 3, 2) << 7) | (bits(c, 5, 1) << 6) |
                        (bits(c, 2, 1) << 5) | (bits(c, 6, 1) << 4),
                    10);
    return immediate == 0 ? reserved : encode_i(Opcode::op_imm, sp, 0, sp, immediate);
  }
  const std::uint32_t immediate = immediate_ci(c);
  return immediate == 0 ? reserved : encode_u(Opcode::lui, rd, immediate << 12);
}

std::uint32_t expand_arithmetic(std::uint32_t c) {
  const std::uint32_t rd = high_register(c, 7);
  const std::uint32_t shift_amount = bits(c, 2, 5);
  const bool bit12 = bits(c, 12, 1) != 0;
  switch (bits(c, 10, 2)) {
    case 0:  // on RV32, bit 5 of the shift amount marks encodings reserved for vendors
      return bit12 ? reserved : encode_i(Opcode::op_imm, rd, 5, rd, shift_amount);
    case 1:
      return bit12 ? reserved : encode_i(Opcode::op_imm, rd, 5, rd, shift_amount | 0x400u);
    case 2:
      return encode_i(Opcode::op_imm, rd, 7, rd, immediate_ci(c));
    default:
      break;
  }
  if (bit12) return reserved;
  const std::uint32_t rs2 = high_register(c, 2);
  switch (bits(c, 5, 2)) {
    case 0:
      return encode_r(Opcode::op, rd, 0, rd, rs2, 0x20);
    case 1:
      return encode_r(Opcode::op, rd, 4, rd, rs2, 0);
    case 2:
      return encode_r(Opcode::op, rd, 6, rd, rs2, 0);
    default:
      return encode_r(Opcode::op, rd, 7, rd, rs2, 0);
  }
}

std::uint32_t expand_quadrant1(std::uint32_t c) {
  const std::uint32_t rd = bits(c, 7, 5);
  switch (bits(c, 13, 3)) {
    case 0:
      return encode_i(Opcode::op_imm, rd, 0, rd, immediate_ci(c));
    case 1:
      return encode_j(ra, offset_jump(c));
    case 2:
      return encode_i(Opcode::op_imm, rd, 0, 0, immediate_ci(c));
    case 3:
      return expand_lui_or_addi16sp(c);
    case 4:
      return expand_arithmetic(c);
    case 5:
      return encode_j(0, offset_jump(c));
    case 6:
      return encode_b(0, high_register(c, 7), 0, offset_branch(c));
    default:
      return encode_b(1, high_register(c, 7), 0, offset_branch(c));
  }
}

std::uint32_t expand_jump_move_add(std::uint32_t c) {
  const std::uint32_t rd = bits(c, 7, 5);
  const std::uint32_t rs2 = bits(c, 2, 5);
  if (bits(c, 12, 1) == 0) {
    if (rs2 != 0) return encode_r(Opcode::op, rd, 0, 0, rs2, 0);
    return rd == 0 ? reserved : encode_i(Opcode::jalr, 0, 0, rd, 0);
  }
  if (rs2 != 0) return encode_r(Opcode::op, rd, 0, rd, rs2, 0);
  return rd == 0 ? word::ebreak : encode_i(Opcode::jalr, ra, 0, rd, 0);
}

std::uint32_t expand_quadrant2(std::uint32_t c) {
  const std::uint32_t rd = bits(c, 7, 5);
  switch (bits(c, 13, 3)) {
    case 0:
      return bits(c, 12, 1) != 0 ? reserved : encode_i(Opcode::op_imm, rd, 1, rd, bits(c, 2, 5));
    case 2:
      return rd == 0 ? reserved : encode_i(Opcode::load, rd, 2, sp, stack_load_offset(c));
    case 3:
      return encode_i(Opcode::load_fp, rd, 2, sp, stack_load_offset(c));
    case 4:
      return expand_jump_move_add(c);
    case 6:
      return encode_s(Opcode::store, 2, sp, bits(c, 2, 5), stack_store_offset(c));
    case 7:
      return encode_s(Opcode::store_fp, 2, sp, bits(c, 2, 5), stack_store_offset(c));
    default:
      return reserved;
  }
}

}  // namespace

std::uint32_t expand(std::uint16_t parcel) {
  switch (parcel & 3u) {
    case 0:
      return expand_quadrant0(parcel);
    case 1:
      return expand_quadrant1(parcel);
    case 2:
      return expand_quadrant2(parcel);
    default:
      return reserved;
  }
}

}  // namespace weft::hart
