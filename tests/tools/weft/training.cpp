// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/weft/training.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "platform/config/config.h"
#include "platform/loader/elf_file.h"
#include "tools/weft/files.h"
#include "tools/weft/references.h"
#include "tools/weft/workload.h"

namespace weft::tool::test {

namespace {

std::string to_yaml(const Setup& setup) {
  std::string layers;
  for (const Layer& layer : setup.layers) {
    layers += fmt::format("    - {{outputs: {}, activation: {}}}\n", layer.outputs, layer.activation);
  }
  return fmt::format(
      "name: test\n"
      "workload:\n  loss: {}\n  layers:\n{}"
      "dataset: {{kind: digits, size: 8, train: {}, test: {}}}\n"
      "training: {{epochs: {}, batch: {}, learning_rate: {}, seed: {}, carry_period: {}}}\n"
      "platform:\n"
      "  tiles: {{columns: {}, rows: {}}}\n"
      "  host: {{dram_size: 16 MiB}}\n"
      "  tile: {{crossbars: {}}}\n"
      "  crossbar: {{rows: {}, columns: {}, arithmetic: {}}}\n",
      setup.loss, layers, setup.train, setup.test, setup.epochs, setup.batch, setup.rate, setup.seed,
      setup.carry_period, setup.tile_columns, setup.tile_rows, setup.crossbars, setup.array_rows,
      setup.array_columns, setup.arithmetic);
}

std::string differs(std::size_t epoch, const char* what, std::int64_t platform, std::int64_t golden) {
  if (platform == golden) return "";
  return fmt::format("epoch {} {}: platform {}, golden {}", epoch + 1, what, platform, golden);
}

std::int64_t join(std::uint32_t low, std::uint32_t high) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(high) << 32 | low);
}

std::string compare_metrics(const std::vector<weft_epoch_record>& records,
                            const std::vector<GoldenEpoch>& golden) {
  if (records.size() != golden.size()) {
    return fmt::format("{} epoch records, {} epochs", records.size(), golden.size());
  }
  for (std::size_t epoch = 0; epoch < records.size(); ++epoch) {
    const weft_epoch_record& record = records[epoch];
    const reference::EpochMetrics& train = golden[epoch].train;
    const reference::EpochMetrics& test = golden[epoch].test;
    for (const std::string& found :
         {differs(epoch, "number", record.epoch, static_cast<std::int64_t>(epoch) + 1),
          differs(epoch, "training samples", record.train_samples, train.samples),
          differs(epoch, "training correct", record.train_correct, train.correct),
          differs(epoch, "training loss", join(record.train_loss_low, record.train_loss_high),
                  train.loss_q16),
          differs(epoch, "test samples", record.test_samples, test.samples),
          differs(epoch, "test correct", record.test_correct, test.correct),
          differs(epoch, "test loss", join(record.test_loss_low, record.test_loss_high), test.loss_q16)}) {
      if (!found.empty()) return found;
    }
  }
  return "";
}

void count_operations(const machine::Accelerator& accelerator, Comparison& result) {
  for (int number = 0; number < accelerator.tiles(); ++number) {
    for (const auto& unit : accelerator.tile(number).crossbars()) {
      result.sliced_operations += unit->array().path_statistics().sliced_operations;
      result.exact_operations += unit->array().path_statistics().exact_operations;
      result.carries_resolved += unit->array().statistics().carry_resolutions;
      for (const auto& slice : unit->array().statistics().saturated) result.cells_saturated += slice.cells;
    }
  }
}

void count_stored(const machine::Accelerator& accelerator, Comparison& result) {
  for (int number = 0; number < accelerator.tiles(); ++number) {
    const reram_buffer::BufferWriteFilter* const filter = accelerator.tile(number).buffer_filter();
    if (filter == nullptr) continue;
    for (std::size_t i = 0; i < result.offered.size(); ++i) {
      const auto& own = filter->filter(static_cast<reram_buffer::WriteClass>(i + 1)).statistics();
      result.offered[i] += own.values_offered;
      result.written[i] += own.values_written;
    }
  }
}

std::uint64_t count_changed(const std::vector<compiler::LoweredWeights>& before,
                            const std::vector<compiler::LoweredWeights>& after) {
  std::uint64_t count = 0;
  for (std::size_t layer = 0; layer < before.size(); ++layer) {
    for (std::size_t index = 0; index < before[layer].weights.size(); ++index) {
      count += before[layer].weights[index] != after[layer].weights[index] ? 1 : 0;
    }
  }
  return count;
}

double distance(const std::vector<compiler::LoweredWeights>& before,
                const std::vector<compiler::LoweredWeights>& golden,
                const std::vector<compiler::LoweredWeights>& found) {
  double moved = 0;
  double apart = 0;
  for (std::size_t layer = 0; layer < golden.size(); ++layer) {
    for (std::size_t index = 0; index < golden[layer].weights.size(); ++index) {
      const double wanted = golden[layer].weights[index];
      moved += std::pow(wanted - before[layer].weights[index], 2);
      apart += std::pow(wanted - found[layer].weights[index], 2);
    }
  }
  return std::sqrt(apart / moved);
}

}  // namespace

config::Scenario make_scenario(const Setup& setup) {
  config::LoadOptions options;
  options.overrides = setup.more;
  return config::parse_scenario(to_yaml(setup), "test.yaml", options);
}

Comparison compare_with_golden(const Setup& setup) {
  const config::Scenario scenario = make_scenario(setup);
  const Workload workload = prepare(scenario);
  SimulationOptions options;
  options.firmware = loader::read_file(default_firmware());
  Comparison result;
  options.log = [&](const LogEntry& entry) {
    if (entry.level == LogLevel::warning) result.warnings.push_back(entry.source + ": " + entry.text);
  };
  Simulation simulation(scenario, &workload.program, options);

  result.outcome = simulation.run();
  result.placement = workload.program.placement;
  result.layers = workload.program.network.layers;
  const GoldenRun golden = run_golden(workload, scenario);
  result.golden_kfac = golden.kfac;
  const std::vector<compiler::LoweredWeights> trained = simulation.trained_weights();
  result.weights = first_difference(trained, golden.weights);
  result.metrics = compare_metrics(result.outcome.records, golden.epochs);
  result.distance = distance(workload.program.lowered_initial, golden.weights, trained);
  result.cells_changed = count_changed(workload.program.lowered_initial, trained);
  count_operations(simulation.machine().accelerator(), result);
  result.carries_early = simulation.early_carry_resolutions();
  result.trained = trained;
  count_stored(simulation.machine().accelerator(), result);
  return result;
}

Comparison require_same_bits(const Setup& setup) {
  INFO(describe(setup));
  Comparison result = compare_with_golden(setup);
  INFO(result.outcome.detail);
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.faults.empty());
  CHECK(result.metrics == "");
  CHECK(result.weights == "");
  CHECK(result.warnings.empty());
  return result;
}

Comparison require_golden_bits(const Setup& setup) {
  Comparison result = require_same_bits(setup);
  CHECK(result.cells_changed > 0);
  return result;
}

std::string describe(const Setup& setup) {
  std::string text = to_yaml(setup);
  for (const std::string& each : setup.more) text += "--set " + each + "\n";
  return text;
}

}  // namespace weft::tool::test
