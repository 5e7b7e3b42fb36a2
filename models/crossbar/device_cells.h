// SPDX-License-Identifier: Apache-2.0
// The sliced model with devices that are not ideal (models/device): what SlicedCells does with integers,
// on states and currents that are real numbers. With every effect off both give the same bits.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/crossbar/adc.h"
#include "models/crossbar/array_config.h"
#include "models/crossbar/current_profile.h"
#include "models/crossbar/digit_cells.h"
#include "models/crossbar/kernels.h"
#include "models/crossbar/noise_power.h"
#include "models/crossbar/operand.h"
#include "models/crossbar/slicing.h"
#include "models/crossbar/unit_line.h"

namespace weft::crossbar {

class DeviceCells {
 public:
  // `config` is valid; no memory is taken and nothing is drawn before the first use.
  DeviceCells(const ArrayConfig& config, const Kernels& kernels);

  // Canonical digits of `count` weights, all in the weight range, from (row, col) on. write() pulses every
  // cell, rewrite() those that do not read as their digit.
  void write(int row, int col, int count, const std::int32_t* weights) {
    write_digits(row, col, count, weights, false);
  }
  void rewrite(int row, int col, int count, const std::int32_t* weights) {
    write_digits(row, col, count, weights, true);
  }
  // value[i] = what the digits at (row, col + i) stand for: as read cell by cell, and as they are.
  void read(int row, int col, int count, std::int64_t* value);
  void values(int row, int col, int count, std::int64_t* value) const;
  std::int8_t cell(int slice, int row, int col) const;
  std::int8_t cell_of_pair(int slice, int row, int col, int part) const;

  void mvm(const Operand& x, int in_bits, bool carries_resolved, int cols, std::int64_t* y,
           AdcCounts& counts);
  void mtvm(const Operand& x, int in_bits, bool carries_resolved, int rows, std::int64_t* y,
            AdcCounts& counts);
  void opa(const Operand& x, const Operand& d, std::vector<Saturation>& saturation);

  // Simulated time of what follows, in seconds.
  void set_time(double now_s) { now_s_ = now_s; }

  // row_pulses: of rows, whose slices are programmed together.
  device::CellStatistics statistics() const;

  // As SlicedCells; currents are rounded to cell units.
  void observe(CurrentProfile* profile) { profile_ = profile; }
  void calibrate(const std::vector<int>& full_scale) { config_.full_scale = full_scale; }

 private:
  void begin_operation();
  void allocate();
  void write_digits(int row, int col, int count, const std::int32_t* weights, bool changed_only);
  void append(const std::int8_t* digit, int count, std::int64_t* value) const;
  using Sums = void (*)(const RealProduct& job, float* sums);
  // What becomes of a product's currents.
  struct ReadOut {
    int driven_lines;  // of the whole array: what the converters are made for
    bool carries_resolved;
    int lines;
    int spacing;  // of steps
  };

  RealProduct drive(int in_bits);
  void cut(int value, int steps, float* chunk, std::ptrdiff_t spacing);
  void multiply(RealProduct product, Sums sums, const ReadOut& read_out, std::int64_t* y, AdcCounts& counts);
  void add_noise(DigitCells& cells, int slice, const RealProduct& product, const ReadOut& read_out);
  // Offset encodings convert the middle states with the currents, and take them off the results.
  void convert(int slice, int steps, const ReadOut& read_out, std::int64_t* y, AdcCounts& counts);
  // What the devices of the unit line make of the middle states comes off the results as well.
  void subtract_unit_line(int slice, const RealProduct& product, const ReadOut& read_out, std::int64_t* y,
                          AdcCounts& counts);
  void convert_step(int slice, int step, const float* current, int lines, const ReadOut& read_out,
                    std::int64_t* y, AdcCounts& counts);
  void profile(int slice, const RealConversion& job, const AdcCounts& lost);
  std::uint32_t deposit_chunks(const Operand& x, const Operand& d, int slice);

  ArrayConfig config_;
  CurrentProfile* profile_ = nullptr;
  const Kernels& kernels_;
  DigitCode code_;
  int stride_;
  std::uint64_t operation_ = 0;  // counts everything that draws
  double now_s_ = 0;
  std::uint64_t row_pulses_ = 0;
  std::vector<DigitCells> slices_;
  // One a slice, with Encoding::unit_column.
  std::vector<UnitLine> unit_columns_;
  std::vector<UnitLine> unit_rows_;
  std::vector<std::int8_t> digits_;
  std::vector<std::int16_t> deposits_;
  std::vector<float> chunks_;    // of a product, see RealProduct
  std::vector<double> drive_;    // per step of a product, sum of all chunks
  std::vector<double> power_;    // per step of a product, sum of the squares of all chunks
  std::vector<float> currents_;  // [step][line]
  std::vector<float> deviates_;  // of the lines of a step
  // For proportional noise only.
  std::optional<NoisePower> noise_power_;
  std::vector<float> squares_;  // its sums
};

}  // namespace weft::crossbar
