// SPDX-License-Identifier: Apache-2.0
#include "models/unit/requantise.h"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/hart/xweft_table.h"
#include "models/vector/elementwise.h"
#include "tests/models/vector/slow_model.h"

using namespace weft;
using unit::Format;
using unit::Rounding;

namespace {

constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t int32_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t int32_max = std::numeric_limits<std::int32_t>::max();

// The values at which rounding and saturation decide: powers of two, their halves and neighbours.
std::vector<std::int64_t> interesting_values() {
  std::vector<std::int64_t> values{0, int64_min, int64_min + 1, int64_max, int64_max - 1};
  for (unsigned bit = 0; bit < 63; ++bit) {
    for (std::int64_t offset = -2; offset <= 2; ++offset) {
      const std::int64_t power = std::int64_t{1} << bit;
      values.push_back(power + offset);
      values.push_back(-power + offset);
      if (bit < 61) values.push_back(3 * power + offset);
      if (bit < 61) values.push_back(-3 * power + offset);
    }
  }
  CounterRng random(2, 0, 0);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t bits = std::uint64_t{random.next_u32()} << 32 | random.next_u32();
    values.push_back(static_cast<std::int64_t>(bits) >> random.below(64));
  }
  return values;
}

constexpr Rounding roundings[] = {Rounding::nearest_away, Rounding::floor, Rounding::nearest_even};

// Calls `body` with every combination of what decides about a result.
template <typename Body>
void for_every_requantisation(Body body) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const Rounding rounding : roundings) {
      for (const Format format : {Format::int8, Format::int16, Format::int32}) {
        for (const unsigned magnitude_bits : {0u, 1u, 7u, 8u, 15u, 20u, 31u}) {
          unit::Command command;
          command.shift = shift;
          command.rounding = rounding;
          command.magnitude_bits = magnitude_bits;
          command.format_dst = format;
          body(command);
        }
      }
    }
  }
}
constexpr std::uint64_t combinations = 64 * 3 * 3 * 7;

}  // namespace

TEST_CASE("requantisation equals exact division for every shift, rounding, limit and format") {
  const std::vector<std::int64_t> values = interesting_values();
  std::uint64_t compared = 0;
  for_every_requantisation([&](const unit::Command& command) {
    const unit::Range range = unit::result_range(command.format_dst, command.magnitude_bits);
    for (const std::int64_t value : values) {
      const std::int64_t rounded = unit::round_shift(value, command.shift, command.rounding);
      const std::int64_t got = unit::saturate(rounded, range);
      ++compared;
      if (got == test::slow_requantise(value, command).value) continue;
      CAPTURE(value, command.shift, static_cast<int>(command.rounding), static_cast<int>(command.format_dst),
              command.magnitude_bits);
      CHECK(got == test::slow_requantise(value, command).value);
    }
  });
  CHECK(compared == combinations * values.size());
}

TEST_CASE("products and copies are requantised exactly for every shift, rounding, limit and format") {
  // Every pair of these, so that products take all magnitudes up to 2^62; a copy is computed in 32 bits.
  constexpr std::int32_t factors[] = {int32_min, int32_min + 1, -65536, -3,    -1,      0,       1,        2,
                                      5,         127,           129,    65537, 1 << 30, 3 << 29, int32_max};
  std::vector<std::int32_t> src0;
  std::vector<std::int32_t> src1;
  for (const std::int32_t a : factors) {
    for (const std::int32_t b : factors) {
      src0.push_back(a);
      src1.push_back(b);
    }
  }
  const vector::Elementwise elementwise;
  std::vector<std::uint8_t> dst(4 * src0.size());
  std::uint64_t wrong = 0;
  std::uint64_t compared = 0;
  std::uint64_t saturated = 0;
  for_every_requantisation([&](unit::Command command) {
    command.format0 = Format::int32;
    command.format1 = Format::int32;
    command.length = static_cast<std::uint32_t>(src0.size());
    for (const auto what : {xweft::VectorCommand::vmul, xweft::VectorCommand::vcopy}) {
      command.opcode = static_cast<std::uint8_t>(what);
      std::uint64_t clipped = elementwise.run(command, reinterpret_cast<const std::uint8_t*>(src0.data()),
                                              reinterpret_cast<const std::uint8_t*>(src1.data()), dst.data());
      saturated += clipped;
      for (std::size_t i = 0; i < src0.size(); ++i) {
        const test::Wide factor = what == xweft::VectorCommand::vmul ? src1[i] : 1;
        const test::SlowElement expected = test::slow_requantise(src0[i] * factor, command);
        const std::size_t size = unit::bytes_of(command.format_dst);
        const auto bits = static_cast<std::uint64_t>(expected.value);
        for (std::size_t byte = 0; byte < size; ++byte) {
          if (dst[i * size + byte] != static_cast<std::uint8_t>(bits >> (8 * byte))) ++wrong;
        }
        if (expected.saturated) --clipped;
        ++compared;
      }
      if (clipped != 0) ++wrong;
    }
  });
  CHECK(wrong == 0);
  CHECK(compared == combinations * 2 * src0.size());
  CHECK(saturated > compared / 10);
}

TEST_CASE("ties round as each mode says") {
  const auto round_halves = [](Rounding rounding) {
    std::vector<std::int64_t> results;
    for (const std::int64_t halves : {-5, -3, -1, 1, 3, 5}) {
      results.push_back(unit::round_shift(halves, 1, rounding));
    }
    return results;
  };
  CHECK(round_halves(Rounding::nearest_away) == std::vector<std::int64_t>{-3, -2, -1, 1, 2, 3});
  CHECK(round_halves(Rounding::floor) == std::vector<std::int64_t>{-3, -2, -1, 0, 1, 2});
  CHECK(round_halves(Rounding::nearest_even) == std::vector<std::int64_t>{-2, -2, 0, 0, 2, 2});
}

TEST_CASE("the most negative value survives a shift by 63") {
  CHECK(unit::round_shift(int64_min, 63, Rounding::nearest_away) == -1);
  CHECK(unit::round_shift(int64_min, 63, Rounding::floor) == -1);
  CHECK(unit::round_shift(int64_min, 63, Rounding::nearest_even) == -1);
  CHECK(unit::round_shift(int64_min / 2, 63, Rounding::nearest_away) == -1);
  CHECK(unit::round_shift(int64_min / 2, 63, Rounding::nearest_even) == 0);
  CHECK(unit::round_shift(int64_max, 63, Rounding::nearest_away) == 1);
}

TEST_CASE("a magnitude limit is symmetric, a format is not") {
  CHECK(unit::result_range(Format::int8, 0).lowest == -128);
  CHECK(unit::result_range(Format::int8, 7).lowest == -127);
  CHECK(unit::result_range(Format::int8, 8).lowest == -128);
  CHECK(unit::result_range(Format::int8, 8).highest == 127);
  CHECK(unit::result_range(Format::int16, 8).highest == 255);
}
