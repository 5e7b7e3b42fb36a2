// SPDX-License-Identifier: Apache-2.0
// Every 16-bit encoding and every combination of the opcode and function fields of 32-bit ones: legal here
// exactly if it is on QEMU, and with the same effect.
#include <catch2/catch.hpp>

#include "models/common/counter_rng.h"
#include "models/hart/compressed.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/qemu/comparison.h"
#include "tests/models/hart/qemu/machines.h"
#include "tests/support/skip.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr const char* no_qemu = "qemu-system-riscv32 is not installed (Debian package qemu-system-misc)";
// Each may trap, and the log has to hold that.
constexpr std::size_t units_per_program = slot::log_entries - 4;

constexpr auto opcode_float_load = static_cast<Opcode>(0x07);
constexpr auto opcode_float_store = static_cast<Opcode>(0x27);

// Opcodes that go elsewhere or touch memory; their legal functions are for random programs.
bool goes_elsewhere(std::uint32_t word) {
  const std::uint32_t funct3 = hart::field_funct3(word);
  switch (hart::opcode(word)) {
    case Opcode::jal:
      return true;
    case Opcode::jalr:
      return funct3 == 0;
    case Opcode::branch:
      return funct3 != 2 && funct3 != 3;
    case Opcode::load:
      return funct3 != 3 && funct3 < 6;
    case Opcode::store:
      return funct3 < 3;
    case Opcode::system:  // QEMU has more CSRs and supervisor instructions
      return funct3 != 4;
    case opcode_float_load:
    case opcode_float_store:
      return funct3 == 2;
    case Opcode::amo:  // lr.w belongs to an sc.w
      return hart::field_funct5(word) == hart::funct5_lr && hart::field_rs2(word) == 0;
    default:
      return false;
  }
}

class Collector {
 public:
  // The context register is the one that no instruction may write.
  Collector(const Features& features, std::uint32_t context)
      : single_float_(features.single_float), context_(context) {
    start();
  }

  // A unit of one 32-bit instruction; it writes neither of the pointers.
  void add_word(std::uint32_t word) {
    next();
    program_.emit(word);
  }

  void add_parcel(std::uint32_t parcel) {
    const std::uint32_t word = hart::expand(static_cast<std::uint16_t>(parcel));
    if (word != 0 && leaves(word)) return;
    next();
    const std::uint32_t base = hart::field_rs1(word);
    const std::uint32_t rd = hart::field_rd(word);
    const Opcode opcode = hart::opcode(word);
    const bool is_store = opcode == Opcode::store || opcode == opcode_float_store;
    const bool is_memory = is_store || opcode == Opcode::load || opcode == opcode_float_load;
    const bool writes = word != 0 && !is_store && rd != zero;
    if (is_memory && base != sp && base != s0) program_.emit(addi(base, s0, 0));
    program_.emit16(parcel);
    if (writes && (rd == sp || rd == s0)) {
      program_.emit(lw(rd, static_cast<std::int32_t>(slot::initial_x + 4 * rd), program_.context));
    }
  }

  std::vector<Program> programs() {
    if (!program_.units.empty()) programs_.push_back(program_);
    start();
    return programs_;
  }

 private:
  bool leaves(std::uint32_t word) const {
    const Opcode opcode = hart::opcode(word);
    if (opcode == Opcode::jal || opcode == Opcode::jalr || opcode == Opcode::branch) return true;
    return hart::field_rd(word) == context_ && opcode != Opcode::store;
  }

  void start() {
    program_ = Program{};
    program_.context = context_;
    program_.single_float = single_float_;
    program_.mscratch = rng_.next_u32();
    for (std::uint32_t& value : program_.x) value = rng_.next_u32();
    for (std::uint32_t& value : program_.f) value = rng_.next_u32();
  }

  void next() {
    if (program_.units.size() == units_per_program) {
      programs_.push_back(program_);
      start();
    }
    program_.units.emplace_back();
  }

  bool single_float_;
  std::uint32_t context_;
  weft::CounterRng rng_{1, 0, 0};
  Program program_;
  std::vector<Program> programs_;
};

// The least and the most a core can have.
std::vector<Features> both_ends() {
  Features most;
  most.zba = most.zbb = most.zbs = most.single_float = true;
  return {Features{}, most};
}

void compare(const Features& features, const std::vector<Program>& programs) {
  const Findings findings = compare_with_qemu(features, programs);
  for (const std::string& text : findings.texts) UNSCOPED_INFO(text);
  CHECK(findings.texts.empty());
  CHECK(findings.traps > 5 * programs.size());
}

}  // namespace

TEST_CASE("every 16-bit encoding but the jumps does here what it does on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  for (const Features& features : both_ends()) {
    std::vector<Program> programs;
    for (const std::uint32_t context : {30u, 31u}) {
      Collector collector(features, context);
      for (std::uint32_t parcel = 0; parcel < 0x10000; ++parcel) {
        if ((parcel & 3u) != 3u) collector.add_parcel(parcel);
      }
      for (Program& program : collector.programs()) programs.push_back(std::move(program));
    }
    compare(features, programs);
  }
}

TEST_CASE("every opcode with every value of its function fields does here what it does on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  for (const Features& features : both_ends()) {
    Collector collector(features, 31);
    for (std::uint32_t opcode = 3; opcode < 128; opcode += 4) {
      for (std::uint32_t functions = 0; functions < 1024; ++functions) {
        const std::uint32_t rs1 = opcode == static_cast<std::uint32_t>(Opcode::amo) ? s0 : a1;
        const std::uint32_t word = hart::encode_r(static_cast<Opcode>(opcode), a0, functions & 7u, rs1,
                                                  functions % 3 == 0 ? 0 : 12, functions >> 3);
        if (!goes_elsewhere(word)) collector.add_word(word);
      }
    }
    // The shifts by an immediate hide whole extensions in their other bits.
    for (std::uint32_t immediate = 0; immediate < 4096; ++immediate) {
      for (const std::uint32_t funct3 : {1u, 5u}) {
        collector.add_word(hart::encode_i(Opcode::op_imm, a0, funct3, a1, immediate));
      }
    }
    compare(features, collector.programs());
  }
}
