// SPDX-License-Identifier: Apache-2.0
// Line resistance against circuit analysis written a second time: dense matrices and LU for small arrays,
// relaxation line by line for 128 x 128.
#include "models/device/wires.h"

#include <Eigen/Dense>

#include "models/common/counter_rng.h"
#include "tests/models/device/ensemble.h"

namespace weft::test {
namespace {

using device::ConductanceMatrix;
using Vector = std::vector<double>;

ConductanceMatrix random_cells(int rows, int cols, std::uint64_t seed) {
  constexpr double g_max = 1e-4;
  CounterRng rng(seed, 0, 0);
  ConductanceMatrix cells{rows, cols, {}};
  for (int i = 0; i < rows * cols; ++i) cells.value.push_back(g_max * rng.uniform());
  return cells;
}

Vector half_driven(int rows) {
  CounterRng rng(77, 0, 0);
  Vector volt;
  for (int r = 0; r < rows; ++r) volt.push_back(rng.below(2));
  return volt;
}

// Currents into the columns' virtual grounds. Nodes: row nodes, then column nodes.
Vector dense_currents(const ConductanceMatrix& cells, double ohm, const Vector& volt) {
  const int n = cells.rows * cells.cols;
  const auto row = [&](int r, int c) { return r * cells.cols + c; };
  const auto column = [&](int r, int c) { return n + r * cells.cols + c; };
  Eigen::MatrixXd g = Eigen::MatrixXd::Zero(2 * n, 2 * n);
  Eigen::VectorXd source = Eigen::VectorXd::Zero(2 * n);
  const auto between = [&](int a, int b, double siemens) {
    g(a, a) += siemens;
    g(b, b) += siemens;
    g(a, b) -= siemens;
    g(b, a) -= siemens;
  };
  for (int r = 0; r < cells.rows; ++r) {
    g(row(r, 0), row(r, 0)) += 1 / ohm;
    source[row(r, 0)] += volt[static_cast<std::size_t>(r)] / ohm;
    for (int c = 0; c < cells.cols; ++c) {
      between(row(r, c), column(r, c), cells.at(r, c));
      if (c > 0) between(row(r, c - 1), row(r, c), 1 / ohm);
      if (r > 0) between(column(r - 1, c), column(r, c), 1 / ohm);
    }
  }
  for (int c = 0; c < cells.cols; ++c) g(column(cells.rows - 1, c), column(cells.rows - 1, c)) += 1 / ohm;
  const Eigen::VectorXd voltage = g.partialPivLu().solve(source);
  Vector current;
  for (int c = 0; c < cells.cols; ++c) current.push_back(voltage[column(cells.rows - 1, c)] / ohm);
  return current;
}

// Lines are solved in turn (the equations of one are tridiagonal) until no node moves any more.
class LineRelaxation {
 public:
  LineRelaxation(const ConductanceMatrix& cells, double ohm)
      : cells_(cells), wire_(1 / ohm), row_(cells.value.size()), column_(cells.value.size()) {}

  Vector currents(const Vector& volt) {
    moved_ = 1;
    for (int sweep = 0; sweep < 10'000 && moved_ > 1e-11; ++sweep) {
      moved_ = 0;
      for (int r = 0; r < cells_.rows; ++r) {
        solve_line(volt[static_cast<std::size_t>(r)], cells_.cols, column_, row_,
                   [&](int c) { return at(r, c); });
      }
      for (int c = 0; c < cells_.cols; ++c)
        solve_line(0, cells_.rows, row_, column_, [&](int i) { return at(cells_.rows - 1 - i, c); });
    }
    REQUIRE(moved_ <= 1e-11);
    Vector current;
    for (int c = 0; c < cells_.cols; ++c) current.push_back(column_[at(cells_.rows - 1, c)] * wire_);
    return current;
  }

