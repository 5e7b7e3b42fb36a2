// SPDX-License-Identifier: Apache-2.0
// What the INV circuit's imperfections do, when it fails, and how large systems are split.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "models/common/error.h"
#include "models/inversion/block_inverse.h"
#include "tests/models/inversion/analogue_bench.h"

using namespace weft;
using namespace weft::inversion;
using namespace weft::test;

namespace {

// Of random factors the figures come from another sample.
bool near(double value, double figure) { return value > 0.7 * figure && value < 1.4 * figure; }

Outcome load(AnalogueSolver& solver, std::size_t n, const std::vector<double>& matrix,
             LevelRounding rounding = LevelRounding::nearest) {
  return solver.load(n, matrix, 0, rounding, 0);
}

// Outcome of loading and, if that went well, solving for cos(i). x must be left alone unless it is ok.
Outcome outcome(const SolverSettings& settings, std::size_t n, const std::vector<double>& matrix) {
  AnalogueSolver solver(settings);
  const Outcome loading = load(solver, n, matrix, settings.rounding);
  std::vector<double> x(n);
  const Outcome solving = solver.solve(cosines(n).data(), 1, x.data());
  if (loading == Outcome::ok) return solving;
  // An unstable array is loaded; what could not be loaded leaves none behind.
  CHECK(solving == (loading == Outcome::unstable ? Outcome::unstable : Outcome::not_loaded));
  return loading;
}

constexpr std::size_t n_factor = 256;
constexpr std::size_t samples = 1024;

}  // namespace

TEST_CASE("factors of activations: the fused mapping tolerates what the direct one does not") {
  const std::vector<double> a = activations(n_factor, samples, 3);
  const AnalogueSolver direct = loaded(ideal(8), n_factor, damped_square(n_factor, samples, a, 0.3));
  CHECK(near(contraction(direct), 0.13));
  const auto fused = [&](unsigned bits, double sigma) {
    SolverSettings settings = ideal(bits);
    settings.effects.programming_sigma = sigma;
    AnalogueSolver solver(settings);
    REQUIRE(solver.load_factor(n_factor, samples, a, 0.3, 0, 0) == Outcome::ok);
    return contraction(solver);
  };
  CHECK(near(fused(8, 0), 0.007));
  CHECK(near(fused(4, 0), 0.13));
  CHECK(near(fused(8, 0.005), 0.024));
  CHECK(near(fused(8, 0.02), 0.098));
  CHECK(near(fused(8, 0.05), 0.28));
}

TEST_CASE(
    "terms on factors of activations are worth the derived bits, a stop on the residual gives sixteen") {
  struct Row {
    double damping;
    std::vector<double> bits;  // T = 1 to 4, 2-norm
  };
  const std::vector<Row> rows{
      {1, {4.7, 9.0, 13.0, 17.0}}, {0.3, {4.0, 7.4, 10.5, 13.6}}, {0.1, {3.3, 6.0, 8.5, 10.8}}};
  const std::vector<double> a = activations(n_factor, samples, 3);
  // Sums of activations with random weights.
  CounterRng random(9, 0, 0);
  std::vector<double> b(n_factor, 0.0);
  for (std::size_t k = 0; k < samples; ++k) {
    const double weight = random.normal();
    for (std::size_t i = 0; i < n_factor; ++i) b[i] += weight * a[i * samples + k];
  }
  for (const Row& row : rows) {
    const std::vector<double> matrix = damped_square(n_factor, samples, a, row.damping);
    ReferenceSolver reference;
    reference.load(n_factor, matrix);
    std::vector<double> exact(n_factor);
    REQUIRE(reference.solve(b.data(), exact.data()) == Outcome::ok);
    for (unsigned terms = 1; terms <= 4; ++terms) {
      SolverSettings settings = nested();
      settings.terms = terms;
      AnalogueSolver solver = loaded(settings, n_factor, matrix);
      const std::vector<double> x = solution(solver, b);
      double error = 0;
      double size = 0;
      for (std::size_t i = 0; i < n_factor; ++i) {
        error += (x[i] - exact[i]) * (x[i] - exact[i]);
        size += exact[i] * exact[i];
      }
      CAPTURE(row.damping, terms);
      CHECK(-0.5 * std::log2(error / size) == Approx(row.bits[terms - 1]).margin(1));
    }
    for (SolverSettings settings : {nested(), merged()}) {
      settings.residual_bits = 24;
      AnalogueSolver solver(settings);
      REQUIRE(solver.load(n_factor, matrix, 24, settings.rounding, 0) == Outcome::ok);
      CHECK(bits(solution(solver, b), exact) > 16);
    }
  }
}

