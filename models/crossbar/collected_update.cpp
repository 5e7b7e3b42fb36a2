// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/collected_update.h"

#include <algorithm>
#include <cstdlib>

namespace weft::crossbar {

CollectedUpdate::CollectedUpdate(int rows, int cols)
    : rows_(rows), cols_(cols), sums_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols)) {}

Status CollectedUpdate::add(Span<const std::int16_t> x, int in_bits, Span<const std::int16_t> d) {
  const auto rows = static_cast<int>(x.size());
  const auto cols = static_cast<int>(d.size());
  if (rows > rows_ || cols > cols_) return {StatusCode::shape};
  if (in_bits < 1 || in_bits > ArrayConfig::max_operand_bits) return {StatusCode::width, 0, in_bits};
  for (int row = 0; row < rows; ++row) {
    const int value = x[static_cast<std::size_t>(row)];
    if (std::abs(value) >> in_bits != 0) return {StatusCode::operand_overflow, row, value};
  }
  for (int col = 0; col < cols; ++col) {
    const int value = d[static_cast<std::size_t>(col)];
    if (std::abs(value) >> ArrayConfig::max_operand_bits != 0)
      return {StatusCode::operand_overflow, col, value};
  }
  for (int row = 0; row < rows; ++row) {
    const std::int64_t value = x[static_cast<std::size_t>(row)];
    std::int64_t* const sums = sums_.data() + static_cast<std::ptrdiff_t>(row) * cols_;
    for (int col = 0; col < cols; ++col) sums[col] += value * d[static_cast<std::size_t>(col)];
  }
  used_rows_ = std::max(used_rows_, rows);
  used_cols_ = std::max(used_cols_, cols);
  return {};
}

void CollectedUpdate::add_column(int col, const std::int32_t* values, int rows) {
  for (int row = 0; row < rows; ++row) sums_[static_cast<std::size_t>(row * cols_ + col)] += values[row];
  used_rows_ = std::max(used_rows_, rows);
  used_cols_ = std::max(used_cols_, col + 1);
}

void CollectedUpdate::take_row(int row, std::int64_t* changes) {
  std::int64_t* const sums = sums_.data() + static_cast<std::ptrdiff_t>(row) * cols_;
  std::copy_n(sums, used_cols_, changes);
  std::fill_n(sums, used_cols_, 0);
}

void CollectedUpdate::clear() { used_rows_ = used_cols_ = 0; }

}  // namespace weft::crossbar
