// SPDX-License-Identifier: Apache-2.0
#include "models/endurance/worn_cells.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "models/common/counter_rng.h"

namespace weft::endurance {

namespace {

// Operations of the generator, so that the uses of one seed and unit do not meet.
constexpr std::uint32_t endurance_draws = 0x10000000;
constexpr std::uint32_t placement_draws = 0x20000000;
constexpr std::uint32_t pulse_draws = 0x80000000;

}  // namespace

void RowWrite::add(const RowWrite& other) {
  cells += other.cells;
  pulses += other.pulses;
  half_selected += other.half_selected;
  unselected += other.unselected;
  row_pulses += other.row_pulses;
  set_pulses += other.set_pulses;
  reset_pulses += other.reset_pulses;
}

void WearStatistics::add(const WearStatistics& other) {
  cells_written += other.cells_written;
  cells_skipped += other.cells_skipped;
  pulses += other.pulses;
  cells_stuck += other.cells_stuck;
  writes_refused += other.writes_refused;
  levelling_moves += other.levelling_moves;
  levelling_cells += other.levelling_cells;
  if (first_failure == 0 || (other.first_failure != 0 && other.first_failure < first_failure))
    first_failure = other.first_failure;
}

WornCells::WornCells(const EnduranceConfig& config, Geometry geometry)
    : config_(config), geometry_(std::move(geometry)) {
  config_.validate();
  const std::size_t cells = static_cast<std::size_t>(geometry_.slices) *
                            static_cast<std::size_t>(geometry_.rows) *
                            static_cast<std::size_t>(geometry_.columns);
  if (!geometry_.by_row) levels_.resize(cells);
  row_of_.resize(static_cast<std::size_t>(geometry_.rows));
  std::iota(row_of_.begin(), row_of_.end(), 0);
  if (!config_.count_wear) return;
  wear_.resize(geometry_.by_row ? cells / static_cast<std::size_t>(geometry_.columns) : cells);
  if (config_.spread > 0 && !geometry_.by_row) draw_endurance();
}

void WornCells::draw_endurance() {
  CounterRng random(config_.seed, config_.unit, endurance_draws);
  endurance_.resize(levels_.size());
  for (double& each : endurance_) each = config_.median * std::exp(config_.spread * random.normal());
}

RowWrite WornCells::write_row(int row, int columns, const Mark* marks, std::int8_t* digits, int slices) {
  rows_in_use_ = std::max(rows_in_use_, row + 1);
  columns_in_use_ = std::max(columns_in_use_, columns);
  if (geometry_.by_row) return write_unseen_row(row, columns, marks);
  RowWrite done;
  for (int slice = 0; slice < slices; ++slice) {
    unsigned set = 0;
    unsigned reset = 0;
    std::uint64_t written = 0;
    for (int column = 0; column < columns; ++column) {
      const std::size_t at = cell(slice, row, column);
      std::int8_t& digit = digits[static_cast<std::ptrdiff_t>(slice) * columns + column];
      const int change = digit - levels_[at];
      const Mark mark = marks[column];
      if (mark == Mark::skip || (mark == Mark::changed && change == 0)) {
        digit = levels_[at];
        continue;
      }
      const unsigned pulses = pulses_for(change);
      if (write_cell(at, slice, digit, pulses)) {
        written += 1;
        done.pulses += pulses;
        unsigned& slowest = change >= 0 ? set : reset;
        slowest = std::max(slowest, pulses);
      }
      digit = levels_[at];
    }
    done.cells += written;
    done.row_pulses += set + reset;
    done.unselected += (static_cast<std::uint64_t>(geometry_.columns) - written) * (set + reset);
    done.set_pulses = std::max(done.set_pulses, set);
    done.reset_pulses = std::max(done.reset_pulses, reset);
  }
  done.half_selected = half_selected(done);
  statistics_.cells_written += done.cells;
  statistics_.pulses += done.pulses;
  statistics_.cells_skipped +=
      static_cast<std::uint64_t>(slices) * static_cast<std::uint64_t>(columns) - done.cells;
  return done;
}

std::uint64_t WornCells::half_selected(const RowWrite& done) const {
  return done.unselected + done.pulses * static_cast<std::uint64_t>(geometry_.rows - 1);
}

void WornCells::preset(int slice, int row, int column, std::int8_t level) {
  rows_in_use_ = std::max(rows_in_use_, row + 1);
  columns_in_use_ = std::max(columns_in_use_, column + 1);
  const std::size_t at = cell(slice, row, column);
  if (stuck_.empty() || stuck_[at] == 0) levels_[at] = level;
}

unsigned WornCells::pulses_for(int change) {
  switch (config_.pulses_model) {
    case PulseModel::linear:
      return static_cast<unsigned>(std::max(1, std::abs(change)) * config_.pulses);
    case PulseModel::distribution: {
      if (config_.mean_pulses <= 1) return 1;
      CounterRng random(config_.seed, config_.unit, pulse_draws + draws_++);
      // Geometric on 1, 2, …: n = 1 + floor(ln u / ln(1 − 1/mean)).
      const double u = 1 - random.uniform();
      return 1 + static_cast<unsigned>(std::floor(std::log(u) / std::log1p(-1 / config_.mean_pulses)));
    }
    case PulseModel::fixed:
      return static_cast<unsigned>(config_.pulses);
    case PulseModel::array:
      break;
  }
  return 1;
}

bool WornCells::write_cell(std::size_t at, int slice, std::int8_t level, unsigned pulses) {
  if (!stuck_.empty() && stuck_[at] != 0) {
    statistics_.writes_refused += level != levels_[at] ? 1u : 0u;
    return false;
  }
  const int change = level - levels_[at];
  levels_[at] = level;
  if (config_.count_wear) wear_out(at, slice, change, pulses);
  return true;
}

void WornCells::wear_out(std::size_t at, int slice, int change, unsigned pulses) {
  double more = 1;
  if (config_.mode == WearMode::pulse) more = pulses;
  if (config_.mode == WearMode::swing) {
    const int window = geometry_.levels[static_cast<std::size_t>(slice)] - 1;
    more = std::pow(static_cast<double>(std::abs(change)) / window, config_.alpha);
  }
  add_wear(at, more);
}

void WornCells::add_wear(std::size_t at, double more) {
  wear_[at] += more;
  if (!config_.cells_fail || wear_[at] < endurance(at)) return;
  if (stuck_.empty()) stuck_.resize(levels_.size());
  stuck_[at] = 1;
  statistics_.cells_stuck += 1;
  // This row's cells are added up when it is finished; one before the first would read as none.
  if (statistics_.first_failure == 0)
    statistics_.first_failure = std::max<std::uint64_t>(1, statistics_.cells_written);
}

WornCells::Move WornCells::end_of_pass() {
  passes_ += 1;
  if (config_.levelling == Levelling::none) return {};
  if (passes_ % static_cast<std::uint64_t>(config_.period) != 0) return {};
  statistics_.levelling_moves += 1;
  std::vector<int> row_of = row_of_;
  int shift = shift_;
  switch (config_.levelling) {
    case Levelling::row_swap: {
      const auto wear_of = [this](int a, int b) { return row_wear(a) < row_wear(b); };
      const auto [coldest, hottest] = std::minmax_element(row_of.begin(), row_of.end(), wear_of);
      std::iter_swap(coldest, hottest);
      break;
    }
    case Levelling::row_rotation:
      for (int& row : row_of) row = (row + 1) % geometry_.rows;
      break;
    case Levelling::column_rotation:
      shift = (shift + 1) % geometry_.columns;
      break;
    case Levelling::random: {
      CounterRng random(config_.seed, config_.unit,
                        placement_draws + static_cast<std::uint32_t>(statistics_.levelling_moves));
      for (std::size_t left = row_of.size(); left > 1; --left)
        std::swap(row_of[left - 1], row_of[random.below(static_cast<std::uint32_t>(left))]);
      shift = static_cast<int>(random.below(static_cast<std::uint32_t>(geometry_.columns)));
      break;
    }
    case Levelling::none:
      break;
  }
  return move_to(row_of, shift);
}

std::vector<std::int8_t> WornCells::digits_of(int row) const {
  std::vector<std::int8_t> digits;
  for (int slice = 0; slice < geometry_.slices; ++slice) {
    for (int column = 0; column < columns_in_use_; ++column) digits.push_back(level(slice, row, column));
  }
  return digits;
}

double WornCells::row_wear(int physical_row) const {
  double sum = 0;
  const auto columns = geometry_.by_row ? std::size_t{1} : static_cast<std::size_t>(geometry_.columns);
  for (int slice = 0; slice < geometry_.slices; ++slice) {
    const std::size_t first = (static_cast<std::size_t>(slice) * static_cast<std::size_t>(geometry_.rows) +
                               static_cast<std::size_t>(physical_row)) *
                              columns;
    for (std::size_t column = 0; column < columns; ++column) sum += wear_[first + column];
  }
  return sum;
}

WornCells::Move WornCells::move_to(const std::vector<int>& row_of, int shift) {
  std::vector<int> moved;
  std::vector<std::vector<std::int8_t>> digits;
  for (int row = 0; row < rows_in_use_; ++row) {
    if (shift == shift_ && row_of[static_cast<std::size_t>(row)] == row_of_[static_cast<std::size_t>(row)])
      continue;
    moved.push_back(row);
    digits.push_back(digits_of(row));
  }
  row_of_ = row_of;
  shift_ = shift;
  Move move;
  move.rows = static_cast<unsigned>(moved.size());
  const std::vector<Mark> marks(static_cast<std::size_t>(columns_in_use_), Mark::changed);
  for (std::size_t i = 0; i < moved.size(); ++i) {
    std::vector<std::int8_t> wanted = digits[i];
    const RowWrite done = write_row(moved[i], columns_in_use_, marks.data(), wanted.data());
    move.rows_written += done.pulses > 0 ? 1 : 0;
    move.write.add(done);
    move.digits_changed = move.digits_changed || wanted != digits[i];
  }
  statistics_.levelling_cells += move.write.cells;
  return move;
}

}  // namespace weft::endurance
