// SPDX-License-Identifier: Apache-2.0
#include "models/device/wires.h"

#include <Eigen/SparseCholesky>
#include <algorithm>

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

// Input conductances of a ladder seen from its far end towards the driven one, then the voltages. `cell`
// gives the shunt at a position, position 0 being next to the source; voltage(i) is relative to it.
template <typename Cell, typename Store>
void ladder(int length, double wire_ohm, std::vector<double>& input, const Cell& cell, const Store& store) {
  input[static_cast<std::size_t>(length)] = 0;
  for (int i = length - 1; i >= 0; --i) {
    const double behind = cell(i) + input[static_cast<std::size_t>(i) + 1];
    input[static_cast<std::size_t>(i)] = behind / (1 + behind * wire_ohm);
  }
  double voltage = 1;
  for (int i = 0; i < length; ++i) {
    voltage -= voltage * input[static_cast<std::size_t>(i)] * wire_ohm;
    store(i, voltage);
  }
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

ConductanceMatrix ladder_conductances(const ConductanceMatrix& cells, double wire_ohm) {
  ConductanceMatrix effective = cells;
  std::vector<double> input(static_cast<std::size_t>(std::max(cells.rows, cells.cols)) + 1);
  for (int r = 0; r < cells.rows; ++r) {
    ladder(
        cells.cols, wire_ohm, input, [&](int c) { return cells.at(r, c); },
        [&](int c, double voltage) { effective.at(r, c) *= voltage; });
  }
  for (int c = 0; c < cells.cols; ++c) {
    ladder(
        cells.rows, wire_ohm, input, [&](int i) { return cells.at(cells.rows - 1 - i, c); },
        [&](int i, double voltage) { effective.at(cells.rows - 1 - i, c) *= voltage; });
  }
  return effective;
}

}  // namespace weft::device
