// SPDX-License-Identifier: Apache-2.0
// One case or more for every operation the decoder knows, at the corners of its operands. A new operation
// without a case here fails the last test. Values are the ISA manual's (RISC-V Unprivileged ISA 20191213).
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "models/hart/decode.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
using hart::Kind;

namespace {

constexpr std::uint32_t ones = 0xFFFFFFFF;
constexpr std::uint32_t smallest = 0x80000000;
constexpr std::uint32_t largest = 0x7FFFFFFF;
// In the middle of the RAM, so that jumps reach both ways.
constexpr std::uint32_t code = ram_base + 0x4000;
constexpr std::uint32_t handler = ram_base + 0x100;

// The ways of running a core that must not matter.
const std::vector<hart::CoreConfig>& ways() {
  static const std::vector<hart::CoreConfig> all = [] {
    std::vector<hart::CoreConfig> configs(2);
    for (hart::CoreConfig& config : configs) {
      config.zba = config.zbb = config.zbs = config.single_float = true;
    }
    configs[1].enable_cache = false;
    return configs;
  }();
  return all;
}

// a0 from a1 and a2.
struct Computation {
  const char* name;
  std::uint32_t instruction;
  std::uint32_t a;
  std::uint32_t b;
  std::uint32_t result;
};

constexpr std::uint32_t add_ = add(a0, a1, a2);
constexpr std::uint32_t sub_ = op(0, 0x20, a0, a1, a2);
constexpr std::uint32_t sll_ = op(1, 0, a0, a1, a2);
constexpr std::uint32_t slt_ = op(2, 0, a0, a1, a2);
constexpr std::uint32_t sltu_ = op(3, 0, a0, a1, a2);
constexpr std::uint32_t srl_ = op(5, 0, a0, a1, a2);
constexpr std::uint32_t sra_ = op(5, 0x20, a0, a1, a2);
constexpr std::uint32_t product(std::uint32_t funct3) { return op(funct3, 1, a0, a1, a2); }
constexpr std::uint32_t with(std::uint32_t funct3, std::int32_t immediate) {
  return op_imm(funct3, a0, a1, immediate);
}
constexpr std::int32_t arithmetic = 0x400;  // srai instead of srli

const Computation computations[] = {
    {"lui: the lowest value", lui(a0, 0), 0, 0, 0},
    {"lui: the highest value", lui(a0, 0xFFFFF000), 0, 0, 0xFFFFF000},
    {"auipc: its own address", auipc(a0, 0), 0, 0, code},
    {"auipc: wraps", auipc(a0, 0x80000000), 0, 0, code - smallest},
    {"addi: lowest immediate", with(0, -2048), 0, 0, 0xFFFFF800},
    {"addi: highest immediate", with(0, 2047), largest, 0, 0x800007FE},
    {"addi: wraps", with(0, 1), ones, 0, 0},
    {"slti: signed", with(2, 0), smallest, 0, 1},
    {"slti: equal", with(2, -1), ones, 0, 0},
    {"slti: immediate is negative", with(2, -2048), 0, 0, 0},
    {"sltiu: immediate is extended, then unsigned", with(3, -1), 0xFFFFFFFE, 0, 1},
    {"sltiu: equal", with(3, -1), ones, 0, 0},
    {"sltiu: 1 asks for zero", with(3, 1), 0, 0, 1},
    {"xori: -1 inverts", with(4, -1), 0x12345678, 0, 0xEDCBA987},
    {"ori: sign reaches the upper bits", with(6, -2048), 0x1, 0, 0xFFFFF801},
    {"andi: sign keeps the upper bits", with(7, -2048), 0x12345FFF, 0, 0x12345800},
    {"andi: positive clears the upper bits", with(7, 2047), ones, 0, 0x7FF},
    {"slli: by 0", with(1, 0), 0x87654321, 0, 0x87654321},
    {"slli: by 31", with(1, 31), 3, 0, smallest},
    {"srli: by 0", with(5, 0), 0x87654321, 0, 0x87654321},
    {"srli: by 31", with(5, 31), ones, 0, 1},
    {"srai: by 0", with(5, arithmetic), smallest, 0, smallest},
    {"srai: by 31", with(5, arithmetic | 31), smallest, 0, ones},
    {"srai: positive", with(5, arithmetic | 31), largest, 0, 0},
    {"add: wraps", add_, ones, 1, 0},
    {"add: overflows without a trap", add_, largest, 1, smallest},
    {"sub: borrows", sub_, 0, 1, ones},
    {"sub: overflows without a trap", sub_, smallest, 1, largest},
    {"sll: by 0", sll_, 0x87654321, 0, 0x87654321},
    {"sll: by 31", sll_, 3, 31, smallest},
    {"sll: 32 is 0", sll_, 0x87654321, 32, 0x87654321},
    {"sll: the low five bits count", sll_, 1, 0xFFFFFFE4, 16},
    {"slt: signed", slt_, smallest, largest, 1},
    {"slt: signed, the other way", slt_, largest, smallest, 0},
    {"slt: equal", slt_, ones, ones, 0},
    {"sltu: unsigned", sltu_, smallest, largest, 0},
    {"sltu: unsigned, the other way", sltu_, largest, smallest, 1},
    {"sltu: equal", sltu_, ones, ones, 0},
    {"xor", xor_(a0, a1, a2), 0xFF00FF00, 0x0FF00FF0, 0xF0F0F0F0},
    {"srl: by 31", srl_, ones, 31, 1},
    {"srl: 32 is 0", srl_, smallest, 32, smallest},
    {"srl: the low five bits count", srl_, smallest, ones, 1},
    {"sra: by 31", sra_, smallest, 31, ones},
    {"sra: 32 is 0", sra_, smallest, 32, smallest},
    {"sra: the low five bits count", sra_, 0x80000001, 33, 0xC0000000},
    {"or", op(6, 0, a0, a1, a2), 0xFF00FF00, 0x0FF00FF0, 0xFFF0FFF0},
    {"and", op(7, 0, a0, a1, a2), 0xFF00FF00, 0x0FF00FF0, 0x0F000F00},
    {"mul: the low word", product(0), 0x12345678, 0x9ABCDEF0, 0x242D2080},
    {"mul: overflow", product(0), 0x10000, 0x10000, 0},
    {"mul: signs do not matter", product(0), smallest, ones, smallest},
    {"mulh: negative", product(1), 0x12345678, 0x9ABCDEF0, 0xF8CC93D6},
    {"mulh: smallest squared", product(1), smallest, smallest, 0x40000000},
    {"mulh: largest squared", product(1), largest, largest, 0x3FFFFFFF},
    {"mulh: -1 by 1", product(1), ones, 1, ones},
    {"mulhsu: the first is signed", product(2), ones, ones, ones},
    {"mulhsu: the second is not", product(2), largest, ones, 0x7FFFFFFE},
    {"mulhsu: smallest", product(2), smallest, smallest, 0xC0000000},
    {"mulhu", product(3), 0x12345678, 0x9ABCDEF0, 0x0B00EA4E},
    {"mulhu: largest", product(3), ones, ones, 0xFFFFFFFE},
    {"div: towards zero", product(4), 0xFFFFFFF9, 2, 0xFFFFFFFD},
    {"div: by a negative number", product(4), 7, 0xFFFFFFFE, 0xFFFFFFFD},
    {"div: by zero", product(4), 17, 0, ones},
    {"div: a negative number by zero", product(4), smallest, 0, ones},
    {"div: overflow", product(4), smallest, ones, smallest},
    {"div: by the smallest", product(4), largest, smallest, 0},
    {"divu: unsigned", product(5), smallest, ones, 0},
    {"divu: largest by 1", product(5), ones, 1, ones},
    {"divu: by zero", product(5), 17, 0, ones},
    {"rem: the sign of the dividend", product(6), 0xFFFFFFF9, 2, ones},
    {"rem: whatever the divisor's", product(6), 7, 0xFFFFFFFE, 1},
    {"rem: by zero", product(6), smallest, 0, smallest},
    {"rem: overflow", product(6), smallest, ones, 0},
    {"remu: unsigned", product(7), smallest, ones, smallest},
    {"remu: by zero", product(7), 17, 0, 17},
    {"remu", product(7), ones, 10, 5},
    {"sh1add: wraps", op(2, 0x10, a0, a1, a2), 0x80000001, 1, 3},
    {"sh2add: wraps", op(4, 0x10, a0, a1, a2), 0x40000001, 1, 5},
    {"sh3add: wraps", op(6, 0x10, a0, a1, a2), 0x20000001, ones, 7},
    {"andn", op(7, 0x20, a0, a1, a2), 0xFF00FF00, 0x0FF00FF0, 0xF000F000},
    {"orn", op(6, 0x20, a0, a1, a2), 0xFF00FF00, 0x0FF00FF0, 0xFF0FFF0F},
    {"xnor", op(4, 0x20, a0, a1, a2), 0xFF00FF00, 0x0FF00FF0, 0x0F0F0F0F},
    {"clz: of 0", with(1, 0x600), 0, 0, 32},
    {"clz: of the sign", with(1, 0x600), smallest, 0, 0},
    {"ctz: of 0", with(1, 0x601), 0, 0, 32},
    {"ctz: of the sign", with(1, 0x601), smallest, 0, 31},
    {"cpop: of 0", with(1, 0x602), 0, 0, 0},
    {"cpop: of all", with(1, 0x602), ones, 0, 32},
    {"sext.b", with(1, 0x604), 0x12345680, 0, 0xFFFFFF80},
    {"sext.b: positive", with(1, 0x604), 0xFFFFFF7F, 0, 0x7F},
    {"sext.h", with(1, 0x605), 0x12348000, 0, 0xFFFF8000},
    {"zext.h", op(4, 0x04, a0, a1, zero), ones, 0, 0xFFFF},
    {"min: signed", op(4, 0x05, a0, a1, a2), smallest, largest, smallest},
    {"minu: unsigned", op(5, 0x05, a0, a1, a2), smallest, largest, largest},
    {"max: signed", op(6, 0x05, a0, a1, a2), smallest, largest, largest},
    {"maxu: unsigned", op(7, 0x05, a0, a1, a2), smallest, largest, smallest},
    {"rol: by 36", op(1, 0x30, a0, a1, a2), 0x12345678, 36, 0x23456781},
    {"rol: by 0", op(1, 0x30, a0, a1, a2), 0x12345678, 32, 0x12345678},
    {"ror: by 36", op(5, 0x30, a0, a1, a2), 0x12345678, 36, 0x81234567},
    {"ror: by 0", op(5, 0x30, a0, a1, a2), 0x12345678, 32, 0x12345678},
    {"rori: by 0", with(5, 0x600), 0x12345678, 0, 0x12345678},
    {"rori: by 28", with(5, 0x61C), 0x12345678, 0, 0x23456781},
    {"orc.b", with(5, 0x287), 0x01008000, 0, 0xFF00FF00},
    {"rev8", with(5, 0x698), 0x12345678, 0, 0x78563412},
    {"bclr: the low five bits count", op(1, 0x24, a0, a1, a2), ones, 63, largest},
    {"bext: the low five bits count", op(5, 0x24, a0, a1, a2), smallest, 63, 1},
    {"binv: the low five bits count", op(1, 0x34, a0, a1, a2), ones, 32, 0xFFFFFFFE},
    {"bset: the low five bits count", op(1, 0x14, a0, a1, a2), 0, 63, smallest},
    {"bclri: bit 31", with(1, 0x49F), ones, 0, largest},
    {"bexti: bit 31", with(5, 0x49F), smallest, 0, 1},
    {"bexti: bit 0", with(5, 0x480), 0xFFFFFFFE, 0, 0},
    {"binvi: bit 31", with(1, 0x69F), 0, 0, smallest},
    {"bseti: bit 31", with(1, 0x29F), 0, 0, smallest},
};

// f10 or a0 from f11, f12, f13 and a1; flags are those of fcsr.
struct FloatCase {
  const char* name;
  std::uint32_t instruction;
  std::uint32_t a;
  std::uint32_t b;
  std::uint32_t c;
  std::uint32_t result;
  std::uint32_t flags;
};

constexpr std::uint32_t one = 0x3F800000;
constexpr std::uint32_t two = 0x40000000;
constexpr std::uint32_t three = 0x40400000;
constexpr std::uint32_t negative = 0x80000000;  // sign, and -0
constexpr std::uint32_t infinity = 0x7F800000;
constexpr std::uint32_t nan = 0x7FC00000;
constexpr std::uint32_t signalling = 0x7F800001;
constexpr std::uint32_t tiny = 0x00000001;
constexpr std::uint32_t greatest = 0x7F7FFFFF;
constexpr std::uint32_t inexact = 1;
constexpr std::uint32_t underflow = 2;
constexpr std::uint32_t overflow = 4;
constexpr std::uint32_t by_zero = 8;
constexpr std::uint32_t invalid = 16;

enum Rounding : std::uint32_t { to_nearest, to_zero, down, up, away, dynamic = 7 };

constexpr std::uint32_t float_op(std::uint32_t funct7, std::uint32_t funct3, std::uint32_t rs2 = 12) {
  return hart::encode_r(static_cast<Opcode>(0x53), a0, funct3, 11, rs2, funct7);
}
constexpr std::uint32_t fused(std::uint32_t major) {
  return hart::encode_r(static_cast<Opcode>(major), a0, dynamic, 11, 12, 13 << 2);
}

const FloatCase float_cases[] = {
    {"fadd", float_op(0x00, dynamic), one, two, 0, three, 0},
    {"fadd: infinities of both signs", float_op(0x00, dynamic), infinity, infinity | negative, 0, nan,
     invalid},
    {"fadd: half a unit, to even", float_op(0x00, to_nearest), one, 0x33800000, 0, one, inexact},
    {"fadd: half a unit, away", float_op(0x00, away), one, 0x33800000, 0, one + 1, inexact},
    {"fsub: equal numbers", float_op(0x04, dynamic), one, one, 0, 0, 0},
    {"fsub: equal numbers, downwards", float_op(0x04, down), one, one, 0, negative, 0},
    {"fmul: overflow", float_op(0x08, dynamic), greatest, two, 0, infinity, overflow | inexact},
    {"fmul: overflow towards zero", float_op(0x08, to_zero), greatest, two, 0, greatest, overflow | inexact},
    {"fmul: underflow upwards", float_op(0x08, up), tiny, tiny, 0, tiny, underflow | inexact},
    {"fdiv: by zero", float_op(0x0C, dynamic), one, negative, 0, infinity | negative, by_zero},
    {"fdiv: zero by zero", float_op(0x0C, dynamic), 0, 0, 0, nan, invalid},
    {"fsqrt: of 4", float_op(0x2C, dynamic, 0), 0x40800000, 0, 0, two, 0},
    {"fsqrt: of a negative number", float_op(0x2C, dynamic, 0), one | negative, 0, 0, nan, invalid},
    {"fsqrt: of -0", float_op(0x2C, dynamic, 0), negative, 0, 0, negative, 0},
    {"fmadd", fused(0x43), two, three, one, 0x40E00000, 0},
    {"fmsub", fused(0x47), two, three, one, 0x40A00000, 0},
    {"fnmsub", fused(0x4B), two, three, one, 0xC0A00000, 0},
    {"fnmadd", fused(0x4F), two, three, one, 0xC0E00000, 0},
    {"fmadd: infinity times zero, even with NaN", fused(0x43), infinity, 0, nan, nan, invalid},
    {"fsgnj: takes the sign of a NaN", float_op(0x10, 0), one, nan | negative, 0, one | negative, 0},
    {"fsgnjn", float_op(0x10, 1), signalling, one, 0, signalling | negative, 0},
    {"fsgnjx", float_op(0x10, 2), one | negative, two | negative, 0, one, 0},
    {"fmin: -0 is less", float_op(0x14, 0), 0, negative, 0, negative, 0},
    {"fmin: the number, not the NaN", float_op(0x14, 0), signalling, one, 0, one, invalid},
    {"fmax: +0 is greater", float_op(0x14, 1), negative, 0, 0, 0, 0},
    {"fmax: two NaNs", float_op(0x14, 1), nan | negative, nan | 5, 0, nan, 0},
    {"feq: zeros", float_op(0x50, 2), 0, negative, 0, 1, 0},
    {"feq: a quiet NaN is quiet", float_op(0x50, 2), nan, nan, 0, 0, 0},
    {"flt: a quiet NaN is not", float_op(0x50, 1), nan, one, 0, 0, invalid},
    {"flt", float_op(0x50, 1), one | negative, one, 0, 1, 0},
    {"fle: equal", float_op(0x50, 0), one, one, 0, 1, 0},
    {"fclass: signalling NaN", float_op(0x70, 1, 0), signalling, 0, 0, 1 << 8, 0},
    {"fclass: negative subnormal", float_op(0x70, 1, 0), tiny | negative, 0, 0, 1 << 2, 0},
    {"fmv.x.w: keeps every bit", float_op(0x70, 0, 0), signalling, 0, 0, signalling, 0},
    {"fmv.w.x: keeps every bit", float_op(0x78, 0, 0), signalling, 0, 0, signalling, 0},
    {"fcvt.w.s: saturates", float_op(0x60, to_zero, 0), 0x4F000000, 0, 0, largest, invalid},
    {"fcvt.w.s: NaN", float_op(0x60, to_zero, 0), nan | negative, 0, 0, largest, invalid},
    {"fcvt.w.s: rounds as told", float_op(0x60, down, 0), 0xBF000000, 0, 0, ones, inexact},
    {"fcvt.wu.s: negative", float_op(0x60, to_zero, 1), one | negative, 0, 0, 0, invalid},
    {"fcvt.wu.s: less than 1 below 0", float_op(0x60, to_zero, 1), 0xBF000000, 0, 0, 0, inexact},
    {"fcvt.s.w: the smallest", float_op(0x68, dynamic, 0), smallest, 0, 0, 0xCF000000, 0},
    {"fcvt.s.wu: the largest", float_op(0x68, dynamic, 1), ones, 0, 0, 0x4F800000, inexact},
    {"flw", hart::encode_i(static_cast<Opcode>(0x07), a0, 2, s0, 0), 0, 0, 0, 0x80FF7F01, 0},
};

constexpr std::uint32_t fsw_ = hart::encode_s(static_cast<Opcode>(0x27), 2, s0, 11, 0);
constexpr std::uint32_t mstatus_fs = 3u << 13;

// A load from s0 with the word 0x80FF7F01 at data_base and at the top of what an offset reaches.
struct Load {
  const char* name;
  std::uint32_t funct3;
  std::int32_t offset;
  std::uint32_t byte;  // of the word
  std::uint32_t result;
};

const Load loads[] = {
    {"lb: positive", 0, 0, 0, 0x01},
    {"lb: largest", 0, 2047, 1, 0x7F},
    {"lb: -1", 0, -2048, 2, ones},
    {"lb: smallest", 0, -1, 3, 0xFFFFFF80},
    {"lbu: no sign", 4, 2047, 3, 0x80},
    {"lbu: 255", 4, -2048, 2, 0xFF},
    {"lh: positive", 1, 2046, 0, 0x7F01},
    {"lh: negative", 1, -2048, 2, 0xFFFF80FF},
    {"lh: an odd offset to an odd base", 1, 2047, 2, 0xFFFF80FF},
    {"lhu: no sign", 5, -2048, 2, 0x80FF},
    {"lhu: positive", 5, 2046, 0, 0x7F01},
    {"lw: highest offset", 2, 2047, 0, 0x80FF7F01},
    {"lw: lowest offset", 2, -2048, 0, 0x80FF7F01},
};

// A store of 0x89ABCDEF to s0 with the word 0x11223344 in memory.
struct Store {
  const char* name;
  std::uint32_t funct3;
  std::int32_t offset;
  std::uint32_t byte;
  std::uint32_t result;
};

const Store stores[] = {
    {"sb: lowest byte", 0, 2047, 0, 0x112233EF},    {"sb: second byte", 0, -2048, 1, 0x1122EF44},
    {"sb: third byte", 0, 0, 2, 0x11EF3344},        {"sb: highest byte", 0, -1, 3, 0xEF223344},
    {"sh: lower half", 1, 2047, 0, 0x1122CDEF},     {"sh: upper half", 1, -2048, 2, 0xCDEF3344},
    {"sw: highest offset", 2, 2047, 0, 0x89ABCDEF}, {"sw: lowest offset", 2, -2048, 0, 0x89ABCDEF},
};

// Of a1 and a2.
struct Branch {
  const char* name;
  std::uint32_t funct3;
  std::uint32_t a;
  std::uint32_t b;
  bool taken;
};

const Branch branches[] = {
    {"beq: equal", 0, ones, ones, true},
    {"beq: different", 0, 0, smallest, false},
    {"bne: different", 1, 0, smallest, true},
    {"bne: equal", 1, ones, ones, false},
    {"blt: signed", 4, smallest, largest, true},
    {"blt: greater", 4, largest, smallest, false},
    {"blt: equal", 4, ones, ones, false},
    {"bge: signed", 5, largest, smallest, true},
    {"bge: less", 5, smallest, largest, false},
    {"bge: equal", 5, ones, ones, true},
    {"bltu: unsigned", 6, largest, smallest, true},
    {"bltu: greater", 6, smallest, largest, false},
    {"bltu: equal", 6, ones, ones, false},
    {"bgeu: unsigned", 7, smallest, largest, true},
    {"bgeu: less", 7, largest, smallest, false},
    {"bgeu: equal", 7, ones, ones, true},
};

// Where control goes, and what a0 (75 before) holds then. a1 is 0x80001235.
struct Jump {
  const char* name;
  std::uint32_t instruction;
  std::uint32_t target;
  std::uint32_t a0_value;
};

const Jump jumps[] = {
    {"jal: farthest back", jal(a0, -0x100000), code - 0x100000, code + 4},
    {"jal: farthest on", jal(a0, 0xFFFFE), code + 0xFFFFE, code + 4},
    {"jal: no link", jal(zero, 8), code + 8, 75},
    {"jal: to itself", jal(a0, 0), code, code + 4},
    {"jalr: clears the lowest bit", jalr(a0, 0, a1), 0x80001234, code + 4},
    {"jalr: after the addition", jalr(a0, -2048, a1), 0x80000A34, code + 4},
    {"jalr: highest offset", jalr(a0, 2047, a1), 0x80001A34, code + 4},
    {"jalr: link and base are one register", jalr(a1, 0, a1), 0x80001234, 75},
    {"jalr: wraps", jalr(zero, -2048, zero), 0xFFFFF800, 75},
    {"mret: to mepc", hart::word::mret, code + 0x20, 75},
    {"wfi: sleeps behind itself", hart::word::wfi, code + 4, 75},
    {"fence", 0x0FF0000F, code + 4, 75},
    {"fence.tso", 0x8330000F, code + 4, 75},
    {"fence.i", fence_i, code + 4, 75},
    {"a vendor instruction", custom_0, code + 4, 75},
    {"csrrw", csrrw(a0, hart::csr::mscratch, a1), code + 4, 0x5A5A5A5A},
    {"an AMO", amo(0, a0, a1, s0), code + 4, 0},
};

struct Trap {
  const char* name;
  std::uint32_t instruction;
  std::uint32_t cause;
  std::uint32_t value;
};

const Trap traps[] = {
    {"ecall", hart::word::ecall, hart::cause::machine_ecall, 0},
    {"ebreak", hart::word::ebreak, hart::cause::breakpoint, code},
    {"all zeros", 0, hart::cause::illegal_instruction, 0},
    {"all ones", ones, hart::cause::illegal_instruction, ones},
    {"a CSR that does not exist", csrr(a0, 0x5FF), hart::cause::illegal_instruction, csrr(a0, 0x5FF)},
};

// Traps of a core without compressed instructions.
const Trap misaligned_jumps[] = {
    {"jal to half a word", jal(a0, 6), hart::cause::fetch_misaligned, code + 6},
    {"beq to half a word", beq(zero, zero, -2), hart::cause::fetch_misaligned, code - 2},
};

std::uint32_t opposite_of(std::int32_t offset) { return static_cast<std::uint32_t>(-offset); }

Machine& prepared(Machine& machine, std::uint32_t instruction) {
  machine.program({instruction}, code);
  machine.core.set_pc(code);
  machine.set_csr(hart::csr::mtvec, handler);
  machine.core.set_x(a0, 75);
  return machine;
}

Kind kind_of(std::uint32_t instruction, bool compressed = true) {
  hart::DecodeOptions options;
  options.compressed = compressed;
  options.zba = options.zbb = options.zbs = options.single_float = true;
  return hart::decode(instruction, 4, code, options).kind;
}

}  // namespace

