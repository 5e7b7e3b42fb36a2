// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr std::uint32_t int_min = 0x80000000;
constexpr std::uint32_t minus_one = 0xFFFFFFFF;

std::uint32_t result_of(std::uint32_t instruction, std::uint32_t a, std::uint32_t b) {
  Machine machine;
  machine.program({instruction});
  machine.core.set_x(a1, a);
  machine.core.set_x(a2, b);
  machine.step();
  CHECK(machine.core.pc() == ram_base + 4);
  return machine.core.x(a0);
}

std::uint32_t binary(std::uint32_t funct3, std::uint32_t funct7, std::uint32_t a, std::uint32_t b) {
  return result_of(op(funct3, funct7, a0, a1, a2), a, b);
}

std::uint32_t with_immediate(std::uint32_t funct3, std::uint32_t a, std::int32_t immediate) {
  return result_of(op_imm(funct3, a0, a1, immediate), a, 0);
}

// Value of a0 after one 16-bit instruction, from registers x8 = 100, x9 = 7, a0 = 5, sp = data_base.
std::uint32_t compressed_result(std::uint32_t parcel, std::uint32_t which = a0) {
  Machine machine;
  machine.program({pair(parcel, c_nop)});
  machine.core.set_x(s0, 100);
  machine.core.set_x(s1, 7);
  machine.core.set_x(a0, 5);
  machine.core.set_x(sp, data_base);
  machine.set_word(data_base + 0xFC, 0xCAFE);
  machine.step();
  CHECK(machine.traps.empty());
  CHECK(machine.core.pc() == ram_base + 2);
  return machine.core.x(which);
}

bool is_illegal_parcel(std::uint32_t parcel) {
  Machine machine;
  machine.program({pair(parcel, c_nop)});
  machine.step();
  return machine.traps.size() == 1 && machine.traps[0].cause == hart::cause::illegal_instruction &&
         machine.traps[0].value == parcel;
}

}  // namespace

TEST_CASE("division by zero and overflow give the values the manual fixes") {
  CHECK(binary(4, 1, 17, 0) == minus_one);             // div
  CHECK(binary(5, 1, 17, 0) == minus_one);             // divu
  CHECK(binary(6, 1, 17, 0) == 17);                    // rem
  CHECK(binary(7, 1, 17, 0) == 17);                    // remu
  CHECK(binary(4, 1, int_min, minus_one) == int_min);  // div
  CHECK(binary(6, 1, int_min, minus_one) == 0);        // rem
  CHECK(binary(5, 1, int_min, minus_one) == 0);        // divu
  CHECK(binary(7, 1, int_min, minus_one) == int_min);  // remu
  CHECK(binary(4, 1, static_cast<std::uint32_t>(-7), 2) == static_cast<std::uint32_t>(-3));
  CHECK(binary(6, 1, static_cast<std::uint32_t>(-7), 2) == minus_one);
  CHECK(binary(4, 1, 7, minus_one) == static_cast<std::uint32_t>(-7));
}

TEST_CASE("the four multiplications differ in their signs") {
  CHECK(binary(0, 1, minus_one, minus_one) == 1);           // mul
  CHECK(binary(1, 1, minus_one, minus_one) == 0);           // mulh: (-1)(-1)
  CHECK(binary(2, 1, minus_one, minus_one) == minus_one);   // mulhsu: (-1)(2^32-1)
  CHECK(binary(3, 1, minus_one, minus_one) == 0xFFFFFFFE);  // mulhu
  CHECK(binary(1, 1, int_min, int_min) == 0x40000000);
  CHECK(binary(2, 1, int_min, minus_one) == int_min);
}

TEST_CASE("shifts use the low five bits of the amount, and sra keeps the sign") {
  CHECK(binary(1, 0, 1, 33) == 2);
  CHECK(binary(5, 0, int_min, 63) == 1);
  CHECK(binary(5, 0x20, int_min, 63) == minus_one);
  CHECK(with_immediate(1, 1, 31) == int_min);
  CHECK(with_immediate(5, int_min, 31) == 1);
  CHECK(with_immediate(5, int_min, 0x400 | 4) == 0xF8000000);
}

