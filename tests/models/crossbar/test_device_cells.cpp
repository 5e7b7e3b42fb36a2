// SPDX-License-Identifier: Apache-2.0
// The array with devices: equal to the sliced model without effects, and what effects do to results.
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "models/common/error.h"
#include "models/crossbar/array_presets.h"
#include "tests/models/crossbar/array_fixture.h"
#include "tests/models/device/ensemble.h"

namespace weft::test {
namespace {

using crossbar::AdcRange;
using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;
using crossbar::Encoding;

void require_same_statistics(const Array& a, const Array& b) {
  const crossbar::ArrayStatistics& one = a.statistics();
  const crossbar::ArrayStatistics& other = b.statistics();
  CHECK(one.conversions_clipped == other.conversions_clipped);
  CHECK(one.conversions_rounded == other.conversions_rounded);
  CHECK(one.weights_clamped == other.weights_clamped);
  CHECK(one.opa_deposits == other.opa_deposits);
  for (std::size_t slice = 0; slice < one.saturated.size(); ++slice) {
    CHECK(one.saturated[slice].cells == other.saturated[slice].cells);
    CHECK(one.saturated[slice].units == other.saturated[slice].units);
  }
}

void require_same_arrays(Array& a, Array& b) {
  int different = 0;
  for (int m = 0; m < a.config().slices; ++m) {
    for (int r = 0; r < a.config().rows; ++r) {
      for (int c = 0; c < a.config().cols; ++c)
        different += static_cast<int>(a.cell(m, r, c) != b.cell(m, r, c));
    }
  }
  CHECK(different == 0);
  require_same_statistics(a, b);
}

// One random operation on both; results must agree.
void same_step(Random& random, Array& a, Array& b) {
  const int rows = a.config().rows;
  const int cols = a.config().cols;
  switch (random.below(6)) {
    case 0: {
      const Operands x = random.operands(rows, 10, 2);
      CHECK(mvm(a, x, 10, cols) == mvm(b, x, 10, cols));
      break;
    }
    case 1: {
      const Operands x = random.operands(cols, 10, 2);
      CHECK(mtvm(a, x, 10, rows) == mtvm(b, x, 10, rows));
      break;
    }
    case 2: {
      const Block block = random.weights(random.between(1, rows), random.between(1, cols), 32);
      REQUIRE(program(a, 0, 0, block).ok());
      REQUIRE(program(b, 0, 0, block).ok());
      break;
    }
    case 3:
      a.crs();
      b.crs();
      break;
    default: {
      const Operands x = random.operands(rows, 10, 2);
      const Operands d = random.operands(cols, 15, 2);
      REQUIRE(a.opa(x, 10, d).ok());
      REQUIRE(b.opa(x, 10, d).ok());
    }
  }
}

ArrayConfig with_devices(int rows, int cols) {
  ArrayConfig config;
  config.rows = rows;
  config.cols = cols;
  config.arithmetic = Arithmetic::device;
  return config;
}

TEST_CASE("without effects devices give the bits of the sliced model") {
  std::vector<ArrayConfig> configs = {with_devices(20, 13), with_devices(9, 40)};
  configs.push_back(with_devices(24, 24));
  configs.back().adc_bits = 6;
  configs.push_back(with_devices(24, 24));
  configs.back().adc_bits = 4;
  configs.back().adc_range = AdcRange::granular;
  configs.push_back(with_devices(16, 16));
  configs.back().dac_bits = 3;
  configs.back().cell_bits.assign(16, 4);
  configs.push_back(with_devices(17, 33));
  configs.back().slices = 4;
  configs.back().digit_bits = 4;
  configs.back().cell_bits = {8, 4, 5, 6};
  for (const Encoding encoding :
       {Encoding::offset, Encoding::unit_column, Encoding::differential, Encoding::twos_complement}) {
    for (const int adc_bits : {7, 14}) {
      configs.push_back(with_devices(21, 35));
      configs.back().encoding = encoding;
      configs.back().adc_bits = adc_bits;
      configs.back().adc_range = adc_bits == 7 ? AdcRange::granular : AdcRange::max;
    }
  }
  const auto sets = crossbar::available_kernels();
  for (std::size_t i = 0; i < configs.size() * sets.size(); ++i) {
    const crossbar::Kernels& kernels = *sets[i / configs.size()];
    const ArrayConfig& config = configs[i % configs.size()];
    INFO("configuration " << i % configs.size() << ", " << kernels.name);
    ArrayConfig sliced = config;
    sliced.arithmetic = Arithmetic::sliced;
    Array device(config, kernels);
    Array reference(sliced);
    Random random(100 + i);
    for (int step = 0; step < 120; ++step) same_step(random, device, reference);
    require_same_arrays(device, reference);
    Block a(1, std::vector<std::int32_t>(static_cast<std::size_t>(sliced.cols)));
    Block b = a;
    REQUIRE(device.read(1, 0, 1, sliced.cols, a[0].data(), sliced.cols).ok());
    REQUIRE(reference.read(1, 0, 1, sliced.cols, b[0].data(), sliced.cols).ok());
    CHECK(a == b);
    CHECK(device.weight(2, 3) == reference.weight(2, 3));
  }
}

TEST_CASE("with every effect on, all instruction sets give the same bits") {
  ArrayConfig config = with_devices(70, 45);
  config.encoding = GENERATE(Encoding::reference, Encoding::unit_column, Encoding::differential);
  CAPTURE(static_cast<int>(config.encoding));
  config.adc_bits = 12;
  config.dac_bits = 2;
  config.device.variation = 0.02;
  config.device.programming.sigma = 0.01;
  config.device.programming.verify_window = 0.6;
  config.device.read_noise = {0.002, 0.003};
  config.device.stuck = {0.01, 0.01};
  config.device.drift.time_s = 10;
  config.device.update.model = "soft_bounds";
  config.device.update.noise = 0.3;
  config.device.wires = {device::WireModel::ladder, 0.1};
  for (const crossbar::Kernels* kernels : crossbar::available_kernels()) {
    CAPTURE(kernels->name);
    Array reference(config, crossbar::portable_kernels());
    Array array(config, *kernels);
    Random random(41);
    for (int step = 0; step < 25; ++step) same_step(random, reference, array);
    require_same_arrays(reference, array);
    CHECK(array.device_statistics().program_pulses == reference.device_statistics().program_pulses);
  }
}

// One slice whose converters round to a unit, far finer than the noise, and never clip.
ArrayConfig noisy(int rows, int cols) {
  ArrayConfig config = with_devices(rows, cols);
  config.slices = 1;
  config.digit_bits = 6;
  config.cell_bits = {6};
  config.adc_bits = 20;
  config.adc_range = AdcRange::granular;
  config.device.read_noise.sigma = 0.2;
  return config;
}

Block ramp(int rows, int cols) {
  Block block(static_cast<std::size_t>(rows), std::vector<std::int32_t>(static_cast<std::size_t>(cols)));
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < cols; ++c)
      block[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)] = (7 * r + 5 * c) % 64 - 32;
  }
  return block;
}

