// SPDX-License-Identifier: Apache-2.0
#include "weft/elf_loader.h"

#include <string.h>

// ELF-32 Object File Format, version 1.2; machine number from the RISC-V ELF psABI.
struct file_header {
  uint8_t ident[16];
  uint16_t type;
  uint16_t machine;
  uint32_t version;
  uint32_t entry;
  uint32_t program_headers;
  uint32_t section_headers;
  uint32_t flags;
  uint16_t header_size;
  uint16_t program_header_size;
  uint16_t program_header_count;
  uint16_t section_header_size;
  uint16_t section_header_count;
  uint16_t section_names;
};

struct program_header {
  uint32_t type;
  uint32_t offset;
  uint32_t virtual_address;
  uint32_t physical_address;
  uint32_t file_size;
  uint32_t memory_size;
  uint32_t flags;
  uint32_t alignment;
};

enum { class_32 = 1, little_endian = 1, machine_riscv = 243, type_load = 1 };

static bool range_fits(uint32_t offset, uint32_t length, uint32_t size) {
  return offset <= size && length <= size - offset;
}

static enum elf_status check_file(const uint8_t* image, uint32_t size, struct file_header* header) {
  static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
  if (size < sizeof *header) return elf_too_short;
  memcpy(header, image, sizeof *header);
  if (memcmp(header->ident, magic, sizeof magic) != 0) return elf_no_magic;
  if (header->ident[4] != class_32 || header->ident[5] != little_endian || header->machine != machine_riscv) {
    return elf_wrong_machine;
  }
  const uint32_t table = (uint32_t)header->program_header_count * sizeof(struct program_header);
  if (header->program_header_size != sizeof(struct program_header) ||
      !range_fits(header->program_headers, table, size)) {
    return elf_bad_program_headers;
  }
  return elf_ok;
}

static struct program_header program_header(const uint8_t* image, const struct file_header* file,
                                            uint32_t index) {
  struct program_header header;
  memcpy(&header, image + file->program_headers + index * sizeof header, sizeof header);
  return header;
}

static bool occupies_memory(const struct program_header* segment) {
  return segment->type == type_load && segment->memory_size != 0;
}

static enum elf_status check_segment(const struct program_header* segment, uint32_t size,
                                     const struct elf_memory* memory) {
  if (segment->file_size > segment->memory_size ||
      (segment->file_size != 0 && !range_fits(segment->offset, segment->file_size, size))) {
    return elf_segment_outside_file;
  }
  if (segment->memory_size > memory->room(segment->virtual_address)) return elf_segment_outside_memory;
  return elf_ok;
}

static enum elf_status load_segment(const struct program_header* segment, const struct elf_memory* memory) {
  const uint32_t address = segment->virtual_address;
  const uint32_t zeros = segment->memory_size - segment->file_size;
  if (segment->file_size != 0 && !memory->copy(address, segment->offset, segment->file_size)) {
    return elf_transfer_failed;
  }
  if (zeros != 0 && !memory->clear(address + segment->file_size, zeros)) return elf_transfer_failed;
  return elf_ok;
}

struct elf_result elf_load(const uint8_t* image, uint32_t size, const struct elf_memory* memory) {
  struct elf_result result = {elf_ok, 0, 0};
  struct file_header file;
  result.status = check_file(image, size, &file);
  if (result.status != elf_ok) return result;

  bool any = false;
  for (uint32_t index = 0; index < file.program_header_count; ++index) {
    const struct program_header segment = program_header(image, &file, index);
    if (!occupies_memory(&segment)) continue;
    any = true;
    result.address = segment.virtual_address;
    result.status = check_segment(&segment, size, memory);
    if (result.status != elf_ok) return result;
  }
  if (!any) {
    result.status = elf_no_segments;
    return result;
  }
  for (uint32_t index = 0; index < file.program_header_count; ++index) {
    const struct program_header segment = program_header(image, &file, index);
    if (!occupies_memory(&segment)) continue;
    result.address = segment.virtual_address;
    result.status = load_segment(&segment, memory);
    if (result.status != elf_ok) return result;
    result.bytes += segment.memory_size;
  }
  return result;
}

const char* elf_status_text(enum elf_status status) {
  switch (status) {
    case elf_ok:
      return "loaded";
    case elf_too_short:
      return "shorter than an ELF header";
    case elf_no_magic:
      return "not an ELF file";
    case elf_wrong_machine:
      return "not a 32-bit little-endian RISC-V ELF file";
    case elf_bad_program_headers:
      return "program headers lie outside the file or have a wrong size";
    case elf_no_segments:
      return "no segment to load";
    case elf_segment_outside_file:
      return "segment lies outside the file";
    case elf_segment_outside_memory:
      return "segment lies outside the memory for programs";
    case elf_transfer_failed:
      break;
  }
  return "segment could not be written";
}
