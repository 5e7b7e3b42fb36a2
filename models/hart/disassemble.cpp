// SPDX-License-Identifier: Apache-2.0
#include "models/hart/disassemble.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "models/hart/csr.h"
#include "models/hart/encoding.h"
#include "models/hart/float_encoding.h"

namespace weft::hart {

namespace {

using Names = std::array<const char*, 8>;

constexpr std::uint32_t zero = 0;
constexpr std::uint32_t ra = 1;

const char* reg(std::uint32_t number) {
  static constexpr std::array<const char*, 32> names = {
      "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
      "a6",   "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
  return names[number];
}

const char* float_reg(std::uint32_t number) {
  static constexpr std::array<const char*, 32> names = {
      "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1", "fa0",
      "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4", "fs5",
      "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"};
  return names[number];
}

int as_signed(std::uint32_t value) { return static_cast<int>(value); }

std::string unknown_word(std::uint32_t i) { return fmt::format(".word 0x{:08x}", i); }

std::string three(const char* mnemonic, std::uint32_t i) {
  return fmt::format("{} {},{},{}", mnemonic, reg(field_rd(i)), reg(field_rs1(i)), reg(field_rs2(i)));
}

std::string two(const char* mnemonic, std::uint32_t a, std::uint32_t b) {
  return fmt::format("{} {},{}", mnemonic, reg(a), reg(b));
}

std::string jump(std::uint32_t i, std::uint32_t pc) {
  const std::uint32_t target = pc + immediate_j(i);
  if (field_rd(i) == zero) return fmt::format("j 0x{:x}", target);
  if (field_rd(i) == ra) return fmt::format("jal 0x{:x}", target);
  return fmt::format("jal {},0x{:x}", reg(field_rd(i)), target);
}

std::string jump_register(std::uint32_t i) {
  if (field_funct3(i) != 0) return unknown_word(i);
  const std::uint32_t rd = field_rd(i);
  const char* base = reg(field_rs1(i));
  const int offset = as_signed(immediate_i(i));
  if (rd == zero && field_rs1(i) == ra && offset == 0) return "ret";
  const std::string operand = offset == 0 ? base : fmt::format("{}({})", offset, base);
  if (rd == zero) return "jr " + operand;
  if (rd == ra) return "jalr " + operand;
  return fmt::format("jalr {},{}", reg(rd), operand);
}

std::string branch(std::uint32_t i, std::uint32_t pc) {
  static constexpr Names names = {"beq", "bne", nullptr, nullptr, "blt", "bge", "bltu", "bgeu"};
  static constexpr Names against_zero = {"beqz", "bnez", nullptr, nullptr, "bltz", "bgez", nullptr, nullptr};
  const std::uint32_t funct3 = field_funct3(i);
  if (names[funct3] == nullptr) return unknown_word(i);
  const std::uint32_t target = pc + immediate_b(i);
  if (field_rs1(i) == zero && funct3 == 5) return fmt::format("blez {},0x{:x}", reg(field_rs2(i)), target);
  if (field_rs2(i) == zero && against_zero[funct3] != nullptr) {
    return fmt::format("{} {},0x{:x}", against_zero[funct3], reg(field_rs1(i)), target);
  }
  if (field_rs1(i) == zero && funct3 == 4) return fmt::format("bgtz {},0x{:x}", reg(field_rs2(i)), target);
  return fmt::format("{} {},{},0x{:x}", names[funct3], reg(field_rs1(i)), reg(field_rs2(i)), target);
}

std::string load(std::uint32_t i) {
  static constexpr Names names = {"lb", "lh", "lw", nullptr, "lbu", "lhu", nullptr, nullptr};
  const char* name = names[field_funct3(i)];
  if (name == nullptr) return unknown_word(i);
  return fmt::format("{} {},{}({})", name, reg(field_rd(i)), as_signed(immediate_i(i)), reg(field_rs1(i)));
}

std::string store(std::uint32_t i) {
  static constexpr Names names = {"sb", "sh", "sw", nullptr, nullptr, nullptr, nullptr, nullptr};
  const char* name = names[field_funct3(i)];
  if (name == nullptr) return unknown_word(i);
  return fmt::format("{} {},{}({})", name, reg(field_rs2(i)), as_signed(immediate_s(i)), reg(field_rs1(i)));
}

std::string add_immediate(std::uint32_t i) {
  const std::uint32_t rd = field_rd(i);
  const std::uint32_t rs1 = field_rs1(i);
  const int immediate = as_signed(immediate_i(i));
  if (rd == zero && rs1 == zero && immediate == 0) return "nop";
  if (rs1 == zero) return fmt::format("li {},{}", reg(rd), immediate);
  if (immediate == 0) return two("mv", rd, rs1);
  return fmt::format("addi {},{},{}", reg(rd), reg(rs1), immediate);
}

std::string bit_immediate(std::uint32_t i) {
  struct Name {
    std::uint32_t selector;
    std::uint32_t funct3;
    const char* text;
  };
  static constexpr Name unary[] = {{0x600, 1, "clz"},    {0x601, 1, "ctz"},    {0x602, 1, "cpop"},
                                   {0x604, 1, "sext.b"}, {0x605, 1, "sext.h"}, {0x287, 5, "orc.b"},
                                   {0x698, 5, "rev8"}};
  static constexpr Name with_amount[] = {
      {0x30, 5, "rori"}, {0x24, 1, "bclri"}, {0x24, 5, "bexti"}, {0x34, 1, "binvi"}, {0x14, 1, "bseti"}};
  const std::uint32_t funct3 = field_funct3(i);
  for (const Name& name : unary) {
    if (name.selector == bits(i, 20, 12) && name.funct3 == funct3)
      return two(name.text, field_rd(i), field_rs1(i));
  }
  for (const Name& name : with_amount) {
    if (name.selector != field_funct7(i) || name.funct3 != funct3) continue;
    return fmt::format("{} {},{},0x{:x}", name.text, reg(field_rd(i)), reg(field_rs1(i)), field_rs2(i));
  }
  return unknown_word(i);
}

std::string bit_operation(std::uint32_t i) {
  static constexpr Names by_20 = {nullptr, nullptr, nullptr, nullptr, "xnor", nullptr, "orn", "andn"};
  static constexpr Names by_10 = {nullptr, nullptr, "sh1add", nullptr, "sh2add", nullptr, "sh3add", nullptr};
  static constexpr Names by_05 = {nullptr, nullptr, nullptr, nullptr, "min", "minu", "max", "maxu"};
  static constexpr Names by_30 = {nullptr, "rol", nullptr, nullptr, nullptr, "ror", nullptr, nullptr};
  static constexpr Names by_24 = {nullptr, "bclr", nullptr, nullptr, nullptr, "bext", nullptr, nullptr};
  static constexpr Names by_34 = {nullptr, "binv", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
  static constexpr Names by_14 = {nullptr, "bset", nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
  static constexpr std::pair<std::uint32_t, const Names*> tables[] = {
      {0x20, &by_20}, {0x10, &by_10}, {0x05, &by_05}, {0x30, &by_30},
      {0x24, &by_24}, {0x34, &by_34}, {0x14, &by_14}};
  const std::uint32_t funct3 = field_funct3(i);
  for (const auto& [funct7, names] : tables) {
    if (funct7 == field_funct7(i) && (*names)[funct3] != nullptr) return three((*names)[funct3], i);
  }
  const bool is_zext_h = field_funct7(i) == 0x04 && funct3 == 4 && field_rs2(i) == zero;
  return is_zext_h ? two("zext.h", field_rd(i), field_rs1(i)) : unknown_word(i);
}

std::string shift_immediate(std::uint32_t i) {
  const bool left = field_funct3(i) == 1;
  const std::uint32_t funct7 = field_funct7(i);
  const bool arithmetic = funct7 == 0x20 && !left;
  if (funct7 != 0 && !arithmetic) return bit_immediate(i);
  return fmt::format("{} {},{},0x{:x}",
                     left         ? "slli"
                     : arithmetic ? "srai"
                                  : "srli",
                     reg(field_rd(i)), reg(field_rs1(i)), field_rs2(i));
}

std::string operate_immediate(std::uint32_t i) {
  static constexpr Names names = {nullptr, nullptr, "slti", "sltiu", "xori", nullptr, "ori", "andi"};
  const std::uint32_t funct3 = field_funct3(i);
  if (funct3 == 0) return add_immediate(i);
  if (funct3 == 1 || funct3 == 5) return shift_immediate(i);
  const int immediate = as_signed(immediate_i(i));
  if (funct3 == 3 && immediate == 1) return two("seqz", field_rd(i), field_rs1(i));
  if (funct3 == 4 && immediate == -1) return two("not", field_rd(i), field_rs1(i));
  if (funct3 == 7 && immediate == 255) return two("zext.b", field_rd(i), field_rs1(i));
  return fmt::format("{} {},{},{}", names[funct3], reg(field_rd(i)), reg(field_rs1(i)), immediate);
}

std::string operate_alternative(std::uint32_t i) {
  if (field_funct3(i) == 5) return three("sra", i);
  if (field_funct3(i) != 0) return bit_operation(i);
  return field_rs1(i) == zero ? two("neg", field_rd(i), field_rs2(i)) : three("sub", i);
}

std::string operate(std::uint32_t i) {
  static constexpr Names base = {"add", "sll", "slt", "sltu", "xor", "srl", "or", "and"};
  static constexpr Names products = {"mul", "mulh", "mulhsu", "mulhu", "div", "divu", "rem", "remu"};
  const std::uint32_t funct3 = field_funct3(i);
  if (field_funct7(i) == 1) return three(products[funct3], i);
  if (field_funct7(i) == 0x20) return operate_alternative(i);
  if (field_funct7(i) != 0) return bit_operation(i);
  if (funct3 == 2 && field_rs2(i) == zero) return two("sltz", field_rd(i), field_rs1(i));
  if (funct3 == 2 && field_rs1(i) == zero) return two("sgtz", field_rd(i), field_rs2(i));
  if (funct3 == 3 && field_rs1(i) == zero) return two("snez", field_rd(i), field_rs2(i));
  return three(base[funct3], i);
}

std::string access_set(std::uint32_t set) {
  std::string text;
  constexpr const char* letters = "wroi";
  for (unsigned bit = 4; bit-- > 0;) {
    if (((set >> bit) & 1u) != 0) text += letters[bit];
  }
  return text.empty() ? "unknown" : text;
}

std::string fence(std::uint32_t i) {
  if (field_funct3(i) == 1) return "fence.i";
  if (field_funct3(i) != 0) return unknown_word(i);
  const std::uint32_t predecessor = bits(i, 24, 4);
  const std::uint32_t successor = bits(i, 20, 4);
  const std::uint32_t mode = bits(i, 28, 4);
  if (mode == 8 && predecessor == 3 && successor == 3) return "fence.tso";
  if (i == 0x0100000F) return "pause";
  if (predecessor == 15 && successor == 15) return "fence";
  return fmt::format("fence {},{}", access_set(predecessor), access_set(successor));
}

std::string atomic(std::uint32_t i) {
  static constexpr std::array<const char*, 32> names = {
      "amoadd",  "amoswap", "lr",    "sc",    "amoxor",  nullptr, nullptr, nullptr,  //
      "amoor",   nullptr,   nullptr, nullptr, "amoand",  nullptr, nullptr, nullptr,  //
      "amomin",  nullptr,   nullptr, nullptr, "amomax",  nullptr, nullptr, nullptr,  //
      "amominu", nullptr,   nullptr, nullptr, "amomaxu", nullptr, nullptr, nullptr};
  static constexpr std::array<const char*, 4> orders = {"", ".rl", ".aq", ".aqrl"};
  const char* name = names[field_funct5(i)];
  const bool is_load = field_funct5(i) == funct5_lr;
  if (name == nullptr || field_funct3(i) != 2 || (is_load && field_rs2(i) != 0)) return unknown_word(i);
  const char* order = orders[bits(i, 25, 2)];
  if (is_load) return fmt::format("lr.w{} {},({})", order, reg(field_rd(i)), reg(field_rs1(i)));
  return fmt::format("{}.w{} {},{},({})", name, order, reg(field_rd(i)), reg(field_rs2(i)),
                     reg(field_rs1(i)));
}

std::string csr_text(unsigned number) {
  const std::string name = csr::name(number);
  return name.empty() ? fmt::format("0x{:x}", number) : name;
}

bool is_user_counter(unsigned number) {
  return (number >= csr::cycle && number <= csr::instret) ||
         (number >= csr::cycleh && number <= csr::instreth);
}

// fcsr and its fields have instructions of their own names.
std::string float_csr_access(std::uint32_t i) {
  static constexpr std::array<const char*, 3> names = {"flags", "rm", "csr"};
  const std::uint32_t funct3 = field_funct3(i);
  const unsigned number = field_csr(i);
  const char* name = names[number - csr::fflags];
  const std::uint32_t rd = field_rd(i);
  if (funct3 == 2 && field_rs1(i) == zero) return fmt::format("fr{} {}", name, reg(rd));
  const bool swaps_immediate = funct3 == 5 && number != csr::fcsr;
  if (funct3 != 1 && !swaps_immediate) return "";
  const std::string source =
      swaps_immediate ? fmt::format("{}", field_rs1(i)) : std::string(reg(field_rs1(i)));
  const std::string target = rd == zero && !swaps_immediate ? "" : fmt::format("{},", reg(rd));
  return fmt::format("fs{}{} {}{}", name, swaps_immediate ? "i" : "", target, source);
}

std::string csr_access(std::uint32_t i) {
  static constexpr Names names = {nullptr, "csrrw", "csrrs", "csrrc", nullptr, "csrrwi", "csrrsi", "csrrci"};
  static constexpr Names no_result = {nullptr, "csrw", "csrs", "csrc", nullptr, "csrwi", "csrsi", "csrci"};
  const std::uint32_t funct3 = field_funct3(i);
  const std::uint32_t rd = field_rd(i);
  const unsigned number = field_csr(i);
  const std::string name = csr_text(number);
  if (i == 0xC0001073) return "unimp";
  if (std::string text = csr::is_float(number) ? float_csr_access(i) : ""; !text.empty()) return text;
  if (funct3 == 2 && field_rs1(i) == zero) {
    if (is_user_counter(number)) return fmt::format("rd{} {}", name, reg(rd));
    return fmt::format("csrr {},{}", reg(rd), name);
  }
  const std::string operand =
      (funct3 & 4u) != 0 ? fmt::format("{}", field_rs1(i)) : std::string(reg(field_rs1(i)));
  if (rd == zero) return fmt::format("{} {},{}", no_result[funct3], name, operand);
  return fmt::format("{} {},{},{}", names[funct3], reg(rd), name, operand);
}

std::string system(std::uint32_t i) {
  switch (i) {
    case word::ecall:
      return "ecall";
    case word::ebreak:
      return "ebreak";
    case word::mret:
      return "mret";
    case word::wfi:
      return "wfi";
    default:
      return (field_funct3(i) & 3u) != 0 ? csr_access(i) : unknown_word(i);
  }
}

std::string upper(const char* mnemonic, std::uint32_t i) {
  return fmt::format("{} {},0x{:x}", mnemonic, reg(field_rd(i)), immediate_u(i) >> 12);
}

std::string float_load(std::uint32_t i) {
  if (field_funct3(i) != 2) return unknown_word(i);
  return fmt::format("flw {},{}({})", float_reg(field_rd(i)), as_signed(immediate_i(i)), reg(field_rs1(i)));
}

std::string float_store(std::uint32_t i) {
  if (field_funct3(i) != 2) return unknown_word(i);
  return fmt::format("fsw {},{}({})", float_reg(field_rs2(i)), as_signed(immediate_s(i)), reg(field_rs1(i)));
}

// Null for the reserved ones.
const char* rounding_suffix(std::uint32_t i) {
  static constexpr Names names = {",rne", ",rtz", ",rdn", ",rup", ",rmm", nullptr, nullptr, ""};
  return names[field_funct3(i)];
}

std::string multiply_add(std::uint32_t i) {
  static constexpr std::array<const char*, 4> names = {"fmadd.s", "fmsub.s", "fnmsub.s", "fnmadd.s"};
  const char* rounding = rounding_suffix(i);
  if (bits(i, 25, 2) != 0 || rounding == nullptr) return unknown_word(i);
  return fmt::format("{} {},{},{},{}{}", names[bits(i, 2, 2)], float_reg(field_rd(i)),
                     float_reg(field_rs1(i)), float_reg(field_rs2(i)), float_reg(field_rs3(i)), rounding);
}

std::string rounded_float(std::uint32_t i) {
  const char* rounding = rounding_suffix(i);
  if (rounding == nullptr) return unknown_word(i);
  const char* rd = float_reg(field_rd(i));
  const char* rs1 = float_reg(field_rs1(i));
  const std::uint32_t rs2 = field_rs2(i);
  const char* sign = rs2 == 0 ? "w" : "wu";
  switch (field_funct7(i)) {
    case funct7_fsqrt:
      return rs2 == 0 ? fmt::format("fsqrt.s {},{}{}", rd, rs1, rounding) : unknown_word(i);
    case funct7_fcvt_to_integer:
      if (rs2 > 1) return unknown_word(i);
      return fmt::format("fcvt.{}.s {},{}{}", sign, reg(field_rd(i)), rs1, rounding);
    case funct7_fcvt_from_integer:
      if (rs2 > 1) return unknown_word(i);
      return fmt::format("fcvt.s.{} {},{}{}", sign, rd, reg(field_rs1(i)), rounding);
    default:
      break;
  }
  static constexpr std::array<const char*, 4> names = {"fadd.s", "fsub.s", "fmul.s", "fdiv.s"};
  return fmt::format("{} {},{},{}{}", names[field_funct7(i) >> 2], rd, rs1, float_reg(rs2), rounding);
}

std::string sign_injection(std::uint32_t i) {
  static constexpr std::array<const char*, 3> names = {"fsgnj.s", "fsgnjn.s", "fsgnjx.s"};
  static constexpr std::array<const char*, 3> of_itself = {"fmv.s", "fneg.s", "fabs.s"};
  const std::uint32_t funct3 = field_funct3(i);
  if (funct3 >= names.size()) return unknown_word(i);
  const char* rd = float_reg(field_rd(i));
  const char* rs1 = float_reg(field_rs1(i));
  if (field_rs1(i) == field_rs2(i)) return fmt::format("{} {},{}", of_itself[funct3], rd, rs1);
  return fmt::format("{} {},{},{}", names[funct3], rd, rs1, float_reg(field_rs2(i)));
}

std::string operate_float(std::uint32_t i) {
  if (has_rounding_mode(i)) return rounded_float(i);
  static constexpr Names comparisons = {"fle.s", "flt.s", "feq.s", nullptr,
                                        nullptr, nullptr, nullptr, nullptr};
  static constexpr Names extremes = {"fmin.s", "fmax.s", nullptr, nullptr,
                                     nullptr,  nullptr,  nullptr, nullptr};
  static constexpr Names to_integer = {"fmv.x.w", "fclass.s", nullptr, nullptr,
                                       nullptr,   nullptr,    nullptr, nullptr};
  const std::uint32_t funct3 = field_funct3(i);
  const char* rs1 = float_reg(field_rs1(i));
  const char* rs2 = float_reg(field_rs2(i));
  const bool no_rs2 = field_rs2(i) == 0;
  switch (field_funct7(i)) {
    case funct7_fsgnj:
      return sign_injection(i);
    case funct7_fmin_fmax:
      if (extremes[funct3] == nullptr) return unknown_word(i);
      return fmt::format("{} {},{},{}", extremes[funct3], float_reg(field_rd(i)), rs1, rs2);
    case funct7_fcompare:
      if (comparisons[funct3] == nullptr) return unknown_word(i);
      return fmt::format("{} {},{},{}", comparisons[funct3], reg(field_rd(i)), rs1, rs2);
    case funct7_fmv_to_integer_fclass:
      if (to_integer[funct3] == nullptr || !no_rs2) return unknown_word(i);
      return fmt::format("{} {},{}", to_integer[funct3], reg(field_rd(i)), rs1);
    case funct7_fmv_from_integer:
      if (funct3 != 0 || !no_rs2) return unknown_word(i);
      return fmt::format("fmv.w.x {},{}", float_reg(field_rd(i)), reg(field_rs1(i)));
    default:
      return unknown_word(i);
  }
}

std::string disassemble_word(std::uint32_t i, std::uint32_t pc, const CustomDisassembler& custom) {
  switch (opcode(i)) {
    case Opcode::lui:
      return upper("lui", i);
    case Opcode::auipc:
      return upper("auipc", i);
    case Opcode::jal:
      return jump(i, pc);
    case Opcode::jalr:
      return jump_register(i);
    case Opcode::branch:
      return branch(i, pc);
    case Opcode::load:
      return load(i);
    case Opcode::store:
      return store(i);
    case Opcode::op_imm:
      return operate_immediate(i);
    case Opcode::op:
      return operate(i);
    case Opcode::misc_mem:
      return fence(i);
    case Opcode::amo:
      return atomic(i);
    case Opcode::system:
      return system(i);
    case Opcode::load_fp:
      return float_load(i);
    case Opcode::store_fp:
      return float_store(i);
    case Opcode::madd:
    case Opcode::msub:
    case Opcode::nmsub:
    case Opcode::nmadd:
      return multiply_add(i);
    case Opcode::op_fp:
      return operate_float(i);
    case Opcode::custom_0:
    case Opcode::custom_1:
    case Opcode::custom_2:
    case Opcode::custom_3: {
      const std::string text = custom ? custom(i, pc) : std::string();
      return text.empty() ? unknown_word(i) : text;
    }
    default:
      return unknown_word(i);
  }
}

// c.mv expands to an addition, which is not how anybody writes a move.
constexpr bool is_compressed_move(std::uint16_t parcel) { return (parcel & 0xF003u) == 0x8002u; }

}  // namespace

std::string disassemble(std::uint32_t instruction, std::uint32_t pc, const CustomDisassembler& custom) {
  const auto parcel = static_cast<std::uint16_t>(instruction);
  if (instruction_length(parcel) == 4) return disassemble_word(instruction, pc, custom);
  if (parcel == 0) return "unimp";
  const std::uint32_t expanded = expand(parcel);
  if (expanded == 0) return fmt::format(".half 0x{:04x}", parcel);
  if (is_compressed_move(parcel) && bits(parcel, 2, 5) != 0) {
    return two("mv", field_rd(expanded), field_rs2(expanded));
  }
  return disassemble_word(expanded, pc, custom);
}

}  // namespace weft::hart
