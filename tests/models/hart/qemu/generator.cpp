// SPDX-License-Identifier: Apache-2.0
#include "tests/models/hart/qemu/generator.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/models/hart/assembler.h"

namespace weft::test {

namespace {

constexpr std::uint32_t least_units = 50;
constexpr std::uint32_t more_units = 100;
// Far enough from the end for any unit.
constexpr std::uint32_t longest_unit = 64;

std::int32_t signed_offset(std::uint32_t value) { return static_cast<std::int32_t>(value); }

}  // namespace

Generator::Generator(const Features& features, std::uint64_t seed, std::uint32_t program)
    : features_(features), rng_(seed, program, 0) {}

Program Generator::program() {
  program_ = Program{};
  references_.clear();
  program_.context = 16 + rng_.below(16);
  program_.mscratch = rng_.next_u32();
  program_.mstatus = rng_.below(2) * 0x80u;
  for (std::uint32_t& value : program_.x) value = random_value();
  program_.single_float = features_.single_float;
  program_.fcsr = rng_.below(5) << 5;
  for (std::uint32_t& value : program_.f) value = random_float();
  program_.user_mode = features_.user_mode;
  program_.mcounteren = features_.user_mode ? rng_.below(8) : 0;
  if (features_.protection) initial_protection();
  const std::uint32_t count = least_units + rng_.below(more_units);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (program_.body_bytes() + longest_unit > slot::body_bytes) break;
    program_.units.emplace_back();
    unit();
  }
  link();
  return program_;
}

std::uint32_t Generator::random_value() {
  constexpr std::array<std::uint32_t, 10> corners = {0,  1,  0xFFFFFFFF, 0x80000000, 0x7FFFFFFF,
                                                     31, 32, 0x8000,     0xFFFF8000, 0x80000001};
  return one_in(3) ? corners[rng_.below(corners.size())] : rng_.next_u32();
}

std::uint32_t Generator::random_float() {
  // Zeros, ones, the ends of the normal and subnormal ranges, infinities, NaNs of both kinds, limits of
  // integers.
  constexpr std::array<std::uint32_t, 18> corners = {
      0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x00800000, 0x007FFFFF,
      0x00000001, 0x80000001, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000,
      0x7FC00000, 0xFFC12345, 0x7F800001, 0x4F000000, 0xCF000000, 0x4F800000};
  if (one_in(3)) return corners[rng_.below(corners.size())];
  if (one_in(2)) return rng_.next_u32();
  // Of similar size, so that sums and differences are more than one of the operands.
  return (rng_.next_u32() & 0x807FFFFFu) | (0x78u + rng_.below(16)) << 23;
}

std::uint32_t Generator::target() {
  while (true) {
    const std::uint32_t r = rng_.below(32);
    if (r != sp && r != s0 && r != program_.context) return r;
  }
}

std::uint32_t Generator::nonzero_target() { return another(zero); }

std::uint32_t Generator::another(std::uint32_t taken) {
  while (true) {
    const std::uint32_t r = target();
    if (r != zero && r != taken) return r;
  }
}

// The instruction that follows gets its distance to `target` when the program is linked.
void Generator::refer(Reach reach, std::size_t target, std::int32_t addend, std::int32_t origin) {
  references_.push_back(
      {program_.units.size() - 1, program_.units.back().size(), target, reach, origin, addend});
}

std::size_t Generator::forwards() { return program_.units.size() + rng_.below(6); }

std::size_t Generator::backwards() {
  const std::size_t here = program_.units.size() - 1;
  return here - std::min<std::size_t>(here, 1 + rng_.below(5));
}

void Generator::link() {
  std::vector<std::int32_t> starts;
  std::int32_t offset = 0;
  for (const auto& unit : program_.units) {
    starts.push_back(offset);
    offset += static_cast<std::int32_t>(2 * unit.size());
  }
  starts.push_back(offset);
  for (const Reference& reference : references_) {
    std::vector<std::uint16_t>& unit = program_.units[reference.unit];
    const std::int32_t target = starts[std::min(reference.target, program_.units.size())];
    const std::int32_t here = starts[reference.unit] + static_cast<std::int32_t>(2 * reference.parcel);
    const std::int32_t distance = target - here + reference.origin + reference.addend;
    const auto d = static_cast<std::uint32_t>(distance);
    std::uint32_t bits = 0;
    switch (reference.reach) {
      case Reach::jal:
        bits = hart::encode_j(0, d) & ~0x7Fu;
        break;
      case Reach::branch:
        REQUIRE(distance >= -4096);
        REQUIRE(distance < 4096);
        bits = hart::encode_b(0, 0, 0, d) & ~0x7Fu;
        break;
      case Reach::address:
        REQUIRE(distance >= -2048);
        REQUIRE(distance < 2048);
        bits = d << 20;
        break;
      case Reach::short_jump:
        bits = (d >> 11 & 1u) << 12 | (d >> 4 & 1u) << 11 | (d >> 8 & 3u) << 9 | (d >> 10 & 1u) << 8 |
               (d >> 6 & 1u) << 7 | (d >> 7 & 1u) << 6 | (d >> 1 & 7u) << 3 | (d >> 5 & 1u) << 2;
        break;
      case Reach::short_branch:
        REQUIRE(distance >= -256);
        REQUIRE(distance < 256);
        bits = (d >> 8 & 1u) << 12 | (d >> 3 & 3u) << 10 | (d >> 6 & 3u) << 5 | (d >> 1 & 3u) << 3 |
               (d >> 5 & 1u) << 2;
        break;
    }
    unit[reference.parcel] |= static_cast<std::uint16_t>(bits);
    if (bits >> 16 != 0) unit[reference.parcel + 1] |= static_cast<std::uint16_t>(bits >> 16);
  }
}

