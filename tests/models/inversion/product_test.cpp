// SPDX-License-Identifier: Apache-2.0
// What inexact products do to refinement.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "models/device/wires.h"
#include "models/inversion/product_arrays.h"
#include "tests/models/inversion/analogue_bench.h"

using namespace weft;
using namespace weft::inversion;
using namespace weft::test;

namespace {

std::vector<double> product_of(const SolverSettings& settings, const std::vector<double>& matrix,
                               const std::vector<double>& x, unsigned slices, unsigned bits) {
  CounterRng random(3, 0, 0);
  const SlicedMatrix sliced(x.size(), x.size(), matrix, slices, settings.array, settings, random);
  std::vector<double> y(x.size());
  sliced.multiply(x.data(), y.data(), bits, random);
  return y;
}

SolverSettings until(unsigned residual_bits, SolverSettings settings) {
  settings.residual_bits = residual_bits;
  settings.limit = 64;
  return settings;
}

// KMS r = 0.5, N = 64 on the given settings; 0 where it has not been solved.
double bits_of_solution(const SolverSettings& settings) {
  AnalogueSolver solver = loaded(settings, 64, kms(64, 0.5));
  const std::vector<double> b = cosines(64);
  std::vector<double> x(64);
  return solver.solve(b.data(), 1, x.data()) == Outcome::ok ? bits(x, kms_solution(b, 0.5)) : 0;
}

}  // namespace

TEST_CASE("slices and steps make up the product") {
  const std::vector<double> matrix = kms(16, -0.6);
  // Operands of 9 bits, one of them the most negative number.
  std::vector<double> x(16);
  for (std::size_t i = 0; i < 16; ++i) x[i] = static_cast<double>(i * i) - 100;
  x[3] = -256;
  SolverSettings settings = nested();
  settings.dac_bits = GENERATE(1u, 3u, 8u);
  settings.cell_bits = GENERATE(1u, 4u);
  const std::vector<double> y = product_of(settings, matrix, x, 3, 9);
  CHECK(greatest_difference(y, times(matrix, x)) < 1e-10);
}

TEST_CASE("a converter of a product rounds every partial sum to its step") {
  SolverSettings settings = nested();
  settings.products.adc_bits = 4;
  const std::vector<double> y = product_of(settings, {1, 0, 0, 7.0 / 15}, {15, 15}, 1, 5);
  // One slice, one step of the DAC: sums 1 (its range's end, so a step less) and 7/15, in steps of 1/8.
  CHECK(y[0] == Approx(15 * 7.0 / 8));
  CHECK(y[1] == Approx(15 * 4.0 / 8));
}

TEST_CASE("arrays side by side have partial sums of their own, which are converted one by one") {
  SolverSettings settings = nested();
  settings.products.adc_bits = 4;
  const std::vector<double> matrix{6.0 / 15, 7.0 / 15, 1, 0};
  const std::vector<double> x{15, 15};
  // One array: sums of 13/15 and 1, in steps of 1/8.
  CHECK(product_of(settings, matrix, x, 1, 5) == std::vector<double>{15 * 7.0 / 8, 15 * 7.0 / 8});
  // Arrays of one cell: ranges of their own, 6/15 and 7/15 in steps of 1/16, 1 in steps of 1/8.
  settings.array = 1;
  const std::vector<double> y = product_of(settings, matrix, x, 1, 5);
  CHECK(y[0] == Approx(15 * (6.0 / 16 + 7.0 / 16)));
  CHECK(y[1] == Approx(15 * 7.0 / 8));
}

TEST_CASE("a product on several arrays is that on one") {
  const std::vector<double> matrix = kms(23, -0.6);
  const std::vector<double> x = cosines(23);
  SolverSettings settings = nested();
  const std::vector<double> whole = product_of(settings, matrix, x, 3, 9);
  settings.array = GENERATE(1u, 4u, 22u);
  CHECK(greatest_difference(product_of(settings, matrix, x, 3, 9), whole) < 1e-12);
}

TEST_CASE("noise of reading is that of every cell that is driven") {
  // The sum of n cells of equal drive has sigma · sqrt(n).
  constexpr std::size_t n = 400;
  SolverSettings settings = nested();
  settings.products.read_sigma = 0.01;
  const auto spread = [&](double on_off) {
    settings.products.on_off = on_off;
    const std::vector<double> y =
        product_of(settings, std::vector<double>(n * n, 1.0), std::vector<double>(n, 15.0), 1, 5);
    double sum = 0;
    for (const double each : y) sum += (each / 15 - n) * (each / 15 - n);
    return std::sqrt(sum / n);
  };
  CHECK(spread(0) == Approx(0.01 * 20).epsilon(0.15));
  // Levels span half of the conductances.
  CHECK(spread(2) == Approx(2 * spread(0)));
}

