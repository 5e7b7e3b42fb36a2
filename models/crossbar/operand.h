// SPDX-License-Identifier: Apache-2.0
// A vector on the drivers of an array: sign-magnitude integers, one a line, and what the drivers make
// of it (steps, chunks, deposits).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/crossbar/kernels.h"
#include "models/crossbar/span.h"

namespace weft::crossbar {

struct OperandOverflow {
  int index = 0;
  int value = 0;
};

class Operand {
 public:
  // Room for `capacity` lines, a multiple of lane_padding.
  explicit Operand(int capacity);

  // Takes `values` over; reports the first one whose magnitude has more than `bits` bits.
  std::optional<OperandOverflow> load(Span<const std::int16_t> values, int bits);

  int lines() const { return lines_; }
  // `lines()` rounded up to lane_padding; values are zero from lines() on.
  int padded_lines() const { return padded_; }
  const std::int16_t* values() const { return values_.data(); }
  const std::uint16_t* magnitudes() const { return magnitudes_.data(); }
  // The lines that are not zero, in order.
  const ActiveLine* active() const { return active_.data(); }
  int active_count() const { return active_count_; }
  // Bitwise or of all magnitudes, and the largest of them.
  std::uint32_t magnitude_mask() const { return mask_; }
  int largest_magnitude() const { return largest_; }

 private:
  void find_active();

  int lines_ = 0;
  int padded_ = 0;
  int active_count_ = 0;
  std::uint32_t mask_ = 0;
  int largest_ = 0;
  std::vector<std::int16_t> values_;
  std::vector<std::uint16_t> magnitudes_;
  std::vector<ActiveLine> active_;
};

// Chunk `slice` of magnitude << step: what the column driver of that slice deposits in that step.
inline std::uint32_t deposit_chunk(std::uint32_t magnitude, int step, int slice, int digit_bits) {
  const std::uint32_t shifted = magnitude << step;
  return (shifted >> (slice * digit_bits)) & ((1U << digit_bits) - 1);
}

// Cell deposits (cell, step) other than zero in one outer-product update.
std::uint64_t count_deposits(const Operand& row, const Operand& col, int slices, int digit_bits);

// Products (row, col) some of whose bits lie beyond `weight_bits` and reach no slice.
std::uint64_t count_truncated_products(const Operand& row, const Operand& col, int weight_bits);

}  // namespace weft::crossbar
