// SPDX-License-Identifier: Apache-2.0
// Wear of outer products in the array: a cell is pulsed in every step that deposits something in it.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "models/endurance/worn_cells.h"

namespace weft::endurance {

namespace {

constexpr int most_steps = 15;

// What the steps of a stream deposit in the cells of one slice and column: chunk `slice` of the magnitude
// that is shifted left by the step.
struct ColumnDeposits {
  std::uint32_t steps = 0;                    // in which there is something to deposit
  std::array<double, most_steps> swing = {};  // (chunk / window)^alpha of each
};

int bits_set(std::uint32_t word) {
  int count = 0;
  for (; word != 0; word &= word - 1) ++count;
  return count;
}

}  // namespace

void WornCells::deposit(const Deposit& done) {
  rows_in_use_ = std::max(rows_in_use_, done.rows);
  columns_in_use_ = std::max(columns_in_use_, done.columns);
  if (geometry_.by_row) return deposit_unseen(done);
  for (int slice = 0; slice < geometry_.slices; ++slice) deposit_in(slice, done);
}

void WornCells::deposit_in(int slice, const Deposit& done) {
  const double window = geometry_.levels[static_cast<std::size_t>(slice)] - 1;
  const int digit = done.pairs ? slice / 2 : slice;
  const bool takes_off = done.pairs && slice % 2 != 0;
  std::vector<ColumnDeposits> columns(static_cast<std::size_t>(done.columns));
  for (int column = 0; column < done.columns; ++column) {
    ColumnDeposits& own = columns[static_cast<std::size_t>(column)];
    const auto magnitude = static_cast<std::uint64_t>(std::abs(int{done.d[column]}));
    for (int step = 0; step < most_steps; ++step) {
      const std::uint64_t chunk =
          (magnitude << step) >> (digit * done.digit_bits) & ((1u << done.digit_bits) - 1);
      if (chunk == 0) continue;
      own.steps |= 1u << step;
      own.swing[static_cast<std::size_t>(step)] =
          std::pow(std::min(1.0, static_cast<double>(chunk) / window), config_.alpha);
    }
  }
  for (int row = 0; row < done.rows; ++row) {
    const auto stream = static_cast<std::uint32_t>(std::abs(int{done.x[row]}));
    if (stream == 0) continue;
    for (int column = 0; column < done.columns; ++column) {
      const ColumnDeposits& own = columns[static_cast<std::size_t>(column)];
      const std::uint32_t steps = stream & own.steps;
      if (steps == 0) continue;
      const bool lowers = (done.x[row] < 0) != (done.d[column] < 0);
      if (done.pairs && lowers != takes_off) continue;
      double swing = 0;
      for (int step = 0; config_.mode == WearMode::swing && step < most_steps; ++step)
        swing += (steps >> step & 1u) != 0 ? own.swing[static_cast<std::size_t>(step)] : 0;
      pulse_cell(cell(slice, row, column), static_cast<unsigned>(bits_set(steps)), swing);
    }
  }
}

void WornCells::pulse_cell(std::size_t at, unsigned pulses, double swing) {
  if (!stuck_.empty() && stuck_[at] != 0) {
    statistics_.writes_refused += 1;
    return;
  }
  statistics_.cells_written += 1;
  statistics_.pulses += pulses;
  if (!config_.count_wear) return;
  switch (config_.mode) {
    case WearMode::write:
      return add_wear(at, 1);
    case WearMode::pulse:
      return add_wear(at, pulses);
    case WearMode::swing:
      return add_wear(at, swing);
  }
}

std::vector<WornCells::StuckCell> WornCells::stuck_cells() const {
  std::vector<StuckCell> found;
  if (stuck_.empty()) return found;
  for (int slice = 0; slice < geometry_.slices; ++slice) {
    for (int row = 0; row < geometry_.rows; ++row) {
      for (int column = 0; column < geometry_.columns; ++column) {
        if (stuck_[cell(slice, row, column)] != 0) found.push_back({slice, row, column});
      }
    }
  }
  return found;
}

}  // namespace weft::endurance
