// SPDX-License-Identifier: Apache-2.0
// The sliced model with devices that are not ideal (models/device): what SlicedCells does with integers,
// on states and currents that are real numbers. With every effect off both give the same bits.
#pragma once

#include <cstdint>
#include <vector>

#include "models/crossbar/adc.h"
#include "models/crossbar/array_config.h"
#include "models/crossbar/current_profile.h"
#include "models/crossbar/kernels.h"
#include "models/crossbar/operand.h"
#include "models/crossbar/slicing.h"
#include "models/device/cell_array.h"

namespace weft::crossbar {

class DeviceCells {
 public:
  // `config` is valid; no memory is taken and nothing is drawn before the first use.
  explicit DeviceCells(const ArrayConfig& config);

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
  // A product's drive: chunks[i * steps + k] of active line i.
  struct Drive {
    const Operand& operand;
    int steps;
    const std::int16_t* chunks;
  };

  void begin_operation();
  void allocate();
  void write_digits(int row, int col, int count, const std::int32_t* weights, bool changed_only);
  void append(const std::int8_t* digit, int count, std::int64_t* value) const;
  Drive drive(const Operand& x, int in_bits);
  void column_currents(const device::CellArray& cells, const float* seen, const Drive& drive, int width);
  void row_currents(const device::CellArray& cells, const float* seen, const Drive& drive, int rows);
  void add_noise(const device::CellArray& cells, int slice, const Drive& drive, int lines, int spacing);
  void profile(int slice, const float* current, std::int64_t middle, int lines);
  // Offset encodings convert the middle states with the currents, and take them off the results.
  void convert(const Adc& adc, int slice, const Drive& drive, int lines, int spacing, std::int64_t* y,
               AdcCounts& counts);
  std::uint32_t deposit_chunks(const Operand& x, const Operand& d, int slice);

  ArrayConfig config_;
  CurrentProfile* profile_ = nullptr;
  DigitCode code_;
  int stride_;
  std::uint64_t operation_ = 0;  // counts everything that draws
  double now_s_ = 0;
  std::uint64_t row_pulses_ = 0;
  std::vector<device::CellArray> slices_;
  std::vector<std::int8_t> digits_;
  std::vector<std::int16_t> chunks_;
  std::vector<float> currents_;         // [step][line]
  std::vector<float> square_currents_;  // the same for squares of conductances: proportional noise
  std::vector<float> dense_chunks_;     // [step][line]
};

}  // namespace weft::crossbar
