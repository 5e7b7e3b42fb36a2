// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "tests/support/skip.h"
#include "tools/dataset/digits.h"
#include "tools/dataset/idx.h"
#include "tools/dataset/input_file.h"
#include "tools/reference/float_reference.h"

using namespace weft::reference;
using weft::dataset::Dataset;
using weft::dataset::Split;
using DoubleReference = BasicReference<double>;

namespace {

Dataset random_samples(int features, int classes, int count) {
  Dataset data{"random", features, classes, {}, {}, weft::dataset::numbered_classes(classes)};
  weft::CounterRng random(1, 2, 3);
  for (int i = 0; i < count; ++i) {
    for (int f = 0; f < features; ++f) data.samples.push_back(static_cast<float>(random.uniform()));
    data.labels.push_back(static_cast<int>(random.below(static_cast<std::uint32_t>(classes))));
  }
  return data;
}

std::vector<std::uint32_t> in_order(std::size_t count) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < count; ++i) order.push_back(i);
  return order;
}

// Weights whose biases are not 0 either.
std::vector<LayerWeights> random_weights(const Network& network) {
  auto weights = initial_weights(network, 5);
  weft::CounterRng random(4, 5, 6);
  for (LayerWeights& layer : weights) {
    for (double& bias : layer.bias) bias = 0.2 * random.normal();
  }
  return weights;
}

double loss_of(const Network& network, const std::vector<LayerWeights>& weights, const Dataset& data) {
  return DoubleReference(network, weights).evaluate(data).loss;
}

// The slope of the mean loss in one parameter, by central differences.
double slope(const Network& network, std::vector<LayerWeights>& weights, double& parameter,
             const Dataset& data) {
  constexpr double step = 1e-5;
  const double kept = parameter;
  parameter = kept + step;
  const double above = loss_of(network, weights, data);
  parameter = kept - step;
  const double below = loss_of(network, weights, data);
  parameter = kept;
  return (above - below) / (2 * step);
}

std::vector<double> decaying(double first, double factor, int epochs) {
  std::vector<double> rates(static_cast<std::size_t>(epochs), first);
  for (std::size_t epoch = 1; epoch < rates.size(); ++epoch) rates[epoch] = factor * rates[epoch - 1];
  return rates;
}

const Network digits_mlp{{{256, 64, Activation::relu}, {64, 10, Activation::none}}, Loss::cross_entropy};

}  // namespace

TEST_CASE("a step is the learning rate times the slope that finite differences show") {
  const Network network =
      GENERATE(Network{{{6, 5, Activation::relu}, {5, 4, Activation::sigmoid}, {4, 3, Activation::none}},
                       Loss::cross_entropy},
               Network{{{6, 5, Activation::sigmoid}, {5, 3, Activation::sigmoid}}, Loss::mean_squared_error},
               Network{{{6, 5, Activation::none}, {5, 3, Activation::relu}}, Loss::mean_squared_error});
  const int batch = GENERATE(1, 4);
  const Dataset data = random_samples(6, 3, batch);
  std::vector<LayerWeights> weights = random_weights(network);
  DoubleReference reference(network, weights);
  constexpr double rate = 0.5;
  reference.train_epoch(data, in_order(data.count()), batch, rate);
  const std::vector<LayerWeights> after = reference.weights();
  std::size_t moved = 0;
  for (std::size_t l = 0; l < weights.size(); ++l) {
    for (std::size_t i = 0; i < weights[l].weights.size(); ++i) {
      const double step = weights[l].weights[i] - after[l].weights[i];
      CHECK(step ==
            Approx(rate * slope(network, weights, weights[l].weights[i], data)).epsilon(1e-6).margin(1e-9));
      if (step != 0.0) ++moved;
    }
    for (std::size_t i = 0; i < weights[l].bias.size(); ++i) {
      const double step = weights[l].bias[i] - after[l].bias[i];
      CHECK(step ==
            Approx(rate * slope(network, weights, weights[l].bias[i], data)).epsilon(1e-6).margin(1e-9));
    }
  }
  CHECK(moved > 10);
}

