// SPDX-License-Identifier: Apache-2.0
// The loops of arrays whose cells are real numbers (DeviceCells) on vectors, once for all instruction sets:
// GCC's and clang's vector types, as wide as the file of an instruction set says. It defines
// WEFT_VECTOR_TARGET, the attribute that its functions need, includes this header and returns kernels().
// Nothing in here has external linkage: a linker keeps one of several copies of an inline function, which may
// be one that this processor cannot run.
//
// All widths give the same bits: every sum has an order of its own, and products are rounded before they are
// added (-ffp-contract=off, CMakeLists.txt).
#pragma once

#ifndef WEFT_VECTOR_TARGET
#error "define WEFT_VECTOR_TARGET before including real_vector.h"
#endif

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "models/crossbar/array_config.h"
#include "models/crossbar/kernels.h"

namespace weft::crossbar {
namespace {

template <int Bytes>
struct FloatVector {
  using Reg [[gnu::vector_size(Bytes)]] = float;
};

template <class Reg>
WEFT_VECTOR_TARGET inline void load(Reg& v, const float* p) {
  std::memcpy(&v, p, sizeof v);
}

// ---- Columns ----

template <int Bytes, int Steps, int Vectors>
WEFT_VECTOR_TARGET inline void sum_columns(const RealProduct& job, int column, int first_step, float* sums) {
  using Reg = typename FloatVector<Bytes>::Reg;
  constexpr int lanes = Bytes / 4;
  Reg sum[Steps][Vectors] = {};
  const float* chunk = job.chunks + first_step;
  for (int i = 0; i < job.row_count; ++i, chunk += job.steps) {
    const float* cells = job.cells + job.rows[i].line * job.stride + column;
    Reg row[Vectors];
    for (int v = 0; v < Vectors; ++v) load(row[v], cells + v * lanes);
    for (int s = 0; s < Steps; ++s) {
      for (int v = 0; v < Vectors; ++v) sum[s][v] += row[v] * chunk[s];
    }
  }
  for (int s = 0; s < Steps; ++s) {
    float* target = sums + std::ptrdiff_t{first_step + s} * job.width + column;
    std::memcpy(target, &sum[s][0], sizeof sum[s]);
  }
}

template <int Bytes, int Steps, int Vectors>
WEFT_VECTOR_TARGET inline void column_panel(const RealProduct& job, int column, float* sums) {
  int step = 0;
  for (; step + Steps <= job.steps; step += Steps)
    sum_columns<Bytes, Steps, Vectors>(job, column, step, sums);
  for (; step + 2 <= job.steps; step += 2) sum_columns<Bytes, 2, Vectors>(job, column, step, sums);
  if (step < job.steps) sum_columns<Bytes, 1, Vectors>(job, column, step, sums);
}

// Widths are multiples of lane_padding: whole panels, and one of half the vectors at most.
template <int Bytes, int Steps, int Vectors>
WEFT_VECTOR_TARGET inline void column_sums(const RealProduct& job, float* sums) {
  constexpr int panel = Vectors * Bytes / 4;
  static_assert(lane_padding % panel == 0 || panel == 2 * lane_padding);
  int column = 0;
  for (; column + panel <= job.width; column += panel) column_panel<Bytes, Steps, Vectors>(job, column, sums);
  if (column < job.width) column_panel<Bytes, Steps, lane_padding * 4 / Bytes>(job, column, sums);
}

// ---- Rows ----

// Sums of a row are kept in this many lanes, added in a fixed order.
inline constexpr int row_lanes = 8;
inline constexpr int rows_at_once = 4;

// Lanes 0 .. 7 of four rows become ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)) of each.
template <class Eight>
WEFT_VECTOR_TARGET inline void store_row_sums(const Eight (&sum)[rows_at_once], float* target) {
  using Four = typename FloatVector<16>::Reg;
  Four half[rows_at_once];
  for (int r = 0; r < rows_at_once; ++r) {
    half[r] = __builtin_shufflevector(sum[r], sum[r], 0, 1, 2, 3) +
              __builtin_shufflevector(sum[r], sum[r], 4, 5, 6, 7);
  }
  Four pair[2];
  for (int p = 0; p < 2; ++p) {
    pair[p] = __builtin_shufflevector(half[2 * p], half[2 * p + 1], 0, 1, 4, 5) +
              __builtin_shufflevector(half[2 * p], half[2 * p + 1], 2, 3, 6, 7);
  }
  const Four total = __builtin_shufflevector(pair[0], pair[1], 0, 2, 4, 6) +
                     __builtin_shufflevector(pair[0], pair[1], 1, 3, 5, 7);
  std::memcpy(target, &total, sizeof total);
}

template <int Steps>
WEFT_VECTOR_TARGET inline void sum_rows(const RealProduct& job, int row, int first_step, int spacing,
                                        float* sums) {
  using Eight = FloatVector<4 * row_lanes>::Reg;
  Eight sum[Steps][rows_at_once] = {};
  const float* cells[rows_at_once];
  // Beyond the last row it stands in for the others.
  for (int r = 0; r < rows_at_once; ++r)
    cells[r] = job.cells + std::min(row + r, job.row_count - 1) * job.stride;
  const float* chunks = job.chunks + std::ptrdiff_t{first_step} * job.width;
  for (int c = 0; c < job.width; c += row_lanes) {
    Eight eight[rows_at_once];
    for (int r = 0; r < rows_at_once; ++r) load(eight[r], cells[r] + c);
    for (int s = 0; s < Steps; ++s) {
      Eight chunk;
      load(chunk, chunks + std::ptrdiff_t{s} * job.width + c);
      for (int r = 0; r < rows_at_once; ++r) sum[s][r] += eight[r] * chunk;
    }
  }
  for (int s = 0; s < Steps; ++s)
    store_row_sums(sum[s], sums + std::ptrdiff_t{first_step + s} * spacing + row);
}

template <int Steps>
WEFT_VECTOR_TARGET inline void row_sums(const RealProduct& job, float* sums) {
  const int spacing = pad_to_lanes(job.row_count);
  for (int row = 0; row < job.row_count; row += rows_at_once) {
    int step = 0;
    for (; step + Steps <= job.steps; step += Steps) sum_rows<Steps>(job, row, step, spacing, sums);
    for (; step + 2 <= job.steps; step += 2) sum_rows<2>(job, row, step, spacing, sums);
    if (step < job.steps) sum_rows<1>(job, row, step, spacing, sums);
  }
}

// ---- Noise and converters ----

WEFT_VECTOR_TARGET inline float largest_square(const float* value, float offset, int count) {
  std::array<float, lane_padding> largest{};
  for (int first = 0; first < count; first += lane_padding) {
    for (int i = 0; i < lane_padding; ++i) {
      const float sum = value[first + i] + offset;
      float& lane = largest[static_cast<std::size_t>(i)];
      lane = lane < sum * sum ? sum * sum : lane;
    }
  }
  return *std::max_element(largest.begin(), largest.end());
}

WEFT_VECTOR_TARGET inline void square_levels(const SquareLevels& job, std::int8_t* level) {
  constexpr int level_offset = 128;
  for (int i = 0; i < job.count; ++i) {
    const float sum = job.value[i] + job.offset;
    const auto steps = static_cast<std::int32_t>(sum * sum * job.scale + job.dither[i]);
    level[i] = static_cast<std::int8_t>(steps - level_offset);
  }
}

WEFT_VECTOR_TARGET inline void add_noise(const RealNoise& job, float* __restrict current) {
  const RealNoise noise = job;
  if (noise.relative_variance == 0) {
    for (int i = 0; i < noise.lines; ++i) current[i] += noise.sigma * noise.deviate[i];
    return;
  }
  for (int i = 0; i < noise.lines; ++i)
    current[i] += std::sqrt(noise.variance + noise.relative_variance * noise.squares[i]) * noise.deviate[i];
}

// Nearest code, ties away from zero.
WEFT_VECTOR_TARGET inline void convert(const RealConversion& job, std::int64_t* __restrict y,
                                       AdcCounts& counts) {
  const Adc adc = job.adc;
  const float* __restrict currents = job.current;
  const int lines = job.lines;
  const double codes_per_unit = std::ldexp(1.0, -adc.shift);
  const double units_per_code = std::ldexp(1.0, adc.shift);
  // Beyond any code, within any integer.
  const double overload = std::ldexp(1.0, 30);
  const double middle = job.middle;
  const std::int64_t weight = std::int64_t{1} << (job.weight_shift + adc.shift);
  const std::int64_t offset = static_cast<std::int64_t>(middle) * (std::int64_t{1} << job.weight_shift);
  std::int32_t clipped = 0;
  std::int32_t changed = 0;
  for (int i = 0; i < lines; ++i) {
    const auto current = static_cast<double>(currents[i]);
    const double value = (current + middle) * codes_per_unit;
    const auto magnitude = static_cast<std::int32_t>(std::min(std::fabs(value) + 0.5, overload));
    const std::int32_t code = value < 0 ? -magnitude : magnitude;
    const std::int32_t kept = std::min(std::max(code, adc.low), adc.high);
    clipped += static_cast<std::int32_t>(kept != code);
    changed += static_cast<std::int32_t>(kept != code || kept * units_per_code - middle != current);
    y[i] += kept * weight - offset;
  }
  counts.clipped += static_cast<std::uint64_t>(clipped);
  counts.rounded += static_cast<std::uint64_t>(changed - clipped);
}

// Vectors of `Bytes`; products of so many steps at once, as many as there are registers for.
template <int Bytes, int ColumnSteps, int RowSteps>
const RealKernels& kernels() {
  static constexpr RealKernels set{column_sums<Bytes, ColumnSteps, 4>,
                                   row_sums<RowSteps>,
                                   largest_square,
                                   square_levels,
                                   add_noise,
                                   convert};
  return set;
}

}  // namespace
}  // namespace weft::crossbar