TEST_CASE("finite gain and errors of programming slow refinement as derived") {
  const std::vector<double> a = activations(n_factor, samples, 4);
  const std::vector<double> matrix = damped_square(n_factor, samples, a, 1);
  const auto rate = [&](unsigned bits, double gain, double sigma) {
    SolverSettings settings = ideal(bits);
    settings.effects.amplifier_gain = gain;
    settings.effects.programming_sigma = sigma;
    return contraction(loaded(settings, n_factor, matrix));
  };
  CHECK(near(rate(16, 1e3, 0), 0.080));
  CHECK(near(rate(16, 1e4, 0), 0.0086));
  CHECK(near(rate(8, 0, 0.002), 0.09));
  CHECK(near(rate(8, 0, 0.005), 0.19));
  CHECK(near(rate(8, 0, 0.01), 0.42));
}

TEST_CASE("finite gain is damping: the sum of a row and one, divided by the gain") {
  SolverSettings settings = ideal(8);
  settings.effects.amplifier_gain = 100;
  const AnalogueSolver solver = loaded(settings, 2, {1, 0.2, 0.2, 0.6});
  const Matrix& h = solver.array()->nominal;
  const double d0 = (h[0] + h[1] + 1) / 100;
  const double d1 = (h[2] + h[3] + 1) / 100;
  const double determinant = (h[0] + d0) * (h[3] + d1) - h[1] * h[2];
  CHECK(solver.array()->inverse[0] == Approx((h[3] + d1) / determinant));
  CHECK(solver.array()->inverse[1] == Approx(-h[1] / determinant));
}

TEST_CASE("wires of the array slow refinement as derived") {
  // R_w = 0.5 and 1.73 ohm, 35 uS, N = 8 to 64.
  const std::vector<double> thin{0.0019, 0.0045, 0.0099, 0.021};
  const std::vector<double> thick{0.0006, 0.0013, 0.0029, 0.0061};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t n = std::size_t{8} << i;
    SolverSettings settings = ideal(16);
    settings.effects.wire_ohm = 1.73;
    CHECK(contraction(loaded(settings, n, kms(n, 0.5))) == Approx(thin[i]).epsilon(0.03));
    settings.effects.wire_ohm = 0.5;
    CHECK(contraction(loaded(settings, n, kms(n, 0.5))) == Approx(thick[i]).epsilon(0.06));
  }
}

TEST_CASE("errors of programming are drawn anew for every load and repeat with seed and number") {
  SolverSettings settings = nested();
  settings.effects.programming_sigma = 0.01;
  const auto inverse = [&](std::uint64_t seed, std::uint32_t unit, std::uint32_t number) {
    settings.seed = seed;
    settings.unit = unit;
    AnalogueSolver solver(settings);
    REQUIRE(solver.load(8, kms(8, 0.5), 0, LevelRounding::nearest, number) == Outcome::ok);
    return solver.array()->inverse;
  };
  CHECK(inverse(1, 0, 0) == inverse(1, 0, 0));
  CHECK(inverse(1, 0, 0) != inverse(1, 0, 1));
  CHECK(inverse(1, 0, 0) != inverse(1, 1, 0));
  CHECK(inverse(1, 0, 0) != inverse(2, 0, 0));
}

TEST_CASE("the slowest mode follows the condition number") {
  // Derived: 1.1 to 1.6 times the condition number of KMS matrices.
  for (const auto& [n, r, condition] :
       {std::tuple{64, 0.5, 9.0}, std::tuple{256, 0.7, 32.1}, std::tuple{256, 0.8, 80.8}}) {
    const auto size = static_cast<std::size_t>(n);
    const double times_condition = 1 / loaded(nested(), size, kms(size, r)).array()->slowest / condition;
    CAPTURE(n, r, times_condition);
    CHECK(times_condition > 1.1);
    CHECK(times_condition < 1.6);
  }
}

