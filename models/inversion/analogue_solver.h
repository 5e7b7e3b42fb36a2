// SPDX-License-Identifier: Apache-2.0
// A x = b on analogue arrays: INV operations with b in slices and x converted, corrected by products with
// the bits of A. In the nested mode
//   x = y_0 + y_1 + …,  y_0 = INV(b),  y_k = −INV(A_L y_(k−1)),  A_L = A − A_H,
// where INV solves with A_H by slices of x: r_0 = the right-hand side, x_j = ADC(array(DAC(r_j))),
// r_(j+1) = r_j − A_H x_j. Where the residual is checked, y_k also takes up what the slices of y_(k−1) have
// left, so that it is b − A x. In the merged mode x_k = ADC(array(DAC(b − A x))) are added up. Ranges of
// converters are powers of two that just hold the greatest element.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/inversion/inverse_array.h"
#include "models/inversion/product_arrays.h"
#include "models/inversion/settings.h"
#include "models/inversion/solver.h"

namespace weft::inversion {

struct SolveReport {
  unsigned iterations = 0;  // terms or passes
  OperationCounts operations;
  double last_correction = 0;  // greatest element of the last term or pass, share of x's
};

class AnalogueSolver {
 public:
  // Throws weft::Error where a setting is outside its limits.
  explicit AnalogueSolver(const SolverSettings& settings);

  // `element_bits`: what the elements have, sign included; the VMM arrays hold that many unless
  // `matrix_bits` says otherwise. 0: the elements as they are. `load` numbers what was loaded, for the
  // errors of programming. Without Outcome::ok no matrix is loaded; an unstable one counts as loaded.
  Outcome load(std::size_t n, Matrix matrix, unsigned element_bits, LevelRounding rounding,
               std::uint32_t load);
  Outcome load_factor(std::size_t n, std::size_t m, const Matrix& factor, double damping,
                      unsigned element_bits, std::uint32_t load);

  // `sides` right-hand sides of size() numbers, one after the other, and as many solutions. The first
  // failure in their order ends it; `x` is then of no use. `iterations`: terms or passes where their number
  // is fixed; 0: those of the settings.
  Outcome solve(const double* b, std::size_t sides, double* x, unsigned iterations = 0);

  std::size_t size() const { return n_; }
  bool fused() const { return fused_; }
  const SolverSettings& settings() const { return settings_; }
  // Nothing while no matrix is loaded or the one that is makes the loop unstable.
  const std::optional<InverseArray>& array() const { return array_; }
  // A as the VMM arrays hold it.
  const Matrix& matrix() const { return matrix_; }
  // Of the solutions of the last solve().
  const std::vector<SolveReport>& reports() const { return reports_; }

 private:
  struct Group;

  Outcome take(std::size_t n, Matrix matrix, std::optional<InverseArray> array);
  unsigned arrays_of(unsigned element_bits) const;
  void multiply_high(Group& group, const std::vector<double>& x, unsigned bits) const;
  void multiply_rest(Group& group, const std::vector<double>& x, unsigned bits) const;
  void forget();
  void solve_group(Group& group, unsigned iterations);
  void nested_term(Group& group, bool more);
  void merged_pass(Group& group, bool more);
  void invert_slices(const Group& group, const std::vector<double>& right, unsigned bits, unsigned slices,
                     std::vector<double>& answer) const;
  void note_correction(Group& group, std::size_t side, const double* correction);
  void check_residual(Group& group) const;

  SolverSettings settings_;
  std::size_t n_ = 0;
  bool fused_ = false;
  Matrix matrix_;
  std::optional<InverseArray> array_;
  PackedMatrix inverse_;
  PackedMatrix high_;  // A_H
  PackedMatrix rest_;  // A_L of the nested, A of the merged mode
  // In place of both where products are not exact.
  std::optional<ProductArrays> products_;
  std::uint32_t sides_solved_ = 0;  // tells the noise of right-hand sides apart
  std::vector<SolveReport> reports_;
};

}  // namespace weft::inversion
