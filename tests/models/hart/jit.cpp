// SPDX-License-Identifier: Apache-2.0
// The just-in-time back end against the interpreter, where the suites that run on both do not look.
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"
#include "tests/support/skip.h"

using namespace weft::test;
namespace hart = weft::hart;
using hart::Kind;

namespace {

constexpr std::uint64_t seed = 1729;

hart::CoreConfig interpreting() {
  hart::CoreConfig config;
  config.zba = config.zbb = config.zbs = true;
  return config;
}

hart::CoreConfig translating(unsigned threshold = 1) {
  hart::CoreConfig config = interpreting();
  config.enable_jit = true;
  config.jit_threshold = threshold;
  return config;
}

hart::CoreConfig checking() {
  hart::CoreConfig config = translating();
  config.lockstep = true;
  return config;
}

// Registers that translated code keeps in registers of the host, some that it keeps in memory, and x0.
// x5 and x8 hold addresses and are never written.
constexpr std::array<std::uint32_t, 12> registers = {0, 1, 2, 6, 7, 9, 10, 11, 12, 15, 17, 31};

struct Sample {
  Kind kind;
  std::uint32_t instruction;
};

class Samples {
 public:
  explicit Samples(std::uint32_t round) : rng_(seed, round, 0) {}

  // One instruction of every kind that is translated and goes on with the next in memory.
  std::vector<Sample> straight() {
    std::vector<Sample> result = {{Kind::constant, lui(any(), rng_.next_u32())},
                                  {Kind::constant, auipc(any(), rng_.next_u32())},
                                  {Kind::fence, 0x0000000F}};
    constexpr std::array<Kind, 8> immediates = {Kind::add_i, Kind::sll_i, Kind::slt_i, Kind::sltu_i,
                                                Kind::xor_i, Kind::srl_i, Kind::or_i,  Kind::and_i};
    constexpr std::array<Kind, 8> operations = {Kind::add_r, Kind::sll_r, Kind::slt_r, Kind::sltu_r,
                                                Kind::xor_r, Kind::srl_r, Kind::or_r,  Kind::and_r};
    constexpr std::array<Kind, 8> products = {Kind::mul, Kind::mulh, Kind::mulhsu, Kind::mulhu,
                                              Kind::div, Kind::divu, Kind::rem,    Kind::remu};
    for (std::uint32_t funct3 = 0; funct3 < 8; ++funct3) {
      const bool shift = funct3 == 1 || funct3 == 5;
      const std::int32_t value = shift ? static_cast<std::int32_t>(rng_.below(32)) : immediate();
      result.push_back({immediates[funct3], op_imm(funct3, any(), any(), value)});
      result.push_back({operations[funct3], op(funct3, 0, any(), any(), any())});
      result.push_back({products[funct3], op(funct3, 1, any(), any(), any())});
    }
    const auto amount = static_cast<std::int32_t>(rng_.below(32));
    result.push_back({Kind::sra_i, op_imm(5, any(), any(), 0x400 + amount)});
    result.push_back({Kind::sra_r, op(5, 0x20, any(), any(), any())});
    result.push_back({Kind::sub_r, op(0, 0x20, any(), any(), any())});
    bit_manipulation(result);
    memory(result);
    return result;
  }

  std::uint32_t any() { return registers[rng_.below(registers.size())]; }

  std::uint32_t value() {
    constexpr std::array<std::uint32_t, 8> corners = {0,          1,  0xFFFFFFFF, 0x80000000,
                                                      0x7FFFFFFF, 31, 32,         0x8000};
    return rng_.below(3) == 0 ? corners[rng_.below(8)] : rng_.next_u32();
  }

 private:
  std::int32_t immediate() { return static_cast<std::int32_t>(rng_.below(4096)) - 2048; }