TEST_CASE("losses and accuracy have their textbook values") {
  // One sample (1, 0), identity weights: outputs (1, 0).
  Dataset data{"one", 2, 2, {1.0F, 0.0F}, {1}, {"0", "1"}};
  const std::vector<LayerWeights> identity{{{1, 0, 0, 1}, {0, 0}}};
  const Network softmax{{{2, 2, Activation::none}}, Loss::cross_entropy};
  const Network squares{{{2, 2, Activation::none}}, Loss::mean_squared_error};
  CHECK(DoubleReference(softmax, identity).evaluate(data).loss == Approx(std::log(1 + std::exp(1.0))));
  CHECK(DoubleReference(squares, identity).evaluate(data).loss == Approx(1.0));
  CHECK(DoubleReference(squares, identity).evaluate(data).accuracy == 0.0);
  data.labels[0] = 0;
  CHECK(DoubleReference(softmax, identity).evaluate(data).loss == Approx(std::log(1 + std::exp(-1.0))));
  CHECK(DoubleReference(squares, identity).evaluate(data).loss == 0.0);
  CHECK(DoubleReference(squares, identity).evaluate(data).accuracy == 1.0);
}

TEST_CASE("softmax of large outputs does not overflow") {
  const Dataset data{"one", 1, 2, {1.0F}, {1}, {"0", "1"}};
  const Network network{{{1, 2, Activation::none}}, Loss::cross_entropy};
  FloatReference reference(network, {{{1000, -1000}, {0, 0}}});
  CHECK(reference.evaluate(data).loss == Approx(2000.0));
  reference.train_epoch(data, {0}, 1, 1.0);
  CHECK(reference.weights()[0].weights == std::vector<double>{999, -999});
}

TEST_CASE("an incomplete last batch is divided by the full batch") {
  const Network network{{{6, 3, Activation::none}}, Loss::mean_squared_error};
  const Dataset data = random_samples(6, 3, 4);
  const auto weights = random_weights(network);
  DoubleReference cut(network, weights);
  cut.train_epoch(data, {0, 1, 2, 3}, 3, 0.3);
  DoubleReference whole(network, weights);
  whole.train_epoch(data, {0, 1, 2}, 3, 0.3);
  whole.train_epoch(data, {3}, 1, 0.1);
  for (std::size_t i = 0; i < 18; ++i) {
    CHECK(cut.weights()[0].weights[i] == Approx(whole.weights()[0].weights[i]).epsilon(1e-12));
  }
}

TEST_CASE("training figures judge each sample before the step it causes") {
  const Dataset data = random_samples(256, 10, 50);
  const auto weights = initial_weights(digits_mlp, 1);
  FloatReference reference(digits_mlp, weights);
  const Score before = reference.evaluate(data);
  const Score online = reference.train_epoch(data, in_order(50), 50, 0.1);
  CHECK(online.loss == Approx(before.loss).epsilon(1e-5));
  CHECK(online.accuracy == before.accuracy);
  CHECK(reference.evaluate(data).loss < before.loss);
}

TEST_CASE("samples are seen in the order given") {
  const Dataset data = random_samples(256, 10, 3);
  const auto weights = initial_weights(digits_mlp, 1);
  FloatReference forwards(digits_mlp, weights);
  FloatReference backwards(digits_mlp, weights);
  FloatReference one_by_one(digits_mlp, weights);
  forwards.train_epoch(data, {0, 1, 2}, 1, 0.1);
  backwards.train_epoch(data, {2, 1, 0}, 1, 0.1);
  for (const std::uint32_t sample : {2U, 1U, 0U}) one_by_one.train_epoch(data, {sample}, 1, 0.1);
  CHECK(backwards.weights()[0].weights == one_by_one.weights()[0].weights);
  CHECK(backwards.weights()[0].weights != forwards.weights()[0].weights);
}

TEST_CASE("the same plan gives the same bits") {
  const Split digits = weft::dataset::procedural_digits(1, 300, 100);
  const int batch = GENERATE(1, 16);
  const TrainingPlan plan{2, batch, {0.05, 0.02}, 9};
  FloatReference first(digits_mlp, initial_weights(digits_mlp, 9));
  FloatReference second(digits_mlp, initial_weights(digits_mlp, 9));
  const auto first_results = first.train(digits, plan);
  const auto second_results = second.train(digits, plan);
  REQUIRE(first_results.size() == 2);
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    CHECK(first_results[epoch].train.loss == second_results[epoch].train.loss);
    CHECK(first_results[epoch].test.loss == second_results[epoch].test.loss);
    CHECK(first_results[epoch].train_seconds > 0.0);
  }
  CHECK(first.weights()[0].weights == second.weights()[0].weights);
}

