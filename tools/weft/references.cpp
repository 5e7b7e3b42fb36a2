// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/references.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "models/tile/tile_map.h"
#include "platform/assembly/machine_config.h"
#include "platform/config/filter_schedule.h"
#include "tools/reference/fp_golden.h"

namespace weft::tool {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string compare(const std::vector<std::int32_t>& platform, const std::vector<std::int32_t>& golden,
                    const std::string& what) {
  for (std::size_t index = 0; index < golden.size(); ++index) {
    if (platform[index] == golden[index]) continue;
    return fmt::format("{}[{}]: platform {}, golden {}", what, index, platform[index], golden[index]);
  }
  return "";
}

// Where the compiler has cut the layers.
std::vector<reference::LayerCut> cuts_of(const compiler::LoweredNetwork& network) {
  std::vector<reference::LayerCut> cuts;
  for (const compiler::LoweredLayer& layer : network.layers) {
    const int rows = layer.kfac->a.order;
    const int columns = layer.kfac->g.order;
    cuts.push_back({rows, columns, rows * layer.rows_per_shard, columns * layer.columns_per_shard});
  }
  return cuts;
}

// Single-precision numbers stand for themselves, bit by bit.
std::vector<std::int32_t> bits_of(const std::vector<float>& numbers) {
  std::vector<std::int32_t> bits(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const float number = std::isnan(numbers[i]) ? std::numeric_limits<float>::quiet_NaN() : numbers[i];
    std::memcpy(&bits[i], &number, sizeof number);
  }
  return bits;
}

GoldenRun run_fp_golden(const Workload& workload, const config::Scenario& scenario,
                        const reference::StopRequest& stop) {
  const Clock::time_point start = Clock::now();
  const compiler::CompiledProgram& program = workload.program;
  reference::FpGolden golden(program.fp->mapping, program.initial);
  golden.stop_on(stop);
  GoldenRun run;
  for (int epoch = 0; epoch < workload.plan.epochs; ++epoch) {
    GoldenEpoch result;
    result.train =
        golden.train_epoch(workload.data.train, program.orders[static_cast<std::size_t>(epoch)], epoch);
    if (scenario.training.evaluate) result.test = golden.evaluate(workload.data.test);
    run.epochs.push_back(result);
  }
  for (std::size_t layer = 0; layer < program.network.layers.size(); ++layer)
    run.weights.push_back({bits_of(golden.weights(layer)), bits_of(golden.bias(layer))});
  run.wall_s = seconds_since(start);
  return run;
}

// Where the filters are: copies of a block decide alike, so that one speaks for all.
reference::FilterPlan filter_plan(const compiler::CompiledProgram& program,
                                  const config::FilterSchedule& schedule, bool outer_products) {
  const int array_rows = program.network.array_rows;
  const int array_columns = program.network.array_columns;
  reference::FilterPlan plan{schedule.built, array_rows, array_columns, outer_products, schedule.epochs, {}};
  plan.layers.resize(program.network.layers.size());
  for (std::size_t i = 0; i < program.placement.shards.size(); ++i) {
    const compiler::Shard& shard = program.placement.shards[i];
    const compiler::ShardBuffers& buffers = program.layout.shards[i];
    const auto layer = static_cast<std::size_t>(shard.layer);
    const compiler::LoweredLayer& lowered = program.network.layers[layer];
    const int copy = lowered.has_accumulator() ? lowered.accumulator() : 0;
    for (int column = 0; column < shard.column_blocks; ++column) {
      for (int row = 0; row < shard.row_blocks; ++row) {
        const int unit = shard.tile * static_cast<int>(tile::max_crossbars) + shard.unit(row, column, copy);
        plan.layers[layer].push_back({shard.first_row + row * array_rows,
                                      shard.first_column + column * array_columns, buffers.block_rows,
                                      buffers.block_columns, static_cast<std::uint32_t>(unit)});
      }
    }
  }
  return plan;
}

void use_filter(reference::Golden& golden, const Workload& workload, const config::Scenario& scenario) {
  const config::UpdatePolicy update = scenario.platform.crossbar.update;
  if (update == config::UpdatePolicy::digital) return;
  const config::FilterSchedule schedule = config::filter_schedule(scenario);
  if (!schedule.holds_back()) return;
  golden.use_filter(filter_plan(workload.program, schedule, update == config::UpdatePolicy::in_place));
}

// Filters that lose nothing leave the kernels that the golden reference has anyway.
void use_kernel_filter(reference::Golden& golden, const Workload& workload,
                       const config::Scenario& scenario) {
  const write_filter::FilterConfig& rules = scenario.platform.crossbar.kernel_filter;
  if (rules.policy == write_filter::Policy::none || rules.policy == write_filter::Policy::compare) return;
  const compiler::CompiledProgram& program = workload.program;
  const compiler::LoweredNetwork& network = program.network;
  reference::KernelPlan plan{rules, network.array_rows, network.array_columns, network.batch, {}, {}};
  for (std::size_t i = 0; i < program.placement.shards.size(); ++i) {
    const compiler::Shard& shard = program.placement.shards[i];
    plan.block_rows.push_back(program.layout.shards[i].block_rows);
    std::vector<std::uint32_t>& units = plan.units.emplace_back();
    for (int block = 0; block < shard.row_blocks; ++block)
      units.push_back(static_cast<std::uint32_t>(shard.tile * static_cast<int>(tile::max_crossbars) +
                                                 shard.kernel_unit(block)));
  }
  golden.use_kernel_filter(program.placement, plan);
}

reference::StoredRules stored_rules(const config::TileConfig& tile) {
  reference::StoredRules rules;
  rules.rules = {tile.write_filters.activation_buffer, tile.write_filters.error_buffer,
                 tile.write_filters.gradient_buffer};
  rules.row_bytes = static_cast<std::uint32_t>(tile.reram_buffer.row_cells * tile.reram_buffer.cell_bits / 8);
  return rules;
}

// The float32 reference knows neither momentum nor Adam.
bool float_knows(config::Optimizer optimizer) {
  return optimizer == config::Optimizer::sgd || optimizer == config::Optimizer::kfac;
}

}  // namespace

