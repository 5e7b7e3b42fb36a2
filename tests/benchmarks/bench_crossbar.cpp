// SPDX-License-Identifier: Apache-2.0
// Array numerics against what a plain floating-point simulator would do in the same run: Eigen's
// single-precision GEMV and rank-1 update on a matrix of the same size. The last lines say how far every goal
// is met; --benchmark_repetitions=5 lets the fastest of five runs count.
#include <benchmark/benchmark.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/crossbar/array.h"

namespace {

using weft::CounterRng;
using weft::crossbar::Arithmetic;
using weft::crossbar::Array;
using weft::crossbar::ArrayConfig;
using weft::crossbar::Kernels;
using weft::crossbar::Status;

constexpr int in_bits = 10;
constexpr int size = 128;

// One in `density` lines is driven.
std::vector<std::int16_t> operands(int lines, int bits, int density, std::uint32_t seed) {
  CounterRng rng(seed, 0, 0);
  std::vector<std::int16_t> values(static_cast<std::size_t>(lines));
  for (auto& value : values) {
    const auto magnitude = static_cast<int>(rng.below(1U << bits));
    const bool negative = rng.below(2) == 0;
    const bool driven = rng.below(static_cast<std::uint32_t>(density)) == 0;
    value = static_cast<std::int16_t>(driven ? (negative ? -magnitude : magnitude) : 0);
  }
  return values;
}

Array trained_array(ArrayConfig config, const Kernels& kernels = weft::crossbar::best_kernels()) {
  config.rows = size;
  config.cols = size;
  Array array(config, kernels);
  CounterRng rng(1, 0, 0);
  std::vector<std::int32_t> weights(static_cast<std::size_t>(size * size));
  for (auto& weight : weights)
    weight = static_cast<std::int32_t>(rng.next_u32()) >> (36 - config.weight_bits());
  array.program(0, 0, size, size, weights.data(), size);
  return array;
}

Array trained_array(Arithmetic arithmetic) {
  ArrayConfig config;
  config.arithmetic = arithmetic;
  return trained_array(config);
}

// Sixteen-bit weights on eight slices, converters that round.
ArrayConfig eight_slices() {
  ArrayConfig config;
  config.slices = 8;
  config.adc_bits = 8;
  config.arithmetic = Arithmetic::sliced;
  return config;
}

void require(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.describe());
}

void array_mvm(benchmark::State& state, Arithmetic arithmetic, int density) {
  Array array = trained_array(arithmetic);
  const auto x = operands(size, in_bits, density, 2);
  std::vector<std::int64_t> y(size);
  while (state.KeepRunning()) {
    require(array.mvm(x, in_bits, y));
    benchmark::DoNotOptimize(y.data());
  }
}

void array_mtvm(benchmark::State& state, Arithmetic arithmetic) {
  Array array = trained_array(arithmetic);
  const auto x = operands(size, in_bits, 1, 2);
  std::vector<std::int64_t> y(size);
  while (state.KeepRunning()) {
    require(array.mtvm(x, in_bits, y));
    benchmark::DoNotOptimize(y.data());
  }
}

// Update and carry resolution, as once an example. The update's sign alternates: weights stay put.
void array_opa_crs(benchmark::State& state, Arithmetic arithmetic, int density) {
  Array array = trained_array(arithmetic);
  const auto x = operands(size, in_bits, density, 2);
  const auto d = operands(size, 8, 1, 3);
  std::vector<std::int16_t> minus_d;
  minus_d.reserve(d.size());
  for (const std::int16_t value : d) minus_d.push_back(static_cast<std::int16_t>(-value));
  bool minus = false;
  while (state.KeepRunning()) {
    require(array.opa(x, in_bits, minus ? minus_d : d));
    array.crs();
    minus = !minus;
  }
}

// Updates only: the cells saturate, as they would on hardware.
void array_opa(benchmark::State& state, int density) {
  Array array = trained_array(Arithmetic::sliced);
  const auto x = operands(size, in_bits, density, 2);
  const auto d = operands(size, 15, 1, 3);
  while (state.KeepRunning()) require(array.opa(x, in_bits, d));
}

