// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "models/hart/xweft.h"
#include "tests/support/skip.h"

using namespace weft;
using namespace weft::xweft;

namespace {

// Registers for the fields an instruction uses, x0 for the others.
Fields used_fields(const Instruction& instruction, const Fields& wanted) {
  return {instruction.has_result ? wanted.rd : 0, instruction.rs1 != Role::unused ? wanted.rs1 : 0,
          instruction.rs2 != Role::unused ? wanted.rs2 : 0, instruction.rs3 != Role::unused ? wanted.rs3 : 0};
}

bool same(const Fields& a, const Fields& b) {
  return a.rd == b.rd && a.rs1 == b.rs1 && a.rs2 == b.rs2 && a.rs3 == b.rs3;
}

// The bits of format R4 that are not registers, put together from the manual's field positions.
std::uint32_t r4(std::uint32_t opcode, std::uint32_t funct3, std::uint32_t funct2) {
  return funct2 << 25 | funct3 << 12 | opcode;
}

std::uint32_t written(State& state, unsigned number, std::uint32_t value) {
  REQUIRE(state.write(number, value) == CsrAccess::ok);
  std::uint32_t seen = 0;
  REQUIRE(state.read(number, seen) == CsrAccess::ok);
  return seen;
}

}  // namespace

TEST_CASE("every Xweft instruction survives encoding, decoding and disassembly") {
  const std::vector<Fields> choices{
      {31, 31, 31, 31}, {0, 0, 0, 0}, {1, 2, 4, 8}, {16, 17, 18, 19}, {10, 11, 12, 13}};
  for (const Instruction& each : instructions) {
    INFO(each.name);
    CHECK(find(each.name) == &each);
    for (const Fields& choice : choices) {
      const Fields registers = used_fields(each, choice);
      const std::uint32_t bits = encode(each, registers);
      REQUIRE(decode(bits) == &each);
      CHECK(same(fields(bits), registers));
      CHECK(disassemble(bits).rfind(std::string(each.name), 0) == 0);
    }
  }
  CHECK(find("mvn") == nullptr);
}

TEST_CASE("disassembly names result and operands in the order rd, rs1, rs2, rs3") {
  const Fields registers{10, 11, 12, 13};
  const auto text = [&](const char* name) {
    const Instruction* const instruction = find(name);
    REQUIRE(instruction != nullptr);
    return disassemble(encode(*instruction, used_fields(*instruction, registers)));
  };
  CHECK(text("mvm") == "mvm a0,a1,a2,a3");
  CHECK(text("crs") == "crs a0,a3");
  CHECK(text("rdarr") == "rdarr a0,a2,a3");
  CHECK(text("vcopy") == "vcopy a0,a1,a3");
  CHECK(text("cwait") == "cwait a1,a2");
  CHECK(text("wait") == "wait a1");
  CHECK(text("inv.loadf") == "inv.loadf a0,a1,a2,a3");
  CHECK(text("fpm.read") == "fpm.read a0,a2,a3");
  CHECK(text("barrier") == "barrier a1,a2");
  CHECK(disassemble(0x00000013).empty());
}

TEST_CASE("a register field that an instruction does not use must be x0") {
  for (const Instruction& each : instructions) {
    INFO(each.name);
    const auto decodes_with = [&](const Fields& registers) {
      return decode(encode(each, registers)) != nullptr;
    };
    for (const unsigned number : {1u, 16u, 31u}) {
      CHECK(decodes_with({number, 0, 0, 0}) == each.has_result);
      CHECK(decodes_with({0, number, 0, 0}) == (each.rs1 != Role::unused));
      CHECK(decodes_with({0, 0, number, 0}) == (each.rs2 != Role::unused));
      CHECK(decodes_with({0, 0, 0, number}) == (each.rs3 != Role::unused));
    }
  }
}

TEST_CASE("nothing but the instructions of the table is decoded") {
  std::set<std::uint32_t> known;
  for (const Instruction& each : instructions) {
    CHECK(known.insert(each.bits).second);
    CHECK((each.bits & ~encoding_mask) == 0);
  }
  std::size_t decoded = 0;
  for (std::uint32_t opcode = 0; opcode < 128; ++opcode) {
    for (std::uint32_t funct3 = 0; funct3 < 8; ++funct3) {
      for (std::uint32_t funct2 = 0; funct2 < 4; ++funct2) {
        const std::uint32_t bits = r4(opcode, funct3, funct2);
        const Instruction* const found = decode(bits);
        REQUIRE((found != nullptr) == (known.count(bits) != 0));
        if (found == nullptr) continue;
        CHECK(found->bits == bits);
        ++decoded;
      }
    }
  }
  CHECK(decoded == instructions.size());
}

