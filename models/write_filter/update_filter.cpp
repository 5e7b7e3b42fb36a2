// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/update_filter.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "models/common/counter_rng.h"

namespace weft::write_filter {

namespace {

std::int64_t magnitude(std::int64_t value) { return value < 0 ? -value : value; }

}  // namespace

UpdateFilter::UpdateFilter(const FilterConfig& config, int rows, int columns)
    : built_(config), config_(config), max_rows_(rows), max_columns_(columns), tracker_(config) {
  config.validate();
  const std::size_t size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  value_.resize(size);
  selected_.resize(size);
  row_selected_.resize(static_cast<std::size_t>(rows));
  if (config.has_residual()) residual_.resize(size);
  if (config.has_wear_table()) wear_.resize(size);
}

void UpdateFilter::begin(int rows, int columns) {
  rows_ = rows;
  columns_ = columns;
  offered_.clear();
  std::fill(row_selected_.begin(), row_selected_.end(), std::uint8_t{0});
}

void UpdateFilter::offer(int row, const std::int64_t* updates) {
  assert(row < rows_);
  offered_.push_back(row);
  const std::size_t first = at(row, 0);
  std::int64_t* const values = value_.data() + first;
  std::copy_n(updates, columns_, values);
  std::fill_n(selected_.begin() + static_cast<std::ptrdiff_t>(first), columns_, std::uint8_t{0});
  if (residual_.empty()) return;
  for (int column = 0; column < columns_; ++column)
    values[column] += residual_[first + static_cast<std::size_t>(column)];
}

void UpdateFilter::decide() {
  std::sort(offered_.begin(), offered_.end());
  UpdateSize size;
  for (const int row : offered_) {
    const std::int64_t* const values = value_.data() + at(row, 0);
    for (int column = 0; column < columns_; ++column) {
      // The size of the updates themselves: a residual must not raise its own threshold.
      const std::int64_t kept = residual_.empty() ? 0 : residual_[at(row, column)];
      const std::int64_t update = magnitude(values[column] - kept);
      size.sum_of_squares += static_cast<double>(update) * static_cast<double>(update);
      size.non_zero += update != 0 ? 1u : 0u;
      size.largest = std::max(size.largest, update);
      statistics_.weights_zero += values[column] == 0 ? 1u : 0u;
    }
  }
  size.values = offered_.size() * static_cast<std::uint64_t>(columns_);
  theta_ = tracker_.of_pass(size);
  statistics_.passes += 1;
  statistics_.weights_offered += size.values;
  statistics_.rows_offered += offered_.size();

  switch (config_.policy) {
    case Policy::none:
      select_all();
      break;
    case Policy::compare:
      theta_ = 1;
      select_by_threshold();
      break;
    case Policy::drop:
    case Policy::percentile:
    case Policy::ef_reset:
    case Policy::ef_grain:
      select_by_threshold();
      break;
    case Policy::top_k:
      select_top();
      break;
    case Policy::stochastic:
      round_stochastically();
      break;
    case Policy::row_top:
      select_rows_by_norm();
      break;
    case Policy::row_max:
      select_rows_by_maximum();
      break;
    case Policy::wear_adaptive:
      select_against_wear();
      break;
  }
  force_what_does_not_fit();
  spread_to_granularity();
  keep_or_lose();
}

bool UpdateFilter::take(int row, std::int64_t* changes, std::uint8_t* written) {
  if (row_selected_[static_cast<std::size_t>(row)] == 0) {
    std::fill_n(changes, columns_, 0);
    std::fill_n(written, columns_, std::uint8_t{0});
    return false;
  }
  const std::size_t first = at(row, 0);
  std::copy_n(value_.begin() + static_cast<std::ptrdiff_t>(first), columns_, changes);
  std::copy_n(selected_.begin() + static_cast<std::ptrdiff_t>(first), columns_, written);
  return true;
}

std::int64_t UpdateFilter::residual(int row, int column) const {
  return residual_.empty() ? 0 : residual_[at(row, column)];
}

void UpdateFilter::change(const FilterRules& rules) {
  config_ = built_.with(rules);
  if (config_.has_residual() && residual_.empty()) residual_.resize(value_.size());
  tracker_.change(config_);
}

void UpdateFilter::select_all() {
  for (const int row : offered_) std::fill_n(&selected_[at(row, 0)], columns_, std::uint8_t{1});
}

void UpdateFilter::select_by_threshold() {
  std::uint64_t reached = 0;
  for (const int row : offered_) {
    for (int column = 0; column < columns_; ++column) {
      const std::size_t i = at(row, column);
      selected_[i] = magnitude(value_[i]) >= theta_ ? 1 : 0;
      reached += selected_[i];
    }
  }
  const std::size_t size = offered_.size() * static_cast<std::size_t>(columns_);
  if (size > 0) tracker_.passed(static_cast<double>(reached) / static_cast<double>(size));
}

void UpdateFilter::select_top() {
  std::vector<std::size_t> order;
  for (const int row : offered_) {
    for (int column = 0; column < columns_; ++column) {
      if (value_[at(row, column)] != 0) order.push_back(at(row, column));
    }
  }
  const double share = config_.density * static_cast<double>(offered_.size()) * static_cast<double>(columns_);
  const std::size_t wanted = std::min(order.size(), static_cast<std::size_t>(std::llround(share)));
  const auto larger = [this](std::size_t a, std::size_t b) {
    const std::int64_t left = magnitude(value_[a]);
    const std::int64_t right = magnitude(value_[b]);
    return left != right ? left > right : a < b;
  };
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(wanted), order.end(), larger);
  for (std::size_t n = 0; n < wanted; ++n) selected_[order[n]] = 1;
}

