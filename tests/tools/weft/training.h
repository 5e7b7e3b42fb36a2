// SPDX-License-Identifier: Apache-2.0
// Trains a small network on the whole platform, in this process, and with the golden reference.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/config/scenario.h"
#include "tools/compiler/placement.h"
#include "tools/reference/golden_kfac.h"
#include "tools/weft/simulation.h"

namespace weft::tool::test {

struct Layer {
  int outputs = 10;
  std::string activation = "none";
};

// Drawn digits of 8 x 8 pixels, hence 64 inputs.
struct Setup {
  std::vector<Layer> layers = {{10, "none"}};
  std::string loss = "cross_entropy";
  int train = 30;
  int test = 10;
  int epochs = 1;
  int batch = 1;
  double rate = 0.05;
  std::uint64_t seed = 1;
  int carry_period = 1;
  int array_rows = 16;
  int array_columns = 16;
  int crossbars = 8;
  int tile_columns = 4;
  int tile_rows = 4;
  std::string arithmetic = "automatic";
  std::vector<std::string> more = {};  // overrides, as after --set
};

config::Scenario make_scenario(const Setup& setup);

struct Comparison {
  Outcome outcome;
  compiler::Placement placement;
  std::vector<compiler::LoweredLayer> layers;
  std::string weights;              // first weight or bias that differs from the golden ones; "" if none
  std::string metrics;              // first epoch's figure that differs; "" if none
  std::uint64_t cells_changed = 0;  // weights that training has moved
  std::uint64_t cells_saturated = 0;
  std::uint64_t carries_resolved = 0;  // times, over all arrays
  std::uint64_t carries_early = 0;     // of them, because of training.carry_limit
  std::uint64_t sliced_operations = 0;
  std::uint64_t exact_operations = 0;
  std::vector<std::string> warnings;  // of the platform
  reference::KfacCounts golden_kfac;
  double distance = 0;  // of the weights from the golden ones, relative to how far those have moved
  std::vector<compiler::LoweredWeights> trained;
  // By class (activations, errors, gradients): values that were to be written to ReRAM, and that were.
  std::array<std::uint64_t, 3> offered{};
  std::array<std::uint64_t, 3> written{};
};

Comparison compare_with_golden(const Setup& setup);

// The same, with checks that the run has finished without a word and that everything equals the golden
// reference.
Comparison require_same_bits(const Setup& setup);
// Likewise, and weights in crossbars have changed.
Comparison require_golden_bits(const Setup& setup);

// For messages: what to type to see it again.
std::string describe(const Setup& setup);

}  // namespace weft::tool::test