TEST_CASE("every computation gives the value the manual defines, and nothing else") {
  for (const hart::CoreConfig& config : ways()) {
    Machine machine(config);
    for (const Computation& c : computations) {
      INFO(c.name);
      prepared(machine, c.instruction);
      machine.core.set_x(a1, c.a);
      machine.core.set_x(a2, c.b);
      machine.step();
      CHECK(machine.core.x(a0) == c.result);
      CHECK(machine.core.x(a1) == c.a);
      CHECK(machine.core.x(a2) == c.b);
      CHECK(machine.core.pc() == code + 4);
      CHECK(machine.traps.empty());
    }
  }
}

TEST_CASE("every computation works with one register for all operands") {
  for (const Computation& c : computations) {
    if (hart::opcode(c.instruction) != Opcode::op) continue;
    INFO(c.name);
    Machine reference(ways().front());
    prepared(reference, c.instruction).core.set_x(a1, c.a);
    reference.core.set_x(a2, c.a);
    reference.step();
    if (hart::field_rs2(c.instruction) != a2) continue;  // zext.h
    Machine machine(ways().front());
    const std::uint32_t same = hart::encode_r(Opcode::op, a0, hart::field_funct3(c.instruction), a0, a0,
                                              hart::field_funct7(c.instruction));
    prepared(machine, same).core.set_x(a0, c.a);
    machine.step();
    CHECK(machine.core.x(a0) == reference.core.x(a0));
  }
}

