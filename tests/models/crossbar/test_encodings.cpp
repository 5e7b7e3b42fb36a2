// SPDX-License-Identifier: Apache-2.0
// What sets the encodings of signed weights apart; that each equals the slow model is
// test_array_random.cpp's.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "models/common/error.h"
#include "models/crossbar/adc.h"
#include "models/crossbar/array_presets.h"
#include "tests/models/crossbar/array_fixture.h"

namespace weft::test {
namespace {

using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;
using crossbar::Encoding;

constexpr std::pair<Encoding, const char*> encodings[] = {{Encoding::reference, "reference"},
                                                          {Encoding::offset, "offset"},
                                                          {Encoding::unit_column, "unit column"},
                                                          {Encoding::differential, "differential"},
                                                          {Encoding::twos_complement, "two's complement"}};

// Eight slices of two bits: weights of 16 bits.
ArrayConfig sixteen_bit(Encoding encoding, int cell_bits) {
  ArrayConfig config;
  config.slices = 8;
  config.encoding = encoding;
  config.cell_bits.assign(8, cell_bits);
  return config;
}

Block transpose(const Block& w) {
  Block result(w[0].size(), std::vector<std::int32_t>(w.size()));
  for (std::size_t r = 0; r < w.size(); ++r) {
    for (std::size_t c = 0; c < w[0].size(); ++c) result[c][r] = w[r][c];
  }
  return result;
}

// Units the cells of slice 0 take from a stream of equal updates of a weight of zero, or the weight given.
int units_taken(const ArrayConfig& config, std::int32_t weight, int sign) {
  Array array(config);
  REQUIRE(program(array, 0, 0, {{weight}}).ok());
  int taken = 0;
  while (array.statistics().saturated[0].units == 0) {
    const int before = array.cell(0, 0, 0);
    REQUIRE(array.opa(Operands{1}, 1, Operands{static_cast<std::int16_t>(sign)}).ok());
    taken += std::abs(array.cell(0, 0, 0) - before);
  }
  return taken;
}

}  // namespace

TEST_CASE("a product from the other side equals that with the transposed matrix in every encoding") {
  Random random(61);
  const Block w = random.weights(45, 70, 32);
  const Operands x = random.operands(70, 15);
  const Operands update_rows = random.operands(45, 4);
  const Operands update_columns = random.operands(70, 9);
  for (const auto& [encoding, name] : encodings) {
    // 16 bits lose nothing with carries; 6 bits round.
    for (const int adc_bits : {16, 6}) {
      for (const Arithmetic arithmetic : {Arithmetic::sliced, Arithmetic::automatic}) {
        CAPTURE(name, adc_bits, static_cast<int>(arithmetic));
        ArrayConfig config;
        config.encoding = encoding;
        config.arithmetic = arithmetic;
        config.adc_bits = adc_bits;
        config.rows = 45;
        config.cols = 70;
        ArrayConfig flipped = config;
        std::swap(flipped.rows, flipped.cols);
        Array array(config);
        Array transposed(flipped);
        REQUIRE(program(array, 0, 0, w).ok());
        REQUIRE(program(transposed, 0, 0, transpose(w)).ok());
        CHECK(mtvm(array, x, 15, 45) == mvm(transposed, x, 15, 45));
        REQUIRE(array.opa(update_rows, 4, update_columns).ok());
        REQUIRE(transposed.opa(update_columns, 9, update_rows).ok());
        CHECK(mtvm(array, x, 15, 45) == mvm(transposed, x, 15, 45));
        CHECK((array.statistics().conversions_rounded > 0) == (adc_bits == 6));
      }
    }
  }
}

TEST_CASE("encodings agree on every product as long as nothing is lost") {
  Random random(62);
  // Weights that every encoding can hold.
  const Block w = random.weights(30, 20, 15);
  const Operands x = random.operands(30, 12);
  const Operands d = random.operands(20, 3);
  const Operands of_columns = random.operands(20, 12);
  Results forward;
  Results backward;
  for (const auto& [encoding, name] : encodings) {
    CAPTURE(name);
    ArrayConfig config = sixteen_bit(encoding, 7);
    config.rows = 30;
    config.cols = 20;
    config.adc_bits = 16;
    config.arithmetic = Arithmetic::sliced;
    Array array(config);
    REQUIRE(program(array, 0, 0, w).ok());
    REQUIRE(array.opa(random.operands(30, 0), 1, d).ok());
    REQUIRE(array.opa(Operands(30, 5), 3, d).ok());
    const Results y = mvm(array, x, 12, 20);
    const Results z = mtvm(array, of_columns, 12, 30);
    if (encoding == Encoding::reference) {
      forward = y;
      backward = z;
    }
    CHECK(y == forward);
    CHECK(z == backward);
  }
}

TEST_CASE("an offset costs a converter one bit with carries, a pair of cells likewise") {
  // 128 lines, cells of 6 bits: currents up to 128 * 32 about a reference, 128 * 63 otherwise; digits of 2
  // bits without carries: 128 * 2, 128 * 34, 128 * 2 and 128 * 3.
  const auto bits = [](Encoding encoding) {
    const ArrayConfig config = sixteen_bit(encoding, 6);
    return std::make_pair(config.lossless_adc_bits(), config.lossless_adc_bits_with_carries());
  };
  CHECK(bits(Encoding::reference) == std::make_pair(10, 14));
  CHECK(bits(Encoding::offset) == std::make_pair(14, 14));
  CHECK(bits(Encoding::unit_column) == std::make_pair(14, 14));
  CHECK(bits(Encoding::differential) == std::make_pair(10, 14));
  CHECK(bits(Encoding::twos_complement) == std::make_pair(10, 14));
  CHECK(crossbar::full_scale_current(sixteen_bit(Encoding::reference, 6), 128, 0, false) == 128 * 32);
  CHECK(crossbar::full_scale_current(sixteen_bit(Encoding::offset, 6), 128, 0, false) == 128 * 63);
  CHECK(crossbar::full_scale_current(sixteen_bit(Encoding::offset, 6), 128, 0, true) == 128 * 34);
  CHECK(crossbar::full_scale_current(sixteen_bit(Encoding::offset, 2), 128, 0, true) == 128 * 3);
  CHECK(crossbar::full_scale_current(sixteen_bit(Encoding::differential, 6), 128, 0, false) == 128 * 63);
  CHECK(crossbar::full_scale_current(sixteen_bit(Encoding::twos_complement, 6), 128, 0, true) == 128 * 3);
  CHECK(crossbar::full_scale_current(sixteen_bit(Encoding::twos_complement, 6), 128, 7, true) == 128 * 2);
}

TEST_CASE("digits without a sign leave the room for carries of PANTHER's accuracy model") {
  // Units a digit of 3 can take in cells of 3, 4, 5 and 6 bits: derived from the public accuracy model, whose
  // cells hold -2^(b-1) .. 2^(b-1)-1 and digits 0 .. 3 after carry resolution.
  const int expected[] = {0, 4, 12, 28};
  for (int bits = 3; bits <= 6; ++bits) {
    CAPTURE(bits);
    const ArrayConfig config = sixteen_bit(Encoding::twos_complement, bits);
    CHECK(units_taken(config, 3, 1) == expected[bits - 3]);
    CHECK(units_taken(config, 0, -1) == 1 << (bits - 1));
    // Recoded to -2 .. 1, the worst digits have the same room in both directions.
    const ArrayConfig balanced = sixteen_bit(Encoding::reference, bits);
    CHECK(units_taken(balanced, 1, 1) == (1 << (bits - 1)) - 2);
    CHECK(units_taken(balanced, -2, -1) == (1 << (bits - 1)) - 2);
  }
}

TEST_CASE("a pair fills up although its updates cancel out, until carries are resolved") {
  const ArrayConfig config = sixteen_bit(Encoding::differential, 4);
  Array array(config);
  const Operands one{1};
  for (int i = 0; i < 15; ++i) {
    REQUIRE(array.opa(one, 1, Operands{1}).ok());
    REQUIRE(array.opa(one, 1, Operands{-1}).ok());
  }
  CHECK(array.weight(0, 0) == 0);
  CHECK(array.statistics().saturated[0].cells == 0);
  REQUIRE(array.opa(one, 1, Operands{1}).ok());
  CHECK(array.weight(0, 0) == 0);
  CHECK(array.statistics().saturated[0].cells == 1);
  array.crs();
  REQUIRE(array.opa(one, 1, Operands{1}).ok());
  CHECK(array.weight(0, 0) == 1);
  CHECK(array.statistics().saturated[0].cells == 1);

  // The same updates leave a single cell where it was.
  Array single(sixteen_bit(Encoding::reference, 4));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(single.opa(one, 1, Operands{1}).ok());
    REQUIRE(single.opa(one, 1, Operands{-1}).ok());
  }
  CHECK(single.statistics().saturated[0].cells == 0);
}

