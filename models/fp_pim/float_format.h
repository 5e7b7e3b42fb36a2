// SPDX-License-Identifier: Apache-2.0
// A binary floating-point format: sign, `exponent_bits` (Ne) of biased exponent, `fraction_bits` (Nm) without
// the hidden bit. Exponents of all zeros and all ones mean what they mean in IEEE 754.
#pragma once

#include <cstdint>

#include "models/unit/command.h"

namespace weft::fp_pim {

struct FloatFormat {
  unsigned exponent_bits = 8;   // 2 to 8
  unsigned fraction_bits = 23;  // 1 to 23

  unsigned bits() const { return 1 + exponent_bits + fraction_bits; }
  unsigned magnitude_bits() const { return exponent_bits + fraction_bits; }
  std::uint32_t exponent_ones() const { return (1u << exponent_bits) - 1; }
  std::uint32_t bias() const { return exponent_ones() >> 1; }
  std::uint32_t infinity() const { return exponent_ones() << fraction_bits; }
  // Quiet, positive, without payload: the only NaN that is ever written.
  std::uint32_t nan() const { return infinity() | 1u << (fraction_bits - 1); }
};

constexpr FloatFormat fp32_format{8, 23};
constexpr FloatFormat fp16_format{5, 10};
constexpr FloatFormat bf16_format{8, 7};

// `format` is not an integer format.
constexpr FloatFormat float_format(unit::Format format) {
  if (format == unit::Format::fp16) return fp16_format;
  return format == unit::Format::bf16 ? bf16_format : fp32_format;
}

}  // namespace weft::fp_pim
