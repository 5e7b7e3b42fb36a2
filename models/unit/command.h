// SPDX-License-Identifier: Apache-2.0
// The command descriptor that every unit of a tile takes. Its layout in memory is the first nine words of
// the command window (registers.yaml); an Xweft instruction is shorthand for writing one.
#pragma once

#include <array>
#include <cstdint>

namespace weft::unit {

// fp32 and fp16 are IEEE 754 binary32 and binary16, bf16 the upper half of a binary32.
enum class Format : std::uint8_t { int8 = 0, int16 = 1, int32 = 2, fp32 = 3, fp16 = 4, bf16 = 5 };
constexpr unsigned format_count = 6;
constexpr bool is_integer(Format format) { return format <= Format::int32; }
constexpr std::uint32_t bytes_of(Format format) {
  if (is_integer(format)) return 1u << static_cast<unsigned>(format);
  return format == Format::fp32 ? 4 : 2;
}

enum class Rounding : std::uint8_t { nearest_away = 0, floor = 1, nearest_even = 2 };
constexpr unsigned rounding_count = 3;

struct Command {
  std::uint8_t opcode = 0;
  Format format0 = Format::int16;
  Format format1 = Format::int16;
  Format format_dst = Format::int32;
  Rounding rounding = Rounding::nearest_away;
  unsigned magnitude_bits = 0;
  std::uint32_t src0 = 0;
  std::uint32_t src1 = 0;  // address or scalar
  std::uint32_t dst = 0;
  std::uint32_t length = 0;
  unsigned count = 0;
  unsigned shift = 0;
  std::int32_t src_stride = 0;  // bytes
  std::int32_t dst_stride = 0;  // bytes
  std::uint32_t completion = 0;

  bool raises_counter() const { return (completion >> 31) != 0; }
  unsigned counter() const { return (completion >> 16) & 0xffu; }
  std::uint32_t amount() const { return completion & 0xffffu; }
};

using Descriptor = std::array<std::uint32_t, 9>;

// `decode` answers false when a format or rounding mode does not exist.
bool decode(const Descriptor& words, Command& command);
Descriptor encode(const Command& command);

// Why a command was refused or failed, as a hart's trap would say it.
enum class Cause : std::uint32_t {
  illegal_instruction = 2,
  load_misaligned = 4,
  load_access_fault = 5,
  store_misaligned = 6,
  store_access_fault = 7,
  unit_error = 24,  // what the unit does failed, for a reason of its own; of the causes for custom use
};

struct Fault {
  Cause cause;
  std::uint32_t value;  // address, or the descriptor word that is wrong
};

// Numbers of the units within a tile: bits of the masks of `waitm` (from 0) and `waitmh` (from 32) and top
// byte of a ticket.
constexpr unsigned dma_index = 0;
constexpr unsigned vector_index = 1;
constexpr unsigned first_crossbar_index = 8;
constexpr unsigned first_inversion_index = 32;
constexpr unsigned first_fp_pim_index = 40;
constexpr unsigned max_units = 48;
constexpr std::uint32_t sequence_mask = 0xffffffu;

constexpr std::uint32_t ticket(unsigned unit, std::uint32_t sequence) {
  return (unit << 24) | (sequence & sequence_mask);
}

}  // namespace weft::unit
