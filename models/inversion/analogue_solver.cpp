// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/analogue_solver.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/inversion/block_inverse.h"
#include "models/inversion/converter.h"

namespace weft::inversion {

namespace {

constexpr std::size_t sides_together = 4;

// Fixed point of `bits` bits, sign included, of the finest step at which no element clips; 0: as it is.
void quantise_matrix(Matrix& matrix, unsigned bits) {
  if (bits == 0) return;
  const double greatest = greatest_magnitude(matrix.data(), matrix.size());
  const double limit = std::ldexp(1.0, static_cast<int>(bits) - 1);
  double step = full_scale(greatest) / limit;
  if (step == 0) return;
  if (std::nearbyint(greatest / step) >= limit) step *= 2;
  for (double& each : matrix) each = std::nearbyint(each / step) * step;
}

bool is_symmetric(std::size_t n, const Matrix& matrix) {
  // A step of fp32: products summed up in another order may differ by that much.
  const double tolerance = 0x1p-23 * greatest_magnitude(matrix.data(), matrix.size());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (std::fabs(matrix[i * n + j] - matrix[j * n + i]) > tolerance) return false;
    }
  }
  return true;
}

bool has_positive_diagonal(std::size_t n, const Matrix& matrix) {
  for (std::size_t i = 0; i < n; ++i) {
    if (!(matrix[i * n + i] > 0)) return false;
  }
  return true;
}

CounterRng programming_random(const SolverSettings& settings, std::uint32_t load) {
  return {settings.seed, settings.unit, load};
}

CounterRng reading_random(const SolverSettings& settings, std::uint32_t side) {
  constexpr std::uint64_t reading = 0x9e3779b97f4a7c15u;
  return {settings.seed ^ reading, settings.unit, side};
}

}  // namespace

// Right-hand sides that are worked on together; vectors lie one after the other.
struct AnalogueSolver::Group {
  std::size_t n;
  std::size_t sides;
  const double* b;
  double* x;
  SolveReport* reports;
  std::vector<double> right;       // of the next term, or residual
  std::vector<double> correction;  // the last term or pass
  std::vector<double> answer;      // of the array
  std::vector<double> product;
  std::vector<double> last;    // greatest element of the last correction
  std::vector<double> before;  // and of the one before it
  std::vector<bool> done;
  std::vector<CounterRng> random;  // noise of products

  Group(std::size_t n_, std::size_t sides_, const double* b_, double* x_, SolveReport* reports_)
      : n(n_),
        sides(sides_),
        b(b_),
        x(x_),
        reports(reports_),
        right(b_, b_ + n_ * sides_),
        correction(n_ * sides_),
        answer(n_ * sides_),
        product(n_ * sides_),
        last(sides_),
        before(sides_),
        done(sides_, false) {
    std::fill(x, x + n * sides, 0.0);
  }
};

AnalogueSolver::AnalogueSolver(const SolverSettings& settings) : settings_(settings) { settings.validate(); }

void AnalogueSolver::forget() {
  n_ = 0;
  array_.reset();
  products_.reset();
}

unsigned AnalogueSolver::arrays_of(unsigned element_bits) const {
  constexpr unsigned most_bits = 32;
  unsigned bits = settings_.matrix_bits != 0 ? settings_.matrix_bits : element_bits;
  if (bits == 0) bits = most_bits;
  return (bits + settings_.cell_bits - 1) / settings_.cell_bits;
}

Outcome AnalogueSolver::load(std::size_t n, Matrix matrix, unsigned element_bits, LevelRounding rounding,
                             std::uint32_t load) {
  forget();
  fused_ = false;
  if (!all_finite(matrix.data(), matrix.size())) return Outcome::not_finite;
  if (!is_symmetric(n, matrix)) return Outcome::asymmetric;
  if (!has_positive_diagonal(n, matrix)) return Outcome::bad_diagonal;
  SolverSettings settings = settings_;
  settings.rounding = rounding;
  CounterRng random = programming_random(settings_, load);
  const unsigned stages = halvings(n, settings_.array);
  // The levels of A_H are those of A as it comes, not of its rounded copy in the VMM arrays.
  auto array = program_blocks(n, matrix, stages, settings, random);
  quantise_matrix(matrix, settings_.matrix_bits != 0 ? settings_.matrix_bits : element_bits);
  const Outcome outcome = take(n, std::move(matrix), std::move(array));
  if (outcome == Outcome::ok && settings_.products.on())
    products_.emplace(n, matrix_, array_->nominal, arrays_of(element_bits), settings_, random);
  return outcome;
}

