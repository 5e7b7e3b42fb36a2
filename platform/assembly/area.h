// SPDX-License-Identifier: Apache-2.0
// Area, peak power and leakage of the accelerator's chip, part by part: what a tile holds of each part
// (from the platform) times what one takes up (from the technology). The host and its memories are not on it.
#pragma once

#include <string>
#include <vector>

#include "platform/config/scenario.h"

namespace weft::assembly {

// One part, all of its copies in one tile or, for parts of the chip, on the chip.
struct AreaItem {
  std::string part;  // as in technology.area
  double count = 0;
  config::PartCost cost;  // of all `count`
};

struct AreaReport {
  std::vector<AreaItem> tile;  // of one tile
  std::vector<AreaItem> chip;  // beside the tiles
  int tiles = 0;
  std::vector<std::string> without_figures;  // parts of the platform that are not in it

  config::PartCost tile_total() const;
  config::PartCost chip_total() const;  // tiles included
};

AreaReport area(const config::Scenario& scenario);

}  // namespace weft::assembly
