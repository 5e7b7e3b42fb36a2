// SPDX-License-Identifier: Apache-2.0
// Weights as digits.
//
// W = sum over slices m of digit[m] * 2^(v*m), v = digit_bits. All digits but the top one are canonical
// in [-2^(v-1), 2^(v-1)-1], with Encoding::twos_complement in [0, 2^v-1]; the top digit is what remains.
// Recoding to the signed range leaves a cell the same room for carries of either sign.
#pragma once

#include <cstdint>

#include "models/crossbar/array_config.h"

namespace weft::crossbar {

class DigitCode {
 public:
  explicit DigitCode(const ArrayConfig& config);

  int digit_bits() const { return digit_bits_; }
  int slices() const { return slices_; }
  std::int64_t top_unit() const { return std::int64_t{1} << top_shift(); }
  std::int64_t lower_digits_min() const { return -bias_; }
  std::int64_t lower_digits_max() const;

  // digit[c] = digit `slice` of weight[c], which must lie in the weight range.
  void encode(const std::int32_t* weight, int count, int slice, std::int8_t* digit) const;
  // Horner step from a group's top slice down: value[c] = value[c] * 2^v + digit[c]. Up to group_slices()
  // slices of any digits fit.
  void append(const std::int8_t* digit, int count, std::int32_t* value) const;
  int group_slices() const { return group_bits / digit_bits_; }

 private:
  static constexpr int group_bits = 16;

  int top_shift() const { return digit_bits_ * (slices_ - 1); }

  int slices_;
  int digit_bits_;
  int bound_;  // the lowest digit is -bound_, but for the top slice's
  // Added to a weight, makes all digits but the top one non-negative.
  std::int64_t bias_;
};

}  // namespace weft::crossbar
