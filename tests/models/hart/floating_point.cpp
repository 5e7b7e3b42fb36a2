// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "models/hart/float_encoding.h"
#include "models/hart/float_unit.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;
namespace unit = weft::hart::float_unit;

namespace {

using unit::Rounding;

constexpr std::uint32_t one = 0x3F800000;
constexpr std::uint32_t largest = 0x7F7FFFFF;
constexpr std::uint32_t infinity = 0x7F800000;
constexpr std::uint32_t smallest_normal = 0x00800000;
constexpr std::uint32_t quiet_nan = 0x7FC12345;
constexpr std::uint32_t signalling_nan = 0x7F800001;
constexpr std::uint32_t negative = 0x80000000;

constexpr std::uint32_t fs_mask = 0x6000;
constexpr std::uint32_t fs_initial = 0x2000;
constexpr std::uint32_t fs_clean = 0x4000;
constexpr std::uint32_t fs_dirty = 0x6000;
constexpr std::uint32_t sd = 0x80000000;
constexpr std::uint32_t dynamic = hart::dynamic_rounding;
constexpr std::uint32_t add_floats = op_fp(0x00, dynamic, 10, 11, 12);

hart::CoreConfig with_float() {
  hart::CoreConfig config;
  config.single_float = true;
  return config;
}

struct FloatMachine : Machine {
  explicit FloatMachine(std::uint32_t status = fs_initial, bool direct = true)
      : Machine(with_float(), direct) {
    set_csr(hart::csr::mstatus, status);
  }
  void run_one(std::uint32_t instruction) {
    program({instruction, nop});
    core.set_pc(ram_base);
    step();
  }
  std::uint32_t status() { return csr(hart::csr::mstatus) & (fs_mask | sd); }
};

void check(unit::Result result, std::uint32_t value, std::uint32_t flags) {
  CHECK(result.value == value);
  CHECK(result.flags == flags);
}

// Word and half a word of the trap that an illegal instruction takes.
bool traps_as_illegal(FloatMachine& machine, std::uint32_t value) {
  return machine.traps.size() == 1 && machine.traps[0].cause == hart::cause::illegal_instruction &&
         machine.traps[0].value == value;
}

std::vector<std::uint32_t> one_of_each() {
  return {add_floats,
          op_fp(0x04, 0, 10, 11, 12),
          op_fp(0x2C, dynamic, 10, 11, 0),
          multiply_add(Opcode::madd, dynamic, 10, 11, 12, 13),
          multiply_add(Opcode::nmadd, 1, 10, 11, 12, 13),
          op_fp(0x10, 0, 10, 11, 12),
          op_fp(0x14, 1, 10, 11, 12),
          op_fp(0x50, 2, 10, 11, 12),
          op_fp(0x60, 1, 10, 11, 0),
          op_fp(0x68, dynamic, 10, 11, 1),
          op_fp(0x70, 1, 10, 11, 0),
          fmv_x_w(10, 11),
          fmv_w_x(10, 11),
          flw(10, 0, s0),
          fsw(10, 0, s0)};
}

}  // namespace

TEST_CASE("an inexact sum rounds as the mode says") {
  const std::uint32_t half_ulp = 0x33800000;  // of 1.0
  check(unit::add(one, half_ulp, Rounding::nearest_even), one, unit::flag::inexact);
  check(unit::add(one, half_ulp, Rounding::nearest_away), one + 1, unit::flag::inexact);
  check(unit::add(one, half_ulp, Rounding::up), one + 1, unit::flag::inexact);
  check(unit::add(one, half_ulp, Rounding::down), one, unit::flag::inexact);
  check(unit::add(one | negative, half_ulp | negative, Rounding::down), (one + 1) | negative,
        unit::flag::inexact);
  check(unit::add(one | negative, half_ulp | negative, Rounding::towards_zero), one | negative,
        unit::flag::inexact);
}

TEST_CASE("a sum of numbers far apart is inexact although binary64 swallows the smaller one") {
  check(unit::add_nearest(one, 1), one, unit::flag::inexact);
  check(unit::add(one, 1, Rounding::up), one + 1, unit::flag::inexact);
  check(unit::add(one, 1 | negative, Rounding::down), one - 1, unit::flag::inexact);
  check(unit::multiply_add_nearest(one, one, 1), one, unit::flag::inexact);
}

TEST_CASE("a difference of zero is negative only when rounding down") {
  check(unit::subtract(one, one, Rounding::nearest_even), 0, 0);
  check(unit::subtract(one, one, Rounding::down), negative, 0);
  check(unit::multiply_add(one, one, one | negative, Rounding::down), negative, 0);
  check(unit::add(negative, negative, Rounding::up), negative, 0);
}

