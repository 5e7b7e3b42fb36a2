// SPDX-License-Identifier: Apache-2.0
// What the operations mean.
#include <catch2/catch.hpp>

#include "tests/models/crossbar/array_fixture.h"

namespace weft::test {
namespace {

using crossbar::AdcRange;
using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;
using crossbar::StatusCode;

constexpr Arithmetic both[] = {Arithmetic::automatic, Arithmetic::sliced};

ArrayConfig array_of(int rows, int cols, Arithmetic arithmetic) {
  ArrayConfig config;
  config.rows = rows;
  config.cols = cols;
  config.arithmetic = arithmetic;
  return config;
}

Results integer_product(const Block& w, const Operands& x) {
  Results y(w[0].size());
  for (std::size_t r = 0; r < x.size(); ++r) {
    for (std::size_t c = 0; c < y.size(); ++c) y[c] += std::int64_t{x[r]} * w[r][c];
  }
  return y;
}

Block transposed(const Block& w) {
  Block t(w[0].size(), std::vector<std::int32_t>(w.size()));
  for (std::size_t r = 0; r < w.size(); ++r) {
    for (std::size_t c = 0; c < w[0].size(); ++c) t[c][r] = w[r][c];
  }
  return t;
}

}  // namespace

TEST_CASE("a lossless array computes the integer product at full size") {
  Random random(3);
  const Block w = random.weights(128, 128, 32);
  const Operands x = random.operands(128, 15, 1);
  for (const Arithmetic arithmetic : both) {
    Array array(array_of(128, 128, arithmetic));
    REQUIRE(program(array, 0, 0, w).ok());
    CHECK(mvm(array, x, 15, 128) == integer_product(w, x));
    CHECK(mtvm(array, x, 15, 128) == integer_product(transposed(w), x));
  }
}

TEST_CASE("the transposed product of W is the product of W transposed, losses included") {
  Random random(4);
  const Block w = random.weights(30, 30, 32);
  const Operands x = random.operands(30, 12);
  for (const int adc_bits : {5, 10}) {
    ArrayConfig config = array_of(30, 30, Arithmetic::automatic);
    config.adc_bits = adc_bits;
    Array array(config);
    Array mirror(config);
    REQUIRE(program(array, 0, 0, w).ok());
    REQUIRE(program(mirror, 0, 0, transposed(w)).ok());
    CHECK(mtvm(array, x, 12, 30) == mvm(mirror, x, 12, 30));
  }
}

TEST_CASE("a matrix smaller than the array uses the top-left part") {
  Random random(5);
  const Block w = random.weights(10, 7, 24);
  const Operands x = random.operands(10, 8);
  Array array(ArrayConfig{});
  REQUIRE(program(array, 0, 0, w).ok());
  CHECK(mvm(array, x, 8, 7) == integer_product(w, x));
  CHECK(array.statistics().conversions == 8 * 16 * 7);
  CHECK(array.conversions(8, 7) == 8 * 16 * 7);
}

TEST_CASE("an ADC one bit short changes the result as the slow model says") {
  struct Case {
    AdcRange range;
    int last_weight;
    std::int64_t result;
    std::uint64_t clipped;
    std::uint64_t rounded;
  };
  // 128 rows with -2 in slice 0, driven with -1, are the largest current of canonical digits: 256, one
  // beyond the granular codes of nine bits. With steps of two, 255 is what cannot be told from 256.
  const Case cases[] = {{AdcRange::granular, -2, 255, 1, 0}, {AdcRange::max, -1, 256, 0, 1}};
  for (const Case& expected : cases) {
    for (const Arithmetic arithmetic : both) {
      Block w(128, {-2});
      w[5][0] = expected.last_weight;
      const Operands x(128, -1);
      ArrayConfig config = array_of(128, 1, arithmetic);
      config.adc_range = expected.range;
      Array lossless(config);
      REQUIRE(program(lossless, 0, 0, w).ok());
      CHECK(mvm(lossless, x, 1, 1) == integer_product(w, x));

      config.adc_bits = config.lossless_adc_bits() - 1;
      Array lossy(config);
      SlowArray slow(config);
      REQUIRE(program(lossy, 0, 0, w).ok());
      slow.program(0, 0, w);
      const Results y = mvm(lossy, x, 1, 1);
      CHECK(y == slow.multiply(x, 1, 1, false));
      CHECK(y == Results{expected.result});
      CHECK(y != integer_product(w, x));
      CHECK(lossy.statistics().conversions_clipped == expected.clipped);
      CHECK(lossy.statistics().conversions_rounded == expected.rounded);
    }
  }
}

TEST_CASE("the ADC's full scale follows the cell range while carries are unresolved") {
  ArrayConfig config = array_of(128, 1, Arithmetic::sliced);
  Array array(config);
  REQUIRE(program(array, 0, 0, Block(128, {1})).ok());
  const Operands one_row{1};
  CHECK(mvm(array, one_row, 1, 1) == Results{1});
  REQUIRE(array.opa(Operands(1, 0), 1, Operands(1, 0)).ok());
  // 511 codes of 8 units end below the full scale of 128 * 32, so a code is 16 and 8 rounds up to it.
  const Operands eight_rows(8, 1);
  CHECK(mvm(array, one_row, 1, 1) == Results{0});
  CHECK(mvm(array, eight_rows, 1, 1) == Results{16});
  array.crs();
  CHECK(mvm(array, eight_rows, 1, 1) == Results{8});
}

TEST_CASE("an update followed by carry resolution is W + x d^T when nothing saturates") {
  Random random(6);
  for (const Arithmetic arithmetic : both) {
    Block w = random.weights(40, 25, 28);
    Array array(array_of(40, 25, arithmetic));
    REQUIRE(program(array, 0, 0, w).ok());
    for (int example = 0; example < 20; ++example) {
      const Operands x = random.operands(40, 10, 2);
      const Operands d = random.operands(25, 15, 2);
      REQUIRE(array.opa(x, 10, d).ok());
      array.crs();
      for (std::size_t r = 0; r < w.size(); ++r) {
        for (std::size_t c = 0; c < w[0].size(); ++c) w[r][c] += x[r] * d[c];
      }
    }
    int different = 0;
    for (int r = 0; r < 40; ++r) {
      for (int c = 0; c < 25; ++c)
        different += static_cast<int>(array.weight(r, c) !=
                                      w[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)]);
    }
    CHECK(different == 0);
    CHECK(array.statistics().opas == 20);
    CHECK(array.statistics().opa_steps == 200);
    CHECK(array.statistics().carry_resolutions == 20);
    for (const auto& slice : array.statistics().saturated) CHECK(slice.cells == 0);
  }
}

