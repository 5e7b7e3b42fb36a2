// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/float_kfac.h"

#include <algorithm>
#include <cmath>

namespace weft::reference {

namespace {

// What the compiler chooses as well: the circuit gets what writes fewer cells.
bool is_fused(FactorMapping mapping, Eigen::Index order, int batch) {
  if (mapping != FactorMapping::automatic) return mapping == FactorMapping::fused;
  return 2 * batch < order;
}

}  // namespace

template <typename Real>
FloatKfac<Real>::FloatKfac(const KfacPlan& plan, int batch, const std::vector<LayerCut>& cuts)
    : plan_(plan), batch_(batch), cuts_(cuts) {}

template <typename Real>
void FloatKfac<Real>::make_parts(const std::vector<Layer>& layers) {
  for (std::size_t number = 0; number < layers.size(); ++number) {
    const LayerCut& cut = cuts_[number];
    const Eigen::Index inputs = layers[number].weights.cols();
    const Eigen::Index outputs = layers[number].weights.rows();
    const auto blocks = [&](Eigen::Index first, Eigen::Index count, Eigen::Index size) {
      std::vector<Factor> factors;
      for (Eigen::Index start = 0; start < count; start += size) {
        Factor factor;
        factor.first = first + start;
        factor.count = std::min(size, count - start);
        factor.fused = is_fused(plan_.mapping, size, batch_);
        factor.matrix = Matrix::Zero(factor.count, factor.count);
        factors.push_back(std::move(factor));
      }
      return factors;
    };
    for (Eigen::Index column = 0; column < outputs; column += cut.tile_columns) {
      for (Eigen::Index row = 0; row < inputs; row += cut.tile_rows) {
        Part part;
        part.layer = number;
        part.home = row == 0;
        part.first_row = row;
        part.rows = std::min<Eigen::Index>(cut.tile_rows, inputs - row);
        part.first_column = column;
        part.columns = std::min<Eigen::Index>(cut.tile_columns, outputs - column);
        part.a = blocks(row, part.rows, cut.block_rows);
        part.g = blocks(column, part.columns, cut.block_columns);
        part.step = part.velocity = Matrix::Zero(part.columns, part.rows);
        part.bias_step = part.bias_velocity = Vector::Zero(part.columns);
        parts_.push_back(std::move(part));
      }
    }
  }
}

template <typename Real>
void FloatKfac<Real>::average(std::vector<Factor>& factors, const Matrix& samples, Real share) const {
  for (Factor& factor : factors) {
    const auto own = samples.middleRows(factor.first, factor.count);
    const Matrix fresh = own * own.transpose() / static_cast<Real>(samples.cols());
    if (factor.fused) {
      factor.matrix = fresh;
    } else {
      factor.matrix += share * (fresh - factor.matrix);
    }
  }
}

template <typename Real>
void FloatKfac<Real>::invert(Part& part) const {
  const auto mean_diagonal = [](const std::vector<Factor>& factors, Eigen::Index count) {
    Real sum = 0;
    for (const Factor& factor : factors) sum += factor.matrix.trace();
    return sum / static_cast<Real>(count);
  };
  constexpr Real largest_pi = 1024;
  const Real ratio = mean_diagonal(part.a, part.rows) / mean_diagonal(part.g, part.columns);
  const Real pi = std::fmax(std::fmin(std::sqrt(ratio), largest_pi), 1 / largest_pi);
  const auto root = static_cast<Real>(std::sqrt(plan_.damping));
  const auto decompose = [](std::vector<Factor>& factors, Real damping) {
    for (Factor& factor : factors) {
      const Matrix unit = Matrix::Identity(factor.count, factor.count);
      factor.inverse = Eigen::LLT<Matrix>(factor.matrix + damping * unit).solve(unit);
    }
  };
  decompose(part.a, pi * root);
  decompose(part.g, root / pi);
  part.bias_damping = pi * root;
}

template <typename Real>
void FloatKfac<Real>::precondition(Part& part, const Layer& layer) const {
  const auto samples = static_cast<Real>(layer.inputs.cols());
  for (Factor& factor : part.a)
    factor.solution = factor.inverse * layer.inputs.middleRows(factor.first, factor.count);
  for (Factor& factor : part.g)
    factor.solution = factor.inverse * layer.errors.middleRows(factor.first, factor.count);
  for (const Factor& g : part.g) {
    for (const Factor& a : part.a) {
      part.step.block(g.first - part.first_column, a.first - part.first_row, g.count, a.count) =
          g.solution * a.solution.transpose() / samples;
    }
    part.bias_step.segment(g.first - part.first_column, g.count) =
        g.solution.rowwise().sum() / samples / (1 + part.bias_damping);
  }
}

template <typename Real>
Real FloatKfac<Real>::dot_with_gradient(const Part& part, const Layer& layer) const {
  const auto samples = static_cast<Real>(layer.inputs.cols());
  const Matrix errors = layer.errors.middleRows(part.first_column, part.columns);
  const Matrix gradient = errors * layer.inputs.middleRows(part.first_row, part.rows).transpose() / samples;
  Real dot = part.step.cwiseProduct(gradient).sum();
  if (part.home) dot += part.bias_step.dot(errors.rowwise().sum() / samples);
  return dot;
}

template <typename Real>
void FloatKfac<Real>::update(std::vector<Layer>& layers, Real rate) {
  if (parts_.empty()) make_parts(layers);
  const bool averages = updates_ % plan_.factor_interval == 0;
  const bool inverts = updates_ % plan_.inverse_interval == 0;
  ++updates_;
  if (averages) ++statistics_;
  const auto share = static_cast<Real>(std::max(1.0 / std::max(statistics_, 1), 1 - plan_.statistics_decay));
  Real total = 0;
  for (Part& part : parts_) {
    const Layer& layer = layers[part.layer];
    const auto refreshed = [&](const std::vector<Factor>& factors) {
      return factors.front().fused ? inverts : averages;
    };
    if (refreshed(part.a)) average(part.a, layer.inputs, share);
    if (refreshed(part.g)) average(part.g, layer.errors, share);
    if (inverts) invert(part);
    precondition(part, layer);
    if (plan_.kl_clip > 0) total += dot_with_gradient(part, layer);
  }
  Real clip = 1;
  if (plan_.kl_clip > 0) {
    clip = std::fmin(std::sqrt(static_cast<Real>(plan_.kl_clip) / (std::fabs(total) * rate * rate)), Real(1));
  }
  const auto momentum = static_cast<Real>(plan_.momentum);
  for (Part& part : parts_) {
    Layer& layer = layers[part.layer];
    auto weights = layer.weights.block(part.first_column, part.first_row, part.columns, part.rows);
    part.velocity =
        momentum * part.velocity + clip * part.step + static_cast<Real>(plan_.weight_decay) * Matrix(weights);
    weights -= rate * part.velocity;
    if (!part.home) continue;
    part.bias_velocity = momentum * part.bias_velocity + clip * part.bias_step;
    layer.bias.segment(part.first_column, part.columns) -= rate * part.bias_velocity;
  }
}

template class FloatKfac<float>;
template class FloatKfac<double>;

}  // namespace weft::reference
