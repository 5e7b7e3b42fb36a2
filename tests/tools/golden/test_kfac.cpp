// SPDX-License-Identifier: Apache-2.0
// The fixed-point arithmetic of second-order updates stays close to K-FAC in double precision.
#include <catch2/catch.hpp>
#include <cmath>

#include "models/common/counter_rng.h"
#include "tools/compiler/lowering.h"
#include "tools/reference/float_kfac.h"
#include "tools/reference/golden_kfac.h"

using namespace weft;
using namespace weft::reference;

namespace {

using Matrix = FloatKfac<double>::Matrix;
using Vector = FloatKfac<double>::Vector;
using Weights = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int batch = 8;
constexpr int array_rows = 16;
// Small enough for all weights to stay within ±8.
constexpr double rate = 1.0 / 64;

struct Layers {
  compiler::LoweredNetwork lowered;
  std::vector<LayerCut> cuts;
};

Layers make(const KfacPlan& kfac) {
  Network network;
  network.layers = {{20, 12, Activation::relu}, {12, 10, Activation::none}};
  TrainingPlan plan;
  plan.batch = batch;
  plan.learning_rate = {rate};
  plan.kfac = kfac;
  compiler::LoweringOptions options;
  options.array_rows = options.array_columns = array_rows;
  Layers layers;
  layers.lowered = compiler::lower(network, plan, options);
  layers.cuts = {{16, 12, 32, 12}, {12, 10, 12, 10}};
  return layers;
}

// Codes of one side of a layer: a row a sample.
struct Samples {
  std::vector<std::int16_t> codes;
  Matrix values;  // a column a sample
  std::vector<const std::int16_t*> rows;

  Samples(int width, int fraction, double scale, std::uint32_t stream) {
    CounterRng rng(3, 0, stream);
    values.resize(width, batch);
    for (int sample = 0; sample < batch; ++sample) {
      for (int i = 0; i < width; ++i) {
        const double value = scale * (2 * rng.uniform() - 1);
        codes.push_back(static_cast<std::int16_t>(std::lround(std::ldexp(value, fraction))));
        values(i, sample) = std::ldexp(codes.back(), -fraction);
      }
    }
    for (int sample = 0; sample < batch; ++sample)
      rows.push_back(&codes[static_cast<std::size_t>(sample * width)]);
  }
  Samples(const Samples&) = delete;
  Samples& operator=(const Samples&) = delete;
};

// Greatest deviation of a layer's weights and biases, relative to the size of all their steps so far.
double deviation(const std::vector<std::int64_t>& weights, const std::vector<std::int64_t>& bias,
                 const compiler::LoweredLayer& layer, const Weights& expected, const Vector& expected_bias) {
  Matrix found(layer.outputs, layer.inputs);
  for (int input = 0; input < layer.inputs; ++input) {
    for (int output = 0; output < layer.outputs; ++output) {
      found(output, input) =
          std::ldexp(static_cast<double>(weights[static_cast<std::size_t>(input * layer.outputs + output)]),
                     -layer.weight_fraction);
    }
  }
  Vector found_bias(layer.outputs);
  for (int output = 0; output < layer.outputs; ++output) {
    found_bias(output) =
        std::ldexp(static_cast<double>(bias[static_cast<std::size_t>(output)]), -compiler::bias_fraction);
  }
  return std::max((found - expected).norm() / expected.norm(),
                  (found_bias - expected_bias).norm() / expected_bias.norm());
}

}  // namespace