void Generator::unit() {
  if (features_.single_float && one_in(3)) return float_operation();
  if ((features_.zba || features_.zbb || features_.zbs) && one_in(5)) return bit_manipulation();
  if (features_.user_mode && one_in(8)) return level();
  if (features_.protection && one_in(6)) return protection();
  if (features_.misaligned && one_in(4)) return misaligned_access();
  const std::uint32_t kind = rng_.below(100);
  if (kind < 12) return immediate_operation();
  if (kind < 22) return register_operation();
  if (kind < 25) return upper_immediate();
  if (kind < 32) return multiplication();
  if (kind < 42) return load_or_store();
  if (kind < 45) return through_pointer();
  if (kind < 49) return atomic();
  if (kind < 51) return reserved_pair();
  if (kind < 52) return fence();
  if (kind < 53) return own_code();
  if (kind < 64) return features_.compressed ? compressed_operation() : register_operation();
  if (kind < 68) return features_.compressed ? compressed_memory() : load_or_store();
  if (kind < 74) return branch_forwards();
  if (kind < 77) return jump_forwards();
  if (kind < 79) return jump_through_register();
  if (kind < 82) return jump_backwards();
  if (kind < 86) return csr_access();
  if (kind < 87) return identification();
  if (kind < 89) return status();
  if (kind < 90) return vector_base();
  if (kind < 92) return trap();
  if (kind < 93) return faulting_access();
  if (kind < 94) return faulting_fetch();
  if (kind < 95) return misaligned_reservation();
  if (kind < 96) return misaligned_jump();
  return features_.compressed && one_in(2) ? raw_parcel() : raw_word();
}

void Generator::immediate_operation() {
  const std::uint32_t funct3 = rng_.below(8);
  std::uint32_t value = rng_.below(4096);
  if (funct3 == 1) value &= 31u;
  if (funct3 == 5) value &= 0x41Fu;
  emit(hart::encode_i(Opcode::op_imm, target(), funct3, any(), value));
}

void Generator::register_operation() {
  const std::uint32_t funct3 = rng_.below(8);
  const bool alternative = (funct3 == 0 || funct3 == 5) && one_in(2);
  emit(op(funct3, alternative ? 0x20 : 0, target(), any(), any()));
}

void Generator::upper_immediate() {
  emit(hart::encode_u(one_in(2) ? Opcode::lui : Opcode::auipc, target(), rng_.next_u32()));
}

// Illegal, and so a trap, if the extension is off.
void Generator::multiplication() { emit(op(rng_.below(8), 1, target(), any(), any())); }

void Generator::load_or_store() {
  constexpr std::array<std::uint32_t, 5> loads = {0, 1, 2, 4, 5};
  const bool is_store = one_in(2);
  const std::uint32_t funct3 = is_store ? rng_.below(3) : loads[rng_.below(5)];
  const std::uint32_t aligned = rng_.below(2048) >> (funct3 & 3u) << (funct3 & 3u);
  const bool through_sp = one_in(3);
  const std::int32_t lowest = through_sp ? -256 : -1024;
  const std::uint32_t base = through_sp ? std::uint32_t{sp} : std::uint32_t{s0};
  const std::int32_t offset = signed_offset(aligned) + lowest;
  emit(is_store ? store(funct3, any(), offset, base) : load(funct3, target(), offset, base));
}

// Any register as base, a negative or positive offset to it.
void Generator::through_pointer() {
  const std::uint32_t base = nonzero_target();
  const std::int32_t away = signed_offset(rng_.below(1024)) - 512;
  const std::int32_t place = 4 * (signed_offset(rng_.below(100)) - 50);
  emit(addi(base, s0, away));
  emit(one_in(2) ? sw(any(), place - away, base) : lw(target(), place - away, base));
}

// QEMU 7.2 reports what refuses an AMO as the fault of a load.
void Generator::atomic() {
  if (features_.protection) return load_or_store();
  constexpr std::array<std::uint32_t, 9> kinds = {0, 1, 4, 8, 12, 16, 20, 24, 28};
  const std::uint32_t ordering = rng_.below(4) << 25;
  if (one_in(2)) {
    emit(amo(kinds[rng_.below(9)], target(), any(), one_in(2) ? s0 : sp) | ordering);
    return;
  }
  const std::uint32_t base = nonzero_target();
  emit(addi(base, s0, 4 * signed_offset(rng_.below(256)) - 512));
  emit(amo(kinds[rng_.below(9)], target(), any(), base) | ordering);
}

