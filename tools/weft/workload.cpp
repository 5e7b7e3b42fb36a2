// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/workload.h"

#include "models/crossbar/array_config.h"
#include "models/tile/tile.h"
#include "platform/assembly/machine_config.h"
#include "platform/config/filter_schedule.h"
#include "platform/machine/memory_map.h"
#include "tools/compiler/fp_compiler.h"
#include "tools/dataset/csv.h"
#include "tools/dataset/digits.h"
#include "tools/dataset/idx.h"

namespace weft::tool {

namespace {

dataset::Split load_idx(const config::DatasetConfig& from) {
  if (from.images && from.labels) {
    return dataset::split(dataset::load_idx(from.directory / *from.images, from.directory / *from.labels),
                          from.train, from.test);
  }
  return dataset::load_idx_directory(from.directory, from.train, from.test);
}

dataset::Split load_data(const config::DatasetConfig& from) {
  switch (from.kind) {
    case config::DatasetKind::idx:
      return load_idx(from);
    case config::DatasetKind::csv: {
      dataset::CsvOptions options;
      options.label_column = from.label_column.value_or("");
      options.delimiter = from.delimiter;
      options.shuffle_seed = from.seed;
      return dataset::load_csv(from.directory / from.path, from.train, from.test, options);
    }
    case config::DatasetKind::digits:
      break;
  }
  dataset::DigitsOptions options;
  options.size = from.size;
  return dataset::procedural_digits(from.seed, from.train, from.test, options);
}

reference::Activation activation(config::Activation from) {
  switch (from) {
    case config::Activation::relu:
      return reference::Activation::relu;
    case config::Activation::sigmoid:
      return reference::Activation::sigmoid;
    case config::Activation::none:
      break;
  }
  return reference::Activation::none;
}

reference::Network make_network(const config::WorkloadConfig& from, int features) {
  reference::Network network;
  network.loss = from.loss == config::Loss::cross_entropy ? reference::Loss::cross_entropy
                                                          : reference::Loss::mean_squared_error;
  int inputs = features;
  for (const config::LayerConfig& layer : from.layers) {
    network.layers.push_back({inputs, layer.outputs, activation(layer.activation)});
    inputs = layer.outputs;
  }
  return network;
}

reference::KfacPlan make_kfac(const config::KfacConfig& from) {
  reference::KfacPlan plan;
  plan.damping = from.damping;
  plan.statistics_decay = from.statistics_decay;
  plan.factor_interval = from.factor_interval;
  plan.inverse_interval = from.inverse_interval;
  plan.kl_clip = from.kl_clip;
  plan.momentum = from.momentum;
  plan.weight_decay = from.weight_decay;
  plan.retries = from.retries;
  plan.mapping = static_cast<reference::FactorMapping>(from.mapping);
  plan.bits = from.bits;
  return plan;
}

reference::TrainingPlan make_plan(const config::TrainingConfig& from) {
  reference::TrainingPlan plan;
  plan.epochs = from.epochs;
  plan.batch = from.batch;
  plan.seed = from.seed;
  if (from.optimizer == config::Optimizer::kfac) plan.kfac = make_kfac(from.kfac);
  for (int epoch = 0; epoch < from.epochs; ++epoch)
    plan.learning_rate.push_back(from.learning_rate.at(epoch));
  return plan;
}

reference::InitialRule initial_rule(config::InitialWeights from) {
  switch (from) {
    case config::InitialWeights::he:
      return reference::InitialRule::he;
    case config::InitialWeights::xavier:
      return reference::InitialRule::xavier;
    case config::InitialWeights::automatic:
      break;
  }
  return reference::InitialRule::automatic;
}

compiler::PerBatch per_batch(config::PerBatch from) {
  return from == config::PerBatch::batch ? compiler::PerBatch::batch : compiler::PerBatch::example;
}

// Prices of a step of all slices of an array, and of an inversion unit's operations.
compiler::InversionPrices inversion_prices(const config::Scenario& scenario) {
  const machine::MachineConfig machine = assembly::machine_config(scenario, 0);
  const inversion::InversionUnitConfig& unit = machine.accelerator.tile.inversion;
  const auto ns = [](const sc_core::sc_time& time) { return time.to_seconds() * 1e9; };
  const auto pJ = [](Joule energy) { return energy.value() * 1e12; };
  compiler::InversionPrices prices;
  prices.solver = unit.solver;
  prices.times = unit.times;
  prices.conductance = unit.conductance;
  prices.solve_ns = ns(unit.solve);
  prices.solve_pJ = pJ(unit.solve_energy);
  prices.row_write_ns = ns(unit.row_write);
  prices.row_write_pJ = pJ(unit.row_write_energy);
  prices.amplifier_ns_pJ = pJ(unit.energy.amplifier_ns);
  prices.microsiemens_ns_pJ = pJ(unit.energy.microsiemens_ns);
  prices.drive_pJ = pJ(unit.energy.drive);
  prices.conversion_pJ = pJ(unit.energy.conversion);
  prices.cell_pJ = pJ(unit.energy.cell);
  const crossbar::CrossbarUnitConfig& work = machine.accelerator.tile.crossbar;
  const int slices = work.array.slices;
  prices.product_bit_ns = ns(work.timing.mvm_step);
  prices.product_bit_pJ = slices * (pJ(work.energy.mvm_step) + pJ(work.energy.adc_step));
  prices.program_ns = ns(work.timing.array_write);
  prices.program_pJ = slices * pJ(work.energy.array_write);
  return prices;
}

compiler::FilterChanges filter_changes(const config::Scenario& scenario) {
  const config::FilterSchedule schedule = config::filter_schedule(scenario);
  compiler::FilterChanges changes;
  for (const int epoch : schedule.changes())
    changes.list.push_back({epoch, schedule.epochs[static_cast<std::size_t>(epoch)]});
  changes.updates_may_wait =
      scenario.platform.crossbar.update == config::UpdatePolicy::write_back && !scenario.training.evaluate;
  return changes;
}

// Whether what is stored of a value can depend on the other values of its row.
bool decides_by_row(const write_filter::FilterConfig& rules) {
  using write_filter::Policy;
  if (rules.policy == Policy::none || rules.policy == Policy::compare) return false;
  return rules.policy != Policy::drop || rules.threshold_mode != write_filter::ThresholdMode::absolute ||
         rules.granularity == write_filter::Granularity::row;
}

void set_reram(compiler::TileLimits& limits, const config::TileConfig& tile) {
  limits.reram_size = static_cast<std::uint32_t>(tile.reram_buffer.size_bytes);
  limits.reram_row_bytes =
      static_cast<std::uint32_t>(tile.reram_buffer.row_cells * tile.reram_buffer.cell_bits / 8);
  limits.rows_decide = decides_by_row(tile.write_filters.activation_buffer);
}

compiler::Schedule schedule(config::Schedule from) {
  switch (from) {
    case config::Schedule::sequential:
      return compiler::Schedule::sequential;
    case config::Schedule::pipelined:
      return compiler::Schedule::pipelined;
    case config::Schedule::automatic:
      break;
  }
  return compiler::Schedule::automatic;
}

compiler::PlacementRule placement_rule(config::Placement from) {
  switch (from) {
    case config::Placement::packed:
      return compiler::PlacementRule::packed;
    case config::Placement::spread:
      return compiler::PlacementRule::spread;
    case config::Placement::automatic:
      break;
  }
  return compiler::PlacementRule::automatic;
}

compiler::CompileOptions compile_options(const config::Scenario& scenario) {
  const config::PlatformConfig& platform = scenario.platform;
  compiler::CompileOptions options;
  compiler::NumberFormat& format = options.lowering.format;
  format.input_bits = scenario.workload.number_format.input_bits;
  format.activation_bits = scenario.workload.number_format.activation_bits;
  format.error_bits = scenario.workload.number_format.error_bits;
  format.weight_bits = platform.crossbar.weight_bits();
  options.lowering.array_rows = platform.crossbar.rows;
  options.lowering.array_columns = platform.crossbar.columns;
  options.lowering.arrays_per_tile = platform.tile.crossbars;
  options.lowering.digit_bits = platform.crossbar.digit_bits;
  options.lowering.carry_period = scenario.training.carry_period;
  options.lowering.carry_unit = per_batch(scenario.training.carry_unit);
  options.lowering.carry_limit = scenario.training.carry_limit;
  options.lowering.carry_slice = scenario.training.carry_slice;
  options.lowering.deposits = per_batch(scenario.training.deposits);
  options.lowering.gradient = scenario.training.gradient == config::Gradient::activation_kernels
                                  ? compiler::Gradient::activation_kernels
                                  : compiler::Gradient::outer_products;
  options.lowering.gradient_store = per_batch(scenario.training.gradient_store);
  options.lowering.schedule = schedule(scenario.training.schedule);
  for (const config::LayerConfig& layer : scenario.workload.layers) {
    options.lowering.variants.push_back(layer.variant.value_or(scenario.training.variant));
  }
  options.lowering.filter_changes = filter_changes(scenario);
  options.lowering.largest_system = platform.inversion.size;
  if (scenario.training.optimizer == config::Optimizer::kfac)
    options.lowering.inversion = inversion_prices(scenario);
  options.machine = {platform.tiles.count(), platform.tile.crossbars,
                     placement_rule(scenario.workload.placement)};
  options.tile.tiles_base = map::tiles_base;
  options.tile.window_size = tile::window_size;
  options.tile.buffer_size = static_cast<std::uint32_t>(platform.tile.buffer_size_bytes);
  set_reram(options.tile, platform.tile);
  options.tile.inversion_units = platform.tile.inversion_units;
  options.tile.multicast = platform.noc.multicast;
  options.tile.counters = static_cast<unsigned>(platform.tile.sync_counters);
  options.dram_base = map::dram_base;
  options.dram_size = platform.host.dram_size_bytes;
  options.evaluate = scenario.training.evaluate;
  options.shuffle = scenario.training.shuffle;
  options.initial = initial_rule(scenario.training.initial);
  return options;
}

compiler::FpOptions fp_options(const config::Scenario& scenario) {
  const config::PlatformConfig& platform = scenario.platform;
  compiler::FpOptions options;
  switch (platform.fp_pim.format) {
    case config::FloatFormat::fp16:
      options.format = unit::Format::fp16;
      break;
    case config::FloatFormat::bf16:
      options.format = unit::Format::bf16;
      break;
    case config::FloatFormat::fp32:
      options.format = unit::Format::fp32;
      break;
  }
  options.tiles = platform.tiles.count();
  options.placement = placement_rule(scenario.workload.placement);
  options.units = platform.tile.fp_pim_units;
  options.unit_rows = platform.fp_pim.rows;
  options.unit_columns = platform.fp_pim.columns;
  const config::MomentsConfig& moments = scenario.training.moments;
  const config::Optimizer optimizer = scenario.training.optimizer;
  options.momentum = moments.momentum;
  options.second_decay = moments.second_decay;
  options.epsilon = moments.epsilon;
  if (optimizer == config::Optimizer::momentum) options.optimizer = compiler::FpOptimizer::momentum;
  if (optimizer == config::Optimizer::adam) options.optimizer = compiler::FpOptimizer::adam;
  return options;
}

}  // namespace

Workload prepare(const config::Scenario& scenario) {
  Workload workload;
  workload.data = load_data(scenario.dataset);
  workload.network = make_network(scenario.workload, workload.data.train.features);
  workload.plan = make_plan(scenario.training);
  if (scenario.workload.mapping == config::Mapping::fp_pim) {
    workload.program = compiler::compile_fp(workload.network, workload.plan, workload.data,
                                            compile_options(scenario), fp_options(scenario));
    return workload;
  }
  workload.program =
      compiler::compile(workload.network, workload.plan, workload.data, compile_options(scenario));
  return workload;
}

}  // namespace weft::tool
