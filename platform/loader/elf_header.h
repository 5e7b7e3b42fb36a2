// SPDX-License-Identifier: Apache-2.0
// The file header of a 32-bit RISC-V executable, for everybody who writes one.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>

namespace weft::loader {

// Program headers follow the file header at once; there are no sections until the caller says so.
inline Elf32_Ehdr executable_header(std::uint32_t entry, std::size_t segments) {
  Elf32_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_RISCV;
  header.e_version = EV_CURRENT;
  header.e_entry = entry;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf32_Phdr);
  header.e_phnum = static_cast<Elf32_Half>(segments);
  return header;
}

}  // namespace weft::loader
