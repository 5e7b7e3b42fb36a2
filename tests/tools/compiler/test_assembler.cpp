// SPDX-License-Identifier: Apache-2.0
// The assembler, read back by the harts' own disassembler.
#include "tools/compiler/assembler.h"

#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "models/hart/disassemble.h"
#include "models/hart/xweft.h"

using namespace weft;
using namespace weft::compiler;

namespace {

constexpr std::uint32_t base = 0x40000000;

std::vector<std::string> texts(const Assembler& assembler) {
  const auto custom = [](std::uint32_t word, std::uint32_t) { return xweft::disassemble(word); };
  std::vector<std::string> found;
  std::uint32_t address = base;
  for (const std::uint32_t word : assembler.words()) {
    found.push_back(hart::disassemble(word, address, custom));
    address += 4;
  }
  return found;
}

// What `li` leaves in the register: lui and addi, as the ISA defines them.
std::uint32_t value_of(const std::vector<std::uint32_t>& words) {
  std::uint32_t value = 0;
  for (const std::uint32_t word : words) {
    const std::uint32_t opcode = word & 0x7fu;
    if (opcode == 0x37) value = word & 0xfffff000u;
    if (opcode == 0x13) value += static_cast<std::uint32_t>(static_cast<std::int32_t>(word) >> 20);
  }
  return value;
}

}  // namespace

TEST_CASE("constants of every kind arrive in the register in at most two instructions") {
  for (const std::uint32_t value :
       {0u, 1u, 0x7ffu, 0x800u, 0xfffu, 0x1000u, 0x7ffff7ffu, 0x7ffff800u, 0x7fffffffu, 0x80000000u,
        0x80000001u, 0xfffff7ffu, 0xfffff800u, 0xffffffffu, 0x40000800u, 0xdeadbeefu}) {
    Assembler assembler(base);
    assembler.li(Reg::t0, value);
    CAPTURE(value);
    CHECK(value_of(assembler.words()) == value);
    CHECK(assembler.words().size() <= 2);
  }
}

TEST_CASE("instructions read back as what was meant") {
  Assembler assembler(base);
  assembler.addi(Reg::t0, Reg::t1, -2048);
  assembler.add(Reg::a0, Reg::a1, Reg::a2);
  assembler.sub(Reg::a0, Reg::a1, Reg::a2);
  assembler.mul(Reg::s2, Reg::s3, Reg::s4);
  assembler.divu(Reg::s2, Reg::s3, Reg::s4);
  assembler.sltu(Reg::t1, Reg::zero, Reg::t1);
  assembler.slli(Reg::t1, Reg::a3, 31);
  assembler.srli(Reg::t1, Reg::a3, 1);
  assembler.srai(Reg::t1, Reg::a3, 31);
  assembler.lw(Reg::t0, 2047, Reg::s6);
  assembler.lh(Reg::t0, -2, Reg::s6);
  assembler.sw(Reg::t0, -2048, Reg::s6);
  assembler.sh(Reg::t0, 6, Reg::s6);
  assembler.csrw(0x305, Reg::t0);
  assembler.csrr(Reg::t1, 0x342);
  assembler.wfi();
  assembler.ret();
  assembler.xweft(xweft::Mnemonic::cwait, Reg::zero, Reg::a0, Reg::a1, Reg::zero);
  CHECK(texts(assembler) == std::vector<std::string>{"addi t0,t1,-2048", "add a0,a1,a2", "sub a0,a1,a2",
                                                     "mul s2,s3,s4", "divu s2,s3,s4", "snez t1,t1",
                                                     "slli t1,a3,0x1f", "srli t1,a3,0x1", "srai t1,a3,0x1f",
                                                     "lw t0,2047(s6)", "lh t0,-2(s6)", "sw t0,-2048(s6)",
                                                     "sh t0,6(s6)", "csrw mtvec,t0", "csrr t1,mcause", "wfi",
                                                     "ret", "cwait a0,a1"});
}

