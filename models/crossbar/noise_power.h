// SPDX-License-Identifier: Apache-2.0
// Variance of noise that is proportional to the conductance of every cell: for each step and line read, the
// sum of (chunk * conductance)^2 over the driven lines.
//
// A second product of the size of the first would double the time of a read. Noise needs no such precision:
// squares of conductances are rounded to 8 bits of the largest one of the slice, up or down by an ordered
// dither whose eight phases every row and column meets equally often, and summed by the integer kernels.
#pragma once

#include <cstdint>
#include <vector>

#include "models/crossbar/array_config.h"
#include "models/crossbar/digit_cells.h"
#include "models/crossbar/kernels.h"

namespace weft::crossbar {

class NoisePower {
 public:
  NoisePower(const ArrayConfig& config, const Kernels& kernels);

  // Takes the chunks of a product, then, slice by slice, the cells: sum[step * spacing + line] in squares of
  // cell units, `spacing` being product.width where rows are driven and pad_to_lanes(row_count) where columns
  // are. Both cells of a pair count.
  void load(const RealProduct& product);
  void sums(int slice, DigitCells& cells, const RealProduct& product, float* sum);

 private:
  struct Levels {
    std::uint64_t version = 0;  // of the cells
    float unit = 0;             // of a level, cell units squared
    std::vector<std::int8_t> level;
  };

  void quantise(device::CellArray& cells, Levels& levels);
  void add_digit(int digit, const RealProduct& product, const Levels& levels, float* sum);

  ArrayConfig config_;
  const Kernels& kernels_;
  int stride_;
  std::vector<Levels> arrays_;  // of each slice, all of its arrays
  std::vector<float> dither_;
  // Squares of chunks, in digits of a byte.
  int digits_;
  int spacing_ = 0;
  std::vector<std::uint8_t> chunks_;  // [digit][step][line]
  std::vector<std::int32_t> totals_;  // [digit][step]
  std::vector<std::uint8_t> polarity_;
  std::vector<std::int32_t> no_totals_;
  std::vector<std::uint8_t> scratch_;
  std::vector<std::int16_t> narrow_;
  std::vector<std::int32_t> wide_;
};

}  // namespace weft::crossbar
