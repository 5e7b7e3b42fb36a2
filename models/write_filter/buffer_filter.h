// SPDX-License-Identifier: Apache-2.0
// Decides which values of a row of a buffer are written, by the rules of FilterConfig. Numerics only.
//
// The update of a value is u = wanted − stored: what is held back keeps the stored value, which is what is
// read afterwards. One write of a row is one pass. Values of the row that it does not touch have u = 0 and
// are never written. State (running mean square, tracked threshold, wear, draws) is kept row by row, so that
// the order in which different rows are written cannot change a bit.
//
// Policies with a residual are refused: a value overwrites another, so the next difference holds whatever
// was held back before, and adding it once more would count it twice. row_top is refused because a pass has
// one row, granularity crossbar because a buffer is written row by row.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "models/write_filter/update_filter.h"

namespace weft::write_filter {

struct BufferStatistics {
  std::uint64_t rows_offered = 0;
  std::uint64_t rows_written = 0;
  std::uint64_t values_offered = 0;
  std::uint64_t values_written = 0;
};

// A write of one row: values of `stored` and `wanted` that belong together, and which of them it touches.
struct RowOffer {
  std::uint32_t row = 0;
  std::vector<std::int64_t> stored;
  std::vector<std::int64_t> wanted;    // in: the values to be written; out: what the row is to hold
  std::vector<std::uint8_t> selected;  // in: 1 where the write touches; out: 1 where cells are written
  std::int64_t least = 0;              // what a value can be, for policies that make up values
  std::int64_t greatest = 0;
};

class BufferFilter {
 public:
  // Throws weft::Error on rules that are not allowed, or not for buffers.
  explicit BufferFilter(const FilterConfig& config);

  // Why rules that hold for updates do not for buffers; null if they do.
  static const char* refusal(const FilterConfig& config);
  // Throws weft::Error unless the rules are allowed for buffers.
  static void check(const FilterConfig& config);

  void decide(RowOffer& offer);
  // Counts what policy none writes without looking at it.
  void pass(std::uint64_t rows, std::uint64_t values);

  // Other rules, with nothing remembered of any row. Throws like check() and then changes nothing.
  void restart(const FilterConfig& config);
  // From the next write on. Throw like check() and then change nothing.
  void set_policy(Policy policy);
  void set_threshold(double threshold);

  const FilterConfig& config() const { return config_; }
  const BufferStatistics& statistics() const { return statistics_; }

 private:
  UpdateFilter& rules_of(std::uint32_t row, int values);

  FilterConfig config_;
  struct Row {
    int values = 0;
    UpdateFilter rules;
  };
  std::unordered_map<std::uint32_t, Row> rows_;
  std::vector<std::int64_t> updates_;
  std::vector<std::uint8_t> written_;
  BufferStatistics statistics_;
};

}  // namespace weft::write_filter
