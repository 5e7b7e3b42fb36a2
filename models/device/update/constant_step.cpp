// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "models/common/vector_clones.h"
#include "models/device/update/update_model.h"

namespace weft::device {

namespace {

// state +/- step, cut at the bounds (aihwkit, ConstantStep).
class ConstantStep final : public UpdateModel {
 public:
  const char* name() const override { return "constant_step"; }
  const char* description() const override { return "a pulse changes the state by step, wherever it is"; }
  float change(float /*state*/, bool up, const CellTraits& traits,
               const UpdateConfig& /*config*/) const override {
    return traits.step(up);
  }
  void pulse(const PulseBatch& batch, const UpdateConfig& config) const override;
};

WEFT_VECTOR_CLONES void pulse_row(const ConstantStep& model, const PulseBatch& batch,
                                  const UpdateConfig& config) {
  pulse_cells(model, batch, config);
}

void ConstantStep::pulse(const PulseBatch& batch, const UpdateConfig& config) const {
  pulse_row(*this, batch, config);
}

}  // namespace

const UpdateModel& constant_step() {
  static const ConstantStep model;
  return model;
}

}  // namespace weft::device