  void bit_manipulation(std::vector<Sample>& result) {
    struct Encoding {
      Kind kind;
      std::uint32_t selector;  // funct7, or the twelve bits of the immediate
      std::uint32_t funct3;
    };
    constexpr Encoding binary[] = {
        {Kind::sh1add, 0x10, 2}, {Kind::sh2add, 0x10, 4}, {Kind::sh3add, 0x10, 6}, {Kind::andn, 0x20, 7},
        {Kind::orn, 0x20, 6},    {Kind::xnor, 0x20, 4},   {Kind::max, 0x05, 6},    {Kind::maxu, 0x05, 7},
        {Kind::min, 0x05, 4},    {Kind::minu, 0x05, 5},   {Kind::rol, 0x30, 1},    {Kind::ror, 0x30, 5},
        {Kind::bclr, 0x24, 1},   {Kind::bext, 0x24, 5},   {Kind::binv, 0x34, 1},   {Kind::bset, 0x14, 1}};
    constexpr Encoding unary[] = {{Kind::clz, 0x600, 1},    {Kind::ctz, 0x601, 1},    {Kind::cpop, 0x602, 1},
                                  {Kind::sext_b, 0x604, 1}, {Kind::sext_h, 0x605, 1}, {Kind::orc_b, 0x287, 5},
                                  {Kind::rev8, 0x698, 5}};
    for (const Encoding& e : binary) {
      result.push_back({e.kind, op(e.funct3, e.selector, any(), any(), any())});
    }
    for (const Encoding& e : unary) {
      result.push_back({e.kind, op_imm(e.funct3, any(), any(), static_cast<std::int32_t>(e.selector))});
    }
    const auto amount = static_cast<std::int32_t>(rng_.below(32));
    result.push_back({Kind::ror_i, op_imm(5, any(), any(), 0x600 + amount)});
    result.push_back({Kind::bext_i, op_imm(5, any(), any(), 0x480 + amount)});
  }

  // Through a pointer in a register of the host, one in memory, and x0.
  void memory(std::vector<Sample>& result) {
    constexpr std::array<std::uint32_t, 5> loads = {0, 1, 2, 4, 5};
    constexpr std::array<Kind, 5> load_kinds = {Kind::lb, Kind::lh, Kind::lw, Kind::lbu, Kind::lhu};
    constexpr std::array<Kind, 3> store_kinds = {Kind::sb, Kind::sh, Kind::sw};
    for (const std::uint32_t pointer : {t0, s0}) {
      for (std::size_t i = 0; i < loads.size(); ++i) {
        result.push_back({load_kinds[i], load(loads[i], any(), 4 * (immediate() / 4), pointer)});
      }
      for (std::uint32_t i = 0; i < store_kinds.size(); ++i) {
        result.push_back({store_kinds[i], store(i, any(), 4 * (immediate() / 4), pointer)});
      }
    }
  }

  weft::CounterRng rng_;
};

void set_registers(Machine& machine, std::uint32_t round) {
  Samples samples(round + 1'000'000);
  for (unsigned i = 1; i < 32; ++i) machine.core.set_x(i, samples.value());
  machine.core.set_x(t0, data_base + 0x1000);
  machine.core.set_x(s0, data_base + 0x2000);
  for (std::uint32_t i = data_base; i < data_base + 0x4000; i += 4)
    machine.set_word(i, 0x9E3779B9u * i + round);
}

void require_same(const Machine& a, const Machine& b) {
  for (unsigned i = 0; i < 32; ++i) {
    CAPTURE(i);
    REQUIRE(a.core.x(i) == b.core.x(i));
  }
  REQUIRE(a.core.pc() == b.core.pc());
  REQUIRE(a.core.cycles() == b.core.cycles());
  REQUIRE(a.core.instructions() == b.core.instructions());
  REQUIRE(a.ram == b.ram);
}

// The message of the error that running the program ends in, or "".
std::string complaint(hart::CoreConfig config, const std::vector<std::uint32_t>& program,
                      std::uint32_t round) {
  Machine machine(config);
  machine.program(program);
  set_registers(machine, round);
  try {
    machine.core.run(500);
  } catch (const weft::Error& error) {
    return error.what();
  }
  return "";
}

bool host_translates() { return Machine(translating()).core.jit_active(); }

}  // namespace

TEST_CASE("the core says why it does not translate") {
  CHECK(Machine().core.jit_inactive_reason() == "not enabled");
  hart::CoreConfig config = translating();
  config.enable_cache = false;
  CHECK(Machine(config).core.jit_inactive_reason() == "works on cached blocks, and the cache is off");
  const Machine machine(translating());
  CHECK(machine.core.jit_active() == machine.core.jit_inactive_reason().empty());
}

