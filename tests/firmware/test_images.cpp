// SPDX-License-Identifier: Apache-2.0
#include <elf.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "models/hart/xweft_table.h"
#include "platform/machine/memory_map.h"
#include "tests/firmware/command.h"

namespace {

constexpr auto dram_base = static_cast<std::uint32_t>(weft::map::dram_base);
constexpr std::uint32_t reserved_for_firmware = 8u << 20;
constexpr auto tile0_base = static_cast<std::uint32_t>(weft::map::tiles_base);
constexpr std::uint32_t reserved_for_tile_program = 64u << 10;
constexpr std::uint32_t page = 4096;

struct Image {
  Elf32_Ehdr header{};
  std::vector<Elf32_Phdr> segments;  // to be loaded
};

std::string path(const std::string& name) { return WEFT_FIRMWARE_DIR "/" + name + ".elf"; }

Image read_image(const std::string& name) {
  std::ifstream stream(path(name), std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  Image image;
  REQUIRE(bytes.size() >= sizeof image.header);
  std::memcpy(&image.header, bytes.data(), sizeof image.header);
  REQUIRE(bytes.size() >= image.header.e_phoff + image.header.e_phnum * sizeof(Elf32_Phdr));
  for (unsigned index = 0; index < image.header.e_phnum; ++index) {
    Elf32_Phdr segment;
    std::memcpy(&segment, bytes.data() + image.header.e_phoff + index * sizeof segment, sizeof segment);
    if (segment.p_type == PT_LOAD) image.segments.push_back(segment);
  }
  return image;
}

void check_image(const Image& image, std::uint32_t base, std::uint32_t size) {
  CHECK(image.header.e_ident[EI_CLASS] == ELFCLASS32);
  CHECK(image.header.e_machine == EM_RISCV);
  CHECK(image.header.e_entry == base);
  REQUIRE_FALSE(image.segments.empty());
  for (const Elf32_Phdr& segment : image.segments) {
    CHECK(segment.p_vaddr >= base);
    CHECK(segment.p_vaddr + segment.p_memsz <= base + size);
    CHECK(segment.p_paddr == segment.p_vaddr);
    CHECK((segment.p_flags & (PF_W | PF_X)) != (PF_W | PF_X));
  }
}

// Instruction words of four bytes, as objdump lists them.
std::vector<std::uint32_t> instruction_words(const std::string& name) {
  const std::string gcc = WEFT_RISCV_GCC;
  const std::string objdump = gcc.substr(0, gcc.rfind("gcc")) + "objdump";
  const auto listing = weft::test::run_command(objdump + " -d --section=.text '" + path(name) + "'");
  REQUIRE(listing.exit_code == 0);
  const std::regex line("[0-9a-f]+:\\s+([0-9a-f]{8})\\s");
  std::vector<std::uint32_t> words;
  for (std::sregex_iterator match(listing.output.begin(), listing.output.end(), line), end; match != end;
       ++match) {
    words.push_back(static_cast<std::uint32_t>(std::stoul((*match)[1], nullptr, 16)));
  }
  return words;
}

std::set<std::string> xweft_mnemonics(const std::string& name) {
  std::set<std::string> found;
  for (const std::uint32_t word : instruction_words(name)) {
    for (const weft::xweft::Instruction& each : weft::xweft::instructions) {
      if ((word & weft::xweft::encoding_mask) == each.bits) found.insert(each.name);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("host firmware starts at the start of DRAM and stays within its 8 MiB") {
  for (const char* name : {"weft-host", "weft-hello", "weft-exit3", "weft-trap", "weft-inversion"}) {
    CAPTURE(name);
    check_image(read_image(name), dram_base, reserved_for_firmware);
  }
}

TEST_CASE("code and data of the host firmware share no page") {
  for (const char* name : {"weft-host", "weft-hello"}) {
    CAPTURE(name);
    const Image image = read_image(name);
    REQUIRE(image.segments.size() == 2);
    const Elf32_Phdr& code = image.segments[0];
    const Elf32_Phdr& data = image.segments[1];
    CHECK((code.p_flags & PF_X) != 0);
    CHECK((code.p_vaddr + code.p_memsz - 1) / page < data.p_vaddr / page);
  }
}

TEST_CASE("tile programs lie in the first 64 KiB of tile 0's buffer") {
  for (const char* name : {"tile_hello", "tile_unmapped", "tile_illegal", "tile_no_unit", "tile_dma_outside",
                           "tile_deadlock", "tile_convolution", "tile_inversion", "tile_inversion_errors",
                           "tile_fp_pim", "tile_write_filter", "tile_barrier0"}) {
    CAPTURE(name);
    check_image(read_image(name), tile0_base, reserved_for_tile_program);
  }
}

TEST_CASE("the intrinsics become the instructions of the table") {
  using Names = std::set<std::string>;
  CHECK(xweft_mnemonics("tile_hello") == Names{"vfill", "vadd", "prog", "mvm", "wait"});
  CHECK(xweft_mnemonics("tile_no_unit") == Names{"mvm", "wait"});
  CHECK(xweft_mnemonics("tile_dma_outside") == Names{"dma", "wait"});
  CHECK(xweft_mnemonics("tile_deadlock") == Names{"cwait"});
  CHECK(xweft_mnemonics("tile_convolution") ==
        Names{"vgather", "prog", "mvma", "vtrans", "vmac", "wait", "waitm"});
  CHECK(xweft_mnemonics("tile_barrier0") == Names{"cadd", "barrier"});
  CHECK(xweft_mnemonics("tile_inversion") == Names{"inv.load", "inv.loadf", "inv.solve", "wait"});
  CHECK(xweft_mnemonics("tile_inversion_errors") ==
        Names{"inv.loadd", "inv.loadc", "inv.solve", "inv.stat", "wait"});
  CHECK(xweft_mnemonics("tile_write_filter") == Names{"prog", "opa", "rdarr", "wait"});
  CHECK(xweft_mnemonics("tile_fp_pim") ==
        Names{"fpm.load", "fpm.mvm", "fpm.mtvm", "fpm.opa", "fpm.mul", "fpm.read", "wait"});
}

TEST_CASE("the illegal encoding of tile_illegal is in no row of the table") {
  const std::uint32_t illegal = 0x2bu | 7u << 12 | 3u << 25;
  const std::vector<std::uint32_t> words = instruction_words("tile_illegal");
  CHECK(std::count(words.begin(), words.end(), illegal) == 1);
  CHECK(xweft_mnemonics("tile_illegal").empty());
}

TEST_CASE("host firmware contains no Xweft instruction") { CHECK(xweft_mnemonics("weft-host").empty()); }
