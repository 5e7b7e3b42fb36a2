// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/compiler.h"

#include <fmt/format.h>

#include <cstring>
#include <numeric>

#include "firmware/include/weft/boot_info.h"
#include "models/common/error.h"
#include "tools/compiler/elf_writer.h"

namespace weft::compiler {

namespace {

constexpr std::uint32_t dram_alignment = 64;

std::vector<std::int16_t> encode_samples(const dataset::Dataset& data, int bits) {
  std::vector<std::int16_t> codes(data.samples.size());
  for (std::size_t index = 0; index < codes.size(); ++index)
    codes[index] = input_code(data.samples[index], bits);
  return codes;
}

template <typename T>
std::vector<std::uint8_t> bytes_of(const std::vector<T>& values) {
  std::vector<std::uint8_t> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// Hands out DRAM from the end of the firmware up.
class DramAllocator {
 public:
  explicit DramAllocator(const CompileOptions& options)
      : next_(options.dram_base + options.firmware_size), end_(options.dram_base + options.dram_size) {}

  std::uint32_t take(const std::string& what, std::uint64_t bytes) {
    const std::uint64_t address = next_;
    next_ += (bytes + dram_alignment - 1) / dram_alignment * dram_alignment;
    if (next_ > end_) {
      throw Error(
          fmt::format("DRAM is full: {} needs {} bytes at {:#x}, memory ends at {:#x}; allowed: a larger "
                      "platform.host.dram_size, fewer samples or epochs",
                      what, bytes, address, end_));
    }
    return static_cast<std::uint32_t>(address);
  }

 private:
  std::uint64_t next_;
  std::uint64_t end_;
};

class ImageMaker {
 public:
  ImageMaker(CompiledProgram& program, const dataset::Split& data, const CompileOptions& options)
      : program_(program), data_(data), options_(options), dram_(options) {}

  // Everything code refers to by address.
  void make_data() {
    program_.dram.boot_info = dram_.take("boot information", sizeof(weft_boot_info));
    const auto epochs = static_cast<std::uint32_t>(program_.network.rates.size());
    program_.dram.records = dram_.take("records", epochs * sizeof(weft_epoch_record));
    add_training_set();
    add_test_set();
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

  // The program itself, once there is one, and what leads the firmware to it.
  void make_boot() {
    weft_boot_info info{};
    info.magic = WEFT_BOOT_MAGIC;
    info.version = WEFT_BOOT_VERSION;
    info.program = put("program", program_.elf);
    info.program_size = static_cast<std::uint32_t>(program_.elf.size());
    std::vector<std::uint32_t> tiles;
    for (const TileProgram& each : program_.programs) {
      tiles.push_back(static_cast<std::uint32_t>(each.tile));
      tiles.push_back(each.entry);
    }
    info.tiles = put("tile table", bytes_of(tiles));
    info.tile_count = static_cast<std::uint32_t>(program_.programs.size());
    info.records = program_.dram.records;
    info.record_count = static_cast<std::uint32_t>(program_.network.rates.size());
    std::vector<std::uint8_t> bytes(sizeof info);
    std::memcpy(bytes.data(), &info, sizeof info);
    program_.images.push_back({"boot information", program_.dram.boot_info, std::move(bytes)});
  }

 private:
  std::uint32_t put(const std::string& what, std::vector<std::uint8_t> bytes) {
    const std::uint32_t address = dram_.take(what, bytes.size());
    program_.images.push_back({what, address, std::move(bytes)});
    return address;
  }

  std::uint32_t sample_pitch() const { return 2 * static_cast<std::uint32_t>(data_.train.features); }

  void add_training_set() {
    const std::uint32_t base = put("training samples", bytes_of(program_.train_codes));
    std::vector<std::uint32_t> addresses;
    std::vector<std::uint32_t> labels;
    for (const std::vector<std::uint32_t>& order : program_.orders) {
      for (const std::uint32_t index : order) {
        addresses.push_back(base + index * sample_pitch());
        labels.push_back(static_cast<std::uint32_t>(data_.train.labels[index]));
      }
    }
    program_.dram.train = {static_cast<std::uint32_t>(data_.train.count()),
                           put("training order", bytes_of(addresses)),
                           put("training labels", bytes_of(labels))};
  }

  void add_test_set() {
    const std::uint32_t base = put("test samples", bytes_of(program_.test_codes));
    std::vector<std::uint32_t> addresses;
    std::vector<std::uint32_t> labels;
    for (std::uint32_t index = 0; index < data_.test.count(); ++index) {
      addresses.push_back(base + index * sample_pitch());
      labels.push_back(static_cast<std::uint32_t>(data_.test.labels[index]));
    }
    program_.dram.test = {static_cast<std::uint32_t>(data_.test.count()),
                          put("test order", bytes_of(addresses)), put("test labels", bytes_of(labels))};
  }

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
        block.initial = put(what, bytes_of(values));
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
    block.initial = put(what, bytes_of(values));
    block.trained = dram_.take(what, 4 * values.size());
    program_.dram.biases.push_back(block);
  }

  CompiledProgram& program_;
  const dataset::Split& data_;
  const CompileOptions& options_;
  DramAllocator dram_;
};

}  // namespace

std::vector<std::vector<std::uint32_t>> make_orders(const reference::TrainingPlan& plan, std::uint32_t count,
                                                    bool shuffle) {
  std::vector<std::vector<std::uint32_t>> orders;
  for (int epoch = 0; epoch < plan.epochs; ++epoch) {
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    orders.push_back(shuffle ? reference::epoch_order(plan.seed, epoch, count) : order);
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

  ImageMaker images(program, data, options);
  images.make_data();
  const ProgramPlan to_emit{program.network, program.placement, program.layout,
                            program.dram,    plan.epochs,       options.evaluate};
  for (int tile = 0; tile < program.placement.tiles_used; ++tile) {
    program.programs.push_back(generate(to_emit, tile));
  }
  program.elf = write_elf(program.programs);
  images.make_boot();
  return program;
}

}  // namespace weft::compiler