TEST_CASE("every floating-point instruction gives the value and the flags the manual defines") {
  for (const hart::CoreConfig& config : ways()) {
    for (const FloatCase& c : float_cases) {
      INFO(c.name);
      Machine machine(config);
      prepared(machine, c.instruction).set_csr(hart::csr::mstatus, mstatus_fs);
      machine.set_word(data_base, 0x80FF7F01);
      machine.core.set_x(s0, data_base);
      machine.core.set_x(a1, c.a);
      machine.core.set_f(11, c.a);
      machine.core.set_f(12, c.b);
      machine.core.set_f(13, c.c);
      machine.step();
      const bool integer = machine.core.x(a0) != 75;
      CHECK((integer ? machine.core.x(a0) : machine.core.f(10)) == c.result);
      CHECK(machine.csr(hart::csr::fcsr) == c.flags);
      CHECK(machine.traps.empty());
    }
    Machine machine(config);
    prepared(machine, fsw_).set_csr(hart::csr::mstatus, mstatus_fs);
    machine.core.set_x(s0, data_base);
    machine.core.set_f(11, signalling);
    machine.step();
    CHECK(machine.word(data_base) == signalling);
  }
}

TEST_CASE("every load extends its value, from direct memory and from elsewhere") {
  const bool direct_memory = GENERATE(true, false);
  for (const hart::CoreConfig& config : ways()) {
    for (const Load& c : loads) {
      INFO(c.name);
      Machine machine(config, direct_memory);
      prepared(machine, load(c.funct3, a0, c.offset, s0));
      machine.set_word(data_base, 0x80FF7F01);
      machine.core.set_x(s0, data_base + c.byte + opposite_of(c.offset));
      machine.step();
      CHECK(machine.core.x(a0) == c.result);
      CHECK(machine.traps.empty());
    }
  }
}