TEST_CASE("branches, jumps and addresses reach labels before and behind them") {
  Assembler assembler(base);
  const Label back = assembler.make_label();
  const Label ahead = assembler.make_label();
  assembler.bind(back);
  assembler.beq(Reg::t0, Reg::t1, ahead);
  assembler.bne(Reg::t0, Reg::t1, back);
  assembler.bge(Reg::t0, Reg::t1, ahead);
  assembler.bltu(Reg::t0, Reg::t1, back);
  assembler.call(ahead);
  assembler.j(back);
  assembler.la(Reg::t0, ahead);
  assembler.bind(ahead);
  assembler.finish();
  CHECK(texts(assembler) == std::vector<std::string>{"beq t0,t1,0x40000020", "bne t0,t1,0x40000000",
                                                     "bge t0,t1,0x40000020", "bltu t0,t1,0x40000000",
                                                     "jal 0x40000020", "j 0x40000000", "lui t0,0x40000",
                                                     "addi t0,t0,32"});
  CHECK(value_of({assembler.words()[6], assembler.words()[7]}) == assembler.address_of(ahead));
}

TEST_CASE("a branch that cannot reach its label is an error, one that just reaches it is not") {
  const auto assemble = [](int distance) {
    Assembler assembler(base);
    const Label target = assembler.make_label();
    assembler.beq(Reg::t0, Reg::t1, target);
    for (int count = 1; count < distance; ++count) assembler.wfi();
    assembler.bind(target);
    assembler.finish();
  };
  constexpr int farthest = 4092 / 4;
  CHECK_NOTHROW(assemble(farthest));
  CHECK_THROWS_WITH(assemble(farthest + 1), Catch::Contains("reaches 4096 bytes, too far"));
}

TEST_CASE("the listing has a line for every instruction with its region and note") {
  Assembler assembler(base);
  assembler.region("first");
  assembler.note("why");
  assembler.wfi();
  assembler.region("second");
  assembler.wfi();
  assembler.wfi();
  assembler.finish();
  REQUIRE(assembler.listing().size() == 3);
  CHECK(assembler.listing()[0].region == "first");
  CHECK(assembler.listing()[0].note == "why");
  CHECK(assembler.listing()[1].note.empty());
  CHECK(assembler.listing()[2].address == base + 8);
  REQUIRE(assembler.regions().size() == 2);
  CHECK(assembler.regions()[0].end == assembler.regions()[1].start);
  CHECK(assembler.regions()[1].end == base + 12);
}

TEST_CASE("floating-point instructions read back as what was meant") {
  Assembler assembler(base);
  assembler.flw(FReg::f1, -4, Reg::a0);
  assembler.fsw(FReg::f2, 2047, Reg::s11);
  assembler.fadd(FReg::f0, FReg::f1, FReg::f2);
  assembler.fsub(FReg::f3, FReg::f4, FReg::f5);
  assembler.fmul(FReg::f6, FReg::f7, FReg::f0);
  assembler.fdiv(FReg::f1, FReg::f2, FReg::f3);
  assembler.fsqrt(FReg::f4, FReg::f5);
  assembler.fmin(FReg::f1, FReg::f2, FReg::f3);
  assembler.fmax(FReg::f1, FReg::f2, FReg::f3);
  assembler.fabs(FReg::f1, FReg::f2);
  assembler.to_float(FReg::f1, Reg::t0);
  assembler.to_integer(Reg::t0, FReg::f1);
  assembler.move(FReg::f1, Reg::t0);
  assembler.move(Reg::t0, FReg::f1);
  assembler.sll(Reg::a0, Reg::a1, Reg::a2);
  assembler.mret();
  CHECK(texts(assembler) ==
        std::vector<std::string>{"flw ft1,-4(a0)", "fsw ft2,2047(s11)", "fadd.s ft0,ft1,ft2,rne",
                                 "fsub.s ft3,ft4,ft5,rne", "fmul.s ft6,ft7,ft0,rne", "fdiv.s ft1,ft2,ft3,rne",
                                 "fsqrt.s ft4,ft5,rne", "fmin.s ft1,ft2,ft3", "fmax.s ft1,ft2,ft3",
                                 "fabs.s ft1,ft2", "fcvt.s.w ft1,t0,rne", "fcvt.w.s t0,ft1,rne",
                                 "fmv.w.x ft1,t0", "fmv.x.w t0,ft1", "sll a0,a1,a2", "mret"});
}
