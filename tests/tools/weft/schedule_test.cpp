// SPDX-License-Identifier: Apache-2.0
// PANTHER's schedules (arXiv 1912.11516, tables 1 and 2) come out of the simulated time of machines on which
// a product or an outer product takes one step and everything else next to nothing.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/tools/weft/training.h"

using namespace weft::tool;
using namespace weft::tool::test;

namespace {

// (10 bits + 2) product steps and 4 phases of 10 outer-product steps.
constexpr double step_s = 12e-3;

struct Schedule {
  int layers;
  int variant;
  int batch;
};

Setup make_setup(const Schedule& schedule, int batches) {
  Setup setup;
  setup.layers.assign(static_cast<std::size_t>(schedule.layers) - 1, {64, "relu"});
  setup.layers.push_back({64, "none"});
  setup.array_rows = 64;
  setup.array_columns = 64;
  setup.crossbars = schedule.variant;
  setup.batch = schedule.batch;
  setup.train = schedule.batch * batches;
  setup.more = {"training.evaluate=false",
                fmt::format("training.variant={}", schedule.variant),
                "workload.number_format.input_bits=10",
                "workload.number_format.activation_bits=10",
                "workload.number_format.error_bits=10",
                "technology.crossbar.mvm_step=1 ms",
                "technology.crossbar.opa_step=300 us",
                "technology.crossbar.read_time=1 ps",
                "technology.crossbar.write_time=1 ps"};
  return setup;
}

// Starting and ending the run take a small part of a step.
double steps_per_batch(const Schedule& schedule) {
  constexpr int batches = 4;
  const Comparison result = compare_with_golden(make_setup(schedule, batches));
  REQUIRE(result.outcome.ending == Ending::finished);
  CHECK(result.weights == "");
  CHECK(result.metrics == "");
  return result.outcome.simulated_s / step_s / batches;
}

Approx steps(int expected) { return Approx(expected).margin(0.01); }

}  // namespace

TEST_CASE("one copy learns a sample in two steps a layer") {
  const int layers = GENERATE(2, 3, 4);
  CHECK(steps_per_batch({layers, 1, 1}) == steps(2 * layers));
}

TEST_CASE("two copies learn B samples in B + 2L - 2 steps of products and B of updates") {
  const int layers = GENERATE(2, 3, 4);
  const int batch = GENERATE(1, 5, 8);
  CHECK(steps_per_batch({layers, 2, batch}) == steps(batch + 2 * layers - 2 + batch));
}

TEST_CASE("one copy needs the steps of forward and backward passes one after the other") {
  const int layers = GENERATE(2, 3);
  constexpr int batch = 5;
  CHECK(steps_per_batch({layers, 1, batch}) == steps(batch + layers - 1 + batch + layers - 2 + batch));
}

TEST_CASE("a third copy hides all updates but the last one") {
  const int layers = GENERATE(2, 3, 4);
  const int batch = GENERATE(1, 5, 8);
  CHECK(steps_per_batch({layers, 3, batch}) == steps(batch + 2 * layers - 2 + 1));
}
