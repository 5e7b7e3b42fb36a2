// SPDX-License-Identifier: Apache-2.0
// How layers are divided among tiles (workload.placement). On crossbars `automatic` spreads; on
// floating-point PIM units it packs as long as one tile holds the network.
#pragma once

namespace weft::compiler {

enum class PlacementRule {
  automatic,
  packed,  // layers share tiles, as few as possible
  spread   // as many tiles as layers have use for
};

}  // namespace weft::compiler
