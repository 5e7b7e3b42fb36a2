// SPDX-License-Identifier: Apache-2.0
// ELF files from a real linker, from our own writer, and broken in every way that could be thought of.
#include "platform/loader/elf_file.h"

#include <elf.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

using namespace weft;
using namespace weft::loader;

namespace {

using Bytes = std::vector<std::uint8_t>;

template <typename T>
void put(Bytes& bytes, std::size_t offset, const T& value) {
  if (bytes.size() < offset + sizeof value) bytes.resize(offset + sizeof value);
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

constexpr std::uint32_t base = 0x40000000;
constexpr std::size_t code_offset = 128;
constexpr std::size_t code_size = 8;

struct Headers {
  Elf32_Ehdr file{};
  Elf32_Phdr segment{};
};

Headers valid_headers() {
  Headers headers;
  std::memcpy(headers.file.e_ident, ELFMAG, SELFMAG);
  headers.file.e_ident[EI_CLASS] = ELFCLASS32;
  headers.file.e_ident[EI_DATA] = ELFDATA2LSB;
  headers.file.e_type = ET_EXEC;
  headers.file.e_machine = EM_RISCV;
  headers.file.e_entry = base;
  headers.file.e_phoff = sizeof(Elf32_Ehdr);
  headers.file.e_phentsize = sizeof(Elf32_Phdr);
  headers.file.e_phnum = 1;
  headers.segment.p_type = PT_LOAD;
  headers.segment.p_offset = code_offset;
  headers.segment.p_vaddr = base;
  headers.segment.p_paddr = base;
  headers.segment.p_filesz = code_size;
  headers.segment.p_memsz = code_size + 8;
  headers.segment.p_flags = PF_R | PF_X;
  return headers;
}

// One segment: the bytes 1, 2, … at `base`, eight zeros behind them.
Bytes make_file(const std::function<void(Headers&)>& change = [](Headers&) {}) {
  Headers headers = valid_headers();
  change(headers);
  Bytes bytes(code_offset + code_size);
  put(bytes, 0, headers.file);
  put(bytes, sizeof headers.file, headers.segment);
  for (std::size_t index = 0; index < code_size; ++index) {
    bytes[code_offset + index] = static_cast<std::uint8_t>(index + 1);
  }
  return bytes;
}

// What a user would read; empty if the file is accepted.
std::string error_of(const Bytes& bytes) {
  try {
    parse_elf(bytes, "x.elf");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

Bytes real_file() { return read_file(WEFT_BINARY_DIR "/firmware/tile_hello.elf"); }

}  // namespace

TEST_CASE("a segment is read with its address, its bytes and the zeros behind them") {
  const ElfFile file = parse_elf(make_file(), "x.elf");
  CHECK(file.entry == base);
  REQUIRE(file.segments.size() == 1);
  CHECK(file.segments[0].address == base);
  CHECK(file.segments[0].memory_size == code_size + 8);
  CHECK(file.segments[0].bytes == Bytes{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("a linked program is read with its code and its symbols by address") {
  const ElfFile file = parse_elf(real_file(), "tile_hello.elf");
  CHECK(file.entry == base);
  REQUIRE_FALSE(file.code.empty());
  CHECK(file.code.front().address == base);
  std::uint32_t main_address = 0;
  std::uint32_t last = 0;
  for (const Symbol& symbol : file.symbols) {
    CHECK(symbol.address >= last);
    last = symbol.address;
    CHECK(symbol.name.find('$') != 0);
    if (symbol.name == "main") main_address = symbol.address;
  }
  REQUIRE(main_address != 0);
  CHECK(file.place(main_address) == "main");
  CHECK(file.place(main_address + 2) == "main+0x2");
  CHECK(file.place(0) == "");
  CHECK(file.place(base - 1) == "");
  CHECK(file.place(base + 0x100000) == "");
}

TEST_CASE("what is no program for a hart is refused with the reason") {
  struct Case {
    std::function<void(Headers&)> change;
    std::string message;
  };
  const std::vector<Case> cases{
      {[](Headers& h) { h.file.e_ident[0] = 'X'; }, "not an ELF file"},
      {[](Headers& h) { h.file.e_ident[EI_CLASS] = ELFCLASS64; }, "a 64-bit ELF file"},
      {[](Headers& h) { h.file.e_ident[EI_DATA] = ELFDATA2MSB; }, "a big-endian ELF file"},
      {[](Headers& h) { h.file.e_machine = EM_X86_64; }, "machine 62; allowed: 243"},
      {[](Headers& h) { h.file.e_type = ET_DYN; }, "type 3; allowed: 2"},
      {[](Headers& h) { h.file.e_phnum = 0; }, "no loadable segment"},
      {[](Headers& h) { h.file.e_phentsize = 31; }, "program headers of 31 bytes; allowed: 32"},
      {[](Headers& h) { h.file.e_phoff = 100000; }, "truncated ELF file: program header at byte 100000"},
      {[](Headers& h) { h.file.e_phoff = 0xffffffff; }, "truncated ELF file"},
      {[](Headers& h) { h.file.e_entry = base + code_size + 8; }, "the entry 0x40000010 lies in no"},
      {[](Headers& h) { h.file.e_entry = base - 1; }, "the entry 0x3fffffff lies in no"},
      {[](Headers& h) { h.segment.p_type = PT_NOTE; }, "no loadable segment"},
      {[](Headers& h) { h.segment.p_flags = PF_R | PF_W; },
       "the entry 0x40000000 lies in a segment that is not"},
      {[](Headers& h) { h.segment.p_filesz = code_size + 1; }, "truncated ELF file: segment 0"},
      {[](Headers& h) { h.segment.p_offset = 0xfffffff0; }, "truncated ELF file: segment 0"},
      {[](Headers& h) { h.segment.p_memsz = code_size - 1; }, "more bytes than memory"},
      {[](Headers& h) { h.segment.p_paddr = 0xfffffff8; }, "passes the end of the address space"}};
  for (const Case& each : cases) {
    CAPTURE(each.message);
    CHECK_THAT(error_of(make_file(each.change)),
               Catch::StartsWith("x.elf: ") && Catch::Contains(each.message));
  }
}

TEST_CASE("segments that overlap are refused, segments that touch are not") {
  const auto two_segments = [](std::uint32_t second_address) {
    Headers headers = valid_headers();
    headers.file.e_phnum = 2;
    Bytes bytes = make_file();
    put(bytes, 0, headers.file);
    headers.segment.p_paddr = second_address;
    put(bytes, sizeof headers.file + sizeof headers.segment, headers.segment);
    return bytes;
  };
  constexpr std::uint32_t size = code_size + 8;
  static_assert(sizeof(Elf32_Ehdr) + 2 * sizeof(Elf32_Phdr) <= code_offset, "headers run into the code");
  CHECK(error_of(two_segments(base + size)) == "");
  CHECK(error_of(two_segments(base - size)) == "");
  CHECK_THAT(error_of(two_segments(base + size - 1)), Catch::Contains("overlap"));
  CHECK_THAT(error_of(two_segments(base - size + 1)), Catch::Contains("overlap"));
  CHECK_THAT(error_of(two_segments(base)), Catch::Contains("overlap"));
}

TEST_CASE("a file cut off at any byte is refused") {
  const Bytes whole = real_file();
  REQUIRE(error_of(whole) == "");
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string error =
        error_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    accepted += error.empty() ? 1 : 0;
  }
  // The section headers stand at the end, and a program without its last byte has lost one.
  CHECK(accepted == 0);
}

TEST_CASE("a file with random bytes in its headers is read or refused, never more") {
  const Bytes whole = real_file();
  Elf32_Ehdr header;
  std::memcpy(&header, whole.data(), sizeof header);
  // Where damage hurts: file header, program headers, section headers, symbols.
  std::vector<std::pair<std::size_t, std::size_t>> targets{
      {0, sizeof header},
      {header.e_phoff, header.e_phnum * sizeof(Elf32_Phdr)},
      {header.e_shoff, header.e_shnum * sizeof(Elf32_Shdr)}};
  for (unsigned index = 0; index < header.e_shnum; ++index) {
    Elf32_Shdr section;
    std::memcpy(&section, whole.data() + header.e_shoff + index * sizeof section, sizeof section);
    if (section.sh_type == SHT_SYMTAB) targets.emplace_back(section.sh_offset, section.sh_size);
  }
  REQUIRE(targets.size() == 4);

  int accepted = 0;
  int refused = 0;
  for (std::uint32_t seed = 0; seed < 4000; ++seed) {
    CounterRng random(seed, 0, 0);
    Bytes broken = whole;
    const auto& [start, size] = targets[seed % targets.size()];
    for (std::uint32_t count = 1 + random.below(3); count > 0; --count) {
      broken[start + random.below(static_cast<std::uint32_t>(size))] =
          static_cast<std::uint8_t>(random.below(256));
    }
    const std::string error = error_of(broken);
    if (error.empty()) {
      ++accepted;
      continue;
    }
    ++refused;
    CAPTURE(seed, error);
    CHECK(error.rfind("x.elf: ", 0) == 0);
  }
  CHECK(accepted > 0);
  CHECK(refused > 0);
}

TEST_CASE("several files become one that loads the same") {
  const ElfFile first = parse_elf(make_file(), "a.elf");
  const ElfFile second = parse_elf(make_file([](Headers& h) {
                                     h.file.e_entry = base + 0x100000;
                                     h.segment.p_paddr = base + 0x100000;
                                     h.segment.p_filesz = 3;
                                   }),
                                   "b.elf");
  const ElfFile merged = parse_elf(merge_elf({first, second}), "merged");
  CHECK(merged.entry == base);
  REQUIRE(merged.segments.size() == 2);
  for (std::size_t index = 0; index < 2; ++index) {
    const Segment& expected = (index == 0 ? first : second).segments[0];
    CHECK(merged.segments[index].address == expected.address);
    CHECK(merged.segments[index].memory_size == expected.memory_size);
    CHECK(merged.segments[index].bytes == expected.bytes);
  }
}

TEST_CASE("a file that cannot be read is named with the reason") {
  CHECK_THROWS_WITH(read_elf("/nowhere/x.elf"),
                    Catch::Contains("/nowhere/x.elf: cannot be opened: No such file"));
  CHECK_THROWS_WITH(read_elf("/"), Catch::Contains("/: is a directory"));
}

TEST_CASE("a file with random bytes anywhere is read or refused, never more") {
  const Bytes whole = real_file();
  int accepted = 0;
  for (std::uint32_t seed = 0; seed < 10'000; ++seed) {
    CounterRng random(seed, 1, 0);
    Bytes broken = whole;
    for (std::uint32_t count = 1 + random.below(8); count > 0; --count) {
      broken[random.below(static_cast<std::uint32_t>(broken.size()))] =
          static_cast<std::uint8_t>(random.below(256));
    }
    const std::string error = error_of(broken);
    if (error.empty()) {
      ++accepted;
    } else if (error.rfind("x.elf: ", 0) != 0) {
      FAIL("seed " << seed << ": " << error);
    }
  }
  CHECK(accepted > 0);
  CHECK(accepted < 10'000);
}

TEST_CASE("symbols are found by name, absolute ones too, which name no place") {
  ElfFile file = parse_elf(make_file(), "x.elf");
  file.symbols.push_back({"start", base, 4});
  file.constants.push_back({"limit", base + 4, 0});
  REQUIRE(file.find("start") != nullptr);
  CHECK(file.find("start")->address == base);
  REQUIRE(file.find("limit") != nullptr);
  CHECK(file.find("nothing") == nullptr);
  CHECK(file.place(base + 4) == "start+0x4");
  CHECK(file.symbol_at(base + 4)->name == "start");
  CHECK(file.symbol_at(base - 1) == nullptr);
}

TEST_CASE("a raw image is one executable segment, if there is room for it") {
  const ElfFile file = raw_image({1, 2, 3}, "x.bin", 0x80000002);
  CHECK(file.entry == 0x80000002);
  REQUIRE(file.segments.size() == 1);
  CHECK(file.segments[0].memory_size == 3);
  CHECK(file.segments[0].bytes == Bytes{1, 2, 3});
  CHECK_NOTHROW(raw_image({1, 2}, "x.bin", 0xfffffffe));
  CHECK_THROWS_WITH(raw_image({1, 2, 3}, "x.bin", 0xfffffffe), Catch::Contains("pass the end"));
  CHECK_THROWS_WITH(raw_image({}, "x.bin", 0), Catch::Contains("empty file"));
  CHECK_THROWS_WITH(raw_image({1}, "x.bin", 1), Catch::Contains("even address"));
}
