// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <catch2/catch.hpp>

#include "models/common/counter_rng.h"
#include "models/hart/disassemble.h"
#include "tests/models/hart/machine.h"
#include "tests/models/hart/qemu.h"
#include "tests/support/skip.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr std::uint64_t seed = 1001;

constexpr std::uint32_t unary(std::uint32_t funct12, std::uint32_t funct3) {
  return hart::encode_i(Opcode::op_imm, a0, funct3, a1, funct12);
}
constexpr std::uint32_t binary(std::uint32_t funct7, std::uint32_t funct3) {
  return op(funct3, funct7, a0, a1, a2);
}

constexpr std::array<std::uint32_t, 3> zba = {binary(0x10, 2), binary(0x10, 4), binary(0x10, 6)};
constexpr std::array<std::uint32_t, 18> zbb = {
    binary(0x20, 7), binary(0x20, 6), binary(0x20, 4),        unary(0x600, 1), unary(0x601, 1),
    unary(0x602, 1), binary(0x05, 6), binary(0x05, 7),        binary(0x05, 4), binary(0x05, 5),
    unary(0x604, 1), unary(0x605, 1), op(4, 4, a0, a1, zero), binary(0x30, 1), binary(0x30, 5),
    unary(0x607, 5), unary(0x287, 5), unary(0x698, 5)};
constexpr std::array<std::uint32_t, 8> zbs = {binary(0x24, 1), unary(0x485, 1), binary(0x24, 5),
                                              unary(0x49F, 5), binary(0x34, 1), unary(0x680, 1),
                                              binary(0x14, 1), unary(0x29F, 1)};

std::vector<std::uint32_t> all_instructions() {
  std::vector<std::uint32_t> all(zba.begin(), zba.end());
  all.insert(all.end(), zbb.begin(), zbb.end());
  all.insert(all.end(), zbs.begin(), zbs.end());
  for (std::uint32_t amount = 0; amount < 32; ++amount) {
    for (const std::uint32_t word :
         {unary(0x600, 5), unary(0x480, 1), unary(0x480, 5), unary(0x680, 1), unary(0x280, 1)}) {
      all.push_back(word | amount << 20);
    }
  }
  return all;
}

std::uint32_t result_of(std::uint32_t instruction, std::uint32_t a, std::uint32_t b = 0) {
  Machine machine(qemu_config());
  machine.program({instruction});
  machine.core.set_x(a1, a);
  machine.core.set_x(a2, b);
  machine.step();
  CHECK(machine.traps.empty());
  return machine.core.x(a0);
}

bool is_illegal(std::uint32_t instruction, const hart::CoreConfig& config) {
  Machine machine(config);
  machine.program({instruction});
  machine.step();
  return machine.traps.size() == 1 && machine.traps[0].cause == hart::cause::illegal_instruction &&
         machine.traps[0].value == instruction;
}

std::uint32_t operand(weft::CounterRng& rng) {
  constexpr std::array<std::uint32_t, 12> corners = {0,      1,      0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0x80,
                                                     0x8000, 0x7FFF, 0x00FF0000, 0x01000100, 31,         32};
  const std::uint32_t kind = rng.below(4);
  if (kind == 0) return corners[rng.below(corners.size())];
  if (kind == 1) return 1u << rng.below(32);
  return rng.next_u32();
}

}  // namespace

TEST_CASE("bit manipulation gives the values of the manual's definitions") {
  CHECK(result_of(zba[0], 5, 100) == 110);
  CHECK(result_of(zba[1], 0x40000001, 1) == 5);
  CHECK(result_of(zba[2], 5, 100) == 140);
  CHECK(result_of(zbb[0], 0xFF, 0x0F) == 0xF0);             // andn
  CHECK(result_of(zbb[1], 1, 0xFFFFFFF0) == 0xF);           // orn
  CHECK(result_of(zbb[2], 0xFF, 0x0F) == 0xFFFFFF0F);       // xnor
  CHECK(result_of(zbb[3], 0) == 32);                        // clz
  CHECK(result_of(zbb[3], 1) == 31);                        // clz
  CHECK(result_of(zbb[4], 0) == 32);                        // ctz
  CHECK(result_of(zbb[4], 0x80000000) == 31);               // ctz
  CHECK(result_of(zbb[5], 0xFFFFFFFF) == 32);               // cpop
  CHECK(result_of(zbb[6], 0xFFFFFFFF, 1) == 1);             // max
  CHECK(result_of(zbb[7], 0xFFFFFFFF, 1) == 0xFFFFFFFF);    // maxu
  CHECK(result_of(zbb[8], 0xFFFFFFFF, 1) == 0xFFFFFFFF);    // min
  CHECK(result_of(zbb[9], 0xFFFFFFFF, 1) == 1);             // minu
  CHECK(result_of(zbb[10], 0x180) == 0xFFFFFF80);           // sext.b
  CHECK(result_of(zbb[11], 0x18000) == 0xFFFF8000);         // sext.h
  CHECK(result_of(zbb[12], 0xABCD8000) == 0x8000);          // zext.h
  CHECK(result_of(zbb[13], 0x80000001, 33) == 3);           // rol
  CHECK(result_of(zbb[14], 0x80000001, 33) == 0xC0000000);  // ror
  CHECK(result_of(zbb[15], 0x12345678, 0) == 0xF02468AC);   // rori by 7
  CHECK(result_of(zbb[16], 0x01800010) == 0xFFFF00FF);      // orc.b
  CHECK(result_of(zbb[17], 0x12345678) == 0x78563412);      // rev8
  CHECK(result_of(zbs[0], 0xFFFFFFFF, 36) == 0xFFFFFFEF);   // bclr
  CHECK(result_of(zbs[1], 0xFFFFFFFF) == 0xFFFFFFDF);       // bclri 5
  CHECK(result_of(zbs[2], 0x10, 36) == 1);                  // bext
  CHECK(result_of(zbs[3], 0x80000000) == 1);                // bexti 31
  CHECK(result_of(zbs[4], 0x10, 36) == 0);                  // binv
  CHECK(result_of(zbs[5], 0) == 1);                         // binvi 0
  CHECK(result_of(zbs[6], 0, 36) == 0x10);                  // bset
  CHECK(result_of(zbs[7], 0) == 0x80000000);                // bseti 31
}

