// SPDX-License-Identifier: Apache-2.0
#include "models/vector/tables.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weft::vector {

namespace {

constexpr std::int64_t one_q16 = 1 << 16;
constexpr double one_q24 = 1 << 24;

std::int32_t rounded(double value) { return static_cast<std::int32_t>(std::llround(value)); }

std::int64_t interpolate(const std::int32_t* entry, std::int64_t fraction, unsigned bits) {
  const std::int64_t slope = entry[1] - entry[0];
  return entry[0] + ((slope * fraction + (std::int64_t{1} << (bits - 1))) >> bits);
}

// GELU of Hendrycks and Gimpel, "Gaussian Error Linear Units", without approximation: v times the normal
// distribution function.
double normal_distribution(double v) { return std::erfc(-v / std::sqrt(2.0)) / 2.0; }
double normal_density(double v) { return std::exp(-v * v / 2.0) / std::sqrt(2.0 * std::acos(-1.0)); }

// An odd-symmetric or saturating function: sampled every 2^bits over [−limit, limit], limit included.
template <std::size_t N>
std::int64_t clamped(const std::array<std::int32_t, N>& table, std::int32_t x, std::int64_t limit,
                     unsigned bits) {
  const std::int64_t u = std::clamp<std::int64_t>(x, -limit, limit) + limit;
  const auto index = static_cast<std::size_t>(u >> bits);
  if (index == N - 1) return table[index];
  return interpolate(&table[index], u & ((1 << bits) - 1), bits);
}

}  // namespace

Tables::Tables() {
  for (unsigned i = 0; i <= steps; ++i) {
    exp_[i] = rounded(std::exp(-(i / 64.0)) * one_q24);
    sigmoid_[i] = rounded(one_q16 / (1.0 + std::exp(-(i / 64.0 - 8.0))));
    tanh_[i] = rounded(one_q16 * std::tanh(i / 128.0 - 4.0));
    const double v = i / 64.0 - 8.0;
    gelu_[i] = rounded(one_q16 * (v * normal_distribution(v)));
    gelu_gradient_[i] = rounded(one_q16 * (normal_distribution(v) + v * normal_density(v)));
  }
  for (unsigned i = 0; i <= log_steps; ++i) log_[i] = rounded(std::log(1.0 + i / 256.0) * one_q16);
}

std::int64_t Tables::exp(std::int32_t x) const {
  const std::int64_t t = -std::min<std::int64_t>(x, 0);
  if (t >= 16 * one_q16) return 0;
  return interpolate(&exp_[static_cast<std::size_t>(t >> 10)], t & 1023, 10);
}

std::int64_t Tables::log(std::int32_t v) const {
  if (v <= 0) return std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t ln2_q16 = 45426;
  const int exponent = 31 - __builtin_clz(static_cast<unsigned>(v));
  const std::uint32_t mantissa = static_cast<std::uint32_t>(v) << (31 - exponent);
  return interpolate(&log_[(mantissa >> 23) & 255], mantissa & 0x7fffff, 23) + (exponent - 24) * ln2_q16;
}

std::int64_t Tables::sigmoid(std::int32_t x) const { return clamped(sigmoid_, x, 8 * one_q16, 10); }

std::int64_t Tables::tanh(std::int32_t x) const { return clamped(tanh_, x, 4 * one_q16, 9); }

std::int64_t Tables::gelu(std::int32_t x) const {
  if (x >= 8 * one_q16) return x;
  return x < -8 * one_q16 ? 0 : clamped(gelu_, x, 8 * one_q16, 10);
}

std::int64_t Tables::gelu_gradient(std::int32_t x) const {
  if (x >= 8 * one_q16) return one_q16;
  return x < -8 * one_q16 ? 0 : clamped(gelu_gradient_, x, 8 * one_q16, 10);
}

}  // namespace weft::vector
