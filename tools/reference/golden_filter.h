// SPDX-License-Identifier: Apache-2.0
// The write filters of the machine, for the golden reference: what each holds back of the updates of its
// block of a layer. Which updates make a pass is said here again; what a filter decides is
// models/write_filter/update_filter.h, whose rules have tests of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/write_filter/update_filter.h"

namespace weft::reference {

// A block of a layer's weights in one array.
struct FilterBlock {
  int first_row = 0;
  int first_column = 0;
  int rows = 0;  // of the array that take part; beyond the layer's weights there are zeros
  int columns = 0;
  std::uint32_t unit = 0;  // of the filter, among the users of its seed
};

struct FilterPlan {
  write_filter::FilterConfig built;
  int array_rows = 0;  // of an array, whatever takes part
  int array_columns = 0;
  // Updates are outer products in the array, each a pass. Otherwise those of a batch are collected, make one
  // pass, and what is written is clamped to the range of weights.
  bool outer_products = false;
  std::vector<write_filter::FilterRules> epochs;  // one an epoch
  std::vector<std::vector<FilterBlock>> layers;
};

class GoldenFilter {
 public:
  explicit GoldenFilter(const FilterPlan& plan);

  // Epochs count from 0.
  void begin_epoch(int epoch);

  struct Matrix {
    std::vector<std::int64_t>& weights;  // row-major
    std::size_t columns;
    std::int64_t min;
    std::int64_t max;
  };
  // The outer product of one command for all rows of a layer.
  void update(std::size_t layer, const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& step,
              const Matrix& matrix);
  // Likewise for the blocks of one shard only, which begin in a part of the rows and of the columns.
  struct Range {
    int first = 0;
    int count = 0;
    bool holds(int place) const { return place >= first && place < first + count; }
  };
  void update_shard(std::size_t layer, const Range& rows, const Range& columns,
                    const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& step,
                    const Matrix& matrix);
  // A command for one row of a layer: `factor` times `values`.
  void update_row(std::size_t layer, std::size_t row, std::int64_t factor,
                  const std::vector<std::int16_t>& values, const Matrix& matrix);
  // Changes of a whole layer, row-major, for the end of the batch.
  void update_all(std::size_t layer, const std::vector<std::int64_t>& changes, std::size_t columns);
  // The end of a batch; nothing to do for outer products.
  void write_back(std::size_t layer, const Matrix& matrix);

 private:
  struct Block {
    FilterBlock place;
    write_filter::UpdateFilter filter;
    std::vector<std::int64_t> sums;    // collected, row-major
    std::vector<std::uint8_t> driven;  // rows whose input is not zero
    bool touched = false;
  };

  template <typename Input>
  void add(Block& block, Input input, const std::vector<std::int16_t>& step);
  void pass(Block& block, bool all_rows, const Matrix& matrix) const;

  FilterPlan plan_;
  std::vector<std::vector<Block>> layers_;
};

}  // namespace weft::reference
