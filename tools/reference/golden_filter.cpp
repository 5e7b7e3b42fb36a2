// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/golden_filter.h"

#include <algorithm>

namespace weft::reference {

namespace {

std::size_t index(int value) { return static_cast<std::size_t>(value); }

}  // namespace

GoldenFilter::GoldenFilter(const FilterPlan& plan) : plan_(plan) {
  for (const std::vector<FilterBlock>& places : plan.layers) {
    std::vector<Block>& blocks = layers_.emplace_back();
    for (const FilterBlock& place : places) {
      write_filter::FilterConfig config = plan.built;
      config.unit = place.unit;
      blocks.push_back({place, write_filter::UpdateFilter(config, plan.array_rows, plan.array_columns),
                        std::vector<std::int64_t>(index(place.rows) * index(place.columns)),
                        std::vector<std::uint8_t>(index(place.rows)), false});
    }
  }
}

void GoldenFilter::begin_epoch(int epoch) {
  for (std::vector<Block>& blocks : layers_) {
    for (Block& block : blocks) block.filter.change(plan_.epochs.at(index(epoch)));
  }
}

void GoldenFilter::update(std::size_t layer, const std::vector<std::int16_t>& x,
                          const std::vector<std::int16_t>& step, const Matrix& matrix) {
  for (Block& block : layers_.at(layer)) {
    add(
        block, [&x](std::size_t row) { return row < x.size() ? std::int64_t{x[row]} : 0; }, step);
    if (plan_.outer_products) pass(block, false, matrix);
  }
}

void GoldenFilter::update_shard(std::size_t layer, const Range& rows, const Range& columns,
                                const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& step,
                                const Matrix& matrix) {
  for (Block& block : layers_.at(layer)) {
    if (!rows.holds(block.place.first_row) || !columns.holds(block.place.first_column)) continue;
    add(
        block, [&x](std::size_t row) { return row < x.size() ? std::int64_t{x[row]} : 0; }, step);
    if (plan_.outer_products) pass(block, false, matrix);
  }
}

void GoldenFilter::update_row(std::size_t layer, std::size_t row, std::int64_t factor,
                              const std::vector<std::int16_t>& values, const Matrix& matrix) {
  for (Block& block : layers_.at(layer)) {
    const std::size_t first = index(block.place.first_row);
    if (row < first || row >= first + index(block.place.rows)) continue;
    add(
        block, [row, factor](std::size_t r) { return r == row ? factor : 0; }, values);
    if (plan_.outer_products) pass(block, false, matrix);
  }
}

void GoldenFilter::update_all(std::size_t layer, const std::vector<std::int64_t>& changes,
                              std::size_t columns) {
  const std::size_t rows = changes.size() / columns;
  for (Block& block : layers_.at(layer)) {
    const std::size_t first_row = index(block.place.first_row);
    const std::size_t first_column = index(block.place.first_column);
    const std::size_t last_row = std::min(first_row + index(block.place.rows), rows);
    const std::size_t last_column = std::min(first_column + index(block.place.columns), columns);
    for (std::size_t row = first_row; row < last_row; ++row) {
      std::int64_t* const sums = block.sums.data() + (row - first_row) * index(block.place.columns);
      for (std::size_t column = first_column; column < last_column; ++column)
        sums[column - first_column] += changes[row * columns + column];
    }
    block.touched = true;
  }
}

void GoldenFilter::write_back(std::size_t layer, const Matrix& matrix) {
  if (plan_.outer_products) return;
  for (Block& block : layers_.at(layer)) {
    if (block.touched) pass(block, true, matrix);
  }
}

template <typename Input>
void GoldenFilter::add(Block& block, Input input, const std::vector<std::int16_t>& step) {
  const std::size_t columns = index(block.place.columns);
  const std::size_t first_column = index(block.place.first_column);
  const std::size_t used = std::min(columns, step.size() - first_column);
  for (std::size_t row = 0; row < index(block.place.rows); ++row) {
    const std::int64_t factor = input(index(block.place.first_row) + row);
    if (factor == 0) continue;
    block.driven[row] = 1;
    for (std::size_t column = 0; column < used; ++column)
      block.sums[row * columns + column] += factor * step[first_column + column];
  }
  block.touched = true;
}

void GoldenFilter::pass(Block& block, bool all_rows, const Matrix& matrix) const {
  const FilterBlock& place = block.place;
  const std::size_t columns = index(place.columns);
  block.filter.begin(place.rows, place.columns);
  for (int row = 0; row < place.rows; ++row) {
    if (all_rows || block.driven[index(row)] != 0)
      block.filter.offer(row, block.sums.data() + index(row) * columns);
  }
  block.filter.decide();
  std::vector<std::int64_t> changes(columns);
  std::vector<std::uint8_t> written(columns);
  const std::size_t rows = matrix.weights.size() / matrix.columns;
  for (int row = 0; row < place.rows; ++row) {
    const std::size_t layer_row = index(place.first_row + row);
    if (!block.filter.take(row, changes.data(), written.data()) || layer_row >= rows) continue;
    for (std::size_t column = 0; column < columns; ++column) {
      const std::size_t layer_column = index(place.first_column) + column;
      if (layer_column >= matrix.columns) break;
      std::int64_t& weight = matrix.weights[layer_row * matrix.columns + layer_column];
      weight += changes[column];
      if (all_rows) weight = std::clamp(weight, matrix.min, matrix.max);
    }
  }
  std::fill(block.sums.begin(), block.sums.end(), 0);
  std::fill(block.driven.begin(), block.driven.end(), std::uint8_t{0});
  block.touched = false;
}

}  // namespace weft::reference
