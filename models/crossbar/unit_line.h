// SPDX-License-Identifier: Apache-2.0
// A line of middle states of one slice, for Encoding::unit_column: a column where rows are driven, a row
// where columns are. Its cells are devices like those of the array: written once, before the array is used,
// and never pulsed, they have errors, noise, faults and drift of their own. Line resistance is left out.
#pragma once

#include <cstdint>

#include "models/crossbar/array_config.h"
#include "models/crossbar/digit_cells.h"
#include "models/crossbar/real_kernels.h"
#include "models/device/cell_array.h"
#include "models/device/cell_random.h"

namespace weft::crossbar {

class UnitLine {
 public:
  // `bank`: unit_column or unit_row.
  UnitLine(const ArrayConfig& config, int slice, DeviceBank bank);

  void set_time(double now_s) { cells_.set_time(now_s); }
  // current[step] = what the line draws beyond ideal middle states, cell units.
  void currents(const RealProduct& product, std::uint64_t operation, float* current);
  const device::CellStatistics& statistics() const { return cells_.statistics(); }

 private:
  device::CellArray cells_;
  device::CellRandom random_;
};

}  // namespace weft::crossbar
