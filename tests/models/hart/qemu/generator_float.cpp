// SPDX-License-Identifier: Apache-2.0
// Units of single-precision floating point. Encodings: RISC-V Unprivileged ISA 20191213, chapter 11.
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/qemu/generator.h"

namespace weft::test {

namespace {

constexpr auto opcode_float_load = static_cast<Opcode>(0x07);
constexpr auto opcode_float_store = static_cast<Opcode>(0x27);
constexpr auto opcode_float = static_cast<Opcode>(0x53);
constexpr std::uint32_t fmadd = 0x43;  // fmsub, fnmsub and fnmadd are the next three, 4 apart
constexpr std::uint32_t dynamic = 7;
constexpr unsigned fflags = 1;
constexpr unsigned fcsr = 3;
constexpr std::uint32_t mstatus_fs = 3u << 13;

}  // namespace

void Generator::float_operation() {
  switch (rng_.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return float_arithmetic();
    case 4:
    case 5:
    case 6:
      return float_fused();
    case 7:
    case 8:
    case 9:
      return float_compare_or_move();
    case 10:
    case 11:
      return float_convert();
    case 12:
      return float_memory();
    case 13:
      return features_.compressed ? float_compressed_memory() : float_memory();
    case 14:
      return float_status();
    default:
      return one_in(3) ? float_off() : float_arithmetic();
  }
}

// Mostly as fcsr says; rarely one of the two modes that do not exist.
std::uint32_t Generator::rounding_mode() {
  if (one_in(2)) return dynamic;
  return one_in(16) ? 5 + rng_.below(2) : rng_.below(5);
}

void Generator::float_arithmetic() {
  constexpr std::array<std::uint32_t, 5> functions = {0x00, 0x04, 0x08, 0x0C, 0x2C};
  const std::uint32_t function = functions[rng_.below(5)];  // fadd, fsub, fmul, fdiv, fsqrt
  const std::uint32_t rs2 = function == 0x2C ? 0 : any();
  emit(hart::encode_r(opcode_float, any(), rounding_mode(), any(), rs2, function));
}

void Generator::float_fused() {
  const auto opcode = static_cast<Opcode>(fmadd + 4 * rng_.below(4));
  emit(hart::encode_r(opcode, any(), rounding_mode(), any(), any(), any() << 2));
}

void Generator::float_compare_or_move() {
  switch (rng_.below(6)) {
    case 0:  // fsgnj, fsgnjn, fsgnjx
      return emit(hart::encode_r(opcode_float, any(), rng_.below(3), any(), any(), 0x10));
    case 1:  // fmin, fmax
      return emit(hart::encode_r(opcode_float, any(), rng_.below(2), any(), any(), 0x14));
    case 2:  // fle, flt, feq
      return emit(hart::encode_r(opcode_float, target(), rng_.below(3), any(), any(), 0x50));
    case 3:  // fmv.x.w, fclass
      return emit(hart::encode_r(opcode_float, target(), rng_.below(2), any(), 0, 0x70));
    case 4:  // fmv.w.x
      return emit(hart::encode_r(opcode_float, any(), 0, any(), 0, 0x78));
    default:  // functions of other widths, which do not exist here
      return emit(
          hart::encode_r(opcode_float, target(), rng_.below(8), any(), any(), 4 * rng_.below(32) + 1));
  }
}

void Generator::float_convert() {
  const std::uint32_t is_unsigned = rng_.below(2);
  if (one_in(2))
    return emit(hart::encode_r(opcode_float, target(), rounding_mode(), any(), is_unsigned, 0x60));
  emit(hart::encode_r(opcode_float, any(), rounding_mode(), any(), is_unsigned, 0x68));
}

void Generator::float_memory() {
  const std::uint32_t offset = 4 * rng_.below(512) - 1024;
  if (one_in(8)) {  // a fault must leave the register alone
    const std::uint32_t base = nonzero_target();
    emit(lui(base, hole + 0x1000));
    return emit(hart::encode_i(opcode_float_load, any(), 2, base, 0));
  }
  emit(one_in(2) ? hart::encode_i(opcode_float_load, any(), 2, s0, offset)
                 : hart::encode_s(opcode_float_store, 2, s0, any(), offset));
}

void Generator::float_compressed_memory() {
  const std::uint32_t word = rng_.below(64);
  switch (rng_.below(4)) {
    case 0:  // c.flwsp
      return emit16(0x6002u | any() << 7 | (word & 7u) << 4 | (word >> 3 & 1u) << 12 | (word >> 4) << 2);
    case 1:  // c.fswsp
      return emit16(0xE002u | any() << 2 | (word & 15u) << 9 | (word >> 4) << 7);
    case 2:  // c.flw from s0
      return emit16(0x6000u | short_any() << 2 | rng_.below(8) << 10 | rng_.below(4) << 5);
    default:  // c.fsw to s0
      return emit16(0xE000u | short_any() << 2 | rng_.below(8) << 10 | rng_.below(4) << 5);
  }
}

// Rounding modes that do not exist come and go with these.
void Generator::float_status() {
  const std::uint32_t funct3 = 1 + rng_.below(3) + 4 * rng_.below(2);
  const unsigned number = fflags + rng_.below(fcsr - fflags + 1);
  if (one_in(2)) return emit(csrr(target(), number));
  if (one_in(2)) return emit(csrrwi(target(), fcsr - 1, rng_.below(5)));
  emit(hart::encode_i(Opcode::system, target(), funct3, any(), number));
}

// One instruction while the registers are off, which traps.
void Generator::float_off() {
  const std::uint32_t fields = nonzero_target();
  emit(lui(fields, mstatus_fs));
  emit(csrrc(zero, hart::csr::mstatus, fields));
  const std::size_t before = program_.units.back().size();
  while (program_.units.back().size() == before) one_in(2) ? float_convert() : float_status();
  emit(lui(fields, mstatus_fs));
  emit(csrrs(zero, hart::csr::mstatus, fields));
}

}  // namespace weft::test
