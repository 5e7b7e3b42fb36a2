// SPDX-License-Identifier: Apache-2.0
// The VMM arrays of refinement where they are not ideal: a number lies in several cells, most significant
// bits first, operands come in steps of a DAC, every partial sum is converted by itself, cells differ from
// their levels, and wires from conductors. Without effects products are exact and need none of this
// (dense.h).
#pragma once

#include <cstddef>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/inversion/dense.h"
#include "models/inversion/settings.h"

namespace weft::inversion {

// A matrix in arrays of one cell a number and slice; one that is larger than an array lies on several, whose
// partial sums are converted each by itself. Each sign has an array of its own; what closed cells conduct
// cancels, but for what it drops on wires. The operand drives the lines of the columns from one end, the sums
// are sensed at the far end of the lines of the rows (models/device/wires.h, ladders).
class SlicedMatrix {
 public:
  SlicedMatrix() = default;
  // `array`: lines of an array. `random`: the errors of programming.
  SlicedMatrix(std::size_t rows, std::size_t columns, const Matrix& matrix, unsigned slices,
               std::size_t array, const SolverSettings& settings, CounterRng& random);

  // y = A·x, x rounded to `bits` bits; `random`: of this right-hand side, the noise of reading.
  void multiply(const double* x, double* y, unsigned bits, CounterRng& random) const;

 private:
  // The arrays that hold the same part of the matrix.
  struct Part {
    std::size_t row;
    std::size_t column;
    std::size_t rows;
    std::size_t columns;
    std::vector<PackedMatrix> slices;
  };

  void add_step(const Part& part, const double* digits, double unit, CounterRng& random, double* y) const;

  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  unsigned dac_bits_ = 1;
  ProductEffects effects_;
  std::vector<Part> parts_;
  std::vector<double> weights_;  // of a fully open cell of each slice
};

// The two products of refinement: with A_H, and with the rest of A (nested) or all of it (merged).
class ProductArrays {
 public:
  // `arrays`: cells of a number of A.
  ProductArrays(std::size_t n, const Matrix& matrix, const Matrix& high, unsigned arrays,
                const SolverSettings& settings, CounterRng& random);
  // A = a·aᵀ / m + damping·I: the samples a (n x m) and a_H are in the arrays, a product goes through two.
  // The damping is added digitally.
  ProductArrays(std::size_t n, std::size_t m, const Matrix& factor, const Matrix& high, double damping,
                unsigned arrays, const SolverSettings& settings, CounterRng& random);

  void multiply_high(const double* x, double* y, unsigned bits, CounterRng& random) const;
  void multiply_rest(const double* x, double* y, unsigned bits, CounterRng& random) const;

 private:
  bool fused() const { return samples_ > 0; }

  std::size_t n_;
  std::size_t samples_ = 0;
  double damping_ = 0;
  bool nested_;
  SlicedMatrix high_;
  SlicedMatrix rest_;
  // Fused: the transposed ones, driven first.
  SlicedMatrix high_transposed_;
  SlicedMatrix rest_transposed_;
};

}  // namespace weft::inversion
