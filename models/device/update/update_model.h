// SPDX-License-Identifier: Apache-2.0
// What one pulse does to the state of a cell. A model says what changes on average, CellArray draws the noise
// and keeps the bounds.
//
// Adding one takes one file, <name>.cpp in this folder, that defines `const UpdateModel& <name>()`: the build
// finds it, and with it the scenario's choice and its description.
#pragma once

#include <cmath>
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
};

// "ideal" included, which is computed without any of this.
const std::vector<const UpdateModel*>& update_models();
// Null when there is no model of that name.
const UpdateModel* find_update_model(const std::string& name);

}  // namespace weft::device