TEST_CASE("overflow gives infinity or the largest number, by mode and sign") {
  const std::uint32_t flags = unit::flag::overflow | unit::flag::inexact;
  check(unit::multiply_nearest(largest, largest), infinity, flags);
  check(unit::multiply(largest, largest, Rounding::towards_zero), largest, flags);
  check(unit::multiply(largest, largest, Rounding::down), largest, flags);
  check(unit::multiply(largest, largest | negative, Rounding::up), largest | negative, flags);
  check(unit::multiply(largest, largest | negative, Rounding::nearest_away), infinity | negative, flags);
}

TEST_CASE("tininess is detected after rounding") {
  const std::uint32_t just_below_one = one - 1;
  // Just below the smallest normal number: half a subnormal ulp, which rounds up to normal.
  check(unit::multiply_nearest(smallest_normal, just_below_one), smallest_normal,
        unit::flag::inexact | unit::flag::underflow);
  check(unit::multiply_nearest(smallest_normal + 1, just_below_one), smallest_normal, unit::flag::inexact);
  check(unit::multiply(smallest_normal + 1, just_below_one, Rounding::down), smallest_normal - 0,
        unit::flag::inexact);
  check(unit::divide_nearest(smallest_normal, 0x40000000), smallest_normal / 2, 0);  // subnormal, exact
  check(unit::multiply_nearest(1, one / 2), 0, unit::flag::inexact | unit::flag::underflow);
}

TEST_CASE("NaN results are canonical and only signalling operands or new NaNs are invalid") {
  check(unit::add_nearest(quiet_nan, one), unit::canonical_nan, 0);
  check(unit::add_nearest(signalling_nan, one), unit::canonical_nan, unit::flag::invalid);
  check(unit::subtract_nearest(infinity, infinity), unit::canonical_nan, unit::flag::invalid);
  check(unit::multiply_nearest(infinity, 0), unit::canonical_nan, unit::flag::invalid);
  check(unit::divide_nearest(0, 0), unit::canonical_nan, unit::flag::invalid);
  check(unit::square_root(one | negative, Rounding::nearest_even), unit::canonical_nan, unit::flag::invalid);
  check(unit::multiply_add_nearest(infinity, 0, quiet_nan), unit::canonical_nan, unit::flag::invalid);
  check(unit::divide_nearest(one, 0), infinity, unit::flag::divide_by_zero);
  check(unit::divide_nearest(infinity, negative), infinity | negative, 0);
}

TEST_CASE("minimum and maximum prefer numbers to NaNs and tell the zeros apart") {
  check(unit::minimum(0, negative), negative, 0);
  check(unit::maximum(negative, 0), 0, 0);
  check(unit::minimum(quiet_nan, one), one, 0);
  check(unit::maximum(one, signalling_nan), one, unit::flag::invalid);
  check(unit::minimum(quiet_nan, quiet_nan), unit::canonical_nan, 0);
}

TEST_CASE("conversions to integers saturate as the manual's table says") {
  const std::uint32_t two_to_31 = 0x4F000000;
  check(unit::to_signed(two_to_31, Rounding::towards_zero), 0x7FFFFFFF, unit::flag::invalid);
  check(unit::to_signed(two_to_31 | negative, Rounding::towards_zero), 0x80000000, 0);
  check(unit::to_signed(infinity | negative, Rounding::towards_zero), 0x80000000, unit::flag::invalid);
  check(unit::to_signed(quiet_nan | negative, Rounding::towards_zero), 0x7FFFFFFF, unit::flag::invalid);
  check(unit::to_unsigned(two_to_31, Rounding::towards_zero), 0x80000000, 0);
  check(unit::to_unsigned(infinity, Rounding::towards_zero), 0xFFFFFFFF, unit::flag::invalid);
  check(unit::to_unsigned(one | negative, Rounding::towards_zero), 0, unit::flag::invalid);
  check(unit::to_unsigned(0xBF400000, Rounding::towards_zero), 0, unit::flag::inexact);  // -0.75
  check(unit::to_unsigned(0xBF400000, Rounding::nearest_even), 0, unit::flag::invalid);
  check(unit::to_signed(0x40200000, Rounding::nearest_even), 2, unit::flag::inexact);  // 2.5
  check(unit::to_signed(0x40200000, Rounding::nearest_away), 3, unit::flag::inexact);
}

