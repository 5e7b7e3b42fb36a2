// SPDX-License-Identifier: Apache-2.0
// The array of PANTHER (arXiv 1912.11516) with its published slicing and cells.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <utility>

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

// A magnitude of `bits` whose full scale is three standard deviations of a normal distribution.
int gaussian_magnitude(Random& random, int bits) {
  constexpr double two_pi = 6.283185307179586;
  const double radius = (1.0 + random.below(1 << 24)) / (1 << 24);
  const double angle = two_pi * random.below(1 << 24) / (1 << 24);
  const int largest = (1 << bits) - 1;
  const double deviate = std::sqrt(-2 * std::log(radius)) * std::cos(angle);
  return std::min(largest, static_cast<int>(std::lround(std::fabs(deviate) * largest / 3)));
}

// Which cells of slices 0 to 3 have met an end of their range.
class ClippedCells {
 public:
  static constexpr int slices = 4;
  static constexpr int lines = 64;

  // Before `array` takes the update.
  void observe(Array& array, const Operands& x, const Operands& d) {
    for (int slice = 0; slice < slices; ++slice) {
      for (int row = 0; row < lines; ++row) {
        for (int col = 0; col < lines; ++col) {
          const int wanted = array.cell(slice, row, col) + offered(slice, x[static_cast<std::size_t>(row)],
                                                                   d[static_cast<std::size_t>(col)]);
          if (wanted < array.config().cell_min(slice) || wanted > array.config().cell_max(slice))
            met_.insert((slice * lines + row) * lines + col);
        }
      }
    }
  }

  std::array<double, slices> shares() const {
    std::array<double, slices> share{};
    for (const int cell : met_)
      share[static_cast<std::size_t>(cell / (lines * lines))] += 1.0 / (lines * lines);
    return share;
  }

 private:
  static int offered(int slice, int x, int d) {
    int units = 0;
    for (int step = 0; step < 12; ++step) {
      if (((x >> step) & 1) != 0) units += ((std::abs(d) << step) >> (4 * slice)) & 15;
    }
    return d < 0 ? -units : units;
  }

  std::set<int> met_;
};

using Shares = std::array<double, ClippedCells::slices>;

// Mean shares of cells that clipped after 16 and after 64 examples. Activations of 12 bits, half of them
// zero, as after ReLU; errors of `error_bits`; random weights with resolved carries.
std::pair<Shares, Shares> clipped_shares(int error_bits) {
  constexpr int seeds = 3;
  std::pair<Shares, Shares> mean{};
  for (int seed = 0; seed < seeds; ++seed) {
    Random random(static_cast<std::uint64_t>(80 + seed));
    ArrayConfig config = crossbar::panther_array();
    config.rows = config.cols = ClippedCells::lines;
    config.arithmetic = Arithmetic::sliced;
    Array array(config);
    Block weights(ClippedCells::lines, std::vector<std::int32_t>(ClippedCells::lines));
    for (auto& row : weights) {
      for (auto& weight : row)
        weight = (random.below(1 << 16) - (1 << 15)) * (1 << 13) + random.below(1 << 13);
    }
    REQUIRE(program(array, 0, 0, weights).ok());
    ClippedCells clipped;
    for (int example = 1; example <= 64; ++example) {
      Operands x(ClippedCells::lines);
      Operands d(ClippedCells::lines);
      for (auto& value : x)
        value = static_cast<std::int16_t>(random.one_in(2) ? gaussian_magnitude(random, 12) : 0);
      for (auto& value : d) {
        const int magnitude = gaussian_magnitude(random, error_bits);
        value = static_cast<std::int16_t>(random.one_in(2) ? -magnitude : magnitude);
      }
      clipped.observe(array, x, d);
      REQUIRE(array.opa(x, 12, d).ok());
      Shares& sum = example == 16 ? mean.first : mean.second;
      if (example != 16 && example != 64) continue;
      const Shares now = clipped.shares();
      for (std::size_t slice = 0; slice < now.size(); ++slice) sum[slice] += now[slice] / seeds;
    }
    // No other slice has lost anything.
    for (std::size_t slice = 4; slice < 8; ++slice) CHECK(array.statistics().saturated[slice].cells == 0);
  }
  return mean;
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

// Derived for PANTHER's array from its sections 3.1 to 3.4, with activations of 12 bits and a ReLU density of
// one half. The distribution of the operands is not part of that derivation; with the one here the largest
// difference is 0.09.
TEST_CASE("deposits of every example fill the low slices of the published array") {
  struct Row {
    int error_bits;
    Shares after_16;
    Shares after_64;
  };
  constexpr double tolerance = 0.1;
  for (const Row& row : {Row{1, {0.17, 0.08, 0.04, 0}, {0.56, 0.54, 0.24, 0}},
                         Row{3, {0.76, 0.80, 0.59, 0}, {1.0, 1.0, 0.97, 0}},
                         Row{6, {0.94, 0.99, 0.98, 0.04}, {1.0, 1.0, 1.0, 0.45}}}) {
    const auto [after_16, after_64] = clipped_shares(row.error_bits);
    for (std::size_t slice = 0; slice < row.after_16.size(); ++slice) {
      CAPTURE(row.error_bits, slice);
      CHECK(after_16[slice] == Approx(row.after_16[slice]).margin(tolerance));
      CHECK(after_64[slice] == Approx(row.after_64[slice]).margin(tolerance));
    }
  }
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
