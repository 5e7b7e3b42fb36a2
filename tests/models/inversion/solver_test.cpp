// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/solver.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "models/common/counter_rng.h"
#include "tests/models/inversion/systems.h"

using namespace weft;
using namespace weft::inversion;
using namespace weft::test;

TEST_CASE("a matrix whose inverse is known in closed form is inverted to the last bits") {
  for (const std::size_t n : {1u, 2u, 8u, 64u, 256u}) {
    const double r = 0.7;
    const std::vector<double> b = cosines(n);
    ReferenceSolver solver;
    solver.load(n, kms(n, r));
    std::vector<double> x(n);
    REQUIRE(solver.solve(b.data(), x.data()) == Outcome::ok);
    if (n > 1) CHECK(greatest_difference(x, kms_solution(b, r)) < 1e-13);
  }
}

TEST_CASE("random systems have a residual of rounding errors only, with small pivots in the way") {
  CounterRng random(21, 0, 0);
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t n = 1 + random.below(40);
    std::vector<double> matrix = random_matrix(random, n * n);
    if (n > 1 && trial % 2 == 0) matrix[0] = trial % 4 == 0 ? 0.0 : 1e-17;
    const std::vector<double> b = random_matrix(random, n);
    ReferenceSolver solver;
    solver.load(n, matrix);
    std::vector<double> x(n);
    REQUIRE(solver.solve(b.data(), x.data()) == Outcome::ok);
    double size = 1;
    for (const double each : x) size = std::max(size, std::fabs(each));
    CAPTURE(n, trial, size);
    CHECK(greatest_difference(times(matrix, x), b) < 1e-13 * size);
  }
}

TEST_CASE("the damped square of a factor is what the fused loading stands for") {
  CounterRng random(22, 0, 0);
  const std::size_t n = 6;
  const std::size_t m = 4;
  const double damping = 0.25;
  const std::vector<double> a = random_matrix(random, n * m);
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t k = 0; k < m; ++k) matrix[i * n + j] += a[i * m + k] * a[j * m + k] / 4.0;
    }
    matrix[i * n + i] += damping;
  }
  ReferenceSolver direct;
  ReferenceSolver fused;
  direct.load(n, matrix);
  fused.load_factor(n, m, a, damping);
  const std::vector<double> b = cosines(n);
  std::vector<double> x(n);
  std::vector<double> y(n);
  REQUIRE(direct.solve(b.data(), x.data()) == Outcome::ok);
  REQUIRE(fused.solve(b.data(), y.data()) == Outcome::ok);
  CHECK(greatest_difference(x, y) < 1e-13);
}

TEST_CASE("what cannot be solved is said, and x is left alone") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> b{1, 2};
  const auto outcome = [&](const std::vector<double>& matrix, const std::vector<double>& right) {
    ReferenceSolver solver;
    if (!matrix.empty()) solver.load(2, matrix);
    std::vector<double> x{7, 7};
    const Outcome found = solver.solve(right.data(), x.data());
    if (found != Outcome::ok) CHECK(x == std::vector<double>{7, 7});
    return found;
  };
  CHECK(outcome({}, b) == Outcome::not_loaded);
  CHECK(outcome({1, 2, 2, 4}, b) == Outcome::singular);
  CHECK(outcome({0, 0, 0, 0}, b) == Outcome::singular);
  CHECK(outcome({1, 2, 2, 4 + 1e-15}, b) == Outcome::singular);
  CHECK(outcome({1, 2, 2, 4 + 1e-14}, b) == Outcome::ok);
  CHECK(outcome({1, nan, 0, 1}, b) == Outcome::singular);
  CHECK(outcome({1, 0, 0, 1}, {1, nan}) == Outcome::not_finite);
  CHECK(outcome({1e-300, 0, 0, 1e-300}, {1e300, 0}) == Outcome::not_finite);
  CHECK(outcome({1e-300, 0, 0, 1e-300}, {1, 0}) == Outcome::ok);
}

TEST_CASE("a solver that held a singular matrix works with the next one") {
  ReferenceSolver solver;
  solver.load(1, {0});
  double x = 0;
  const double b = 6;
  CHECK(solver.solve(&b, &x) == Outcome::singular);
  solver.load(1, {3});
  CHECK(solver.solve(&b, &x) == Outcome::ok);
  CHECK(x == 2);
}