TEST_CASE("every store writes its bytes and no others, to direct memory and elsewhere") {
  const bool direct_memory = GENERATE(true, false);
  for (const hart::CoreConfig& config : ways()) {
    for (const Store& c : stores) {
      INFO(c.name);
      Machine machine(config, direct_memory);
      prepared(machine, store(c.funct3, a2, c.offset, s0));
      for (const std::uint32_t word : {data_base - 4, data_base, data_base + 4}) {
        machine.set_word(word, 0x11223344);
      }
      machine.core.set_x(s0, data_base + c.byte + opposite_of(c.offset));
      machine.core.set_x(a2, 0x89ABCDEF);
      machine.step();
      CHECK(machine.word(data_base) == c.result);
      CHECK(machine.word(data_base - 4) == 0x11223344);
      CHECK(machine.word(data_base + 4) == 0x11223344);
    }
  }
}

TEST_CASE("every branch decides by its comparison and reaches as far as its offset goes") {
  for (const hart::CoreConfig& config : ways()) {
    for (const Branch& c : branches) {
      for (const std::int32_t offset : {-4096, -2, 6, 4094}) {
        CAPTURE(c.name, offset);
        Machine machine(config);
        prepared(machine, branch(c.funct3, a1, a2, offset)).core.set_x(a1, c.a);
        machine.core.set_x(a2, c.b);
        machine.step();
        CHECK(machine.core.pc() == (c.taken ? code + static_cast<std::uint32_t>(offset) : code + 4));
        CHECK(machine.core.cycles() == (c.taken ? 3 : 1));
      }
    }
  }
}

