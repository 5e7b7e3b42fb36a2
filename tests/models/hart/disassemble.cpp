// SPDX-License-Identifier: Apache-2.0
#include "models/hart/disassemble.h"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>
#include <regex>

#include "models/common/counter_rng.h"
#include "models/hart/csr.h"
#include "models/hart/decode.h"
#include "models/hart/encoding.h"
#include "tests/models/hart/assembler.h"
#include "tests/support/skip.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr std::uint64_t seed = 99;

hart::DecodeOptions everything() {
  hart::DecodeOptions options;
  options.single_float = true;
  options.zba = true;
  options.zbb = true;
  options.zbs = true;
  return options;
}

// A random encoding that this hart executes, 32 bits or 16.
std::uint32_t random_instruction(weft::CounterRng& rng) {
  constexpr std::array<std::uint32_t, 23> opcodes = {0x07, 0x27, 0x43, 0x47, 0x4B, 0x4F, 0x53, 0x53,
                                                     0x53, 0x03, 0x0F, 0x13, 0x17, 0x23, 0x2F, 0x33,
                                                     0x37, 0x63, 0x67, 0x6F, 0x73, 0x13, 0x33};
  for (;;) {
    std::uint32_t word = rng.next_u32();
    if (rng.below(3) == 0) {
      word &= 0xFFFFu;
      if ((word & 3u) == 3u) continue;
    } else {
      word = (word & ~0x7Fu) | opcodes[rng.below(opcodes.size())];
      if (rng.below(2) == 0) word &= 0x01FFFFFFu | (rng.next_u32() & 0x42000000u);  // likely funct7
      if ((word & 0x7Fu) == 0x53)
        word &= ~(3u << 25 | (rng.below(2) == 0 ? 0x1Eu << 20 : 0));  // likely single
      if (rng.below(4) == 0) {
        constexpr std::array<std::uint32_t, 8> bit_manipulation = {0x04, 0x05, 0x10, 0x14,
                                                                   0x20, 0x24, 0x30, 0x34};
        word = (word & 0x01FFFFFFu) | bit_manipulation[rng.below(bit_manipulation.size())] << 25;
        if (rng.below(2) == 0) word &= ~(0x18u << 20);  // likely a selector of the unary ones
      }
      if (rng.below(8) == 0) word &= ~(31u << 15);  // rs1 = x0
      if (rng.below(8) == 0) word &= ~(31u << 20);  // rs2 = x0
      if (rng.below(8) == 0) word &= ~(31u << 7);   // rd = x0
    }
    const unsigned length = hart::instruction_length(static_cast<std::uint16_t>(word));
    if (hart::decode(word, length, 0, everything()).kind != hart::Kind::illegal) return word;
  }
}

// Encodings without effect, for which binutils has names of its own.
bool is_hint(std::uint32_t word) {
  if ((word & 3u) == 3u) return false;
  const std::uint32_t full = hart::expand(static_cast<std::uint16_t>(word));
  const bool computes = hart::opcode(full) == hart::Opcode::op_imm ||
                        hart::opcode(full) == hart::Opcode::op || hart::opcode(full) == hart::Opcode::lui;
  const bool no_shift = (word & 0xF07Eu) == 0x0002u || (word & 0xF87Du) == 0x8001u;
  const bool moves_nothing = (word & 0xE003u) == 0x0001u && hart::immediate_i(full) == 0;
  return word != c_nop && computes && (hart::field_rd(full) == 0 || no_shift || moves_nothing);
}

// Fields that have no meaning (fences), and CSRs this hart does not have but binutils names.
bool is_beyond(std::uint32_t word) {
  if ((word & 3u) != 3u) return false;
  if (hart::opcode(word) == hart::Opcode::misc_mem) {
    const std::uint32_t meaningless = hart::field_funct3(word) == 1 ? 0xFFFF8F80u : 0xF00F8F80u;
    return (word & meaningless) != 0 ||
           (hart::field_funct3(word) == 0 && (word & 0x0FF00000u) == 0x01000000u);
  }
  return hart::opcode(word) == hart::Opcode::system && (hart::field_funct3(word) & 3u) != 0;
}

// binutils 2.40 writes "add a0,a0,4" where the ISA manual and other versions write "addi a0,a0,4".
std::string with_immediate_suffix(const std::string& line) {
  static const std::regex plain(
      "(add|and|or|xor|sll|srl|sra|ror|bclr|bext|binv|bset) ([a-z0-9]+,[a-z0-9]+,-?[0-9].*)");
  static const std::regex csr("(csrr?[wsc]) ((?:[a-z0-9]+,)?[a-z0-9]+,[0-9]+)$");
  return std::regex_replace(std::regex_replace(line, plain, "$1i $2"), csr, "$1i $2");
}

