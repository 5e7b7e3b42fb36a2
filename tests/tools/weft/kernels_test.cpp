// SPDX-License-Identifier: Apache-2.0
// Machines in PipeLayer's manner: gradients of activations that were written into arrays, stored sample by
// sample or summed, weights rewritten at the end of a batch, samples in different layers at once.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/dataset/temporary_directory.h"
#include "tests/tools/weft/training.h"
#include "tools/weft/references.h"

using namespace weft::tool;
using namespace weft::tool::test;

namespace {

Setup with_kernels(const std::string& store, const std::string& schedule, int variant) {
  Setup setup;
  setup.layers = {{20, "relu"}, {18, "sigmoid"}, {10, "none"}};
  setup.batch = 8;
  setup.epochs = 2;
  setup.train = 28;  // the last batch is incomplete
  setup.more = {"platform.crossbar.update=write_back",       "training.gradient=activation_kernels",
                "training.gradient_store=" + store,          "training.schedule=" + schedule,
                fmt::format("training.variant={}", variant), "platform.crossbar.adc_bits=14"};
  return setup;
}

// Forward (12 bits + 2) product steps, as long as two products of 5 bits: the gradient of two outputs. The
// first layer is rewritten in the same time.
constexpr double cycle_s = 14e-3;

struct Pipeline {
  int layers;
  int batch;
  std::string schedule;
};

// Samples of 8 features and two classes.
std::string table(int samples) {
  std::string text;
  for (int n = 0; n < samples; ++n) {
    for (int feature = 0; feature < 8; ++feature)
      text += fmt::format("{:.1f},", (n * 7 + feature * 3) % 10 / 10.0);
    text += fmt::format("{}\n", n % 2);
  }
  return text;
}

double run_s(const Pipeline& pipeline, int batches) {
  const weft::test::TemporaryDirectory folder;
  const int samples = pipeline.batch * batches;
  folder.write("table.csv", table(samples + 1));
  Setup setup;
  setup.layers.assign(static_cast<std::size_t>(pipeline.layers) - 1, {2, "sigmoid"});
  setup.layers.push_back({2, "none"});
  setup.array_rows = setup.array_columns = 8;
  setup.crossbars = 3;
  setup.batch = pipeline.batch;
  setup.rate = 0.01;
  setup.more = {fmt::format("dataset={{kind: csv, directory: {}, path: table.csv, train: {}, test: 1}}",
                            folder.path().string(), samples),
                "training.evaluate=false",
                "training.variant=2",
                "training.gradient=activation_kernels",
                "training.gradient_store=example",
                "training.schedule=" + pipeline.schedule,
                "platform.crossbar.update=write_back",
                "workload.number_format.input_bits=12",
                "workload.number_format.activation_bits=12",
                "workload.number_format.error_bits=5",
                "technology.crossbar.mvm_step=1 ms",
                "technology.crossbar.read_time=14 ms",
                "technology.crossbar.write_time=1 ps"};
  const Comparison result = compare_with_golden(setup);
  REQUIRE(result.outcome.ending == Ending::finished);
  CHECK(result.weights == "");
  CHECK(result.metrics == "");
  return result.outcome.simulated_s;
}

// Without starting, and reading the weights at the end.
double cycles_per_batch(const Pipeline& pipeline) {
  const double few = run_s(pipeline, 2);
  weft::test::fresh_kernel();
  return (run_s(pipeline, 5) - few) / 3 / cycle_s;
}

Approx cycles(int expected) { return Approx(expected).margin(0.01); }

}  // namespace

TEST_CASE("gradients with activations as kernels are bit-exact, stored or summed, in every schedule") {
  const std::string store = GENERATE("batch", "example");
  const std::string schedule = GENERATE("auto", "sequential", "pipelined");
  const int variant = GENERATE(1, 2);
  require_golden_bits(with_kernels(store, schedule, variant));
}

TEST_CASE("layers of several row and column blocks on one tile and on several are bit-exact with kernels") {
  const std::string store = GENERATE("batch", "example");
  Setup setup = with_kernels(store, "auto", 2);
  setup.layers = {{40, "relu"}, {10, "none"}};
  setup.crossbars = GENERATE(3, 8, 24);
  const Comparison result = require_golden_bits(setup);
  if (setup.crossbars == 3) CHECK(result.layers[0].row_shards() == 4);
  if (setup.crossbars == 24) CHECK(result.layers[0].columns_per_shard > 1);
}