// Every bit, slice and line converted; operands of full width, from the instruction set `kernels` of this
// processor.
void sliced_mvm(benchmark::State& state, const Kernels& kernels) {
  Array array = trained_array(eight_slices(), kernels);
  const auto x = operands(size, 15, 1, 2);
  std::vector<std::int64_t> y(size);
  while (state.KeepRunning()) {
    require(array.mvm(x, 15, y));
    benchmark::DoNotOptimize(y.data());
  }
}

void sliced_mtvm(benchmark::State& state, const Kernels& kernels) {
  Array array = trained_array(eight_slices(), kernels);
  const auto x = operands(size, 15, 1, 2);
  std::vector<std::int64_t> y(size);
  while (state.KeepRunning()) {
    require(array.mtvm(x, 15, y));
    benchmark::DoNotOptimize(y.data());
  }
}

void sliced_opa(benchmark::State& state, const Kernels& kernels, bool resolve) {
  Array array = trained_array(eight_slices(), kernels);
  const auto x = operands(size, 15, 1, 2);
  const auto d = operands(size, 15, 1, 3);
  while (state.KeepRunning()) {
    require(array.opa(x, 15, d));
    if (resolve) array.crs();
  }
}

// ---- Devices ----

ArrayConfig device_array() {
  ArrayConfig config;
  config.arithmetic = Arithmetic::device;
  return config;
}

ArrayConfig noisy_array(double sigma, double relative_sigma) {
  ArrayConfig config = device_array();
  config.device.read_noise.sigma = sigma;
  config.device.read_noise.relative_sigma = relative_sigma;
  return config;
}

ArrayConfig wired_array() {
  ArrayConfig config = device_array();
  config.device.g_max_uS = 100;
  config.device.wires.ohm_per_cell = 0.1;
  config.device.wires.model = weft::device::WireModel::ladder;
  return config;
}

ArrayConfig verified_array() {
  ArrayConfig config = device_array();
  config.device.programming.sigma = 0.01;
  config.device.programming.verify_window = 0.3;
  return config;
}

// The devices of scenarios/mnist_device_noise.yaml.
ArrayConfig imperfect_array() {
  ArrayConfig config = device_array();
  config.device.programming.sigma = 0.0002;
  config.device.read_noise.sigma = 0.0002;
  config.device.update.model = "soft_bounds";
  config.device.update.step_variation = 0.3;
  config.device.update.noise = 0.3;
  config.device.update.asymmetry = 0.05;
  return config;
}

void device_mvm(benchmark::State& state, const ArrayConfig& config) {
  Array array = trained_array(config);
  const auto x = operands(size, in_bits, 1, 2);
  std::vector<std::int64_t> y(size);
  while (state.KeepRunning()) {
    require(array.mvm(x, in_bits, y));
    benchmark::DoNotOptimize(y.data());
  }
}

void device_mtvm(benchmark::State& state, const ArrayConfig& config) {
  Array array = trained_array(config);
  const auto x = operands(size, in_bits, 1, 2);
  std::vector<std::int64_t> y(size);
  while (state.KeepRunning()) {
    require(array.mtvm(x, in_bits, y));
    benchmark::DoNotOptimize(y.data());
  }
}

// What a training step does to an array: a product from either side, update, carry resolution.
void device_step(benchmark::State& state, const ArrayConfig& config) {
  Array array = trained_array(config);
  const auto x = operands(size, in_bits, 1, 2);
  const auto d = operands(size, 8, 1, 3);
  std::vector<std::int64_t> y(size);
  while (state.KeepRunning()) {
    require(array.mvm(x, in_bits, y));
    require(array.mtvm(d, in_bits, y));
    require(array.opa(x, in_bits, d));
    array.crs();
    benchmark::DoNotOptimize(y.data());
  }
}

void device_program(benchmark::State& state, const ArrayConfig& config) {
  Array array = trained_array(config);
  const std::vector<std::int32_t> weights(static_cast<std::size_t>(size * size), 12345678);
  while (state.KeepRunning()) require(array.program(0, 0, size, size, weights.data(), size));
}