TEST_CASE("a host that refuses executable memory interprets and says so") {
  if (!host_translates()) WEFT_SKIP("this host does not run translated code");
  // Room for what the test itself needs and for less than a code cache.
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  REQUIRE(pages > 0);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
  rlimit tight = before;
  tight.rlim_cur = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + (8u << 20);
  REQUIRE(setrlimit(RLIMIT_AS, &tight) == 0);
  Machine machine(translating());
  setrlimit(RLIMIT_AS, &before);
  CHECK_FALSE(machine.core.jit_active());
  CHECK(machine.core.jit_inactive_reason() ==
        "the host refuses 16777216 bytes of executable memory: Cannot allocate memory");
  machine.program({addi(a0, a0, 1), jal(zero, -4)});
  machine.core.run(300);
  CHECK(machine.core.x(a0) == 100);
}

TEST_CASE("a translation threshold out of range is refused") {
  for (const unsigned threshold : {0u, 1'000'001u}) {
    CHECK_THROWS_WITH(Machine(translating(threshold)),
                      Catch::Matchers::Contains("JIT threshold is " + std::to_string(threshold) +
                                                ", allowed is 1 to 1000000"));
  }
}

TEST_CASE("every translated operation does what the interpreter does, whatever its operands") {
  for (std::uint32_t round = 0; round < 3000; ++round) {
    std::vector<std::uint32_t> program;
    for (const Sample& sample : Samples(round).straight()) program.push_back(sample.instruction);
    program.push_back(jal(zero, 0));
    Machine interpreted(interpreting());
    Machine translated(translating());
    for (Machine* machine : {&interpreted, &translated}) {
      machine->program(program);
      set_registers(*machine, round);
      machine->core.run(400);
    }
    CAPTURE(seed, round);
    REQUIRE(interpreted.core.instructions() > program.size());
    require_same(interpreted, translated);
  }
}

TEST_CASE("lock-step notices any operation that is translated wrongly and names it") {
  if (!host_translates()) WEFT_SKIP("this host does not run translated code");
  for (const Sample& sample : Samples(0).straight()) {
    const bool has_result = (sample.instruction >> 7 & 31u) != 0 && sample.kind != Kind::fence;
    if (!has_result && !hart::is_store(sample.kind)) continue;
    // Followed by code that would hide a lost update of the loop.
    const std::vector<std::uint32_t> program = {addi(t1, t1, 1), addi(t1, t1, 1), sample.instruction,
                                                addi(t1, t1, 1), jal(zero, -16)};
    CAPTURE(static_cast<int>(sample.kind), sample.instruction);
    CHECK(complaint(checking(), program, 0) == "");
    hart::CoreConfig faulty = checking();
    faulty.jit_fault = sample.kind;
    const std::string text = complaint(faulty, program, 0);
    CHECK_THAT(text, Catch::Matchers::StartsWith("hart 0: lock-step: 0x8000"));
    CHECK_THAT(text, Catch::Matchers::Contains("in translated code"));
  }
}

TEST_CASE("lock-step notices a branch that goes the wrong way") {
  if (!host_translates()) WEFT_SKIP("this host does not run translated code");
  const std::array<Kind, 6> kinds = {Kind::beq, Kind::bne, Kind::blt, Kind::bge, Kind::bltu, Kind::bgeu};
  constexpr std::array<std::uint32_t, 6> funct3 = {0, 1, 4, 5, 6, 7};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    for (const std::int32_t offset : {8, -4}) {
      const std::vector<std::uint32_t> program = {nop, addi(t1, t1, 1), branch(funct3[i], a0, a1, offset),
                                                  addi(a0, a0, 1), jal(zero, -16)};
      hart::CoreConfig faulty = checking();
      faulty.jit_fault = kinds[i];
      CAPTURE(i, offset);
      CHECK(complaint(checking(), program, 0) == "");
      CHECK_THAT(complaint(faulty, program, 0),
                 Catch::Matchers::Contains("0x80000008: b") && Catch::Matchers::Contains("the next pc is"));
    }
  }
}

TEST_CASE("lock-step names the instruction, the register and both values") {
  if (!host_translates()) WEFT_SKIP("this host does not run translated code");
  hart::CoreConfig faulty = checking();
  faulty.jit_fault = Kind::xor_i;
  CHECK(
      complaint(faulty, {op_imm(7, a0, zero, 0), op_imm(4, a1, a0, 5), nop, jal(zero, 0)}, 0) ==
      "hart 0: lock-step: 0x80000004: xori a1,a0,5: x11 is 0x00000006 in translated code, 0x00000005 in the "
      "interpreter (block at 0x80000000)");
}
