// SPDX-License-Identifier: Apache-2.0
// How much of its conductance a cell has kept since it was last written: ((age + t0) / t0)^-nu, with one nu a
// cell (DriftConfig). Simulated time only moves on when advance() is told.
#pragma once

#include <cstddef>
#include <vector>

namespace weft::device {

class Ageing {
 public:
  // One exponent a cell; every cell is written at time 0.
  Ageing(double t0_s, const std::vector<float>& exponents);

  // True if what is left was computed anew. It is once any cell may have lost or gained more than
  // `resolution` of its conductance since the last time: much less than any converter sees, and far from
  // every step of a program at the published t0 of 20 s.
  bool advance(double now_s);
  // Share of the conductance that is left.
  float left(std::size_t cell) const { return left_[cell]; }
  void written(std::size_t cell) {
    written_at_s_[cell] = now_s_;
    left_[cell] = 1;
  }

  static constexpr double resolution = 1e-6;

 private:
  double t0_s_;
  double largest_exponent_ = 0;
  double now_s_ = 0;
  double computed_at_s_ = 0;
  std::vector<float> exponents_;
  std::vector<double> written_at_s_;
  std::vector<float> left_;
};

}  // namespace weft::device