void UpdateFilter::select_rows_by_norm() {
  std::vector<double> norm(static_cast<std::size_t>(max_rows_));
  std::vector<int> order;
  for (const int row : offered_) {
    double& sum = norm[static_cast<std::size_t>(row)];
    for (int column = 0; column < columns_; ++column) {
      const auto value = static_cast<double>(value_[at(row, column)]);
      sum += value * value;
    }
    if (sum > 0) order.push_back(row);
  }
  const auto share = std::llround(config_.density * static_cast<double>(offered_.size()));
  const std::size_t wanted = std::min(order.size(), static_cast<std::size_t>(share));
  std::stable_sort(order.begin(), order.end(), [&norm](int a, int b) {
    return norm[static_cast<std::size_t>(a)] > norm[static_cast<std::size_t>(b)];
  });
  for (std::size_t n = 0; n < wanted; ++n)
    std::fill_n(&selected_[at(order[n], 0)], columns_, std::uint8_t{1});
}

void UpdateFilter::select_rows_by_maximum() {
  for (const int row : offered_) {
    const std::int64_t* const values = value_.data() + at(row, 0);
    const bool reached =
        std::any_of(values, values + columns_, [this](std::int64_t v) { return magnitude(v) >= theta_; });
    if (reached) std::fill_n(&selected_[at(row, 0)], columns_, std::uint8_t{1});
  }
}

void UpdateFilter::select_against_wear() {
  const double mean = static_cast<double>(wear_total_) / static_cast<double>(wear_.size());
  for (const int row : offered_) {
    for (int column = 0; column < columns_; ++column) {
      const std::size_t i = at(row, column);
      const double factor = mean > 0 ? std::max(1.0, wear_[i] / mean) : 1.0;
      selected_[i] =
          static_cast<double>(magnitude(value_[i])) >= factor * static_cast<double>(theta_) ? 1 : 0;
    }
  }
}

void UpdateFilter::round_stochastically() {
  // One stream a pass; every weight has its draw, so that one update does not shift the luck of others.
  CounterRng random(config_.seed, config_.unit, static_cast<std::uint32_t>(statistics_.passes));
  for (const int row : offered_) {
    for (int column = 0; column < columns_; ++column) {
      const std::size_t i = at(row, column);
      const double draw = random.uniform();
      const std::int64_t size = magnitude(value_[i]);
      if (size < theta_) {
        const bool up = draw * static_cast<double>(theta_) < static_cast<double>(size);
        value_[i] = !up ? 0 : value_[i] < 0 ? -theta_ : theta_;
      }
      selected_[i] = value_[i] != 0 ? 1 : 0;
    }
  }
}

bool UpdateFilter::fits(std::int64_t residual) const {
  return magnitude(residual) >> (config_.residual_bits - 1) == 0;
}

void UpdateFilter::select_left_residuals() {
  for (const int row : offered_) {
    for (int column = 0; column < columns_; ++column) {
      const std::size_t i = at(row, column);
      if (residual_[i] != 0 && value_[i] != 0) selected_[i] = 1;
    }
  }
}

void UpdateFilter::force_what_does_not_fit() {
  if (!config_.has_residual()) {
    if (!residual_.empty()) select_left_residuals();
    return;
  }
  for (const int row : offered_) {
    for (int column = 0; column < columns_; ++column) {
      const std::size_t i = at(row, column);
      if (selected_[i] != 0 || fits(value_[i])) continue;
      selected_[i] = 1;
      statistics_.residuals_forced += 1;
    }
  }
}

void UpdateFilter::spread_to_granularity() {
  const bool whole_crossbar = config_.granularity == Granularity::crossbar;
  const bool whole_rows = whole_crossbar || config_.granularity == Granularity::row;
  bool any = false;
  for (const int row : offered_) {
    std::uint8_t* const chosen = &selected_[at(row, 0)];
    const bool touched = std::any_of(chosen, chosen + columns_, [](std::uint8_t one) { return one != 0; });
    row_selected_[static_cast<std::size_t>(row)] = touched ? 1 : 0;
    any = any || touched;
    if (touched && whole_rows) std::fill_n(chosen, columns_, std::uint8_t{1});
  }
  if (!any || !whole_crossbar) return;
  for (const int row : offered_) row_selected_[static_cast<std::size_t>(row)] = 1;
  select_all();
}

void UpdateFilter::keep_or_lose() {
  const bool grains = config_.policy == Policy::ef_grain;
  bool any = false;
  for (const int row : offered_) {
    std::uint64_t written = 0;
    for (int column = 0; column < columns_; ++column) {
      const std::size_t i = at(row, column);
      const std::int64_t total = value_[i];
      if (selected_[i] == 0) {
        value_[i] = 0;
      } else if (grains && fits(total % theta_)) {
        value_[i] = total / theta_ * theta_;
      }
      if (!residual_.empty()) residual_[i] = config_.has_residual() ? total - value_[i] : 0;
      if (!wear_.empty()) wear_[i] += selected_[i];
      written += selected_[i];
    }
    statistics_.weights_written += written;
    statistics_.rows_written += row_selected_[static_cast<std::size_t>(row)];
    if (!wear_.empty()) wear_total_ += written;
    any = any || written > 0;
  }
  statistics_.passes_written += any ? 1u : 0u;
}

}  // namespace weft::write_filter
