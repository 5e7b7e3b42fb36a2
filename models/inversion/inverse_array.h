// SPDX-License-Identifier: Apache-2.0
// The analogue INV circuit: a matrix in the cells of an array inside the feedback loop of n amplifiers,
// which then settle to A⁻¹ times the currents fed in (Sun et al., PNAS 116(10) 4123, 2019, for the concept).
//
// Magnitudes are relative to the greatest element, |A| = 1 being the greatest conductance. With amplifiers
// that integrate, ω = 2π · gain-bandwidth, the outputs follow dv/dt = −ω U (A v + b), U = diag(1 / (sum over
// j of |A_ij| + 1)): stable if and only if every eigenvalue of U A has a positive real part, and the smallest
// of these is the slowest mode (derived; agrees with Sun et al., arXiv 2005.04530). A finite open-loop gain
// adds (sum over j of |A_ij| + 1) / gain to the diagonal, wires of a resistance replace conductances by
// effective ones (models/device/wires.h).
#pragma once

#include <cstddef>
#include <optional>

#include "models/common/counter_rng.h"
#include "models/inversion/dense.h"
#include "models/inversion/settings.h"

namespace weft::inversion {

// One array, or several that together invert one matrix (block_inverse.h).
struct InverseArray {
  Matrix nominal;           // A_H, as the levels say
  Matrix inverse;           // of the array as it is
  double slowest = 1;       // least real part of the eigenvalues of U A of all loops
  double conductance = 0;   // sum over cells, in greatest conductances
  double greatest_row = 0;  // greatest sum of the conductances of a row
  unsigned stages = 0;      // times that the matrix was halved
};

// p-bit levels of A, sign and magnitude, relative to its greatest element.
Matrix level_values(std::size_t n, const Matrix& matrix, unsigned bits, LevelRounding rounding);

// Of the factor of a fused mapping: its loop is stable anyway.
LevelRounding factor_rounding(LevelRounding rounding);

// The array that `matrix` is programmed into; nothing if its loop is unstable. Draws from `random` if cells
// are programmed with errors.
std::optional<InverseArray> program_inverse(std::size_t n, const Matrix& matrix,
                                            const SolverSettings& settings, CounterRng& random);

// The fused mapping: two arrays of the n x m factor a in series in the loop, which then holds
// a·aᵀ / m + damping·I; the damping is a conductance of its own. A factor with more rows or columns than an
// array lies on several on each side of the loop: currents add at the inputs of the amplifiers, so that the
// loop is the same one, with n and m amplifiers. Only wires are shorter (derived).
std::optional<InverseArray> program_fused(std::size_t n, std::size_t m, const Matrix& factor, double damping,
                                          const SolverSettings& settings, CounterRng& random);

}  // namespace weft::inversion