TEST_CASE("a writable CSR keeps the bits of its mask and refuses the others") {
  State state;
  for (const Csr& csr : csrs) {
    if (csr.read_only) continue;
    INFO(csr.name);
    for (unsigned bit = 0; bit < 32; ++bit) {
      const std::uint32_t value = 1u << bit;
      // Formats above bf16 are bits of the mask and illegal all the same; they have a test of their own.
      if (csr.number == csr_wfmt) break;
      if ((csr.mask & value) != 0) {
        CHECK(written(state, csr.number, value) == value);
        continue;
      }
      const std::uint32_t before = written(state, csr.number, csr.mask & 1u);
      CHECK(state.write(csr.number, value | before) == CsrAccess::illegal_value);
      std::uint32_t after = 0;
      CHECK(state.read(csr.number, after) == CsrAccess::ok);
      CHECK(after == before);
    }
    if (csr.number != csr_wfmt) CHECK(written(state, csr.number, csr.mask) == csr.mask);
    CHECK(written(state, csr.number, 0) == 0);
  }
}

TEST_CASE("wfmt takes three formats of six and three rounding modes") {
  State state;
  unsigned legal = 0;
  for (std::uint32_t value = 0; value < 1u << 16; ++value) {
    const bool formats = (value & 15u) <= 5 && (value >> 4 & 15u) <= 5 && (value >> 8 & 15u) <= 5;
    const bool good = formats && (value >> 12) <= 2;
    REQUIRE((state.write(csr_wfmt, value) == CsrAccess::ok) == good);
    legal += good ? 1 : 0;
    std::uint32_t seen = 0;
    state.read(csr_wfmt, seen);
    if (good) REQUIRE(seen == value);
  }
  CHECK(legal == 6 * 6 * 6 * 3);
  for (unsigned bit = 16; bit < 32; ++bit)
    CHECK(state.write(csr_wfmt, 1u << bit) == CsrAccess::illegal_value);
}

TEST_CASE("the CSRs that say what a tile has cannot be written") {
  State state;
  state.wunits = 0xff;
  state.wtile = 7;
  for (const unsigned number :
       {unsigned{csr_wunits}, unsigned{csr_wtile}, unsigned{csr_winv}, unsigned{csr_wfpm}}) {
    CHECK(state.write(number, 0) == CsrAccess::illegal_value);
    CHECK(state.write(number, 0xff) == CsrAccess::illegal_value);
  }
  std::uint32_t value = 0;
  CHECK(state.read(csr_wunits, value) == CsrAccess::ok);
  CHECK(value == 0xff);
  CHECK(state.read(csr_wtile, value) == CsrAccess::ok);
  CHECK(value == 7);
}

TEST_CASE("no other vendor CSR exists") {
  std::set<unsigned> known;
  for (const Csr& csr : csrs) known.insert(csr.number);
  State state;
  std::uint32_t value = 0;
  for (unsigned number = 0; number < 0x1000; ++number) {
    const bool exists = known.count(number) != 0;
    REQUIRE((state.read(number, value) == CsrAccess::ok) == exists);
    if (!exists) REQUIRE(state.write(number, 0) == CsrAccess::no_such_csr);
  }
}

TEST_CASE("an instruction's descriptor carries the CSRs and its operands") {
  State state;
  state.wfmt = 1u | 0u << 4 | 2u << 8 | 2u << 12;
  state.wlen = 40;
  state.wdim = 3u | 5u << 16;
  state.wcnt = 6;
  state.wsstr = 0xfffffff0;
  state.wdstr = 64;
  state.wshift = 9;
  state.wbits = 10;
  state.wcomp = 0x80020003;
  const unit::Command vector = make_command(*find("vadd"), state, 0x100, 0x200, 0x300);
  CHECK(vector.opcode == static_cast<unsigned>(VectorCommand::vadd));
  CHECK(vector.format0 == unit::Format::int16);
  CHECK(vector.format1 == unit::Format::int8);
  CHECK(vector.format_dst == unit::Format::int32);
  CHECK(vector.rounding == unit::Rounding::nearest_even);
  CHECK(vector.src0 == 0x100);
  CHECK(vector.src1 == 0x200);
  CHECK(vector.dst == 0x300);
  CHECK(vector.length == 40);
  CHECK(vector.count == 6);
  CHECK(vector.shift == 9);
  CHECK(vector.magnitude_bits == 10);
  CHECK(vector.src_stride == -16);
  CHECK(vector.dst_stride == 64);
  CHECK(vector.completion == 0x80020003);

  const unit::Command product = make_command(*find("mvm"), state, 0x100, 0x200, 0x3);
  CHECK(product.length == state.wdim);
  CHECK(product.src0 == 0x100);
  CHECK(product.dst == 0x200);
  const unit::Command update = make_command(*find("opa"), state, 0x100, 0x200, 0x3);
  CHECK(update.src1 == 0x200);
  const unit::Command solution = make_command(*find("inv.solve"), state, 0x100, 0x200, 0x3);
  CHECK(solution.length == state.wdim);
  CHECK(solution.dst == 0x200);
  const unit::Command sum = make_command(*find("fpm.mac"), state, 0x100, 0x200, 0x3);
  CHECK(sum.length == state.wdim);
  CHECK(sum.src1 == 0x200);
  const unit::Command copy = make_command(*find("dma"), state, 0x100, 0x200, 0x40);
  CHECK(copy.length == 0x40);
  const unit::Command fill = make_command(*find("vfill"), state, 0, 77, 0x300);
  CHECK(fill.src1 == 77);
}

