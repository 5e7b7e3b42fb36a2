// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent in host floating point: what the accelerator's accuracy is compared with,
// and the yardstick for the speed of simulation. One thread, Eigen, baseline instruction set: the plain
// loop a careful programmer would write, neither slowed down nor tuned to one machine.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <optional>
#include <vector>

#include "tools/dataset/dataset.h"
#include "tools/reference/float_kfac.h"
#include "tools/reference/network.h"
#include "tools/reference/stop_request.h"

namespace weft::reference {

// Means over the samples. Training figures are taken online: each sample is judged by the weights that
// were current when it was seen. A training that diverges shows a loss that is not finite.
struct Score {
  double loss = 0.0;
  // Share of samples whose largest output is the label's; the first of equal ones counts.
  double accuracy = 0.0;
};

struct EpochResult {
  Score train;
  Score test;
  // Wall-clock time of training alone: without evaluation and without making the order.
  double train_seconds = 0.0;
};

// Real is float, or double for checks against finite differences.
template <typename Real>
class BasicReference {
 public:
  // Throws Error when the network is not valid or the weights do not fit it.
  BasicReference(Network network, const std::vector<LayerWeights>& weights);

  // From now on updates are of second order. The gradient of an incomplete batch is the mean of its own
  // samples. Throws Error when there is not one cut a layer.
  void use_kfac(const KfacPlan& plan, int batch, const std::vector<LayerCut>& cuts);

  // One pass over the samples in the given order (indices into `data`, any number of them). After each
  // `batch` samples W -= learning_rate / batch * (sum of the gradients), biases alike. A last batch
  // that is incomplete is divided by the full `batch` too, because hardware divides by a fixed shift.
  // Throws Error when the data do not fit the network or an index is out of range.
  Score train_epoch(const dataset::Dataset& data, const std::vector<std::uint32_t>& order, int batch,
                    double learning_rate);

  Score evaluate(const dataset::Dataset& data) const;

  // All epochs of a plan in the orders of epoch_order(), with an evaluation after each.
  std::vector<EpochResult> train(const dataset::Split& data, const TrainingPlan& plan);

  std::vector<LayerWeights> weights() const;

  // Looked at before every batch and while evaluating.
  void stop_on(const StopRequest& request) { stop_ = request; }

 private:
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  struct Layer {
    Activation activation;
    Matrix weights;
    Vector bias;
  };
  // Values between the layers for one mini-batch, one sample a column. With Columns = 1 known to the
  // compiler the products are matrix-vector products and rank-1 updates.
  template <int Columns>
  struct Pass;

  void check_fit(const dataset::Dataset& data) const;
  template <int Columns>
  Score run_epoch(const dataset::Dataset& data, const std::vector<std::uint32_t>& order, int batch,
                  double learning_rate);
  template <int Columns>
  void forward(Pass<Columns>& pass) const;
  // Sums of loss and hits over the pass; leaves the error at the last layer's outputs in the pass.
  template <int Columns>
  Score judge(Pass<Columns>& pass) const;
  template <int Columns>
  void backward_and_update(Pass<Columns>& pass, Real rate);
  template <int Columns>
  void backward_and_precondition(Pass<Columns>& pass, Real rate);

  Network network_;
  std::vector<Layer> layers_;
  std::optional<FloatKfac<Real>> kfac_;
  StopRequest stop_;
};

using FloatReference = BasicReference<float>;

extern template class BasicReference<float>;
extern template class BasicReference<double>;

}  // namespace weft::reference
