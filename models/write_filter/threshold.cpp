// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/threshold.h"

#include <algorithm>
#include <cmath>

#include "models/common/normal.h"

namespace weft::write_filter {

Threshold::Threshold(const FilterConfig& config) : config_(config) {}

std::int64_t Threshold::of_pass(const UpdateSize& size) {
  const std::uint64_t counted = config_.rms_of_non_zero ? size.non_zero : size.values;
  if (counted > 0) {
    const double now = size.sum_of_squares / static_cast<double>(counted);
    mean_square_ =
        has_mean_square_ ? config_.rms_memory * mean_square_ + (1 - config_.rms_memory) * now : now;
    has_mean_square_ = true;
  }
  double theta = config_.threshold;
  if (config_.policy == Policy::percentile) {
    theta = tracked();
  } else if (config_.threshold_mode == ThresholdMode::rms) {
    theta *= rms();
  } else if (config_.threshold_mode == ThresholdMode::maximum) {
    theta *= static_cast<double>(size.largest);
  }
  constexpr double most = 4.0e18;
  return static_cast<std::int64_t>(std::ceil(std::clamp(theta, 1.0, most)));
}

double Threshold::tracked() {
  const double laplace = -rms() / std::sqrt(2.0) * std::log(config_.density);
  switch (config_.tracking) {
    case Tracking::gaussian:
      return rms() * inverse_normal(1 - config_.density / 2);
    case Tracking::laplace:
      return laplace;
    case Tracking::feedback:
      break;
  }
  if (followed_ == 0) followed_ = std::max(1.0, laplace);
  return followed_;
}

void Threshold::passed(double density) {
  if (followed_ == 0) return;
  // Below one unit θ says nothing more, and must be able to come back from there.
  followed_ = std::max(1.0, followed_ * std::exp(config_.feedback_gain * (density - config_.density)));
}

double Threshold::rms() const { return std::sqrt(mean_square_); }

void Threshold::change(const FilterConfig& config) {
  if (config.policy != config_.policy || config.density != config_.density) followed_ = 0;
  config_ = config;
}

}  // namespace weft::write_filter
