// SPDX-License-Identifier: Apache-2.0
// Loads the segments of a 32-bit little-endian RISC-V ELF file that lies in memory. Where segments may go and
// how bytes get there is the caller's business, so the loader runs (and is tested) on any machine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct elf_memory {
  // Bytes that may be written from `address` on; 0: nothing is there.
  uint32_t (*room)(uint32_t address);
  // `destination` is an address, `source` an offset into the ELF file. False: it did not work.
  bool (*copy)(uint32_t destination, uint32_t source, uint32_t size);
  bool (*clear)(uint32_t destination, uint32_t size);
};

enum elf_status {
  elf_ok,
  elf_too_short,
  elf_no_magic,
  elf_wrong_machine,
  elf_bad_program_headers,
  elf_no_segments,
  elf_segment_outside_file,
  elf_segment_outside_memory,
  elf_transfer_failed,
};

struct elf_result {
  enum elf_status status;
  uint32_t address;  // of the segment concerned, for a status about a segment
  uint32_t bytes;    // loaded, with zeros
};

// Checks every segment before the first byte moves.
struct elf_result elf_load(const uint8_t* image, uint32_t size, const struct elf_memory* memory);

// "segment lies outside the file", for the message to the user.
const char* elf_status_text(enum elf_status status);