TEST_CASE("with floating point off every F instruction and CSR is illegal, with its bits in mtval") {
  for (const std::uint32_t word : one_of_each()) {
    CAPTURE(word);
    FloatMachine machine(0);
    machine.run_one(word);
    CHECK(traps_as_illegal(machine, word));
  }
  for (const std::uint32_t number : {hart::csr::fflags, hart::csr::frm, hart::csr::fcsr}) {
    FloatMachine machine(0);
    machine.run_one(csrr(a0, number));
    CHECK(traps_as_illegal(machine, csrr(a0, number)));
  }
  // c.flw fa0,36(s1), c.fsw fa0,92(s1), c.flwsp fa1,172(sp), c.fswsp ft3,212(sp)
  for (const std::uint32_t parcel : {0x70C8u, 0xECE8u, 0x75BAu, 0xEB8Eu}) {
    CAPTURE(parcel);
    FloatMachine machine(0);
    machine.run_one(pair(parcel, c_nop));
    CHECK(traps_as_illegal(machine, parcel));
  }
}

TEST_CASE("without the F extension its instructions and CSRs do not exist and FS reads 0") {
  Machine machine;
  machine.set_csr(hart::csr::mstatus, fs_dirty);
  CHECK((machine.csr(hart::csr::mstatus) & (fs_mask | sd)) == 0);
  std::uint32_t value = 0;
  CHECK(machine.core.read_csr(hart::csr::fcsr, value) == hart::CsrStatus::no_such_csr);
  CHECK(machine.core.write_csr(hart::csr::fcsr, value) == hart::CsrStatus::no_such_csr);
  for (const std::uint32_t word : one_of_each()) {
    CAPTURE(word);
    Machine other;
    other.set_csr(hart::csr::mstatus, fs_dirty);
    other.program({word});
    other.step();
    REQUIRE(other.traps.size() == 1);
    CHECK(other.traps[0].value == word);
  }
}

TEST_CASE("misa shows F and a reset switches floating point off") {
  FloatMachine machine(fs_dirty);
  CHECK((machine.csr(hart::csr::misa) & 1u << 5) != 0);
  machine.core.set_f(3, one);
  machine.core.reset();
  CHECK(machine.status() == 0);
  CHECK(machine.core.f(3) == 0);
}

TEST_CASE("what changes floating-point state marks it dirty, and nothing else does") {
  const std::uint32_t status = GENERATE(0x2000u, 0x4000u);
  struct Case {
    std::uint32_t instruction;
    std::uint32_t operand;
    bool dirties;
  };
  const Case cases[] = {{add_floats, one, true},
                        {op_fp(0x10, 0, 10, 11, 12), one, true},
                        {fmv_w_x(10, 11), one, true},
                        {flw(10, 0, s0), one, true},
                        {csrw(hart::csr::frm, a1), one, true},
                        {csrr(a0, hart::csr::fcsr), one, false},
                        {fsw(10, 0, s0), one, false},
                        {fmv_x_w(10, 11), one, false},
                        {op_fp(0x50, 1, 10, 11, 11), one, false},
                        {op_fp(0x50, 1, 10, 11, 11), quiet_nan, true},  // raises invalid
                        {op_fp(0x60, 1, 10, 11, 0), one, false},
                        {op_fp(0x60, 1, 10, 11, 0), one + 1, true}};  // raises inexact
  for (const Case& c : cases) {
    CAPTURE(c.instruction, c.operand);
    FloatMachine machine(status);
    machine.core.set_x(s0, data_base);
    machine.core.set_f(11, c.operand);
    machine.run_one(c.instruction);
    CHECK(machine.traps.empty());
    CHECK(machine.status() == (c.dirties ? fs_dirty | sd : status));
  }
}

TEST_CASE("a load or store that faults leaves floating-point state alone") {
  const bool direct = GENERATE(true, false);
  FloatMachine machine(fs_clean, direct);
  machine.core.set_f(10, one);
  machine.core.set_x(s0, unmapped);
  machine.run_one(flw(10, 4, s0));
  machine.run_one(flw(10, 1, s0));
  machine.run_one(fsw(10, 4, s0));
  machine.run_one(fsw(10, 2, s0));
  REQUIRE(machine.traps.size() == 4);
  CHECK(machine.traps[0].cause == hart::cause::load_access);
  CHECK(machine.traps[1].cause == hart::cause::load_misaligned);
  CHECK(machine.traps[2].cause == hart::cause::store_access);
  CHECK(machine.traps[3].cause == hart::cause::store_misaligned);
  CHECK(machine.traps[3].value == unmapped + 2);
  CHECK(machine.core.f(10) == one);
  CHECK(machine.status() == fs_clean);
}

