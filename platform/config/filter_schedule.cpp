// SPDX-License-Identifier: Apache-2.0
#include "platform/config/filter_schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"

namespace weft::config {

using write_filter::FilterConfig;
using write_filter::FilterRules;
using write_filter::Policy;

namespace {

FilterRules changed(const FilterRules& before, const FilterChange& change, const FilterRules& first) {
  FilterRules rules = before;
  rules.policy = change.policy.value_or(before.policy);
  rules.granularity = change.granularity.value_or(before.granularity);
  rules.threshold_mode = change.threshold_mode.value_or(before.threshold_mode);
  if (change.threshold) rules.threshold = write_filter::in_register(*change.threshold, first.threshold);
  if (change.density) rules.density = write_filter::in_register(*change.density, first.density);
  return rules;
}

void check_order(const std::vector<FilterChange>& changes, int epochs) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const int least = i == 0 ? 1 : changes[i - 1].epoch + 1;
    if (changes[i].epoch >= least && changes[i].epoch <= epochs) continue;
    throw Error(fmt::format("change {}: from_epoch is {}, allowed: {} to {}", i + 1, changes[i].epoch, least,
                            epochs));
  }
}

bool same(const FilterRules& a, const FilterRules& b) {
  return a.policy == b.policy && a.granularity == b.granularity && a.threshold_mode == b.threshold_mode &&
         a.threshold == b.threshold && a.density == b.density;
}

}  // namespace

std::vector<int> FilterSchedule::changes() const {
  std::vector<int> found;
  FilterRules before = built.rules();
  for (std::size_t epoch = 0; epoch < epochs.size(); ++epoch) {
    if (!same(before, epochs[epoch])) found.push_back(static_cast<int>(epoch));
    before = epochs[epoch];
  }
  return found;
}

bool FilterSchedule::holds_back() const {
  return std::any_of(epochs.begin(), epochs.end(), [](const FilterRules& rules) {
    return rules.policy != Policy::none && rules.policy != Policy::compare;
  });
}

FilterSchedule filter_schedule(const Scenario& scenario) {
  const TrainingConfig& training = scenario.training;
  FilterSchedule schedule;
  schedule.built = scenario.platform.crossbar.write_filter;
  check_order(training.write_filter_schedule, training.epochs);
  for (const FilterChange& change : training.write_filter_schedule) {
    const Policy policy = change.policy.value_or(Policy::none);
    if (policy == Policy::ef_reset || policy == Policy::ef_grain) schedule.built.residual_memory = true;
    if (policy == Policy::wear_adaptive) schedule.built.wear_table = true;
  }
  const FilterRules first = schedule.built.rules();
  FilterRules rules = first;
  auto next = training.write_filter_schedule.begin();
  for (int epoch = 1; epoch <= training.epochs; ++epoch) {
    if (next != training.write_filter_schedule.end() && next->epoch == epoch)
      rules = changed(rules, *next++, first);
    schedule.built.with(rules).validate();
    schedule.epochs.push_back(rules);
  }
  return schedule;
}

}  // namespace weft::config
