// SPDX-License-Identifier: Apache-2.0
// Scalar fixed-point arithmetic of the golden reference, from the definitions in docs/numerics.md. It
// shares nothing with the units of the platform on purpose: two independent readings of one definition.
#pragma once

#include <array>
#include <cstdint>

namespace weft::reference::fixed_point {

// Arithmetic right shift, rounded to nearest, ties away from zero. Shift 0 … 63, any value.
std::int64_t round_shift(std::int64_t value, int shift);

// round_shift for shift >= 0, else value · 2^-shift; the caller knows that the product fits.
std::int64_t rescale(std::int64_t value, int shift);

std::int16_t saturate16(std::int64_t value);
std::int32_t saturate32(std::int64_t value);

// Saturates at ±(2^bits − 1), bits 1 … 15: what a drive line of `bits` magnitude bits can take.
std::int16_t saturate_magnitude(std::int64_t value, int bits);

// Functions by linear interpolation between 2^k + 1 equidistant points. QN means N fraction bits.
class Tables {
 public:
  Tables();

  // e^x for x <= 0 in Q16; positive x counts as 0, x <= −16 gives 0. Result in Q24.
  std::int32_t exponential(std::int32_t x) const;
  // 1 / (1 + e^−x), x in Q16 and limited to ±8. Result in Q16.
  std::int32_t sigmoid(std::int32_t x) const;
  // ln v for v > 0 in Q24; the lowest int32 for v <= 0. Result in Q16.
  std::int32_t logarithm(std::int32_t v) const;

 private:
  std::array<std::int32_t, 1025> exponential_{};
  std::array<std::int32_t, 1025> sigmoid_{};
  std::array<std::int32_t, 257> logarithm_{};
};

}  // namespace weft::reference::fixed_point