TEST_CASE("float loads and stores move all bits, long and compressed, directly and over the environment") {
  const bool direct = GENERATE(true, false);
  const std::uint32_t status = GENERATE(0x2000u, 0x6000u);
  FloatMachine machine(status, direct);
  machine.set_word(data_base + 36, signalling_nan);
  machine.core.set_x(s1, data_base);
  machine.core.set_x(sp, data_base);
  machine.program({flw(0, 36, s1), fsw(0, 40, s1), pair(0x70C8, 0xECE8), pair(0x75BA, 0xEB8E)});
  machine.set_word(data_base + 172, 0x12345678);
  machine.core.set_f(3, 0xCAFEF00D);
  machine.step(6);
  CHECK(machine.traps.empty());
  CHECK(machine.core.f(0) == signalling_nan);
  CHECK(machine.word(data_base + 40) == signalling_nan);
  CHECK(machine.core.f(10) == signalling_nan);            // c.flw fa0,36(s1)
  CHECK(machine.word(data_base + 92) == signalling_nan);  // c.fsw fa0,92(s1)
  CHECK(machine.core.f(11) == 0x12345678);                // c.flwsp fa1,172(sp)
  CHECK(machine.word(data_base + 212) == 0xCAFEF00D);     // c.fswsp ft3,212(sp)
}

TEST_CASE("a store of a float register into code is noticed") {
  FloatMachine machine(fs_dirty);
  machine.program({fsw(10, 8, s0), nop, 0, nop});
  machine.core.set_x(s0, ram_base);
  machine.core.set_f(10, addi(a0, zero, 7));
  machine.step(3);
  CHECK(machine.traps.empty());
  CHECK(machine.core.x(a0) == 7);
}

TEST_CASE("reserved rounding modes are illegal, in the instruction and in frm") {
  for (std::uint32_t mode = 5; mode < 8; ++mode) {
    for (const std::uint32_t word : one_of_each()) {
      const bool computes = hart::opcode(word) != Opcode::load_fp && hart::opcode(word) != Opcode::store_fp;
      if (!computes || !hart::has_rounding_mode(word)) continue;
      CAPTURE(word, mode);
      const bool is_dynamic = hart::field_funct3(word) == dynamic;
      FloatMachine machine(fs_dirty);
      machine.set_csr(hart::csr::frm, mode);
      CHECK(machine.csr(hart::csr::frm) == mode);
      machine.run_one(word);
      CHECK(traps_as_illegal(machine, word) == is_dynamic);
      if (mode == dynamic) continue;
      const std::uint32_t reserved = (word & ~(7u << 12)) | mode << 12;
      FloatMachine other(fs_dirty);
      other.run_one(reserved);
      CHECK(traps_as_illegal(other, reserved));
    }
  }
}

TEST_CASE("unknown floating-point encodings are illegal, double precision included") {
  const std::uint32_t words[] = {add_floats | 1u << 25,  // fadd.d
                                 multiply_add(Opcode::madd, dynamic, 10, 11, 12, 13) | 1u << 25,
                                 flw(10, 0, s0) ^ (1u << 12),      // fld
                                 fsw(10, 0, s0) ^ (1u << 12),      // fsd
                                 op_fp(0x20, dynamic, 10, 11, 1),  // fcvt.s.d
                                 op_fp(0x2C, dynamic, 10, 11, 1),  // fsqrt with rs2
                                 op_fp(0x60, dynamic, 10, 11, 2),  // fcvt.l.s
                                 op_fp(0x68, dynamic, 10, 11, 3),  // fcvt.s.lu
                                 op_fp(0x10, 3, 10, 11, 12),       // beyond fsgnjx
                                 op_fp(0x14, 2, 10, 11, 12),       // fminm of Zfa
                                 op_fp(0x50, 3, 10, 11, 12),       // beyond feq
                                 op_fp(0x70, 2, 10, 11, 0),        // beyond fclass
                                 op_fp(0x70, 0, 10, 11, 1),        // fmv.x.w with rs2
                                 op_fp(0x78, 1, 10, 11, 0),        // fmv.w.x with funct3
                                 op_fp(0x78, 0, 10, 11, 1)};       // fli.s of Zfa
  for (const std::uint32_t word : words) {
    CAPTURE(word);
    FloatMachine machine(fs_dirty);
    machine.run_one(word);
    CHECK(traps_as_illegal(machine, word));
  }
}

