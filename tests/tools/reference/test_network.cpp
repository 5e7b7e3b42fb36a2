// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "models/common/error.h"
#include "tools/reference/network.h"

using namespace weft::reference;

namespace {

Network two_layers() {
  return {{{100, 50, Activation::relu}, {50, 10, Activation::none}}, Loss::cross_entropy};
}

double largest(const std::vector<double>& values) {
  double result = 0.0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

}  // namespace

TEST_CASE("first weights fill the range of their rule and biases are 0") {
  const double he = std::sqrt(6.0 / 100);
  const double xavier = std::sqrt(6.0 / 60);
  const auto initial = initial_weights(two_layers(), 1);
  REQUIRE(initial.size() == 2);
  REQUIRE(initial[0].weights.size() == 5000);
  CHECK(largest(initial[0].weights) < he);
  CHECK(largest(initial[0].weights) > 0.99 * he);
  CHECK(largest(initial[1].weights) < xavier);
  CHECK(largest(initial[1].weights) > 0.97 * xavier);
  CHECK(initial[0].bias == std::vector<double>(50, 0.0));
  // The mean of 5000 uniform numbers has a standard deviation of 0.008 of their range.
  const double mean = std::accumulate(initial[0].weights.begin(), initial[0].weights.end(), 0.0) / 5000;
  CHECK(std::abs(mean) < 0.04 * he);
}

TEST_CASE("the rule for first weights can be chosen") {
  CHECK(largest(initial_weights(two_layers(), 1, InitialRule::xavier)[0].weights) < std::sqrt(6.0 / 150));
  CHECK(largest(initial_weights(two_layers(), 1, InitialRule::he)[1].weights) > std::sqrt(6.0 / 60));
}

TEST_CASE("first weights of a layer depend on the seed and its place, not on the other layers") {
  Network deeper = two_layers();
  deeper.layers.back() = {50, 20, Activation::relu};
  deeper.layers.push_back({20, 10, Activation::none});
  CHECK(initial_weights(deeper, 1)[0].weights == initial_weights(two_layers(), 1)[0].weights);
  CHECK(initial_weights(two_layers(), 2)[0].weights != initial_weights(two_layers(), 1)[0].weights);
}

TEST_CASE("an epoch's order is a permutation that differs from epoch to epoch and seed to seed") {
  const auto order = epoch_order(1, 0, 1000);
  std::vector<std::uint32_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::uint32_t> all(1000);
  std::iota(all.begin(), all.end(), 0U);
  CHECK(sorted == all);
  CHECK(order != all);
  CHECK(order == epoch_order(1, 0, 1000));
  CHECK(order != epoch_order(1, 1, 1000));
  CHECK(order != epoch_order(2, 0, 1000));
}

TEST_CASE("every permutation of four samples is equally likely") {
  std::vector<int> frequency(256);
  for (int epoch = 0; epoch < 24000; ++epoch) {
    const auto order = epoch_order(1, epoch, 4);
    ++frequency[order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3]];
  }
  // 24 permutations of about 1000 each; the standard deviation is 31.
  CHECK(std::count_if(frequency.begin(), frequency.end(), [](int n) { return n > 0; }) == 24);
  for (const int count : frequency) {
    if (count == 0) continue;
    CHECK(count > 860);
    CHECK(count < 1140);
  }
}

TEST_CASE("a network that does not fit together is refused") {
  CHECK_THROWS_WITH(check(Network{}), "network: found no layers, expected 1 or more");
  Network network = two_layers();
  network.layers[1].inputs = 49;
  CHECK_THROWS_WITH(check(network),
                    "network: layer 1: found 49 inputs, expected 50 like the outputs of layer 0");
  network = two_layers();
  network.layers[0].inputs = 0;
  CHECK_THROWS_WITH(check(network),
                    "network: layer 0: found 0 inputs and 50 outputs, expected 1 or more of each");
  network = two_layers();
  network.layers[1].activation = Activation::sigmoid;
  CHECK_THROWS_WITH(
      check(network),
      "network: layer 1: found an activation before the softmax of cross_entropy, expected none");
  network.loss = Loss::mean_squared_error;
  CHECK_NOTHROW(check(network));
}

TEST_CASE("a training plan that cannot be carried out is refused") {
  CHECK_NOTHROW(check(TrainingPlan{2, 1, {0.1, 0.05}, 1}));
  CHECK_THROWS_WITH(check(TrainingPlan{0, 1, {}, 1}), "training: epochs: found 0, expected 1 or more");
  CHECK_THROWS_WITH(check(TrainingPlan{1, 0, {0.1}, 1}), "training: batch: found 0, expected 1 or more");
  CHECK_THROWS_WITH(check(TrainingPlan{2, 1, {0.1}, 1}),
                    "training: learning_rate: found 1 values, expected 2, one for each epoch");
  CHECK_THROWS_WITH(check(TrainingPlan{1, 1, {-0.1}, 1}),
                    "training: learning_rate: found -0.1, expected more than 0");
  CHECK_THROWS_WITH(check(TrainingPlan{1, 1, {std::nan("")}, 1}),
                    "training: learning_rate: found nan, expected more than 0");
}