TEST_CASE("two's complement holds every weight of its width, balanced digits end earlier") {
  for (const auto& [encoding, name] : encodings) {
    CAPTURE(name);
    const ArrayConfig config = sixteen_bit(encoding, 6);
    CHECK(config.weight_min() == -32768);
    CHECK(config.weight_max() == 32767);
  }
  ArrayConfig tight = sixteen_bit(Encoding::twos_complement, 3);
  tight.cell_bits[7] = 2;
  CHECK(tight.weight_max() == 32767);
  CHECK(tight.weight_min() == -32768);
  tight.encoding = Encoding::reference;
  // The top cell ends at 1, the digits below it at 1: binary 01 01 01 ...
  CHECK(tight.weight_max() == 0x5555);
}

TEST_CASE("a unit column is converted and counted like any other") {
  for (const Encoding encoding : {Encoding::offset, Encoding::unit_column}) {
    ArrayConfig config = sixteen_bit(encoding, 4);
    config.adc_bits = 12;
    Array array(config);
    REQUIRE(program(array, 0, 0, {{1, 2, 3}}).ok());
    CHECK(mvm(array, Operands{-3}, 2, 3) == Results{-3, -6, -9});
    CHECK(array.statistics().conversions == 2U * 8 * (encoding == Encoding::unit_column ? 4 : 3));
    CHECK(array.conversions(2, 3) == static_cast<std::int64_t>(array.statistics().conversions));
  }
}

