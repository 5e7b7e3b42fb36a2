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