TEST_CASE("a full cell loses its share of an update and the loss is counted per slice") {
  for (const Arithmetic arithmetic : both) {
    ArrayConfig config = array_of(2, 2, arithmetic);
    config.cell_bits.assign(16, 3);
    Array array(config);
    SlowArray slow(config);
    // 5 * 3 = (3 << 0) + (3 << 2): three units in each of the two lowest slices, whose cells end at 3.
    const Operands x{5, 0};
    const Operands d{3, -3};
    REQUIRE(array.opa(x, 3, d).ok());
    CHECK(array.weight(0, 0) == 15);
    REQUIRE(array.opa(x, 3, d).ok());
    CHECK(array.weight(0, 0) == 15);
    CHECK(array.weight(0, 1) == -20);
    CHECK(array.weight(1, 0) == 0);
    for (int slice = 0; slice < 2; ++slice) {
      CHECK(array.cell(slice, 0, 0) == 3);
      CHECK(array.cell(slice, 0, 1) == -4);
      CHECK(array.statistics().saturated[static_cast<std::size_t>(slice)].cells == 2);
      CHECK(array.statistics().saturated[static_cast<std::size_t>(slice)].units == 5);
    }
    CHECK(array.statistics().saturated[2].cells == 0);
    slow.opa(x, d);
    slow.opa(x, d);
    require_same_cells(array, slow);
    require_same_counts(array, slow);
  }
}

TEST_CASE("carry resolution keeps the value and rewrites canonical digits") {
  for (const Arithmetic arithmetic : both) {
    ArrayConfig config = array_of(1, 1, arithmetic);
    Array array(config);
    // Three times 7 * 3: slice 0 takes 3 (step 0), 2 (step 1) and 0 (step 2) units each time.
    for (int i = 0; i < 3; ++i) REQUIRE(array.opa(Operands{7}, 3, Operands{3}).ok());
    CHECK(array.weight(0, 0) == 63);
    CHECK(array.cell(0, 0, 0) == 15);
    CHECK(array.cell(1, 0, 0) == 12);
    CHECK_FALSE(array.carries_resolved());
    array.crs();
    CHECK(array.weight(0, 0) == 63);
    // 63 = 64 - 1
    CHECK(array.cell(0, 0, 0) == -1);
    CHECK(array.cell(1, 0, 0) == 0);
    CHECK(array.cell(2, 0, 0) == 0);
    CHECK(array.cell(3, 0, 0) == 1);
    CHECK(array.carries_resolved());
  }
}

