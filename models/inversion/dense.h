// SPDX-License-Identifier: Apache-2.0
// Dense linear algebra in double precision whose every sum has a fixed order and no fused operations: the
// same bits on every computer, whatever instruction set does the work and however many vectors go together.
#pragma once

#include <cstddef>
#include <vector>

namespace weft::inversion {

// Row by row, n x n or as said.
using Matrix = std::vector<double>;

// A matrix packed for products with many vectors.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  PackedMatrix(std::size_t rows, std::size_t columns, const Matrix& matrix);

  // y[side][row] = sum over j, in order, of A[row][j] · x[side][j]; vectors lie one after the other, those
  // of x `columns` and those of y `rows` apart.
  void multiply(const double* x, double* y, std::size_t sides) const;

 private:
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<double> packed_;  // blocks of rows, column by column, filled up with zeros
};

// Replaces A by its inverse: Gauss-Jordan elimination with partial pivoting. False if a pivot is at most
// n·2^-52 times the greatest element, or an element is not finite; the matrix is then of no use.
bool invert(std::size_t n, Matrix& matrix);

// The block of `rows` x `columns` from (row, column) on of a matrix with n columns.
Matrix block_of(std::size_t n, const Matrix& matrix, std::size_t row, std::size_t column, std::size_t rows,
                std::size_t columns);

// Product of an a x b and a b x c matrix.
Matrix product(std::size_t a, std::size_t b, std::size_t c, const Matrix& left, const Matrix& right);

// a · bᵀ of two n x m matrices.
Matrix outer(std::size_t n, std::size_t m, const Matrix& a, const Matrix& b);

// Whether x ↦ xᵀAx is positive for all x (Cholesky decomposition of the symmetric part).
bool is_positive_definite(std::size_t n, const Matrix& matrix);

// Least real part of the eigenvalues.
double least_real_eigenvalue(std::size_t n, const Matrix& matrix);

double greatest_magnitude(const double* values, std::size_t count);
bool all_finite(const double* values, std::size_t count);

}  // namespace weft::inversion
