// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "models/common/vector_clones.h"
#include "models/device/update/update_model.h"

namespace weft::device {

namespace {

// A linear step with gamma = 1 for every cell: it vanishes at the bound (aihwkit, SoftBounds). States
// settle under alternating pulses at the symmetry point
// (a_up - a_down) / (a_up / high - a_down / low).
class SoftBounds final : public UpdateModel {
 public:
  const char* name() const override { return "soft_bounds"; }
  const char* description() const override { return "step (1 - state / bound): vanishes at the bound"; }
  float change(float state, bool up, const CellTraits& traits,
               const UpdateConfig& /*config*/) const override {
    return traits.step(up) * std::max(0.0F, 1 - state / traits.bound(up));
  }
  void pulse(const PulseBatch& batch, const UpdateConfig& config) const override;
};

WEFT_VECTOR_CLONES void pulse_row(const SoftBounds& model, const PulseBatch& batch,
                                  const UpdateConfig& config) {
  pulse_cells(model, batch, config);
}

void SoftBounds::pulse(const PulseBatch& batch, const UpdateConfig& config) const {
  pulse_row(*this, batch, config);
}

}  // namespace

const UpdateModel& soft_bounds() {
  static const SoftBounds model;
  return model;
}

}  // namespace weft::device
