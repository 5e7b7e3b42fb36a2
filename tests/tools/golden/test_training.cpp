// SPDX-License-Identifier: Apache-2.0
// The golden reference against floating point: single steps and whole trainings.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "tests/support/skip.h"
#include "tests/tools/golden/lowered_networks.h"
#include "tools/dataset/digits.h"
#include "tools/dataset/idx.h"
#include "tools/dataset/input_file.h"
#include "tools/reference/float_reference.h"
#include "tools/reference/golden.h"

using namespace weft;
using namespace weft::reference;
using compiler::LoweringOptions;
using dataset::Dataset;
using dataset::Split;

namespace {

// Small weights and positive biases: no output is negative, so that no error reaches ±1 and saturates.
std::vector<LayerWeights> gentle_weights(const Network& network) {
  auto weights = initial_weights(network, 5);
  CounterRng random(4, 5, 6);
  for (LayerWeights& layer : weights) {
    for (double& weight : layer.weights) weight *= 0.25;
    for (double& bias : layer.bias) bias = 0.2 + 0.03 * random.normal();
  }
  return weights;
}

TrainingPlan plan_of(int epochs, int batch, double rate, double decay) {
  TrainingPlan plan;
  plan.epochs = epochs;
  plan.batch = batch;
  for (int epoch = 0; epoch < epochs; ++epoch) plan.learning_rate.push_back(rate * std::pow(decay, epoch));
  return plan;
}

struct Outcome {
  EpochMetrics train;  // of the last epoch
  EpochMetrics test;
};

Outcome train_golden(const Network& network, const TrainingPlan& plan, const Split& data,
                     const LoweringOptions& options = {}) {
  const auto lowered = compiler::lower(network, plan, options);
  Golden golden(lowered, compiler::lower_weights(lowered, initial_weights(network, plan.seed)));
  const auto codes = test::codes_of(data.train, options.format.input_bits);
  Outcome outcome;
  for (int epoch = 0; epoch < plan.epochs; ++epoch) {
    const auto order = epoch_order(plan.seed, epoch, static_cast<std::uint32_t>(data.train.count()));
    outcome.train = golden.train_epoch(codes, data.train.labels, order, epoch);
  }
  outcome.test = golden.evaluate(test::codes_of(data.test, options.format.input_bits), data.test.labels);
  return outcome;
}

// Biases and weights of a golden layer in real numbers, weights in the order of the golden reference.
std::vector<double> parameters(const Golden& golden, const compiler::LoweredLayer& layer,
                               std::size_t number) {
  std::vector<double> values;
  for (const std::int32_t weight : golden.weights(number)) {
    values.push_back(std::ldexp(weight, -layer.weight_fraction));
  }
  for (const std::int32_t bias : golden.bias(number)) {
    values.push_back(std::ldexp(bias, -compiler::bias_fraction));
  }
  return values;
}

std::vector<double> parameters(const LayerWeights& source, const compiler::LoweredLayer& layer) {
  const auto inputs = static_cast<std::size_t>(layer.inputs);
  const auto outputs = static_cast<std::size_t>(layer.outputs);
  std::vector<double> values;
  for (std::size_t input = 0; input < inputs; ++input) {
    for (std::size_t output = 0; output < outputs; ++output) {
      values.push_back(source.weights[output * inputs + input]);
    }
  }
  values.insert(values.end(), source.bias.begin(), source.bias.end());
  return values;
}

}  // namespace

TEST_CASE("one step is the step of real numbers up to the formats' resolution") {
  const Network network =
      GENERATE(Network{{{20, 12, Activation::relu}, {12, 9, Activation::sigmoid}, {9, 5, Activation::none}},
                       Loss::cross_entropy},
               Network{{{20, 9, Activation::sigmoid}, {9, 5, Activation::sigmoid}}, Loss::mean_squared_error},
               Network{{{20, 9, Activation::relu}, {9, 5, Activation::none}}, Loss::mean_squared_error},
               Network{{{20, 9, Activation::none}, {9, 5, Activation::relu}}, Loss::mean_squared_error});
  const int batch = GENERATE(1, 4);
  const int array_lines = GENERATE(128, 5);
  const double rate = 0.05 * batch;
  LoweringOptions options;
  options.format.activation_bits = 15;
  options.array_rows = options.array_columns = array_lines;
  options.arrays_per_tile = 2;
  const auto lowered = compiler::lower(network, plan_of(1, batch, rate, 1.0), options);
  const auto weights = gentle_weights(network);
  const Dataset data = test::random_samples(20, 5, batch);

  Golden golden(lowered, compiler::lower_weights(lowered, weights));
  BasicReference<double> reference(network, weights);
  const auto order = test::in_order(data.count());
  const Golden before = golden;
  golden.train_epoch(test::codes_of(data, 8), data.labels, order, 0);
  reference.train_epoch(data, order, batch, rate);

  for (std::size_t number = 0; number < lowered.layers.size(); ++number) {
    const auto& layer = lowered.layers[number];
    const auto start = parameters(before, layer, number);
    const auto end = parameters(golden, layer, number);
    const auto real_start = parameters(weights[number], layer);
    const auto real_end = parameters(reference.weights()[number], layer);
    double squares = 0.0;
    double real_squares = 0.0;
    double worst = 0.0;
    for (std::size_t i = 0; i < start.size(); ++i) {
      const double step = end[i] - start[i];
      const double real_step = real_end[i] - real_start[i];
      squares += step * step;
      real_squares += real_step * real_step;
      worst = std::max(worst, std::abs(step - real_step));
    }
    // Half a unit each: of an error with 13 fraction bits (twice, for what the rounding upstream adds), of
    // every sample's update. The values that multiply them are hardly above 1.
    CHECK(worst < rate * std::ldexp(1.0, -13) + batch * std::ldexp(0.5, -layer.update_fraction));
    CHECK(std::sqrt(squares) > 0.01 * rate);
    CHECK(std::sqrt(squares) == Approx(std::sqrt(real_squares)).epsilon(0.005));
  }
}

