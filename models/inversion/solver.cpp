// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/solver.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace weft::inversion {

namespace {

bool all_finite(const double* values, std::size_t count) {
  return std::all_of(values, values + count, [](double value) { return std::isfinite(value); });
}

}  // namespace

void ReferenceSolver::load(std::size_t n, std::vector<double> matrix) {
  n_ = n;
  lu_ = std::move(matrix);
  rows_.resize(n);
  std::iota(rows_.begin(), rows_.end(), std::size_t{0});
  decompose();
}

void ReferenceSolver::load_factor(std::size_t n, std::size_t m, const std::vector<double>& a,
                                  double damping) {
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < m; ++k) sum += a[i * m + k] * a[j * m + k];
      matrix[i * n + j] = sum / static_cast<double>(m) + (i == j ? damping : 0.0);
    }
  }
  load(n, std::move(matrix));
}

void ReferenceSolver::decompose() {
  singular_ = !all_finite(lu_.data(), lu_.size());
  if (singular_) return;
  double greatest = 0;
  for (const double element : lu_) greatest = std::max(greatest, std::fabs(element));
  const double least = 0x1p-52 * static_cast<double>(n_) * greatest;
  for (std::size_t column = 0; column < n_; ++column) {
    if (!pivot(column, least)) {
      singular_ = true;
      return;
    }
    for (std::size_t row = column + 1; row < n_; ++row) {
      double* const line = &lu_[row * n_];
      const double* const top = &lu_[column * n_];
      const double factor = line[column] / top[column];
      line[column] = factor;
      for (std::size_t i = column + 1; i < n_; ++i) line[i] -= factor * top[i];
    }
  }
}

// Brings the greatest element of the column, on or below the diagonal, onto the diagonal.
bool ReferenceSolver::pivot(std::size_t column, double least) {
  std::size_t best = column;
  for (std::size_t row = column + 1; row < n_; ++row) {
    if (std::fabs(lu_[row * n_ + column]) > std::fabs(lu_[best * n_ + column])) best = row;
  }
  if (!(std::fabs(lu_[best * n_ + column]) > least)) return false;
  if (best == column) return true;
  const auto line = [&](std::size_t row) { return lu_.begin() + static_cast<std::ptrdiff_t>(row * n_); };
  std::swap_ranges(line(column), line(column + 1), line(best));
  std::swap(rows_[column], rows_[best]);
  return true;
}

Outcome ReferenceSolver::solve(const double* b, double* x) const {
  if (n_ == 0) return Outcome::not_loaded;
  if (singular_) return Outcome::singular;
  std::vector<double> y(n_);
  for (std::size_t row = 0; row < n_; ++row) {
    y[row] = b[rows_[row]];
    for (std::size_t i = 0; i < row; ++i) y[row] -= lu_[row * n_ + i] * y[i];
  }
  for (std::size_t row = n_; row-- > 0;) {
    for (std::size_t i = row + 1; i < n_; ++i) y[row] -= lu_[row * n_ + i] * y[i];
    y[row] /= lu_[row * n_ + row];
  }
  if (!all_finite(b, n_) || !all_finite(y.data(), n_)) return Outcome::not_finite;
  std::copy(y.begin(), y.end(), x);
  return Outcome::ok;
}

}  // namespace weft::inversion
