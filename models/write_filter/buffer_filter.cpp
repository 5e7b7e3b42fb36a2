// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/buffer_filter.h"

#include <algorithm>

#include "models/common/error.h"

namespace weft::write_filter {

BufferFilter::BufferFilter(const FilterConfig& config) : config_(config) { check(config); }

const char* BufferFilter::refusal(const FilterConfig& config) {
  if (config.has_residual()) {
    return "write filter: ef_reset, ef_grain and keep_residual are for updates that add up; a buffer's "
           "values replace each other; allowed: none, compare, drop, top_k, percentile, stochastic, "
           "row_max, wear_adaptive";
  }
  if (config.policy == Policy::row_top) {
    return "write filter: row_top chooses among the rows of a matrix; a buffer is written row by row; "
           "allowed: none, compare, drop, top_k, percentile, stochastic, row_max, wear_adaptive";
  }
  if (config.granularity == Granularity::crossbar)
    return "write filter: granularity is crossbar; a buffer is written row by row; allowed: cell, weight, "
           "row";
  return nullptr;
}

void BufferFilter::check(const FilterConfig& config) {
  config.validate();
  if (const char* reason = refusal(config)) throw Error(reason);
}

void BufferFilter::pass(std::uint64_t rows, std::uint64_t values) {
  statistics_.rows_offered += rows;
  statistics_.rows_written += rows;
  statistics_.values_offered += values;
  statistics_.values_written += values;
}

void BufferFilter::decide(RowOffer& offer) {
  const std::size_t values = offer.stored.size();
  updates_.assign(values, 0);
  for (std::size_t i = 0; i < values; ++i) {
    if (offer.selected[i] == 0) continue;
    updates_[i] = offer.wanted[i] - offer.stored[i];
    statistics_.values_offered += 1;
  }
  UpdateFilter& rules = rules_of(offer.row, static_cast<int>(values));
  rules.begin(1, static_cast<int>(values));
  rules.offer(0, updates_.data());
  rules.decide();
  written_.resize(values);
  rules.take(0, updates_.data(), written_.data());
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < values; ++i) {
    const bool written = offer.selected[i] != 0 && written_[i] != 0;
    offer.selected[i] = written ? 1 : 0;
    offer.wanted[i] =
        written ? std::clamp(offer.stored[i] + updates_[i], offer.least, offer.greatest) : offer.stored[i];
    count += offer.selected[i];
  }
  statistics_.rows_offered += 1;
  statistics_.values_written += count;
  statistics_.rows_written += count > 0 ? 1u : 0u;
}

void BufferFilter::restart(const FilterConfig& config) {
  check(config);
  config_ = config;
  rows_.clear();
}

void BufferFilter::set_policy(Policy policy) {
  FilterConfig config = config_;
  config.policy = policy;
  restart(config);
}

void BufferFilter::set_threshold(double threshold) {
  FilterConfig config = config_;
  config.threshold = threshold;
  check(config);
  config_ = config;
  for (auto& [row, own] : rows_) own.rules.change(config.rules());
}

UpdateFilter& BufferFilter::rules_of(std::uint32_t row, int values) {
  const auto found = rows_.find(row);
  if (found != rows_.end() && found->second.values == values) return found->second.rules;
  FilterConfig own = config_;
  own.unit = config_.unit + row;
  rows_.erase(row);
  return rows_.emplace(row, Row{values, UpdateFilter(own, 1, values)}).first->second.rules;
}

}  // namespace weft::write_filter
