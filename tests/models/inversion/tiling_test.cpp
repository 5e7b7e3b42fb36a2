// SPDX-License-Identifier: Apache-2.0
// Factors that are larger than an array: the fused mapping on several arrays a side of the loop.
#include <catch2/catch.hpp>
#include <vector>

#include "models/device/wires.h"
#include "models/inversion/costs.h"
#include "models/inversion/tiling.h"
#include "tests/models/inversion/analogue_bench.h"

using namespace weft;
using namespace weft::inversion;
using namespace weft::test;

namespace {

constexpr std::size_t n = 48;
constexpr std::size_t m = 40;
constexpr double damping = 0.1;

InverseArray programmed(const SolverSettings& settings, const std::vector<double>& factor) {
  CounterRng random(11, 0, 0);
  const auto array = program_fused(n, m, factor, damping, settings, random);
  REQUIRE(array);
  return *array;
}

// What the cells of one array conduct towards the lines that are sensed: the driven lines run from the last
// column's side, the other way round for the wires' model, by nodal analysis. Full scale 1.
void add_array(const std::vector<double>& levels, std::size_t row, std::size_t rows, std::size_t column,
               std::size_t columns, const ArrayEffects& effects, std::vector<double>& seen) {
  for (const double sign : {1.0, -1.0}) {
    device::ConductanceMatrix cells;
    cells.rows = static_cast<int>(columns);
    cells.cols = static_cast<int>(rows);
    cells.value.resize(rows * columns);
    const auto at = [&](std::size_t i, std::size_t j) { return (columns - 1 - j) * rows + i; };
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j)
        cells.value[at(i, j)] =
            std::max(0.0, sign * levels[(row + i) * m + column + j]) * effects.g_max_uS * 1e-6;
    }
    const device::ConductanceMatrix exact = device::nodal_conductances(cells, effects.wire_ohm);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j)
        seen[(row + i) * m + column + j] += sign * exact.value[at(i, j)] / (effects.g_max_uS * 1e-6);
    }
  }
}

}  // namespace

TEST_CASE("lines are spread over as few arrays as hold them, evenly") {
  const Tiling tiling(10, 4);
  CHECK(tiling.tiles() == 3);
  CHECK(tiling.largest() == 4);
  std::size_t lines = 0;
  for (std::size_t tile = 0; tile < tiling.tiles(); ++tile) {
    CHECK(tiling.begin(tile) == lines);
    CHECK(tiling.size(tile) >= 3);
    CHECK(tiling.size(tile) <= 4);
    lines += tiling.size(tile);
  }
  CHECK(lines == 10);
  CHECK(Tiling(8, 4).tiles() == 2);
  CHECK(Tiling(3, 4).largest() == 3);
}

TEST_CASE("a factor on several arrays closes the same loop as on one") {
  const std::vector<double> factor = activations(n, m, 5);
  SolverSettings settings = nested();
  settings.effects.programming_sigma = 0.01;
  settings.effects.amplifier_gain = 1e4;
  const InverseArray whole = programmed(settings, factor);
  settings.array = GENERATE(47u, 16u, 1u);
  const InverseArray parts = programmed(settings, factor);
  CHECK(parts.inverse == whole.inverse);
  CHECK(parts.slowest == whole.slowest);
  CHECK(parts.conductance == whole.conductance);
}