GoldenRun run_golden(const Workload& workload, const config::Scenario& scenario,
                     const reference::StopRequest& stop) {
  if (workload.program.fp) return run_fp_golden(workload, scenario, stop);
  const Clock::time_point start = Clock::now();
  const compiler::CompiledProgram& program = workload.program;
  const crossbar::ArrayConfig array = assembly::array_config(scenario.platform.crossbar);
  reference::Golden golden(program.network, program.lowered_initial,
                           {array.weight_min(), array.weight_max()});
  use_filter(golden, workload, scenario);
  use_kernel_filter(golden, workload, scenario);
  const config::TileConfig& tile = scenario.platform.tile;
  if (tile.reram_buffer.size_bytes > 0)
    golden.use_stored_buffers(program.placement, program.layout, stored_rules(tile));
  golden.stop_on(stop);
  GoldenRun run;
  for (int epoch = 0; epoch < workload.plan.epochs; ++epoch) {
    GoldenEpoch result;
    result.train = golden.train_epoch(program.train_codes, workload.data.train.labels,
                                      program.orders[static_cast<std::size_t>(epoch)], epoch);
    if (scenario.training.evaluate)
      result.test = golden.evaluate(program.test_codes, workload.data.test.labels);
    run.epochs.push_back(result);
  }
  for (std::size_t layer = 0; layer < program.network.layers.size(); ++layer) {
    run.weights.push_back({golden.weights(layer), golden.bias(layer)});
  }
  run.kfac = golden.kfac_counts();
  run.wall_s = seconds_since(start);
  return run;
}

FloatRun run_float(const Workload& workload, const config::Scenario& scenario,
                   const reference::StopRequest& stop) {
  reference::FloatReference trainer(workload.network, workload.program.initial);
  trainer.stop_on(stop);
  if (workload.plan.kfac)
    trainer.use_kfac(*workload.plan.kfac, workload.plan.batch, cuts_of(workload.program.network));
  const Clock::time_point start = Clock::now();
  FloatRun run;
  for (int epoch = 0; epoch < workload.plan.epochs; ++epoch) {
    const auto index = static_cast<std::size_t>(epoch);
    reference::EpochResult result;
    result.train = trainer.train_epoch(workload.data.train, workload.program.orders[index],
                                       workload.plan.batch, workload.plan.learning_rate[index]);
    if (scenario.training.evaluate) result.test = trainer.evaluate(workload.data.test);
    run.epochs.push_back(result);
  }
  run.wall_s = seconds_since(start);
  return run;
}

References run_references(const Workload& workload, const config::Scenario& scenario,
                          const std::atomic<bool>& stop) {
  const reference::StopRequest request(stop);
  References references;
  try {
    if (float_knows(scenario.training.optimizer)) references.float32 = run_float(workload, scenario, request);
    references.golden = run_golden(workload, scenario, request);
  } catch (const reference::Stopped&) {
    references.stopped = true;
  }
  return references;
}

std::string first_difference(const std::vector<compiler::LoweredWeights>& platform,
                             const std::vector<compiler::LoweredWeights>& golden) {
  for (std::size_t layer = 0; layer < golden.size(); ++layer) {
    std::string weights =
        compare(platform[layer].weights, golden[layer].weights, fmt::format("layer {} weights", layer));
    if (!weights.empty()) return weights;
    std::string biases =
        compare(platform[layer].bias, golden[layer].bias, fmt::format("layer {} biases", layer));
    if (!biases.empty()) return biases;
  }
  return "";
}

}  // namespace weft::tool