Outcome AnalogueSolver::load_factor(std::size_t n, std::size_t m, const Matrix& factor, double damping,
                                    unsigned element_bits, std::uint32_t load) {
  forget();
  fused_ = true;
  if (!all_finite(factor.data(), factor.size()) || !std::isfinite(damping)) return Outcome::not_finite;
  CounterRng random = programming_random(settings_, load);
  Matrix rounded = factor;
  quantise_matrix(rounded, settings_.matrix_bits != 0 ? settings_.matrix_bits : element_bits);
  Matrix matrix = outer(n, m, rounded, rounded);
  for (double& each : matrix) each /= static_cast<double>(m);
  for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] += damping;
  if (!has_positive_diagonal(n, matrix)) return Outcome::bad_diagonal;
  const Outcome outcome = take(n, std::move(matrix), program_fused(n, m, factor, damping, settings_, random));
  if (outcome == Outcome::ok && settings_.products.on()) {
    const Matrix high = level_values(n, factor, settings_.array_bits, factor_rounding(settings_.rounding));
    products_.emplace(n, m, rounded, high, damping, arrays_of(element_bits), settings_, random);
  }
  return outcome;
}

Outcome AnalogueSolver::take(std::size_t n, Matrix matrix, std::optional<InverseArray> array) {
  n_ = n;
  matrix_ = std::move(matrix);
  array_ = std::move(array);
  if (!array_) return Outcome::unstable;
  inverse_ = PackedMatrix(n, n, array_->inverse);
  high_ = PackedMatrix(n, n, array_->nominal);
  Matrix rest = matrix_;
  if (settings_.mode == Mode::nested) {
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= array_->nominal[i];
  }
  rest_ = PackedMatrix(n, n, rest);
  return Outcome::ok;
}

Outcome AnalogueSolver::solve(const double* b, std::size_t sides, double* x, unsigned iterations) {
  reports_.assign(sides, {});
  if (n_ == 0) return Outcome::not_loaded;
  if (!array_) return Outcome::unstable;
  if (!all_finite(b, n_ * sides)) return Outcome::not_finite;
  for (std::size_t side = 0; side < sides; side += sides_together) {
    Group group(n_, std::min(sides_together, sides - side), b + side * n_, x + side * n_, &reports_[side]);
    for (std::size_t i = 0; i < group.sides; ++i)
      group.random.push_back(reading_random(settings_, sides_solved_++));
    solve_group(group, iterations > 0 ? iterations : settings_.iterations());
    if (!all_finite(group.x, n_ * group.sides)) return Outcome::not_converged;
    for (std::size_t i = 0; i < group.sides; ++i) {
      if (!group.done[i]) return Outcome::not_converged;
    }
  }
  return Outcome::ok;
}

void AnalogueSolver::solve_group(Group& group, unsigned iterations) {
  const bool fixed = settings_.residual_bits == 0;
  const unsigned count = fixed ? iterations : settings_.limit;
  for (unsigned iteration = 1; iteration <= count; ++iteration) {
    for (std::size_t side = 0; side < group.sides; ++side) {
      if (group.done[side]) continue;
      group.reports[side].iterations = iteration;
      group.reports[side].operations = operation_counts(settings_, iteration, !fixed);
    }
    const bool more = !fixed || iteration < count;
    if (settings_.mode == Mode::merged) {
      merged_pass(group, more);
    } else {
      nested_term(group, more);
    }
    if (!fixed) check_residual(group);
    if (std::all_of(group.done.begin(), group.done.end(), [](bool done) { return done; })) return;
  }
  if (!fixed) return;
  // A series that still grows, and is not yet below the last bit of x, does not converge.
  const double least = std::ldexp(1.0, -static_cast<int>(settings_.solution_bits));
  for (std::size_t side = 0; side < group.sides; ++side) {
    const bool shrinks = count == 1 || group.last[side] < group.before[side];
    group.done[side] = shrinks || group.reports[side].last_correction <= least;
  }
}

// One INV with A_H, slice of x by slice; with `more` to come, also the right-hand side of the next term.
void AnalogueSolver::nested_term(Group& group, bool more) {
  const std::size_t numbers = group.n * group.sides;
  const unsigned slices = settings_.ideal_converters ? 1 : settings_.solution_slices();
  const bool checked = settings_.residual_bits > 0;
  std::fill(group.correction.begin(), group.correction.end(), 0.0);
  for (unsigned slice = 0; slice < slices; ++slice) {
    invert_slices(group, group.right, settings_.input_bits, settings_.input_slices(), group.answer);
    for (std::size_t i = 0; i < numbers; ++i) group.correction[i] += group.answer[i];
    if (slice + 1 == slices && !checked) break;
    multiply_high(group, group.answer, settings_.adc_bits);
    for (std::size_t i = 0; i < numbers; ++i) group.right[i] -= group.product[i];
  }
  for (std::size_t side = 0; side < group.sides; ++side)
    note_correction(group, side, &group.correction[side * group.n]);
  if (!more) return;
  multiply_rest(group, group.correction, settings_.solution_bits);
  for (std::size_t i = 0; i < numbers; ++i)
    group.right[i] = checked ? group.right[i] - group.product[i] : -group.product[i];
}

