// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/network.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <utility>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

namespace weft::reference {

namespace {

enum Stream : std::uint32_t { weight_stream = 0x77656901, order_stream = 0x77656902 };

double initial_range(const DenseLayer& layer, InitialRule rule) {
  const bool he =
      rule == InitialRule::he || (rule == InitialRule::automatic && layer.activation == Activation::relu);
  const double fan = he ? layer.inputs : static_cast<double>(layer.inputs) + layer.outputs;
  return std::sqrt(6.0 / fan);
}

void check(const KfacPlan& plan) {
  const auto require = [](const char* what, double found, bool allowed, const char* range) {
    if (!allowed) throw Error(fmt::format("training: kfac.{}: found {}, expected {}", what, found, range));
  };
  require("damping", plan.damping, plan.damping > 0 && plan.damping <= 1, "more than 0, up to 1");
  const double decay = plan.statistics_decay;
  require("statistics_decay", decay, decay >= 0 && decay < 1, "0 to less than 1");
  require("factor_interval", plan.factor_interval, plan.factor_interval >= 1, "1 or more");
  require("inverse_interval", plan.inverse_interval, plan.inverse_interval >= 1, "1 or more");
  require("kl_clip", plan.kl_clip, plan.kl_clip >= 0 && std::isfinite(plan.kl_clip), "0 or more");
  require("momentum", plan.momentum, plan.momentum >= 0 && plan.momentum < 1, "0 to less than 1");
  require("weight_decay", plan.weight_decay, plan.weight_decay >= 0 && plan.weight_decay < 1,
          "0 to less than 1");
  require("retries", plan.retries, plan.retries >= 0 && plan.retries <= 8, "0 to 8");
}

}  // namespace

void check(const Network& network) {
  if (network.layers.empty()) throw Error("network: found no layers, expected 1 or more");
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const DenseLayer& layer = network.layers[i];
    if (layer.inputs < 1 || layer.outputs < 1) {
      throw Error(fmt::format("network: layer {}: found {} inputs and {} outputs, expected 1 or more of each",
                              i, layer.inputs, layer.outputs));
    }
    if (i > 0 && layer.inputs != network.layers[i - 1].outputs) {
      throw Error(fmt::format("network: layer {}: found {} inputs, expected {} like the outputs of layer {}",
                              i, layer.inputs, network.layers[i - 1].outputs, i - 1));
    }
  }
  if (network.loss == Loss::cross_entropy && network.layers.back().activation != Activation::none) {
    throw Error(
        fmt::format("network: layer {}: found an activation before the softmax of cross_entropy, "
                    "expected none",
                    network.layers.size() - 1));
  }
}

void check(const TrainingPlan& plan) {
  if (plan.epochs < 1)
    throw Error(fmt::format("training: epochs: found {}, expected 1 or more", plan.epochs));
  if (plan.batch < 1) throw Error(fmt::format("training: batch: found {}, expected 1 or more", plan.batch));
  if (plan.learning_rate.size() != static_cast<std::size_t>(plan.epochs)) {
    throw Error(fmt::format("training: learning_rate: found {} values, expected {}, one for each epoch",
                            plan.learning_rate.size(), plan.epochs));
  }
  for (const double rate : plan.learning_rate) {
    if (!std::isfinite(rate) || rate <= 0.0) {
      throw Error(fmt::format("training: learning_rate: found {}, expected more than 0", rate));
    }
  }
  if (plan.kfac) check(*plan.kfac);
}

std::vector<LayerWeights> initial_weights(const Network& network, std::uint64_t seed, InitialRule rule) {
  check(network);
  std::vector<LayerWeights> result;
  for (const DenseLayer& layer : network.layers) {
    CounterRng random(seed, static_cast<std::uint32_t>(result.size()), weight_stream);
    const double range = initial_range(layer, rule);
    const auto outputs = static_cast<std::size_t>(layer.outputs);
    LayerWeights initial{std::vector<double>(outputs * static_cast<std::size_t>(layer.inputs)),
                         std::vector<double>(outputs, 0.0)};
    for (double& weight : initial.weights) weight = range * (2.0 * random.uniform() - 1.0);
    result.push_back(std::move(initial));
  }
  return result;
}

std::vector<std::uint32_t> epoch_order(std::uint64_t seed, int epoch, std::uint32_t count) {
  CounterRng random(seed, static_cast<std::uint32_t>(epoch), order_stream);
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

}  // namespace weft::reference