TEST_CASE("every jump links and goes where it should, and the rest goes on") {
  for (const hart::CoreConfig& config : ways()) {
    for (const Jump& c : jumps) {
      INFO(c.name);
      Machine machine(config);
      machine.on_custom = [](std::uint32_t) { return hart::CustomResult::retire(); };
      prepared(machine, c.instruction).core.set_x(a1, 0x80001235);
      machine.core.set_x(s0, data_base);
      machine.set_csr(hart::csr::mepc, code + 0x20);
      machine.set_csr(hart::csr::mscratch, 0x5A5A5A5A);
      machine.step();
      CHECK(machine.core.pc() == c.target);
      CHECK(machine.core.x(a0) == c.a0_value);
      CHECK(machine.traps.empty());
      CHECK(machine.core.instructions() == 1);
    }
  }
}

TEST_CASE("every instruction that always traps does so, with its cause") {
  for (const hart::CoreConfig& way : ways()) {
    for (const bool compressed : {true, false}) {
      hart::CoreConfig config = way;
      config.compressed = compressed;
      std::vector<Trap> all(std::begin(traps), std::end(traps));
      if (!compressed) all.insert(all.end(), std::begin(misaligned_jumps), std::end(misaligned_jumps));
      for (const Trap& c : all) {
        INFO(c.name);
        Machine machine(config);
        prepared(machine, c.instruction).step();
        REQUIRE(machine.traps.size() == 1);
        CHECK(machine.traps[0].cause == c.cause);
        CHECK(machine.traps[0].value == c.value);
        CHECK(machine.traps[0].pc == code);
        CHECK(machine.core.pc() == handler);
        CHECK(machine.core.x(a0) == 75);
        CHECK(machine.core.instructions() == 0);
      }
    }
  }
}

