// SPDX-License-Identifier: Apache-2.0
// What devices do to pairs of cells and to unit columns, against figures derived from single cells. That both
// equal the sliced model without effects is test_device_cells.cpp's.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/models/crossbar/array_fixture.h"
#include "tests/models/device/ensemble.h"

namespace weft::test {
namespace {

using crossbar::AdcRange;
using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;
using crossbar::Encoding;

constexpr int rows = 64;
constexpr int cols = 24;
constexpr int seeds = 200;
constexpr double largest = 63;  // state of a cell of 6 bits, in a pair
const double pi = std::acos(-1.0);

// One slice, converters that round to a cell unit, far finer than the noise, and never clip.
ArrayConfig one_slice(Encoding encoding) {
  ArrayConfig config;
  config.rows = rows;
  config.cols = cols;
  config.slices = 1;
  config.digit_bits = 6;
  config.cell_bits = {6};
  config.adc_bits = 20;
  config.adc_range = AdcRange::granular;
  config.encoding = encoding;
  config.arithmetic = Arithmetic::device;
  return config;
}

Block all(std::int32_t weight) { return Block(rows, std::vector<std::int32_t>(cols, weight)); }

// Results of all columns with every row driven by one unit, less what ideal devices give, over many seeds:
// [seed][column].
std::vector<Results> errors(ArrayConfig config, std::int32_t weight) {
  std::vector<Results> all_errors;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    config.device.seed = seed;
    Array array(config);
    REQUIRE(program(array, 0, 0, all(weight)).ok());
    Results y = mvm(array, Operands(rows, 1), 1, cols);
    for (std::int64_t& each : y) each -= std::int64_t{rows} * weight;
    all_errors.push_back(y);
  }
  return all_errors;
}

// Of the error of one weight, if those of a column's cells are independent; rounding adds a twelfth.
void require_errors(const ArrayConfig& config, std::int32_t weight, double mean, double variance) {
  std::vector<double> sample;
  for (const Results& seed : errors(config, weight)) sample.insert(sample.end(), seed.begin(), seed.end());
  require_normal(sample, rows * mean, std::sqrt(rows * variance + 1.0 / 12));
}

double square(double x) { return x * x; }

}  // namespace

TEST_CASE("a pair of cells has the read noise of two cells") {
  ArrayConfig config = one_slice(Encoding::differential);
  config.device.read_noise.sigma = 0.1;
  require_errors(config, 0, 0, 2 * square(0.1 * largest));
  require_errors(config, 17, 0, 2 * square(0.1 * largest));
}

TEST_CASE(
    "noise that follows conductance is that of the weight in a pair, and of half a cell beside a reference") {
  ArrayConfig config = one_slice(Encoding::differential);
  config.device.read_noise.relative_sigma = 0.3;
  for (const Results& y : errors(config, 0)) CHECK(y == Results(cols));
  require_errors(config, 20, 0, square(0.3 * 20));
  require_errors(config, -20, 0, square(0.3 * 20));
  config.encoding = Encoding::reference;
  require_errors(config, 0, 0, square(0.3 * 32));
}

TEST_CASE("noise of a pair is the same from the other side") {
  ArrayConfig config = one_slice(Encoding::differential);
  config.device.read_noise = {0.1, 0.1};
  std::vector<double> sample;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    config.device.seed = seed;
    Array array(config);
    REQUIRE(program(array, 0, 0, all(-20)).ok());
    for (const std::int64_t y : mtvm(array, Operands(cols, 1), 1, rows)) {
      sample.push_back(static_cast<double>(y + cols * 20));
    }
  }
  require_normal(sample, 0, std::sqrt(cols * (2 * square(0.1 * largest) + square(0.1 * 20)) + 1.0 / 12));
}

// The cell that a digit leaves at zero cannot conduct less than nothing: its error is the positive half of a
// normal deviate, with mean s / sqrt(2 pi) and variance s^2 (1/2 - 1 / (2 pi)).
TEST_CASE("programming errors of a pair are a cell's and half a cell's") {
  const double s = 0.1 * largest;
  const double half_mean = s / std::sqrt(2 * pi);
  const double half_variance = s * s * (0.5 - 0.5 / pi);
  ArrayConfig config = one_slice(Encoding::differential);
  config.device.programming.sigma = 0.1;
  require_errors(config, 31, -half_mean, s * s + half_variance);
  require_errors(config, -31, half_mean, s * s + half_variance);
  require_errors(config, 0, 0, 2 * half_variance);
}

TEST_CASE("drift lets a pair's weights fade and leaves zeros alone") {
  ArrayConfig config = one_slice(Encoding::differential);
  config.device.drift.age = device::DriftAge::configured;
  config.device.drift.time_s = 20 * (std::exp(2.0) - 1);
  config.device.drift.exponent = 0.25;
  Array array(config);
  Block weights = all(0);
  weights[0].assign(cols, 30);
  weights[1].assign(cols, -20);
  REQUIRE(program(array, 0, 0, weights).ok());
  const double left = std::exp(-0.5);
  CHECK(mvm(array, {1, 0, 1}, 1, 1)[0] == std::lround(30 * left));
  CHECK(mvm(array, {0, 1, 1}, 1, 1)[0] == std::lround(-20 * left));
  CHECK(mvm(array, {0, 0, 1}, 1, 1)[0] == 0);
}

