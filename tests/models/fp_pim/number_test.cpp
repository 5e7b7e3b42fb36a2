// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/number.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "models/common/counter_rng.h"

using namespace weft;
using namespace weft::fp_pim;
using unit::Format;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

float float_of(std::uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// The value of a representation, from its definition in IEEE 754: for finite ones.
double defined_value(std::uint32_t bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const double fraction = bits & ((1u << fraction_bits) - 1);
  const double sign = (bits >> (exponent_bits + fraction_bits)) != 0 ? -1 : 1;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(std::ldexp(1.0, fraction_bits) + fraction, exponent - bias - fraction_bits);
}

struct Layout {
  Format format;
  int exponent_bits;
  int fraction_bits;
  std::uint32_t first_not_finite;  // of the positive representations
};

constexpr Layout layouts[] = {{Format::fp16, 5, 10, 0x7c00}, {Format::bf16, 8, 7, 0x7f80}};

}  // namespace

TEST_CASE("every fp16 and bf16 number has the value that IEEE 754 gives it, and comes back as its bits") {
  for (const Layout& layout : layouts) {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
      if ((bits & 0x7fff) >= layout.first_not_finite) continue;
      const float value = from_bits(layout.format, bits);
      CAPTURE(bits, value);
      REQUIRE(value == defined_value(bits, layout.exponent_bits, layout.fraction_bits));
      REQUIRE(std::signbit(value) == (bits >= 0x8000));
      REQUIRE(round_to(layout.format, value) == value);
      REQUIRE(to_bits(layout.format, value) == bits);
    }
  }
}

TEST_CASE("rounding takes the nearer neighbour, and of two equally near ones the even") {
  for (const Layout& layout : layouts) {
    for (std::uint32_t bits = 0; bits + 1 < layout.first_not_finite; ++bits) {
      const float low = from_bits(layout.format, bits);
      const float high = from_bits(layout.format, bits + 1);
      const float middle = low + (high - low) / 2;
      const float even = bits % 2 == 0 ? low : high;
      CAPTURE(bits);
      REQUIRE(round_to(layout.format, middle) == even);
      REQUIRE(round_to(layout.format, -middle) == -even);
      REQUIRE(round_to(layout.format, std::nextafter(middle, 0.0f)) == low);
      REQUIRE(round_to(layout.format, std::nextafter(middle, infinity)) == high);
    }
  }
}

TEST_CASE("beyond the greatest number lies infinity, from half a unit on") {
  CHECK(round_to(Format::fp16, std::nextafter(65520.0f, 0.0f)) == 65504);
  CHECK(round_to(Format::fp16, 65520.0f) == infinity);
  CHECK(round_to(Format::fp16, -1e30f) == -infinity);
  CHECK(round_to(Format::bf16, std::numeric_limits<float>::max()) == infinity);
  CHECK(round_to(Format::bf16, float_of(0x7f7f7fff)) == float_of(0x7f7f0000));
  CHECK(to_bits(Format::fp16, infinity) == 0x7c00);
  CHECK(to_bits(Format::fp16, -infinity) == 0xfc00);
  CHECK(to_bits(Format::bf16, -infinity) == 0xff80);
  for (const Layout& layout : layouts) {
    CHECK(round_to(layout.format, -infinity) == -infinity);
    CHECK(from_bits(layout.format, layout.first_not_finite) == infinity);
    CHECK(from_bits(layout.format, layout.first_not_finite | 0x8000) == -infinity);
  }
}

TEST_CASE("a NaN is written as the one quiet NaN") {
  const float signalling = float_of(0xffa00001);
  CHECK(to_bits(Format::fp32, signalling) == 0x7fc00000);
  CHECK(to_bits(Format::fp16, signalling) == 0x7e00);
  CHECK(to_bits(Format::bf16, signalling) == 0x7fc0);
  for (const Format format : {Format::fp32, Format::fp16, Format::bf16}) {
    CHECK(std::isnan(round_to(format, signalling)));
  }
  CHECK(std::isnan(from_bits(Format::fp16, 0xfc01)));
  CHECK(std::isnan(from_bits(Format::bf16, 0x7fff)));
  // The least NaN of all would otherwise lose its only fraction bit and become infinity.
  CHECK(std::isnan(round_to(Format::bf16, float_of(0x7f800001))));
}

TEST_CASE("a sum or product rounded by way of a float is rounded once") {
  CounterRng random(11, 0, 0);
  for (const Layout& layout : layouts) {
    for (int i = 0; i < 200000; ++i) {
      // Exponents near each other, so that the sums are not trivial.
      const std::uint32_t a_bits = random.next_u32() & 0xffff;
      const std::uint32_t spread = random.below(3u << layout.fraction_bits);
      const std::uint32_t b_bits = (a_bits + spread) & 0xffff;
      const auto finite = [&](std::uint32_t bits) { return (bits & 0x7fff) < layout.first_not_finite; };
      if (!finite(a_bits) || !finite(b_bits)) continue;
      const double a = from_bits(layout.format, a_bits);
      const double b = from_bits(layout.format, b_bits);
      // Of the two neighbours of a double, the format has the nearer one; doubles are exact here.
      const auto check = [&](double exact, float found) {
        if (!std::isfinite(found) || std::fabs(exact) < 0x1p-110) return;
        const std::uint32_t bits = to_bits(layout.format, found);
        const double error = std::fabs(found - exact);
        for (const std::uint32_t neighbour : {bits - 1, bits + 1}) {
          if (!finite(neighbour & 0xffff)) continue;
          const double other =
              std::fabs(static_cast<double>(from_bits(layout.format, neighbour & 0xffff)) - exact);
          CAPTURE(a, b, exact, found);
          REQUIRE((error < other || (error == other && bits % 2 == 0)));
        }
      };
      check(a + b, round_to(layout.format, static_cast<float>(a) + static_cast<float>(b)));
      check(a * b, round_to(layout.format, static_cast<float>(a) * static_cast<float>(b)));
    }
  }
}
