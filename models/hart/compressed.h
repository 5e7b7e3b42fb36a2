// SPDX-License-Identifier: Apache-2.0
// RV32C: every 16-bit instruction is shorthand for one 32-bit instruction (RISC-V Unprivileged ISA
// 20191213, chapter 16), so the decoder and the disassembler expand it and look no further.
#pragma once

#include <cstdint>

namespace weft::hart {

// Bytes of the instruction that starts with `first_parcel`: 2 or 4. The encodings reserved for 48 bits
// and more count as 4 bytes; the decoder rejects them.
constexpr unsigned instruction_length(std::uint16_t first_parcel) {
  return (first_parcel & 3u) == 3u ? 4u : 2u;
}

// The 32-bit equivalent, or 0 (never a legal 32-bit instruction) for a reserved encoding and for the
// double-precision loads and stores. Hints expand to instructions without effect.
std::uint32_t expand(std::uint16_t parcel);

}  // namespace weft::hart