// Without a store of the program in between, of which implementations may think what they like.
void Generator::reserved_pair() {
  emit(lr_w(target(), s0) | rng_.below(4) << 25);
  const std::uint32_t between = rng_.below(3);
  for (std::uint32_t i = 0; i < between; ++i) immediate_operation();
  emit(sc_w(target(), any(), one_in(4) ? sp : s0) | rng_.below(4) << 25);
  if (one_in(2)) emit(sc_w(target(), any(), s0));
}

void Generator::fence() {
  const std::uint32_t fields = one_in(2) ? 0x0FF00000u : rng_.next_u32() & 0xFFFF8F80u;
  emit(fields | (one_in(2) ? 0x0000000Fu : 0x0000100Fu));
}

// Replaces an instruction behind it in memory, once or twice and differently. Both machines see that without
// being told, QEMU from the next jump on.
void Generator::own_code() {
  const std::uint32_t address = nonzero_target();
  const std::uint32_t value = another(address);
  std::uint32_t left = value;
  while (left == value || left == address) left = nonzero_target();
  std::uint32_t shifted = value;
  while (shifted == value || shifted == address || shifted == left) shifted = nonzero_target();
  const std::uint32_t instruction = addi(another(left), any(), 0);  // the immediate is what fuel is left
  const std::uint32_t low = hart::sign_extend(instruction & 0xFFFu, 12);
  const auto fuel = static_cast<std::int32_t>(slot::fuel);
  constexpr std::int32_t patched = 48;
  emit(auipc(address, 0));
  emit(lw(left, fuel, program_.context));
  emit(addi(left, left, -1));
  emit(sw(left, fuel, program_.context));
  emit(lui(value, instruction - low));
  emit(addi(value, value, signed_offset(low)));
  emit(op_imm(1, shifted, left, 20));
  emit(add(value, value, shifted));
  // In halves: with compressed instructions, code is only 2-aligned.
  emit(sh(value, patched, address));
  emit(op_imm(5, value, value, 16));
  emit(sh(value, patched + 2, address));
  emit(one_in(2) ? fence_i : jal(zero, 4));
  emit(nop);
  emit(op_imm(7, shifted, left, 1));
  emit(bne(shifted, zero, -patched - 8));
}

void Generator::compressed_operation() {
  const std::uint32_t rd = nonzero_target();
  const std::uint32_t low = short_target();
  const std::uint32_t sign = rng_.below(2) << 12;
  switch (rng_.below(10)) {
    case 0:
      return emit16(0x0001u | rd << 7 | rng_.below(32) << 2 | sign);  // c.addi
    case 1:
      return emit16(0x4001u | rd << 7 | rng_.below(32) << 2 | sign);  // c.li
    case 2:
      return emit16(0x6001u | rd << 7 | (1 + rng_.below(31)) << 2 | sign);  // c.lui
    case 3:
      return emit16(0x8001u | low << 7 | rng_.below(2) << 10 | rng_.below(32) << 2);  // c.srli, c.srai
    case 4:
      return emit16(0x8801u | low << 7 | rng_.below(32) << 2 | sign);  // c.andi
    case 5:
      return emit16(0x8C01u | low << 7 | rng_.below(4) << 5 | short_any() << 2);  // c.sub, xor, or, and
    case 6:
      return emit16(0x0002u | rd << 7 | rng_.below(32) << 2);  // c.slli
    case 7:
      return emit16(0x8002u | rng_.below(2) << 12 | rd << 7 | (1 + rng_.below(31)) << 2);  // c.mv, c.add
    case 8:
      return emit16(0x0000u | low << 2 | (1 + rng_.below(255)) << 5);  // c.addi4spn
    default:
      // c.addi16sp is the only instruction that cannot name another register than sp.
      emit16(0x6101u | (1 + rng_.below(3)) << 3);
      return emit(lw(sp, signed_offset(slot::initial_x + 4 * sp), program_.context));
  }
}

void Generator::compressed_memory() {
  const std::uint32_t word = rng_.below(64);
  switch (rng_.below(4)) {
    case 0:  // c.lwsp
      return emit16(0x4002u | nonzero_target() << 7 | (word & 7u) << 4 | (word >> 3 & 1u) << 12 |
                    (word >> 4) << 2);
    case 1:  // c.swsp
      return emit16(0xC002u | any() << 2 | (word & 15u) << 9 | (word >> 4) << 7);
    case 2:  // c.lw from s0
      return emit16(0x4000u | short_target() << 2 | rng_.below(8) << 10 | rng_.below(4) << 5);
    default:  // c.sw to s0
      return emit16(0xC000u | short_any() << 2 | rng_.below(8) << 10 | rng_.below(4) << 5);
  }
}

}  // namespace weft::test