TEST_CASE("filtered gradients and kernels that are compared are bit-exact") {
  Setup setup = with_kernels(GENERATE("batch", "example"), "pipelined", 2);
  setup.more.emplace_back("platform.crossbar.kernel_filter={policy: compare, granularity: cell}");
  setup.more.emplace_back(
      "platform.crossbar.write_filter={policy: ef_reset, threshold_mode: rms, threshold: 2, residual_bits: "
      "30}");
  require_golden_bits(setup);
}

TEST_CASE("kernels whose filter loses small changes are bit-exact, too, and learn something else") {
  const std::string rules = GENERATE("{policy: drop, threshold: 40}", "{policy: top_k, density: 0.3}",
                                     "{policy: drop, threshold_mode: rms, threshold: 1}",
                                     "{policy: percentile, density: 0.2, granularity: cell}");
  Setup setup = with_kernels(GENERATE("batch", "example"), "pipelined", 2);
  setup.layers = {{40, "relu"}, {10, "none"}};
  setup.crossbars = GENERATE(3, 24);
  const Comparison plain = require_golden_bits(setup);
  weft::test::fresh_kernel();
  setup.more.push_back("platform.crossbar.kernel_filter=" + rules);
  const Comparison lossy = require_golden_bits(setup);
  CHECK(weft::tool::first_difference(lossy.trained, plain.trained) != "");
}

TEST_CASE("PipeLayer's way of training in ReRAM buffers gives the bits of SRAM") {
  Setup in_sram = with_kernels(GENERATE("batch", "example"), GENERATE("sequential", "pipelined"), 2);
  const Comparison sram = require_golden_bits(in_sram);
  weft::test::fresh_kernel();
  Setup in_reram = in_sram;
  in_reram.more.emplace_back("platform.tile.reram_buffer.size=64KiB");
  SECTION("without filters") {}
  SECTION("with filters that lose nothing") {
    in_reram.more.emplace_back(
        "platform.tile.write_filters.activation_buffer={policy: compare, granularity: cell}");
    in_reram.more.emplace_back(
        "platform.tile.write_filters.error_buffer={policy: compare, granularity: weight}");
    in_reram.more.emplace_back("platform.crossbar.kernel_filter={policy: compare, granularity: cell}");
  }
  SECTION("with levelling of the buffers' wear") {
    in_reram.more.emplace_back(
        "platform.tile.reram_buffer.endurance={count_wear: true, levelling: row_swap, period: 8}");
  }
  const Comparison reram = require_golden_bits(in_reram);
  CHECK(weft::tool::first_difference(reram.trained, sram.trained) == "");
  CHECK(reram.offered[0] > 0);
  CHECK(reram.offered[1] > 0);
  CHECK(reram.offered[2] == 0);
}

TEST_CASE("lossy filters of buffers and kernels together are bit-exact") {
  Setup setup = with_kernels("batch", GENERATE("sequential", "pipelined"), 2);
  setup.layers = {{40, "relu"}, {10, "none"}};
  setup.crossbars = GENERATE(3, 24);
  for (const char* more : {"platform.tile.reram_buffer.size=64KiB",
                           "platform.tile.write_filters.activation_buffer={policy: drop, threshold: 30}",
                           "platform.tile.write_filters.error_buffer={policy: drop, threshold: 30}",
                           "platform.crossbar.kernel_filter={policy: drop, threshold: 20}"})
    setup.more.emplace_back(more);
  require_golden_bits(setup);
}

// The source: Song et al., PipeLayer, HPCA 2017: (N / B) (2L + B + 1) cycles for N samples in batches of B.
// Data drive the pipeline, not a clock: batches of fewer samples than these run dry and are faster.
TEST_CASE("a pipelined batch takes the B + 2L + 1 cycles of PipeLayer") {
  const int layers = GENERATE(1, 2, 3);
  const int batch = GENERATE(5, 8);
  CHECK(cycles_per_batch({layers, batch, "pipelined"}) == cycles(batch + 2 * layers + 1));
}

// PipeLayer has (2L + 1) N + N / B: one cycle more a sample, in which the output's error is computed. Here
// the vector unit does that in next to no time, and nothing else runs beside it. Errors go on to the layer
// before when their product is done, after half a cycle; only the first layer's gradient is waited for.
TEST_CASE(
    "without a pipeline layers take a cycle forward and half a one backward, one sample after the other") {
  const int layers = GENERATE(1, 2, 3);
  constexpr int batch = 4;
  const double sample = layers + 0.5 * (layers - 1) + 1;
  CHECK(cycles_per_batch({layers, batch, "sequential"}) == Approx(batch * sample + 1).margin(0.01));
}
