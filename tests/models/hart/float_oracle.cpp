// SPDX-License-Identifier: Apache-2.0
// Every F instruction on this core and on QEMU (Berkeley SoftFloat inside): same results, same flags.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "models/common/counter_rng.h"
#include "models/hart/disassemble.h"
#include "models/hart/float_encoding.h"
#include "tests/models/hart/machine.h"
#include "tests/models/hart/qemu.h"
#include "tests/support/skip.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr std::uint32_t sign = 0x80000000;
constexpr std::uint32_t rounding_modes = 5;

struct Case {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t fcsr = 0;
};

// Zeros, subnormals, the ends of every range, halves, integers' ends, infinities and NaNs.
constexpr std::array<std::uint32_t, 20> specials = {
    0x00000000, 0x00000001, 0x007FFFFF, 0x00800000, 0x00800001, 0x33800000, 0x34000001,
    0x3F000000, 0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x40490FDB, 0x4B7FFFFF, 0x4EFFFFFF,
    0x4F000000, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF};

float as_float(std::uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::uint32_t as_bits(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

constexpr std::uint32_t number(std::uint32_t exponent, std::uint32_t fraction) {
  return (exponent & 0xFFu) << 23 | (fraction & 0x007FFFFFu);
}

class Operands {
 public:
  Operands(std::uint64_t seed, std::uint32_t index) : rng_(seed, index, 0) {}

  Case next() {
    Case result = {value(), value(), value(), rng_.below(rounding_modes) << 5};
    const std::uint32_t relation = rng_.below(8);
    if (relation == 0) result.b = neighbour(result.a) ^ sign;
    if (relation == 1) result.b = tiny_product_with(result.a);
    if (relation == 2) result.c = neighbour(as_bits(-(as_float(result.a) * as_float(result.b))));
    if (relation == 3) result.b = neighbour(result.a);
    return result;
  }

 private:
  std::uint32_t value() {
    const std::uint32_t some_sign = rng_.next_u32() & sign;
    const std::uint32_t r = rng_.next_u32();
    switch (rng_.below(8)) {
      case 0:
        return r;
      case 1:
        return specials[rng_.below(specials.size())] | some_sign;
      case 2:  // moderate numbers
        return some_sign | number(97 + rng_.below(60), r);
      case 3:  // few bits, for ties
        return some_sign | number(110 + rng_.below(40), r & ~0u << (10 + rng_.below(13)));
      case 4:  // around the smallest normal number
        return some_sign | number(rng_.below(3), r);
      case 5:  // around the largest
        return some_sign | number(252 + rng_.below(3), r);
      case 6:  // what fits into integers, and halves of it
        return as_bits(static_cast<float>(static_cast<std::int32_t>(r) >> rng_.below(32)) * 0.5F);
      default:  // around the ends of the integers
        return some_sign | number(157 + rng_.below(3), rng_.below(2) == 0 ? 0x7FFFFF : rng_.below(3));
    }
  }

  std::uint32_t neighbour(std::uint32_t bits) { return bits + rng_.below(5) - 2; }

  std::uint32_t tiny_product_with(std::uint32_t a) {
    const std::uint32_t exponent = (a >> 23) & 0xFFu;
    return number(128 - std::min(exponent, 127u) + 28 - rng_.below(57), rng_.next_u32());
  }

  weft::CounterRng rng_;
};

std::vector<Case> random_cases(std::uint64_t seed, std::uint32_t count) {
  std::vector<Case> cases;
  for (std::uint32_t i = 0; i < count; ++i) cases.push_back(Operands(seed, i).next());
  return cases;
}

// Every special value against every other with either sign, and some thirds, in every rounding mode.
std::vector<Case> special_cases() {
  std::vector<std::uint32_t> values;
  for (const std::uint32_t special : specials) {
    values.push_back(special);
    values.push_back(special | sign);
  }
  std::vector<Case> cases;
  for (const std::uint32_t a : values) {
    for (const std::uint32_t b : values) {
      for (std::uint32_t c = 0; c < values.size(); ++c) {
        for (std::uint32_t mode = 0; mode < rounding_modes; ++mode) {
          if (c % rounding_modes == mode || c < 6) cases.push_back({a, b, values[c], mode << 5});
        }
      }
    }
  }
  return cases;
}

// Instructions from registers 11, 12 and 13 to 10; those with a rounding mode take it from frm.
std::vector<std::uint32_t> all_instructions() {
  constexpr std::uint32_t dynamic = hart::dynamic_rounding;
  std::vector<std::uint32_t> all;
  for (const Opcode opcode : {Opcode::madd, Opcode::msub, Opcode::nmsub, Opcode::nmadd}) {
    all.push_back(multiply_add(opcode, dynamic, 10, 11, 12, 13));
  }
  for (const std::uint32_t funct7 : {0x00u, 0x04u, 0x08u, 0x0Cu})
    all.push_back(op_fp(funct7, dynamic, 10, 11, 12));
  all.push_back(op_fp(0x2C, dynamic, 10, 11, 0));
  for (const std::uint32_t funct7 : {0x60u, 0x68u}) {
    for (const std::uint32_t rs2 : {0u, 1u}) all.push_back(op_fp(funct7, dynamic, 10, 11, rs2));
  }
  for (const std::uint32_t funct3 : {0u, 1u, 2u}) all.push_back(op_fp(0x10, funct3, 10, 11, 12));
  for (const std::uint32_t funct3 : {0u, 1u}) all.push_back(op_fp(0x14, funct3, 10, 11, 12));
  for (const std::uint32_t funct3 : {0u, 1u, 2u}) all.push_back(op_fp(0x50, funct3, 10, 11, 12));
  for (const std::uint32_t funct3 : {0u, 1u}) all.push_back(op_fp(0x70, funct3, 10, 11, 0));
  all.push_back(fmv_w_x(10, 11));
  return all;
}

std::vector<std::uint32_t> with_static_rounding(const std::vector<std::uint32_t>& instructions) {
  std::vector<std::uint32_t> result;
  for (const std::uint32_t word : instructions) {
    for (std::uint32_t mode = 0; mode < rounding_modes && hart::has_rounding_mode(word); ++mode) {
      result.push_back((word & ~(7u << 12)) | mode << 12);
    }
  }
  return result;
}

constexpr std::size_t words_a_case = 4;
constexpr std::size_t words_a_result = 2;
constexpr std::size_t code_words = 1u << 14;

constexpr std::uint32_t address_of(std::size_t word) {
  return ram_base + static_cast<std::uint32_t>(4 * word);
}

// Runs one instruction on all cases and writes down what is in its destination, and fcsr.
void emit_sweep(Image& image, std::uint32_t instruction, std::size_t cases, std::size_t results) {
  image.load_constant(s0, address_of(code_words));
  image.load_constant(a4, address_of(code_words + words_a_case * cases));
  image.load_constant(s1, address_of(results));
  const std::size_t loop = image.emitted();
  image.emit(lw(a1, 0, s0));
  image.emit(flw(11, 0, s0));
  image.emit(flw(12, 4, s0));
  image.emit(flw(13, 8, s0));
  image.emit(lw(t0, 12, s0));
  image.emit(csrw(hart::csr::fcsr, t0));
  image.emit(instruction);
  image.emit(csrr(t1, hart::csr::fcsr));
  if (!hart::writes_integer_register(instruction)) image.emit(fmv_x_w(a0, 10));
  image.emit(sw(a0, 0, s1));
  image.emit(sw(t1, 4, s1));
  image.emit(addi(s0, s0, 4 * words_a_case));
  image.emit(addi(s1, s1, 4 * words_a_result));
  image.emit(bne(s0, a4, image.distance_to(loop)));
}

void check_on_qemu(const std::vector<std::uint32_t>& instructions, const std::vector<Case>& cases) {
  if (!have_qemu()) WEFT_SKIP("qemu-system-riscv32 is not installed (Debian package qemu-system-misc)");
  const std::size_t first_result = code_words + words_a_case * cases.size();
  const std::size_t results_an_instruction = words_a_result * cases.size();
  constexpr std::size_t page = 1u << 18;
  const std::size_t words = first_result + results_an_instruction * instructions.size();
  Image image((words + page - 1) / page * page);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::uint32_t* at = &image.at(code_words + words_a_case * i);
    std::memcpy(at, &cases[i], sizeof cases[i]);
  }
  image.load_constant(t0, 0x2000);  // mstatus.FS: initial
  image.emit(csrrs(zero, hart::csr::mstatus, t0));
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    emit_sweep(image, instructions[i], cases.size(), first_result + results_an_instruction * i);
  }
  image.finish();
  REQUIRE(image.emitted() < code_words);
  const std::vector<std::uint32_t> theirs = image.run_on_qemu();
  const std::vector<std::uint32_t> ours = image.run_on_core();
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    unsigned differences = 0;
    for (std::size_t j = 0; j < cases.size() && differences < 3; ++j) {
      const std::size_t at = first_result + results_an_instruction * i + words_a_result * j;
      if (ours[at] == theirs[at] && ours[at + 1] == theirs[at + 1]) continue;
      ++differences;
      const Case& c = cases[j];
      FAIL_CHECK(
          fmt::format("{} of {:08x} {:08x} {:08x} with fcsr {:02x}: {:08x} {:02x}, on QEMU {:08x} {:02x}",
                      hart::disassemble(instructions[i], 0), c.a, c.b, c.c, c.fcsr, ours[at], ours[at + 1],
                      theirs[at], theirs[at + 1]));
    }
    CHECK(differences == 0);
  }
}

}  // namespace

TEST_CASE("every float instruction gives QEMU's results and flags for all pairs of special values") {
  check_on_qemu(all_instructions(), special_cases());
}

TEST_CASE("every float instruction gives QEMU's results and flags for random values") {
  check_on_qemu(all_instructions(), random_cases(1, 200'000));
}

TEST_CASE("rounding modes in the instruction go before that of frm") {
  check_on_qemu(with_static_rounding(all_instructions()), random_cases(2, 10'000));
}

TEST_CASE("every float instruction gives QEMU's results and flags for millions of random values", "[.long]") {
  for (std::uint64_t seed = 100; seed < 110; ++seed) {
    INFO("seed " << seed);
    check_on_qemu(all_instructions(), random_cases(seed, 200'000));
  }
}
