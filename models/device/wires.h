// SPDX-License-Identifier: Apache-2.0
// IR drop: what the resistance of rows and columns makes of an array of conductances.
//
//   row r:    driver --R-- (r,0) --R-- (r,1) ... (r,cols-1)
//   column c: (0,c) --R-- (1,c) ... (rows-1,c) --R-- virtual ground
//
// with a cell between (r,c) of the row and (r,c) of the column. Drivers that do not drive hold their line
// at 0 V. The network is linear, so currents are still sums over driven lines:
// I[c] = sum over r of V[r] * E[r][c], with *effective conductances* E that depend on all cells, not on
// the drive. It is reciprocal, so that with columns driven and rows read, from the same ends, the same E
// holds.
//
// Conductances and `wire_ohm` in any units whose product has none (siemens and ohm). Matrices are
// row-major without gaps.
#pragma once

#include <vector>

namespace weft::device {

struct ConductanceMatrix {
  int rows = 0;
  int cols = 0;
  std::vector<double> value;

  double& at(int row, int col) { return value[index(row, col)]; }
  double at(int row, int col) const { return value[index(row, col)]; }

 private:
  std::size_t index(int row, int col) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) + static_cast<std::size_t>(col);
  }
};

// Exact: nodal analysis of all 2 * rows * cols nodes (sparse LDL^T), one solution for each line of the
// shorter side. For checks and for arrays that are written seldom: several hundred times slower than
// ladders at 128 x 128.
ConductanceMatrix nodal_conductances(const ConductanceMatrix& cells, double wire_ohm);

// Fast: E = G * (voltage that arrives along the row, columns grounded) * (share of the current that
// arrives along the column, rows grounded). Two ladders a line, O(rows * cols). Exact to the first order
// in wire_ohm * G; what is left is of the order of the square of the loss (docs/models/device.md has
// figures).
ConductanceMatrix ladder_conductances(const ConductanceMatrix& cells, double wire_ohm);

}  // namespace weft::device
