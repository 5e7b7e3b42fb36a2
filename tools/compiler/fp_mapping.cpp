// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/fp_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "models/common/error.h"

namespace weft::compiler {

namespace {

int divided_up(int value, int by) { return (value + by - 1) / by; }

int tree_depth(int groups) {
  int depth = 0;
  for (int left = groups; left > 1; left = (left + 1) / 2) ++depth;
  return depth;
}

struct Packing {
  int groups = 0;  // 0: the layer does not fit
  int group_rows = 0;
  double steps =
      std::numeric_limits<double>::infinity();  // multiply-accumulates of a sample, one after the other
};

// The same for all technologies, so that their results are: an addition counts for half of a multiplication
// and addition.
Packing best_packing(const FpLayer& layer, bool first, int blocks, const FpOptions& options) {
  const int width = divided_up(layer.outputs, blocks);
  const int most_groups = std::min(options.unit_columns / width, layer.rows());
  Packing best;
  for (int groups = 1; groups <= most_groups; ++groups) {
    const int rows = divided_up(layer.rows(), groups);
    if (rows > options.unit_rows) continue;
    const double steps = 2 * rows + 0.5 * tree_depth(groups) + (first ? 0 : width);
    if (steps < best.steps) best = {groups, rows, steps};
  }
  return best;
}

class Mapper {
 public:
  explicit Mapper(FpMapping& mapping) : mapping_(mapping), units_a_block_(1 + mapping.states()) {}

  void map() {
    for (FpLayer& layer : mapping_.layers) apply(layer, fewest_blocks(layer));
    if (mapping_.units_used() > mapping_.options.units) {
      throw Error(
          fmt::format("the network needs {} floating-point PIM units of {} x {} in a tile, found {}; "
                      "allowed: more or larger "
                      "units (platform.tile.fp_pim_units, platform.fp_pim), smaller layers",
                      mapping_.units_used(), mapping_.options.unit_rows, mapping_.options.unit_columns,
                      mapping_.options.units));
    }
    while (split_slowest()) {
    }
    int next = 0;
    for (FpLayer& layer : mapping_.layers) {
      layer.first_unit = next;
      next += units_a_block_ * layer.blocks;
    }
  }

 private:
  bool is_first(const FpLayer& layer) const { return &layer == mapping_.layers.data(); }
  Packing packing(const FpLayer& layer, int blocks) const {
    return best_packing(layer, is_first(layer), blocks, mapping_.options);
  }
  void apply(FpLayer& layer, int blocks) {
    const Packing best = packing(layer, blocks);
    layer.width = divided_up(layer.outputs, blocks);
    // With blocks of this width the last ones may have nothing left.
    layer.blocks = divided_up(layer.outputs, layer.width);
    layer.groups = best.groups;
    layer.group_rows = best.group_rows;
  }
  int fewest_blocks(const FpLayer& layer) const {
    for (int blocks = 1; blocks < layer.outputs; ++blocks) {
      if (packing(layer, blocks).groups != 0) return blocks;
    }
    if (packing(layer, layer.outputs).groups != 0) return layer.outputs;
    throw Error(
        fmt::format("a layer of {} inputs does not fit into a floating-point PIM unit of {} x {}; allowed: "
                    "larger units (platform.fp_pim), fewer inputs",
                    layer.inputs, mapping_.options.unit_rows, mapping_.options.unit_columns));
  }
  // Gives one more block to the layer that becomes faster by most; false if no units are left or none does.
  bool split_slowest() {
    FpLayer* best = nullptr;
    double most = 0;
    int blocks = 0;
    const int left = (mapping_.options.units - mapping_.units_used()) / units_a_block_;
    for (FpLayer& layer : mapping_.layers) {
      for (int more = 1; more <= left && layer.blocks + more <= layer.outputs; ++more) {
        const double gain =
            (packing(layer, layer.blocks).steps - packing(layer, layer.blocks + more).steps) / more;
        if (gain <= most) continue;
        best = &layer;
        most = gain;
        blocks = layer.blocks + more;
      }
    }
    if (best == nullptr) return false;
    const int before = best->blocks;
    apply(*best, blocks);
    return best->blocks > before;
  }

  FpMapping& mapping_;
  int units_a_block_;
};

}  // namespace

int FpMapping::states() const {
  switch (options.optimizer) {
    case FpOptimizer::momentum:
      return 1;
    case FpOptimizer::adam:
      return 3;
    case FpOptimizer::sgd:
      break;
  }
  return 0;
}

int FpMapping::units_used() const {
  int units = 0;
  for (const FpLayer& layer : layers) units += (1 + states()) * layer.blocks;
  return units;
}

FpMapping map_network(const reference::Network& network, const reference::TrainingPlan& plan,
                      const FpOptions& options) {
  FpMapping mapping;
  mapping.options = options;
  mapping.loss = network.loss;
  mapping.batch = plan.batch;
  for (const double rate : plan.learning_rate)
    mapping.rates.push_back(
        static_cast<float>(rate / (options.optimizer == FpOptimizer::adam ? 1 : plan.batch)));
  for (const reference::DenseLayer& from : network.layers) {
    FpLayer layer;
    layer.inputs = from.inputs;
    layer.outputs = from.outputs;
    layer.activation = from.activation;
    mapping.layers.push_back(layer);
  }
  Mapper(mapping).map();
  return mapping;
}

}  // namespace weft::compiler
