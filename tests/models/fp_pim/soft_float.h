// SPDX-License-Identifier: Apache-2.0
// Floating point in plain integers, for any small format: the exact result of an operation, rounded once.
// Knows nothing of the unit's code.
#pragma once

#include <cstdint>

namespace weft::test {

struct SoftFloat {
  unsigned exponent_bits;
  unsigned fraction_bits;

  std::uint32_t add(std::uint32_t a, std::uint32_t b) const;
  std::uint32_t multiply(std::uint32_t a, std::uint32_t b) const;
  bool less(std::uint32_t a, std::uint32_t b) const;

 private:
  using Wide = std::uint64_t;
  // significand · 2^exponent
  struct Exact {
    bool negative;
    Wide significand;
    int exponent;
  };
  std::uint32_t ones() const { return (1u << exponent_bits) - 1; }
  std::uint32_t infinity() const { return ones() << fraction_bits; }
  std::uint32_t nan() const { return infinity() | 1u << (fraction_bits - 1); }
  std::uint32_t sign_bit() const { return 1u << (exponent_bits + fraction_bits); }
  std::uint32_t magnitude(std::uint32_t bits) const { return bits & (sign_bit() - 1); }
  bool is_nan(std::uint32_t bits) const { return magnitude(bits) > infinity(); }
  bool is_infinite(std::uint32_t bits) const { return magnitude(bits) == infinity(); }
  int least_exponent() const;
  Exact exact(std::uint32_t bits) const;
  std::uint32_t rounded(Exact value) const;
};

}  // namespace weft::test
