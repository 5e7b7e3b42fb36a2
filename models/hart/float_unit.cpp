// SPDX-License-Identifier: Apache-2.0
#include "models/hart/float_unit.h"

#include <algorithm>
#include <cmath>

namespace weft::hart::float_unit {

namespace {

constexpr std::uint32_t infinity = 0x7F800000;
constexpr std::uint32_t largest_finite = 0x7F7FFFFF;
constexpr std::uint32_t quiet_bit = 0x00400000;
constexpr unsigned fraction_bits = 23;
constexpr int exponent_bias = 127;
constexpr int smallest_exponent = -126;

constexpr bool is_negative(std::uint32_t a) { return (a & sign_bit) != 0; }
constexpr bool is_zero(std::uint32_t a) { return (a & ~sign_bit) == 0; }
constexpr bool is_infinite(std::uint32_t a) { return (a & ~sign_bit) == infinity; }
constexpr bool is_nan(std::uint32_t a) { return (a & ~sign_bit) > infinity; }
constexpr bool is_signalling(std::uint32_t a) { return is_nan(a) && (a & quiet_bit) == 0; }

constexpr std::uint32_t invalid_if(bool condition) { return condition ? flag::invalid : 0; }
constexpr Result not_a_number(bool invalid) { return {canonical_nan, invalid_if(invalid)}; }

std::uint64_t to_bits(double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

double from_bits(std::uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

struct Shifted {
  std::uint64_t value = 0;
  bool exact = true;
};

// significand / 2^count as an integer; count from 1 to 63.
Shifted shift_right(std::uint64_t significand, unsigned count, Rounding rounding, bool negative) {
  const std::uint64_t whole = significand >> count;
  const std::uint64_t rest = significand & ((std::uint64_t{1} << count) - 1u);
  const std::uint64_t half = std::uint64_t{1} << (count - 1u);
  bool increment = false;
  switch (rounding) {
    case Rounding::nearest_even:
      increment = rest > half || (rest == half && (whole & 1u) != 0);
      break;
    case Rounding::nearest_away:
      increment = rest >= half;
      break;
    case Rounding::down:
      increment = negative && rest != 0;
      break;
    case Rounding::up:
      increment = !negative && rest != 0;
      break;
    case Rounding::towards_zero:
      break;
  }
  return {whole + (increment ? 1u : 0u), rest == 0};
}

Result overflow(Rounding rounding, bool negative) {
  const Rounding away = negative ? Rounding::down : Rounding::up;
  const bool to_infinity =
      rounding == away || rounding == Rounding::nearest_even || rounding == Rounding::nearest_away;
  const std::uint32_t magnitude = to_infinity ? infinity : largest_finite;
  return {magnitude | (negative ? sign_bit : 0), flag::overflow | flag::inexact};
}

// A finite value that is a normal binary64 number or zero.
Result round(double value, Rounding rounding) {
  constexpr unsigned wide_fraction_bits = 52;
  constexpr unsigned surplus = wide_fraction_bits - fraction_bits;
  constexpr int wide_bias = 1023;
  constexpr std::uint64_t implicit_bit = std::uint64_t{1} << wide_fraction_bits;
  const std::uint64_t bits = to_bits(value);
  const bool negative = value < 0;
  if (value == 0) return {static_cast<std::uint32_t>(bits >> 32), 0};
  const int exponent = static_cast<int>((bits >> wide_fraction_bits) & 0x7FFu) - wide_bias;
  const std::uint64_t significand = (bits & (implicit_bit - 1u)) | implicit_bit;
  const std::uint32_t sign = negative ? sign_bit : 0;
  if (exponent >= smallest_exponent) {
    const Shifted rounded = shift_right(significand, surplus, rounding, negative);
    // The implicit bit of the significand, and a carry out of it, count the exponent up.
    const std::uint64_t magnitude =
        (static_cast<std::uint64_t>(exponent + exponent_bias - 1) << fraction_bits) + rounded.value;
    if (magnitude >= infinity) return overflow(rounding, negative);
    return {sign | static_cast<std::uint32_t>(magnitude), rounded.exact ? 0 : flag::inexact};
  }
  const auto shift =
      static_cast<unsigned>(std::min(63, static_cast<int>(surplus) + smallest_exponent - exponent));
  const Shifted rounded = shift_right(significand, shift, rounding, negative);
  const std::uint32_t magnitude = sign | static_cast<std::uint32_t>(rounded.value);
  if (rounded.exact) return {magnitude, 0};
  // Tiny unless the value would have become the smallest normal number with an exponent range without end.
  const bool grows = exponent == smallest_exponent - 1 &&
                     shift_right(significand, surplus, rounding, negative).value == 2u << fraction_bits;
  return {magnitude, flag::inexact | (grows ? 0 : flag::underflow)};
}

// The odd one of the two neighbours of an exact sum, of which `sum` is the nearer.
double round_to_odd(double sum, double error) {
  const std::uint64_t bits = to_bits(sum);
  if (error == 0 || (bits & 1u) != 0) return sum;
  return from_bits((error > 0) == (sum > 0) ? bits + 1u : bits - 1u);
}

// Of two finite numbers, the first of which may be a product.
Result finite_sum(double a, double b, Rounding rounding) {
  const double sum = a + b;
  if (sum == 0) {
    const bool both_negative = std::signbit(a) && std::signbit(b);
    const bool opposite = std::signbit(a) != std::signbit(b);
    return {both_negative || (opposite && rounding == Rounding::down) ? sign_bit : 0, 0};
  }
  return round(round_to_odd(sum, sum_error(a, b, sum)), rounding);
}

Result smaller_or_larger(std::uint32_t a, std::uint32_t b, bool wants_smaller) {
  const std::uint32_t flags = invalid_if(is_signalling(a) || is_signalling(b));
  if (is_nan(a)) return {is_nan(b) ? canonical_nan : b, flags};
  if (is_nan(b)) return {a, flags};
  const bool a_is_smaller = is_zero(a) && is_zero(b) ? is_negative(a) : to_double(a) < to_double(b);
  return {a_is_smaller == wants_smaller ? a : b, flags};
}

Result to_integer(std::uint32_t a, Rounding rounding, std::int64_t lowest, std::int64_t highest) {
  const bool negative = is_negative(a);
  const Result saturated = {static_cast<std::uint32_t>(negative && !is_nan(a) ? lowest : highest),
                            flag::invalid};
  const std::uint32_t biased = (a >> fraction_bits) & 0xFFu;
  const int exponent = biased == 0 ? smallest_exponent : static_cast<int>(biased) - exponent_bias;
  if (exponent >= 32) return saturated;
  const std::uint32_t fraction = a & ((1u << fraction_bits) - 1u);
  const std::uint64_t significand = biased == 0 ? fraction : fraction | (1u << fraction_bits);
  const int shift = static_cast<int>(fraction_bits) - exponent;
  const Shifted magnitude =
      shift <= 0 ? Shifted{significand << static_cast<unsigned>(-shift), true}
                 : shift_right(significand, static_cast<unsigned>(std::min(63, shift)), rounding, negative);
  const auto integer = static_cast<std::int64_t>(magnitude.value);
  const std::int64_t value = negative ? -integer : integer;
  if (value < lowest || value > highest) return saturated;
  return {static_cast<std::uint32_t>(value), magnitude.exact ? 0 : flag::inexact};
}

}  // namespace

Result add(std::uint32_t a, std::uint32_t b, Rounding rounding) {
  if (is_nan(a) || is_nan(b)) return not_a_number(is_signalling(a) || is_signalling(b));
  if (is_infinite(a)) return is_infinite(b) && a != b ? not_a_number(true) : Result{a, 0};
  if (is_infinite(b)) return {b, 0};
  return finite_sum(to_double(a), to_double(b), rounding);
}

Result subtract(std::uint32_t a, std::uint32_t b, Rounding rounding) {
  return add(a, b ^ sign_bit, rounding);
}

Result multiply(std::uint32_t a, std::uint32_t b, Rounding rounding) {
  const double product = to_double(a) * to_double(b);
  if (std::isnan(product)) {
    const bool made_here = !is_nan(a) && !is_nan(b);
    return not_a_number(made_here || is_signalling(a) || is_signalling(b));
  }
  if (std::isinf(product)) return {infinity | ((a ^ b) & sign_bit), 0};
  return round(product, rounding);
}

Result divide(std::uint32_t a, std::uint32_t b, Rounding rounding) {
  const double quotient = to_double(a) / to_double(b);
  if (std::isnan(quotient)) {
    const bool made_here = !is_nan(a) && !is_nan(b);
    return not_a_number(made_here || is_signalling(a) || is_signalling(b));
  }
  if (std::isinf(quotient)) {
    return {infinity | ((a ^ b) & sign_bit), is_infinite(a) ? 0 : flag::divide_by_zero};
  }
  return round(quotient, rounding);
}

Result square_root(std::uint32_t a, Rounding rounding) {
  if (is_nan(a)) return not_a_number(is_signalling(a));
  if (is_zero(a) || a == infinity) return {a, 0};
  if (is_negative(a)) return not_a_number(true);
  return round(std::sqrt(to_double(a)), rounding);
}

Result multiply_add(std::uint32_t a, std::uint32_t b, std::uint32_t c, Rounding rounding) {
  const bool no_product = (is_infinite(a) && is_zero(b)) || (is_zero(a) && is_infinite(b));
  if (is_nan(a) || is_nan(b) || is_nan(c) || no_product) {
    return not_a_number(no_product || is_signalling(a) || is_signalling(b) || is_signalling(c));
  }
  const double product = to_double(a) * to_double(b);
  if (std::isinf(product)) {
    const std::uint32_t infinite_product = infinity | ((a ^ b) & sign_bit);
    return is_infinite(c) && c != infinite_product ? not_a_number(true) : Result{infinite_product, 0};
  }
  if (is_infinite(c)) return {c, 0};
  return finite_sum(product, to_double(c), rounding);
}

Result minimum(std::uint32_t a, std::uint32_t b) { return smaller_or_larger(a, b, true); }

Result maximum(std::uint32_t a, std::uint32_t b) { return smaller_or_larger(a, b, false); }

Result equal(std::uint32_t a, std::uint32_t b) {
  return {to_double(a) == to_double(b) ? 1u : 0u, invalid_if(is_signalling(a) || is_signalling(b))};
}

Result less(std::uint32_t a, std::uint32_t b) {
  return {to_double(a) < to_double(b) ? 1u : 0u, invalid_if(is_nan(a) || is_nan(b))};
}

Result less_or_equal(std::uint32_t a, std::uint32_t b) {
  return {to_double(a) <= to_double(b) ? 1u : 0u, invalid_if(is_nan(a) || is_nan(b))};
}

std::uint32_t classify(std::uint32_t a) {
  if (is_nan(a)) return is_signalling(a) ? 1u << 8 : 1u << 9;
  const std::uint32_t magnitude = a & ~sign_bit;
  unsigned distance = 0;  // from zero: zero, subnormal, normal, infinite
  if (magnitude != 0) distance = 1;
  if (magnitude >= 1u << fraction_bits) distance = 2;
  if (magnitude == infinity) distance = 3;
  return is_negative(a) ? 1u << (3 - distance) : 1u << (4 + distance);
}

Result to_signed(std::uint32_t a, Rounding rounding) { return to_integer(a, rounding, INT32_MIN, INT32_MAX); }

Result to_unsigned(std::uint32_t a, Rounding rounding) { return to_integer(a, rounding, 0, UINT32_MAX); }

Result from_signed(std::uint32_t a, Rounding rounding) {
  return round(static_cast<double>(static_cast<std::int32_t>(a)), rounding);
}

Result from_unsigned(std::uint32_t a, Rounding rounding) { return round(static_cast<double>(a), rounding); }

}  // namespace weft::hart::float_unit
