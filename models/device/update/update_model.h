// SPDX-License-Identifier: Apache-2.0
// What one pulse does to the state of a cell. A model says what changes on average, CellArray draws the noise
// and keeps the bounds.
//
// Adding one takes one file, <name>.cpp in this folder, that defines `const UpdateModel& <name>()`: the build
// finds it, and with it the scenario's choice and its description.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "models/device/device_config.h"

namespace weft::device {

// What one cell is like: drawn once.
struct CellTraits {
  float step_up = 1;    // cell units, asymmetry and variation included
  float step_down = 1;  // magnitude
  float low = 0;        // bounds of the state, low < 0 < high
  float high = 0;
  float slope = 0;  // gamma

  float step(bool up) const { return up ? step_up : -step_down; }
  float bound(bool up) const { return up ? high : low; }
  float range() const { return high - low; }
};

// Up to four pulses of the cells of a row: those that come after the first `done` of every cell.
struct PulseBatch {
  static constexpr int most_pulses = 4;

  int count = 0;  // cells
  float* state = nullptr;
  float* lost = nullptr;                 // per cell: what the bounds cut off is added
  const std::int32_t* pulses = nullptr;  // per cell: positive up, negative down
  int done = 0;
  const float* step_up = nullptr;  // CellTraits of every cell
  const float* step_down = nullptr;
  const float* low = nullptr;
  const float* high = nullptr;
  const float* slope = nullptr;
  float noise = 0;
  const float* deviate = nullptr;  // [cell][most_pulses], if there is noise
};

class UpdateModel {
 public:
  virtual ~UpdateModel() = default;

  virtual const char* name() const = 0;
  // One sentence with equation and source, for the manual.
  virtual const char* description() const = 0;
  // Mean change of the state by one pulse, in cell units, sign included.
  virtual float change(float state, bool up, const CellTraits& traits, const UpdateConfig& config) const = 0;
  // Standard deviation of a change for UpdateConfig::noise = 1.
  virtual float spread(float change, const CellTraits& /*traits*/) const { return std::fabs(change); }
  // What the pulses of a batch do. A model whose change() compilers can vectorise hands itself to
  // pulse_cells() in a function with WEFT_VECTOR_CLONES, with the same results.
  virtual void pulse(const PulseBatch& batch, const UpdateConfig& config) const;
};

template <class Model>
[[gnu::always_inline]] inline void pulse_cells(const Model& model, const PulseBatch& batch,
                                               const UpdateConfig& config) {
  const PulseBatch b = batch;
  for (int n = 0; n < PulseBatch::most_pulses; ++n) {
    for (int i = 0; i < b.count; ++i) {
      const CellTraits traits{b.step_up[i], b.step_down[i], b.low[i], b.high[i], b.slope[i]};
      const float state = b.state[i];
      const float change = model.change(state, b.pulses[i] > 0, traits, config);
      float next = state + change;
      if (b.noise > 0)
        next += b.noise * model.spread(change, traits) * b.deviate[PulseBatch::most_pulses * i + n];
      // A cell outside its bounds, where programming may leave it, is not pulled back by a bound.
      const float raised = std::max(next, std::min(state, traits.low));
      const float kept = std::min(raised, std::max(state, traits.high));
      const bool pulsed = b.done + n < std::abs(b.pulses[i]);
      b.lost[i] += pulsed ? std::fabs(next - kept) : 0.0F;
      b.state[i] = pulsed ? kept : state;
    }
  }
}

// "ideal" included, which is computed without any of this.
const std::vector<const UpdateModel*>& update_models();
// Null when there is no model of that name.
const UpdateModel* find_update_model(const std::string& name);

}  // namespace weft::device
