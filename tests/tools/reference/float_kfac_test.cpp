// SPDX-License-Identifier: Apache-2.0
// K-FAC in floating point against its definition: the step is the gradient times the inverse of the damped
// Kronecker product, written out.
#include "tools/reference/float_kfac.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

using namespace weft::reference;

namespace {

using Kfac = FloatKfac<double>;
using Matrix = Kfac::Matrix;
using Vector = Kfac::Vector;
using Weights = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix random(Eigen::Index rows, Eigen::Index columns, std::uint32_t stream) {
  weft::CounterRng rng(1, 0, stream);
  return Matrix::NullaryExpr(rows, columns, [&rng] { return 2 * rng.uniform() - 1; });
}

KfacPlan plan() {
  KfacPlan result;
  result.damping = 0.04;
  result.factor_interval = 1;
  result.inverse_interval = 1;
  result.kl_clip = 0;
  result.momentum = 0;
  result.mapping = FactorMapping::direct;
  return result;
}

struct Problem {
  Weights weights = random(3, 4, 1);
  Vector bias = Vector::Zero(3);
  Matrix inputs = random(4, 8, 2);
  Matrix errors = random(3, 8, 3);

  // The change of the weights in one update, and of the biases.
  Matrix update(Kfac& kfac, double rate) {
    const Weights before = weights;
    std::vector<Kfac::Layer> layers = {{weights, bias, inputs, errors}};
    kfac.update(layers, rate);
    return weights - before;
  }
};

Matrix mean_product(const Matrix& a, const Matrix& b) {
  return a * b.transpose() / static_cast<double>(a.cols());
}

double pi_of(const Matrix& a, const Matrix& g) {
  return std::sqrt((a.trace() / static_cast<double>(a.rows())) / (g.trace() / static_cast<double>(g.rows())));
}

// vec(P) = (A' x G')^-1 vec(dW), columns of dW (outputs x inputs) one below the other.
Matrix by_kronecker_product(const Matrix& a, const Matrix& g, const Matrix& gradient) {
  Matrix fisher(a.rows() * g.rows(), a.cols() * g.cols());
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    for (Eigen::Index j = 0; j < a.cols(); ++j) {
      fisher.block(i * g.rows(), j * g.cols(), g.rows(), g.cols()) = a(i, j) * g;
    }
  }
  const Vector stacked = Eigen::Map<const Vector>(gradient.data(), gradient.size());
  const Vector solution = fisher.fullPivLu().solve(stacked);
  return Eigen::Map<const Matrix>(solution.data(), gradient.rows(), gradient.cols());
}

Matrix damped(const Matrix& factor, double damping) {
  return factor + damping * Matrix::Identity(factor.rows(), factor.cols());
}

}  // namespace

TEST_CASE("a step is the gradient times the inverse of the damped Kronecker product") {
  Problem problem;
  Kfac kfac(plan(), 8, {{4, 3, 4, 3}});
  const Matrix a = mean_product(problem.inputs, problem.inputs);
  const Matrix g = mean_product(problem.errors, problem.errors);
  const double pi = pi_of(a, g);
  const Matrix expected = by_kronecker_product(damped(a, 0.2 * pi), damped(g, 0.2 / pi),
                                               mean_product(problem.errors, problem.inputs));
  const Matrix found = problem.update(kfac, 0.5) / -0.5;
  CHECK((found - expected).norm() <= 1e-12 * expected.norm());
  const Vector bias_step = damped(g, 0.2 / pi).inverse() * problem.errors.rowwise().mean() / (1 + 0.2 * pi);
  CHECK((problem.bias / -0.5 - bias_step).norm() <= 1e-12 * bias_step.norm());
}

TEST_CASE("blocks leave out what lies between them, and each tile has a pi of its own") {
  Problem problem;
  Kfac kfac(plan(), 8, {{2, 3, 2, 3}});
  const Matrix g = mean_product(problem.errors, problem.errors);
  const Matrix gradient = mean_product(problem.errors, problem.inputs);
  Matrix expected(3, 4);
  for (const Eigen::Index first : {0, 2}) {
    const Matrix inputs = problem.inputs.middleRows(first, 2);
    const Matrix a = mean_product(inputs, inputs);
    const double pi = pi_of(a, g);
    expected.middleCols(first, 2) =
        by_kronecker_product(damped(a, 0.2 * pi), damped(g, 0.2 / pi), gradient.middleCols(first, 2));
  }
  const Matrix found = problem.update(kfac, 1.0) / -1.0;
  CHECK((found - expected).norm() <= 1e-12 * expected.norm());
}

TEST_CASE("a clipped step has the wanted size") {
  KfacPlan clipped = plan();
  clipped.kl_clip = 1e-4;
  Problem problem;
  Problem free;
  Kfac kfac(clipped, 8, {{4, 3, 4, 3}});
  Kfac other(plan(), 8, {{4, 3, 4, 3}});
  const Matrix gradient = mean_product(problem.errors, problem.inputs);
  const Vector bias_gradient = problem.errors.rowwise().mean();
  constexpr double rate = 0.5;
  const Matrix step = problem.update(kfac, rate);
  const double dot = -(step.cwiseProduct(gradient).sum() + problem.bias.dot(bias_gradient));
  // Rate · <nu P, dW> with nu = sqrt(clip / (rate² <P, dW>)): its square is clip · <P, dW>.
  const Matrix whole = free.update(other, rate);
  const double whole_dot = -(whole.cwiseProduct(gradient).sum() + free.bias.dot(bias_gradient)) / rate;
  CHECK(dot * dot == Approx(1e-4 * whole_dot).epsilon(1e-9));
}

TEST_CASE("momentum, weight decay and refresh intervals follow their definitions") {
  KfacPlan own = plan();
  own.momentum = 0.5;
  own.weight_decay = 0.1;
  own.inverse_interval = 2;
  Problem problem;
  const Weights first = problem.weights;
  Kfac kfac(own, 8, {{4, 3, 4, 3}});
  const Matrix step1 = problem.update(kfac, 0.1);
  const Matrix preconditioned = -step1 / 0.1 - 0.1 * Matrix(first);
  const Weights second = problem.weights;
  // The second update has the inverses of the first: twice the errors give twice the step.
  problem.errors *= 2;
  const Matrix step2 = problem.update(kfac, 0.1);
  const Matrix velocity = 0.5 * (-step1 / 0.1) + 2 * preconditioned + 0.1 * Matrix(second);
  CHECK((step2 + 0.1 * velocity).norm() <= 1e-12 * step2.norm());
}

TEST_CASE("running averages keep their share, and early ones are plain means") {
  KfacPlan own = plan();
  own.statistics_decay = 0.6;
  Problem problem;
  Kfac kfac(own, 8, {{4, 3, 4, 3}});
  Matrix a = Matrix::Zero(4, 4);
  Matrix g = Matrix::Zero(3, 3);
  for (const double share : {1.0, 0.5, 0.4}) {
    problem.inputs *= 1.5;
    problem.errors *= 0.7;
    a += share * (mean_product(problem.inputs, problem.inputs) - a);
    g += share * (mean_product(problem.errors, problem.errors) - g);
    const double pi = pi_of(a, g);
    const Matrix expected = by_kronecker_product(damped(a, 0.2 * pi), damped(g, 0.2 / pi),
                                                 mean_product(problem.errors, problem.inputs));
    const Matrix found = problem.update(kfac, 1.0) / -1.0;
    CHECK((found - expected).norm() <= 1e-12 * expected.norm());
  }
}