TEST_CASE("each bit-manipulation extension is illegal when it is off, whatever the others are") {
  const auto check = [](const auto& instructions, bool hart::CoreConfig::*extension) {
    hart::CoreConfig others = qemu_config();
    others.*extension = false;
    hart::CoreConfig alone;
    alone.*extension = true;
    for (const std::uint32_t word : instructions) {
      CAPTURE(hart::disassemble(word, 0));
      CHECK(is_illegal(word, others));
      CHECK_FALSE(is_illegal(word, alone));
    }
  };
  check(zba, &hart::CoreConfig::zba);
  check(zbb, &hart::CoreConfig::zbb);
  check(zbs, &hart::CoreConfig::zbs);
}

TEST_CASE("neighbours of bit-manipulation encodings are illegal") {
  const std::uint32_t words[] = {unary(0x603, 1),                           // between cpop and sext.b
                                 unary(0x606, 1),                           // behind sext.h
                                 unary(0x2A7, 5),                           // orc.b with bit 25
                                 unary(0x286, 5),                           // orc.h
                                 unary(0x6B8, 5),                           // rev8 of RV64
                                 unary(0x687, 5),                           // brev8 of Zbkb
                                 op(4, 4, a0, a1, a2),                      // pack of Zbkb
                                 op(1, 5, a0, a1, a2),                      // clmul of Zbc
                                 op(1, 0x10, a0, a1, a2), unary(0x620, 5),  // rori by 32
                                 unary(0x4A0, 1)};                          // bclri by 32
  for (const std::uint32_t word : words) {
    CAPTURE(word);
    CHECK(is_illegal(word, qemu_config()));
  }
}

TEST_CASE("misa shows B only if all three of its parts are there") {
  constexpr std::uint32_t misa_b = 2;
  for (unsigned parts = 0; parts < 8; ++parts) {
    hart::CoreConfig config;
    config.zba = (parts & 1u) != 0;
    config.zbb = (parts & 2u) != 0;
    config.zbs = (parts & 4u) != 0;
    Machine machine(config);
    CHECK(((machine.csr(hart::csr::misa) & misa_b) != 0) == (parts == 7));
  }
}

TEST_CASE("every bit-manipulation instruction does what it does on QEMU") {
  if (!have_qemu()) WEFT_SKIP("qemu-system-riscv32 is not installed (Debian package qemu-system-misc)");
  constexpr std::size_t words = 1u << 20;
  constexpr std::uint32_t first_result = words / 2;
  constexpr unsigned operand_pairs = 100;
  Image image(words);
  weft::CounterRng rng(seed, 0, 0);
  std::vector<std::pair<std::uint32_t, std::array<std::uint32_t, 2>>> cases;
  image.load_constant(s1, ram_base + 4 * first_result);
  for (const std::uint32_t word : all_instructions()) {
    for (unsigned i = 0; i < operand_pairs; ++i) {
      const std::array<std::uint32_t, 2> operands = {operand(rng), operand(rng)};
      image.load_constant(a1, operands[0]);
      image.load_constant(a2, operands[1]);
      image.emit(word);
      image.emit(sw(a0, 0, s1));
      image.emit(addi(s1, s1, 4));
      cases.emplace_back(word, operands);
    }
  }
  image.finish();
  REQUIRE(image.emitted() < first_result);
  const std::vector<std::uint32_t> theirs = image.run_on_qemu();
  const std::vector<std::uint32_t> ours = image.run_on_core();
  INFO("seed " << seed);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(hart::disassemble(cases[i].first, 0), cases[i].second);
    REQUIRE(ours[first_result + i] == theirs[first_result + i]);
  }
}
