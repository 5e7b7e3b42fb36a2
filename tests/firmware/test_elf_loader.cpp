// SPDX-License-Identifier: Apache-2.0
#include <elf.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

extern "C" {
#include "weft/elf_loader.h"
}

namespace {

constexpr std::uint32_t base = 0x40000000;
constexpr std::uint32_t size = 256;
constexpr std::uint8_t untouched = 0xaa;

// The memory that segments go to. The loader's interface is C: its functions know no object.
struct Target {
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(size, untouched);
  const std::uint8_t* image = nullptr;
  bool works = true;
};

Target& target() {
  static Target only;
  return only;
}

std::uint32_t room(std::uint32_t address) {
  const std::uint32_t offset = address - base;
  return offset < size ? size - offset : 0;
}

bool copy(std::uint32_t destination, std::uint32_t source, std::uint32_t count) {
  if (!target().works) return false;
  std::copy_n(target().image + source, count, target().bytes.begin() + (destination - base));
  return true;
}

bool clear(std::uint32_t destination, std::uint32_t count) {
  std::fill_n(target().bytes.begin() + (destination - base), count, std::uint8_t{0});
  return true;
}

Elf32_Phdr segment(std::uint32_t address, std::uint32_t file_size, std::uint32_t memory_size) {
  Elf32_Phdr header{};
  header.p_type = PT_LOAD;
  header.p_vaddr = address;
  header.p_filesz = file_size;
  header.p_memsz = memory_size;
  return header;
}

// An ELF file as it should be: header, program headers, then 16 bytes of content for every segment (1, 2, 3,
// … throughout the file). Tests break it afterwards.
struct File {
  Elf32_Ehdr header{};
  std::vector<Elf32_Phdr> segments;

  explicit File(std::vector<Elf32_Phdr> with) : segments(std::move(with)) {
    const std::uint8_t ident[] = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT};
    std::copy(std::begin(ident), std::end(ident), header.e_ident);
    header.e_type = ET_EXEC;
    header.e_machine = EM_RISCV;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf32_Phdr);
    header.e_phnum = static_cast<Elf32_Half>(segments.size());
    for (std::size_t index = 0; index < segments.size(); ++index) {
      segments[index].p_offset = content_offset() + 16 * static_cast<std::uint32_t>(index);
    }
  }

  std::uint32_t content_offset() const {
    return static_cast<std::uint32_t>(sizeof header + segments.size() * sizeof(Elf32_Phdr));
  }

  std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> all(content_offset() + 16 * segments.size());
    std::memcpy(all.data(), &header, sizeof header);
    if (!segments.empty()) {
      std::memcpy(all.data() + sizeof header, segments.data(), segments.size() * sizeof(Elf32_Phdr));
    }
    std::iota(all.begin() + content_offset(), all.end(), std::uint8_t{1});
    return all;
  }
};

elf_result load(const std::vector<std::uint8_t>& image) {
  target() = Target{};
  target().image = image.data();
  const elf_memory memory{room, copy, clear};
  return elf_load(image.data(), static_cast<std::uint32_t>(image.size()), &memory);
}

elf_result load(const File& file) { return load(file.bytes()); }

bool nothing_moved() {
  return std::all_of(target().bytes.begin(), target().bytes.end(),
                     [](std::uint8_t byte) { return byte == untouched; });
}

}  // namespace

TEST_CASE("a segment arrives at its address and what the file does not give is zero") {
  const elf_result result = load(File({segment(base + 8, 4, 6)}));
  CHECK(result.status == elf_ok);
  CHECK(result.bytes == 6);
  const std::vector<std::uint8_t> expected{untouched, 1, 2, 3, 4, 0, 0, untouched};
  CHECK(std::equal(expected.begin(), expected.end(), target().bytes.begin() + 7));
}

TEST_CASE("every segment of the file is loaded") {
  const elf_result result =
      load(File({segment(base, 2, 2), segment(base + 100, 0, 3), segment(base + 200, 1, 1)}));
  CHECK(result.status == elf_ok);
  CHECK(result.bytes == 6);
  CHECK(target().bytes[1] == 2);
  CHECK(target().bytes[102] == 0);
  CHECK(target().bytes[200] == 33);
}