// Results minus what they are without noise, over an ensemble of seeds, normalised line by line to the
// standard deviation that the sum over cells of sigma^2 x^2 (and the converter's rounding) gives.
template <typename Multiply>
std::vector<double> normalised_noise(ArrayConfig config, bool columns, const Multiply& multiply) {
  const Block weights = ramp(config.rows, config.cols);
  const device::CellArray cells(config.device, {config.rows, config.cols, config.cols, -32, 31}, 0);
  std::vector<double> noise;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    config.device.seed = seed;
    Array array(config);
    REQUIRE(program(array, 0, 0, weights).ok());
    const Results y = multiply(array);
    for (std::size_t line = 0; line < y.size(); ++line) {
      double mean = 0;
      double variance = 1.0 / 12;
      const std::size_t driven = columns ? weights.size() : weights[0].size();
      for (std::size_t i = 0; i < driven; ++i) {
        const double w = columns ? weights[i][line] : weights[line][i];
        mean += w;
        variance += cells.line_variance() + cells.relative_variance() * (w + 32) * (w + 32);
      }
      noise.push_back((static_cast<double>(y[line]) - mean) / std::sqrt(variance));
    }
  }
  return noise;
}

TEST_CASE("read noise has the distribution of noise in every cell") {
  const Operands rows(100, 1);
  const Operands cols(60, 1);
  const auto forward = [&](Array& array) { return mvm(array, rows, 1, 60); };
  const auto backward = [&](Array& array) { return mtvm(array, cols, 1, 100); };
  ArrayConfig config = noisy(100, 60);
  require_normal(normalised_noise(config, true, forward), 0, 1);
  require_normal(normalised_noise(config, false, backward), 0, 1);
  config.device.read_noise = {0.1, 0.5};
  require_normal(normalised_noise(config, true, forward), 0, 1);
  require_normal(normalised_noise(config, false, backward), 0, 1);
}