TEST_CASE("the slowest mode is the least eigenvalue of the scaled matrix") {
  const AnalogueSolver solver = loaded(ideal(16), 2, {1, 0.5, 0.5, 1});
  // U = I / 2.5; eigenvalues of A 0.5 and 1.5.
  CHECK(solver.array()->slowest == Approx(0.2).epsilon(1e-4));
}

TEST_CASE("an array that rounding makes indefinite is unstable, and compensated rounding saves it") {
  const std::vector<double> matrix = kms(256, 0.9);
  SolverSettings settings = nested();
  settings.array_bits = 4;
  CHECK(outcome(settings, 256, matrix) == Outcome::unstable);
  settings.rounding = LevelRounding::compensated;
  settings.terms = 256;
  AnalogueSolver solver(settings);
  REQUIRE(load(solver, 256, matrix, LevelRounding::compensated) == Outcome::ok);
  const std::vector<double> b = cosines(256);
  CHECK(bits(solution(solver, b), kms_solution(b, 0.9)) > 8);
}

TEST_CASE("damping saves an unstable array, too") {
  std::vector<double> matrix = kms(256, 0.9);
  SolverSettings settings = nested();
  settings.array_bits = 6;
  CHECK(outcome(settings, 256, matrix) != Outcome::ok);
  for (std::size_t i = 0; i < 256; ++i) matrix[i * 257] += 0.5;
  CHECK(outcome(settings, 256, matrix) == Outcome::ok);
}

TEST_CASE("an array that is not symmetric is judged by its eigenvalues") {
  // Real parts of rotations by less than 90 degrees are positive, whatever the symmetric part of A scaled is.
  CHECK(least_real_eigenvalue(2, {1, -5, 5, 1}) == Approx(1));
  CHECK(least_real_eigenvalue(2, {1, 3, 3, 1}) == Approx(-2));
  CHECK_FALSE(is_positive_definite(2, {1, 10, 0, 1}));
  CHECK(least_real_eigenvalue(2, {1, 10, 0, 1}) == Approx(1));
  CounterRng random(1, 0, 0);
  const auto array = program_inverse(2, {0.25, 1, 0, 0.25}, ideal(16), random);
  REQUIRE(array);
  CHECK(array->inverse[0] == Approx(4).epsilon(1e-4));
  CHECK_FALSE(program_inverse(2, {0.25, 1, 1, 0.25}, ideal(16), random));
}

TEST_CASE("matrices that no array takes are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const SolverSettings& settings : {nested(), merged(), ideal(8)}) {
    CHECK(outcome(settings, 2, {1, 0.5, 0.4, 1}) == Outcome::asymmetric);
    CHECK(outcome(settings, 2, {1, 0.5, 0.5, 0}) == Outcome::bad_diagonal);
    CHECK(outcome(settings, 2, {-1, 0, 0, 1}) == Outcome::bad_diagonal);
    CHECK(outcome(settings, 2, {0, 0, 0, 0}) == Outcome::bad_diagonal);
    CHECK(outcome(settings, 2, {1, nan, nan, 1}) == Outcome::not_finite);
    CHECK(outcome(settings, 2, {1, 0, 0, infinity}) == Outcome::not_finite);
    CHECK(outcome(settings, 2, {1, 2, 2, 1}) == Outcome::unstable);
    CHECK(outcome(settings, 2, {1, 1, 1, 1}) == Outcome::unstable);
    CHECK(outcome(settings, 2, {1, 0.5, 0.5, 1}) == Outcome::ok);
  }
}

TEST_CASE("a factor must be finite and leave a positive diagonal") {
  AnalogueSolver solver(nested());
  CHECK(solver.load_factor(2, 1, {1, std::nan("")}, 0.1, 0, 0) == Outcome::not_finite);
  CHECK(solver.load_factor(2, 1, {1, 2}, std::nan(""), 0, 0) == Outcome::not_finite);
  CHECK(solver.load_factor(2, 1, {1, 0}, 0, 0, 0) == Outcome::bad_diagonal);
  CHECK(solver.load_factor(2, 1, {1, 2}, 0, 0, 0) == Outcome::unstable);
  CHECK(solver.load_factor(2, 2, {0, 0, 0, 0}, 0.5, 0, 0) == Outcome::ok);
  std::vector<double> x(2);
  CHECK(solver.solve(std::vector<double>{1, -2}.data(), 1, x.data()) == Outcome::ok);
  CHECK(x[1] == Approx(-4).epsilon(1e-5));
  CHECK(solver.solve(std::vector<double>{1, HUGE_VAL}.data(), 1, x.data()) == Outcome::not_finite);
}

