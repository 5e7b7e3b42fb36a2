// SPDX-License-Identifier: Apache-2.0
// Inner loops of arrays whose cells are real numbers (DeviceCells), in every instruction set; all of them
// return the same bits. See kernels.h for strides, widths and padding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/crossbar/adc.h"

namespace weft::crossbar {

struct ActiveLine;

// Currents of an array, step by step: sums of cell times chunk. Rows driven: `rows` are the driven ones and
// chunks[i * steps + step] belongs to rows[i]. Columns driven: `row_count` rows are read, `rows` is null and
// chunks[step * width + column] belongs to a column. Every chunk has its sign.
struct RealProduct {
  const float* cells = nullptr;
  std::ptrdiff_t stride = 0;
  int width = 0;
  const ActiveLine* rows = nullptr;
  int row_count = 0;
  const float* chunks = nullptr;
  int steps = 0;
};

// Squares in levels of a byte: level[i] = floor((value[i] + offset)^2 * scale + dither[i]) - 128.
struct SquareLevels {
  const float* value = nullptr;
  float offset = 0;
  float scale = 0;
  const float* dither = nullptr;
  int count = 0;
};

// Noise of the lines of one step: deviate times the root of `variance`, or of
// variance + relative_variance * square where that is not zero.
struct RealNoise {
  const float* deviate = nullptr;
  const float* squares = nullptr;
  float sigma = 0;  // root of `variance`
  float variance = 0;
  float relative_variance = 0;
  int lines = 0;
};

// Currents of one step, to be converted and added to y[line] with weight 2^weight_shift. What is converted
// has `middle`, an integer, on top of the current; results do not.
struct RealConversion {
  Adc adc;
  const float* current = nullptr;
  double middle = 0;
  int lines = 0;
  int weight_shift = 0;
};

struct RealKernels {
  // sums[step * width + column], over rows in the order given.
  void (*column_sums)(const RealProduct& job, float* sums);
  // sums[step * pad_to_lanes(row_count) + row], over columns in eight lanes (real_vector.h); arbitrary beyond
  // the rows.
  void (*row_sums)(const RealProduct& job, float* sums);
  // The largest (value[i] + offset)^2, of a multiple of lane_padding values.
  float (*largest_square)(const float* value, float offset, int count);
  void (*square_levels)(const SquareLevels& job, std::int8_t* level);
  void (*add_noise)(const RealNoise& job, float* current);
  // Nearest code, ties away from zero.
  void (*convert)(const RealConversion& job, std::int64_t* y, AdcCounts& counts);
};

const RealKernels& portable_real_kernels();
// To be called only where the processor has the instructions of the set of kernels they belong to.
const RealKernels& avx2_real_kernels();
const RealKernels& avx512_real_kernels();

}  // namespace weft::crossbar
