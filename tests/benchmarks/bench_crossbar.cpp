// SPDX-License-Identifier: Apache-2.0
// Array numerics against what a plain floating-point simulator would do in the same run: Eigen's
// single-precision GEMV and rank-1 update on a matrix of the same size.
#include <benchmark/benchmark.h>

#include <Eigen/Dense>
#include <cstdint>
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

}  // namespace

int main(int argc, char** argv) {
  register_kernels();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