TEST_CASE("training figures are those of real numbers up to the formats' resolution") {
  const Network network = GENERATE(
      Network{{{256, 24, Activation::relu}, {24, 10, Activation::none}}, Loss::cross_entropy},
      Network{{{256, 24, Activation::sigmoid}, {24, 10, Activation::sigmoid}}, Loss::mean_squared_error},
      Network{{{256, 24, Activation::relu}, {24, 10, Activation::none}}, Loss::mean_squared_error});
  const Dataset digits = dataset::procedural_digits(1, 200, 10).train;
  const auto lowered = compiler::lower(network, plan_of(1, 1, 0.01, 1.0), {});
  const auto weights = initial_weights(network, 1);
  const Golden golden(lowered, compiler::lower_weights(lowered, weights));
  const EpochMetrics figures = golden.evaluate(test::codes_of(digits, 8), digits.labels);
  const Score real = BasicReference<double>(network, weights).evaluate(digits);
  CHECK(figures.mean_loss() == Approx(real.loss).epsilon(0.01));
  CHECK(figures.accuracy() == Approx(real.accuracy).margin(0.011));
}

TEST_CASE("the same plan gives the same bits") {
  const Split digits = dataset::procedural_digits(1, 300, 100);
  const Network network{{{256, 32, Activation::relu}, {32, 10, Activation::none}}, Loss::cross_entropy};
  const auto plan = plan_of(1, GENERATE(1, 16), 0.05, 1.0);
  const auto lowered = compiler::lower(network, plan, {});
  const auto initial = compiler::lower_weights(lowered, initial_weights(network, 1));
  const auto codes = test::codes_of(digits.train, 8);
  Golden first(lowered, initial);
  Golden second(lowered, initial);
  const auto metrics = first.train_epoch(codes, digits.train.labels, epoch_order(1, 0, 300), 0);
  CHECK(second.train_epoch(codes, digits.train.labels, epoch_order(1, 0, 300), 0).loss_q16 ==
        metrics.loss_q16);
  CHECK(first.weights(0) == second.weights(0));
  CHECK(first.bias(1) == second.bias(1));
  Golden other(lowered, initial);
  other.train_epoch(codes, digits.train.labels, epoch_order(2, 0, 300), 0);
  CHECK(first.weights(0) != other.weights(0));
}

TEST_CASE("networks learn the digits in fixed point as they do in floating point") {
  using Layers = std::vector<DenseLayer>;
  Network network;
  TrainingPlan plan;
  SECTION("relu, softmax") {
    network.layers = Layers{{256, 64, Activation::relu}, {64, 10, Activation::none}};
    plan = plan_of(4, 1, 0.05, 0.7);
  }
  SECTION("three layers, batches") {
    network.layers =
        Layers{{256, 48, Activation::relu}, {48, 32, Activation::relu}, {32, 10, Activation::none}};
    plan = plan_of(4, 8, 0.3, 0.7);
  }
  SECTION("sigmoid, squared error") {
    network.layers = Layers{{256, 64, Activation::sigmoid}, {64, 10, Activation::sigmoid}};
    network.loss = Loss::mean_squared_error;
    plan = plan_of(4, 1, 0.5, 0.8);
  }
  SECTION("relu, squared error of linear outputs") {
    network.layers = Layers{{256, 64, Activation::relu}, {64, 10, Activation::none}};
    network.loss = Loss::mean_squared_error;
    plan = plan_of(4, 1, 0.02, 0.8);
  }
  const Split digits = dataset::procedural_digits(1, 3000, 1000);
  FloatReference reference(network, initial_weights(network, 1));
  const double real = reference.train(digits, plan).back().test.accuracy;
  const Outcome outcome = train_golden(network, plan, digits);
  CHECK(real > 0.94);
  // Rounding sends two trainings on different ways; they end some tenths of a percent apart.
  CHECK(outcome.test.accuracy() > real - 0.015);
}

TEST_CASE("rare carry resolution changes nothing while weights stay within their range") {
  const Split digits = dataset::procedural_digits(1, 400, 200);
  const Network network{{{256, 32, Activation::relu}, {32, 10, Activation::none}}, Loss::cross_entropy};
  LoweringOptions options;
  const Outcome always = train_golden(network, plan_of(1, 1, 0.05, 1.0), digits, options);
  options.carry_period = 1000000;
  const Outcome never = train_golden(network, plan_of(1, 1, 0.05, 1.0), digits, options);
  CHECK(always.test.loss_q16 == never.test.loss_q16);
}

TEST_CASE("three epochs of MNIST end within a percent of floating point") {
  const std::filesystem::path directory = WEFT_SOURCE_DIR "/../shared/data/mnist";
  if (dataset::find_input_file(directory, {"t10k-images-idx3-ubyte"}).empty()) WEFT_SKIP("no MNIST files");
  const Split mnist = dataset::load_idx_directory(directory, 8000, 2000);
  const Network network{{{784, 128, Activation::relu}, {128, 10, Activation::none}}, Loss::cross_entropy};
  // A rate at which the course of the training hardly depends on rounding.
  const TrainingPlan plan = plan_of(3, 1, 0.02, 0.5);
  FloatReference reference(network, initial_weights(network, 1));
  const double real = reference.train(mnist, plan).back().test.accuracy;
  const Outcome outcome = train_golden(network, plan, mnist);
  CHECK(real > 0.95);
  CHECK(outcome.test.accuracy() > real - 0.01);
  CHECK(outcome.test.accuracy() < real + 0.01);
}