TEST_CASE("fixed-point K-FAC follows K-FAC in double precision to a thousandth") {
  KfacPlan plan;
  plan.damping = 0.01;
  plan.factor_interval = 1;
  plan.inverse_interval = 2;
  plan.weight_decay = 0.01;
  plan.kl_clip = GENERATE(0.0, 1e-3);
  plan.mapping = GENERATE(FactorMapping::direct, FactorMapping::fused);
  const Layers layers = make(plan);
  GoldenKfac golden(layers.lowered);
  FloatKfac<double> exact(plan, batch, layers.cuts);
  // Weights begin at 0 so that they are the sum of the steps.
  Weights weights0 = Weights::Zero(12, 20);
  Weights weights1 = Weights::Zero(10, 12);
  Vector bias0 = Vector::Zero(12);
  Vector bias1 = Vector::Zero(10);
  std::vector<std::vector<std::int64_t>> sums = {std::vector<std::int64_t>(240, 0),
                                                 std::vector<std::int64_t>(120, 0)};
  std::vector<std::vector<std::int64_t>> bias_sums = {std::vector<std::int64_t>(12, 0),
                                                      std::vector<std::int64_t>(10, 0)};
  for (std::uint32_t update = 0; update < 5; ++update) {
    const Samples x0(20, layers.lowered.layers[0].input_fraction, 0.9, 10 * update + 1);
    const Samples x1(12, layers.lowered.layers[1].input_fraction, 3.0, 10 * update + 2);
    const Samples d0(12, layers.lowered.layers[0].error_fraction, 0.2, 10 * update + 3);
    const Samples d1(10, layers.lowered.layers[1].error_fraction, 0.5, 10 * update + 4);
    std::vector<std::vector<std::int32_t>> read = {{sums[0].begin(), sums[0].end()},
                                                   {sums[1].begin(), sums[1].end()}};
    const std::vector<LayerStep> steps =
        golden.update({{x0.rows, d0.rows, &read[0]}, {x1.rows, d1.rows, &read[1]}}, layers.lowered.rates[0]);
    std::vector<FloatKfac<double>::Layer> real = {{weights0, bias0, x0.values, d0.values},
                                                  {weights1, bias1, x1.values, d1.values}};
    exact.update(real, rate);
    for (std::size_t layer = 0; layer < 2; ++layer) {
      for (std::size_t i = 0; i < sums[layer].size(); ++i) sums[layer][i] += steps[layer].weights[i];
      for (std::size_t i = 0; i < bias_sums[layer].size(); ++i) bias_sums[layer][i] += steps[layer].bias[i];
    }
    CAPTURE(update, plan.kl_clip, static_cast<int>(plan.mapping));
    // Of 15 bits of solution, of damping with 8 fraction bits where it is fused.
    const double allowed = plan.mapping == FactorMapping::fused ? 5e-3 : 1e-3;
    CHECK(deviation(sums[0], bias_sums[0], layers.lowered.layers[0], weights0, bias0) < allowed);
    CHECK(deviation(sums[1], bias_sums[1], layers.lowered.layers[1], weights1, bias1) < allowed);
  }
  CHECK(golden.counts().failures == 0);
  CHECK(golden.counts().solves == 5 * 5);
}

TEST_CASE("a system that fails is solved with ten times the damping, or digitally") {
  KfacPlan plan;
  plan.damping = 1e-12;
  plan.factor_interval = plan.inverse_interval = 2;
  plan.kl_clip = 0;
  plan.mapping = FactorMapping::direct;
  plan.retries = GENERATE(0, 8);
  const Layers layers = make(plan);
  GoldenKfac golden(layers.lowered);
  // One sample, repeated: factors of rank 1. What is not a multiple of it is divided by the damping alone.
  const auto update = [&](std::uint32_t stream) {
    const Samples x0(20, 8, 0.9, stream + 1);
    const Samples x1(12, 7, 3.0, stream + 2);
    const Samples d0(12, 13, 0.2, stream + 3);
    const Samples d1(10, 15, 0.5, stream + 4);
    const auto same = [](const Samples& samples) {
      return std::vector<const std::int16_t*>(batch, samples.rows[0]);
    };
    const std::vector<std::int32_t> read0(240, 0);
    const std::vector<std::int32_t> read1(120, 0);
    golden.update({{same(x0), same(d0), &read0}, {same(x1), same(d1), &read1}}, layers.lowered.rates[0]);
  };
  update(0);
  CHECK(golden.counts().failures == 0);
  update(10);
  CAPTURE(golden.counts().solves);
  CHECK(golden.counts().failures > 0);
  CHECK(golden.counts().digital == (plan.retries == 0 ? golden.counts().failures : 0));
  CHECK(golden.counts().retries == (plan.retries == 0 ? 0 : golden.counts().failures));
}
