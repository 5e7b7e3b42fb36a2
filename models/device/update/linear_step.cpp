// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "models/common/vector_clones.h"
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
  void pulse(const PulseBatch& batch, const UpdateConfig& config) const override;
};

WEFT_VECTOR_CLONES void pulse_row(const LinearStep& model, const PulseBatch& batch,
                                  const UpdateConfig& config) {
  pulse_cells(model, batch, config);
}

void LinearStep::pulse(const PulseBatch& batch, const UpdateConfig& config) const {
  pulse_row(*this, batch, config);
}

}  // namespace

const UpdateModel& linear_step() {
  static const LinearStep model;
  return model;
}

}  // namespace weft::device
