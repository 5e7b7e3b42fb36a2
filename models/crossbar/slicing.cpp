// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/slicing.h"

#include <algorithm>

#include "models/common/vector_clones.h"

namespace weft::crossbar {

namespace {

// 1 + r + r^2 + ... over all slices but the top one, r = 2^digit_bits.
std::int64_t ones_in_lower_digits(int slices, int digit_bits) {
  std::int64_t sum = 0;
  for (int slice = 0; slice + 1 < slices; ++slice) sum += std::int64_t{1} << (slice * digit_bits);
  return sum;
}

// (weight + bias) >> shift needs 33 bits before the shift; halves of both do not.
WEFT_VECTOR_CLONES void top_digits(const std::int32_t* weight, int count, std::int32_t bias, int shift,
                                   std::int8_t* digit) {
  for (int c = 0; c < count; ++c) {
    const std::int32_t half = (weight[c] >> 1) + (bias >> 1) + (weight[c] & bias & 1);
    digit[c] = static_cast<std::int8_t>(half >> shift);
  }
}

// The lower digits are bits of the biased weight modulo 2^32, so 32-bit lanes suffice.
WEFT_VECTOR_CLONES void lower_digits(const std::int32_t* weight, int count, std::uint32_t bias, int shift,
                                     int digit_bits, int bound, std::int8_t* digit) {
  const std::uint32_t mask = (1U << digit_bits) - 1;
  for (int c = 0; c < count; ++c) {
    const std::uint32_t field = ((static_cast<std::uint32_t>(weight[c]) + bias) >> shift) & mask;
    digit[c] = static_cast<std::int8_t>(static_cast<int>(field) - bound);
  }
}

WEFT_VECTOR_CLONES void append_digits(const std::int8_t* digit, int count, int shift, std::int32_t* value) {
  for (int c = 0; c < count; ++c) {
    const std::uint32_t higher = static_cast<std::uint32_t>(value[c]) << shift;
    value[c] = static_cast<std::int32_t>(higher + static_cast<std::uint32_t>(digit[c]));
  }
}

}  // namespace

DigitCode::DigitCode(const ArrayConfig& config)
    : slices_(config.slices),
      digit_bits_(config.digit_bits),
      bound_(config.encoding == Encoding::twos_complement ? 0 : 1 << (config.digit_bits - 1)),
      bias_(bound_ * ones_in_lower_digits(config.slices, config.digit_bits)) {}

std::int64_t DigitCode::lower_digits_max() const {
  return ((std::int64_t{1} << digit_bits_) - 1 - bound_) * ones_in_lower_digits(slices_, digit_bits_);
}

void DigitCode::encode(const std::int32_t* weight, int count, int slice, std::int8_t* digit) const {
  const int shift = slice * digit_bits_;
  if (slice < slices_ - 1)
    return lower_digits(weight, count, static_cast<std::uint32_t>(bias_), shift, digit_bits_, bound_, digit);
  if (shift > 0) return top_digits(weight, count, static_cast<std::int32_t>(bias_), shift - 1, digit);
  std::transform(weight, weight + count, digit, [](std::int32_t w) { return static_cast<std::int8_t>(w); });
}

void DigitCode::append(const std::int8_t* digit, int count, std::int32_t* value) const {
  append_digits(digit, count, digit_bits_, value);
}

}  // namespace weft::crossbar
