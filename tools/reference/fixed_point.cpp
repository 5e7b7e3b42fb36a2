// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft::reference::fixed_point {

namespace {

// Between neighbours of a table; `part` of 2^bits of the way from `low` to `high`.
std::int32_t between(std::int32_t low, std::int32_t high, std::int64_t part, int bits) {
  const std::int64_t rise = (std::int64_t{high} - low) * part + (std::int64_t{1} << (bits - 1));
  return static_cast<std::int32_t>(low + (rise >> bits));
}

template <typename Integer>
Integer saturate(std::int64_t value) {
  constexpr std::int64_t low = std::numeric_limits<Integer>::min();
  constexpr std::int64_t high = std::numeric_limits<Integer>::max();
  return static_cast<Integer>(std::clamp(value, low, high));
}

}  // namespace

std::int64_t round_shift(std::int64_t value, int shift) {
  if (shift == 0) return value;
  // Unsigned, because neither the magnitude of the lowest int64 nor the rounded sum need fit an int64.
  const std::uint64_t magnitude =
      value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const auto shifted = static_cast<std::int64_t>((magnitude + (std::uint64_t{1} << (shift - 1))) >> shift);
  return value < 0 ? -shifted : shifted;
}

std::int64_t rescale(std::int64_t value, int shift) {
  return shift >= 0 ? round_shift(value, shift) : value * (std::int64_t{1} << -shift);
}

std::int16_t saturate16(std::int64_t value) { return saturate<std::int16_t>(value); }

std::int32_t saturate32(std::int64_t value) { return saturate<std::int32_t>(value); }

std::int16_t saturate_magnitude(std::int64_t value, int bits) {
  const std::int64_t limit = (std::int64_t{1} << bits) - 1;
  return static_cast<std::int16_t>(std::clamp(value, -limit, limit));
}

Tables::Tables() {
  for (std::size_t i = 0; i < exponential_.size(); ++i) {
    const double point = static_cast<double>(i) / 64.0;
    exponential_[i] = static_cast<std::int32_t>(std::llround(std::ldexp(std::exp(-point), 24)));
    sigmoid_[i] = static_cast<std::int32_t>(std::llround(65536.0 / (1.0 + std::exp(-(point - 8.0)))));
  }
  for (std::size_t i = 0; i < logarithm_.size(); ++i) {
    const double point = 1.0 + static_cast<double>(i) / 256.0;
    logarithm_[i] = static_cast<std::int32_t>(std::llround(65536.0 * std::log(point)));
  }
}

std::int32_t Tables::exponential(std::int32_t x) const {
  const std::int64_t distance = -std::min<std::int64_t>(x, 0);
  if (distance >= 16 * 65536) return 0;
  const auto index = static_cast<std::size_t>(distance / 1024);
  return between(exponential_[index], exponential_[index + 1], distance % 1024, 10);
}

std::int32_t Tables::sigmoid(std::int32_t x) const {
  const std::int32_t distance = std::clamp(x, -8 * 65536, 8 * 65536) + 8 * 65536;
  const auto index = static_cast<std::size_t>(distance / 1024);
  if (index + 1 == sigmoid_.size()) return sigmoid_[index];
  return between(sigmoid_[index], sigmoid_[index + 1], distance % 1024, 10);
}

std::int32_t Tables::logarithm(std::int32_t v) const {
  constexpr std::int32_t log_of_two = 45426;  // round(65536 · ln 2)
  if (v <= 0) return std::numeric_limits<std::int32_t>::min();
  int exponent = 31;
  std::int64_t mantissa = v;  // normalised to 2^31 <= mantissa < 2^32
  for (; mantissa < (std::int64_t{1} << 31); --exponent) mantissa *= 2;
  const auto index = static_cast<std::size_t>((mantissa >> 23) - 256);
  const std::int64_t part = mantissa % (std::int64_t{1} << 23);
  return between(logarithm_[index], logarithm_[index + 1], part, 23) + (exponent - 24) * log_of_two;
}

}  // namespace weft::reference::fixed_point
