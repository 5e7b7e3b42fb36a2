// SPDX-License-Identifier: Apache-2.0
// Loops of the sliced model, written once for the compiler to vectorise. Each instruction set inlines
// them into functions of its own, which is why they must not be ordinary functions.
#pragma once

#include <algorithm>
#include <array>

#include "models/crossbar/array_config.h"
#include "models/crossbar/kernels.h"

#define WEFT_CROSSBAR_INLINE [[gnu::always_inline]] inline

namespace weft::crossbar::loops {

template <typename Sum>
WEFT_CROSSBAR_INLINE void add_scaled(const std::int8_t* cells, int scale, int width, Sum* sum) {
  for (int c = 0; c < width; ++c) sum[c] = static_cast<Sum>(sum[c] + scale * cells[c]);
}

template <typename Sum>
WEFT_CROSSBAR_INLINE void sum_columns(const CellBlock& block, const ActiveLine* rows, int row_count,
                                      const std::int16_t* chunks, int steps, Sum* sum) {
  std::fill(sum, sum + static_cast<std::ptrdiff_t>(steps) * block.width, Sum{0});
  for (int i = 0; i < row_count; ++i) {
    const std::int8_t* cells = block.cells + rows[i].line * block.stride;
    for (int k = 0; k < steps; ++k) {
      const int chunk = chunks[i * steps + k];
      if (chunk != 0)
        add_scaled(cells, chunk, block.width, sum + static_cast<std::ptrdiff_t>(k) * block.width);
    }
  }
}

WEFT_CROSSBAR_INLINE void column_currents(const CellBlock& block, const ActiveLine* rows, int row_count,
                                          const std::int16_t* chunks, int steps, bool narrow,
                                          std::int32_t* current) {
  if (!narrow) {
    sum_columns(block, rows, row_count, chunks, steps, current);
    return;
  }
  std::array<std::int16_t, static_cast<std::size_t>(ArrayConfig::max_operand_bits) * ArrayConfig::max_lines>
      sum;
  sum_columns(block, rows, row_count, chunks, steps, sum.data());
  for (int i = 0; i < steps * block.width; ++i) current[i] = sum[static_cast<std::size_t>(i)];
}

WEFT_CROSSBAR_INLINE void row_currents(const CellBlock& block, int rows, const std::int16_t* chunks,
                                       int steps, std::int32_t* current) {
  for (int r = 0; r < rows; ++r) {
    const std::int8_t* cells = block.cells + r * block.stride;
    std::array<std::int16_t, ArrayConfig::max_lines> wide;
    std::copy_n(cells, block.width, wide.begin());
    for (int k = 0; k < steps; ++k) {
      const std::int16_t* chunk = chunks + static_cast<std::ptrdiff_t>(k) * block.width;
      std::int32_t sum = 0;
      for (int c = 0; c < block.width; ++c) sum += chunk[c] * wide[static_cast<std::size_t>(c)];
      current[static_cast<std::ptrdiff_t>(k) * rows + r] = sum;
    }
  }
}

// Clips after the fact: rare, and then only one row of cells is concerned.
WEFT_CROSSBAR_INLINE void clip(std::int16_t* value, int width, const DepositJob& job,
                               Saturation& saturation) {
  for (int c = 0; c < width; ++c) {
    const int kept = std::clamp<int>(value[c], job.cell_min, job.cell_max);
    saturation.cells += static_cast<std::uint64_t>(kept != value[c]);
    saturation.units += static_cast<std::uint64_t>(std::abs(value[c] - kept));
    value[c] = static_cast<std::int16_t>(kept);
  }
}

// value[c] = cell + deposits of one row; int16 holds 8 cell bits plus 15 steps of 255 units.
WEFT_CROSSBAR_INLINE void add_deposits(const DepositJob& job, const ActiveLine& row, std::int16_t* value) {
  const bool negative = row.value < 0;
  auto steps = static_cast<std::uint32_t>(negative ? -row.value : row.value) & job.steps;
  for (; steps != 0; steps &= steps - 1) {
    const std::int16_t* chunk = job.chunks + static_cast<std::ptrdiff_t>(__builtin_ctz(steps)) * job.width;
    if (negative) {
      for (int c = 0; c < job.width; ++c) value[c] = static_cast<std::int16_t>(value[c] - chunk[c]);
    } else {
      for (int c = 0; c < job.width; ++c) value[c] = static_cast<std::int16_t>(value[c] + chunk[c]);
    }
  }
}

WEFT_CROSSBAR_INLINE Saturation deposit(const DepositJob& job) {
  Saturation saturation;
  std::array<std::int16_t, ArrayConfig::max_lines> value;
  for (int i = 0; i < job.row_count; ++i) {
    std::int8_t* cells = job.cells + job.rows[i].line * job.stride;
    std::copy_n(cells, job.width, value.begin());
    add_deposits(job, job.rows[i], value.data());
    std::int16_t low = 0;
    std::int16_t high = 0;
    for (int c = 0; c < job.width; ++c) {
      low = std::min(low, value[static_cast<std::size_t>(c)]);
      high = std::max(high, value[static_cast<std::size_t>(c)]);
    }
    if (low < job.cell_min || high > job.cell_max) clip(value.data(), job.width, job, saturation);
    for (int c = 0; c < job.width; ++c)
      cells[c] = static_cast<std::int8_t>(value[static_cast<std::size_t>(c)]);
  }
  return saturation;
}

}  // namespace weft::crossbar::loops
