// SPDX-License-Identifier: Apache-2.0
// Every instruction set against loops in the widest arithmetic, at the ends of the operands' ranges.
#include <catch2/catch.hpp>
#include <limits>

#include "models/common/counter_rng.h"
#include "models/crossbar/kernels.h"

namespace weft::test {
namespace {

using crossbar::ActiveLine;
using crossbar::Kernels;

struct Shape {
  int rows;
  int width;
  int stride;
};

constexpr Shape shapes[] = {{1, 32, 32}, {3, 32, 64}, {4, 64, 64}, {7, 96, 128}, {130, 128, 128}};

std::size_t size(int value) { return static_cast<std::size_t>(value); }

template <typename Value>
std::vector<Value> random_values(int count, int low, int high, std::uint32_t seed) {
  CounterRng rng(11, seed, 0);
  std::vector<Value> values(size(count));
  for (auto& value : values) {
    const auto span = static_cast<std::uint32_t>(std::int64_t{high} - low);
    const std::uint32_t draw = rng.below(8);
    const std::int64_t offset = draw == 0 ? 0 : draw == 1 ? span : rng.below(span);
    value = static_cast<Value>(low + offset);
  }
  return values;
}

std::vector<std::int32_t> random_weights(const Shape& shape) {
  return random_values<std::int32_t>(shape.rows * shape.stride, std::numeric_limits<std::int32_t>::min(),
                                     std::numeric_limits<std::int32_t>::max(), 1);
}

// Every other row, or all of a small array, so that lines and their positions differ.
std::vector<ActiveLine> some_rows(int rows, int largest) {
  const auto values = random_values<std::int32_t>(rows, -largest, largest, 2);
  std::vector<ActiveLine> lines;
  for (int r = rows > 3 ? 1 : 0; r<rows; r += rows> 3 ? 2 : 1) lines.push_back({r, values[size(r)]});
  return lines;
}

}  // namespace

TEST_CASE("integer products of every instruction set are exact up to the extremes") {
  for (const Kernels* kernels : crossbar::available_kernels()) {
    for (const Shape& shape : shapes) {
      CAPTURE(kernels->name, shape.rows, shape.width);
      const auto w = random_weights(shape);
      const auto lines = some_rows(shape.rows, 32767);
      const auto d = random_values<std::int16_t>(shape.width, -32767, 32767, 3);
      std::vector<std::int64_t> by_column(size(shape.width), -1);
      std::vector<std::int64_t> by_row(size(shape.rows), -1);
      kernels->mvm({w.data(), shape.stride, shape.width}, lines.data(), static_cast<int>(lines.size()),
                   by_column.data());
      kernels->mtvm({w.data(), shape.stride, shape.width}, shape.rows, d.data(), by_row.data());

      std::vector<std::int64_t> columns(size(shape.width));
      for (const ActiveLine& line : lines) {
        for (int c = 0; c < shape.width; ++c)
          columns[size(c)] += std::int64_t{line.value} * w[size(line.line * shape.stride + c)];
      }
      std::vector<std::int64_t> rows(size(shape.rows));
      for (int r = 0; r < shape.rows; ++r) {
        for (int c = 0; c < shape.width; ++c)
          rows[size(r)] += std::int64_t{d[size(c)]} * w[size(r * shape.stride + c)];
      }
      CHECK(by_column == columns);
      CHECK(by_row == rows);
    }
  }
}

TEST_CASE("integer outer products of every instruction set touch the driven lines only") {
  for (const Kernels* kernels : crossbar::available_kernels()) {
    for (const Shape& shape : shapes) {
      CAPTURE(kernels->name, shape.rows, shape.width);
      const auto before = random_values<std::int32_t>(shape.rows * shape.stride, -(1 << 30), 1 << 30, 4);
      const auto lines = some_rows(shape.rows, 32767);
      const auto d = random_values<std::int16_t>(shape.width, -32767, 32767, 5);
      auto w = before;
      kernels->opa(w.data(), shape.stride, shape.width, lines.data(), static_cast<int>(lines.size()),
                   d.data());
      auto expected = before;
      for (const ActiveLine& line : lines) {
        for (int c = 0; c < shape.width; ++c)
          expected[size(line.line * shape.stride + c)] += line.value * d[size(c)];
      }
      CHECK(w == expected);
    }
  }
}

}  // namespace weft::test
