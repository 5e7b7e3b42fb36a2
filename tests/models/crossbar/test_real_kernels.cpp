// SPDX-License-Identifier: Apache-2.0
// The loops of arrays with real cells in every instruction set, against loops in the order their sums are
// defined in: all bits, not nearly all.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/crossbar/kernels.h"
#include "models/crossbar/noise_power.h"

namespace weft::test {
namespace {

using crossbar::ActiveLine;
using crossbar::ArrayConfig;
using crossbar::Kernels;
using crossbar::pad_to_lanes;
using crossbar::RealProduct;

std::size_t size(int value) { return static_cast<std::size_t>(value); }

std::vector<float> random_floats(int count, float low, float high, std::uint32_t seed) {
  CounterRng rng(29, seed, 0);
  std::vector<float> values(size(count));
  for (float& value : values) value = low + (high - low) * static_cast<float>(rng.uniform());
  return values;
}

struct Shape {
  int rows;
  int width;
  int stride;
  int steps;
};

constexpr Shape shapes[] = {{1, 32, 32, 1}, {5, 64, 96, 3}, {31, 96, 96, 10}, {130, 160, 160, 15}};

// Every other row is driven.
std::vector<ActiveLine> some_rows(int rows) {
  std::vector<ActiveLine> lines;
  for (int r = rows > 1 ? 1 : 0; r < rows; r += 2) lines.push_back({r, 1});
  return lines;
}

void require_column_sums(const Kernels& kernels, const Shape& shape) {
  const auto cells = random_floats(shape.rows * shape.stride, -32, 31, 1);
  const auto rows = some_rows(shape.rows);
  const int count = static_cast<int>(rows.size());
  const auto chunks = random_floats(count * shape.steps, -3, 3, 2);
  const RealProduct job{cells.data(), shape.stride,  shape.width, rows.data(),
                        count,        chunks.data(), shape.steps};
  std::vector<float> sums(size(shape.steps * shape.width), -1);
  kernels.real->column_sums(job, sums.data());
  int different = 0;
  for (int k = 0; k < shape.steps; ++k) {
    for (int c = 0; c < shape.width; ++c) {
      float sum = 0;
      for (int i = 0; i < count; ++i)
        sum += cells[size(rows[size(i)].line * shape.stride + c)] * chunks[size(i * shape.steps + k)];
      different += static_cast<int>(sums[size(k * shape.width + c)] != sum);
    }
  }
  CHECK(different == 0);
}

void require_row_sums(const Kernels& kernels, const Shape& shape) {
  const auto cells = random_floats(shape.rows * shape.stride, -32, 31, 3);
  const auto chunks = random_floats(shape.steps * shape.width, -3, 3, 4);
  const RealProduct job{cells.data(), shape.stride,  shape.width, nullptr,
                        shape.rows,   chunks.data(), shape.steps};
  const int spacing = pad_to_lanes(shape.rows);
  std::vector<float> sums(size(shape.steps * spacing), -1);
  kernels.real->row_sums(job, sums.data());
  int different = 0;
  for (int k = 0; k < shape.steps; ++k) {
    for (int r = 0; r < shape.rows; ++r) {
      std::array<float, 8> lane{};
      for (int c = 0; c < shape.width; ++c)
        lane[size(c % 8)] += cells[size(r * shape.stride + c)] * chunks[size(k * shape.width + c)];
      const float sum =
          ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
      different += static_cast<int>(sums[size(k * spacing + r)] != sum);
    }
  }
  CHECK(different == 0);
}

void require_noise(const Kernels& kernels, int lines, float relative_variance) {
  const auto deviates = random_floats(lines, -4, 4, 5);
  const auto squares = random_floats(lines, 0, 4000, 6);
  const auto before = random_floats(lines, -300, 300, 7);
  auto current = before;
  kernels.real->add_noise({deviates.data(), squares.data(), 1.5F, 2.25F, relative_variance, lines},
                          current.data());
  int different = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const float sigma = relative_variance == 0 ? 1.5F : std::sqrt(2.25F + relative_variance * squares[i]);
    different += static_cast<int>(current[i] != before[i] + sigma * deviates[i]);
  }
  CHECK(different == 0);
}

// Currents at, beside and beyond the middle between two codes and the ends of the codes.
void require_conversion(const Kernels& kernels, int bits, int shift, int lines, int middle = 0) {
  auto current = random_floats(lines, -600, 600, 8);
  for (std::size_t i = 0; i < current.size(); i += 3) current[i] = std::round(current[i] * 2) / 2;
  current[0] = 1e30F;
  crossbar::AdcCounts counts;
  std::vector<std::int64_t> y(current.size(), 7);
  const crossbar::Adc adc{shift, -(1 << (bits - 1)), (1 << (bits - 1)) - 1};
  kernels.real->convert({adc, current.data(), static_cast<double>(middle), lines, 21}, y.data(), counts);
  std::uint64_t clipped = 0;
  std::uint64_t rounded = 0;
  int different = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double step = std::ldexp(1.0, shift);
    const double code = std::round((static_cast<double>(current[i]) + middle) / step);
    const double kept = std::min<double>(std::max<double>(code, adc.low), adc.high);
    clipped += static_cast<std::uint64_t>(kept != code);
    rounded +=
        static_cast<std::uint64_t>(kept == code && kept * step - middle != static_cast<double>(current[i]));
    different +=
        static_cast<int>(y[i] != 7 + static_cast<std::int64_t>(std::ldexp(kept * step - middle, 21)));
  }
  CHECK(different == 0);
  CHECK(counts.clipped == clipped);
  CHECK(counts.rounded == rounded);
}