 private:
  std::size_t at(int r, int c) const {
    return static_cast<std::size_t>(r) * static_cast<std::size_t>(cells_.cols) + static_cast<std::size_t>(c);
  }
  // Node `place(0)` is tied to `source`, every node to the one of the crossing line by its cell.
  template <typename Place>
  void solve_line(double source, int length, const Vector& crossing, Vector& line, const Place& place) {
    Vector factor(static_cast<std::size_t>(length));
    Vector rhs(factor.size());
    for (int i = 0; i < length; ++i) {
      const double g = cells_.value[place(i)];
      const auto n = static_cast<std::size_t>(i);
      double diagonal = g + wire_ + (i + 1 < length ? wire_ : 0);
      double right = g * crossing[place(i)] + (i == 0 ? wire_ * source : wire_ * rhs[n - 1]);
      if (i > 0) diagonal -= wire_ * factor[n - 1];
      factor[n] = wire_ / diagonal;
      rhs[n] = right / diagonal;
    }
    double next = 0;
    for (int i = length - 1; i >= 0; --i) {
      const auto n = static_cast<std::size_t>(i);
      next = rhs[n] + (i + 1 < length ? factor[n] * next : 0);
      moved_ = std::max(moved_, std::fabs(line[place(i)] - next));
      line[place(i)] = next;
    }
  }

  const ConductanceMatrix& cells_;
  double wire_;
  Vector row_;
  Vector column_;
  double moved_ = 0;
};

Vector column_currents(const ConductanceMatrix& effective, const Vector& volt) {
  Vector current(static_cast<std::size_t>(effective.cols));
  for (int r = 0; r < effective.rows; ++r) {
    for (int c = 0; c < effective.cols; ++c)
      current[static_cast<std::size_t>(c)] += volt[static_cast<std::size_t>(r)] * effective.at(r, c);
  }
  return current;
}

// Largest difference of column currents as a share of full scale: `lines` open cells, all driven.
double difference(const Vector& a, const Vector& b, int lines) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::fabs(a[i] - b[i]) / (lines * 1e-4));
  return largest;
}

TEST_CASE("a single cell is in series with a piece of row and a piece of column") {
  const ConductanceMatrix cell{1, 1, {1e-4}};
  CHECK(device::nodal_conductances(cell, 100).at(0, 0) == Approx(1 / (1e4 + 200)));
}

TEST_CASE("effective conductances are those of dense circuit analysis, whatever the shape") {
  for (const auto& [rows, cols] : {std::pair{9, 9}, std::pair{5, 12}, std::pair{12, 5}}) {
    const ConductanceMatrix cells = random_cells(rows, cols, 5);
    const ConductanceMatrix effective = device::nodal_conductances(cells, 50);
    for (int r = 0; r < rows; ++r) {
      Vector volt(static_cast<std::size_t>(rows));
      volt[static_cast<std::size_t>(r)] = 1;
      const Vector expected = dense_currents(cells, 50, volt);
      for (int c = 0; c < cols; ++c)
        CHECK(effective.at(r, c) == Approx(expected[static_cast<std::size_t>(c)]).epsilon(1e-9));
    }
  }
}

TEST_CASE("the error of ladders falls with the square of the resistance") {
  const ConductanceMatrix cells = random_cells(24, 24, 7);
  const Vector volt = half_driven(24);
  const auto error = [&](double ohm) {
    const Vector exact = column_currents(device::nodal_conductances(cells, ohm), volt);
    const Vector fast = column_currents(device::ladder_conductances(cells, ohm), volt);
    return difference(exact, fast, 24);
  };
  CHECK(error(2) / error(1) == Approx(4).epsilon(0.1));
  CHECK(error(1) / error(0.5) == Approx(4).epsilon(0.1));
}

TEST_CASE("at 128 x 128 ladders stay within their stated error of circuit analysis") {
  const ConductanceMatrix cells = random_cells(128, 128, 8);
  const Vector volt = half_driven(128);
  const Vector none = column_currents(cells, volt);
  for (const auto& [ohm, stated] : {std::pair{0.1, 5e-4}, std::pair{0.35, 4e-3}, std::pair{1.0, 1.5e-2}}) {
    const Vector exact = LineRelaxation(cells, ohm).currents(volt);
    const Vector fast = column_currents(device::ladder_conductances(cells, ohm), volt);
    const double loss = difference(exact, none, 128);
    const double error = difference(exact, fast, 128);
    CAPTURE(ohm, loss, error);
    CHECK(error < stated);
    CHECK(error < loss / 10);
  }
}

TEST_CASE("at 128 x 128 nodal conductances agree with relaxation to 1e-6 of full scale") {
  const ConductanceMatrix cells = random_cells(128, 128, 9);
  const Vector volt = half_driven(128);
  const Vector exact = LineRelaxation(cells, 1).currents(volt);
  CHECK(difference(column_currents(device::nodal_conductances(cells, 1), volt), exact, 128) < 1e-6);
}

}  // namespace
}  // namespace weft::test
