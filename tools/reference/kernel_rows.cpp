// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/kernel_rows.h"

#include <algorithm>

namespace weft::reference {

KernelRows::KernelRows(const KernelPlan& plan) : plan_(plan), shards_(plan.units.size()) {
  for (std::size_t shard = 0; shard < plan.units.size(); ++shard) {
    const auto cells =
        static_cast<std::size_t>(plan.array_rows) * static_cast<std::size_t>(plan.block_rows[shard]);
    for (const std::uint32_t unit : plan.units[shard]) {
      write_filter::FilterConfig config = plan.rules;
      config.unit = unit;
      shards_[shard].push_back({write_filter::UpdateFilter(config, plan.array_rows, plan.array_columns),
                                std::vector<std::int64_t>(cells)});
    }
  }
}

std::vector<std::int16_t> KernelRows::write(std::size_t shard, std::size_t slot,
                                            const std::vector<std::int16_t>& x) {
  const auto width = static_cast<std::size_t>(plan_.block_rows[shard]);
  const std::size_t row = static_cast<std::size_t>(first_row_) + slot;
  std::vector<std::int16_t> held(x.size());
  std::vector<std::int64_t> changes(width);
  std::vector<std::uint8_t> written(width);
  std::size_t first = 0;
  for (Block& block : shards_.at(shard)) {
    std::int64_t* const cells = block.cells.data() + row * width;
    // Beyond the layer's inputs there are zeros.
    const std::size_t inputs = std::min(width, x.size() - first);
    for (std::size_t i = 0; i < width; ++i) changes[i] = (i < inputs ? x[first + i] : 0) - cells[i];
    block.filter.begin(1, plan_.block_rows[shard]);
    block.filter.offer(0, changes.data());
    block.filter.decide();
    if (block.filter.take(0, changes.data(), written.data())) {
      for (std::size_t i = 0; i < width; ++i) cells[i] += changes[i];
    }
    for (std::size_t i = 0; i < inputs; ++i) held[first + i] = static_cast<std::int16_t>(cells[i]);
    first += inputs;
  }
  return held;
}

void KernelRows::end_of_batch() {
  first_row_ += plan_.batch;
  if (first_row_ + plan_.batch > plan_.array_rows) first_row_ = 0;
}

}  // namespace weft::reference
