// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "models/device/update/update_model.h"

namespace weft::device {

namespace {

// step * max(0, 1 - A e^(+/-gamma z)), z = 2 a state / range + b, A of its own for either direction
// (aihwkit, ExpStep).
class ExponentialStep final : public UpdateModel {
 public:
  const char* name() const override { return "exponential_step"; }
  const char* description() const override {
    return "step max(0, 1 - A exp(+/-slope z)), z = 2 a state / range + b";
  }
  float change(float state, bool up, const CellTraits& traits, const UpdateConfig& config) const override {
    const float z = 2 * static_cast<float>(config.exponential_scale) * state / traits.range() +
                    static_cast<float>(config.exponential_offset);
    const auto amplitude = static_cast<float>(up ? config.exponential_up : config.exponential_down);
    const float exponent = up ? traits.slope * z : -traits.slope * z;
    return traits.step(up) * std::max(0.0F, 1 - amplitude * std::exp(std::min(exponent, 60.0F)));
  }
};

}  // namespace

const UpdateModel& exponential_step() {
  static const ExponentialStep model;
  return model;
}

}  // namespace weft::device
