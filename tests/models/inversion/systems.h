// SPDX-License-Identifier: Apache-2.0
// Systems of equations that the tests of the inversion unit share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "models/common/counter_rng.h"

namespace weft::test {

// Kac, Murdock and Szegö: A[i][j] = r^|i−j|, whose inverse is tridiagonal in closed form.
inline std::vector<double> kms(std::size_t n, double r) {
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j)
      matrix[i * n + j] = std::pow(r, std::fabs(static_cast<double>(i) - static_cast<double>(j)));
  }
  return matrix;
}

inline std::vector<double> cosines(std::size_t n) {
  std::vector<double> b(n);
  for (std::size_t i = 0; i < n; ++i) b[i] = std::cos(static_cast<double>(i));
  return b;
}

inline std::vector<double> kms_solution(const std::vector<double>& b, double r) {
  const std::size_t n = b.size();
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    const bool end = i == 0 || i == n - 1;
    x[i] = (end ? 1 : 1 + r * r) * b[i];
    if (i > 0) x[i] -= r * b[i - 1];
    if (i + 1 < n) x[i] -= r * b[i + 1];
    x[i] /= 1 - r * r;
  }
  return x;
}

inline std::vector<double> times(const std::vector<double>& matrix, const std::vector<double>& x) {
  const std::size_t n = x.size();
  std::vector<double> b(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) b[i] += matrix[i * n + j] * x[j];
  }
  return b;
}

inline double greatest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double greatest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) greatest = std::max(greatest, std::fabs(a[i] - b[i]));
  return greatest;
}

inline double greatest(const std::vector<double>& values) {
  return greatest_difference(values, std::vector<double>(values.size(), 0.0));
}

// Greatest error, relative to the greatest element of the exact solution.
inline double relative_error(const std::vector<double>& x, const std::vector<double>& exact) {
  return greatest_difference(x, exact) / greatest(exact);
}

inline double bits(const std::vector<double>& x, const std::vector<double>& exact) {
  return -std::log2(relative_error(x, exact));
}

inline std::vector<double> random_matrix(CounterRng& random, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) value = random.next_u32() * 0x1p-31 - 1.0;
  return values;
}

// Symmetric and positive definite with a random basis and eigenvalues spread log-uniformly from 1 to
// `condition`, both of which occur.
inline std::vector<double> random_definite(CounterRng& random, std::size_t n, double condition) {
  std::vector<double> matrix(n * n, 0.0);
  std::vector<std::vector<double>> basis;
  for (std::size_t k = 0; k < n; ++k) {
    std::vector<double> v(n);
    for (double& each : v) each = random.normal();
    for (const auto& other : basis) {
      double overlap = 0;
      for (std::size_t i = 0; i < n; ++i) overlap += v[i] * other[i];
      for (std::size_t i = 0; i < n; ++i) v[i] -= overlap * other[i];
    }
    double square = 0;
    for (const double each : v) square += each * each;
    for (double& each : v) each /= std::sqrt(square);
    const double exponent = k == 0 ? 0 : k == 1 ? 1 : random.uniform();
    const double value = std::pow(condition, exponent);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) matrix[i * n + j] += value * v[i] * v[j];
    }
    basis.push_back(std::move(v));
  }
  return matrix;
}

// Activations as the factors of second-order training see them: ReLU of 0.7 low-rank (n / 8 factors) and
// 0.3 independent Gaussian features, scaled to a mean square of 1; n x m.
inline std::vector<double> activations(std::size_t n, std::size_t m, std::uint64_t seed) {
  CounterRng random(seed, 0, 0);
  const std::size_t rank = n / 8;
  std::vector<double> basis(n * rank);
  std::vector<double> score(rank * m);
  for (double& each : basis) each = random.normal() / std::sqrt(static_cast<double>(rank));
  for (double& each : score) each = random.normal();
  std::vector<double> a(n * m);
  double squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < m; ++j) {
      double common = 0;
      for (std::size_t k = 0; k < rank; ++k) common += basis[i * rank + k] * score[k * m + j];
      const double value = std::max(0.0, 0.7 * common + 0.3 * random.normal());
      a[i * m + j] = value;
      squares += value * value;
    }
  }
  const double scale = std::sqrt(static_cast<double>(a.size()) / squares);
  for (double& each : a) each *= scale;
  return a;
}

// a·aᵀ / m + damping·I
inline std::vector<double> damped_square(std::size_t n, std::size_t m, const std::vector<double>& a,
                                         double damping) {
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < m; ++k) sum += a[i * m + k] * a[j * m + k];
      matrix[i * n + j] = matrix[j * n + i] = sum / static_cast<double>(m);
    }
    matrix[i * n + i] += damping;
  }
  return matrix;
}

}  // namespace weft::test