TEST_CASE("a segment may fill the memory to its last byte, and not one more") {
  CHECK(load(File({segment(base + size - 16, 16, 16)})).status == elf_ok);
  CHECK(load(File({segment(base + size - 15, 16, 16)})).status == elf_segment_outside_memory);
  CHECK(load(File({segment(base + size - 15, 15, 16)})).status == elf_segment_outside_memory);
  CHECK(load(File({segment(base - 1, 4, 4)})).status == elf_segment_outside_memory);
  CHECK(load(File({segment(base, 4, 0xffffffff)})).status == elf_segment_outside_memory);
}

TEST_CASE("what is not to be loaded is passed over") {
  File file({segment(base, 4, 4), segment(0x1000, 4, 4), segment(0x2000, 0, 0)});
  file.segments[1].p_type = PT_NOTE;
  const elf_result result = load(file);
  CHECK(result.status == elf_ok);
  CHECK(result.bytes == 4);
}

TEST_CASE("a file with nothing to load is refused") {
  CHECK(load(File({})).status == elf_no_segments);
  CHECK(load(File({segment(base, 0, 0)})).status == elf_no_segments);
}

TEST_CASE("files of another kind are refused") {
  const File good({segment(base, 4, 4)});
  SECTION("no ELF file") {
    File file = good;
    file.header.e_ident[1] = 'e';
    CHECK(load(file).status == elf_no_magic);
  }
  SECTION("64 bits") {
    File file = good;
    file.header.e_ident[EI_CLASS] = ELFCLASS64;
    CHECK(load(file).status == elf_wrong_machine);
  }
  SECTION("big-endian") {
    File file = good;
    file.header.e_ident[EI_DATA] = ELFDATA2MSB;
    CHECK(load(file).status == elf_wrong_machine);
  }
  SECTION("another processor") {
    File file = good;
    file.header.e_machine = EM_386;
    CHECK(load(file).status == elf_wrong_machine);
  }
  CHECK(nothing_moved());
}

TEST_CASE("program headers outside the file are refused, also where offsets overflow") {
  File file({segment(base, 4, 4)});
  SECTION("beyond the end") { file.header.e_phoff = 10000; }
  SECTION("wrapping around") { file.header.e_phoff = 0xfffffff0; }
  SECTION("too many") { file.header.e_phnum = 0xffff; }
  SECTION("of another size") { file.header.e_phentsize = sizeof(Elf32_Phdr) + 4; }
  CHECK(load(file).status == elf_bad_program_headers);
  CHECK(nothing_moved());
}

TEST_CASE("segments outside the file are refused, also where offsets overflow") {
  File file({segment(base, 4, 4), segment(base + 32, 8, 8)});
  SECTION("beyond the end") { file.segments[1].p_offset = 10000; }
  SECTION("across the end") { file.segments[1].p_offset += 12; }
  SECTION("wrapping around") { file.segments[1].p_offset = 0xfffffffc; }
  SECTION("more in the file than in memory") { file.segments[1].p_memsz = 7; }
  const elf_result result = load(file);
  CHECK(result.status == elf_segment_outside_file);
  CHECK(result.address == base + 32);
  CHECK(nothing_moved());
}

TEST_CASE("a bad segment keeps the good ones before it from being loaded") {
  const elf_result result = load(File({segment(base, 4, 4), segment(0x80000000, 4, 4)}));
  CHECK(result.status == elf_segment_outside_memory);
  CHECK(result.address == 0x80000000);
  CHECK(nothing_moved());
}

TEST_CASE("a file cut off anywhere is refused") {
  const std::vector<std::uint8_t> whole = File({segment(base, 4, 4), segment(base + 32, 16, 16)}).bytes();
  REQUIRE(load(whole).status == elf_ok);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    // A copy of its own, so that a read beyond the end is one beyond an allocation.
    const std::vector<std::uint8_t> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK(load(part).status != elf_ok);
  }
}

TEST_CASE("a transfer that fails is reported with its segment") {
  const std::vector<std::uint8_t> image = File({segment(base + 4, 4, 4)}).bytes();
  target() = Target{};
  target().image = image.data();
  target().works = false;
  const elf_memory memory{room, copy, clear};
  const elf_result result = elf_load(image.data(), static_cast<std::uint32_t>(image.size()), &memory);
  CHECK(result.status == elf_transfer_failed);
  CHECK(result.address == base + 4);
}

TEST_CASE("every status has a text of its own") {
  std::vector<std::string> texts;
  for (int status = elf_ok; status <= elf_transfer_failed; ++status) {
    texts.emplace_back(elf_status_text(static_cast<elf_status>(status)));
  }
  std::sort(texts.begin(), texts.end());
  CHECK(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
}
