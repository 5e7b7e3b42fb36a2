// SPDX-License-Identifier: Apache-2.0
// Loops of the sliced model as plain C++: what every processor can run, and what the vector kernels use for
// the operands they were not made for. Each instruction set inlines them into functions of its own, which
// is why they must not be ordinary functions.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>

#include "models/crossbar/array_config.h"
#include "models/crossbar/kernels.h"

#define WEFT_CROSSBAR_INLINE [[gnu::always_inline]] inline

namespace weft::crossbar::loops {

// ---- Currents ----

// A line keeps its polarity over all steps: it is applied to the cells once a row.
template <typename Sum>
WEFT_CROSSBAR_INLINE void sum_columns(const CellBlock& block, const ActiveLine* rows, int row_count,
                                      const Chunks& chunks, Sum* sums) {
  const int width = block.width;
  std::fill(sums, sums + static_cast<std::ptrdiff_t>(chunks.steps) * width, Sum{0});
  for (int i = 0; i < row_count; ++i) {
    const std::int8_t* cells = block.cells + rows[i].line * block.stride;
    const int sign = chunks.negative[i] != 0 ? -1 : 1;
    for (int k = 0; k < chunks.steps; ++k) {
      const int chunk = chunks.values[static_cast<std::ptrdiff_t>(k) * chunks.spacing + i] * sign;
      if (chunk == 0) continue;
      Sum* sum = sums + static_cast<std::ptrdiff_t>(k) * width;
      for (int c = 0; c < width; ++c) sum[c] = static_cast<Sum>(sum[c] + chunk * cells[c]);
    }
  }
}

WEFT_CROSSBAR_INLINE void column_currents(const CellBlock& block, const ActiveLine* rows, int row_count,
                                          const Chunks& chunks, const Currents& current) {
  if (current.narrow != nullptr) return sum_columns(block, rows, row_count, chunks, current.narrow);
  sum_columns(block, rows, row_count, chunks, current.wide);
}

template <typename Sum>
WEFT_CROSSBAR_INLINE void sum_rows(const CellBlock& block, int rows, const Chunks& chunks, Sum* current) {
  const int spacing = pad_to_lanes(rows);
  for (int r = 0; r < rows; ++r) {
    const std::int8_t* cells = block.cells + r * block.stride;
    std::array<std::int16_t, ArrayConfig::max_lines> driven;
    for (int c = 0; c < block.width; ++c)
      driven[static_cast<std::size_t>(c)] =
          static_cast<std::int16_t>(chunks.negative[c] != 0 ? -cells[c] : cells[c]);
    for (int k = 0; k < chunks.steps; ++k) {
      const std::uint8_t* chunk = chunks.values + static_cast<std::ptrdiff_t>(k) * chunks.spacing;
      std::int32_t sum = 0;
      for (int c = 0; c < block.width; ++c)
        sum += static_cast<std::int16_t>(chunk[c]) * driven[static_cast<std::size_t>(c)];
      current[static_cast<std::ptrdiff_t>(k) * spacing + r] = static_cast<Sum>(sum);
    }
  }
}

WEFT_CROSSBAR_INLINE void row_currents(const CellBlock& block, int rows, const Chunks& chunks,
                                       const Currents& current) {
  if (current.narrow != nullptr) return sum_rows(block, rows, chunks, current.narrow);
  sum_rows(block, rows, chunks, current.wide);
}

// ---- Converters ----

template <typename Current>
WEFT_CROSSBAR_INLINE void convert_step(const Conversion& job, int step, const Current* current, int first,
                                       std::int64_t* y, AdcCounts& counts) {
  const Adc& adc = job.adc;
  const std::int32_t half = (1 << adc.shift) >> 1;
  const std::int64_t weight = std::int64_t{1} << (job.weight_shift + step * job.dac_bits);
  std::int32_t clipped = 0;
  std::int32_t changed = 0;
  for (int i = first; i < job.lines; ++i) {
    const std::int32_t exact = current[i];
    const std::int32_t magnitude = (std::abs(exact) + half) >> adc.shift;
    const std::int32_t code = exact < 0 ? -magnitude : magnitude;
    const std::int32_t kept = std::min(std::max(code, adc.low), adc.high);
    const std::int32_t value = kept * (1 << adc.shift);
    clipped += static_cast<std::int32_t>(kept != code);
    changed += static_cast<std::int32_t>(value != exact);
    y[i] += value * weight;
  }
  // What is clipped is also changed.
  counts.clipped += static_cast<std::uint64_t>(clipped);
  counts.rounded += static_cast<std::uint64_t>(changed - clipped);
}

// Lines from `first` on; kept apart from the rest of a job for vector kernels, which end with it.
WEFT_CROSSBAR_INLINE void convert(const Conversion& job, int first, std::int64_t* y, AdcCounts& counts) {
  if (first >= job.lines) return;
  for (int k = 0; k < job.steps; ++k) {
    const ConstCurrents current = job.current.from(k * job.spacing);
    if (current.narrow != nullptr) {
      convert_step(job, k, current.narrow, first, y, counts);
    } else {
      convert_step(job, k, current.wide, first, y, counts);
    }
  }
}

// ---- Deposits ----

// The tables below hold bytes.
constexpr int largest_byte_deposit = 255;

struct DepositTable {
  int first_step = 0;
  const std::uint8_t* entries = nullptr;  // [combination][width]
};

struct DepositTables {
  std::array<DepositTable, deposit_groups> table;
  int count = 0;
};

// For every group of steps with any deposit, what each combination of its steps deposits.
WEFT_CROSSBAR_INLINE DepositTables deposit_tables(const DepositJob& job) {
  DepositTables tables;
  const std::ptrdiff_t width = job.width;
  for (int group = 0; group < deposit_groups; ++group) {
    const int first = group * deposit_group_steps;
    if (((job.steps >> first) & (deposit_table_entries - 1)) == 0) continue;
    std::uint8_t* entries = job.scratch + tables.count * deposit_table_entries * width;
    std::fill(entries, entries + width, std::uint8_t{0});
    for (int combination = 1; combination < deposit_table_entries; ++combination) {
      const int step = __builtin_ctz(static_cast<unsigned>(combination));
      const std::uint8_t* without = entries + (combination & (combination - 1)) * width;
      std::uint8_t* entry = entries + combination * width;
      if (((job.steps >> (first + step)) & 1U) == 0) {
        std::copy_n(without, width, entry);
        continue;
      }
      const std::uint8_t* chunk = job.chunks + (job.alignment - first - step) * width;
      for (std::ptrdiff_t c = 0; c < width; ++c) entry[c] = static_cast<std::uint8_t>(without[c] + chunk[c]);
    }
    tables.table[static_cast<std::size_t>(tables.count++)] = {first, entries};
  }
  return tables;
}

// What the steps of a table deposit for a row operand of this magnitude.
WEFT_CROSSBAR_INLINE const std::uint8_t* table_entry(const DepositTable& table, int magnitude, int width) {
  return table.entries +
         static_cast<std::ptrdiff_t>((magnitude >> table.first_step) & (deposit_table_entries - 1)) * width;
}

WEFT_CROSSBAR_INLINE void count_lost(const std::uint8_t* lost, int width, Saturation& saturation) {
  for (int c = 0; c < width; ++c) {
    saturation.cells += static_cast<std::uint64_t>(lost[c] != 0);
    saturation.units += lost[c];
  }
}

// Adds `deposit` to a row of cells as far as it fits and leaves in `deposit` what did not. Negative
// products use that the range of a cell is its own mirror image under bitwise complement.
WEFT_CROSSBAR_INLINE bool deposit_row(const DepositJob& job, std::uint8_t row_negative,
                                      std::int8_t* __restrict cells, std::uint8_t* __restrict deposit) {
  const std::uint8_t* negative = job.negative;
  const int width = job.width;
  const auto highest = static_cast<std::uint8_t>(job.cell_max);
  std::uint8_t any = 0;
  for (int c = 0; c < width; ++c) {
    const auto flip = static_cast<std::uint8_t>(row_negative ^ negative[c]);
    const auto cell = static_cast<std::uint8_t>(static_cast<std::uint8_t>(cells[c]) ^ flip);
    const auto room = static_cast<std::uint8_t>(highest - cell);
    const std::uint8_t taken = std::min(deposit[c], room);
    cells[c] = static_cast<std::int8_t>(static_cast<std::uint8_t>(cell + taken) ^ flip);
    deposit[c] = static_cast<std::uint8_t>(deposit[c] - taken);
    any |= deposit[c];
  }
  return any != 0;
}

// What the tables hold for a row operand of this magnitude, of all steps together.
WEFT_CROSSBAR_INLINE void sum_deposits(const DepositTables& tables, int magnitude, int width,
                                       std::uint8_t* __restrict deposit) {
  for (int t = 0; t < tables.count; ++t) {
    const std::uint8_t* entry = table_entry(tables.table[static_cast<std::size_t>(t)], magnitude, width);
    for (int c = 0; c < width; ++c)
      deposit[c] = static_cast<std::uint8_t>(t == 0 ? entry[c] : deposit[c] + entry[c]);
  }
}

WEFT_CROSSBAR_INLINE Saturation byte_deposit(const DepositJob& job) {
  Saturation saturation;
  const DepositTables tables = deposit_tables(job);
  std::array<std::uint8_t, ArrayConfig::max_lines> deposit;
  for (int i = 0; i < job.row_count; ++i) {
    const ActiveLine& row = job.rows[i];
    sum_deposits(tables, std::abs(row.value), job.width, deposit.data());
    const std::uint8_t negative = row.value < 0 ? 0xff : 0;
    if (deposit_row(job, negative, job.cells + row.line * job.stride, deposit.data()))
      count_lost(deposit.data(), job.width, saturation);
  }
  return saturation;
}

// For deposits of any size; 15 steps of 255 units fit 16 bits.
WEFT_CROSSBAR_INLINE Saturation wide_deposit(const DepositJob& job) {
  Saturation saturation;
  std::array<std::int16_t, ArrayConfig::max_lines> deposit;
  for (int i = 0; i < job.row_count; ++i) {
    const int value = job.rows[i].value;
    std::fill(deposit.begin(), deposit.begin() + job.width, std::int16_t{0});
    auto steps = static_cast<std::uint32_t>(std::abs(value)) & job.steps;
    for (; steps != 0; steps &= steps - 1) {
      const std::uint8_t* chunk =
          job.chunks + static_cast<std::ptrdiff_t>(job.alignment - __builtin_ctz(steps)) * job.width;
      for (int c = 0; c < job.width; ++c) {
        std::int16_t& sum = deposit[static_cast<std::size_t>(c)];
        sum = static_cast<std::int16_t>(sum + chunk[c]);
      }
    }
    std::int8_t* cells = job.cells + job.rows[i].line * job.stride;
    for (int c = 0; c < job.width; ++c) {
      const bool negative = (value < 0) != (job.negative[c] != 0);
      const int units = deposit[static_cast<std::size_t>(c)];
      const int wanted = cells[c] + (negative ? -units : units);
      const int kept = std::min(std::max(wanted, job.cell_min), job.cell_max);
      saturation.cells += static_cast<std::uint64_t>(kept != wanted);
      saturation.units += static_cast<std::uint64_t>(std::abs(wanted - kept));
      cells[c] = static_cast<std::int8_t>(kept);
    }
  }
  return saturation;
}

WEFT_CROSSBAR_INLINE Saturation deposit(const DepositJob& job) {
  return job.largest <= largest_byte_deposit ? byte_deposit(job) : wide_deposit(job);
}

}  // namespace weft::crossbar::loops
