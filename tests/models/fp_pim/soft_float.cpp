// SPDX-License-Identifier: Apache-2.0
#include "tests/models/fp_pim/soft_float.h"

#include <algorithm>

namespace weft::test {

// Of the last place of a subnormal number.
int SoftFloat::least_exponent() const {
  const int bias = static_cast<int>(ones() >> 1);
  return 1 - bias - static_cast<int>(fraction_bits);
}

SoftFloat::Exact SoftFloat::exact(std::uint32_t bits) const {
  const std::uint32_t fraction = bits & ((1u << fraction_bits) - 1);
  const std::uint32_t exponent = magnitude(bits) >> fraction_bits;
  const bool negative = (bits & sign_bit()) != 0;
  if (exponent == 0) return {negative, fraction, least_exponent()};
  return {negative, fraction | 1u << fraction_bits, least_exponent() + static_cast<int>(exponent) - 1};
}

std::uint32_t SoftFloat::rounded(Exact value) const {
  const std::uint32_t sign = value.negative ? sign_bit() : 0;
  if (value.significand == 0) return sign;
  int width = 0;
  while (value.significand >> width != 0) ++width;
  // The last place the result can have.
  const int last = std::max(value.exponent + width - static_cast<int>(fraction_bits) - 1, least_exponent());
  const int dropped = last - value.exponent;
  Wide kept = 0;
  if (dropped <= 0) {
    kept = value.significand << -dropped;
  } else if (dropped <= width) {
    kept = value.significand >> dropped;
    const Wide rest = value.significand - (kept << dropped);
    const Wide half = static_cast<Wide>(1) << (dropped - 1);
    if (rest > half || (rest == half && (kept & 1) != 0)) ++kept;
  }
  // Each step of `last` above the least is one of the exponent field; a hidden bit is worth one more.
  const auto steps = static_cast<Wide>(last - least_exponent());
  const Wide packed = (steps << fraction_bits) + kept;
  return sign | static_cast<std::uint32_t>(std::min<Wide>(packed, infinity()));
}

std::uint32_t SoftFloat::add(std::uint32_t a, std::uint32_t b) const {
  if (is_nan(a) || is_nan(b)) return nan();
  if (is_infinite(a)) return is_infinite(b) && a != b ? nan() : a;
  if (is_infinite(b)) return b;
  Exact x = exact(a);
  Exact y = exact(b);
  if (x.exponent < y.exponent) std::swap(x, y);
  // Beyond this distance the lesser one is only seen as something or nothing.
  const int distance = std::min(x.exponent - y.exponent, 36);
  if (x.exponent - y.exponent > distance && x.significand != 0) {
    y.significand = y.significand != 0 ? 1 : 0;
    y.exponent = x.exponent - distance;
  }
  if (x.significand == 0) {
    x.exponent = y.exponent;
  } else {
    x.significand <<= distance;
    x.exponent -= distance;
  }
  if (x.negative == y.negative) return rounded({x.negative, x.significand + y.significand, x.exponent});
  if (x.significand == y.significand) return 0;
  if (x.significand > y.significand) return rounded({x.negative, x.significand - y.significand, x.exponent});
  return rounded({y.negative, y.significand - x.significand, x.exponent});
}

std::uint32_t SoftFloat::multiply(std::uint32_t a, std::uint32_t b) const {
  if (is_nan(a) || is_nan(b)) return nan();
  const std::uint32_t sign = (a ^ b) & sign_bit();
  if (is_infinite(a) || is_infinite(b))
    return magnitude(a) == 0 || magnitude(b) == 0 ? nan() : sign | infinity();
  const Exact x = exact(a);
  const Exact y = exact(b);
  return rounded({sign != 0, x.significand * y.significand, x.exponent + y.exponent});
}

bool SoftFloat::less(std::uint32_t a, std::uint32_t b) const {
  if (is_nan(a) || is_nan(b)) return false;
  const auto ordered = [this](std::uint32_t bits) {
    const auto size = static_cast<std::int64_t>(magnitude(bits));
    return (bits & sign_bit()) != 0 ? -size : size;
  };
  return ordered(a) < ordered(b);
}

}  // namespace weft::test
