// SPDX-License-Identifier: Apache-2.0
// Random operands and weights, and comparison of an array with the slow model.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/crossbar/array.h"
#include "tests/models/crossbar/slow_array.h"

namespace weft::test {

using Operands = std::vector<std::int16_t>;
using Results = std::vector<std::int64_t>;
using Block = std::vector<std::vector<std::int32_t>>;

class Random {
 public:
  explicit Random(std::uint64_t seed) : rng_(seed, 0, 0) {}

  int below(int bound) { return static_cast<int>(rng_.below(static_cast<std::uint32_t>(bound))); }
  int between(int low, int high) { return low + below(high - low + 1); }
  bool one_in(int n) { return below(n) == 0; }

  // Signed magnitudes of up to `bits` bits; one in `density` lines is driven.
  Operands operands(int lines, int bits, int density = 1) {
    Operands values(static_cast<std::size_t>(lines));
    for (auto& value : values) {
      if (!one_in(density)) continue;
      const int magnitude = below(1 << bits);
      value = static_cast<std::int16_t>(one_in(2) ? -magnitude : magnitude);
    }
    return values;
  }

  // Weights of very different size, the ends of the range of int32 included.
  Block weights(int rows, int cols, int bits) {
    Block block(static_cast<std::size_t>(rows), std::vector<std::int32_t>(static_cast<std::size_t>(cols)));
    for (auto& row : block) {
      for (auto& weight : row) weight = static_cast<std::int32_t>(rng_.next_u32()) >> (32 - between(1, bits));
    }
    return block;
  }

 private:
  CounterRng rng_;
};

inline crossbar::Status program(crossbar::Array& array, int row, int col, const Block& block) {
  const auto cols = block[0].size();
  std::vector<std::int32_t> flat;
  for (const auto& line : block) flat.insert(flat.end(), line.begin(), line.end());
  return array.program(row, col, static_cast<int>(block.size()), static_cast<int>(cols), flat.data(),
                       static_cast<int>(cols));
}

inline Results mvm(crossbar::Array& array, const Operands& x, int in_bits, int cols) {
  Results y(static_cast<std::size_t>(cols));
  REQUIRE(array.mvm(x, in_bits, y).ok());
  return y;
}

inline Results mtvm(crossbar::Array& array, const Operands& x, int in_bits, int rows) {
  Results y(static_cast<std::size_t>(rows));
  REQUIRE(array.mtvm(x, in_bits, y).ok());
  return y;
}

inline void require_same_cells(crossbar::Array& array, const SlowArray& slow) {
  int different = 0;
  for (int m = 0; m < slow.c.slices; ++m) {
    for (int r = 0; r < slow.c.rows; ++r) {
      for (int k = 0; k < slow.c.cols; ++k) {
        const int expected = slow.digit(m, r, k);
        different += static_cast<int>(array.cell(m, r, k) != expected);
      }
    }
  }
  REQUIRE(different == 0);
}

inline void require_same_weights(const crossbar::Array& array, const SlowArray& slow) {
  int different = 0;
  for (int r = 0; r < slow.c.rows; ++r) {
    for (int k = 0; k < slow.c.cols; ++k)
      different += static_cast<int>(array.weight(r, k) != slow.weight(r, k));
  }
  REQUIRE(different == 0);
}

inline void require_same_counts(const crossbar::Array& array, const SlowArray& slow) {
  const crossbar::ArrayStatistics& counted = array.statistics();
  CHECK(counted.conversions == slow.conversions);
  CHECK(counted.conversions_clipped == slow.clipped);
  CHECK(counted.conversions_rounded == slow.rounded);
  CHECK(counted.opa_deposits == slow.deposits);
  CHECK(counted.opa_products_truncated == slow.truncated);
  CHECK(counted.weights_clamped == slow.weights_clamped);
  for (std::size_t m = 0; m < counted.saturated.size(); ++m) {
    CAPTURE(m);
    CHECK(counted.saturated[m].cells == slow.saturated_cells[m]);
    CHECK(counted.saturated[m].units == slow.saturated_units[m]);
  }
}

}  // namespace weft::test
