// SPDX-License-Identifier: Apache-2.0
#include "platform/loader/elf_file.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "models/common/error.h"
#include "platform/loader/elf_header.h"

namespace weft::loader {

namespace {

bool is_debug(const std::string& section) {
  return section == ".eh_frame" || section.rfind(".debug_", 0) == 0;
}

bool is_loaded(const ElfFile& file, std::uint32_t address, bool as_code = false) {
  return std::any_of(file.segments.begin(), file.segments.end(), [&](const Segment& segment) {
    const bool inside = address >= segment.address && address - segment.address < segment.memory_size;
    return inside && (segment.executable || !as_code);
  });
}

class Reader {
 public:
  Reader(const std::vector<std::uint8_t>& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  ElfFile parse() {
    check_header();
    ElfFile file;
    file.name = name_;
    file.entry = header_.e_entry;
    for (unsigned index = 0; index < header_.e_phnum; ++index) add_segment(file, index);
    for (unsigned index = 0; index < header_.e_shnum; ++index) add_section(file, index);
    std::stable_sort(file.symbols.begin(), file.symbols.end(),
                     [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
    check_entry(file);
    check_overlaps(file);
    return file;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(fmt::format("{}: {}", name_, what)); }

  // A copy, because nothing in a file is aligned for sure.
  template <typename T>
  T at(std::uint64_t offset, const char* what) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
      fail(fmt::format("truncated ELF file: {} at byte {} lies beyond its {} bytes", what, offset,
                       bytes_.size()));
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

  void check_range(std::uint64_t offset, std::uint64_t size, const std::string& what) const {
    if (offset <= bytes_.size() && size <= bytes_.size() - offset) return;
    fail(fmt::format("truncated ELF file: {} takes bytes {} to {}, the file has {}", what, offset,
                     offset + size, bytes_.size()));
  }

  std::vector<std::uint8_t> range(std::uint64_t offset, std::uint64_t size, const std::string& what) const {
    check_range(offset, size, what);
    const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
    return {first, first + static_cast<std::ptrdiff_t>(size)};
  }

  void check_header() {
    if (bytes_.size() < SELFMAG || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0) {
      fail("not an ELF file; allowed: 32-bit little-endian RISC-V executables");
    }
    header_ = at<Elf32_Ehdr>(0, "ELF header");
    if (header_.e_ident[EI_CLASS] != ELFCLASS32) fail("a 64-bit ELF file; the harts are 32-bit (RV32)");
    if (header_.e_ident[EI_DATA] != ELFDATA2LSB) fail("a big-endian ELF file; the harts are little-endian");
    if (header_.e_machine != EM_RISCV) {
      fail(fmt::format("an ELF file for machine {}; allowed: {} (RISC-V)", header_.e_machine, EM_RISCV));
    }
    if (header_.e_type != ET_EXEC) {
      fail(fmt::format("an ELF file of type {}; allowed: {} (a linked, static executable)", header_.e_type,
                       ET_EXEC));
    }
    check_entry_size("program", header_.e_phnum, header_.e_phentsize, sizeof(Elf32_Phdr));
    check_entry_size("section", header_.e_shnum, header_.e_shentsize, sizeof(Elf32_Shdr));
  }

  void check_entry_size(const char* table, unsigned count, unsigned found, std::size_t expected) const {
    if (count == 0 || found == expected) return;
    fail(fmt::format("{} headers of {} bytes; allowed: {}", table, found, expected));
  }

  void add_segment(ElfFile& file, unsigned index) const {
    const auto segment =
        at<Elf32_Phdr>(header_.e_phoff + std::uint64_t{index} * sizeof(Elf32_Phdr), "program header");
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0) return;
    if (segment.p_filesz > segment.p_memsz) fail(fmt::format("segment {} has more bytes than memory", index));
    if (std::uint64_t{segment.p_paddr} + segment.p_memsz > (std::uint64_t{1} << 32)) {
      fail(fmt::format("segment {} at {:#x} passes the end of the address space", index, segment.p_paddr));
    }
    file.segments.push_back({segment.p_paddr, segment.p_memsz,
                             range(segment.p_offset, segment.p_filesz, fmt::format("segment {}", index)),
                             (segment.p_flags & PF_X) != 0});
  }

  Elf32_Shdr section(unsigned index) const {
    return at<Elf32_Shdr>(header_.e_shoff + std::uint64_t{index} * sizeof(Elf32_Shdr), "section header");
  }

  std::string text(const Elf32_Shdr& table, std::uint32_t offset) const {
    check_range(table.sh_offset, table.sh_size, "string table");
    if (offset >= table.sh_size) fail("a name lies outside its string table");
    const auto start = bytes_.begin() + static_cast<std::ptrdiff_t>(table.sh_offset);
    return {start + offset, std::find(start + offset, start + table.sh_size, std::uint8_t{0})};
  }

  void add_section(ElfFile& file, unsigned index) const {
    const Elf32_Shdr header = section(index);
    if (header.sh_type == SHT_SYMTAB) add_symbols(file, header);
    if (header.sh_type != SHT_PROGBITS || (header.sh_flags & SHF_COMPRESSED) != 0) return;
    if (header_.e_shstrndx >= header_.e_shnum) return;
    std::string name = text(section(header_.e_shstrndx), header.sh_name);
    const bool is_code = (header.sh_flags & SHF_EXECINSTR) != 0;
    if (!is_code && !is_debug(name)) return;
    std::vector<std::uint8_t> bytes = range(header.sh_offset, header.sh_size, "section " + name);
    (is_code ? file.code : file.debug).push_back({std::move(name), header.sh_addr, std::move(bytes)});
  }

  void add_symbols(ElfFile& file, const Elf32_Shdr& table) const {
    if (table.sh_link >= header_.e_shnum) fail("the symbol table names no string table");
    const Elf32_Shdr names = section(table.sh_link);
    for (std::uint64_t offset = 0; offset + sizeof(Elf32_Sym) <= table.sh_size; offset += sizeof(Elf32_Sym)) {
      const auto symbol = at<Elf32_Sym>(table.sh_offset + offset, "symbol");
      const unsigned type = ELF32_ST_TYPE(symbol.st_info);
      if (symbol.st_name == 0 || (type != STT_FUNC && type != STT_NOTYPE && type != STT_OBJECT)) continue;
      if (symbol.st_shndx == SHN_UNDEF) continue;
      std::string name = text(names, symbol.st_name);
      // Mapping symbols ($x, $d) and compiler-local labels name no place a reader knows.
      if (name.empty() || name[0] == '$' || name.rfind(".L", 0) == 0) continue;
      // An absolute symbol is a number, not a place.
      auto& list = symbol.st_shndx == SHN_ABS ? file.constants : file.symbols;
      list.push_back({std::move(name), symbol.st_value, symbol.st_size});
    }
  }

  void check_entry(const ElfFile& file) const {
    if (file.segments.empty()) fail("no loadable segment");
    if (!is_loaded(file, file.entry)) {
      fail(fmt::format("the entry {:#x} lies in no loadable segment", file.entry));
    }
    if (!is_loaded(file, file.entry, true)) {
      fail(fmt::format("the entry {:#x} lies in a segment that is not executable", file.entry));
    }
  }

  void check_overlaps(const ElfFile& file) const {
    std::vector<const Segment*> sorted;
    for (const Segment& segment : file.segments) sorted.push_back(&segment);
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->address < b->address; });
    for (std::size_t index = 1; index < sorted.size(); ++index) {
      const Segment& before = *sorted[index - 1];
      if (std::uint64_t{before.address} + before.memory_size > sorted[index]->address) {
        fail(fmt::format("the segments at {:#x} and {:#x} overlap", before.address, sorted[index]->address));
      }
    }
  }

