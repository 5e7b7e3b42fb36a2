// SPDX-License-Identifier: Apache-2.0
// The numerics of the F extension: IEEE 754-2008 binary32 values as bits in, bits and accrued exceptions
// out, in every rounding mode (RISC-V Unprivileged ISA 20191213, chapter 11). Pure functions.
//
// They compute in binary64 with the host's default environment (round to nearest even, no flushing of
// subnormals) and never change it; the rounding to binary32 is done here:
// - A product of two binary32 values is exact in binary64, and neither it nor a sum can overflow or become
//   subnormal there.
// - The rounding error of a binary64 sum is itself a binary64 value (Knuth, TAOCP vol. 2, section 4.2.2,
//   theorem B). An inexact sum is rounded to odd with it, after which a second rounding to at most 51 bits
//   gives what one rounding would (Boldo and Melquiond, IEEE Trans. Computers 57(4), 2008).
// - A quotient or square root that is not a 25-bit number is further from all of those than the error of
//   its binary64 value, so that it rounds as the exact one does.
// Tininess is detected after rounding, NaN results are canonical.
#pragma once

#include <cfloat>
#include <cstdint>
#include <cstring>

namespace weft::hart::float_unit {

static_assert(FLT_EVAL_METHOD == 0, "binary64 expressions must be evaluated as binary64");
static_assert(FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53, "float and double must be binary32 and binary64");

// As encoded in frm and in the rm field; 5 and 6 are reserved, 7 in the rm field means frm.
enum class Rounding : std::uint32_t { nearest_even, towards_zero, down, up, nearest_away };
constexpr bool is_rounding_mode(std::uint32_t encoding) { return encoding <= 4; }

// Bits of fflags.
namespace flag {
constexpr std::uint32_t inexact = 1;
constexpr std::uint32_t underflow = 2;
constexpr std::uint32_t overflow = 4;
constexpr std::uint32_t divide_by_zero = 8;
constexpr std::uint32_t invalid = 16;
}  // namespace flag

constexpr std::uint32_t sign_bit = 0x80000000;
constexpr std::uint32_t canonical_nan = 0x7FC00000;

struct Result {
  std::uint32_t value = 0;  // bits of a binary32 value, or an integer
  std::uint32_t flags = 0;
};

Result add(std::uint32_t a, std::uint32_t b, Rounding rounding);
Result subtract(std::uint32_t a, std::uint32_t b, Rounding rounding);
Result multiply(std::uint32_t a, std::uint32_t b, Rounding rounding);
Result divide(std::uint32_t a, std::uint32_t b, Rounding rounding);
Result square_root(std::uint32_t a, Rounding rounding);
// a * b + c with one rounding. The negated forms flip sign bits of a and c.
Result multiply_add(std::uint32_t a, std::uint32_t b, std::uint32_t c, Rounding rounding);

// IEEE 754-2019 minimumNumber and maximumNumber: -0 is below +0, a NaN loses against a number.
Result minimum(std::uint32_t a, std::uint32_t b);
Result maximum(std::uint32_t a, std::uint32_t b);
// 1 or 0. The ordered comparisons signal every NaN, equality only signalling ones.
Result equal(std::uint32_t a, std::uint32_t b);
Result less(std::uint32_t a, std::uint32_t b);
Result less_or_equal(std::uint32_t a, std::uint32_t b);
// One bit of ten (ISA manual, table 11.5).
std::uint32_t classify(std::uint32_t a);

// Out of range saturates (ISA manual, table 11.4); NaN counts as too large.
Result to_signed(std::uint32_t a, Rounding rounding);
Result to_unsigned(std::uint32_t a, Rounding rounding);
Result from_signed(std::uint32_t a, Rounding rounding);
Result from_unsigned(std::uint32_t a, Rounding rounding);

constexpr std::uint32_t copy_sign(std::uint32_t magnitude, std::uint32_t sign) {
  return (magnitude & ~sign_bit) | (sign & sign_bit);
}

// Rounding to nearest even is what programs use nearly always. These do the common cases of it inline and
// leave special operands and results to the functions above.

inline double to_double(std::uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline std::uint32_t to_bits(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Above the smallest normal number, so that an inexact result did not underflow, and finite.
constexpr bool is_plain(std::uint32_t bits) {
  constexpr std::uint32_t first = 0x00800001;
  constexpr std::uint32_t infinity = 0x7F800000;
  return (bits & ~sign_bit) - first < infinity - first;
}

inline double sum_error(double a, double b, double sum) {
  const double b_in_sum = sum - a;
  return (a - (sum - b_in_sum)) + (b - b_in_sum);
}

// False if it takes a closer look.
inline bool round_to_nearest(double value, Result& result) {
  const auto rounded = static_cast<float>(value);
  result.value = to_bits(rounded);
  result.flags = flag::inexact;
  if (static_cast<double>(rounded) != value) return is_plain(result.value);
  result.flags = 0;
  return true;
}

inline Result add_nearest(std::uint32_t a, std::uint32_t b) {
  const double x = to_double(a);
  const double y = to_double(b);
  const double sum = x + y;
  // Rounding twice is harmless here: 53 bits are enough for a sum of 24-bit numbers (2 * 24 + 2).
  if (Result result; round_to_nearest(sum, result)) {
    if (result.flags != 0 || sum_error(x, y, sum) == 0) return result;
  }
  return add(a, b, Rounding::nearest_even);
}

inline Result subtract_nearest(std::uint32_t a, std::uint32_t b) { return add_nearest(a, b ^ sign_bit); }

inline Result multiply_nearest(std::uint32_t a, std::uint32_t b) {
  if (Result result; round_to_nearest(to_double(a) * to_double(b), result)) return result;
  return multiply(a, b, Rounding::nearest_even);
}

inline Result divide_nearest(std::uint32_t a, std::uint32_t b) {
  const double divisor = to_double(b);
  if (Result result; divisor != 0 && round_to_nearest(to_double(a) / divisor, result)) return result;
  return divide(a, b, Rounding::nearest_even);
}

inline Result multiply_add_nearest(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  const double product = to_double(a) * to_double(b);
  const double addend = to_double(c);
  const double sum = product + addend;
  if (sum_error(product, addend, sum) == 0) {
    if (Result result; round_to_nearest(sum, result)) return result;
  }
  return multiply_add(a, b, c, Rounding::nearest_even);
}

}  // namespace weft::hart::float_unit
