// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/float_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "models/common/error.h"

namespace weft::reference {

namespace {

using dataset::Dataset;

template <typename Values>
void activate(Activation activation, Values& values) {
  using Real = typename Values::Scalar;
  if (activation == Activation::relu) values = values.cwiseMax(Real(0));
  if (activation == Activation::sigmoid) values = (Real(1) + (-values.array()).exp()).inverse().matrix();
}

// Multiplies the error at a layer's outputs by the activation's slope, which all our activations allow
// to be had from the output itself.
template <typename Values>
void apply_slope(Activation activation, const Values& outputs, Values& error) {
  using Real = typename Values::Scalar;
  if (activation == Activation::relu) error = (outputs.array() > Real(0)).select(error, Real(0));
  if (activation == Activation::sigmoid) error.array() *= outputs.array() * (Real(1) - outputs.array());
}

Score mean_of(Score sums, std::size_t samples) {
  const auto count = static_cast<double>(samples);
  return {sums.loss / count, sums.accuracy / count};
}

}  // namespace

template <typename Real>
template <int Columns>
struct BasicReference<Real>::Pass {
  using Values = Eigen::Matrix<Real, Eigen::Dynamic, Columns>;

  // values[0] holds the inputs, values[l + 1] the outputs of layer l; errors likewise.
  explicit Pass(std::size_t layers) : values(layers + 1), errors(layers + 1) {}

  void load(const Dataset& data, const std::uint32_t* order, Eigen::Index count) {
    using Sample = Eigen::Map<const Eigen::VectorXf>;
    values[0].resize(data.features, count);
    labels.resize(static_cast<std::size_t>(count));
    for (Eigen::Index i = 0; i < count; ++i) {
      values[0].col(i) = Sample(data.sample(order[i]), data.features).template cast<Real>();
      labels[static_cast<std::size_t>(i)] = data.labels[order[i]];
    }
  }

  std::vector<Values> values;
  std::vector<Values> errors;
  std::vector<int> labels;
};

template <typename Real>
BasicReference<Real>::BasicReference(Network network, const std::vector<LayerWeights>& weights)
    : network_(std::move(network)) {
  check(network_);
  if (weights.size() != network_.layers.size()) {
    throw Error(fmt::format("weights: found {} layers, expected {}", weights.size(), network_.layers.size()));
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const DenseLayer& shape = network_.layers[i];
    const LayerWeights& source = weights[i];
    const auto expected = static_cast<std::size_t>(shape.outputs) * static_cast<std::size_t>(shape.inputs);
    if (source.weights.size() != expected || source.bias.size() != static_cast<std::size_t>(shape.outputs)) {
      throw Error(fmt::format("weights: layer {}: found {} weights and {} biases, expected {} and {}", i,
                              source.weights.size(), source.bias.size(), expected, shape.outputs));
    }
    using Source = Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
    layers_.push_back(
        {shape.activation, Source(source.weights.data(), shape.outputs, shape.inputs).template cast<Real>(),
         Eigen::Map<const Eigen::VectorXd>(source.bias.data(), shape.outputs).template cast<Real>()});
  }
}

template <typename Real>
void BasicReference<Real>::check_fit(const Dataset& data) const {
  const int inputs = network_.layers.front().inputs;
  const int outputs = network_.layers.back().outputs;
  if (data.features != inputs) {
    throw Error(fmt::format("network: found {} inputs, expected {} like the features of {}", inputs,
                            data.features, data.name));
  }
  if (data.classes != outputs) {
    throw Error(fmt::format("network: found {} outputs, expected {} like the classes of {}", outputs,
                            data.classes, data.name));
  }
}

template <typename Real>
template <int Columns>
void BasicReference<Real>::forward(Pass<Columns>& pass) const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    auto& outputs = pass.values[l + 1];
    outputs.noalias() = layers_[l].weights * pass.values[l];
    outputs.colwise() += layers_[l].bias;
    activate(layers_[l].activation, outputs);
  }
}

template <typename Real>
template <int Columns>
Score BasicReference<Real>::judge(Pass<Columns>& pass) const {
  Score sums;
  const auto& outputs = pass.values.back();
  auto& error = pass.errors.back();
  error = outputs;
  for (Eigen::Index i = 0; i < outputs.cols(); ++i) {
    const Eigen::Index label = pass.labels[static_cast<std::size_t>(i)];
    Eigen::Index best = 0;
    const Real highest = outputs.col(i).maxCoeff(&best);
    if (best == label) sums.accuracy += 1.0;
    if (network_.loss == Loss::cross_entropy) {
      // The highest output is subtracted so that no exponential overflows.
      error.col(i) = (outputs.col(i).array() - highest).exp().matrix();
      const Real total = error.col(i).sum();
      sums.loss += static_cast<double>(std::log(total) - (outputs(label, i) - highest));
      error.col(i) /= total;
    }
    error(label, i) -= Real(1);
    if (network_.loss == Loss::mean_squared_error) {
      sums.loss += 0.5 * static_cast<double>(error.col(i).squaredNorm());
    }
  }
  return sums;
}

