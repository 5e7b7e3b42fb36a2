// SPDX-License-Identifier: Apache-2.0
// Reference of the inversion unit: A x = b for a matrix that stays loaded. No time, no energy, no sockets.
//
// Mode `reference`: LU decomposition with partial pivoting in double precision, in a fixed order of
// operations, so that every computer gives the same bits. It is what an analogue inversion circuit
// approximates.
#pragma once

#include <cstddef>
#include <vector>

namespace weft::inversion {

enum class Outcome {
  ok,
  not_loaded,  // no matrix
  singular,    // a pivot of at most n·2^-52 times the greatest element, or an element that is not finite
  not_finite,  // an element of the right-hand side or of the solution is not finite
  // Of analogue arrays only (analogue_solver.h):
  unstable,       // the array as programmed has an eigenvalue whose real part is not positive
  not_converged,  // the terms or passes do not shrink, or the residual is too large after all of them
  asymmetric,
  bad_diagonal  // an element of the diagonal is not positive
};

class ReferenceSolver {
 public:
  // n x n, row by row.
  void load(std::size_t n, std::vector<double> matrix);
  // A = a·aᵀ / m + damping·I of a factor with n rows and m columns, row by row.
  void load_factor(std::size_t n, std::size_t m, const std::vector<double>& a, double damping);

  std::size_t size() const { return n_; }
  // Reads and writes `size()` numbers; without Outcome::ok, x is left alone.
  Outcome solve(const double* b, double* x) const;

 private:
  void decompose();
  bool pivot(std::size_t column, double least);

  std::size_t n_ = 0;
  std::vector<double> lu_;  // L below the diagonal, whose own is 1; U on and above it
  std::vector<std::size_t> rows_;
  bool singular_ = false;
};

}  // namespace weft::inversion