TEST_CASE("every operation of the decoder has a case in this file") {
  std::set<Kind> seen = {Kind::end_of_block};  // not an instruction
  for (const Computation& c : computations) seen.insert(kind_of(c.instruction));
  for (const FloatCase& c : float_cases) seen.insert(kind_of(c.instruction));
  seen.insert(kind_of(fsw_));
  for (const Load& c : loads) seen.insert(kind_of(load(c.funct3, a0, c.offset, s0)));
  for (const Store& c : stores) seen.insert(kind_of(store(c.funct3, a2, c.offset, s0)));
  for (const Branch& c : branches) seen.insert(kind_of(branch(c.funct3, a1, a2, 8)));
  for (const Jump& c : jumps) seen.insert(kind_of(c.instruction));
  for (const Trap& c : traps) seen.insert(kind_of(c.instruction));
  for (const Trap& c : misaligned_jumps) seen.insert(kind_of(c.instruction, false));
  const std::pair<const char*, Kind> kinds[] = {
#define WEFT_HART_NAME(name) {#name, Kind::name},
      WEFT_HART_OPERATIONS(WEFT_HART_NAME)
#undef WEFT_HART_NAME
  };
  for (const auto& [name, kind] : kinds) {
    INFO("operation without a case: " << name);
    CHECK(seen.count(kind) == 1);
  }
}