TEST_CASE("a series that grows has not converged") {
  // Derived: a stable array, but a contraction of 1.04 (direct, p = 8) and 1.06 (p = 3).
  SolverSettings settings = nested();
  settings.terms = 32;
  CHECK(outcome(settings, 256, kms(256, 0.9)) == Outcome::not_converged);
  settings.mode = Mode::merged;
  settings.passes = 32;
  CHECK(outcome(settings, 256, kms(256, 0.9)) == Outcome::not_converged);
  settings.array_bits = 3;
  CHECK(outcome(settings, 16, kms(16, 0.5)) == Outcome::not_converged);
  settings.array_bits = 8;
  CHECK(outcome(settings, 16, kms(16, 0.5)) == Outcome::ok);
}

TEST_CASE("a solution can stop as soon as the residual is small, and fails when it never is") {
  SolverSettings settings = GENERATE(nested(), merged());
  settings.residual_bits = 20;
  AnalogueSolver solver = loaded(settings, 64, kms(64, 0.5));
  std::vector<double> b = cosines(64);
  // A second system that is an eigenvector of sorts takes its own number of passes.
  b.resize(128);
  std::fill(b.begin() + 64, b.end(), 1.0);
  const std::vector<double> x = solution(solver, b);
  for (std::size_t side = 0; side < 2; ++side) {
    const auto begin = static_cast<std::ptrdiff_t>(64 * side);
    const std::vector<double> right(b.begin() + begin, b.begin() + begin + 64);
    const std::vector<double> found(x.begin() + begin, x.begin() + begin + 64);
    CHECK(greatest_difference(times(kms(64, 0.5), found), right) <= 0x1p-19 * greatest(right));
    const SolveReport& report = solver.reports()[side];
    CHECK(report.iterations > 1);
    CHECK(report.operations.inversions == operation_counts(settings, report.iterations, true).inversions);
    CHECK(report.operations.products == operation_counts(settings, report.iterations, true).products);
    // One fewer does not do.
    SolverSettings fewer = settings;
    fewer.limit = report.iterations - 1;
    AnalogueSolver strict = loaded(fewer, 64, kms(64, 0.5));
    std::vector<double> y(64);
    CHECK(strict.solve(right.data(), 1, y.data()) == Outcome::not_converged);
  }
}

TEST_CASE("right-hand sides solved together come out as one by one, to the bit") {
  SolverSettings until_small = GENERATE(nested(), merged());
  until_small.residual_bits = 20;
  until_small.limit = 64;
  const SolverSettings settings = GENERATE_COPY(nested(), merged(), ideal(8), until_small);
  const std::size_t n = 27;
  AnalogueSolver solver = loaded(settings, n, kms(n, 0.7));
  CounterRng random(5, 0, 0);
  const std::vector<double> b = random_matrix(random, 7 * n);
  const std::vector<double> together = solution(solver, b);
  for (std::size_t side = 0; side < 7; ++side) {
    const auto begin = b.begin() + static_cast<std::ptrdiff_t>(side * n);
    const std::vector<double> alone = solution(solver, {begin, begin + static_cast<std::ptrdiff_t>(n)});
    CHECK(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<std::ptrdiff_t>(side * n)));
  }
}

TEST_CASE("arrays of products hold what the elements have, and fewer bits when told so") {
  const auto held = [](unsigned matrix_bits, unsigned element_bits, const Matrix& matrix) {
    SolverSettings settings = nested();
    settings.matrix_bits = matrix_bits;
    AnalogueSolver solver(settings);
    REQUIRE(solver.load(2, matrix, element_bits, LevelRounding::nearest, 0) == Outcome::ok);
    return solver.matrix();
  };
  // A power of two does not clip, nor does what rounds to one.
  const Matrix integers{4, 1, 1, 3};
  CHECK(held(0, 16, integers) == integers);
  CHECK(held(4, 16, integers) == integers);
  CHECK(held(3, 16, integers) == Matrix{4, 0, 0, 4});
  const Matrix full{32767, -1, -1, 12345};
  CHECK(held(0, 16, full) == full);
  CHECK(held(4, 16, {7.9, 1, 1, 3}) == Matrix{8, 0, 0, 4});
  CHECK(held(0, 0, {0.1, 0, 0, 0.3}) == Matrix{0.1, 0, 0, 0.3});
}

