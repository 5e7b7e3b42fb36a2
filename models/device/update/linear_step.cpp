// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "models/device/update/update_model.h"

namespace weft::device {

namespace {

// Steps shrink linearly towards the bound in their direction: step * (1 - gamma * state / bound)
// (aihwkit, LinearStep). A step never turns round.
class LinearStep final : public UpdateModel {
 public:
  const char* name() const override { return "linear_step"; }
  const char* description() const override { return "step (1 - slope state / bound)"; }
  float change(float state, bool up, const CellTraits& traits,
               const UpdateConfig& /*config*/) const override {
    return traits.step(up) * std::max(0.0F, 1 - traits.slope * state / traits.bound(up));
  }
};

}  // namespace

const UpdateModel& linear_step() {
  static const LinearStep model;
  return model;
}

}  // namespace weft::device
