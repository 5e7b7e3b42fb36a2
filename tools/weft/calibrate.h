// SPDX-License-Identifier: Apache-2.0
// `weft calibrate`: full scales for converters from the currents of a run, layer by layer and slice by slice.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/crossbar/current_profile.h"
#include "platform/machine/accelerator.h"
#include "tools/compiler/placement.h"
#include "tools/weft/commands.h"

namespace weft::tool {

struct CalibrateOptions {
  ScenarioOptions scenario;
  std::filesystem::path out;  // the YAML file to write, for `include`
  double coverage = 1;        // share of the currents observed that must not clip
  bool quiet = false;
};

int calibrate(const CalibrateOptions& options);

// What the arrays of a layer see.
struct LayerCalibration {
  crossbar::CurrentProfile profile;
  std::vector<int> full_scale;
  std::vector<crossbar::AdcCounts> after;  // lost of the same currents with that full scale, per slice
};

// Throws Error unless 0 < coverage <= 1.
LayerCalibration calibrate_layer(crossbar::CurrentProfile profile, const crossbar::ArrayConfig& array,
                                 double coverage);

// Gives the units of every layer the full scales meant for it; nothing without any.
void apply_full_scales(const std::vector<std::vector<int>>& by_layer, const compiler::Placement& placement,
                       const machine::Accelerator& accelerator);

}  // namespace weft::tool
