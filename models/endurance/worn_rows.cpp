// SPDX-License-Identifier: Apache-2.0
// Wear of rows where nothing is computed: which cells change, and by how much, is not known.
#include <algorithm>
#include <cmath>

#include "models/endurance/worn_cells.h"

namespace weft::endurance {

double WornCells::unseen_wear(double pulses) const {
  switch (config_.mode) {
    case WearMode::pulse:
      return pulses;
    case WearMode::swing:
      return std::pow(config_.assumed_swing, config_.alpha);
    case WearMode::write:
      break;
  }
  return 1;
}

RowWrite WornCells::write_unseen_row(int row, int columns, const Mark* marks) {
  const auto written = static_cast<std::uint64_t>(
      std::count_if(marks, marks + columns, [](Mark mark) { return mark != Mark::skip; }));
  const auto slices = static_cast<std::uint64_t>(geometry_.slices);
  const bool drawn = config_.pulses_model == PulseModel::distribution;
  const bool counted = config_.pulses_model != PulseModel::array;
  const double pulses = drawn ? config_.mean_pulses : counted ? config_.pulses : 1;
  RowWrite done;
  if (written == 0) return done;
  done.cells = written * slices;
  done.pulses = static_cast<std::uint64_t>(std::llround(pulses * static_cast<double>(done.cells)));
  done.set_pulses = static_cast<unsigned>(std::lround(pulses));
  done.row_pulses = slices * done.set_pulses;
  done.unselected = (static_cast<std::uint64_t>(geometry_.columns) - written) * done.row_pulses;
  done.half_selected = half_selected(done);
  statistics_.cells_written += done.cells;
  statistics_.pulses += done.pulses;
  statistics_.cells_skipped += static_cast<std::uint64_t>(columns) * slices - done.cells;
  if (!config_.count_wear) return done;
  for (int slice = 0; slice < geometry_.slices; ++slice)
    wear_[static_cast<std::size_t>(slice * geometry_.rows + row_of(row))] += unseen_wear(pulses);
  return done;
}

void WornCells::deposit_unseen(const Deposit& done) {
  // One cell of each pair, though which of them is not known.
  const int arrays = done.pairs ? geometry_.slices / 2 : geometry_.slices;
  const auto cells = static_cast<std::uint64_t>(arrays) * static_cast<std::uint64_t>(done.rows) *
                     static_cast<std::uint64_t>(done.columns);
  statistics_.cells_written += cells;
  statistics_.pulses += cells * static_cast<std::uint64_t>(done.steps);
  if (!config_.count_wear) return;
  for (int slice = 0; slice < geometry_.slices; ++slice) {
    for (int row = 0; row < done.rows; ++row)
      wear_[static_cast<std::size_t>(slice * geometry_.rows + row_of(row))] += unseen_wear(done.steps);
  }
}

}  // namespace weft::endurance
