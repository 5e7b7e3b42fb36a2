// SPDX-License-Identifier: Apache-2.0
// The output stage every unit has: shift right, round, saturate.
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/unit/command.h"

namespace weft::unit {

// value / 2^shift, rounded; shift is 0 to 63. Exact for every value.
inline std::int64_t round_shift(std::int64_t value, unsigned shift, Rounding rounding) {
  if (shift == 0) return value;
  const std::int64_t floor = value >> shift;
  if (rounding == Rounding::floor) return floor;
  const std::uint64_t rest = static_cast<std::uint64_t>(value) & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  if (rest != half) return floor + (rest > half ? 1 : 0);
  // A tie: away from zero is up for positive values only; `floor` of a negative tie is already away.
  if (rounding == Rounding::nearest_away) return floor + (value >= 0 ? 1 : 0);
  return floor + (floor & 1);
}

struct Range {
  std::int64_t lowest;
  std::int64_t highest;
};

// What a result may be: the format's range, and ±(2^magnitude_bits − 1) if magnitude_bits is not 0.
inline Range result_range(Format format, unsigned magnitude_bits) {
  const unsigned bits = 8 * bytes_of(format);
  Range range{-(std::int64_t{1} << (bits - 1)), (std::int64_t{1} << (bits - 1)) - 1};
  if (magnitude_bits != 0) {
    const std::int64_t limit = (std::int64_t{1} << magnitude_bits) - 1;
    range.lowest = std::max(range.lowest, -limit);
    range.highest = std::min(range.highest, limit);
  }
  return range;
}

inline std::int64_t saturate(std::int64_t value, const Range& range) {
  return std::clamp(value, range.lowest, range.highest);
}

}  // namespace weft::unit