TEST_CASE("comparisons and immediates are sign-extended where the manual says so") {
  CHECK(binary(2, 0, minus_one, 0) == 1);
  CHECK(binary(3, 0, minus_one, 0) == 0);
  CHECK(with_immediate(2, 5, -1) == 0);
  CHECK(with_immediate(3, 5, -1) == 1);  // sltiu compares with 0xffffffff
  CHECK(with_immediate(0, 5, -2048) == 5u - 2048u);
  CHECK(with_immediate(4, 0x0F0F0F0F, -1) == 0xF0F0F0F0);
  CHECK(binary(0, 0x20, 0, 1) == minus_one);
}

TEST_CASE("lui and auipc fill the upper 20 bits") {
  CHECK(result_of(lui(a0, 0xFFFFF000), 0, 0) == 0xFFFFF000);
  CHECK(result_of(auipc(a0, 0xFFFFF000), 0, 0) == ram_base - 0x1000);
}

TEST_CASE("x0 stays zero whatever is written to it") {
  Machine machine;
  machine.program({addi(zero, zero, 5), add(a0, zero, zero), lw(zero, 0, a1), jal(zero, 4), csrr(zero, 0x301),
                   amo(0, zero, a2, a1), lui(zero, 0x1000), add(a3, zero, zero)});
  machine.core.set_x(a1, data_base);
  machine.core.set_x(a0, 1);
  machine.core.set_x(a3, 1);
  machine.set_word(data_base, 77);
  machine.step(8);
  CHECK(machine.traps.empty());
  CHECK(machine.core.x(zero) == 0);
  CHECK(machine.core.x(a0) == 0);
  CHECK(machine.core.x(a3) == 0);
  machine.core.set_x(0, 9);
  CHECK(machine.core.x(0) == 0);
}

TEST_CASE("loads extend as their name says and stores write only their bytes") {
  const bool direct_memory = GENERATE(true, false);
  Machine machine({}, direct_memory);
  machine.program({lb(a0, 3, s0), lbu(a1, 3, s0), lh(a2, 2, s0), lhu(a3, 2, s0), lw(a4, 0, s0), sb(a4, 5, s0),
                   sh(a4, 8, s0), sw(a4, -4, s0)});
  machine.core.set_x(s0, data_base);
  machine.set_word(data_base, 0x80C1A2B3);
  machine.set_word(data_base + 4, 0x11111111);
  machine.set_word(data_base + 8, 0x22222222);
  machine.step(8);
  CHECK(machine.core.x(a0) == 0xFFFFFF80);
  CHECK(machine.core.x(a1) == 0x80);
  CHECK(machine.core.x(a2) == 0xFFFF80C1);
  CHECK(machine.core.x(a3) == 0x80C1);
  CHECK(machine.core.x(a4) == 0x80C1A2B3);
  CHECK(machine.word(data_base + 4) == 0x1111B311);
  CHECK(machine.word(data_base + 8) == 0x2222A2B3);
  CHECK(machine.word(data_base - 4) == 0x80C1A2B3);
}

TEST_CASE("device accesses carry the size and only the stored bytes") {
  Machine machine;
  machine.program({sb(a0, 1, s0), sh(a0, 2, s0), lbu(a1, 3, s0)});
  machine.core.set_x(s0, device);
  machine.core.set_x(a0, 0x12345678);
  machine.step(2);
  machine.device_value = 0xFFFFFF42;
  machine.step();
  REQUIRE(machine.accesses.size() == 3);
  CHECK(machine.accesses[0].size == 1);
  CHECK(machine.accesses[0].value == 0x78);
  CHECK(machine.accesses[0].address == device + 1);
  CHECK(machine.accesses[1].size == 2);
  CHECK(machine.accesses[1].value == 0x5678);
  CHECK(machine.accesses[2].size == 1);
  CHECK(machine.core.x(a1) == 0x42);
}

TEST_CASE("a jump with the same source and destination register uses the old value") {
  Machine machine;
  machine.program({jalr(a0, 9, a0)});
  machine.core.set_x(a0, ram_base + 0x100);
  machine.step();
  CHECK(machine.core.pc() == ram_base + 0x108);  // lowest bit cleared
  CHECK(machine.core.x(a0) == ram_base + 4);
}

TEST_CASE("the link of a compressed jump is two bytes further") {
  Machine machine;
  machine.program({pair(0x2011, c_nop)});  // c.jal +4
  machine.step();
  CHECK(machine.core.pc() == ram_base + 4);
  CHECK(machine.core.x(ra) == ram_base + 2);
}