TEST_CASE("pulses of either sign only raise a cell of the pair, each along its own curve") {
  ArrayConfig config = one_slice(Encoding::differential);
  config.device.update.model = "soft_bounds";
  config.device.update.step = 1.5;
  Array array(config);
  for (int n = 0; n < 20; ++n) REQUIRE(array.opa(Operands{1}, 1, Operands{1}).ok());
  for (int n = 0; n < 8; ++n) REQUIRE(array.opa(Operands{1}, 1, Operands{-1}).ok());
  const auto state = [](int pulses) { return largest * (1 - std::pow(1 - 1.5 / largest, pulses)); };
  CHECK(mvm(array, {100}, 7, 1)[0] == Approx(100 * (state(20) - state(8))).margin(7 * 0.5 * 64));
  CHECK(array.device_statistics().update_pulses == 28);
  // What is deposited up and down again stays in both cells until carries are resolved.
  CHECK(array.cell(0, 0, 0) == std::lround(state(20)) - std::lround(state(8)));
  const std::uint64_t before = array.device_statistics().program_pulses;
  array.crs();
  CHECK(array.device_statistics().program_pulses == before + 2);
  CHECK(array.cell(0, 0, 0) == std::lround(state(20)) - std::lround(state(8)));
}

TEST_CASE("a pair that is full on one side still goes the other way") {
  ArrayConfig config = one_slice(Encoding::differential);
  Array array(config);
  for (int n = 0; n < 2; ++n) REQUIRE(array.opa(Operands{35}, 6, Operands{1}).ok());
  CHECK(array.cell(0, 0, 0) == 63);
  CHECK(array.statistics().saturated[0].units == 7);
  for (int n = 0; n < 2; ++n) REQUIRE(array.opa(Operands{35}, 6, Operands{-1}).ok());
  CHECK(array.cell(0, 0, 0) == 0);
  CHECK(array.statistics().saturated[0].units == 14);
}

TEST_CASE("cells of a pair are stuck one by one") {
  ArrayConfig config = one_slice(Encoding::differential);
  config.rows = 128;
  config.cols = 128;
  config.device.stuck = {0, 0.1};
  Array array(config);
  const std::vector<std::int32_t> nothing(128 * 128);
  REQUIRE(array.program(0, 0, 128, 128, nothing.data(), 128).ok());
  constexpr double pairs = 128 * 128;
  require_share(array.device_statistics().stuck_high, 2 * pairs, 0.1);
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  for (int r = 0; r < 128; ++r) {
    for (int c = 0; c < 128; ++c) {
      const int digit = array.cell(0, r, c);
      up += digit == 63 ? 1U : 0U;
      down += digit == -63 ? 1U : 0U;
    }
  }
  require_share(up, pairs, 0.1 * 0.9);
  require_share(down, pairs, 0.1 * 0.9);
}

TEST_CASE("verified writes of pairs count the pulses of both cells, and the slowest of a row") {
  ArrayConfig config = one_slice(Encoding::differential);
  config.device.programming.sigma = 0.02;
  // Half of the attempts pass.
  config.device.programming.verify_window = 0.6744897501960817 * 0.02 * largest;
  Array array(config);
  REQUIRE(program(array, 0, 0, all(30)).ok());
  const device::CellStatistics pulses = array.device_statistics();
  // Geometric with p = 1/2: mean 2, variance 2. A cell at zero is within the window when the error is
  // negative, too: p = 3/4, mean 4/3, variance 4/9.
  constexpr double cells = rows * cols;
  const double mean = cells * (2 + 4.0 / 3);
  const double sigma = std::sqrt(cells * (2 + 4.0 / 9));
  CHECK(std::fabs(static_cast<double>(pulses.program_pulses) - mean) < sigmas_allowed * sigma);
  CHECK(pulses.row_pulses >= 2 * rows);
  CHECK(pulses.row_pulses < pulses.program_pulses / 2);
}

// A unit column has cells like the others: its error is in the results of all columns.
TEST_CASE("errors of a unit column are common to all columns") {
  ArrayConfig config = one_slice(Encoding::unit_column);
  config.device.read_noise.sigma = 0.1;
  const double own = rows * square(0.1 * largest);
  double covariance = 0;
  double variance = 0;
  for (const Results& y : errors(config, 5)) {
    double sum = 0;
    double squares = 0;
    for (const std::int64_t each : y) {
      sum += static_cast<double>(each);
      squares += square(static_cast<double>(each));
    }
    variance += squares / cols / seeds;
    covariance += (sum * sum - squares) / (cols * (cols - 1)) / seeds;
  }
  // The standard error of a variance estimated from n common errors is sqrt(2 / n) of it.
  CHECK(covariance == Approx(own).epsilon(sigmas_allowed * std::sqrt(2.0 / seeds)));
  CHECK(variance == Approx(2 * own).epsilon(sigmas_allowed * std::sqrt(2.0 / seeds)));
  // An offset that is subtracted digitally has no such error.
  config.encoding = Encoding::offset;
  require_errors(config, 5, 0, own / rows);
}

TEST_CASE("cells of a unit column are written once, with the errors of any write") {
  ArrayConfig config = one_slice(Encoding::unit_column);
  config.device.programming.sigma = 0.05;
  Array array(config);
  const Operands x(rows, 1);
  REQUIRE(program(array, 0, 0, all(0)).ok());
  CHECK(array.device_statistics().program_pulses == rows * cols + rows + cols);
  const std::int64_t first = mvm(array, x, 1, 1)[0];
  CHECK(mvm(array, x, 1, 1)[0] == first);
  double common = 0;
  const Results y = mvm(array, x, 1, cols);
  for (const std::int64_t each : y) common += static_cast<double>(each) / cols;
  REQUIRE(program(array, 0, 0, all(0)).ok());
  double again = 0;
  for (const std::int64_t each : mvm(array, x, 1, cols)) again += static_cast<double>(each) / cols;
  // New errors of `cols` columns, the same of the unit column.
  const double sigma = std::sqrt(2.0 * rows / cols) * 0.05 * largest;
  CHECK(std::fabs(common - again) < sigmas_allowed * sigma);
  CHECK(common != again);
}

}  // namespace weft::test
