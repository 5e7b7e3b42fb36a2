// SPDX-License-Identifier: Apache-2.0
#include "models/vector/tables.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "models/common/counter_rng.h"
#include "tests/models/vector/slow_model.h"

using namespace weft;
using weft::vector::Tables;

namespace {

constexpr std::int32_t one = 65536;
constexpr std::int32_t int32_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t int32_max = std::numeric_limits<std::int32_t>::max();

// The greatest error against libm over [first, last], in units of the result's last place.
template <typename Got, typename Exact>
double greatest_error(std::int32_t first, std::int32_t last, std::int32_t step, Got got, Exact exact) {
  double greatest = 0;
  for (std::int64_t x = first; x <= last; x += step) {
    const auto argument = static_cast<std::int32_t>(x);
    greatest = std::max(greatest, std::abs(static_cast<double>(got(argument)) - exact(argument)));
  }
  return greatest;
}

}  // namespace

TEST_CASE("the tables equal their definition computed anew") {
  const Tables tables;
  CounterRng random(4, 0, 0);
  std::vector<std::int32_t> arguments{int32_min, int32_min + 1, int32_max, int32_max - 1};
  for (std::int32_t i = -20 * 128; i <= 20 * 128; ++i) {
    for (const std::int32_t offset : {-1, 0, 1, 200}) arguments.push_back(i * 512 + offset);
  }
  for (int i = 0; i < 20000; ++i) {
    arguments.push_back(static_cast<std::int32_t>(random.next_u32()) >> random.below(31));
  }
  for (const std::int32_t x : arguments) {
    CAPTURE(x);
    REQUIRE(tables.exp(x) == test::slow_exp(x));
    REQUIRE(tables.log(x) == test::slow_log(x));
    REQUIRE(tables.sigmoid(x) == test::slow_sigmoid(x));
    REQUIRE(tables.tanh(x) == test::slow_tanh(x));
    REQUIRE(tables.gelu(x) == test::slow_gelu(x));
    REQUIRE(tables.gelu_gradient(x) == test::slow_gelu_gradient(x));
  }
}

TEST_CASE("exp is within 509 units of 2^-24 of libm") {
  const Tables tables;
  const double error = greatest_error(
      -16 * one, 0, 1, [&](auto x) { return tables.exp(x); },
      [](auto x) { return std::exp(x / 65536.0) * 0x1p24; });
  INFO("greatest error " << error);
  CHECK(error < 509);
}

TEST_CASE("sigmoid is within 1.11 units of 2^-16 of libm where it is not clamped") {
  const Tables tables;
  const auto exact = [](auto x) { return 65536 / (1 + std::exp(-x / 65536.0)); };
  const auto got = [&](auto x) { return tables.sigmoid(x); };
  const double error = greatest_error(-8 * one, 8 * one, 1, got, exact);
  INFO("greatest error " << error);
  CHECK(error < 1.11);
  const double clamped = greatest_error(8 * one, 30 * one, 17, got, exact);
  INFO("greatest error beyond the clamp " << clamped);
  CHECK(clamped < 22.01);
}

TEST_CASE("tanh is within 1.17 units of 2^-16 of libm where it is not clamped") {
  const Tables tables;
  const auto exact = [](auto x) { return 65536 * std::tanh(x / 65536.0); };
  const auto got = [&](auto x) { return tables.tanh(x); };
  const double error = greatest_error(-4 * one, 4 * one, 1, got, exact);
  INFO("greatest error " << error);
  CHECK(error < 1.17);
  const double clamped = greatest_error(4 * one, 30 * one, 17, got, exact);
  INFO("greatest error beyond the clamp " << clamped);
  CHECK(clamped < 44.01);
}

TEST_CASE("log is within 2.6 units of 2^-16 of libm, and within 1.1 near 1") {
  const Tables tables;
  const auto exact = [](auto v) { return std::log(v * 0x1p-24) * 65536; };
  const auto got = [&](auto v) { return tables.log(v); };
  const double small = greatest_error(1, 1 << 20, 1, got, exact);
  const double near_one = greatest_error(1 << 23, 1 << 25, 7, got, exact);
  const double large = greatest_error(1 << 25, int32_max, 1009, got, exact);
  INFO("greatest error " << small << " below 2^-4, " << near_one << " near 1, " << large << " above 2");
  CHECK(std::max({small, near_one, large}) < 2.6);
  CHECK(near_one < 1.1);
}

TEST_CASE("GELU and its derivative are within 2.42 units of 2^-16 of libm everywhere") {
  const Tables tables;
  const auto below = [](double v) { return std::erfc(-v / std::sqrt(2.0)) / 2; };
  const auto exact = [&](auto x) { return x * below(x / 65536.0); };
  const auto slope = [&](auto x) {
    const double v = x / 65536.0;
    return 65536 * (below(v) + v * std::exp(-v * v / 2) / std::sqrt(2 * std::acos(-1.0)));
  };
  const auto gelu = [&](auto x) { return tables.gelu(x); };
  const auto gradient = [&](auto x) { return tables.gelu_gradient(x); };
  const double error = greatest_error(-9 * one, 9 * one, 1, gelu, exact);
  const double error_of_slope = greatest_error(-9 * one, 9 * one, 1, gradient, slope);
  INFO("greatest error " << error << ", of the derivative " << error_of_slope);
  CHECK(error < 2.42);
  CHECK(error_of_slope < 2.42);
  CHECK(greatest_error(9 * one, 30000 * one, 65521, gelu, exact) < 0.01);
  CHECK(tables.gelu(int32_max) == int32_max);
  CHECK(tables.gelu(int32_min) == 0);
  CHECK(tables.gelu_gradient(int32_min) == 0);
}

TEST_CASE("exp, sigmoid and tanh never decrease") {
  const Tables tables;
  for (std::int32_t x = -17 * one; x < 17 * one; x += 3) {
    if (tables.exp(x) > tables.exp(x + 3) || tables.sigmoid(x) > tables.sigmoid(x + 3) ||
        tables.tanh(x) > tables.tanh(x + 3)) {
      FAIL("decreases after " << x);
    }
  }
  CHECK(tables.exp(0) == 1 << 24);
  CHECK(tables.exp(int32_max) == 1 << 24);
  CHECK(tables.exp(-16 * one) == 0);
  CHECK(tables.sigmoid(0) == one / 2);
  CHECK(tables.tanh(0) == 0);
  CHECK(tables.log(1 << 24) == 0);
  CHECK(tables.log(0) == int32_min);
}
