// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/fp_compiler.h"

#include <fmt/format.h>

#include <algorithm>

#include "firmware/include/weft/boot_info.h"
#include "models/common/error.h"
#include "tools/compiler/elf_writer.h"
#include "tools/compiler/fp_codegen.h"
#include "tools/compiler/images.h"

namespace weft::compiler {

namespace {

constexpr std::uint32_t code_base_size = 4 * 1024;
constexpr std::uint32_t code_layer_size = 2 * 1024;
constexpr std::uint32_t code_block_size = 1024;  // a block's initialisation, batch end and read-out
constexpr std::uint32_t most_staging = 64 * 1024;

std::uint32_t longest_row(const FpMapping& mapping, int tile) {
  std::uint32_t longest = 0;
  for (const FpLayer& layer : mapping.layers) {
    if (layer.tile == tile)
      longest = std::max(longest, 4u * static_cast<std::uint32_t>(layer.groups * layer.width));
  }
  return longest;
}

std::uint32_t code_size(const FpMapping& mapping, int tile) {
  std::uint32_t layers = 0;
  std::uint32_t blocks = 0;
  for (const FpLayer& layer : mapping.layers) {
    if (layer.tile != tile) continue;
    ++layers;
    blocks += static_cast<std::uint32_t>(layer.blocks);
  }
  return code_base_size + code_layer_size * layers +
         code_block_size * blocks * static_cast<std::uint32_t>(1 + mapping.states());
}

FpTile lay_out_tile(const FpMapping& mapping, int number, const TileLimits& limits) {
  FpTile tile;
  tile.tile = number;
  tile.base =
      static_cast<std::uint32_t>(limits.tiles_base) + static_cast<std::uint32_t>(number) * limits.window_size;
  MemoryAllocator memory(tile.base, std::uint64_t{tile.base} + limits.buffer_size,
                         fmt::format("the buffer of tile {}", number),
                         "platform.tile.buffer_size or a smaller training.batch");
  tile.code_size = code_size(mapping, number);
  tile.code = memory.take("code", tile.code_size);

  tile.data.train_metrics = memory.here();
  tile.data.test_metrics = tile.data.train_metrics + 16;
  tile.data.record = tile.data.test_metrics + 16;
  tile.decays = tile.data.record + sizeof(weft_epoch_record);
  tile.data.rates = tile.decays + 8;
  tile.data.expected = tile.data.rates + 4 * static_cast<std::uint32_t>(mapping.rates.size());
  const std::uint32_t counters = mapping.tiles_used() > 1 ? fp_counter::count : 0;
  tile.data_size = tile.data.expected + 4 * counters - tile.data.train_metrics;
  memory.take("data", tile.data_size);

  tile.zero_start = memory.here();
  const auto take = [&](const char* what, int layer, int numbers, int slots) {
    const std::uint32_t pitch = 4 * static_cast<std::uint32_t>(numbers);
    return Area{memory.take(fmt::format("{} of layer {}", what, layer),
                            std::uint64_t{pitch} * static_cast<std::uint32_t>(slots)),
                slots > 1 ? pitch : 0};
  };
  const auto layer_at = [&](int index) -> const FpLayer& {
    return mapping.layers[static_cast<std::size_t>(index)];
  };
  const int count = static_cast<int>(mapping.layers.size());
  tile.first_layer = mapping.first_layer(number);
  int next = tile.first_layer;
  for (; next < count && layer_at(next).tile == number; ++next) {
    const FpLayer& layer = layer_at(next);
    FpBuffers buffers;
    buffers.input = take("inputs", next, layer.padded_rows(), mapping.batch);
    buffers.sum = take("sums", next, layer.outputs, 1);
    buffers.error = take("errors", next, layer.outputs, mapping.batch);
    buffers.update = take("updates", next, layer.outputs, 1);
    if (next > 0) buffers.back = take("errors back", next, layer.padded_rows() * layer.blocks, 1);
    tile.layers.push_back(buffers);
  }
  tile.output = take("outputs", next - 1, layer_at(next - 1).outputs, next == count ? 1 : mapping.batch);
  if (number > 0) {
    const int before = tile.first_layer - 1;
    tile.error_out = take("errors sent back", before, layer_at(before).outputs, mapping.batch);
  }
  tile.zero_size = memory.here() - tile.zero_start;

  const std::uint32_t areas = mapping.options.optimizer == FpOptimizer::adam ? 3 : 1;
  const std::uint32_t row = longest_row(mapping, number);
  const auto room = static_cast<std::uint32_t>(std::min<std::uint64_t>(memory.left() / areas, most_staging));
  constexpr std::uint32_t alignment = MemoryAllocator::alignment;
  tile.staging_size = std::max(room / alignment * alignment, row);
  for (std::uint32_t i = 0; i < areas; ++i)
    tile.staging[i] = memory.take("rows of weights on their way", tile.staging_size);
  return tile;
}

void lay_out_tiles(FpProgram& program, const TileLimits& limits) {
  const int tiles = program.mapping.tiles_used();
  if (tiles > 1 && limits.counters < fp_counter::count) {
    throw Error(
        fmt::format("tiles that work together need {} sync counters, found {}; allowed: more "
                    "(platform.tile.sync_counters), or a network in one tile (workload.placement)",
                    fp_counter::count, limits.counters));
  }
  for (int tile = 0; tile < tiles; ++tile)
    program.tiles.push_back(lay_out_tile(program.mapping, tile, limits));
}

class FpImageMaker {
 public:
  FpImageMaker(CompiledProgram& program, DramImages& dram) : program_(program), dram_(dram) {}

