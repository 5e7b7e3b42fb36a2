// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/filter_config.h"

#include <fmt/core.h>
#include <cmath>

#include "models/common/error.h"

namespace weft::write_filter {

namespace {

void require(bool allowed, const char* field, double value, const char* what) {
  if (!allowed) throw Error(fmt::format("write filter: {} is {}; {}", field, value, what));
}

bool loses_by_itself(Policy policy) {
  return policy == Policy::none || policy == Policy::compare || policy == Policy::stochastic;
}

}  // namespace

double in_register(double value, double first) {
  const auto single = static_cast<float>(value);
  return single == static_cast<float>(first) ? first : single;
}

bool FilterConfig::supports(Policy wanted) const {
  if (wanted == Policy::wear_adaptive) return has_wear_table();
  return (wanted != Policy::ef_reset && wanted != Policy::ef_grain) || has_residual_memory();
}

FilterConfig FilterConfig::with(const FilterRules& rules) const {
  if (!supports(rules.policy)) {
    throw Error(fmt::format("write filter: the policy needs a {}, which this filter does not have",
                            rules.policy == Policy::wear_adaptive ? "table of writes (wear_table)"
                                                                  : "residual memory (residual_memory)"));
  }
  FilterConfig changed = *this;
  changed.residual_memory = has_residual_memory();
  changed.wear_table = has_wear_table();
  changed.policy = rules.policy;
  changed.granularity = rules.granularity;
  changed.threshold_mode = rules.threshold_mode;
  changed.threshold = rules.threshold;
  changed.density = rules.density;
  changed.keep_residual = keep_residual && !loses_by_itself(rules.policy);
  changed.validate();
  return changed;
}

void FilterConfig::validate() const {
  require(std::isfinite(threshold) && threshold > 0, "threshold", threshold, "it must be positive");
  require(rms_memory >= 0 && rms_memory < 1, "rms_memory", rms_memory, "allowed is 0 to below 1");
  require(density > 0 && density <= 1, "density", density, "allowed is above 0, at most 1");
  require(std::isfinite(feedback_gain) && feedback_gain > 0, "feedback_gain", feedback_gain,
          "it must be positive");
  require(residual_bits >= 2 && residual_bits <= 48, "residual_bits", residual_bits, "allowed is 2 to 48");
  if (keep_residual && loses_by_itself(policy)) {
    throw Error(
        "write filter: keep_residual goes with policies that hold updates back; none, compare and stochastic "
        "do not");
  }
}

}  // namespace weft::write_filter