TEST_CASE("wires of a product's arrays take what nodal analysis says") {
  // One slice of four bits, signs in arrays of their own, closed cells of a 20th of the greatest conductance.
  constexpr std::size_t n = 24;
  SolverSettings settings = nested();
  settings.products.g_max_uS = 35;
  settings.products.wire_ohm = GENERATE(0.5, 2.0, 8.0);
  settings.products.on_off = GENERATE(0.0, 20.0);
  settings.array = GENERATE(24u, 12u);
  const double closed = settings.products.on_off > 0 ? 1 / settings.products.on_off : 0;
  CounterRng random(3, 0, 0);
  std::vector<double> matrix(n * n);
  for (double& each : matrix) each = (std::floor(31 * random.uniform()) - 15) / 15;
  matrix[0] = 1;
  std::vector<double> x(n);
  for (double& each : x) each = std::floor(31 * random.uniform()) - 15;
  x[0] = 15;
  const std::vector<double> found = product_of(settings, matrix, x, 1, 5);

  std::vector<double> exact(n);
  for (std::size_t row = 0; row < n; row += settings.array) {
    for (std::size_t column = 0; column < n; column += settings.array) {
      for (const double sign : {1.0, -1.0}) {
        const auto lines = static_cast<int>(settings.array);
        device::ConductanceMatrix cells{lines, lines, {}};
        for (std::size_t j = 0; j < settings.array; ++j) {
          for (std::size_t i = 0; i < settings.array; ++i) {
            const double level = std::max(0.0, sign * matrix[(row + i) * n + column + j]);
            cells.value.push_back((closed + (1 - closed) * level) * 35e-6);
          }
        }
        const device::ConductanceMatrix seen = device::nodal_conductances(cells, settings.products.wire_ohm);
        for (int j = 0; j < lines; ++j) {
          for (int i = 0; i < lines; ++i)
            exact[row + static_cast<std::size_t>(i)] +=
                sign * seen.at(j, i) / (35e-6 * (1 - closed)) * x[column + static_cast<std::size_t>(j)];
        }
      }
    }
  }
  const std::vector<double> ideal = times(matrix, x);
  const double lost = greatest_difference(exact, ideal);
  CAPTURE(settings.products.wire_ohm, closed, settings.array, lost, greatest_difference(found, exact));
  CHECK(lost > 1e-4 * greatest(ideal));
  CHECK(greatest_difference(found, exact) < 0.06 * lost);
}

TEST_CASE("wires of products are errors that refinement does not see, and shorter ones are smaller") {
  SolverSettings settings = until(20, merged());
  settings.products.wire_ohm = 1.73;
  const double whole = bits_of_solution(settings);
  settings.products.wire_ohm = 0.173;
  const double tenth = bits_of_solution(settings);
  settings.products.wire_ohm = 1.73;
  settings.array = 32;
  const double halves = bits_of_solution(settings);
  CAPTURE(whole, tenth, halves);
  CHECK(whole > 3);
  CHECK(whole < 10);
  CHECK(tenth == Approx(whole + std::log2(10)).margin(0.3));
  CHECK(halves > whole + 0.7);
  // Off, nothing changes.
  settings = until(20, merged());
  CHECK(bits_of_solution(settings) > 19);
}

TEST_CASE("refinement finds the inverse of what the arrays of products hold") {
  // A + D in their place: x = (A + D)⁻¹ b, so that the error is D's, however many passes.
  SolverSettings settings = until(40, merged());
  settings.array_bits = 12;
  settings.products.programming_sigma = 1e-4;
  AnalogueSolver solver(settings);
  REQUIRE(solver.load(64, kms(64, 0.5), 24, LevelRounding::nearest, 0) == Outcome::ok);
  const std::vector<double> b = cosines(64);
  const double few = bits(solution(solver, b), kms_solution(b, 0.5));
  // Slices of four bits: their errors are 1e-4 of the whole, a 16th of that, and so on; times the
  // condition, 9.
  CHECK(few > 7);
  CHECK(few < 13);
  settings.products.programming_sigma = 1e-5;
  AnalogueSolver better(settings);
  REQUIRE(better.load(64, kms(64, 0.5), 24, LevelRounding::nearest, 0) == Outcome::ok);
  CHECK(bits(solution(better, b), kms_solution(b, 0.5)) == Approx(few + std::log2(10)).margin(0.5));
}

