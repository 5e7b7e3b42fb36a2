// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "models/common/counter_rng.h"

using weft::CounterRng;
using weft::philox4x32;

namespace {

using Block = std::array<std::uint32_t, 4>;

std::vector<std::uint32_t> draw(CounterRng rng, std::size_t count) {
  std::vector<std::uint32_t> values(count);
  for (std::uint32_t& value : values) value = rng.next_u32();
  return values;
}

}  // namespace

// Known answers published with the authors' reference implementation (Random123, "kat_vectors").
TEST_CASE("Philox4x32-10 gives the published known answers") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream is the sequence of blocks of its counter under the seed as key") {
  CounterRng rng(0x0123456789abcdefu, 7, 9);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const Block expected = philox4x32({block, 0, 7, 9}, {0x89abcdefu, 0x01234567u});
    for (const std::uint32_t word : expected) CHECK(rng.next_u32() == word);
  }
}

TEST_CASE("equal keys give equal streams and every part of the key matters") {
  const auto reference = draw(CounterRng(1, 2, 3), 16);
  CHECK(draw(CounterRng(1, 2, 3), 16) == reference);
  CHECK(draw(CounterRng(2, 2, 3), 16) != reference);
  CHECK(draw(CounterRng(1ull << 32 | 1, 2, 3), 16) != reference);
  CHECK(draw(CounterRng(1, 3, 3), 16) != reference);
  CHECK(draw(CounterRng(1, 2, 4), 16) != reference);
}

TEST_CASE("streams do not influence each other") {
  CounterRng first(5, 0, 0);
  CounterRng second(5, 1, 0);
  std::vector<std::uint32_t> of_first;
  std::vector<std::uint32_t> of_second;
  for (int index = 0; index < 8; ++index) {
    of_first.push_back(first.next_u32());
    of_second.push_back(second.next_u32());
  }
  CHECK(of_first == draw(CounterRng(5, 0, 0), 8));
  CHECK(of_second == draw(CounterRng(5, 1, 0), 8));
}

TEST_CASE("uniform numbers lie from 0 up to but not at 1, with the mean and variance of the distribution") {
  CounterRng rng(11, 0, 0);
  constexpr int count = 100000;
  double sum = 0.0;
  double squares = 0.0;
  for (int index = 0; index < count; ++index) {
    const double value = rng.uniform();
    if (value < 0.0 || value >= 1.0) FAIL("outside [0, 1): " << value);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / count;
  // Five standard errors: sqrt(1/12/n) for the mean, sqrt(1/180/n) for the variance.
  CHECK(mean == Approx(0.5).margin(5.0 * std::sqrt(1.0 / 12.0 / count)));
  CHECK(squares / count - mean * mean == Approx(1.0 / 12.0).margin(5.0 * std::sqrt(1.0 / 180.0 / count)));
}

TEST_CASE("bounded integers stay below the bound and are equally frequent") {
  CounterRng rng(12, 0, 0);
  constexpr std::uint32_t bound = 6;
  constexpr int count = 60000;
  std::array<int, bound> seen{};
  for (int index = 0; index < count; ++index) ++seen.at(rng.below(bound));
  double chi_squared = 0.0;
  for (const int frequency : seen) {
    const double expected = static_cast<double>(count) / bound;
    chi_squared += (frequency - expected) * (frequency - expected) / expected;
  }
  // 5 degrees of freedom: 20.5 is exceeded once in a thousand.
  CHECK(chi_squared < 20.5);
  CHECK(CounterRng(1, 0, 0).below(1) == 0);
}

TEST_CASE("bounded integers reject what would favour small results") {
  // 3 * 2^30: a quarter of all words must be rejected; otherwise multiples of three would come twice as
  // often as the rest.
  constexpr std::uint32_t bound = 3u << 30;
  CounterRng rng(13, 0, 0);
  constexpr int count = 30000;
  std::array<int, 3> seen{};
  for (int index = 0; index < count; ++index) ++seen.at(rng.below(bound) % 3);
  for (const int frequency : seen) CHECK(frequency == Approx(count / 3.0).epsilon(0.04));
}

TEST_CASE("normal deviates have the moments of the standard normal distribution") {
  CounterRng rng(14, 0, 0);
  constexpr int count = 100000;
  double sum = 0.0;
  double squares = 0.0;
  double fourths = 0.0;
  for (int index = 0; index < count; ++index) {
    const double value = rng.normal();
    sum += value;
    squares += value * value;
    fourths += value * value * value * value;
  }
  // Five standard errors: variances of x, x² and x⁴ are 1, 2 and 96.
  CHECK(sum / count == Approx(0.0).margin(5.0 * std::sqrt(1.0 / count)));
  CHECK(squares / count == Approx(1.0).margin(5.0 * std::sqrt(2.0 / count)));
  CHECK(fourths / count == Approx(3.0).margin(5.0 * std::sqrt(96.0 / count)));
}