void AnalogueSolver::merged_pass(Group& group, bool more) {
  invert_slices(group, group.right, settings_.adc_bits, settings_.merged_slices(), group.answer);
  for (std::size_t side = 0; side < group.sides; ++side)
    note_correction(group, side, &group.answer[side * group.n]);
  if (!more) return;
  multiply_rest(group, group.answer, settings_.adc_bits);
  for (std::size_t i = 0; i < group.right.size(); ++i) group.right[i] -= group.product[i];
}

// group.product = A_H · x; x has `bits` bits where products are not exact.
void AnalogueSolver::multiply_high(Group& group, const std::vector<double>& x, unsigned bits) const {
  if (!products_) return high_.multiply(x.data(), group.product.data(), group.sides);
  for (std::size_t side = 0; side < group.sides; ++side)
    products_->multiply_high(&x[side * group.n], &group.product[side * group.n], bits, group.random[side]);
}

void AnalogueSolver::multiply_rest(Group& group, const std::vector<double>& x, unsigned bits) const {
  if (!products_) return rest_.multiply(x.data(), group.product.data(), group.sides);
  for (std::size_t side = 0; side < group.sides; ++side)
    products_->multiply_rest(&x[side * group.n], &group.product[side * group.n], bits, group.random[side]);
}

// The converted answers of the array to right-hand sides of `bits` bits.
void AnalogueSolver::invert_slices(const Group& group, const std::vector<double>& right, unsigned bits,
                                   unsigned slices, std::vector<double>& answer) const {
  if (settings_.ideal_converters) return inverse_.multiply(right.data(), answer.data(), group.sides);
  const std::size_t n = group.n;
  std::vector<double> drive(right);
  if (settings_.conversion == Conversion::sum) {
    // The array is linear: the weighted sum of its answers to the slices is its answer to their sum.
    for (std::size_t side = 0; side < group.sides; ++side) convert(&drive[side * n], n, bits);
    inverse_.multiply(drive.data(), answer.data(), group.sides);
    for (std::size_t side = 0; side < group.sides; ++side) convert(&answer[side * n], n, settings_.adc_bits);
    return;
  }
  std::vector<double> part(n);
  const std::uint64_t mask = (std::uint64_t{1} << settings_.dac_bits) - 1;
  for (std::size_t side = 0; side < group.sides; ++side) {
    const Converter converter(&right[side * n], n, bits);
    double* const sum = &answer[side * n];
    std::fill(sum, sum + n, 0.0);
    for (unsigned slice = 0; slice < slices; ++slice) {
      const unsigned shift = slice * settings_.dac_bits;
      for (std::size_t i = 0; i < n; ++i) {
        const double steps = converter.steps(right[side * n + i]);
        const auto magnitude = static_cast<std::uint64_t>(std::fabs(steps));
        // The last slice also takes the bit that only the most negative number has.
        const std::uint64_t digits = magnitude >> shift;
        drive[i] = std::copysign(static_cast<double>(slice + 1 == slices ? digits : digits & mask), steps);
      }
      inverse_.multiply(drive.data(), part.data(), 1);
      convert(part.data(), n, settings_.adc_bits);
      const double weight = std::ldexp(converter.step, static_cast<int>(shift));
      for (std::size_t i = 0; i < n; ++i) sum[i] += weight * part[i];
    }
  }
}

void AnalogueSolver::note_correction(Group& group, std::size_t side, const double* correction) {
  if (group.done[side]) return;
  double* const x = group.x + side * group.n;
  for (std::size_t i = 0; i < group.n; ++i) x[i] += correction[i];
  group.before[side] = group.last[side];
  group.last[side] = greatest_magnitude(correction, group.n);
  const double size = greatest_magnitude(x, group.n);
  group.reports[side].last_correction = size > 0 ? group.last[side] / size : 0;
}

void AnalogueSolver::check_residual(Group& group) const {
  const double share = std::ldexp(1.0, -static_cast<int>(settings_.residual_bits));
  for (std::size_t side = 0; side < group.sides; ++side) {
    const double residual = greatest_magnitude(&group.right[side * group.n], group.n);
    if (residual <= share * greatest_magnitude(group.b + side * group.n, group.n)) group.done[side] = true;
  }
}

}  // namespace weft::inversion