constexpr std::uint32_t listing_base = 0x80000000;

// What binutils makes of a program at listing_base, a string an instruction. The assembler writes down which
// extensions there are; the mark that says "data" is stripped.
std::vector<std::string> objdump(const std::vector<std::uint16_t>& parcels) {
  char path[] = "/tmp/weft-disassemble-XXXXXX";
  const int file = mkstemp(path);
  REQUIRE(file >= 0);
  const std::size_t bytes = parcels.size() * sizeof parcels[0];
  REQUIRE(write(file, parcels.data(), bytes) == static_cast<ssize_t>(bytes));
  close(file);
  const std::string objdump_path = WEFT_RISCV_OBJDUMP;
  const std::string prefix = objdump_path.substr(0, objdump_path.rfind("objdump"));
  const std::string command = fmt::format(
      "echo '.incbin \"{1}\"' | {0}as -march=rv32imafdc_zicsr_zifencei_zba_zbb_zbs -mabi=ilp32 -o {1}.o - && "
      "{0}strip {1}.o && "
      "{0}objdump -D -z -j .text --adjust-vma=0x{2:x} --no-show-raw-insn {1}.o 2>&1; rm -f {1}.o",
      prefix, path, listing_base);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe != nullptr);
  std::vector<std::string> lines;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, pipe.get()) != nullptr) {
    std::string line = buffer;
    const std::size_t colon = line.find(":\t");
    if (colon == std::string::npos) continue;
    line = line.substr(colon + 2);
    line.erase(line.find_last_not_of(" \n\t") + 1);
    if (const std::size_t comment = line.find(" #"); comment != std::string::npos) line.erase(comment);
    if (const std::size_t tab = line.find('\t'); tab != std::string::npos) line[tab] = ' ';
    line.erase(line.find_last_not_of(" \t") + 1);
    lines.push_back(with_immediate_suffix(line));
  }
  std::remove(path);
  return lines;
}

struct Listing {
  std::vector<std::uint16_t> parcels;
  std::vector<std::string> expected;

  void add(std::uint32_t word) {
    expected.push_back(
        hart::disassemble(word, listing_base + static_cast<std::uint32_t>(2 * parcels.size())));
    const auto low = static_cast<std::uint16_t>(word);
    parcels.push_back(low);
    if (hart::instruction_length(low) == 4) parcels.push_back(static_cast<std::uint16_t>(word >> 16));
  }
};

}  // namespace

TEST_CASE("instructions read as in objdump, with aliases and absolute targets") {
  CHECK(hart::disassemble(addi(a0, a0, 4), 0) == "addi a0,a0,4");
  CHECK(hart::disassemble(addi(a0, zero, -1), 0) == "li a0,-1");
  CHECK(hart::disassemble(nop, 0) == "nop");
  CHECK(hart::disassemble(lw(a0, -4, sp), 0) == "lw a0,-4(sp)");
  CHECK(hart::disassemble(sw(a0, 8, s0), 0) == "sw a0,8(s0)");
  CHECK(hart::disassemble(beq(a0, zero, -4), 0x80000010) == "beqz a0,0x8000000c");
  CHECK(hart::disassemble(jal(zero, 16), 0x80000000) == "j 0x80000010");
  CHECK(hart::disassemble(jal(ra, 16), 0xFFFFFFF8) == "jal 0x8");
  CHECK(hart::disassemble(jalr(zero, 0, ra), 0) == "ret");
  CHECK(hart::disassemble(jalr(ra, 4, a0), 0) == "jalr 4(a0)");
  CHECK(hart::disassemble(lui(a0, 0x12345000), 0) == "lui a0,0x12345");
  CHECK(hart::disassemble(op_imm(5, a0, a0, 0x403), 0) == "srai a0,a0,0x3");
  CHECK(hart::disassemble(csrr(a0, 0x342), 0) == "csrr a0,mcause");
  CHECK(hart::disassemble(csrrwi(zero, 0x7C0, 3), 0) == "csrwi 0x7c0,3");
  CHECK(hart::disassemble(csrr(a0, 0xC01), 0) == "rdtime a0");
  CHECK(hart::disassemble(amo(0, a0, a1, a2) | (3u << 25), 0) == "amoadd.w.aqrl a0,a1,(a2)");
  CHECK(hart::disassemble(lr_w(a0, a2), 0) == "lr.w a0,(a2)");
  CHECK(hart::disassemble(hart::word::mret, 0) == "mret");
  CHECK(hart::disassemble(0x0FF0000F, 0) == "fence");
  CHECK(hart::disassemble(0x0310000F, 0) == "fence rw,w");
}

