// SPDX-License-Identifier: Apache-2.0
// The write filter of a scenario, epoch by epoch (training.write_filter_schedule).
#pragma once

#include <vector>

#include "models/write_filter/filter_config.h"
#include "platform/config/scenario.h"

namespace weft::config {

struct FilterSchedule {
  // With the memories that some epoch needs.
  write_filter::FilterConfig built;
  std::vector<write_filter::FilterRules> epochs;  // one an epoch, as the registers hold them

  // Epochs, from 0, that begin with other rules than the one before; 0 if it begins with other rules than the
  // scenario's filter.
  std::vector<int> changes() const;
  // Whether what is written can be anything but what was to be written.
  bool holds_back() const;
};

// Throws Error, naming the entry, on changes that are out of order, beyond the last epoch, or not allowed.
FilterSchedule filter_schedule(const Scenario& scenario);

}  // namespace weft::config
