// SPDX-License-Identifier: Apache-2.0
// Activations as the arrays of the machine hold them, for the golden reference: behind filters that hold
// changes back, kernels are not what was to be written. Which rows samples take is said here again; what a
// filter decides is models/write_filter/update_filter.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/write_filter/update_filter.h"

namespace weft::reference {

struct KernelPlan {
  write_filter::FilterConfig rules;
  int array_rows = 0;
  int array_columns = 0;
  int batch = 1;
  std::vector<int> block_rows;                    // inputs of an array, by shard
  std::vector<std::vector<std::uint32_t>> units;  // of the filters, by shard and row block
};

class KernelRows {
 public:
  explicit KernelRows(const KernelPlan& plan);

  // What the kernels of a shard hold of the input of sample `slot` of the batch after it was written, once a
  // sample and in the order of samples.
  std::vector<std::int16_t> write(std::size_t shard, std::size_t slot, const std::vector<std::int16_t>& x);
  // The next batch's kernels go into the rows after this one's, where a whole batch fits.
  void end_of_batch();

 private:
  struct Block {
    write_filter::UpdateFilter filter;
    std::vector<std::int64_t> cells;  // [array row][input]
  };

  KernelPlan plan_;
  std::vector<std::vector<Block>> shards_;
  int first_row_ = 0;
};

}  // namespace weft::reference
