// SPDX-License-Identifier: Apache-2.0
// What the drivers of an array put on its lines for one operation.
#pragma once

#include <cstdint>
#include <vector>

#include "models/crossbar/kernels.h"
#include "models/crossbar/operand.h"

namespace weft::crossbar {

// A vector streamed in steps of `dac_bits` magnitude bits.
class StreamedOperand {
 public:
  // Room for `capacity` lines, a multiple of lane_padding.
  explicit StreamedOperand(int capacity);

  // Line i is the i-th line of x that is not zero.
  Chunks load_active(const Operand& x, int steps, int dac_bits);
  // Line i is line i of x.
  Chunks load_all(const Operand& x, int steps, int dac_bits);

 private:
  Chunks cut(int spacing, int steps, int dac_bits);

  std::vector<std::uint16_t> magnitudes_;
  std::vector<std::uint8_t> negative_;
  std::vector<std::uint8_t> values_;
  std::vector<std::int32_t> negative_total_;
};

// The column operand of an outer product: in step k the driver of slice m deposits chunk m of the magnitude
// shifted left by k. That depends on v*m - k only, so few different chunks exist.
class ShiftedOperand {
 public:
  ShiftedOperand(int capacity, int digit_bits);

  void load(const Operand& d);

  int width() const { return width_; }
  const std::uint8_t* negative() const { return negative_.data(); }
  // Chunks of `slice` in step k: row alignment(slice) - k of chunks(), if k is one of steps().
  const std::uint8_t* chunks() const { return chunks_.data(); }
  int alignment(int slice) const { return slice * digit_bits_ + digit_bits_ - 1; }
  // The steps of `stream` (a bit each) in which any column deposits anything in `slice`.
  std::uint32_t steps(int slice, std::uint32_t stream) const;
  // No cell of `slice` is given more units by the steps of `stream`.
  int largest_deposit(int slice, std::uint32_t stream) const;

 private:
  int digit_bits_;
  int width_ = 0;
  std::uint32_t mask_ = 0;
  std::vector<std::uint8_t> chunks_;
  std::vector<std::uint8_t> negative_;
};

}  // namespace weft::crossbar
