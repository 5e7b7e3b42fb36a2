// SPDX-License-Identifier: Apache-2.0
// What a write filter says to the ReRAM behind it: bytes, and how each of them is written. Below
// marked_base the memory is plain: every write there is written whole, and counts as of class other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::reram_buffer {

// Whose values a write holds. The numbers stand in the registers of the write filter.
enum class WriteClass : std::uint8_t { other, activation, error, gradient };
constexpr std::size_t class_count = 4;

// A write of n bytes here is 2 n bytes long: the data, then an endurance::Mark for each of them.
constexpr std::uint64_t marked_base = 0x40000000;
constexpr std::uint64_t class_pitch = 0x10000000;
constexpr std::uint64_t marked_address(WriteClass of, std::uint64_t offset) {
  return marked_base + static_cast<std::uint64_t>(of) * class_pitch + offset;
}

// Ranges of the write filter begin and end at multiples of it, in bytes.
constexpr std::uint32_t range_granule = 256;
constexpr unsigned range_count = 8;

// Names of a tile's subarrays and of the rows' filters among the users of a seed; crossbar units have lower
// ones.
constexpr std::uint32_t endurance_unit(std::uint32_t tile) { return 0x40000000u | tile << 16; }
constexpr std::uint32_t filter_unit(std::uint32_t tile) { return 0x80000000u | tile << 20; }

}  // namespace weft::reram_buffer