// The residual is brought up to date, not formed anew: what a converter has rounded away never comes back.
TEST_CASE("converters of products limit what refinement reaches, with passes to spare, too") {
  for (const SolverSettings& mode : {nested(), merged()}) {
    SolverSettings settings = mode;
    const double exact = bits_of_solution(settings);
    settings.products.adc_bits = 8;
    const double eight = bits_of_solution(settings);
    const double eight_with_time = bits_of_solution(until(20, settings));
    settings.products.adc_bits = 14;
    const double fourteen = bits_of_solution(settings);
    CAPTURE(static_cast<int>(mode.mode), exact, eight, eight_with_time, fourteen);
    CHECK(eight > 5);
    CHECK(eight_with_time == Approx(eight).margin(0.5));
    // A bit is a bit.
    CHECK(fourteen == Approx(eight + 6).margin(0.5));
    // 64 products of 4 by 4 bits have 14 bits and a sign.
    settings.products.adc_bits = 24;
    CHECK(bits_of_solution(settings) > 21);
    CHECK(exact > 23);
  }
}

TEST_CASE("noisy products of a fused mapping go through both arrays") {
  const std::size_t n = 32;
  const std::size_t m = 64;
  const std::vector<double> a = activations(n, m, 5);
  const std::vector<double> b = cosines(n);
  ReferenceSolver reference;
  reference.load(n, damped_square(n, m, a, 0.5));
  std::vector<double> exact(n);
  REQUIRE(reference.solve(b.data(), exact.data()) == Outcome::ok);
  for (const SolverSettings& mode : {nested(), merged()}) {
    const auto found = [&](const ProductEffects& effects) {
      SolverSettings settings = mode;
      settings.products = effects;
      AnalogueSolver solver(settings);
      REQUIRE(solver.load_factor(n, m, a, 0.5, 0, 0) == Outcome::ok);
      return bits(solution(solver, b), exact);
    };
    const double ideal_bits = found({});
    ProductEffects converters;
    converters.adc_bits = 16;
    ProductEffects noise;
    noise.read_sigma = 1e-3;
    CAPTURE(static_cast<int>(mode.mode), ideal_bits, found(converters), found(noise));
    CHECK(ideal_bits > 16);
    // 64 products of 4 by 4 bits have 14 bits and a sign; the second array's operands have more.
    CHECK(found(converters) > 14);
    CHECK(found(noise) < ideal_bits - 2);
    CHECK(found(noise) > 4);
  }
}

TEST_CASE("noise of products is that of the right-hand side, not of its neighbours") {
  SolverSettings settings = GENERATE(nested(), merged());
  settings.products.read_sigma = 1e-3;
  settings.products.adc_bits = 10;
  const std::size_t n = 16;
  CounterRng random(5, 0, 0);
  const std::vector<double> b = random_matrix(random, 7 * n);
  AnalogueSolver at_once = loaded(settings, n, kms(n, 0.5));
  const std::vector<double> together = solution(at_once, b);
  AnalogueSolver one_by_one = loaded(settings, n, kms(n, 0.5));
  for (std::size_t side = 0; side < 7; ++side) {
    const auto begin = b.begin() + static_cast<std::ptrdiff_t>(side * n);
    const std::vector<double> alone = solution(one_by_one, {begin, begin + static_cast<std::ptrdiff_t>(n)});
    CHECK(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<std::ptrdiff_t>(side * n)));
  }
  CHECK(solution(at_once, b) != together);
}

TEST_CASE("the residual that ends a nested solution is that of the whole system, converters included") {
  // A fits the array: the series has nothing to add, and the slices of x alone leave a residual.
  const std::vector<double> matrix{1, 0, 0, 1};
  const std::vector<double> b{1.0, 1.0 / 3};
  SolverSettings settings = until(24, nested());
  AnalogueSolver solver = loaded(settings, 2, matrix);
  const std::vector<double> x = solution(solver, b);
  CHECK(greatest_difference(x, b) <= 0x1p-24);
  CHECK(solver.reports().front().iterations > 1);
  settings.limit = 1;
  AnalogueSolver strict = loaded(settings, 2, matrix);
  std::vector<double> y(2);
  CHECK(strict.solve(b.data(), 1, y.data()) == Outcome::not_converged);
}
