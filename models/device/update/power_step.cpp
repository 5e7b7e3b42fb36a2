// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "models/device/update/update_model.h"

namespace weft::device {

namespace {

// step * omega^gamma, omega the distance to the bound as a fraction of the range (aihwkit, PowStep).
class PowerStep final : public UpdateModel {
 public:
  const char* name() const override { return "power_step"; }
  const char* description() const override { return "step (distance to the bound / range)^slope"; }
  float change(float state, bool up, const CellTraits& traits,
               const UpdateConfig& /*config*/) const override {
    const float distance = up ? traits.high - state : state - traits.low;
    return traits.step(up) * std::pow(std::max(0.0F, distance / traits.range()), traits.slope);
  }
};

}  // namespace

const UpdateModel& power_step() {
  static const PowerStep model;
  return model;
}

}  // namespace weft::device
