// SPDX-License-Identifier: Apache-2.0
// Recursive block inversion (BlockAMC, arXiv 2401.10042): a matrix too large for one array is halved,
// A = [A1 A2; A3 A4], until its blocks fit. Each halving solves with A1 and with the Schur complement
// A4 − A3 A1⁻¹ A2 in five analogue steps:
//   y1 = A1⁻¹ b1,  r2 = b2 − A3 y1,  x2 = S⁻¹ r2,  r1 = b1 − A2 x2,  x1 = A1⁻¹ r1
// (derived; the order of the steps is from memory). Between the steps values stay analogue. Schur complements
// are formed in double precision when the matrix is loaded; the products with A2 and A3 are those of ideal
// VMM arrays.
#pragma once

#include "models/inversion/inverse_array.h"

namespace weft::inversion {

// Halvings until blocks of `n` unknowns have at most `array`.
unsigned halvings(std::size_t n, std::size_t array);

// Unknowns of the largest of these blocks.
std::size_t largest_block(std::size_t n, std::size_t array);

// As program_inverse(), for any n. Stability is that of every loop.
std::optional<InverseArray> program_blocks(std::size_t n, const Matrix& matrix, unsigned stages,
                                           const SolverSettings& settings, CounterRng& random);

// Of one inversion: uses of INV arrays (3^stages), uses of VMM arrays of the size of the INV arrays, and
// how many of these products follow each other.
struct BlockSteps {
  std::uint64_t inversions = 1;
  std::uint64_t products = 0;
  std::uint64_t product_steps = 0;
};
BlockSteps block_steps(unsigned stages);

}  // namespace weft::inversion
