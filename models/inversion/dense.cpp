// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/dense.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <utility>

namespace weft::inversion {

namespace {

// Rows that are summed up side by side.
constexpr std::size_t lanes = 8;
constexpr std::size_t sides_together = 4;

#if defined(__x86_64__)
#define WEFT_AVX2 __attribute__((target("avx2")))
bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
#else
#define WEFT_AVX2
bool has_avx2() { return false; }
#endif
#define WEFT_INLINE inline __attribute__((always_inline))

// Four numbers; as wide as the instruction set allows.
using Four = double __attribute__((vector_size(32), aligned(8), may_alias));

template <std::size_t Sides>
WEFT_INLINE void block_product(const double* packed, std::size_t columns, const double* x, double* y,
                               std::size_t y_stride, std::size_t rows) {
  Four low[Sides] = {};
  Four high[Sides] = {};
  for (std::size_t j = 0; j < columns; ++j) {
    const Four a = *reinterpret_cast<const Four*>(packed + j * lanes);
    const Four b = *reinterpret_cast<const Four*>(packed + j * lanes + lanes / 2);
    for (std::size_t side = 0; side < Sides; ++side) {
      low[side] += a * x[side * columns + j];
      high[side] += b * x[side * columns + j];
    }
  }
  for (std::size_t side = 0; side < Sides; ++side) {
    for (std::size_t row = 0; row < rows; ++row)
      y[side * y_stride + row] = row < lanes / 2 ? low[side][row] : high[side][row - lanes / 2];
  }
}

template <std::size_t Sides>
WEFT_INLINE void all_blocks(const double* packed, std::size_t rows, std::size_t columns, const double* x,
                            double* y) {
  for (std::size_t row = 0; row < rows; row += lanes)
    block_product<Sides>(packed + row * columns, columns, x, y + row, rows, std::min(lanes, rows - row));
}

WEFT_INLINE void products(const double* packed, std::size_t rows, std::size_t columns, const double* x,
                          double* y, std::size_t sides) {
  for (; sides >= sides_together; sides -= sides_together) {
    all_blocks<sides_together>(packed, rows, columns, x, y);
    x += sides_together * columns;
    y += sides_together * rows;
  }
  for (; sides > 0; --sides) {
    all_blocks<1>(packed, rows, columns, x, y);
    x += columns;
    y += rows;
  }
}

void portable_products(const double* packed, std::size_t rows, std::size_t columns, const double* x,
                       double* y, std::size_t sides) {
  products(packed, rows, columns, x, y, sides);
}

WEFT_AVX2 void avx2_products(const double* packed, std::size_t rows, std::size_t columns, const double* x,
                             double* y, std::size_t sides) {
  products(packed, rows, columns, x, y, sides);
}

WEFT_INLINE void subtract(double* line, const double* other, double factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) line[i] -= factor * other[i];
}
void portable_subtract(double* line, const double* other, double factor, std::size_t count) {
  subtract(line, other, factor, count);
}
WEFT_AVX2 void avx2_subtract(double* line, const double* other, double factor, std::size_t count) {
  subtract(line, other, factor, count);
}

using Subtract = void (*)(double*, const double*, double, std::size_t);
Subtract best_subtract() { return has_avx2() ? avx2_subtract : portable_subtract; }

// Brings the greatest element of the column, on or below the diagonal, onto the diagonal.
std::size_t find_pivot(std::size_t n, const Matrix& matrix, std::size_t column) {
  std::size_t best = column;
  for (std::size_t row = column + 1; row < n; ++row) {
    if (std::fabs(matrix[row * n + column]) > std::fabs(matrix[best * n + column])) best = row;
  }
  return best;
}

void swap_rows(std::size_t n, Matrix& matrix, std::size_t a, std::size_t b) {
  const auto line = [&](std::size_t row) { return matrix.begin() + static_cast<std::ptrdiff_t>(row * n); };
  if (a != b) std::swap_ranges(line(a), line(a + 1), line(b));
}

}  // namespace