void eigen_gemv(benchmark::State& state) {
  const Eigen::MatrixXf w = Eigen::MatrixXf::Random(size, size);
  const Eigen::VectorXf x = Eigen::VectorXf::Random(size);
  Eigen::VectorXf y(size);
  while (state.KeepRunning()) {
    y.noalias() = w * x;
    benchmark::DoNotOptimize(y.data());
  }
}

void eigen_rank_one(benchmark::State& state) {
  Eigen::MatrixXf w = Eigen::MatrixXf::Random(size, size);
  const Eigen::VectorXf x = Eigen::VectorXf::Random(size);
  const Eigen::VectorXf d = Eigen::VectorXf::Random(size) * 1e-6F;
  while (state.KeepRunning()) {
    w.noalias() += x * d.transpose();
    benchmark::DoNotOptimize(w.data());
  }
}

BENCHMARK(eigen_gemv);
BENCHMARK_CAPTURE(array_mvm, exact, Arithmetic::automatic, 1);
BENCHMARK_CAPTURE(array_mvm, exact_one_in_five, Arithmetic::automatic, 5);
BENCHMARK_CAPTURE(array_mvm, sliced, Arithmetic::sliced, 1);
BENCHMARK_CAPTURE(array_mtvm, exact, Arithmetic::automatic);
BENCHMARK_CAPTURE(array_mtvm, sliced, Arithmetic::sliced);
BENCHMARK(eigen_rank_one);
BENCHMARK_CAPTURE(array_opa_crs, exact, Arithmetic::automatic, 1);
BENCHMARK_CAPTURE(array_opa_crs, exact_one_in_five, Arithmetic::automatic, 5);
BENCHMARK_CAPTURE(array_opa_crs, sliced, Arithmetic::sliced, 1);
BENCHMARK_CAPTURE(array_opa, sliced, 1);

BENCHMARK_CAPTURE(device_mvm, ideal, device_array());
BENCHMARK_CAPTURE(device_mvm, noise, noisy_array(0.001, 0));
BENCHMARK_CAPTURE(device_mvm, relative_noise, noisy_array(0, 0.001));
BENCHMARK_CAPTURE(device_mtvm, ideal, device_array());
BENCHMARK_CAPTURE(device_mtvm, noise, noisy_array(0.001, 0));
BENCHMARK_CAPTURE(device_mtvm, relative_noise, noisy_array(0, 0.001));
BENCHMARK_CAPTURE(device_step, ideal, device_array());
BENCHMARK_CAPTURE(device_step, noise, noisy_array(0.001, 0));
BENCHMARK_CAPTURE(device_step, relative_noise, noisy_array(0, 0.001));
BENCHMARK_CAPTURE(device_step, soft_bounds, imperfect_array());
BENCHMARK_CAPTURE(device_step, ladder, wired_array());
BENCHMARK_CAPTURE(device_program, ideal, device_array());
BENCHMARK_CAPTURE(device_program, write_verify, verified_array());

// One benchmark for each instruction set this processor has.
void register_kernels() {
  for (const Kernels* kernels : weft::crossbar::available_kernels()) {
    const std::string set = kernels->name;
    benchmark::RegisterBenchmark(("sliced_mvm/" + set).c_str(),
                                 [kernels](benchmark::State& state) { sliced_mvm(state, *kernels); });
    benchmark::RegisterBenchmark(("sliced_mtvm/" + set).c_str(),
                                 [kernels](benchmark::State& state) { sliced_mtvm(state, *kernels); });
    benchmark::RegisterBenchmark(("sliced_opa/" + set).c_str(),
                                 [kernels](benchmark::State& state) { sliced_opa(state, *kernels, false); });
    benchmark::RegisterBenchmark(("sliced_opa_crs/" + set).c_str(),
                                 [kernels](benchmark::State& state) { sliced_opa(state, *kernels, true); });
  }
}

// ---- What the array must reach ----

