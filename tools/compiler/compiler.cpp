// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/compiler.h"

#include <fmt/format.h>

#include "models/common/error.h"
#include "tools/compiler/elf_writer.h"
#include "tools/compiler/images.h"

namespace weft::compiler {

namespace {

std::vector<std::int16_t> encode_samples(const dataset::Dataset& data, int bits) {
  std::vector<std::int16_t> codes(data.samples.size());
  for (std::size_t index = 0; index < codes.size(); ++index)
    codes[index] = input_code(data.samples[index], bits);
  return codes;
}

class ImageMaker {
 public:
  ImageMaker(CompiledProgram& program, DramImages& dram) : program_(program), dram_(dram) {}

  // Everything code refers to by address.
  void make_data(const dataset::Split& data) {
    dram_.reserve_boot();
    const std::uint32_t sample_bytes = 2 * static_cast<std::uint32_t>(data.train.features);
    program_.dram.train = dram_.put_samples("training", data.train, bytes_of(program_.train_codes),
                                            sample_bytes, program_.orders);
    program_.dram.test = dram_.put_samples("test", data.test, bytes_of(program_.test_codes), sample_bytes,
                                           {natural_order(data.test.count())});
    for (int index = 0; index < static_cast<int>(program_.placement.shards.size()); ++index) {
      add_weights(index);
      if (program_.placement.shards[static_cast<std::size_t>(index)].home()) add_bias(index);
    }
    if (program_.network.stores_gradients()) take_gradient_stores();
    if (!program_.network.kfac) return;
    for (int tile = 0; tile < program_.placement.tiles_used; ++tile) {
      program_.dram.optimisers.push_back(
          {tile, dram_.take("counts of the optimiser", 4 * kfac_word::count_words)});
    }
  }

 private:
  void add_weights(int index) {
    const Shard& shard = program_.placement.shards[static_cast<std::size_t>(index)];
    const ShardBuffers& buffers = program_.layout.shards[static_cast<std::size_t>(index)];
    const LoweredLayer& layer = program_.network.layers[static_cast<std::size_t>(shard.layer)];
    const LoweredWeights& source = program_.lowered_initial[static_cast<std::size_t>(shard.layer)];
    for (int j = 0; j < shard.column_blocks; ++j) {
      for (int i = 0; i < shard.row_blocks; ++i) {
        WeightBlock block{index, i, j, buffers.block_rows, buffers.block_columns};
        std::vector<std::int32_t> values;
        values.reserve(static_cast<std::size_t>(block.rows) * static_cast<std::size_t>(block.columns));
        for (int row = 0; row < block.rows; ++row) {
          for (int column = 0; column < block.columns; ++column) {
            const int input = shard.first_row + i * block.rows + row;
            const int output = shard.first_column + j * block.columns + column;
            const bool padding = input >= layer.inputs || output >= layer.outputs;
            values.push_back(padding ? 0
                                     : source.weights[static_cast<std::size_t>(input) *
                                                          static_cast<std::size_t>(layer.outputs) +
                                                      static_cast<std::size_t>(output)]);
          }
        }
        const std::string what = fmt::format("weights of layer {}, block ({}, {})", shard.layer, i, j);
        block.initial = dram_.put(what, bytes_of(values));
        block.trained = dram_.take(what, 4 * values.size());
        program_.dram.weights.push_back(block);
      }
    }
  }

  void take_gradient_stores() {
    for (int index = 0; index < static_cast<int>(program_.placement.shards.size()); ++index) {
      const std::uint32_t pitch = program_.layout.shards[static_cast<std::size_t>(index)].gradient_bytes();
      const auto batch = static_cast<std::uint64_t>(program_.network.batch);
      const std::string what = fmt::format(
          "gradients of the samples of a batch, shard {} (training.gradient_store: example)", index);
      program_.dram.gradients.push_back({index, dram_.take(what, batch * pitch), pitch});
    }
  }

  void add_bias(int index) {
    const Shard& shard = program_.placement.shards[static_cast<std::size_t>(index)];
    const std::vector<std::int32_t>& source =
        program_.lowered_initial[static_cast<std::size_t>(shard.layer)].bias;
    BiasBlock block{index, program_.layout.shards[static_cast<std::size_t>(index)].padded_columns};
    std::vector<std::int32_t> values(static_cast<std::size_t>(block.columns), 0);
    for (int column = 0; column < shard.columns; ++column) {
      values[static_cast<std::size_t>(column)] =
          source[static_cast<std::size_t>(shard.first_column + column)];
    }
    const std::string what = fmt::format("biases of layer {}", shard.layer);
    block.initial = dram_.put(what, bytes_of(values));
    block.trained = dram_.take(what, 4 * values.size());
    program_.dram.biases.push_back(block);
  }

  CompiledProgram& program_;
  DramImages& dram_;
};

}  // namespace

std::vector<std::vector<std::uint32_t>> make_orders(const reference::TrainingPlan& plan, std::uint32_t count,
                                                    bool shuffle) {
  std::vector<std::vector<std::uint32_t>> orders;
  for (int epoch = 0; epoch < plan.epochs; ++epoch) {
    orders.push_back(shuffle ? reference::epoch_order(plan.seed, epoch, count) : natural_order(count));
  }
  return orders;
}

void check_fit(const reference::Network& network, const dataset::Split& data) {
  if (network.layers.front().inputs != data.train.features) {
    throw Error(fmt::format("{}: {} features a sample, the network has {} inputs", data.train.name,
                            data.train.features, network.layers.front().inputs));
  }
  if (network.layers.back().outputs < data.train.classes) {
    throw Error(
        fmt::format("workload.layers: the last layer has {} outputs, {} has {} classes; allowed: at least as "
                    "many outputs as classes",
                    network.layers.back().outputs, data.train.name, data.train.classes));
  }
}

CompiledProgram compile(const reference::Network& network, const reference::TrainingPlan& plan,
                        const dataset::Split& data, const CompileOptions& options) {
  reference::check(network);
  reference::check(plan);
  check_fit(network, data);
  CompiledProgram program;
  program.network = lower(network, plan, options.lowering);
  Machine machine = options.machine;
  if (program.network.kfac) machine.crossbars_per_tile = program.network.kfac->work_array;
  program.placement = place(program.network, machine);
  program.layout = lay_out(program.network, program.placement, options.tile);
  program.initial = reference::initial_weights(network, plan.seed, options.initial);
  program.lowered_initial = lower_weights(program.network, program.initial);
  program.train_codes = encode_samples(data.train, program.network.format.input_bits);
  program.test_codes = encode_samples(data.test, program.network.format.input_bits);
  program.orders = make_orders(plan, static_cast<std::uint32_t>(data.train.count()), options.shuffle);

  DramImages dram(program, options);
  ImageMaker(program, dram).make_data(data);
  const ProgramPlan to_emit{program.network, program.placement, program.layout,
                            program.dram,    plan.epochs,       options.evaluate};
  for (int tile = 0; tile < program.placement.tiles_used; ++tile) {
    program.programs.push_back(generate(to_emit, tile));
  }
  program.elf = write_elf(program.programs);
  dram.put_boot();
  return program;
}

}  // namespace weft::compiler
