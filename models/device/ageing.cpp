// SPDX-License-Identifier: Apache-2.0
#include "models/device/ageing.h"

#include <algorithm>
#include <cmath>

namespace weft::device {

Ageing::Ageing(double t0_s, const std::vector<float>& exponents)
    : t0_s_(t0_s), exponents_(exponents), written_at_s_(exponents.size()), left_(exponents.size(), 1.0F) {
  for (const float exponent : exponents)
    largest_exponent_ = std::max(largest_exponent_, std::fabs(static_cast<double>(exponent)));
}

bool Ageing::advance(double now_s) {
  now_s_ = now_s;
  // The slope of ln(age + t0) is 1 / t0 at most.
  if (largest_exponent_ * (now_s - computed_at_s_) <= resolution * t0_s_) return false;
  computed_at_s_ = now_s;
  for (std::size_t cell = 0; cell < left_.size(); ++cell) {
    const double age = now_s - written_at_s_[cell];
    left_[cell] = static_cast<float>(std::exp(-exponents_[cell] * std::log1p(age / t0_s_)));
  }
  return true;
}

}  // namespace weft::device