// CPU time of one iteration in nanoseconds, by name.
class Times : public benchmark::ConsoleReporter {
 public:
  Times() : ConsoleReporter(OO_None) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (!run.error_occurred && run.run_type == Run::RT_Iteration)
        times_[run.run_name.str()].push_back(run.GetAdjustedCPUTime());
    }
    ConsoleReporter::ReportRuns(runs);
  }
  // Of the fastest repetition, since others use the machine as well; 0: did not run.
  double of(const std::string& name) const {
    const auto found = times_.find(name);
    return found == times_.end() ? 0 : *std::min_element(found->second.begin(), found->second.end());
  }

 private:
  std::map<std::string, std::vector<double>> times_;
};

struct Goal {
  const char* what;
  const char* benchmark;
  const char* reference;  // null: the rate counts, not a ratio
  double goal;
  bool at_most;
};

constexpr double ten_thousand = 1e4;

// Ratios are times of the benchmark over times of the reference, rates are operations a second.
const Goal goals[] = {
    {"exact mvm, time over float GEMV", "array_mvm/exact", "eigen_gemv", 3, true},
    {"exact mtvm, time over float GEMV", "array_mtvm/exact", "eigen_gemv", 3, true},
    {"exact opa and crs, time over rank-1 update", "array_opa_crs/exact", "eigen_rank_one", 3, true},
    {"sliced mvm a second, AVX-512", "sliced_mvm/avx512", nullptr, 10 * ten_thousand, false},
    {"sliced mtvm a second, AVX-512", "sliced_mtvm/avx512", nullptr, 10 * ten_thousand, false},
    {"sliced mvm a second, AVX2", "sliced_mvm/avx2", nullptr, 4 * ten_thousand, false},
    {"sliced mtvm a second, AVX2", "sliced_mtvm/avx2", nullptr, 4 * ten_thousand, false},
    {"sliced opa a second, AVX-512", "sliced_opa/avx512", nullptr, 2 * ten_thousand, false},
    {"sliced opa a second, AVX2", "sliced_opa/avx2", nullptr, 2 * ten_thousand, false},
    {"sliced opa and crs a second, AVX-512", "sliced_opa_crs/avx512", nullptr, 2 * ten_thousand, false},
    {"sliced opa and crs a second, AVX2", "sliced_opa_crs/avx2", nullptr, 2 * ten_thousand, false},
    {"mvm with noise, time over without", "device_mvm/noise", "device_mvm/ideal", 2, true},
    {"mtvm with noise, time over without", "device_mtvm/noise", "device_mtvm/ideal", 2, true},
    {"mvm with proportional noise, likewise", "device_mvm/relative_noise", "device_mvm/ideal", 2, true},
    {"mtvm with proportional noise, likewise", "device_mtvm/relative_noise", "device_mtvm/ideal", 2, true},
    {"step with noise, time over ideal devices", "device_step/noise", "device_step/ideal", 0, true},
    {"step with soft bounds and noise", "device_step/soft_bounds", "device_step/ideal", 0, true},
    {"step with line resistance (ladder)", "device_step/ladder", "device_step/ideal", 0, true},
    {"programming with write-verify", "device_program/write_verify", "device_program/ideal", 0, true},
};

void print_goals(const Times& times) {
  std::printf("\n%-45s %12s %12s %10s\n", "128 x 128, one thread, CPU time", "measured", "goal", "margin");
  for (const Goal& goal : goals) {
    const double time = times.of(goal.benchmark);
    const double reference = goal.reference == nullptr ? 1e9 : times.of(goal.reference);
    if (time == 0 || reference == 0) continue;
    const double measured = goal.at_most ? time / reference : reference / time;
    if (goal.goal == 0) {
      std::printf("%-45s %12.2f %12s %10s\n", goal.what, measured, "none", "");
      continue;
    }
    const double margin = goal.at_most ? goal.goal / measured : measured / goal.goal;
    std::printf("%-45s %12.*f %12.*f %9.2fx %s\n", goal.what, goal.at_most ? 2 : 0, measured,
                goal.at_most ? 2 : 0, goal.goal, margin, margin >= 1 ? "" : "missed");
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_kernels();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  Times times;
  benchmark::RunSpecifiedBenchmarks(&times);
  print_goals(times);
  return 0;
}
