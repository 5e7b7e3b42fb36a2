// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/fp_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

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
    for (FpLayer& layer : mapping_.layers) {
      const int blocks = fewest_blocks(layer);
      apply(layer, blocks);
      least_units_.push_back(units_a_block_ * blocks);
    }
    const std::vector<int> packed = first_fit();
    require_units(static_cast<int>(packed.size()));
    const PlacementRule rule = mapping_.options.placement;
    const bool packs =
        rule == PlacementRule::packed || (rule == PlacementRule::automatic && packed.size() == 1);
    int begin = 0;
    int tile = 0;
    for (const int end : packs ? packed : balanced(std::min(mapping_.options.tiles, layers()))) {
      fill_tile(begin, end);
      for (int layer = begin; layer < end; ++layer) at(layer).tile = tile;
      begin = end;
      ++tile;
    }
  }

 private:
  int layers() const { return static_cast<int>(mapping_.layers.size()); }
  FpLayer& at(int layer) { return mapping_.layers[static_cast<std::size_t>(layer)]; }
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

  // ---- which tile ----

  // Both are ends of parts: the layers before an end, from the end before it on, are in one tile.
  std::vector<int> first_fit() const {
    std::vector<int> ends;
    int used = 0;
    for (int layer = 0; layer < layers(); ++layer) {
      const int units = least_units_[static_cast<std::size_t>(layer)];
      if (layer > 0 && used + units > mapping_.options.units) {
        ends.push_back(layer);
        used = 0;
      }
      used += units;
    }
    ends.push_back(layers());
    return ends;
  }

  void require_units(int tiles) const {
    const FpOptions& options = mapping_.options;
    const std::string size =
        fmt::format("floating-point PIM units of {} x {}", options.unit_rows, options.unit_columns);
    const char* const allowed =
        "more or larger units (platform.tile.fp_pim_units, platform.fp_pim), smaller layers";
    for (int layer = 0; layer < layers(); ++layer) {
      const int units = least_units_[static_cast<std::size_t>(layer)];
      if (units <= options.units) continue;
      throw Error(fmt::format("layer {} needs {} {} in one tile, found {}; allowed: {}", layer, units, size,
                              options.units, allowed));
    }
    if (tiles <= options.tiles) return;
    throw Error(
        fmt::format("the network needs {} {} on {} tiles of {}, the platform has {}; allowed: more tiles "
                    "(platform.tiles), {}",
                    std::accumulate(least_units_.begin(), least_units_.end(), 0), size, tiles, options.units,
                    options.tiles, allowed));
  }

  // The division into `parts` tiles whose slowest tile has least to do.
  std::vector<int> balanced(int parts) {
    struct Choice {
      double steps = std::numeric_limits<double>::infinity();  // of the slowest tile
      int begin = 0;                                           // of the last part
    };
    const auto index = [](int number) { return static_cast<std::size_t>(number); };
    // [p][e]: of the layers before e in p parts.
    std::vector<std::vector<Choice>> best(index(parts) + 1, std::vector<Choice>(index(layers()) + 1));
    best[0][0].steps = 0;
    for (int end = 1; end <= layers(); ++end) {
      for (int begin = 0; begin < end; ++begin) {
        const double steps = tile_steps(begin, end);
        for (int part = 1; part <= parts; ++part) {
          const double slowest = std::max(best[index(part) - 1][index(begin)].steps, steps);
          if (slowest < best[index(part)][index(end)].steps) best[index(part)][index(end)] = {slowest, begin};
        }
      }
    }
    std::vector<int> ends(index(parts));
    int end = layers();
    for (int part = parts; part > 0; --part) {
      ends[index(part) - 1] = end;
      end = best[index(part)][index(end)].begin;
    }
    return ends;
  }

  double tile_steps(int begin, int end) {
    const auto first = least_units_.begin() + begin;
    if (std::accumulate(first, first + (end - begin), 0) > mapping_.options.units)
      return std::numeric_limits<double>::infinity();
    fill_tile(begin, end);
    double steps = 0;
    for (int layer = begin; layer < end; ++layer) steps += packing(at(layer), at(layer).blocks).steps;
    return steps;
  }

  // ---- which units of the tile ----

  void fill_tile(int begin, int end) {
    for (int layer = begin; layer < end; ++layer)
      apply(at(layer), least_units_[static_cast<std::size_t>(layer)] / units_a_block_);
    while (split_slowest(begin, end)) {
    }
    int next = 0;
    for (int layer = begin; layer < end; ++layer) {
      at(layer).first_unit = next;
      next += mapping_.units_of(at(layer));
    }
  }

  // Gives one more block to the layer that becomes faster by most; false if no units are left or none does.
  bool split_slowest(int begin, int end) {
    FpLayer* best = nullptr;
    double most = 0;
    int blocks = 0;
    int left = mapping_.options.units;
    for (int layer = begin; layer < end; ++layer) left -= mapping_.units_of(at(layer));
    left /= units_a_block_;
    for (int number = begin; number < end; ++number) {
      FpLayer& layer = at(number);
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
  std::vector<int> least_units_;  // of each layer
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
  for (const FpLayer& layer : layers) units += units_of(layer);
  return units;
}

int FpMapping::units_used(int tile) const {
  int units = 0;
  for (const FpLayer& layer : layers) units += layer.tile == tile ? units_of(layer) : 0;
  return units;
}

int FpMapping::first_layer(int tile) const {
  const auto found =
      std::find_if(layers.begin(), layers.end(), [&](const FpLayer& each) { return each.tile == tile; });
  return static_cast<int>(found - layers.begin());
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
