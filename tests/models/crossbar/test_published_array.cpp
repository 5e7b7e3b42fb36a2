// SPDX-License-Identifier: Apache-2.0
// The array of PANTHER (arXiv 1912.11516) with its published slicing and cells.
#include <algorithm>
#include <catch2/catch.hpp>

#include "models/crossbar/adc.h"
#include "models/crossbar/array_presets.h"
#include "tests/models/crossbar/array_fixture.h"

namespace weft::test {
namespace {

using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;

// Units that slices of `digit_bits` receive from one product of two magnitudes of `bits` ones.
std::vector<int> units_of_all_ones(int bits, int digit_bits, int slices) {
  std::vector<int> units(static_cast<std::size_t>(slices));
  for (int step = 0; step < bits; ++step) {
    for (int bit = step; bit < step + bits; ++bit) {
      const auto slice = static_cast<std::size_t>(bit / digit_bits);
      if (slice < units.size()) units[slice] += 1 << (bit % digit_bits);
    }
  }
  return units;
}

// What the slices were offered by one update of 32767 * 32767 to a weight of zero: taken and lost.
std::vector<int> units_offered(const ArrayConfig& config, const crossbar::Kernels& kernels) {
  Array array(config, kernels);
  REQUIRE(array.opa(Operands{32767}, 15, Operands{32767}).ok());
  std::vector<int> units;
  for (int slice = 0; slice < config.slices; ++slice) {
    const int lost = static_cast<int>(array.statistics().saturated[static_cast<std::size_t>(slice)].units);
    units.push_back(array.cell(slice, 0, 0) + lost);
  }
  return units;
}

}  // namespace

TEST_CASE("one all-ones product offers the slices the published numbers of units") {
  // The paper counts sixteen magnitude bits; a sign-magnitude operand of 16 bits has fifteen.
  CHECK(units_of_all_ones(16, 4, 8) == std::vector<int>{49, 109, 169, 229, 191, 131, 71, 11});
  const std::vector<int> fifteen_bits{49, 109, 169, 213, 161, 101, 41, 1};
  CHECK(units_of_all_ones(15, 4, 8) == fifteen_bits);
  const std::vector<int> two_bit_digits{5, 11, 17, 23, 29, 35, 41, 43};
  CHECK(units_of_all_ones(15, 2, 8) == two_bit_digits);
  for (const crossbar::Kernels* kernels : crossbar::available_kernels()) {
    CAPTURE(kernels->name);
    CHECK(units_offered(crossbar::panther_array(), *kernels) == fifteen_bits);
    CHECK(units_offered(crossbar::panther_array_16_bit(), *kernels) == two_bit_digits);
  }
}

TEST_CASE("every slice of the published array saturates at its own range") {
  for (const int sign : {1, -1}) {
    CAPTURE(sign);
    Array array(crossbar::panther_array());
    REQUIRE(array.opa(Operands{32767}, 15, Operands{static_cast<std::int16_t>(sign * 32767)}).ok());
    const std::vector<int> ends = sign > 0 ? std::vector<int>{15, 15, 15, 31, 31, 7, 7, 1}
                                           : std::vector<int>{-16, -16, -16, -32, -32, -8, -8, -1};
    for (int slice = 0; slice < 8; ++slice) {
      CAPTURE(slice);
      CHECK(array.cell(slice, 0, 0) == ends[static_cast<std::size_t>(slice)]);
      CHECK(array.statistics().saturated[static_cast<std::size_t>(slice)].cells == (slice < 7 ? 1 : 0));
    }
  }
}

TEST_CASE("carry resolution of the published array leaves digits of -8 to 7") {
  Random random(41);
  Array array(crossbar::panther_array());
  REQUIRE(program(array, 0, 0, random.weights(128, 128, 32)).ok());
  REQUIRE(array.opa(random.operands(128, 15), 15, random.operands(128, 15)).ok());
  array.crs();
  int lowest = 0;
  int highest = 0;
  for (int slice = 0; slice < 8; ++slice) {
    for (int row = 0; row < 128; ++row) {
      for (int col = 0; col < 128; ++col) {
        lowest = std::min(lowest, array.cell(slice, row, col));
        highest = std::max(highest, array.cell(slice, row, col));
      }
    }
  }
  CHECK(lowest == -8);
  CHECK(highest == 7);
}

TEST_CASE("the published converters have two bits less than a slice's largest current needs") {
  const ArrayConfig config = crossbar::panther_array();
  CHECK(config.slice_adc_bits == std::vector<int>{11, 11, 11, 12, 12, 10, 10, 10});
  for (int slice = 0; slice < 8; ++slice) {
    CAPTURE(slice);
    // 128 rows at -2^(b-1) give 2^(7+b-1); the positive codes of 7+b-1 bits end below half of that, so that
    // steps of two cell units do not suffice either.
    CHECK(crossbar::make_adc(config, 128, slice, false).shift == 2);
  }
}

TEST_CASE("a product from the other side equals the product with the transposed matrix") {
  Random random(42);
  ArrayConfig config = crossbar::panther_array();
  config.slice_adc_bits.clear();
  config.adc_bits = config.lossless_adc_bits();
  config.rows = 45;
  config.cols = 70;
  ArrayConfig flipped = config;
  std::swap(flipped.rows, flipped.cols);
  const Block w = random.weights(45, 70, 32);
  Block w_transposed(70, std::vector<std::int32_t>(45));
  for (std::size_t r = 0; r < 45; ++r) {
    for (std::size_t c = 0; c < 70; ++c) w_transposed[c][r] = w[r][c];
  }
  const Operands x = random.operands(70, 15);
  for (const crossbar::Kernels* kernels : crossbar::available_kernels()) {
    for (const Arithmetic arithmetic : {Arithmetic::sliced, Arithmetic::automatic}) {
      CAPTURE(kernels->name);
      config.arithmetic = flipped.arithmetic = arithmetic;
      Array array(config, *kernels);
      Array transposed(flipped, *kernels);
      REQUIRE(program(array, 0, 0, w).ok());
      REQUIRE(program(transposed, 0, 0, w_transposed).ok());
      CHECK(mtvm(array, x, 15, 45) == mvm(transposed, x, 15, 45));
    }
  }
}

}  // namespace weft::test