TEST_CASE("noise of lines, steps and operations is independent") {
  const Operands x(50, 1);
  Array array(noisy(50, 64));
  std::vector<double> lines;
  std::vector<double> operations;
  Results before = mvm(array, x, 1, 64);
  for (int n = 0; n < 400; ++n) {
    const Results y = mvm(array, x, 1, 64);
    for (std::size_t c = 0; c + 1 < y.size(); ++c) {
      const double variance = 50 * std::pow(0.2 * 63, 2);
      lines.push_back(static_cast<double>(y[c] * y[c + 1]) / variance);
      operations.push_back(static_cast<double>(y[c] * before[c]) / variance);
    }
    before = y;
  }
  const double bound = sigmas_allowed / std::sqrt(static_cast<double>(lines.size()));
  CHECK(std::fabs(moments(lines).mean) < bound);
  CHECK(std::fabs(moments(operations).mean) < bound);
  // Two steps of weights 1 and 2: independent noise has the variance 1 + 4, common noise 9.
  std::vector<double> steps;
  const Operands both(50, 3);
  for (int n = 0; n < 400; ++n) {
    for (const std::int64_t y : mvm(array, both, 2, 64))
      steps.push_back(static_cast<double>(y) / std::sqrt(5 * 50 * std::pow(0.2 * 63, 2)));
  }
  require_normal(steps, 0, 1);
}

TEST_CASE("undriven lines have no noise") {
  Array array(noisy(20, 8));
  CHECK(mvm(array, Operands(20), 4, 8) == Results(8));
}

TEST_CASE("the same seed and unit give the same bits, other units other ones") {
  ArrayConfig config = noisy(30, 20);
  config.device.update.model = "constant_step";
  config.device.update.noise = 0.5;
  const Operands x(30, 5);
  const Operands d(20, 1);
  const auto run = [&](std::uint32_t unit) {
    config.device.unit = unit;
    Array array(config);
    REQUIRE(array.opa(x, 3, d).ok());
    return mvm(array, x, 3, 20);
  };
  const Results first = run(4);
  CHECK(run(4) == first);
  CHECK(run(5) != first);
}

TEST_CASE("how many columns are read does not change the noise of a column") {
  Array all(noisy(30, 20));
  Array some(noisy(30, 20));
  const Operands x(30, 1);
  Results y = mvm(all, x, 1, 20);
  y.resize(7);
  CHECK(mvm(some, x, 1, 7) == y);
}

TEST_CASE("carry resolution restores levels that pulses have left between") {
  ArrayConfig config = with_devices(8, 8);
  config.device.update.model = "constant_step";
  config.device.update.step = 0.9;
  Array array(config);
  REQUIRE(array.opa(Operands(8, 1), 1, Operands(8, 1)).ok());
  array.crs();
  CHECK(array.weight(3, 3) == 1);
  // The cells hold a digit of 1 already, so none is written; what the pulse lacked is still lacking.
  CHECK(array.device_statistics().program_pulses == 0);
  REQUIRE(array.opa(Operands(8, 1), 1, Operands(8, 1)).ok());
  array.crs();
  // 1.8 reads as 2, whose canonical digits are -2 and a carry: two cells of each weight are written.
  CHECK(array.weight(3, 3) == 2);
  CHECK(array.device_statistics().program_pulses == 2 * 64);
}

TEST_CASE("line resistance takes away current, most of it from cells far from both ends") {
  ArrayConfig config = noisy(16, 16);
  config.device.read_noise = {};
  config.device.wires.model = device::WireModel::nodal;
  config.device.wires.ohm_per_cell = 20;
  Array array(config);
  REQUIRE(program(array, 0, 0, Block(16, std::vector<std::int32_t>(16, 31))).ok());
  const Results y = mvm(array, Operands(16, 1), 1, 16);
  CHECK(y[0] < 16 * 31);
  CHECK(y[15] < y[0]);
  CHECK(y[15] > 0);
  config.device.wires.model = device::WireModel::ladder;
  Array fast(config);
  REQUIRE(program(fast, 0, 0, Block(16, std::vector<std::int32_t>(16, 31))).ok());
  CHECK(std::fabs(static_cast<double>(mvm(fast, Operands(16, 1), 1, 16)[15] - y[15])) < 0.05 * 16 * 31);
}

TEST_CASE("an array whose currents are too large to be exact is refused with devices only") {
  ArrayConfig config = with_devices(1024, 16);
  config.slices = 1;
  config.cell_bits = {8};
  config.dac_bits = 8;
  CHECK_THROWS_WITH(config.validate(), Catch::Contains("arithmetic device computes currents up to 2^24"));
  config.arithmetic = Arithmetic::sliced;
  config.validate();
}

TEST_CASE("devices that are not allowed are refused with the array") {
  ArrayConfig config = with_devices(4, 4);
  config.device.read_noise.sigma = 2;
  CHECK_THROWS_AS(Array(config), Error);
}

}  // namespace
}  // namespace weft::test
