// SPDX-License-Identifier: Apache-2.0
#include "models/hart/xweft.h"

#include <array>

namespace weft::xweft {

namespace {

constexpr std::array<const char*, 32> register_names{
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
    "a6",   "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

// custom-0 to custom-3 differ in bits 5 and 6 of the opcode.
constexpr std::size_t slot(std::uint32_t bits) {
  return ((bits >> 5) & 3u) << 5 | ((bits >> 12) & 7u) << 2 | ((bits >> 25) & 3u);
}

constexpr bool is_custom_opcode(std::uint32_t bits) { return (bits & 0x0fu) == 0x0bu; }

struct Index {
  std::array<const Instruction*, 128> entries{};
  Index() {
    for (const Instruction& each : instructions) entries[slot(each.bits)] = &each;
  }
};

bool unused_fields_are_zero(const Instruction& instruction, const Fields& used) {
  return (instruction.has_result || used.rd == 0) && (instruction.rs1 != Role::unused || used.rs1 == 0) &&
         (instruction.rs2 != Role::unused || used.rs2 == 0) &&
         (instruction.rs3 != Role::unused || used.rs3 == 0);
}

void assign(unit::Command& command, Role role, std::uint32_t value) {
  switch (role) {
    case Role::src0:
      command.src0 = value;
      break;
    case Role::src1:
    case Role::scalar:
      command.src1 = value;
      break;
    case Role::dst:
      command.dst = value;
      break;
    case Role::length:
      command.length = value;
      break;
    default:
      break;
  }
}

}  // namespace

const Instruction* decode(std::uint32_t bits) {
  static const Index index;
  if (!is_custom_opcode(bits)) return nullptr;
  const Instruction* const found = index.entries[slot(bits)];
  if (found == nullptr || (bits & encoding_mask) != found->bits) return nullptr;
  return unused_fields_are_zero(*found, fields(bits)) ? found : nullptr;
}

const Instruction* find(const std::string& name) {
  for (const Instruction& each : instructions) {
    if (name == each.name) return &each;
  }
  return nullptr;
}

std::uint32_t encode(const Instruction& instruction, const Fields& registers) {
  return instruction.bits | registers.rd << 7 | registers.rs1 << 15 | registers.rs2 << 20 |
         registers.rs3 << 27;
}

std::string disassemble(std::uint32_t bits) {
  const Instruction* const found = decode(bits);
  if (found == nullptr) return "";
  const Fields used = fields(bits);
  std::string text = found->name;
  char separator = ' ';
  const auto append = [&](bool present, unsigned number) {
    if (!present) return;
    text += separator;
    text += register_names[number];
    separator = ',';
  };
  append(found->has_result, used.rd);
  append(found->rs1 != Role::unused, used.rs1);
  append(found->rs2 != Role::unused, used.rs2);
  append(found->rs3 != Role::unused, used.rs3);
  return text;
}

const std::uint32_t* State::find(unsigned number) const {
  switch (number) {
    case csr_wfmt:
      return &wfmt;
    case csr_wlen:
      return &wlen;
    case csr_wdim:
      return &wdim;
    case csr_wcnt:
      return &wcnt;
    case csr_wsstr:
      return &wsstr;
    case csr_wdstr:
      return &wdstr;
    case csr_wshift:
      return &wshift;
    case csr_wbits:
      return &wbits;
    case csr_wcomp:
      return &wcomp;
    case csr_wunits:
      return &wunits;
    case csr_wtile:
      return &wtile;
    case csr_winv:
      return &winv;
    case csr_wfpm:
      return &wfpm;
    default:
      return nullptr;
  }
}

CsrAccess State::read(unsigned number, std::uint32_t& value) const {
  const std::uint32_t* const found = find(number);
  if (found == nullptr) return CsrAccess::no_such_csr;
  value = *found;
  return CsrAccess::ok;
}

CsrAccess State::write(unsigned number, std::uint32_t value) {
  std::uint32_t* const found = const_cast<std::uint32_t*>(find(number));
  if (found == nullptr) return CsrAccess::no_such_csr;
  for (const Csr& csr : csrs) {
    if (csr.number == number && (csr.read_only || (value & ~csr.mask) != 0)) return CsrAccess::illegal_value;
  }
  if (number == csr_wfmt) {
    const bool formats_exist = (value & 0xfu) < unit::format_count &&
                               ((value >> 4) & 0xfu) < unit::format_count &&
                               ((value >> 8) & 0xfu) < unit::format_count;
    if (!formats_exist || (value >> 12) >= unit::rounding_count) return CsrAccess::illegal_value;
  }
  *found = value;
  return CsrAccess::ok;
}

unit::Command make_command(const Instruction& instruction, const State& state, std::uint32_t rs1,
                           std::uint32_t rs2, std::uint32_t rs3) {
  unit::Command command;
  command.opcode = instruction.command;
  command.format0 = static_cast<unit::Format>(state.wfmt & 0xfu);
  command.format1 = static_cast<unit::Format>((state.wfmt >> 4) & 0xfu);
  command.format_dst = static_cast<unit::Format>((state.wfmt >> 8) & 0xfu);
  command.rounding = static_cast<unit::Rounding>((state.wfmt >> 12) & 3u);
  command.magnitude_bits = state.wbits;
  const bool has_array = instruction.unit == Unit::crossbar || instruction.unit == Unit::inversion ||
                         instruction.unit == Unit::fp_pim;
  command.length = has_array ? state.wdim : state.wlen;
  command.count = state.wcnt;
  command.shift = state.wshift;
  command.src_stride = static_cast<std::int32_t>(state.wsstr);
  command.dst_stride = static_cast<std::int32_t>(state.wdstr);
  command.completion = state.wcomp;
  assign(command, instruction.rs1, rs1);
  assign(command, instruction.rs2, rs2);
  assign(command, instruction.rs3, rs3);
  return command;
}

}  // namespace weft::xweft