  const std::vector<std::uint8_t>& bytes_;
  const std::string& name_;
  Elf32_Ehdr header_{};
};

}  // namespace

const Symbol* ElfFile::symbol_at(std::uint32_t address) const {
  const auto after =
      std::upper_bound(symbols.begin(), symbols.end(), address,
                       [](std::uint32_t value, const Symbol& symbol) { return value < symbol.address; });
  if (after == symbols.begin() || !is_loaded(*this, address)) return nullptr;
  return &*std::prev(after);
}

std::string ElfFile::place(std::uint32_t address) const {
  const Symbol* const symbol = symbol_at(address);
  if (symbol == nullptr) return "";
  const std::uint32_t offset = address - symbol->address;
  return offset == 0 ? symbol->name : fmt::format("{}+{:#x}", symbol->name, offset);
}

const Symbol* ElfFile::find(const std::string& symbol) const {
  for (const std::vector<Symbol>* list : {&symbols, &constants}) {
    const auto found =
        std::find_if(list->begin(), list->end(), [&](const Symbol& each) { return each.name == symbol; });
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

ElfFile raw_image(const std::vector<std::uint8_t>& bytes, const std::string& name, std::uint32_t address) {
  if (bytes.empty()) throw Error(fmt::format("{}: an empty file; allowed: at least one instruction", name));
  if (address % 2 != 0) {
    throw Error(fmt::format("{}: cannot start at {:#x}; allowed: an even address", name, address));
  }
  if (std::uint64_t{address} + bytes.size() > (std::uint64_t{1} << 32)) {
    throw Error(
        fmt::format("{}: {} bytes at {:#x} pass the end of the address space", name, bytes.size(), address));
  }
  ElfFile file;
  file.name = name;
  file.entry = address;
  file.segments.push_back({address, static_cast<std::uint32_t>(bytes.size()), bytes, true});
  return file;
}

ElfFile parse_elf(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  return Reader(bytes, name).parse();
}

ElfFile read_elf(const std::filesystem::path& file) { return parse_elf(read_file(file), file.string()); }

std::vector<std::uint8_t> read_file(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    throw Error(fmt::format("{}: is a directory", file.string()));
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Error(fmt::format("{}: cannot be opened: {}", file.string(), std::strerror(errno)));
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::uint8_t> merge_elf(const std::vector<ElfFile>& files) {
  std::vector<const Segment*> segments;
  for (const ElfFile& file : files) {
    for (const Segment& segment : file.segments) segments.push_back(&segment);
  }
  const Elf32_Ehdr header = executable_header(files.empty() ? 0 : files.front().entry, segments.size());
  std::vector<std::uint8_t> bytes(sizeof header + segments.size() * sizeof(Elf32_Phdr));
  std::memcpy(bytes.data(), &header, sizeof header);
  for (std::size_t index = 0; index < segments.size(); ++index) {
    const Segment& segment = *segments[index];
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
    Elf32_Phdr own{};
    own.p_type = PT_LOAD;
    own.p_offset = static_cast<Elf32_Off>(bytes.size());
    own.p_vaddr = segment.address;
    own.p_paddr = segment.address;
    own.p_filesz = static_cast<Elf32_Word>(segment.bytes.size());
    own.p_memsz = segment.memory_size;
    own.p_flags = PF_R | PF_W | PF_X;
    own.p_align = 4;
    std::memcpy(bytes.data() + sizeof header + index * sizeof own, &own, sizeof own);
    bytes.insert(bytes.end(), segment.bytes.begin(), segment.bytes.end());
  }
  return bytes;
}

}  // namespace weft::loader
