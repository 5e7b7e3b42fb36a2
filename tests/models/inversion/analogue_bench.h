// SPDX-License-Identifier: Apache-2.0
// What the tests of the analogue solver share.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "models/inversion/analogue_solver.h"
#include "tests/models/inversion/systems.h"

namespace weft::test {

using namespace weft::inversion;

inline SolverSettings nested() {
  SolverSettings settings;
  settings.mode = Mode::nested;
  return settings;
}

inline SolverSettings merged() {
  SolverSettings settings;
  settings.mode = Mode::merged;
  return settings;
}

inline SolverSettings ideal(unsigned array_bits) {
  SolverSettings settings = nested();
  settings.array_bits = array_bits;
  settings.ideal_converters = true;
  return settings;
}

inline AnalogueSolver loaded(const SolverSettings& settings, std::size_t n,
                             const std::vector<double>& matrix) {
  AnalogueSolver solver(settings);
  REQUIRE(solver.load(n, matrix, 0, settings.rounding, 0) == Outcome::ok);
  return solver;
}

inline std::vector<double> solution(AnalogueSolver& solver, const std::vector<double>& b) {
  std::vector<double> x(b.size());
  REQUIRE(solver.solve(b.data(), b.size() / solver.size(), x.data()) == Outcome::ok);
  return x;
}

// Spectral radius of 1 − A_eff⁻¹ A, by power iteration.
inline double contraction(const AnalogueSolver& solver) {
  const std::size_t n = solver.size();
  const PackedMatrix inverse(n, n, solver.array()->inverse);
  const PackedMatrix matrix(n, n, solver.matrix());
  CounterRng random(7, 0, 0);
  std::vector<double> v = random_matrix(random, n);
  std::vector<double> product(n);
  std::vector<double> back(n);
  double growth = 1;
  constexpr int steps = 300;
  for (int step = 0; step < 2 * steps; ++step) {
    matrix.multiply(v.data(), product.data(), 1);
    inverse.multiply(product.data(), back.data(), 1);
    double square = 0;
    for (std::size_t i = 0; i < n; ++i) {
      v[i] -= back[i];
      square += v[i] * v[i];
    }
    const double length = std::sqrt(square);
    for (double& each : v) each /= length;
    if (step >= steps) growth *= std::pow(length, 1.0 / steps);
  }
  return growth;
}

}  // namespace weft::test
