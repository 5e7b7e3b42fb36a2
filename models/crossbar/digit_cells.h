// SPDX-License-Identifier: Apache-2.0
// The devices that hold the digits of one slice: a cell a digit, or a pair of cells with
// Encoding::differential. Either cell of a pair is a device of its own, with its own variation, noise, pulses
// and faults, in an array of its own; a digit is what the first conducts more than the second (pair_cells.h
// says what is deposited where).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/crossbar/array_config.h"
#include "models/device/cell_array.h"

namespace weft::crossbar {

// What tells the devices of one unit and slice apart: its random numbers.
enum class DeviceBank : std::uint32_t { digits, negative_digits, unit_column, unit_row };
device::DeviceConfig devices_of(const ArrayConfig& config, DeviceBank bank);

class DigitCells {
 public:
  DigitCells(const ArrayConfig& config, int slice, int stride);

  // As device::CellArray, for digits instead of levels.
  void set_time(double now_s);
  unsigned program(std::uint64_t operation, int row, int col, int count, const std::int8_t* digit,
                   bool changed_only);
  device::PulseLosses pulse(std::uint64_t operation, int row, int count, const std::int16_t* pulses);
  void read(std::uint64_t operation, int row, int col, int count, std::int8_t* digit);
  void peek(int row, int col, int count, std::int8_t* digit) const;
  // Of the first (part 0) or second cell of a pair.
  std::int8_t peek_part(int part, int row, int col) const;
  const float* seen();
  double line_variance() const;
  double relative_variance() const { return arrays_.front().relative_variance(); }
  bool has_read_noise() const { return arrays_.front().has_read_noise(); }
  device::CellStatistics statistics() const;

  std::vector<device::CellArray>& arrays() { return arrays_; }

 private:
  bool pairs() const { return arrays_.size() == 2; }

  std::vector<device::CellArray> arrays_;  // of a pair, positive digits first
  // Of pairs.
  std::array<std::uint64_t, 2> versions_{};  // that difference_ was made from
  std::vector<float> difference_;
  std::vector<std::int8_t> level_;
  std::vector<std::int16_t> pulses_;
};

}  // namespace weft::crossbar
