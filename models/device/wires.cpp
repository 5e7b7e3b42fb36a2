// SPDX-License-Identifier: Apache-2.0
#include "models/device/wires.h"

#include <Eigen/SparseCholesky>
#include <algorithm>

#include "models/common/vector_clones.h"

namespace weft::device {

namespace {

using Sparse = Eigen::SparseMatrix<double>;

class Network {
 public:
  Network(const ConductanceMatrix& cells, double wire_ohm) : cells_(cells), wire_(1 / wire_ohm) {}

  int nodes() const { return 2 * cells_.rows * cells_.cols; }
  int row_node(int r, int c) const { return 2 * (r * cells_.cols + c); }
  int column_node(int r, int c) const { return row_node(r, c) + 1; }
  double wire() const { return wire_; }

  Sparse matrix() {
    for (int r = 0; r < cells_.rows; ++r) {
      for (int c = 0; c < cells_.cols; ++c) {
        connect(row_node(r, c), column_node(r, c), cells_.at(r, c));
        if (c + 1 < cells_.cols) connect(row_node(r, c), row_node(r, c + 1), wire_);
        if (r + 1 < cells_.rows) connect(column_node(r, c), column_node(r + 1, c), wire_);
      }
      entries_.emplace_back(row_node(r, 0), row_node(r, 0), wire_);
    }
    for (int c = 0; c < cells_.cols; ++c) {
      const int last = column_node(cells_.rows - 1, c);
      entries_.emplace_back(last, last, wire_);
    }
    Sparse matrix(nodes(), nodes());
    matrix.setFromTriplets(entries_.begin(), entries_.end());
    return matrix;
  }

 private:
  void connect(int a, int b, double conductance) {
    entries_.emplace_back(a, a, conductance);
    entries_.emplace_back(b, b, conductance);
    entries_.emplace_back(a, b, -conductance);
    entries_.emplace_back(b, a, -conductance);
  }

  const ConductanceMatrix& cells_;
  double wire_;
  std::vector<Eigen::Triplet<double>> entries_;
};

// Ladders side by side: cell (i, l) is the shunt at position i of ladder l, position 0 being next to the
// source. Input conductances, seen from the far end towards the source ...
WEFT_VECTOR_CLONES void add_inputs(const double* cell, int ladders, double wire_ohm, const double* behind,
                                   double* input) {
  for (int l = 0; l < ladders; ++l) {
    const double sum = cell[l] + behind[l];
    input[l] = sum / (1 + sum * wire_ohm);
  }
}

// ... then voltages, relative to the source's, which turn cells into what the source sees of them.
WEFT_VECTOR_CLONES void apply_voltages(const double* input, int ladders, double wire_ohm, double* voltage,
                                       double* cell) {
  for (int l = 0; l < ladders; ++l) {
    voltage[l] -= voltage[l] * input[l] * wire_ohm;
    cell[l] *= voltage[l];
  }
}

using Grid = std::vector<double>;

// `effective` times the voltages of ladders of `cells`, both [length][ladders].
void apply_ladders(const Grid& cells, int length, int ladders, double wire_ohm, Grid& effective) {
  const auto row = [ladders](int i) { return static_cast<std::ptrdiff_t>(i) * ladders; };
  Grid input(static_cast<std::size_t>(row(length + 1)));
  for (int i = length - 1; i >= 0; --i)
    add_inputs(cells.data() + row(i), ladders, wire_ohm, input.data() + row(i + 1), input.data() + row(i));
  Grid voltage(static_cast<std::size_t>(ladders), 1.0);
  for (int i = 0; i < length; ++i)
    apply_voltages(input.data() + row(i), ladders, wire_ohm, voltage.data(), effective.data() + row(i));
}

Grid transposed(const Grid& from, int rows, int cols) {
  Grid to(from.size());
  constexpr int tile = 8;
  for (int r0 = 0; r0 < rows; r0 += tile) {
    for (int c = 0; c < cols; ++c) {
      for (int r = r0; r < std::min(r0 + tile, rows); ++r) {
        to[static_cast<std::size_t>(c) * static_cast<std::size_t>(rows) + static_cast<std::size_t>(r)] =
            from[static_cast<std::size_t>(r) * static_cast<std::size_t>(cols) + static_cast<std::size_t>(c)];
      }
    }
  }
  return to;
}

Grid upside_down(const Grid& from, int rows, int cols) {
  Grid to(from.size());
  for (int r = 0; r < rows; ++r) {
    const auto first = from.begin() + static_cast<std::ptrdiff_t>(r) * cols;
    std::copy(first, first + cols, to.begin() + static_cast<std::ptrdiff_t>(rows - 1 - r) * cols);
  }
  return to;
}

}  // namespace

ConductanceMatrix nodal_conductances(const ConductanceMatrix& cells, double wire_ohm) {
  Network network(cells, wire_ohm);
  const Eigen::SimplicialLDLT<Sparse> solver(network.matrix());
  ConductanceMatrix effective{cells.rows, cells.cols, std::vector<double>(cells.value.size())};
  const int last_row = cells.rows - 1;
  // By reciprocity either side may be driven: take the one with fewer lines.
  const bool drive_columns = cells.cols <= cells.rows;
  Eigen::VectorXd source = Eigen::VectorXd::Zero(network.nodes());
  for (int line = 0; line < std::min(cells.rows, cells.cols); ++line) {
    const int entry = drive_columns ? network.column_node(last_row, line) : network.row_node(line, 0);
    source[entry] = network.wire();
    const Eigen::VectorXd voltage = solver.solve(source);
    source[entry] = 0;
    if (drive_columns) {
      for (int r = 0; r < cells.rows; ++r) {
        effective.at(r, line) = network.wire() * voltage[network.row_node(r, 0)];
      }
    } else {
      for (int c = 0; c < cells.cols; ++c) {
        effective.at(line, c) = network.wire() * voltage[network.column_node(last_row, c)];
      }
    }
  }
  return effective;
}

// Rows are driven at column 0, columns end at the last row: there the sources are.
ConductanceMatrix ladder_conductances(const ConductanceMatrix& cells, double wire_ohm) {
  const int rows = cells.rows;
  const int cols = cells.cols;
  const Grid by_column = transposed(cells.value, rows, cols);
  Grid along_rows = by_column;
  apply_ladders(by_column, cols, rows, wire_ohm, along_rows);
  Grid effective = upside_down(transposed(along_rows, cols, rows), rows, cols);
  apply_ladders(upside_down(cells.value, rows, cols), rows, cols, wire_ohm, effective);
  return {rows, cols, upside_down(effective, rows, cols)};
}

}  // namespace weft::device