TEST_CASE("16-bit instructions ignore the upper half") {
  CHECK(hart::disassemble(0xFFFF8526, 0) == "mv a0,s1");
  CHECK(hart::disassemble(0x8082, 0) == "ret");
  CHECK(hart::disassemble(0xA001, 0x100) == "j 0x100");
  CHECK(hart::instruction_length(0x8082) == 2);
  CHECK(hart::instruction_length(0x0013) == 4);
}

TEST_CASE("what is not known reads as data") {
  CHECK(hart::disassemble(0xFFFFFFFF, 0) == ".word 0xffffffff");
  CHECK(hart::disassemble(custom_0, 0) == ".word 0x0000000b");
  CHECK(hart::disassemble(0x2108, 0) == ".half 0x2108");
  CHECK(hart::disassemble(0x0000, 0) == "unimp");
}

TEST_CASE("vendor instructions are the vendor's to name") {
  const hart::CustomDisassembler vendor = [](std::uint32_t word, std::uint32_t pc) {
    return word == custom_0 ? "xweft " + std::to_string(pc) : std::string();
  };
  CHECK(hart::disassemble(custom_0, 12, vendor) == "xweft 12");
  CHECK(hart::disassemble(0x2B, 12, vendor) == ".word 0x0000002b");
}

TEST_CASE("random instructions and every CSR access read the same as in binutils") {
  if (std::string(WEFT_RISCV_OBJDUMP).empty()) {
    WEFT_SKIP("riscv64-unknown-elf-objdump is not installed (Debian package binutils-riscv64-unknown-elf)");
  }
  weft::CounterRng rng(seed, 0, 0);
  Listing listing;
  while (listing.expected.size() < 6000) {
    const std::uint32_t word = random_instruction(rng);
    if (!is_hint(word) && !is_beyond(word)) listing.add(word);
  }
  for (unsigned number = 0; number < 4096; ++number) {
    if (hart::csr::name(number).empty() && number != 0x7C0) continue;
    for (const std::uint32_t funct3 : {1u, 2u, 3u, 5u, 6u, 7u}) {
      for (const std::uint32_t rd : {zero, a0}) {
        for (const std::uint32_t rs1 : {zero, a1}) {
          listing.add(hart::encode_i(Opcode::system, rd, funct3, rs1, number));
        }
      }
    }
  }
  const std::vector<std::string> theirs = objdump(listing.parcels);
  INFO("seed " << seed);
  REQUIRE(theirs.size() == listing.expected.size());
  for (std::size_t i = 0; i < theirs.size(); ++i) CHECK(listing.expected[i] == theirs[i]);
}

TEST_CASE("of all 16-bit encodings exactly those are legal that binutils knows") {
  if (std::string(WEFT_RISCV_OBJDUMP).empty()) {
    WEFT_SKIP("riscv64-unknown-elf-objdump is not installed (Debian package binutils-riscv64-unknown-elf)");
  }
  std::vector<std::uint16_t> parcels;
  for (unsigned parcel = 0; parcel < 0x10000; ++parcel) {
    if ((parcel & 3u) != 3u) parcels.push_back(static_cast<std::uint16_t>(parcel));
  }
  const std::vector<std::string> theirs = objdump(parcels);
  REQUIRE(theirs.size() == parcels.size());
  constexpr std::uint16_t addi16sp_of_zero = 0x6101;  // reserved, but binutils reads it as an addi
  // binutils shows the shifts by 32 and more of RV64 as well.
  static const std::regex not_ours("(c\\.)?s[lr][la]i? .*,0x[23][0-9a-f]|\\..*|unimp|f(ld|sd) .*");
  static const std::regex single_float("f(lw|sw) .*");
  for (std::size_t i = 0; i < parcels.size(); ++i) {
    const bool legal = hart::decode(parcels[i], 2, 0, {}).kind != hart::Kind::illegal;
    const bool legal_with_float = hart::decode(parcels[i], 2, 0, everything()).kind != hart::Kind::illegal;
    const bool known = parcels[i] != addi16sp_of_zero && !std::regex_match(theirs[i], not_ours);
    INFO(fmt::format("0x{:04x} {}", parcels[i], theirs[i]));
    CHECK(legal_with_float == known);
    CHECK(legal == (known && !std::regex_match(theirs[i], single_float)));
  }
}
