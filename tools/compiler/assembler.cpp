// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/assembler.h"

#include <fmt/format.h>

#include <cassert>

#include "models/common/error.h"
#include "models/common/float_bits.h"

namespace weft::compiler {

namespace {

constexpr std::uint32_t n(Reg reg) { return static_cast<std::uint32_t>(reg); }

constexpr std::uint32_t r_type(std::uint32_t funct7, Reg rs2, Reg rs1, std::uint32_t funct3, Reg rd,
                               std::uint32_t opcode) {
  return funct7 << 25 | n(rs2) << 20 | n(rs1) << 15 | funct3 << 12 | n(rd) << 7 | opcode;
}

constexpr std::uint32_t i_type(std::int32_t immediate, Reg rs1, std::uint32_t funct3, Reg rd,
                               std::uint32_t opcode) {
  return (static_cast<std::uint32_t>(immediate) & 0xfffu) << 20 | n(rs1) << 15 | funct3 << 12 | n(rd) << 7 |
         opcode;
}

constexpr std::uint32_t s_type(std::int32_t immediate, Reg rs2, Reg rs1, std::uint32_t funct3) {
  const auto bits = static_cast<std::uint32_t>(immediate);
  return (bits >> 5 & 0x7fu) << 25 | n(rs2) << 20 | n(rs1) << 15 | funct3 << 12 | (bits & 0x1fu) << 7 | 0x23u;
}

// Floating-point registers are encoded in the fields of the integer ones.
constexpr Reg as_field(FReg reg) { return static_cast<Reg>(reg); }

constexpr bool fits(std::int64_t value, unsigned bits) {
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return value >= -half && value < half;
}

constexpr unsigned immediate_bits = 12;

std::uint32_t branch_offset(std::int64_t offset) {
  const auto bits = static_cast<std::uint32_t>(offset);
  return (bits >> 12 & 1u) << 31 | (bits >> 5 & 0x3fu) << 25 | (bits >> 1 & 0xfu) << 8 |
         (bits >> 11 & 1u) << 7;
}

std::uint32_t jump_offset(std::int64_t offset) {
  const auto bits = static_cast<std::uint32_t>(offset);
  return (bits >> 20 & 1u) << 31 | (bits >> 1 & 0x3ffu) << 21 | (bits >> 11 & 1u) << 20 |
         (bits >> 12 & 0xffu) << 12;
}

}  // namespace

void Assembler::region(const std::string& name) {
  if (!regions_.empty()) regions_.back().end = here();
  regions_.push_back({name, here(), here()});
  note_.clear();
}

Label Assembler::make_label() {
  labels_.push_back(-1);
  return {static_cast<int>(labels_.size()) - 1};
}

void Assembler::bind(Label label) { labels_.at(static_cast<std::size_t>(label.id)) = here(); }

std::uint32_t Assembler::address_of(Label label) const {
  const std::int64_t address = labels_.at(static_cast<std::size_t>(label.id));
  assert(address >= 0 && "label was never bound");
  return static_cast<std::uint32_t>(address);
}

void Assembler::emit(std::uint32_t word) {
  listing_.push_back({here(), word, regions_.empty() ? "" : regions_.back().name, note_});
  words_.push_back(word);
}

void Assembler::li(Reg rd, std::uint32_t value) {
  const auto number = static_cast<std::int32_t>(value);
  if (fits(number, immediate_bits)) {
    emit(i_type(number, Reg::zero, 0, rd, 0x13));
    return;
  }
  // addi sign-extends, so the upper part is rounded.
  const std::uint32_t upper = (value + 0x800u) & 0xfffff000u;
  emit(upper | n(rd) << 7 | 0x37u);
  if (upper != value) emit(i_type(static_cast<std::int32_t>(value - upper), rd, 0, rd, 0x13));
}

void Assembler::la(Reg rd, Label label) {
  fixups_.push_back({words_.size(), label.id, FixupKind::address});
  emit(n(rd) << 7 | 0x37u);
  emit(i_type(0, rd, 0, rd, 0x13));
}

void Assembler::addi(Reg rd, Reg rs1, std::int32_t immediate) {
  assert(fits(immediate, immediate_bits));
  emit(i_type(immediate, rs1, 0, rd, 0x13));
}
void Assembler::add(Reg rd, Reg rs1, Reg rs2) { emit(r_type(0, rs2, rs1, 0, rd, 0x33)); }
void Assembler::sub(Reg rd, Reg rs1, Reg rs2) { emit(r_type(0x20, rs2, rs1, 0, rd, 0x33)); }
void Assembler::mul(Reg rd, Reg rs1, Reg rs2) { emit(r_type(1, rs2, rs1, 0, rd, 0x33)); }
void Assembler::divu(Reg rd, Reg rs1, Reg rs2) { emit(r_type(1, rs2, rs1, 5, rd, 0x33)); }
void Assembler::sltu(Reg rd, Reg rs1, Reg rs2) { emit(r_type(0, rs2, rs1, 3, rd, 0x33)); }
void Assembler::sll(Reg rd, Reg rs1, Reg rs2) { emit(r_type(0, rs2, rs1, 1, rd, 0x33)); }
void Assembler::slli(Reg rd, Reg rs1, unsigned shift) {
  emit(i_type(static_cast<std::int32_t>(shift), rs1, 1, rd, 0x13));
}
void Assembler::srli(Reg rd, Reg rs1, unsigned shift) {
  emit(i_type(static_cast<std::int32_t>(shift), rs1, 5, rd, 0x13));
}
void Assembler::srai(Reg rd, Reg rs1, unsigned shift) {
  emit(i_type(static_cast<std::int32_t>(shift | 0x400u), rs1, 5, rd, 0x13));
}

void Assembler::andi(Reg rd, Reg rs1, std::int32_t immediate) {
  assert(fits(immediate, immediate_bits));
  emit(i_type(immediate, rs1, 7, rd, 0x13));
}

void Assembler::lw(Reg rd, std::int32_t offset, Reg base) {
  assert(fits(offset, immediate_bits));
  emit(i_type(offset, base, 2, rd, 0x03));
}
void Assembler::lh(Reg rd, std::int32_t offset, Reg base) {
  assert(fits(offset, immediate_bits));
  emit(i_type(offset, base, 1, rd, 0x03));
}
void Assembler::sw(Reg source, std::int32_t offset, Reg base) {
  assert(fits(offset, immediate_bits));
  emit(s_type(offset, source, base, 2));
}
void Assembler::sh(Reg source, std::int32_t offset, Reg base) {
  assert(fits(offset, immediate_bits));
  emit(s_type(offset, source, base, 1));
}

void Assembler::csrw(unsigned csr, Reg source) {
  emit(i_type(static_cast<std::int32_t>(csr), source, 1, Reg::zero, 0x73));
}
void Assembler::csrr(Reg rd, unsigned csr) {
  emit(i_type(static_cast<std::int32_t>(csr), Reg::zero, 2, rd, 0x73));
}

void Assembler::csrs(unsigned csr, Reg source) {
  emit(i_type(static_cast<std::int32_t>(csr), source, 2, Reg::zero, 0x73));
}

void Assembler::flw(FReg rd, std::int32_t offset, Reg base) {
  assert(fits(offset, immediate_bits));
  emit(i_type(offset, base, 2, as_field(rd), 0x07));
}
void Assembler::fsw(FReg source, std::int32_t offset, Reg base) {
  assert(fits(offset, immediate_bits));
  emit(s_type(offset, as_field(source), base, 2) - 0x23u + 0x27u);
}
void Assembler::float_operation(std::uint32_t function, std::uint32_t rounding, FReg rd, FReg rs1, FReg rs2) {
  emit(r_type(function, as_field(rs2), as_field(rs1), rounding, as_field(rd), 0x53));
}
void Assembler::flt(Reg rd, FReg rs1, FReg rs2) {
  emit(r_type(0x50, as_field(rs2), as_field(rs1), 1, rd, 0x53));
}
void Assembler::to_float(FReg rd, Reg rs1) { emit(r_type(0x68, Reg::zero, rs1, 0, as_field(rd), 0x53)); }
void Assembler::to_integer(Reg rd, FReg rs1) { emit(r_type(0x60, Reg::zero, as_field(rs1), 0, rd, 0x53)); }
void Assembler::move(Reg rd, FReg rs1) { emit(r_type(0x70, Reg::zero, as_field(rs1), 0, rd, 0x53)); }
void Assembler::move(FReg rd, Reg rs1) { emit(r_type(0x78, Reg::zero, rs1, 0, as_field(rd), 0x53)); }
void Assembler::fli(FReg rd, float value) {
  li(Reg::t6, bits_of(value));
  move(rd, Reg::t6);
}

void Assembler::xweft(xweft::Mnemonic mnemonic, Reg rd, Reg rs1, Reg rs2, Reg rs3) {
  const xweft::Instruction& instruction = xweft::instructions.at(static_cast<std::size_t>(mnemonic));
  const std::uint32_t word = xweft::encode(instruction, {n(rd), n(rs1), n(rs2), n(rs3)});
  assert(xweft::decode(word) == &instruction && "a register is given that the instruction does not use");
  emit(word);
}

void Assembler::branch(unsigned function, Reg rs1, Reg rs2, Label target) {
  fixups_.push_back({words_.size(), target.id, FixupKind::branch});
  emit(n(rs2) << 20 | n(rs1) << 15 | function << 12 | 0x63u);
}

void Assembler::jal(Reg rd, Label target) {
  fixups_.push_back({words_.size(), target.id, FixupKind::jump});
  emit(n(rd) << 7 | 0x6fu);
}

void Assembler::finish() {
  if (!regions_.empty()) regions_.back().end = here();
  for (const Fixup& fixup : fixups_) {
    const std::uint32_t target = address_of({fixup.label});
    if (fixup.kind == FixupKind::address) {
      const std::uint32_t upper = (target + 0x800u) & 0xfffff000u;
      patch(fixup.index, upper);
      patch(fixup.index + 1, (target - upper) << 20);
      continue;
    }
    const std::int64_t from = base_ + 4 * static_cast<std::int64_t>(fixup.index);
    const std::int64_t offset = target - from;
    const bool is_branch = fixup.kind == FixupKind::branch;
    if (!fits(offset, is_branch ? 13 : 21)) {
      throw Error(fmt::format("compiled program: the jump at {:#x} reaches {} bytes, too far", from, offset));
    }
    patch(fixup.index, is_branch ? branch_offset(offset) : jump_offset(offset));
  }
}

void Assembler::patch(std::size_t index, std::uint32_t bits) {
  words_[index] |= bits;
  listing_[index].word = words_[index];
}

}  // namespace weft::compiler
