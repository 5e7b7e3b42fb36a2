// SPDX-License-Identifier: Apache-2.0
// The physical model of the array: one signed digit per (slice, row, column), lines driven step by step,
// currents converted by ADCs, updates deposited in place. All slices work at the same time on hardware;
// here one after the other.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/crossbar/adc.h"
#include "models/crossbar/array_config.h"
#include "models/crossbar/current_profile.h"
#include "models/crossbar/drive.h"
#include "models/crossbar/kernels.h"
#include "models/crossbar/operand.h"
#include "models/crossbar/pair_cells.h"
#include "models/crossbar/slicing.h"

namespace weft::crossbar {

// A cell that no longer switches, and the digit that it holds; of a pair, which of them and its state.
struct HeldCell {
  int slice;
  int row;
  int col;
  std::int8_t digit;
  int part = 0;
};

class SlicedCells {
 public:
  // `config` is valid; no memory is taken before the first write.
  SlicedCells(const ArrayConfig& config, const Kernels& kernels);

  // Canonical digits of `count` weights, all in the weight range, from (row, col) on.
  void write(int row, int col, int count, const std::int32_t* weights);
  // value[i] = what the digits at (row, col + i) stand for.
  void values(int row, int col, int count, std::int64_t* value) const;
  std::int8_t cell(int slice, int row, int col) const;
  // State of the first (part 0) or second cell of a pair; Encoding::differential only.
  std::uint8_t cell_of_pair(int slice, int row, int col, int part) const;

  // Rows driven, columns read: y[c] for c < cols.
  void mvm(const Operand& x, int in_bits, bool carries_resolved, int cols, std::int64_t* y,
           AdcCounts& counts);
  // Columns driven, rows read: y[r] for r < rows.
  void mtvm(const Operand& x, int in_bits, bool carries_resolved, int rows, std::int64_t* y,
            AdcCounts& counts);
  // Adds the outer product of x (rows) and d (columns); `saturation` has an entry per slice.
  void opa(const Operand& x, const Operand& d, std::vector<Saturation>& saturation);

  // Cells that nothing changes from now on, instead of those named before.
  void hold(const std::vector<HeldCell>& cells);

  // Currents of all products from now on are added to `profile`, null for none; it must outlive that.
  void observe(CurrentProfile* profile) { profile_ = profile; }
  void calibrate(const std::vector<int>& full_scale) { config_.full_scale = full_scale; }

 private:
  std::size_t offset(int slice, int row, int col) const {
    return (static_cast<std::size_t>(slice) * static_cast<std::size_t>(config_.rows) +
            static_cast<std::size_t>(row)) *
               static_cast<std::size_t>(stride_) +
           static_cast<std::size_t>(col);
  }
  void allocate();
  void restore_held();
  CellBlock block(int slice, int width) const {
    return {cells_.data() + offset(slice, 0, 0), stride_, width};
  }
  int steps(int in_bits) const { return (in_bits + config_.dac_bits - 1) / config_.dac_bits; }
  // A conversion of `slice`, with the place where its currents go; `driven` lines cause them.
  Conversion conversion(const Adc& adc, int slice, int steps, int driven, int lines);
  Currents currents(const Conversion& job);
  // Converts the currents of one slice and adds them to y.
  void shift_and_add(const Conversion& job, int slice, const Chunks& chunks, std::int64_t* y,
                     AdcCounts& counts);
  void add_middle_states(const Conversion& job, int slice, const Chunks& chunks);
  // What to take off all results of a slice because of add_middle_states().
  std::int64_t middle_states(const Conversion& job, int slice, AdcCounts& counts);

  ArrayConfig config_;
  const Kernels& kernels_;
  CurrentProfile* profile_ = nullptr;
  DigitCode code_;
  int stride_;
  std::vector<std::int8_t> cells_;  // digits, [slice][row][stride_]
  std::vector<HeldCell> held_;
  PairCells pairs_;  // the same order; Encoding::differential only
  StreamedOperand streamed_;
  ShiftedOperand shifted_;
  std::vector<std::int16_t> currents_;       // [step][line]
  std::vector<std::int32_t> wide_currents_;  // the same, where 16 bits need not suffice
  // Per step: what a line of middle states draws.
  std::array<std::int32_t, ArrayConfig::max_operand_bits> middle_current_{};
  std::vector<std::uint8_t> scratch_;
};

}  // namespace weft::crossbar
