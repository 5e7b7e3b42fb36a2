// SPDX-License-Identifier: Apache-2.0
// Reads 32-bit RISC-V ELF executables: checked segments, symbols. A broken file is an Error that names the
// file and what is wrong with it; nothing is ever read outside the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace weft::loader {

struct Segment {
  std::uint32_t address = 0;
  std::uint32_t memory_size = 0;  // bytes beyond `bytes` are zero
  std::vector<std::uint8_t> bytes;
  bool executable = true;
};

struct Symbol {
  std::string name;
  std::uint32_t address = 0;
  std::uint32_t size = 0;
};

struct Section {
  std::string name;
  std::uint32_t address = 0;
  std::vector<std::uint8_t> bytes;
};

struct ElfFile {
  std::string name;
  std::uint32_t entry = 0;
  std::vector<Segment> segments;  // loadable, in the order of the file
  std::vector<Symbol> symbols;    // with names, by address
  std::vector<Symbol> constants;  // absolute symbols: numbers that a linker script has named
  std::vector<Section> code;      // executable sections
  std::vector<Section> debug;     // .debug_* and .eh_frame, uncompressed ones

  // "main+0x24"; empty if no symbol is at or before the address, or the address is in no segment.
  std::string place(std::uint32_t address) const;
  // The last symbol at or before the address; null as above.
  const Symbol* symbol_at(std::uint32_t address) const;
  // The symbol, or absolute symbol, of that name; null if there is none.
  const Symbol* find(const std::string& symbol) const;
};

ElfFile parse_elf(const std::vector<std::uint8_t>& bytes, const std::string& name);
ElfFile read_elf(const std::filesystem::path& file);

// A file without any structure as one executable segment at `address`, where it starts. Throws Error for an
// empty file, an odd address and one that leaves no room for it in the address space.
ElfFile raw_image(const std::vector<std::uint8_t>& bytes, const std::string& name, std::uint32_t address);

// The loadable segments of several files as one ELF file, without sections.
std::vector<std::uint8_t> merge_elf(const std::vector<ElfFile>& files);

std::vector<std::uint8_t> read_file(const std::filesystem::path& file);

}  // namespace weft::loader
