// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/number.h"

#include <cmath>

#include "models/common/float_bits.h"

namespace weft::fp_pim {

namespace {

using unit::Format;

constexpr std::uint32_t sign_bit = 0x80000000u;
constexpr std::uint32_t quiet_nan = 0x7fc00000u;
constexpr std::uint32_t fp16_infinity = 0x7c00u;
constexpr std::uint32_t fp16_quiet_nan = 0x7e00u;
// The greatest finite fp16 is 65,504; from half a unit in the last place above it values round to infinity.
constexpr float fp16_overflow = 65520.0f;
constexpr float fp16_least_normal = 0x1p-14f;

// Drops the lowest `dropped` bits of a float's representation, to nearest, ties to even. A carry out of the
// fraction goes into the exponent, which is right, and from the greatest number to infinity.
std::uint32_t round_bits(std::uint32_t bits, unsigned dropped) {
  const std::uint32_t odd = (bits >> dropped) & 1u;
  const std::uint32_t below_half = (1u << (dropped - 1)) - 1;
  return (bits + below_half + odd) & ~((1u << dropped) - 1);
}

float round_to_fp16(float value) {
  const float magnitude = std::fabs(value);
  if (magnitude >= fp16_overflow) return std::copysign(HUGE_VALF, value);
  if (magnitude >= fp16_least_normal) return float_of(round_bits(bits_of(value), 13));
  // Subnormal numbers are multiples of 2^-24. Adding 0.5 leaves a float no finer bits, and rounds.
  return std::copysign((magnitude + 0.5f) - 0.5f, value);
}

std::uint32_t fp16_bits(float value) {
  const std::uint32_t bits = bits_of(value);
  const std::uint32_t sign = (bits & sign_bit) >> 16;
  if (std::isnan(value)) return fp16_quiet_nan;
  if (std::isinf(value)) return sign | fp16_infinity;
  const float magnitude = std::fabs(value);
  if (magnitude < fp16_least_normal) return sign | static_cast<std::uint32_t>(magnitude * 0x1p24f);
  // The exponents' bias differs by 112.
  return sign | (((bits & ~sign_bit) >> 13) - (112u << 10));
}

float from_fp16(std::uint32_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t rest = bits & 0x7fffu;
  if (rest > fp16_infinity) return float_of(quiet_nan);
  if (rest == fp16_infinity) return std::copysign(HUGE_VALF, float_of(sign));
  if (rest < 0x400u) return std::copysign(static_cast<float>(rest) * 0x1p-24f, float_of(sign));
  return float_of(sign | ((rest + (112u << 10)) << 13));
}

}  // namespace

float round_to(Format format, float value) {
  if (std::isnan(value)) return float_of(quiet_nan);
  switch (format) {
    case Format::fp16:
      return round_to_fp16(value);
    case Format::bf16:
      return std::isinf(value) ? value : float_of(round_bits(bits_of(value), 16));
    default:
      return value;
  }
}

std::uint32_t to_bits(Format format, float value) {
  if (format == Format::fp16) return fp16_bits(value);
  const std::uint32_t bits = std::isnan(value) ? quiet_nan : bits_of(value);
  return format == Format::bf16 ? bits >> 16 : bits;
}

float from_bits(Format format, std::uint32_t bits) {
  if (format == Format::fp16) return from_fp16(bits);
  const float value = float_of(format == Format::bf16 ? bits << 16 : bits);
  return std::isnan(value) ? float_of(quiet_nan) : value;
}

}  // namespace weft::fp_pim
