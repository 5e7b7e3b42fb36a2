// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/float_functions.h"

#include <cmath>
#include <limits>

#include "models/common/float_bits.h"

namespace weft::reference::float_functions {

namespace {

template <std::size_t count>
float polynomial(const std::array<float, count>& coefficients, float x) {
  float value = coefficients[0];
  for (std::size_t i = 1; i < count; ++i) {
    value = value * x;
    value = value + coefficients[i];
  }
  return value;
}

}  // namespace

float exp(float x) {
  x = x > exp_least ? x : exp_least;
  x = x < exp_most ? x : exp_most;
  const std::int32_t n = to_integer(x * log2_e);
  const auto whole = static_cast<float>(n);
  const float high = whole * ln2_high;
  const float low = whole * ln2_low;
  const float r = (x - high) - low;
  constexpr std::int32_t bias = 127;
  const float scale = float_of(static_cast<std::uint32_t>(n + bias) << 23);
  return polynomial(exp_coefficients, r) * scale;
}

float log(float v) {
  const std::uint32_t bits = bits_of(v);
  const auto k = static_cast<float>(static_cast<std::int32_t>(bits >> 23) - 127);
  const float m = float_of((bits & 0x7fffffu) | 0x3f800000u);
  const float f = m - 1.0f;
  const float s = f / (f + 2.0f);
  const float z = s * s;
  const float series = polynomial(log_coefficients, z) * (s + s);
  const float whole = k * ln2;
  return series + whole;
}

float sigmoid(float x) { return 1.0f / (exp(-x) + 1.0f); }

std::int32_t to_integer(float value) {
  constexpr float limit = 2147483648.0f;
  if (!(value < limit)) return std::numeric_limits<std::int32_t>::max();
  if (value <= -limit) return std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(std::nearbyint(value));
}

}  // namespace weft::reference::float_functions
