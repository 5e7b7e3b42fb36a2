// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "models/common/counter_rng.h"
#include "tools/reference/fixed_point.h"

using namespace weft::reference::fixed_point;

namespace {

constexpr std::int32_t lowest32 = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t highest32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t lowest64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest64 = std::numeric_limits<std::int64_t>::max();

// The x87 format holds every int64, so the division and std::round are exact.
std::int64_t slow_round_shift(std::int64_t value, int shift) {
  static_assert(std::numeric_limits<long double>::digits >= 64, "needs a 64-bit mantissa");
  return static_cast<std::int64_t>(std::round(std::ldexp(static_cast<long double>(value), -shift)));
}

}  // namespace

TEST_CASE("a shift rounds to nearest, ties away from zero") {
  CHECK(round_shift(5, 1) == 3);
  CHECK(round_shift(-5, 1) == -3);
  CHECK(round_shift(5, 2) == 1);
  CHECK(round_shift(6, 2) == 2);
  CHECK(round_shift(-6, 2) == -2);
  CHECK(round_shift(-7, 3) == -1);
  CHECK(round_shift(3, 3) == 0);
  CHECK(round_shift(-123, 0) == -123);
}

TEST_CASE("a shift is exact over the whole 64-bit range") {
  weft::CounterRng random(1, 2, 3);
  for (int shift = 0; shift <= 63; ++shift) {
    CHECK(round_shift(lowest64, shift) == slow_round_shift(lowest64, shift));
    CHECK(round_shift(highest64, shift) == (shift == 0 ? highest64 : slow_round_shift(highest64, shift)));
    for (int draw = 0; draw < 200; ++draw) {
      const std::uint64_t bits = std::uint64_t{random.next_u32()} << 32 | random.next_u32();
      const auto value = static_cast<std::int64_t>(bits) >> random.below(63);
      REQUIRE(round_shift(value, shift) == slow_round_shift(value, shift));
    }
  }
}

TEST_CASE("rescaling to more fraction bits multiplies") {
  CHECK(rescale(-5, -3) == -40);
  CHECK(rescale(-5, 1) == -3);
}

TEST_CASE("saturation stops at the limits and nowhere else") {
  CHECK(saturate16(32767) == 32767);
  CHECK(saturate16(32768) == 32767);
  CHECK(saturate16(-32769) == -32768);
  CHECK(saturate32(std::int64_t{highest32} + 1) == highest32);
  CHECK(saturate32(lowest64) == lowest32);
  CHECK(saturate32(-7) == -7);
  CHECK(saturate_magnitude(1023, 10) == 1023);
  CHECK(saturate_magnitude(1024, 10) == 1023);
  CHECK(saturate_magnitude(-1024, 10) == -1023);
  CHECK(saturate_magnitude(highest64, 15) == 32767);
}

TEST_CASE("the exponential is within half a 2^-14 of e^x and never increases with distance") {
  const Tables tables;
  CHECK(tables.exponential(0) == 1 << 24);
  CHECK(tables.exponential(1) == 1 << 24);
  CHECK(tables.exponential(highest32) == 1 << 24);
  CHECK(tables.exponential(-65536) == std::llround(std::ldexp(std::exp(-1.0), 24)));
  CHECK(tables.exponential(-16 * 65536) == 0);
  CHECK(tables.exponential(-16 * 65536 + 1) == 2);
  CHECK(tables.exponential(lowest32) == 0);
  double worst = 0.0;
  std::int32_t last = 1 << 24;
  for (std::int32_t x = 0; x > -16 * 65536; x -= 7) {
    const std::int32_t value = tables.exponential(x);
    REQUIRE(value <= last);
    last = value;
    worst = std::max(worst, std::abs(std::ldexp(value, -24) - std::exp(x / 65536.0)));
  }
  // Chords of a curve with slope change at most 1 over steps of 2^-6: at most 2^-12 / 8 above it.
  CHECK(worst < 1.02 * std::ldexp(1.0, -15));
  CHECK(worst > 0.9 * std::ldexp(1.0, -15));
}

TEST_CASE("the sigmoid is within 1.2 units of 2^-16, symmetric and increasing") {
  const Tables tables;
  CHECK(tables.sigmoid(0) == 32768);
  CHECK(tables.sigmoid(highest32) == tables.sigmoid(8 * 65536));
  CHECK(tables.sigmoid(lowest32) == tables.sigmoid(-8 * 65536));
  CHECK(tables.sigmoid(-8 * 65536) == 22);
  CHECK(tables.sigmoid(8 * 65536) == 65514);
  std::int32_t last = 0;
  for (std::int32_t x = -8 * 65536; x <= 8 * 65536; x += 13) {
    const std::int32_t value = tables.sigmoid(x);
    REQUIRE(value >= last);
    last = value;
    REQUIRE(std::abs(value - 65536.0 / (1.0 + std::exp(-x / 65536.0))) < 1.2);
    REQUIRE(std::abs(value + tables.sigmoid(-x) - 65536) <= 1);
  }
}

TEST_CASE("the logarithm is within 3.2 units of 2^-16 over all positive values") {
  const Tables tables;
  CHECK(tables.logarithm(1 << 24) == 0);
  CHECK(tables.logarithm(1 << 25) == 45426);
  CHECK(tables.logarithm(1) == -24 * 45426);
  CHECK(tables.logarithm(0) == lowest32);
  CHECK(tables.logarithm(-5) == lowest32);
  CHECK(tables.logarithm(highest32) == 7 * 45426);
  weft::CounterRng random(4, 5, 6);
  double worst_near_one = 0.0;
  for (int draw = 0; draw < 20000; ++draw) {
    const auto value = static_cast<std::int32_t>((random.next_u32() >> 1 >> random.below(31)) | 1U);
    const double exact = 65536.0 * std::log(std::ldexp(value, -24));
    REQUIRE(std::abs(tables.logarithm(value) - exact) < 3.2);
    if (value >= 1 << 24)
      worst_near_one = std::max(worst_near_one, std::abs(tables.logarithm(value) - exact));
  }
  // Sums of exponentials whose greatest is 1 lie there.
  CHECK(worst_near_one < 1.8);
}