TEST_CASE("weights are clamped to their range when programmed, read and resolved") {
  for (const Arithmetic arithmetic : both) {
    ArrayConfig config = array_of(1, 2, arithmetic);
    config.slices = 4;
    Array array(config);
    REQUIRE(program(array, 0, 0, {{1000, -1000}}).ok());
    CHECK(array.weight(0, 0) == 127);
    CHECK(array.weight(0, 1) == -128);
    CHECK(array.statistics().weights_clamped == 2);

    REQUIRE(array.opa(Operands{3}, 2, Operands{1, 0}).ok());
    CHECK(array.weight(0, 0) == 130);
    std::int32_t read[2] = {};
    REQUIRE(array.read(0, 0, 1, 2, read, 2).ok());
    CHECK(read[0] == 127);
    CHECK(read[1] == -128);
    CHECK(array.statistics().weights_clamped == 3);
    array.crs();
    CHECK(array.weight(0, 0) == 127);
    CHECK(array.statistics().weights_clamped == 4);
    CHECK(array.statistics().cells_programmed == 8);
    CHECK(array.statistics().cells_read == 8);
  }
}

TEST_CASE("product bits beyond the top slice are lost and counted") {
  for (const Arithmetic arithmetic : both) {
    ArrayConfig config = array_of(2, 2, arithmetic);
    config.slices = 4;
    Array array(config);
    // 8 * 33 = 264: bit 8 has no slice, bit 3 has.
    REQUIRE(array.opa(Operands{8, 1}, 4, Operands{33, 1}).ok());
    CHECK(array.weight(0, 0) == 8);
    CHECK(array.weight(0, 1) == 8);
    CHECK(array.weight(1, 0) == 33);
    CHECK(array.statistics().opa_products_truncated == 1);
  }
}

TEST_CASE("an operand that does not fit its width is reported and nothing happens") {
  for (const Arithmetic arithmetic : both) {
    Array array(array_of(4, 3, arithmetic));
    REQUIRE(program(array, 0, 0, Block(4, {1, 2, 3})).ok());
    Results y{-1, -1, -1};
    const auto status = array.mvm(Operands{1, 15, -16, 99}, 4, y);
    CHECK(status.code == StatusCode::operand_overflow);
    CHECK(status.index == 2);
    CHECK(status.value == -16);
    CHECK(status.describe() == "operand [2] = -16 does not fit the operand width");
    CHECK(y == Results{-1, -1, -1});
    CHECK(array.mtvm(Operands{0, 0, 8}, 3, y).index == 2);
    CHECK(array.opa(Operands{1, 2, 4}, 2, Operands{1, 1, 1}).index == 2);
    // The one value of int16 without a 15-bit magnitude.
    CHECK(array.opa(Operands{1}, 15, Operands{1, -32768}).index == 1);
    CHECK(array.weight(0, 0) == 1);
    CHECK(array.carries_resolved());
    CHECK(array.statistics().mvms == 0);
    CHECK(array.statistics().conversions == 0);
    CHECK(array.statistics().opas == 0);
  }
}

TEST_CASE("shapes and widths that do not fit are reported and nothing happens") {
  Array array(array_of(4, 3, Arithmetic::automatic));
  Results three(3);
  Results four(4);
  CHECK(array.mvm(Operands(5), 4, three).code == StatusCode::shape);
  CHECK(array.mvm(Operands(4), 4, four).code == StatusCode::shape);
  CHECK(array.mtvm(Operands(4), 4, four).code == StatusCode::shape);
  CHECK(array.opa(Operands(4), 4, Operands(4)).code == StatusCode::shape);
  CHECK(array.opa(Operands(5), 4, Operands(3)).code == StatusCode::shape);
  CHECK(array.mvm(Operands(4), 0, three).code == StatusCode::width);
  CHECK(array.mvm(Operands(4), 16, three).code == StatusCode::width);
  CHECK(array.opa(Operands(4), 16, Operands(3)).value == 16);
  std::int32_t block[16] = {};
  CHECK(array.program(1, 0, 4, 3, block, 3).code == StatusCode::shape);
  CHECK(array.program(0, -1, 1, 1, block, 1).code == StatusCode::shape);
  CHECK(array.program(0, 0, 2, 3, block, 2).code == StatusCode::shape);
  CHECK(array.read(0, 2, 1, 2, block, 2).code == StatusCode::shape);
  CHECK(array.statistics().cells_programmed == 0);
}

TEST_CASE("empty operands are operations on nothing") {
  for (const Arithmetic arithmetic : both) {
    Array array(array_of(4, 3, arithmetic));
    REQUIRE(program(array, 0, 0, Block(4, {1, 2, 3})).ok());
    CHECK(mvm(array, {}, 4, 3) == Results{0, 0, 0});
    CHECK(mtvm(array, Operands{1}, 1, 0).empty());
    REQUIRE(array.opa({}, 4, {}).ok());
    CHECK(array.weight(3, 2) == 3);
  }
}

}  // namespace weft::test