TEST_CASE("every conditional branch decides as its name says") {
  struct Case {
    std::uint32_t funct3;
    std::uint32_t a;
    std::uint32_t b;
    bool taken;
  };
  const Case cases[] = {{0, 5, 5, true},          {0, 5, 6, false},         {1, 5, 6, true},
                        {1, 5, 5, false},         {4, minus_one, 0, true},  {4, 0, minus_one, false},
                        {4, 3, 3, false},         {5, 0, minus_one, true},  {5, 3, 3, true},
                        {5, minus_one, 0, false}, {6, 0, minus_one, true},  {6, minus_one, 0, false},
                        {7, minus_one, 0, true},  {7, 0, minus_one, false}, {7, 3, 3, true}};
  for (const Case& c : cases) {
    CAPTURE(c.funct3, c.a, c.b);
    Machine machine;
    machine.program({branch(c.funct3, a0, a1, -16)});
    machine.core.set_x(a0, c.a);
    machine.core.set_x(a1, c.b);
    machine.step();
    CHECK(machine.core.pc() == (c.taken ? ram_base - 16 : ram_base + 4));
  }
}

TEST_CASE("compressed instructions do what their expansion does") {
  CHECK(compressed_result(0x0515) == 10);                   // c.addi a0,5
  CHECK(compressed_result(0x557D) == minus_one);            // c.li a0,-1
  CHECK(compressed_result(0x757D) == 0xFFFFF000);           // c.lui a0,0xfffff
  CHECK(compressed_result(0x050A) == 20);                   // c.slli a0,2
  CHECK(compressed_result(0x8105) == 2);                    // c.srli a0,1
  CHECK(compressed_result(0x8909) == 0);                    // c.andi a0,2
  CHECK(compressed_result(0x8D05) == 5u - 7u);              // c.sub a0,s1
  CHECK(compressed_result(0x8D25) == (5u ^ 7u));            // c.xor a0,s1
  CHECK(compressed_result(0x8D45) == (5u | 7u));            // c.or a0,s1
  CHECK(compressed_result(0x8D65) == (5u & 7u));            // c.and a0,s1
  CHECK(compressed_result(0x8526) == 7);                    // c.mv a0,s1
  CHECK(compressed_result(0x9526) == 12);                   // c.add a0,s1
  CHECK(compressed_result(0x557E) == 0xCAFE);               // c.lwsp a0,252(sp)
  CHECK(compressed_result(0x0808, a0) == data_base + 16);   // c.addi4spn a0,sp,16
  CHECK(compressed_result(0x7139, sp) == data_base - 64);   // c.addi16sp sp,-64
  CHECK(compressed_result(0x617D, sp) == data_base + 496);  // c.addi16sp sp,496
}

TEST_CASE("compressed loads and stores address words from x8 to x15") {
  Machine machine;
  machine.program({pair(0xDC48, 0x5C4C)});  // c.sw a0,60(s0); c.lw a1,60(s0)
  machine.core.set_x(s0, data_base);
  machine.core.set_x(a0, 0xBEEF);
  machine.step(2);
  CHECK(machine.word(data_base + 60) == 0xBEEF);
  CHECK(machine.core.x(a1) == 0xBEEF);
}

TEST_CASE("reserved compressed encodings are illegal, with the 16 bits in mtval") {
  CHECK(is_illegal_parcel(0x0000));  // defined illegal
  CHECK(is_illegal_parcel(0x0004));  // c.addi4spn with immediate 0
  CHECK(is_illegal_parcel(0x6101));  // c.addi16sp with immediate 0
  CHECK(is_illegal_parcel(0x6501));  // c.lui with immediate 0
  CHECK(is_illegal_parcel(0x9101));  // c.srli with shift amount 32
  CHECK(is_illegal_parcel(0x1502));  // c.slli with shift amount 32
  CHECK(is_illegal_parcel(0x9D01));  // c.subw of RV64
  CHECK(is_illegal_parcel(0x4002));  // c.lwsp to x0
  CHECK(is_illegal_parcel(0x8002));  // c.jr x0
  CHECK(is_illegal_parcel(0x6108));  // c.flw
  CHECK(is_illegal_parcel(0x2108));  // c.fld
  CHECK(is_illegal_parcel(0x8108));  // reserved
}

