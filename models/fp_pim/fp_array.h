// SPDX-License-Identifier: Apache-2.0
// Numerics of a floating-point PIM array: a matrix of floating-point numbers and operations on all of it. No
// time, no energy, no sockets.
//
// Every multiplication and every addition is rounded to the format of the cells by itself (number.h), in the
// order written here; an implementation that follows it gives the same bits.
//
//   mvm    y[c] = (((0 + x[0]·W[0][c]) + x[1]·W[1][c]) + …), rows in ascending order
//   mtvm   y[r] = (((0 + W[r][0]·x[0]) + W[r][1]·x[1]) + …), columns in ascending order
//   opa    W[r][c] = W[r][c] + x[r]·d[c]
//   add, multiply, multiply_add   W = W + a, W = W·a, W = W + a·b, element by element
//
// Lanes can be packed: `groups` parts of a matrix lie side by side, the k-th with the matrix's rows from
// k · rows on in the columns from k · columns on. Then x of mvm and opa and y of mtvm have groups · rows
// elements, and mvm adds the groups' sums as a tree: group k takes group k + half, half = ⌈groups left / 2⌉.
//
// Operands must be values of the cells' format. Operations on fewer rows and columns than there are take the
// upper left part; element-wise ones take the rows from `first_row` on.
#pragma once

#include <vector>

#include "models/unit/command.h"

namespace weft::fp_pim {

struct Part {
  unsigned rows = 0;     // of a group
  unsigned columns = 0;  // of a group
  unsigned groups = 1;
  unsigned first_row = 0;
};

class FpArray {
 public:
  // All cells are 0, in fp32.
  FpArray(unsigned rows, unsigned columns);

  unsigned rows() const { return rows_; }
  unsigned columns() const { return columns_; }
  unit::Format format() const { return format_; }
  float at(unsigned row, unsigned column) const { return cells_[row * std::size_t{columns_} + column]; }

  // Changes the format of the cells. Those outside `part` keep what they hold, rounded to it.
  void load(unit::Format format, const Part& part, const float* values);
  void read(const Part& part, float* values) const;
  void mvm(const Part& part, const float* x, float* y) const;
  void mtvm(const Part& part, const float* x, float* y) const;
  void opa(const Part& part, const float* x, const float* d);
  void add(const Part& part, const float* a);
  void multiply(const Part& part, const float* a);
  void multiply_add(const Part& part, const float* a, const float* b);

 private:
  float* line(unsigned row) { return &cells_[row * std::size_t{columns_}]; }
  const float* line(unsigned row) const { return &cells_[row * std::size_t{columns_}]; }

  unsigned rows_;
  unsigned columns_;
  unit::Format format_ = unit::Format::fp32;
  std::vector<float> cells_;
};

}  // namespace weft::fp_pim
