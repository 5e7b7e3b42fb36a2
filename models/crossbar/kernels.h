// SPDX-License-Identifier: Apache-2.0
// Inner loops of the array in one version for every x86-64 processor and one for AVX2, chosen at run
// time. All versions return the same bits: everything is integer arithmetic that cannot overflow within
// the limits of ArrayConfig.
//
// Rows are `stride` elements apart; `width`, a multiple of lane_padding, is how many columns of a row
// take part. Cells and operands beyond the columns in use are zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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

// One slice's share of an outer-product update.
struct DepositJob {
  std::int8_t* cells = nullptr;
  std::ptrdiff_t stride = 0;
  int width = 0;
  const ActiveLine* rows = nullptr;
  int row_count = 0;
  // chunks[step * width + c]: what column c deposits in that step, signed by the column operand.
  const std::int16_t* chunks = nullptr;
  // Steps in which any column of this slice deposits anything.
  std::uint32_t steps = 0;
  int cell_min = 0;
  int cell_max = 0;
};

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

  // current[k * width + c] = sum over rows i of chunks[i * steps + k] * cell[rows[i].line][c].
  // `narrow`: the caller knows that no sum, partial sums included, leaves the range of int16.
  void (*column_currents)(const CellBlock& block, const ActiveLine* rows, int row_count,
                          const std::int16_t* chunks, int steps, bool narrow, std::int32_t* current);
  // current[k * rows + r] = sum over c < width of chunks[k * width + c] * cell[r][c].
  void (*row_currents)(const CellBlock& block, int rows, const std::int16_t* chunks, int steps,
                       std::int32_t* current);
  // Adds the deposits of all steps to the cells, each clipped to its range.
  Saturation (*deposit)(const DepositJob& job);
};

const Kernels& portable_kernels();
// The fastest set this processor can run.
const Kernels& best_kernels();
// Every set this processor can run, portable first.
std::vector<const Kernels*> available_kernels();

}  // namespace weft::crossbar