PackedMatrix::PackedMatrix(std::size_t rows, std::size_t columns, const Matrix& matrix)
    : rows_(rows), columns_(columns), packed_((rows + lanes - 1) / lanes * lanes * columns, 0.0) {
  for (std::size_t row = 0; row < rows; ++row) {
    double* const block = &packed_[row / lanes * lanes * columns];
    for (std::size_t j = 0; j < columns; ++j) block[j * lanes + row % lanes] = matrix[row * columns + j];
  }
}

void PackedMatrix::multiply(const double* x, double* y, std::size_t sides) const {
  const auto run = has_avx2() ? avx2_products : portable_products;
  run(packed_.data(), rows_, columns_, x, y, sides);
}

bool invert(std::size_t n, Matrix& matrix) {
  if (!all_finite(matrix.data(), matrix.size())) return false;
  const double least = 0x1p-52 * static_cast<double>(n) * greatest_magnitude(matrix.data(), matrix.size());
  const Subtract subtract_line = best_subtract();
  std::vector<std::size_t> pivots(n);
  for (std::size_t column = 0; column < n; ++column) {
    pivots[column] = find_pivot(n, matrix, column);
    swap_rows(n, matrix, column, pivots[column]);
    double* const top = &matrix[column * n];
    const double pivot = top[column];
    if (!(std::fabs(pivot) > least)) return false;
    top[column] = 1;
    for (std::size_t i = 0; i < n; ++i) top[i] /= pivot;
    for (std::size_t row = 0; row < n; ++row) {
      if (row == column) continue;
      double* const line = &matrix[row * n];
      const double factor = line[column];
      line[column] = 0;
      subtract_line(line, top, factor, n);
    }
  }
  // Exchanged rows of A are exchanged columns of its inverse.
  for (std::size_t column = n; column-- > 0;) {
    if (pivots[column] == column) continue;
    for (std::size_t row = 0; row < n; ++row)
      std::swap(matrix[row * n + column], matrix[row * n + pivots[column]]);
  }
  return true;
}

Matrix block_of(std::size_t n, const Matrix& matrix, std::size_t row, std::size_t column, std::size_t rows,
                std::size_t columns) {
  Matrix block(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) block[i * columns + j] = matrix[(row + i) * n + column + j];
  }
  return block;
}

Matrix product(std::size_t a, std::size_t b, std::size_t c, const Matrix& left, const Matrix& right) {
  Matrix result(a * c, 0.0);
  const Subtract subtract_line = best_subtract();
  for (std::size_t i = 0; i < a; ++i) {
    for (std::size_t k = 0; k < b; ++k) subtract_line(&result[i * c], &right[k * c], -left[i * b + k], c);
  }
  return result;
}

Matrix outer(std::size_t n, std::size_t m, const Matrix& a, const Matrix& b) {
  Matrix transposed(m * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < m; ++k) transposed[k * n + i] = b[i * m + k];
  }
  return product(n, m, n, a, transposed);
}

bool is_positive_definite(std::size_t n, const Matrix& matrix) {
  Matrix rest(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) rest[i * n + j] = 0.5 * (matrix[i * n + j] + matrix[j * n + i]);
  }
  const Subtract subtract_line = best_subtract();
  for (std::size_t column = 0; column < n; ++column) {
    const double pivot = rest[column * n + column];
    if (!(pivot > 0)) return false;
    for (std::size_t row = column + 1; row < n; ++row) {
      const double factor = rest[column * n + row] / pivot;
      subtract_line(&rest[row * n + row], &rest[column * n + row], factor, n - row);
    }
  }
  return true;
}

double least_real_eigenvalue(std::size_t n, const Matrix& matrix) {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto size = static_cast<Eigen::Index>(n);
  const Eigen::Map<const RowMajor> map(matrix.data(), size, size);
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(map, false);
  return solver.eigenvalues().real().minCoeff();
}

double greatest_magnitude(const double* values, std::size_t count) {
  double greatest = 0;
  for (std::size_t i = 0; i < count; ++i) greatest = std::max(greatest, std::fabs(values[i]));
  return greatest;
}

bool all_finite(const double* values, std::size_t count) {
  return std::all_of(values, values + count, [](double value) { return std::isfinite(value); });
}

}  // namespace weft::inversion