TEST_CASE("compressed hints have no effect") {
  CHECK(compressed_result(0x0015) == 5);  // c.nop 5
  CHECK(compressed_result(0x4015) == 5);  // c.li x0,5
  CHECK(compressed_result(0x6015) == 5);  // c.lui x0,5
  CHECK(compressed_result(0x0502) == 5);  // c.slli a0,0
  CHECK(compressed_result(0x8026) == 5);  // c.mv x0,s1
  CHECK(compressed_result(0x9026) == 5);  // c.add x0,s1
}

TEST_CASE("reserved 32-bit encodings are illegal, with the instruction in mtval") {
  const std::uint32_t words[] = {op_imm(1, a0, a1, 0x400),         // slli with funct7 of srai
                                 op_imm(5, a0, a1, 0x20),          // srli by 32
                                 op(1, 0x20, a0, a1, a2),          // no sll with funct7 0x20
                                 op(0, 0x02, a0, a1, a2),          // unknown funct7
                                 load(3, a0, 0, a1),               // ld
                                 load(6, a0, 0, a1),               // lwu
                                 store(3, a0, 0, a1),              // sd
                                 branch(2, a0, a1, 8),             // no such branch
                                 jalr(a0, 0, a1) | (1u << 12),     // funct3 of jalr
                                 0x0000200F,                       // funct3 of misc-mem
                                 amo(2, a0, a1, a2),               // lr.w with rs2
                                 amo(5, a0, a1, a2),               // no such AMO
                                 amo(0, a0, a1, a2) ^ (1u << 12),  // amoadd.d
                                 0x10200073,                       // sret
                                 0x12000073,                       // sfence.vma
                                 0x00200073,                       // uret
                                 0x00052507,                       // flw
                                 0x0000001B,                       // addiw
                                 0x0000001F,                       // 48-bit encoding
                                 0xFFFFFFFF};
  for (const std::uint32_t word : words) {
    CAPTURE(word);
    Machine machine;
    machine.program({word});
    machine.step();
    REQUIRE(machine.traps.size() == 1);
    CHECK(machine.traps[0].cause == hart::cause::illegal_instruction);
    CHECK(machine.traps[0].value == word);
    CHECK(machine.core.instructions() == 0);
  }
}

TEST_CASE("reserved fields of fences are ignored") {
  Machine machine;
  machine.program({0x0FF0000F, 0x8330000F, 0xFFF7F58F & ~0x7000u, 0xFFF7F58F & ~0x6000u});
  machine.step(4);
  CHECK(machine.traps.empty());
  CHECK(machine.core.instructions() == 4);
}

TEST_CASE("extensions that are switched off are illegal and missing from misa") {
  hart::CoreConfig config;
  config.muldiv = false;
  config.atomics = false;
  config.compressed = false;
  for (const std::uint32_t word : {mul(a0, a1, a2), lr_w(a0, a1)}) {
    Machine machine(config);
    machine.program({word});
    machine.step();
    REQUIRE(machine.traps.size() == 1);
    CHECK(machine.traps[0].value == word);
  }
  Machine machine(config);
  machine.program({pair(c_nop, c_nop)});
  CHECK(machine.csr(hart::csr::misa) == 0x40000100);
  machine.step();
  REQUIRE(machine.traps.size() == 1);
  CHECK(machine.traps[0].value == c_nop);
}

TEST_CASE("each instruction class costs what the configuration says") {
  hart::CoreConfig config;
  config.costs = {3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43};
  const std::pair<std::uint32_t, unsigned> cases[] = {
      {add(a0, a1, a2), 3},     {lw(a0, 0, s0), 5},       {sw(a0, 0, s0), 7},
      {bne(zero, zero, 8), 11}, {beq(zero, zero, 8), 13}, {jal(zero, 8), 17},
      {jalr(zero, 0, s0), 17},  {mul(a0, a1, a2), 19},    {op(4, 1, a0, a1, a2), 23},
      {csrr(a0, 0x300), 29},    {amo(0, a0, a1, s0), 31}, {sc_w(a0, a1, s0), 31},
      {lr_w(a0, s0), 5},        {0x0FF0000F, 37},         {fence_i, 37},
      {hart::word::mret, 17},   {hart::word::wfi, 37},    {custom_0, 41},
      {hart::word::ecall, 43},  {0xFFFFFFFF, 43},         {lw(a0, 1, s0), 43}};
  for (const auto& [word, cycles] : cases) {
    CAPTURE(word);
    Machine machine(config);
    machine.on_custom = [](std::uint32_t) { return hart::CustomResult::retire(); };
    machine.program({word});
    machine.core.set_x(s0, data_base);
    machine.step();
    CHECK(machine.core.cycles() == cycles);
  }
}

