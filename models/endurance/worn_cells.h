// SPDX-License-Identifier: Apache-2.0
// The physical cells of an array, as far as writing them goes: which level each holds, how worn it is,
// whether it still switches, and where the matrix lies among them. Numerics only: no time, no energy.
//
// A matrix has rows x columns weights of one digit a slice. Row r is in physical row row_of(r), column c in
// physical column (c + shift) mod columns; slices are arrays of their own and are written in parallel.
#pragma once

#include <cstdint>
#include <vector>

#include "models/endurance/endurance_config.h"

namespace weft::endurance {

// What the write filter says of a weight: left alone, all of its cells written, or those that change.
enum class Mark : std::uint8_t { skip = 0, whole = 1, changed = 2 };

struct Geometry {
  int slices = 1;
  int rows = 1;
  int columns = 1;
  std::vector<int> levels;  // per slice, of a cell
  // Nothing is computed, so that no cell has a level: a row stands for its cells, none of which fails.
  bool by_row = false;
};

// A row write: SET and RESET cells are written one phase after the other, each as long as its slowest cell.
struct RowWrite {
  std::uint64_t cells = 0;
  std::uint64_t pulses = 0;
  // Pulses seen by cells that are not written: the row's other ones, and the other rows' on the same bit
  // lines.
  std::uint64_t half_selected = 0;
  std::uint64_t unselected = 0;  // pulses during which a bit line is not selected
  std::uint64_t row_pulses = 0;  // of the word lines of all slices
  unsigned set_pulses = 0;       // of the slowest cell
  unsigned reset_pulses = 0;

  void add(const RowWrite& other);  // another row, after this one: phases add up
};

// An outer product that the array has taken: x is streamed bit by bit, and in step k slice m gets chunk m of
// |d| shifted left by k.
struct Deposit {
  const std::int16_t* x = nullptr;  // rows
  int rows = 0;
  const std::int16_t* d = nullptr;  // columns
  int columns = 0;
  int digit_bits = 1;
  int steps = 1;  // of the stream
  // A digit is a pair of cells in arrays of their own, one after the other: what is added goes into the
  // first, what is taken off into the second.
  bool pairs = false;
};

struct WearStatistics {
  std::uint64_t cells_written = 0;
  std::uint64_t cells_skipped = 0;  // of the rows written
  std::uint64_t pulses = 0;
  std::uint64_t cells_stuck = 0;
  std::uint64_t writes_refused = 0;  // of cells that are stuck, at another level than asked for
  std::uint64_t first_failure = 0;   // cells written when the first one failed; 0: none has
  std::uint64_t levelling_moves = 0;
  std::uint64_t levelling_cells = 0;

  void add(const WearStatistics& other);  // of other arrays; the earlier failure is kept
};

class WornCells {
 public:
  // All cells at level 0. Throws weft::Error on a configuration that is not allowed.
  WornCells(const EnduranceConfig& config, Geometry geometry);

  // Writes digits [slice][columns], the first `columns` of the row. Afterwards they are what the cells
  // hold, which differs where cells are stuck.
  RowWrite write_row(int row, int columns, const Mark* marks, std::int8_t* digits) {
    return write_row(row, columns, marks, digits, geometry_.slices);
  }
  // Leaves the slices from `slices` on alone.
  RowWrite write_row(int row, int columns, const Mark* marks, std::int8_t* digits, int slices);

  // Gives a cell a level without writing it, as a debugger does. A stuck one keeps its own.
  void preset(int slice, int row, int column, std::int8_t level);

  // Wears the cells that pulses of an outer product reach; their levels are the array's business, and a cell
  // that is stuck refuses. By rows, every driven row counts as pulsed in every step: an upper bound.
  void deposit(const Deposit& done);
  // Takes over what a cell holds after deposits; no wear.
  void set_level(int slice, int row, int column, std::int8_t level) {
    levels_[cell(slice, row, column)] = level;
  }
  struct StuckCell {
    int slice;
    int row;  // of the matrix, as are columns
    int column;
  };
  std::vector<StuckCell> stuck_cells() const;

  // Counts an update pass, and moves the matrix when it is time to. The rows moved are rewritten;
  // their number and writes are returned.
  struct Move {
    unsigned rows = 0;          // that lie elsewhere now, each of them read
    unsigned rows_written = 0;  // of them, where a cell has another level than before
    RowWrite write;
    bool digits_changed = false;  // a stuck cell now stands where another level was wanted
  };
  Move end_of_pass();

  std::int8_t level(int slice, int row, int column) const {
    return geometry_.by_row ? std::int8_t{0} : levels_[cell(slice, row, column)];
  }
  int row_of(int row) const { return row_of_[static_cast<std::size_t>(row)]; }
  int column_shift() const { return shift_; }

  const EnduranceConfig& config() const { return config_; }
  const Geometry& geometry() const { return geometry_; }
  const WearStatistics& statistics() const { return statistics_; }
  // Per physical cell, [slice][row][column]; by rows, [slice][row] of the columns in use. Empty unless wear
  // is counted.
  const std::vector<double>& wear() const { return wear_; }
  int rows_in_use() const { return rows_in_use_; }
  int columns_in_use() const { return columns_in_use_; }
  // Drawn for each cell; the median for all without spread.
  double endurance(std::size_t cell) const { return endurance_.empty() ? config_.median : endurance_[cell]; }

 private:
  std::size_t cell(int slice, int row, int column) const {
    const int physical = (column + shift_) % geometry_.columns;
    return (static_cast<std::size_t>(slice) * static_cast<std::size_t>(geometry_.rows) +
            static_cast<std::size_t>(row_of(row))) *
               static_cast<std::size_t>(geometry_.columns) +
           static_cast<std::size_t>(physical);
  }
  void draw_endurance();
  unsigned pulses_for(int change);
  // False if the cell did not switch.
  bool write_cell(std::size_t at, int slice, std::int8_t level, unsigned pulses);
  void wear_out(std::size_t at, int slice, int change, unsigned pulses);
  void add_wear(std::size_t at, double more);
  void deposit_in(int slice, const Deposit& done);
  void pulse_cell(std::size_t at, unsigned pulses, double swing);
  std::uint64_t half_selected(const RowWrite& done) const;
  RowWrite write_unseen_row(int row, int columns, const Mark* marks);
  void deposit_unseen(const Deposit& done);
  double unseen_wear(double pulses) const;
  std::vector<std::int8_t> digits_of(int row) const;
  double row_wear(int physical_row) const;
  Move move_to(const std::vector<int>& row_of, int shift);

  EnduranceConfig config_;
  Geometry geometry_;
  std::vector<std::int8_t> levels_;
  std::vector<double> wear_;
  std::vector<double> endurance_;
  std::vector<std::uint8_t> stuck_;  // empty until a cell fails
  std::vector<int> row_of_;
  int shift_ = 0;
  int columns_in_use_ = 0;
  int rows_in_use_ = 0;
  std::uint64_t passes_ = 0;
  std::uint32_t draws_ = 0;  // of pulse counts
  WearStatistics statistics_;
};

}  // namespace weft::endurance