TEST_CASE("a right-hand side of zeros has the solution zero") {
  AnalogueSolver solver = loaded(nested(), 8, kms(8, 0.5));
  CHECK(solution(solver, std::vector<double>(8, 0.0)) == std::vector<double>(8, 0.0));
}

TEST_CASE("systems larger than an array are inverted block by block") {
  for (const unsigned array : {32u, 16u, 8u}) {
    SolverSettings settings = nested();
    settings.array = array;
    const AnalogueSolver whole = loaded(nested(), 61, kms(61, 0.7));
    AnalogueSolver solver = loaded(settings, 61, kms(61, 0.7));
    CHECK(solver.array()->stages == halvings(61, array));
    // A_H and its inverse still belong together.
    CHECK(greatest_difference(product(61, 61, 61, solver.array()->nominal, solver.array()->inverse), [] {
            Matrix unit(61 * 61, 0.0);
            for (std::size_t i = 0; i < 61; ++i) unit[i * 62] = 1;
            return unit;
          }()) < 1e-12);
    const std::vector<double> b = cosines(61);
    CHECK(bits(solution(solver, b), kms_solution(b, 0.7)) > 16);
    CHECK(solver.array()->slowest >= 0.9 * whole.array()->slowest);
  }
}

TEST_CASE("the slowest of all blocks is the slowest of all") {
  SolverSettings settings = ideal(16);
  settings.array = 2;
  // Loops of the identity and of eigenvalues 0.5 and 1.5, either way round.
  for (const auto& matrix : {Matrix{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0.5, 0, 0, 0.5, 1},
                             Matrix{1, 0.5, 0, 0, 0.5, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}}) {
    CHECK(loaded(settings, 4, matrix).array()->slowest == Approx(0.2).epsilon(1e-4));
  }
}

TEST_CASE("block inversion takes the published number of steps") {
  // BlockAMC: 3, 9, 27 inversions of the halves; 2, 14, 74 uses of base-size arrays (derived).
  CHECK(block_steps(0).inversions == 1);
  CHECK(block_steps(0).products == 0);
  CHECK(block_steps(1).inversions == 3);
  CHECK(block_steps(1).products == 2);
  CHECK(block_steps(2).inversions == 9);
  CHECK(block_steps(2).products == 14);
  CHECK(block_steps(3).inversions == 27);
  CHECK(block_steps(3).products == 74);
  CHECK(block_steps(2).product_steps == 8);
  CHECK(halvings(256, 256) == 0);
  CHECK(halvings(257, 256) == 1);
  CHECK(halvings(1024, 256) == 2);
}

TEST_CASE("an unstable block is an unstable array") {
  SolverSettings settings = nested();
  settings.array = 2;
  // Positive definite blocks on the diagonal, but an indefinite Schur complement.
  const std::vector<double> matrix{1, 0, 0.9, 0.9, 0, 1, 0.9, 0.9, 0.9, 0.9, 1, 0, 0.9, 0.9, 0, 1};
  CHECK(outcome(settings, 4, matrix) == Outcome::unstable);
}

TEST_CASE("settings outside their limits are refused by name") {
  const auto refused = [](void (*spoil)(SolverSettings&), const char* name) {
    SolverSettings settings = nested();
    spoil(settings);
    CHECK_THROWS_WITH(AnalogueSolver(settings), Catch::Contains(name));
  };
  refused([](SolverSettings& s) { s.array_bits = 0; }, "array_bits is 0; allowed are 1 to 16");
  refused([](SolverSettings& s) { s.adc_bits = 1; }, "adc_bits");
  refused([](SolverSettings& s) { s.dac_bits = 17; }, "dac_bits");
  refused([](SolverSettings& s) { s.terms = 0; }, "terms");
  refused([](SolverSettings& s) { s.array = 1025; }, "array");
  refused([](SolverSettings& s) { s.effects.programming_sigma = -1; }, "programming_sigma");
  refused([](SolverSettings& s) { s.effects.amplifier_gain = 0.5; }, "amplifier_gain");
  refused([](SolverSettings& s) { s.effects.g_max_uS = 0; }, "g_max");
}
