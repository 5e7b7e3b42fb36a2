// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/block_inverse.h"

#include <algorithm>
#include <utility>

namespace weft::inversion {

namespace {

void put_block(std::size_t n, Matrix& matrix, std::size_t row, std::size_t column, std::size_t rows,
               std::size_t columns, const Matrix& block) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) matrix[(row + i) * n + column + j] = block[i * columns + j];
  }
}

void add(Matrix& sum, double factor, const Matrix& more) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factor * more[i];
}

Matrix negated(Matrix matrix) {
  for (double& each : matrix) each = -each;
  return matrix;
}

struct Halves {
  std::size_t top;
  std::size_t bottom;
  Matrix upper_right;
  Matrix lower_left;
};

// The matrix [first, upper_right; lower_left, corner] of which a Schur complement `schur` is known.
Matrix joined_matrix(const Halves& halves, const Matrix& first, const Matrix& first_inverse,
                     const Matrix& schur) {
  const auto& [top, bottom, upper_right, lower_left] = halves;
  const std::size_t n = top + bottom;
  const Matrix left = product(bottom, top, top, lower_left, first_inverse);
  Matrix corner = schur;
  add(corner, 1, product(bottom, top, bottom, left, upper_right));
  Matrix matrix(n * n);
  put_block(n, matrix, 0, 0, top, top, first);
  put_block(n, matrix, 0, top, top, bottom, upper_right);
  put_block(n, matrix, top, 0, bottom, top, lower_left);
  put_block(n, matrix, top, top, bottom, bottom, corner);
  return matrix;
}

// What the five steps make of an identity.
Matrix joined_inverse(const Halves& halves, const Matrix& first_inverse, const Matrix& schur_inverse) {
  const auto& [top, bottom, upper_right, lower_left] = halves;
  const std::size_t n = top + bottom;
  const Matrix down = product(bottom, top, top, lower_left, first_inverse);
  const Matrix across = product(top, top, bottom, first_inverse, upper_right);
  const Matrix schur_down = product(bottom, bottom, top, schur_inverse, down);
  Matrix first = first_inverse;
  add(first, 1, product(top, bottom, top, across, schur_down));
  Matrix inverse(n * n);
  put_block(n, inverse, 0, 0, top, top, first);
  put_block(n, inverse, 0, top, top, bottom, negated(product(top, bottom, bottom, across, schur_inverse)));
  put_block(n, inverse, top, 0, bottom, top, negated(schur_down));
  put_block(n, inverse, top, top, bottom, bottom, schur_inverse);
  return inverse;
}

}  // namespace

unsigned halvings(std::size_t n, std::size_t array) {
  unsigned stages = 0;
  for (; n > array; n = (n + 1) / 2) ++stages;
  return stages;
}

std::size_t largest_block(std::size_t n, std::size_t array) {
  const unsigned stages = halvings(n, array);
  return (n + (std::size_t{1} << stages) - 1) >> stages;
}

std::optional<InverseArray> program_blocks(std::size_t n, const Matrix& matrix, unsigned stages,
                                           const SolverSettings& settings, CounterRng& random) {
  if (stages == 0) return program_inverse(n, matrix, settings, random);
  const std::size_t top = (n + 1) / 2;
  const std::size_t bottom = n - top;
  const Halves halves{top, bottom, block_of(n, matrix, 0, top, top, bottom),
                      block_of(n, matrix, top, 0, bottom, top)};
  const Matrix first = block_of(n, matrix, 0, 0, top, top);
  Matrix first_inverse = first;
  if (!invert(top, first_inverse)) return std::nullopt;
  Matrix schur = block_of(n, matrix, top, top, bottom, bottom);
  const Matrix left = product(bottom, top, top, halves.lower_left, first_inverse);
  add(schur, -1, product(bottom, top, bottom, left, halves.upper_right));

  const auto a = program_blocks(top, first, stages - 1, settings, random);
  const auto b = program_blocks(bottom, schur, stages - 1, settings, random);
  if (!a || !b) return std::nullopt;
  InverseArray joined;
  Matrix nominal_inverse = a->nominal;
  if (!invert(top, nominal_inverse)) return std::nullopt;
  joined.nominal = joined_matrix(halves, a->nominal, nominal_inverse, b->nominal);
  joined.inverse = joined_inverse(halves, a->inverse, b->inverse);
  joined.slowest = std::min(a->slowest, b->slowest);
  joined.conductance = a->conductance + b->conductance;
  joined.greatest_row = std::max(a->greatest_row, b->greatest_row);
  joined.stages = stages;
  return joined;
}

BlockSteps block_steps(unsigned stages) {
  BlockSteps steps;
  std::uint64_t arrays_of_half = 1;  // VMM arrays that hold a half-size block, in base sizes
  for (unsigned stage = 0; stage < stages; ++stage) {
    steps.products = 3 * steps.products + 2 * arrays_of_half;
    steps.product_steps = 3 * steps.product_steps + 2;
    steps.inversions *= 3;
    arrays_of_half *= 4;
  }
  return steps;
}

}  // namespace weft::inversion