TEST_CASE("wires of several arrays are those of each of them") {
  const std::vector<double> factor = activations(n, m, 5);
  SolverSettings settings = nested();
  settings.array = 20;
  settings.effects.wire_ohm = 2;
  const InverseArray array = programmed(settings, factor);

  const double greatest = greatest_magnitude(factor.data(), factor.size());
  std::vector<double> levels = level_values(n, factor, settings.array_bits, LevelRounding::nearest);
  for (double& each : levels) each /= greatest;
  std::vector<double> seen(n * m);
  for (std::size_t row = 0; row < n; row += 16) {
    for (std::size_t column = 0; column < m; column += 20)
      add_array(levels, row, 16, column, 20, settings.effects, seen);
  }
  Matrix loop = outer(n, m, seen, seen);
  for (double& each : loop) each *= greatest * greatest / m;
  for (std::size_t i = 0; i < n; ++i) loop[i * n + i] += damping;
  // The loop's inverse times the loop from nodal analysis is the identity but for what ladders neglect.
  const Matrix identity = product(n, n, n, array.inverse, loop);
  SolverSettings one_array = settings;
  one_array.array = 256;
  const Matrix of_one = product(n, n, n, programmed(one_array, factor).inverse, loop);
  double error = 0;
  double error_of_one = 0;
  for (std::size_t i = 0; i < n * n; ++i) {
    const double wanted = i % (n + 1) == 0 ? 1 : 0;
    error = std::max(error, std::abs(identity[i] - wanted));
    error_of_one = std::max(error_of_one, std::abs(of_one[i] - wanted));
  }
  CAPTURE(error, error_of_one);
  CHECK(error < 1e-3);
  CHECK(error_of_one > 10 * error);
}

TEST_CASE("a factor on several arrays is solved to the same bits, but for wires, which are shorter") {
  const std::vector<double> factor = activations(n, m, 5);
  const std::vector<double> b = cosines(n);
  SolverSettings settings = GENERATE(nested(), merged());
  const auto solved = [&](const SolverSettings& each) {
    AnalogueSolver solver(each);
    REQUIRE(solver.load_factor(n, m, factor, damping, 0, 0) == Outcome::ok);
    return solution(solver, b);
  };
  const auto rate = [&](const SolverSettings& each) {
    AnalogueSolver solver(each);
    REQUIRE(solver.load_factor(n, m, factor, damping, 0, 0) == Outcome::ok);
    return contraction(solver);
  };
  SolverSettings small = settings;
  small.array = 12;
  CHECK(solved(small) == solved(settings));
  settings.effects.wire_ohm = small.effects.wire_ohm = 5;
  CHECK(rate(small) < rate(settings) / 2);
}

TEST_CASE("arrays side by side are driven, converted and written each by itself") {
  SolverSettings settings = nested();
  settings.array = 32;
  const SystemShape shape = system_shape(settings, 64, 48, 16);
  CHECK(shape.row_arrays == 2);
  CHECK(shape.column_arrays == 2);
  CHECK(shape.arrays == 4);
  // Two products: 64 lines into two columns of arrays, 48 sums from two rows of them, and back.
  const OperationCost step = product_cost({}, shape);
  CHECK(step.drives == 64 * 2 + 48 * 2);
  CHECK(step.conversions == 4 * (48 * 2 + 64 * 2));
  CHECK(step.cells == 2 * 4 * 64 * 48);
  CHECK(step.ns == Approx(2 * 101 + (24 + 32) * 0.78125));
  // 16 bits in four arrays of products and two of the loop, two arrays side by side, both sides of the loop.
  const LoadCost load = load_cost(settings, shape);
  CHECK(load.steps == 2 * 64);
  CHECK(load.rows == 2 * 64 * (4 + 2) * 2);
  // An amplifier for every unknown and every sample.
  InverseArray array;
  array.slowest = 1;
  const OperationCost inversion = inversion_cost({}, {}, settings, shape, array);
  CHECK(inversion.amplifier_ns == (64 + 48) * 101);
  CHECK(inversion.conversions == 64);

  // A matrix: all of it in arrays of products, the blocks on its diagonal in the loops.
  const SystemShape matrix = system_shape(settings, 64, 0, 32);
  CHECK(matrix.block == 32);
  CHECK(load_cost(settings, matrix).rows == 64 * (8 * 2 + 2));
  CHECK(product_cost({}, matrix).conversions == 8 * 2 * 64);
}
