// SPDX-License-Identifier: Apache-2.0
// Decides which updates of a matrix are written (FilterConfig). Numerics only: no time, no energy.
//
// A pass goes over the matrix twice: offer() rows, decide() once, take() them. Policies that look at the
// whole matrix need it that way, and the threshold of the others may depend on all updates. Rows that are not
// offered are not part of the pass: their residuals stay, and shares and means are of what was offered.
//
// With a residual, nothing is ever lost: the sum of what was written and of what is kept is the sum of
// what was offered, exactly. ef_reset keeps |residual| below θ, ef_grain likewise.
#pragma once

#include <cstdint>
#include <vector>

#include "models/write_filter/filter_config.h"
#include "models/write_filter/threshold.h"

namespace weft::write_filter {

struct FilterStatistics {
  std::uint64_t passes = 0;
  std::uint64_t passes_written = 0;  // with at least one row written
  std::uint64_t weights_offered = 0;
  std::uint64_t weights_written = 0;
  std::uint64_t weights_zero = 0;  // offered with nothing to change, residual included
  std::uint64_t rows_offered = 0;
  std::uint64_t rows_written = 0;
  std::uint64_t residuals_forced = 0;  // written because the residual memory could not hold them
};

class UpdateFilter {
 public:
  // Of a matrix of at most rows x columns. Throws weft::Error on a configuration that is not allowed.
  UpdateFilter(const FilterConfig& config, int rows, int columns);

  // Starts a pass over the top-left rows x columns.
  void begin(int rows, int columns);
  // Updates of one row, `columns` of them; |u| below 2^48. Once a row.
  void offer(int row, const std::int64_t* updates);
  void decide();

  // What is to be added to the row's weights, and which of them are written. False if the row is not
  // touched. Before the next begin(), once a row.
  bool take(int row, std::int64_t* changes, std::uint8_t* written);

  std::int64_t threshold() const { return theta_; }
  double rms() const { return tracker_.rms(); }
  std::int64_t residual(int row, int column) const;
  const FilterConfig& config() const { return config_; }
  const FilterStatistics& statistics() const { return statistics_; }
  std::size_t residuals() const { return residual_.size(); }

  // Between two passes. A residual that the new rules do not keep is written when its row is offered next.
  // Throws weft::Error on rules that this filter cannot have.
  void change(const FilterRules& rules);

 private:
  std::size_t at(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(max_columns_) +
           static_cast<std::size_t>(column);
  }
  void select_all();
  void select_by_threshold();
  void select_top();
  void select_rows_by_norm();
  void select_rows_by_maximum();
  void select_against_wear();
  void round_stochastically();
  bool fits(std::int64_t residual) const;
  void select_left_residuals();
  void force_what_does_not_fit();
  void spread_to_granularity();
  void keep_or_lose();

  FilterConfig built_;   // what memories there are
  FilterConfig config_;  // with the present rules
  int max_rows_;
  int max_columns_;
  int rows_ = 0;
  int columns_ = 0;
  std::int64_t theta_ = 1;
  Threshold tracker_;
  std::vector<std::int64_t> value_;     // update plus residual, then what is written
  std::vector<std::int64_t> residual_;  // empty until a policy has needed it
  std::vector<int> offered_;            // rows of this pass
  std::vector<std::uint8_t> selected_;
  std::vector<std::uint8_t> row_selected_;
  std::vector<std::uint32_t> wear_;  // writes of each weight; empty without the table
  std::uint64_t wear_total_ = 0;
  FilterStatistics statistics_;
};

}  // namespace weft::write_filter