TEST_CASE("a plan runs each epoch in its own order and at its own rate") {
  const Split digits = weft::dataset::procedural_digits(1, 100, 10);
  FloatReference planned(digits_mlp, initial_weights(digits_mlp, 1));
  planned.train(digits, {2, 1, {0.05, 0.02}, 9});
  FloatReference by_hand(digits_mlp, initial_weights(digits_mlp, 1));
  by_hand.train_epoch(digits.train, epoch_order(9, 0, 100), 1, 0.05);
  by_hand.train_epoch(digits.train, epoch_order(9, 1, 100), 1, 0.02);
  CHECK(planned.weights()[0].weights == by_hand.weights()[0].weights);
}

TEST_CASE("a small network learns the digits, a linear one clearly less") {
  const Split digits = weft::dataset::procedural_digits(1, 4000, 1000);
  FloatReference mlp(digits_mlp, initial_weights(digits_mlp, 1));
  const double learned = mlp.train(digits, {5, 1, decaying(0.05, 0.8, 5), 1}).back().test.accuracy;
  const Network linear_network{{{256, 10, Activation::none}}, Loss::cross_entropy};
  FloatReference linear(linear_network, initial_weights(linear_network, 1));
  const double limit = linear.train(digits, {20, 1, decaying(0.01, 0.9, 20), 1}).back().test.accuracy;
  CHECK(learned > 0.97);
  CHECK(limit > 0.85);
  CHECK(limit < learned - 0.02);
}

TEST_CASE("sigmoid layers with squared error learn the digits, one by one and in batches") {
  const Split digits = weft::dataset::procedural_digits(1, 4000, 1000);
  const Network network{{{256, 64, Activation::sigmoid}, {64, 10, Activation::sigmoid}},
                        Loss::mean_squared_error};
  FloatReference online(network, initial_weights(network, 1));
  CHECK(online.train(digits, {5, 1, decaying(0.5, 0.8, 5), 1}).back().test.accuracy > 0.95);
  FloatReference batched(network, initial_weights(network, 1));
  CHECK(batched.train(digits, {10, 8, decaying(3.0, 0.8, 10), 1}).back().test.accuracy > 0.95);
}

TEST_CASE("three epochs of MNIST reach 92 percent") {
  const std::filesystem::path directory = WEFT_SOURCE_DIR "/../shared/data/mnist";
  if (weft::dataset::find_input_file(directory, {"t10k-images-idx3-ubyte"}).empty())
    WEFT_SKIP("no MNIST files");
  const Split mnist = weft::dataset::load_idx_directory(directory, 8000, 2000);
  const Network network{{{784, 128, Activation::relu}, {128, 10, Activation::none}}, Loss::cross_entropy};
  FloatReference reference(network, initial_weights(network, 1));
  const auto results = reference.train(mnist, {3, 1, decaying(0.05, 0.7, 3), 1});
  CHECK(results.back().test.accuracy >= 0.92);
  CHECK(results[2].train.loss < results[0].train.loss);
}

TEST_CASE("weights, data and orders that do not fit are refused") {
  const auto weights = initial_weights(digits_mlp, 1);
  CHECK_THROWS_WITH(FloatReference(digits_mlp, {weights[0]}), "weights: found 1 layers, expected 2");
  CHECK_THROWS_WITH(FloatReference(digits_mlp, {weights[1], weights[1]}),
                    "weights: layer 0: found 640 weights and 10 biases, expected 16384 and 64");
  FloatReference reference(digits_mlp, weights);
  CHECK_THROWS_WITH(reference.evaluate(random_samples(255, 10, 1)),
                    "network: found 256 inputs, expected 255 like the features of random");
  CHECK_THROWS_WITH(reference.train_epoch(random_samples(256, 9, 1), {0}, 1, 0.1),
                    "network: found 10 outputs, expected 9 like the classes of random");
  CHECK_THROWS_WITH(reference.evaluate(random_samples(256, 10, 0)),
                    "random: found no samples, expected 1 or more");
  const Dataset data = random_samples(256, 10, 3);
  CHECK_THROWS_WITH(reference.train_epoch(data, {0, 3}, 1, 0.1),
                    "training: order: found sample 3, expected 0 to 2");
  CHECK_THROWS_WITH(reference.train_epoch(data, {}, 1, 0.1),
                    "training: order: found no samples, expected 1 or more");
  CHECK_THROWS_WITH(reference.train_epoch(data, {0}, 0, 0.1), "training: batch: found 0, expected 1 or more");
}
