// SPDX-License-Identifier: Apache-2.0
// Units of arbitrary bits: legal or not, both machines must think the same of them.
#include "models/hart/compressed.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/qemu/generator.h"

namespace weft::test {

namespace {

// Opcodes without memory accesses, jumps and CSRs, whatever the other bits are; and some that nobody has.
constexpr std::array<std::uint32_t, 18> opcodes = {0x13, 0x13, 0x13, 0x33, 0x33, 0x33, 0x1B, 0x3B, 0x2B,
                                                   0x0B, 0x5B, 0x7B, 0x57, 0x6B, 0x77, 0x1F, 0x3F, 0x7F};
// Values of funct7 that mean something to some extension.
constexpr std::array<std::uint32_t, 12> functions = {0x00, 0x01, 0x04, 0x05, 0x10, 0x14,
                                                     0x20, 0x24, 0x30, 0x34, 0x0A, 0x60};
constexpr std::uint32_t funct7_mask = 0xFE000000;

}  // namespace

// All of Zba, Zbb and Zbs; what is off is illegal on both sides.
void Generator::bit_manipulation() {
  struct Encoding {
    Opcode opcode;
    std::uint32_t funct3;
    std::uint32_t funct7;
    std::int32_t rs2 = -1;  // any if negative
  };
  constexpr std::array<Encoding, 33> encodings = {{
      {Opcode::op, 2, 0x10},            // sh1add
      {Opcode::op, 4, 0x10},            // sh2add
      {Opcode::op, 6, 0x10},            // sh3add
      {Opcode::op, 7, 0x20},            // andn
      {Opcode::op, 6, 0x20},            // orn
      {Opcode::op, 4, 0x20},            // xnor
      {Opcode::op_imm, 1, 0x30, 0},     // clz
      {Opcode::op_imm, 1, 0x30, 1},     // ctz
      {Opcode::op_imm, 1, 0x30, 2},     // cpop
      {Opcode::op_imm, 1, 0x30, 4},     // sext.b
      {Opcode::op_imm, 1, 0x30, 5},     // sext.h
      {Opcode::op, 4, 0x04, 0},         // zext.h
      {Opcode::op, 4, 0x05},            // min
      {Opcode::op, 5, 0x05},            // minu
      {Opcode::op, 6, 0x05},            // max
      {Opcode::op, 7, 0x05},            // maxu
      {Opcode::op, 1, 0x30},            // rol
      {Opcode::op, 5, 0x30},            // ror
      {Opcode::op_imm, 5, 0x30},        // rori
      {Opcode::op_imm, 5, 0x14, 7},     // orc.b
      {Opcode::op_imm, 5, 0x34, 0x18},  // rev8
      {Opcode::op, 1, 0x24},            // bclr
      {Opcode::op, 5, 0x24},            // bext
      {Opcode::op, 1, 0x34},            // binv
      {Opcode::op, 1, 0x14},            // bset
      {Opcode::op_imm, 1, 0x24},        // bclri
      {Opcode::op_imm, 5, 0x24},        // bexti
      {Opcode::op_imm, 1, 0x34},        // binvi
      {Opcode::op_imm, 1, 0x14},        // bseti
      {Opcode::op_imm, 1, 0x30},        // unary operations that do not exist
      {Opcode::op_imm, 5, 0x14},       {Opcode::op_imm, 5, 0x34}, {Opcode::op, 4, 0x04},
  }};
  const Encoding& e = encodings[rng_.below(encodings.size())];
  const std::uint32_t rs2 = e.rs2 < 0 ? any() : static_cast<std::uint32_t>(e.rs2);
  emit(hart::encode_r(e.opcode, target(), e.funct3, any(), rs2, e.funct7));
}

void Generator::raw_word() {
  std::uint32_t word = (rng_.next_u32() & ~0xFFFu) | opcodes[rng_.below(opcodes.size())] | target() << 7;
  if (one_in(2)) word = (word & ~funct7_mask) | functions[rng_.below(functions.size())] << 25;
  switch (rng_.below(8)) {
    case 0:  // loads and stores of widths that do not exist
      return emit(one_in(2) ? load(one_in(2) ? 3 : 6 + rng_.below(2), target(), 0, s0)
                            : store(3 + rng_.below(5), any(), 0, s0));
    case 1:  // jumps and branches that do not exist
      return emit(one_in(2) ? branch(2 + rng_.below(2), any(), any(), 8)
                            : jalr(target(), 0, any()) | (1 + rng_.below(7)) << 12);
    case 2: {  // atomics: lr.w only together with sc.w
      if (features_.protection) return atomic();
      const std::uint32_t funct5 = rng_.below(32);
      if (funct5 == hart::funct5_lr) return emit(amo(funct5, target(), 1 + rng_.below(31), s0));
      return emit(hart::encode_r(Opcode::amo, target(), rng_.below(8), s0, any(), funct5 << 2));
    }
    default:
      return emit(word);
  }
}

// A parcel whose expansion computes something, or one that expands to nothing.
void Generator::raw_parcel() {
  while (true) {
    const std::uint32_t parcel = rng_.below(0x10000);
    if ((parcel & 3u) == 3u) continue;
    const std::uint32_t word = hart::expand(static_cast<std::uint16_t>(parcel));
    if (word == 0 || harmless(word)) return emit16(parcel);
  }
}

bool Generator::harmless(std::uint32_t word) const {
  const Opcode opcode = hart::opcode(word);
  const std::uint32_t rd = hart::field_rd(word);
  if (rd == sp || rd == s0 || rd == program_.context) return false;
  return opcode == Opcode::op || opcode == Opcode::op_imm || opcode == Opcode::lui;
}

}  // namespace weft::test