  void make_data(const dataset::Split& data) {
    dram_.reserve_boot();
    program_.dram.train = add_samples("training", data.train, program_.orders);
    program_.dram.test = add_samples("test", data.test, {natural_order(data.test.count())});
    const FpMapping& mapping = program_.fp->mapping;
    for (int layer = 0; layer < static_cast<int>(mapping.layers.size()); ++layer) {
      for (int block = 0; block < mapping.layers[static_cast<std::size_t>(layer)].blocks; ++block)
        add_block(layer, block);
    }
  }

 private:
  SampleSet add_samples(const std::string& what, const dataset::Dataset& data,
                        const std::vector<std::vector<std::uint32_t>>& orders) {
    return dram_.put_samples(what, data, bytes_of(data.samples),
                             4 * static_cast<std::uint32_t>(data.features), orders);
  }

  // Row r of a matrix is row r % group_rows of group r / group_rows.
  void add_block(int number, int block) {
    const FpLayer& layer = program_.fp->mapping.layers[static_cast<std::size_t>(number)];
    const reference::LayerWeights& from = program_.initial[static_cast<std::size_t>(number)];
    const int width = layer.block_outputs(block);
    const int columns = layer.groups * width;
    std::vector<float> image(static_cast<std::size_t>(layer.group_rows) * static_cast<std::size_t>(columns),
                             0.0f);
    for (int row = 0; row < layer.rows(); ++row) {
      for (int column = 0; column < width; ++column) {
        const auto output = static_cast<std::size_t>(block * layer.width + column);
        const auto inputs = static_cast<std::size_t>(layer.inputs);
        const double value = row == layer.inputs
                                 ? from.bias[output]
                                 : from.weights[output * inputs + static_cast<std::size_t>(row)];
        const int place = row % layer.group_rows * columns + row / layer.group_rows * width + column;
        image[static_cast<std::size_t>(place)] = static_cast<float>(value);
      }
    }
    FpWeightBlock result{number, block};
    const std::string what = fmt::format("weights of layer {}, block {}", number, block);
    result.initial = dram_.put(what, bytes_of(image));
    result.trained = dram_.take(what, 4 * image.size());
    program_.fp->weights.push_back(result);
  }

  CompiledProgram& program_;
  DramImages& dram_;
};

// What other parts of the tool ask of every program: layers, epochs, and the tile that each layer is in.
void describe(CompiledProgram& program, const FpMapping& mapping) {
  program.network.loss = mapping.loss;
  program.network.batch = mapping.batch;
  program.network.rates.resize(mapping.rates.size());
  for (int index = 0; index < static_cast<int>(mapping.layers.size()); ++index) {
    const FpLayer& from = mapping.layers[static_cast<std::size_t>(index)];
    LoweredLayer layer;
    layer.inputs = from.inputs;
    layer.outputs = from.outputs;
    layer.activation = from.activation;
    program.network.layers.push_back(layer);
    Shard shard;
    shard.layer = index;
    shard.rows = from.inputs;
    shard.columns = from.outputs;
    shard.tile = from.tile;
    shard.first_unit = from.first_unit;
    program.placement.shards.push_back(shard);
    program.layout.shards.emplace_back();
  }
  program.placement.tiles_used = mapping.tiles_used();
}

}  // namespace

void unpack_block(const FpLayer& layer, int block, const std::vector<std::int32_t>& image,
                  LoweredWeights& weights) {
  const int width = layer.block_outputs(block);
  const int columns = layer.groups * width;
  for (int row = 0; row < layer.rows(); ++row) {
    for (int column = 0; column < width; ++column) {
      const auto place = static_cast<std::size_t>(row % layer.group_rows * columns +
                                                  row / layer.group_rows * width + column);
      const auto output = static_cast<std::size_t>(block * layer.width + column);
      if (row == layer.inputs) {
        weights.bias[output] = image[place];
      } else {
        const std::size_t first = static_cast<std::size_t>(row) * static_cast<std::size_t>(layer.outputs);
        weights.weights[first + output] = image[place];
      }
    }
  }
}

CompiledProgram compile_fp(const reference::Network& network, const reference::TrainingPlan& plan,
                           const dataset::Split& data, const CompileOptions& options,
                           const FpOptions& fp_options) {
  reference::check(network);
  reference::check(plan);
  check_fit(network, data);
  CompiledProgram program;
  program.fp.emplace();
  program.fp->mapping = map_network(network, plan, fp_options);
  lay_out_tiles(*program.fp, options.tile);
  program.initial = reference::initial_weights(network, plan.seed, options.initial);
  program.orders = make_orders(plan, static_cast<std::uint32_t>(data.train.count()), options.shuffle);
  describe(program, program.fp->mapping);

  DramImages dram(program, options);
  FpImageMaker(program, dram).make_data(data);
  for (const FpLayer& layer : program.fp->mapping.layers) {
    LoweredWeights weights;
    weights.weights.resize(static_cast<std::size_t>(layer.inputs) * static_cast<std::size_t>(layer.outputs));
    weights.bias.resize(static_cast<std::size_t>(layer.outputs));
    program.lowered_initial.push_back(std::move(weights));
  }
  const FpSchedule schedule{plan.epochs, options.evaluate, options.lowering.schedule == Schedule::sequential};
  program.network.schedule = options.lowering.schedule;
  for (const FpTile& tile : program.fp->tiles)
    program.programs.push_back(FpGenerator(*program.fp, tile, program.dram, schedule).make());
  program.elf = write_elf(program.programs);
  dram.put_boot();
  return program;
}

}  // namespace weft::compiler