TEST_CASE("fcsr is its two fields, and flags accrue") {
  FloatMachine machine;
  machine.set_csr(hart::csr::fcsr, 0xFFFFFF5F);
  CHECK(machine.csr(hart::csr::fcsr) == 0x5F);
  CHECK(machine.csr(hart::csr::frm) == 2);
  CHECK(machine.csr(hart::csr::fflags) == 0x1F);
  machine.set_csr(hart::csr::fflags, 0);
  machine.set_csr(hart::csr::frm, 0);
  machine.core.set_f(11, one);
  machine.core.set_f(12, 1);
  machine.run_one(add_floats);
  machine.run_one(op_fp(0x0C, dynamic, 10, 11, 0));  // divided by f0, zero
  CHECK(machine.csr(hart::csr::fcsr) == (unit::flag::inexact | unit::flag::divide_by_zero));
}

TEST_CASE("each class of float instructions costs what the configuration says") {
  hart::CoreConfig config = with_float();
  config.costs.load = 5;
  config.costs.store = 7;
  config.costs.float_simple = 11;
  config.costs.float_arithmetic = 13;
  config.costs.float_divide = 17;
  config.costs.float_sqrt = 19;
  const std::uint32_t mode = GENERATE(7u, 2u);
  const std::pair<std::uint32_t, unsigned> cases[] = {{flw(10, 0, s0), 5},
                                                      {fsw(10, 0, s0), 7},
                                                      {op_fp(0x10, 0, 10, 11, 12), 11},
                                                      {op_fp(0x14, 0, 10, 11, 12), 11},
                                                      {op_fp(0x50, 0, 10, 11, 12), 11},
                                                      {op_fp(0x70, 1, 10, 11, 0), 11},
                                                      {fmv_x_w(10, 11), 11},
                                                      {fmv_w_x(10, 11), 11},
                                                      {op_fp(0x00, mode, 10, 11, 12), 13},
                                                      {op_fp(0x04, mode, 10, 11, 12), 13},
                                                      {op_fp(0x08, mode, 10, 11, 12), 13},
                                                      {op_fp(0x60, mode, 10, 11, 0), 13},
                                                      {op_fp(0x68, mode, 10, 11, 1), 13},
                                                      {multiply_add(Opcode::nmsub, mode, 10, 11, 12, 13), 13},
                                                      {op_fp(0x0C, mode, 10, 11, 12), 17},
                                                      {op_fp(0x2C, mode, 10, 11, 0), 19}};
  for (const auto& [word, cycles] : cases) {
    CAPTURE(word);
    Machine machine(config);
    machine.set_csr(hart::csr::mstatus, fs_initial);
    machine.program({word});
    machine.core.set_x(s0, data_base);
    machine.step();
    CHECK(machine.traps.empty());
    CHECK(machine.core.cycles() == cycles);
  }
  config.costs.float_sqrt = 0;
  CHECK_THROWS_WITH(Machine(config), "hart 0: cycle cost 'float_sqrt' is 0, allowed is 1 to 1000000");
}

TEST_CASE("a float load stalls what reads its register, in its own register file") {
  hart::CoreConfig config = with_float();
  config.costs.load_use = 10;
  const std::pair<std::vector<std::uint32_t>, bool> cases[] = {
      {{flw(11, 0, s0), op_fp(0x10, 0, 10, 11, 12)}, true},
      {{flw(12, 0, s0), op_fp(0x10, 0, 10, 11, 12)}, true},
      {{flw(13, 0, s0), multiply_add(Opcode::madd, dynamic, 10, 11, 12, 13)}, true},
      {{flw(0, 0, s0), fsw(0, 4, s0)}, true},
      {{flw(0, 0, s0), op_fp(0x2C, dynamic, 10, 11, 0)}, false},  // rs2 is no register
      {{flw(13, 0, s0), op_fp(0x10, 0, 10, 11, 12)}, false},
      {{flw(11, 0, s0), add(a0, a1, a2)}, false},
      {{flw(11, 0, s0), fmv_w_x(10, 11)}, false},
      {{lw(a1, 0, s0), fmv_w_x(10, 11)}, true},
      {{lw(a1, 0, s0), fmv_x_w(10, 11)}, false},
      {{lw(s0, 0, s0), flw(10, 0, s0)}, true},
      {{lw(s0, 0, s0), fsw(10, 0, s0)}, true},
      {{lw(a0, 0, s0), fsw(10, 4, s0)}, false}};
  for (const auto& [words, stalls] : cases) {
    CAPTURE(words);
    Machine machine(config);
    machine.set_csr(hart::csr::mstatus, fs_initial);
    machine.program(words);
    machine.core.set_x(s0, data_base);
    machine.step();
    CHECK(machine.core.cycles() == config.costs.load + (stalls ? 10 : 0));
  }
}
