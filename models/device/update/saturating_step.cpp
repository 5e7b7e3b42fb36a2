// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "models/device/update/update_model.h"

namespace weft::device {

namespace {

// The model of the PANTHER authors' simulator. With the range R, d = step / R and
// W0 = R / (1 - e^-alpha):  up (W0 + low - state)(1 - e^(-alpha d)), down (high - W0 - state)(1 - e^(-alpha
// d)). Composes exactly: n pulses of d are one of n d. The noise of a change dW has the standard deviation
// sigma sqrt(R |dW|), so its variance, too, adds up over pulses.
class SaturatingStep final : public UpdateModel {
 public:
  const char* name() const override { return "saturating_step"; }
  const char* description() const override {
    return "(W0 + low - state)(1 - exp(-slope step / range)) up, mirrored down";
  }
  float change(float state, bool up, const CellTraits& traits,
               const UpdateConfig& /*config*/) const override {
    const float range = traits.range();
    const float alpha = std::max(traits.slope, 1e-3F);
    const float reach = range / -std::expm1(-alpha);
    const float share = -std::expm1(-alpha * std::fabs(traits.step(up)) / range);
    return (up ? reach + traits.low - state : traits.high - reach - state) * share;
  }
  float spread(float change, const CellTraits& traits) const override {
    return std::sqrt(traits.range() * std::fabs(change));
  }
};

}  // namespace

const UpdateModel& saturating_step() {
  static const SaturatingStep model;
  return model;
}

}  // namespace weft::device
