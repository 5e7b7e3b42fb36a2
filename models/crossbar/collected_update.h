// SPDX-License-Identifier: Apache-2.0
// Outer products added up beside the array, for a unit that writes its weights back instead of updating them
// in place. Numerics only.
#pragma once

#include <cstdint>
#include <vector>

#include "models/crossbar/array.h"

namespace weft::crossbar {

class CollectedUpdate {
 public:
  CollectedUpdate(int rows, int cols);

  // sum[r][c] += x[r] * d[c]. Refuses what Array::opa refuses: shape, width, an x beyond its bits.
  Status add(Span<const std::int16_t> x, int in_bits, Span<const std::int16_t> d);
  // sum[r][col] += values[r] of the first `rows` rows; col and rows must be the array's.
  void add_column(int col, const std::int32_t* values, int rows);

  bool empty() const { return used_rows_ == 0; }
  int rows() const { return used_rows_; }  // with anything in them; columns likewise
  int cols() const { return used_cols_; }

  // Moves the cols() changes of a row to `changes`; the row then counts as zero.
  void take_row(int row, std::int64_t* changes);
  // To be called when all rows have been taken.
  void clear();

 private:
  int rows_;
  int cols_;
  int used_rows_ = 0;
  int used_cols_ = 0;
  std::vector<std::int64_t> sums_;  // [row][cols_]
};

}  // namespace weft::crossbar