// The intrinsics are written down once more, in C; the compiler's words must be ours.
namespace {

constexpr unsigned argument0 = 10;  // a0

struct Expected {
  std::string name;
  std::uint32_t word;
};

std::string header_test_source(std::vector<Expected>& expected) {
  std::string source = "#include \"weft/xweft.h\"\n";
  for (const Instruction& each : instructions) {
    Fields registers{each.has_result ? argument0 : 0, 0, 0, 0};
    unsigned arguments = 0;
    if (each.rs1 != Role::unused) registers.rs1 = argument0 + arguments++;
    if (each.rs2 != Role::unused) registers.rs2 = argument0 + arguments++;
    if (each.rs3 != Role::unused) registers.rs3 = argument0 + arguments++;
    static const char* const parameters[] = {"void", "uint32_t a", "uint32_t a, uint32_t b",
                                             "uint32_t a, uint32_t b, uint32_t c"};
    static const char* const values[] = {"", "a", "a, b", "a, b, c"};
    std::string identifier = each.name;
    std::replace(identifier.begin(), identifier.end(), '.', '_');
    const std::string name = "xweft_" + identifier;
    source += std::string(each.has_result ? "uint32_t" : "void") + " test_" + identifier + "(" +
              parameters[arguments] + ") { " + (each.has_result ? "return " : "") + name + "(" +
              values[arguments] + "); }\n";
    expected.push_back({name, encode(each, registers)});
  }
  for (const Csr& csr : csrs) {
    const std::string name = csr.name;
    source += fmt::format("uint32_t test_get_{0}(void) {{ return xweft_get_{0}(); }}\n", name);
    expected.push_back(
        {"xweft_get_" + name, std::uint32_t{csr.number} << 20 | 2u << 12 | argument0 << 7 | 0x73});
    if (csr.read_only) continue;
    source += fmt::format("void test_set_{0}(uint32_t a) {{ xweft_set_{0}(a); }}\n", name);
    expected.push_back(
        {"xweft_set_" + name, std::uint32_t{csr.number} << 20 | argument0 << 15 | 1u << 12 | 0x73});
  }
  return source;
}

std::vector<std::uint32_t> words_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::uint32_t> words;
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t word = 0;
    for (unsigned byte = 0; byte < 4; ++byte) {
      word |= std::uint32_t{static_cast<unsigned char>(bytes[at + byte])} << (8 * byte);
    }
    words.push_back(word);
  }
  return words;
}

}  // namespace

TEST_CASE("the C intrinsics assemble to the words of the table") {
  const std::string compiler = WEFT_RISCV_GCC;
  const std::string objcopy = WEFT_RISCV_OBJCOPY;
  if (compiler.empty() || objcopy.empty()) WEFT_SKIP("no RISC-V compiler");
  const std::string stem = std::string(WEFT_BINARY_DIR) + "/test_xweft_intrinsics";
  std::vector<Expected> expected;
  std::ofstream(stem + ".c") << header_test_source(expected);
  const std::string compile =
      compiler +
      " -march=rv32im -misa-spec=2.2 -mabi=ilp32 -O2 -ffreestanding -fno-toplevel-reorder "
      "-fno-asynchronous-unwind-tables -I\"" WEFT_BINARY_DIR "/generated/firmware\" -c " +
      stem + ".c -o " + stem + ".o";
  REQUIRE(std::system(compile.c_str()) == 0);
  const std::string copy = objcopy + " -O binary -j .text " + stem + ".o " + stem + ".bin";
  REQUIRE(std::system(copy.c_str()) == 0);

  // Every function is the instruction and a return.
  constexpr std::uint32_t ret = 0x00008067;
  const std::vector<std::uint32_t> words = words_of_file(stem + ".bin");
  REQUIRE(words.size() == 2 * expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO(expected[i].name);
    CHECK(words[2 * i] == expected[i].word);
    CHECK(words[2 * i + 1] == ret);
  }
}