TEST_CASE("a load costs more when the next instruction reads what it loads") {
  hart::CoreConfig config;
  config.costs.load_use = 10;
  const std::uint64_t plain = config.costs.load;
  const std::pair<std::vector<std::uint32_t>, std::uint64_t> cases[] = {
      {{lw(a0, 0, s0), add(a1, a0, a2)}, plain + 10},
      {{lw(a0, 0, s0), add(a1, a2, a0)}, plain + 10},
      {{lw(a0, 0, s0), sw(a0, 0, s0)}, plain + 10},
      {{lw(a0, 0, s0), lw(a1, 0, a0)}, plain + 10},
      {{lbu(a0, 0, s0), bne(a0, zero, 8)}, plain + 10},
      {{lr_w(a0, s0), op(0, 0, a1, a0, a2)}, plain + 10},
      {{lw(a0, 0, s0), csrrw(zero, hart::csr::mscratch, a0)}, plain + 10},
      {{lw(a0, 0, s0), pair(0x952E, c_nop)}, plain + 10},  // c.add a0,a1
      // The destination, an immediate in the place of a register, and an instruction in between do not count.
      {{lw(a0, 0, s0), addi(a0, a1, 1)}, plain},
      {{lw(a0, 0, s0), addi(a1, a2, 10)}, plain},
      {{lw(a0, 0, s0), 0x34055073 /* csrwi mscratch,10 */}, plain},
      {{lw(a0, 0, s0), nop, add(a1, a0, a2)}, plain},
      {{lw(zero, 0, s0), add(a1, zero, a2)}, plain},
      {{add(a0, a1, a2), add(a1, a0, a2)}, config.costs.alu}};
  for (const bool cached : {true, false}) {
    for (const bool direct : {true, false}) {
      for (const auto& [program, cycles] : cases) {
        CAPTURE(cached, direct, program[0], program[1]);
        config.enable_cache = cached;
        Machine machine(config, direct);
        machine.program(program);
        machine.core.set_x(s0, data_base);
        machine.step();
        CHECK(machine.core.cycles() == cycles);
      }
    }
  }
}

TEST_CASE("the load at the end of a full block sees the instruction behind it, also after that has changed") {
  for (const bool cached : {true, false}) {
    CAPTURE(cached);
    hart::CoreConfig config;
    config.enable_cache = cached;
    config.costs.load_use = 10;
    Machine machine(config);
    std::vector<std::uint32_t> program(hart::max_block_operations - 1, nop);
    program.push_back(lw(a0, 0, s0));
    program.push_back(add(a1, a0, a2));
    machine.program(program);
    machine.core.set_x(s0, data_base);
    const auto round = [&] {
      machine.core.set_pc(ram_base);
      const std::uint64_t before = machine.core.cycles();
      machine.core.run(before + hart::max_block_operations);
      return machine.core.cycles() - before;
    };
    const std::uint64_t expected = hart::max_block_operations - 1 + config.costs.load;
    CHECK(round() == expected + 10);
    // The program replaces the user of the loaded word by something that does not use it.
    machine.program({sw(a3, 0, s1)}, ram_base + 0x1000);
    machine.core.set_x(s1, ram_base + 4 * hart::max_block_operations);
    machine.core.set_x(a3, nop);
    machine.core.set_pc(ram_base + 0x1000);
    machine.step();
    CHECK(round() == expected);
  }
}

TEST_CASE("a cost of zero or a reset pc off the grid is refused with a message") {
  hart::CoreConfig config;
  config.hart_id = 3;
  config.costs.load = 0;
  CHECK_THROWS_WITH(Machine(config), "hart 3: cycle cost 'load' is 0, allowed is 1 to 1000000");
  config.costs.load = 1;
  config.reset_pc = 0x1002;
  config.compressed = false;
  CHECK_THROWS_WITH(Machine(config), "hart 3: reset pc 0x00001002 is not a multiple of 4");
}
