// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/elf_writer.h"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <string>

#include "platform/loader/elf_header.h"

namespace weft::compiler {

namespace {

constexpr std::uint32_t segment_alignment = 4;

class ElfWriter {
 public:
  explicit ElfWriter(const std::vector<TileProgram>& programs) : programs_(programs) {}

  std::vector<std::uint8_t> write() {
    const std::size_t headers = sizeof(Elf32_Ehdr) + programs_.size() * sizeof(Elf32_Phdr);
    bytes_.resize(headers);
    sections_.push_back({});
    for (const TileProgram& program : programs_) add_program(program);
    add_tables();
    const std::size_t section_table = align();
    append(sections_.data(), sections_.size() * sizeof(Elf32_Shdr));

    Elf32_Ehdr header =
        loader::executable_header(programs_.empty() ? 0 : programs_.front().entry, segments_.size());
    header.e_shoff = static_cast<Elf32_Off>(section_table);
    header.e_shentsize = sizeof(Elf32_Shdr);
    header.e_shnum = static_cast<Elf32_Half>(sections_.size());
    header.e_shstrndx = static_cast<Elf32_Half>(sections_.size() - 1);
    std::memcpy(bytes_.data(), &header, sizeof header);
    std::memcpy(bytes_.data() + sizeof header, segments_.data(), segments_.size() * sizeof(Elf32_Phdr));
    return std::move(bytes_);
  }

 private:
  void add_program(const TileProgram& program) {
    const std::size_t offset = align();
    const std::vector<std::uint32_t>& code = program.code.words();
    const std::uint32_t code_bytes = 4 * static_cast<std::uint32_t>(code.size());
    append(code.data(), code_bytes);
    // The gap between code and data is part of the segment, so that one copy loads a tile.
    bytes_.resize(offset + (program.data_address - program.entry));
    const std::size_t data_offset = bytes_.size();
    const std::uint32_t data_bytes = 4 * static_cast<std::uint32_t>(program.data.size());
    append(program.data.data(), data_bytes);

    Elf32_Phdr segment{};
    segment.p_type = PT_LOAD;
    segment.p_offset = static_cast<Elf32_Off>(offset);
    segment.p_vaddr = program.entry;
    segment.p_paddr = program.entry;
    segment.p_filesz = static_cast<Elf32_Word>(bytes_.size() - offset);
    segment.p_memsz = segment.p_filesz;
    segment.p_flags = PF_R | PF_W | PF_X;
    segment.p_align = segment_alignment;
    segments_.push_back(segment);

    const auto text_section = static_cast<std::uint16_t>(sections_.size());
    add_section(fmt::format(".text.tile{}", program.tile), SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
                program.entry, offset, code_bytes);
    add_section(fmt::format(".data.tile{}", program.tile), SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                program.data_address, data_offset, data_bytes);
    for (const Region& region : program.code.regions()) {
      if (region.end == region.start) continue;
      Elf32_Sym symbol{};
      symbol.st_name = name_in(symbol_names_, region.name);
      symbol.st_value = region.start;
      symbol.st_size = region.end - region.start;
      symbol.st_info = ELF32_ST_INFO(STB_GLOBAL, STT_FUNC);
      symbol.st_shndx = text_section;
      symbols_.push_back(symbol);
    }
  }

  void add_tables() {
    const auto strings = static_cast<Elf32_Word>(sections_.size() + 1);
    const std::size_t symbol_offset = align();
    append(symbols_.data(), symbols_.size() * sizeof(Elf32_Sym));
    add_section(".symtab", SHT_SYMTAB, 0, 0, symbol_offset, symbols_.size() * sizeof(Elf32_Sym));
    sections_.back().sh_link = strings;
    sections_.back().sh_info = 1;  // index of the first global symbol
    sections_.back().sh_entsize = sizeof(Elf32_Sym);
    const std::size_t names_offset = bytes_.size();
    append(symbol_names_.data(), symbol_names_.size());
    add_section(".strtab", SHT_STRTAB, 0, 0, names_offset, symbol_names_.size());
    const Elf32_Word own_name = name_in(section_names_, ".shstrtab");
    const std::size_t section_names_offset = bytes_.size();
    append(section_names_.data(), section_names_.size());
    Elf32_Shdr section{};
    section.sh_name = own_name;
    section.sh_type = SHT_STRTAB;
    section.sh_offset = static_cast<Elf32_Off>(section_names_offset);
    section.sh_size = static_cast<Elf32_Word>(section_names_.size());
    section.sh_addralign = 1;
    sections_.push_back(section);
  }

  void add_section(const std::string& name, Elf32_Word type, Elf32_Word flags, std::uint32_t address,
                   std::size_t offset, std::size_t size) {
    Elf32_Shdr section{};
    section.sh_name = name_in(section_names_, name);
    section.sh_type = type;
    section.sh_flags = flags;
    section.sh_addr = address;
    section.sh_offset = static_cast<Elf32_Off>(offset);
    section.sh_size = static_cast<Elf32_Word>(size);
    section.sh_addralign = type == SHT_STRTAB ? 1 : 4;
    sections_.push_back(section);
  }

  static Elf32_Word name_in(std::string& table, const std::string& name) {
    const auto offset = static_cast<Elf32_Word>(table.size());
    table += name;
    table += '\0';
    return offset;
  }

  std::size_t align() {
    bytes_.resize((bytes_.size() + 3) & ~std::size_t{3});
    return bytes_.size();
  }

  void append(const void* data, std::size_t size) {
    const auto* const first = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }

  const std::vector<TileProgram>& programs_;
  std::vector<std::uint8_t> bytes_;
  std::vector<Elf32_Phdr> segments_;
  std::vector<Elf32_Shdr> sections_;
  std::vector<Elf32_Sym> symbols_ = {Elf32_Sym{}};
  std::string symbol_names_ = std::string(1, '\0');
  std::string section_names_ = std::string(1, '\0');
};

}  // namespace

std::vector<std::uint8_t> write_elf(const std::vector<TileProgram>& programs) {
  return ElfWriter(programs).write();
}

}  // namespace weft::compiler