void require_squares(const Kernels& kernels, int count) {
  const auto values = random_floats(count, -32, 31, 9);
  const auto dither = random_floats(count, 0, 1, 10);
  float largest = 0;
  for (const float value : values) largest = std::max(largest, (value + 32) * (value + 32));
  CHECK(kernels.real->largest_square(values.data(), 32, count) == largest);
  std::vector<std::int8_t> level(values.size());
  const float scale = 255 / largest;
  kernels.real->square_levels({values.data(), 32, scale, dither.data(), count}, level.data());
  int different = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float sum = values[i] + 32;
    different +=
        static_cast<int>(level[i] != static_cast<int>(std::floor(sum * sum * scale + dither[i])) - 128);
  }
  CHECK(different == 0);
}

// The largest relative error of any step and line.
double worst_power(const ArrayConfig& config, const Kernels& kernels, crossbar::DigitCells& digits,
                   bool rows_driven) {
  const device::CellArray& cells = digits.arrays().front();
  const int driven = rows_driven ? config.rows : config.cols;
  const int lines = rows_driven ? config.cols : config.rows;
  const int steps = 2;
  const int largest = (1 << config.dac_bits) - 1;
  CounterRng rng(31, 0, 0);
  const int width = pad_to_lanes(config.cols);
  std::vector<float> chunks(size(steps * std::max(config.rows, width)));
  std::vector<ActiveLine> rows;
  const auto at = [&](int line, int k) { return size(rows_driven ? line * steps + k : k * width + line); };
  for (int line = 0; line < driven; ++line) {
    if (rows_driven) rows.push_back({line, 1});
    for (int k = 0; k < steps; ++k) {
      const auto chunk = static_cast<float>(rng.below(static_cast<std::uint32_t>(largest) + 1));
      chunks[at(line, k)] = rng.below(2) == 0 ? chunk : -chunk;
    }
  }
  const RealProduct product{digits.seen(), width,         width, rows_driven ? rows.data() : nullptr,
                            config.rows,   chunks.data(), steps};
  const int spacing = rows_driven ? width : pad_to_lanes(config.rows);
  std::vector<float> sum(size(steps * spacing));
  crossbar::NoisePower power(config, kernels);
  power.load(product);
  power.sums(0, digits, product, sum.data());
  double worst = 0;
  for (int k = 0; k < steps; ++k) {
    for (int line = 0; line < lines; ++line) {
      double exact = 0;
      for (int i = 0; i < driven; ++i) {
        const float state = rows_driven ? cells.state(i, line) : cells.state(line, i);
        exact += std::pow(
            static_cast<double>(chunks[at(i, k)]) * (cells.reference() + static_cast<double>(state)), 2);
      }
      worst = std::max(worst, std::fabs(static_cast<double>(sum[size(k * spacing + line)]) / exact - 1));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("real sums of every instruction set have the same bits") {
  for (const Kernels* kernels : crossbar::available_kernels()) {
    for (const Shape& shape : shapes) {
      CAPTURE(kernels->name, shape.rows, shape.width, shape.steps);
      require_column_sums(*kernels, shape);
      require_row_sums(*kernels, shape);
    }
  }
}

TEST_CASE("noise and converters of every instruction set have the same bits") {
  for (const Kernels* kernels : crossbar::available_kernels()) {
    for (const int lines : {1, 16, 31, 200}) {
      CAPTURE(kernels->name, lines);
      require_noise(*kernels, lines, 0);
      require_noise(*kernels, lines, 0.01F);
      require_conversion(*kernels, 8, 0, lines);
      require_conversion(*kernels, 8, 3, lines);
      require_conversion(*kernels, 14, 0, lines);
      require_conversion(*kernels, 9, 2, lines, 77);
    }
    require_squares(*kernels, 32);
    require_squares(*kernels, 320);
  }
}

TEST_CASE("the power of proportional noise is known to half a per cent of every line") {
  for (const Kernels* kernels : crossbar::available_kernels()) {
    for (const int dac_bits : {1, 4, 8}) {
      // All cells at one level, where rounding would always err in one direction, and cells of all levels.
      for (const bool same_level : {true, false}) {
        ArrayConfig config;
        config.rows = 120;
        config.cols = 100;
        config.slices = 1;
        config.dac_bits = dac_bits;
        crossbar::DigitCells cells(config, 0, pad_to_lanes(config.cols));
        CounterRng rng(37, 0, 0);
        for (int r = 0; r < config.rows; ++r) {
          std::vector<std::int8_t> levels(size(config.cols), 1);
          for (auto& level : levels) {
            if (!same_level) level = static_cast<std::int8_t>(static_cast<int>(rng.below(64)) - 32);
          }
          if (same_level && r == 0) levels[0] = 31;
          cells.program(1, r, 0, config.cols, levels.data(), false);
        }
        CAPTURE(kernels->name, dac_bits, same_level);
        CHECK(worst_power(config, *kernels, cells, true) < 0.005);
        CHECK(worst_power(config, *kernels, cells, false) < 0.005);
      }
    }
  }
}

}  // namespace weft::test