template <typename Real>
template <int Columns>
void BasicReference<Real>::backward_and_update(Pass<Columns>& pass, Real rate) {
  for (std::size_t l = layers_.size(); l-- > 0;) {
    Layer& layer = layers_[l];
    auto& error = pass.errors[l + 1];
    apply_slope(layer.activation, pass.values[l + 1], error);
    // The error travels through the weights that made it, so it goes first.
    if (l > 0) pass.errors[l].noalias() = layer.weights.transpose() * error;
    error *= rate;
    layer.weights.noalias() -= error * pass.values[l].transpose();
    layer.bias -= error.rowwise().sum();
  }
}

template <typename Real>
template <int Columns>
void BasicReference<Real>::backward_and_precondition(Pass<Columns>& pass, Real rate) {
  std::vector<typename FloatKfac<Real>::Layer> batch;
  for (std::size_t l = layers_.size(); l-- > 0;) {
    apply_slope(layers_[l].activation, pass.values[l + 1], pass.errors[l + 1]);
    if (l > 0) pass.errors[l].noalias() = layers_[l].weights.transpose() * pass.errors[l + 1];
  }
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    batch.push_back({layers_[l].weights, layers_[l].bias, pass.values[l], pass.errors[l + 1]});
  }
  kfac_->update(batch, rate);
}

template <typename Real>
void BasicReference<Real>::use_kfac(const KfacPlan& plan, int batch, const std::vector<LayerCut>& cuts) {
  if (cuts.size() != layers_.size()) {
    throw Error(fmt::format("kfac: found cuts of {} layers, expected {}", cuts.size(), layers_.size()));
  }
  kfac_.emplace(plan, batch, cuts);
}

template <typename Real>
template <int Columns>
Score BasicReference<Real>::run_epoch(const Dataset& data, const std::vector<std::uint32_t>& order, int batch,
                                      double learning_rate) {
  const Real rate = static_cast<Real>(learning_rate / batch);
  Pass<Columns> pass(layers_.size());
  Score sums;
  for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(batch)) {
    stop_.check();
    const std::size_t count = std::min(static_cast<std::size_t>(batch), order.size() - first);
    pass.load(data, order.data() + first, static_cast<Eigen::Index>(count));
    forward(pass);
    const Score batch_sums = judge(pass);
    sums.loss += batch_sums.loss;
    sums.accuracy += batch_sums.accuracy;
    if (kfac_) {
      backward_and_precondition(pass, static_cast<Real>(learning_rate));
    } else {
      backward_and_update(pass, rate);
    }
  }
  return mean_of(sums, order.size());
}

template <typename Real>
Score BasicReference<Real>::train_epoch(const Dataset& data, const std::vector<std::uint32_t>& order,
                                        int batch, double learning_rate) {
  check_fit(data);
  if (batch < 1) throw Error(fmt::format("training: batch: found {}, expected 1 or more", batch));
  if (order.empty()) throw Error("training: order: found no samples, expected 1 or more");
  const std::uint32_t highest = *std::max_element(order.begin(), order.end());
  if (highest >= data.count()) {
    throw Error(fmt::format("training: order: found sample {}, expected 0 to {}", highest, data.count() - 1));
  }
  if (batch == 1) return run_epoch<1>(data, order, batch, learning_rate);
  return run_epoch<Eigen::Dynamic>(data, order, batch, learning_rate);
}

template <typename Real>
Score BasicReference<Real>::evaluate(const Dataset& data) const {
  constexpr std::size_t chunk = 256;
  check_fit(data);
  if (data.count() == 0) throw Error(fmt::format("{}: found no samples, expected 1 or more", data.name));
  std::vector<std::uint32_t> order(data.count());
  std::iota(order.begin(), order.end(), 0U);
  Pass<Eigen::Dynamic> pass(layers_.size());
  Score sums;
  for (std::size_t first = 0; first < order.size(); first += chunk) {
    stop_.check();
    const std::size_t count = std::min(chunk, order.size() - first);
    pass.load(data, order.data() + first, static_cast<Eigen::Index>(count));
    forward(pass);
    const Score chunk_sums = judge(pass);
    sums.loss += chunk_sums.loss;
    sums.accuracy += chunk_sums.accuracy;
  }
  return mean_of(sums, data.count());
}

template <typename Real>
std::vector<EpochResult> BasicReference<Real>::train(const dataset::Split& data, const TrainingPlan& plan) {
  check(plan);
  std::vector<EpochResult> results;
  for (int epoch = 0; epoch < plan.epochs; ++epoch) {
    const auto order = epoch_order(plan.seed, epoch, static_cast<std::uint32_t>(data.train.count()));
    const auto start = std::chrono::steady_clock::now();
    EpochResult result;
    result.train =
        train_epoch(data.train, order, plan.batch, plan.learning_rate[static_cast<std::size_t>(epoch)]);
    result.train_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.test = evaluate(data.test);
    results.push_back(result);
  }
  return results;
}

template <typename Real>
std::vector<LayerWeights> BasicReference<Real>::weights() const {
  std::vector<LayerWeights> result;
  for (const Layer& layer : layers_) {
    result.push_back({{layer.weights.data(), layer.weights.data() + layer.weights.size()},
                      {layer.bias.data(), layer.bias.data() + layer.bias.size()}});
  }
  return result;
}

template class BasicReference<float>;
template class BasicReference<double>;

}  // namespace weft::reference