TEST_CASE("offset and two's complement give the same bits with ideal devices") {
  Random random(63);
  for (const Encoding encoding : {Encoding::offset, Encoding::twos_complement}) {
    CAPTURE(static_cast<int>(encoding));
    ArrayConfig config = sixteen_bit(encoding, 5);
    config.rows = 20;
    config.cols = 24;
    config.adc_bits = 8;
    config.arithmetic = Arithmetic::sliced;
    Array array(config);
    config.arithmetic = Arithmetic::device;
    Array devices(config);
    const Block w = random.weights(20, 24, 16);
    REQUIRE(program(array, 0, 0, w).ok());
    REQUIRE(program(devices, 0, 0, w).ok());
    for (int i = 0; i < 3; ++i) {
      const Operands x = random.operands(20, 6);
      const Operands d = random.operands(24, 6);
      CHECK(mvm(array, x, 6, 24) == mvm(devices, x, 6, 24));
      CHECK(mtvm(array, d, 6, 20) == mtvm(devices, d, 6, 20));
      REQUIRE(array.opa(x, 6, d).ok());
      REQUIRE(devices.opa(x, 6, d).ok());
    }
    CHECK(array.statistics().conversions_rounded > 0);
    CHECK(array.statistics().conversions_rounded == devices.statistics().conversions_rounded);
    CHECK(array.statistics().conversions_clipped == devices.statistics().conversions_clipped);
  }
}

TEST_CASE("an encoding that cells cannot have is refused") {
  ArrayConfig config = sixteen_bit(Encoding::twos_complement, 2);
  CHECK_THROWS_WITH(config.validate(), Catch::Contains("cell_bits[0] = 2 is not allowed (3 to 8)"));
  config = sixteen_bit(Encoding::differential, 8);
  CHECK_THROWS_WITH(config.validate(), Catch::Contains("cell_bits[0] = 8 is not allowed (2 to 7)"));
}

TEST_CASE("a cell of a pair that is held takes no more deposits while its partner does") {
  ArrayConfig config = sixteen_bit(Encoding::differential, 6);
  config.rows = config.cols = 2;
  Array array(config);
  const std::vector<std::int32_t> weights{1, -2, 0, 0};
  REQUIRE(array.program(0, 0, 2, 2, weights.data(), 2).ok());
  array.hold({{0, 0, 0, 1, 0}, {0, 0, 1, 2, 1}});
  const std::vector<std::int16_t> x{1, 0};
  const std::vector<std::int16_t> up{1, 1};
  const std::vector<std::int16_t> down{-1, -1};
  REQUIRE(array.opa(x, 1, up).ok());
  CHECK(array.cell_of_pair(0, 0, 0, 0) == 1);  // held
  CHECK(array.cell_of_pair(0, 0, 1, 0) == 1);
  REQUIRE(array.opa(x, 1, down).ok());
  CHECK(array.cell_of_pair(0, 0, 0, 1) == 1);
  CHECK(array.cell_of_pair(0, 0, 1, 1) == 2);  // held
  CHECK(array.cell(0, 0, 0) == 1 - 1);
  CHECK(array.cell(0, 0, 1) == 1 - 2);
  // Carry resolution cannot clear what is held.
  array.crs();
  CHECK(array.cell_of_pair(0, 0, 0, 0) == 1);
  CHECK(array.cell_of_pair(0, 0, 1, 1) == 2);
}

}  // namespace weft::test
