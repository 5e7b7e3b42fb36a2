// SPDX-License-Identifier: Apache-2.0
// Systems of 256 unknowns solved per second on one thread: analogue arrays with their converters, and
// without. Items are right-hand sides. The damped square of activations is what second-order training
// inverts.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <vector>

#include "models/inversion/analogue_solver.h"
#include "tests/models/inversion/systems.h"

namespace {

using weft::inversion::AnalogueSolver;
using weft::inversion::Conversion;
using weft::inversion::Mode;
using weft::inversion::Outcome;
using weft::inversion::ReferenceSolver;
using weft::inversion::SolverSettings;

constexpr std::size_t unknowns = 256;
constexpr unsigned fp32_bits = 24;

std::vector<double> covariance() {
  constexpr std::size_t samples = 512;
  const std::vector<double> a = weft::test::activations(unknowns, samples, 1);
  return weft::test::damped_square(unknowns, samples, a, 1);
}

SolverSettings settings(Mode mode, bool ideal, Conversion conversion = Conversion::sum) {
  SolverSettings result;
  result.mode = mode;
  result.ideal_converters = ideal;
  result.conversion = conversion;
  return result;
}

void solve(benchmark::State& state, const SolverSettings& settings) {
  const auto sides = static_cast<std::size_t>(state.range(0));
  AnalogueSolver solver(settings);
  if (solver.load(unknowns, covariance(), fp32_bits, settings.rounding, 0) != Outcome::ok)
    throw std::runtime_error("the matrix of the benchmark cannot be loaded");
  weft::CounterRng random(2, 0, 0);
  const std::vector<double> b = weft::test::random_matrix(random, unknowns * sides);
  std::vector<double> x(b.size());
  while (state.KeepRunning()) {
    if (solver.solve(b.data(), sides, x.data()) != Outcome::ok)
      throw std::runtime_error("the system of the benchmark cannot be solved");
    benchmark::DoNotOptimize(x.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void reference(benchmark::State& state) {
  ReferenceSolver solver;
  solver.load(unknowns, covariance());
  const std::vector<double> b = weft::test::cosines(unknowns);
  std::vector<double> x(unknowns);
  while (state.KeepRunning()) {
    if (solver.solve(b.data(), x.data()) != Outcome::ok) throw std::runtime_error("singular");
    benchmark::DoNotOptimize(x.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void load(benchmark::State& state) {
  const std::vector<double> matrix = covariance();
  AnalogueSolver solver(settings(Mode::nested, false));
  while (state.KeepRunning()) {
    const Outcome outcome = solver.load(unknowns, matrix, fp32_bits, solver.settings().rounding, 0);
    if (outcome != Outcome::ok) throw std::runtime_error("the matrix of the benchmark cannot be loaded");
  }
}

BENCHMARK_CAPTURE(solve, nested_T4, settings(Mode::nested, false))->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(solve, nested_T4_each_slice, settings(Mode::nested, false, Conversion::each_slice))->Arg(1);
BENCHMARK_CAPTURE(solve, nested_T4_ideal, settings(Mode::nested, true))->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(solve, merged_K5, settings(Mode::merged, false))->Arg(1)->Arg(16);
BENCHMARK(reference);
BENCHMARK(load);

}  // namespace
