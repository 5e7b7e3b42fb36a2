// SPDX-License-Identifier: Apache-2.0
// Inner loops of the array: one version for every processor, one for AVX2 and one for AVX-512 with VNNI,
// chosen at run time. All versions return the same bits: everything is integer arithmetic that cannot
// overflow within the limits of ArrayConfig.
//
// Rows are `stride` elements apart; `width`, a multiple of lane_padding, is how many columns of a row
// take part. Cells and operands beyond the columns in use are zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/crossbar/adc.h"
#include "models/crossbar/real_kernels.h"

namespace weft::crossbar {

constexpr int lane_padding = 32;
constexpr int pad_to_lanes(int count) { return (count + lane_padding - 1) / lane_padding * lane_padding; }

// A driven line and its operand.
struct ActiveLine {
  std::int32_t line = 0;
  std::int32_t value = 0;
};

struct WeightBlock {
  const std::int32_t* weights = nullptr;
  std::ptrdiff_t stride = 0;
  int width = 0;
};

// The cells of one slice.
struct CellBlock {
  const std::int8_t* cells = nullptr;
  std::ptrdiff_t stride = 0;
  int width = 0;
};

// What the drivers put on `spacing` lines (a multiple of lane_padding; zero beyond those in use), step by
// step: sign-magnitude, as on hardware, where a line keeps its polarity over all steps.
struct Chunks {
  const std::uint8_t* values = nullptr;          // values[step * spacing + line]
  const std::uint8_t* negative = nullptr;        // per line: 0xff if its polarity is negative, else 0
  const std::int32_t* negative_total = nullptr;  // per step: sum of the chunks on negative lines
  int steps = 0;
  int spacing = 0;
  int largest = 0;  // no chunk is larger
};

// Currents of one slice, [step * spacing + line]: in 16 bits where the caller knows that no sum of chunk
// times cell can exceed them, however signs fall, else in 32. The other one is null.
template <typename Narrow, typename Wide>
struct CurrentsOf {
  Narrow* narrow = nullptr;
  Wide* wide = nullptr;

  CurrentsOf from(int line) const {
    return narrow != nullptr ? CurrentsOf{narrow + line, nullptr} : CurrentsOf{nullptr, wide + line};
  }
};
using Currents = CurrentsOf<std::int16_t, std::int32_t>;
using ConstCurrents = CurrentsOf<const std::int16_t, const std::int32_t>;

// Currents of `lines` lines, to be converted and added to y[line] with weight
// 2^(weight_shift + step * dac_bits).
struct Conversion {
  Adc adc;
  // Narrow ones must leave room for rounding: their magnitude and half a step of the converter fit 16 bits.
  ConstCurrents current;
  std::int32_t largest_current = 0;  // no current has a larger magnitude
  int spacing = 0;
  int lines = 0;
  int steps = 0;
  int dac_bits = 1;
  int weight_shift = 0;
};

// One slice's share of an outer-product update.
struct DepositJob {
  std::int8_t* cells = nullptr;
  std::ptrdiff_t stride = 0;
  int width = 0;
  const ActiveLine* rows = nullptr;
  int row_count = 0;
  // chunks[(alignment - step) * width + c]: magnitude that column c deposits in that step.
  const std::uint8_t* chunks = nullptr;
  int alignment = 0;
  // Per column: 0xff where the column operand is negative, else 0.
  const std::uint8_t* negative = nullptr;
  // Steps in which any column of this slice deposits anything.
  std::uint32_t steps = 0;
  // No cell is given more than this many units.
  int largest = 0;
  int cell_min = 0;
  int cell_max = 0;
  // deposit_scratch_bytes(width) bytes.
  std::uint8_t* scratch = nullptr;
};

// Steps are taken four at a time from tables of what each of their 16 combinations deposits.
constexpr int deposit_group_steps = 4;
constexpr int deposit_table_entries = 1 << deposit_group_steps;
constexpr int deposit_groups = 4;
constexpr std::size_t deposit_scratch_bytes(int width) {
  return static_cast<std::size_t>(deposit_groups) * deposit_table_entries * static_cast<std::size_t>(width);
}

// Packed cells of the lines that a vector kernel reads at a time: one byte a driven line each.
constexpr int panel_lines = 64;
constexpr std::size_t packed_bytes(int driven_lines) {
  return static_cast<std::size_t>(panel_lines) * static_cast<std::size_t>(pad_to_lanes(driven_lines));
}

// Cells that met the end of their range, and the units they could not take.
struct Saturation {
  std::uint64_t cells = 0;
  std::uint64_t units = 0;
};

struct Kernels {
  const char* name;

  // y[c] = sum over rows i of rows[i].value * W[rows[i].line][c], c < width.
  void (*mvm)(const WeightBlock& w, const ActiveLine* rows, int row_count, std::int64_t* y);
  // y[r] = sum over c < width of d[c] * W[r][c], r < rows.
  void (*mtvm)(const WeightBlock& w, int rows, const std::int16_t* d, std::int64_t* y);
  // W[rows[i].line][c] += rows[i].value * d[c]; no sum may leave the range of int32.
  void (*opa)(std::int32_t* w, std::ptrdiff_t stride, int width, const ActiveLine* rows, int row_count,
              const std::int16_t* d);

  // Chunk k of line i is the magnitude with its sign. `scratch` has packed_bytes(driven lines).
  //
  // current[k * width + c] = sum over rows i of chunk k of line i * cell[rows[i].line][c].
  void (*column_currents)(const CellBlock& block, const ActiveLine* rows, int row_count, const Chunks& chunks,
                          std::uint8_t* scratch, const Currents& current);
  // current[k * pad_to_lanes(rows) + r] = sum over c < width of chunk k of line c * cell[r][c]; results
  // beyond `rows` are arbitrary.
  void (*row_currents)(const CellBlock& block, int rows, const Chunks& chunks, std::uint8_t* scratch,
                       const Currents& current);
  void (*convert)(const Conversion& job, std::int64_t* y, AdcCounts& counts);
  // Adds the deposits of all steps to the cells, each clipped to its range.
  Saturation (*deposit)(const DepositJob& job);

  const RealKernels* real;
};

const Kernels& portable_kernels();
// The fastest set this processor can run.
const Kernels& best_kernels();
// Every set this processor can run, portable first.
std::vector<const Kernels*> available_kernels();

}  // namespace weft::crossbar
