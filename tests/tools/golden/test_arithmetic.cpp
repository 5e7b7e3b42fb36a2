// SPDX-License-Identifier: Apache-2.0
// What the golden reference computes, number by number, against values worked out by hand.
#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "tests/tools/golden/lowered_networks.h"
#include "tools/reference/golden.h"

using namespace weft;
using namespace weft::reference;
using compiler::LoweredNetwork;
using compiler::LoweredWeights;
using test::layer;
using test::network;

namespace {

using Codes = std::vector<std::int16_t>;
using Integers = std::vector<std::int32_t>;

constexpr std::int32_t highest32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t lowest32 = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t bias_one = 1 << compiler::bias_fraction;

// One linear layer of one output; sums are plain integers when weight_fraction is 8.
LoweredNetwork single_output(int inputs, int weight_fraction, int array_rows, int rows_per_shard) {
  LoweredNetwork result =
      network({layer(inputs, 1, Activation::none, 8, weight_fraction)}, Loss::cross_entropy);
  result.array_rows = array_rows;
  result.layers[0].rows_per_shard = rows_per_shard;
  return result;
}

// A hidden linear layer of one neuron whose error reaches the outside as the step of its bias. Its
// activation is 0, so the output layer's errors follow from the output biases alone and its weights stay.
struct BackProbe {
  LoweredNetwork lowered;
  std::vector<LoweredWeights> initial;

  BackProbe(int weight_fraction, const Integers& weights, int array_columns, int columns_per_shard) {
    const int outputs = static_cast<int>(weights.size());
    lowered = network(
        {layer(1, 1, Activation::none, 8, 16), layer(1, outputs, Activation::none, 7, weight_fraction)},
        Loss::mean_squared_error);
    lowered.array_columns = array_columns;
    lowered.layers[1].columns_per_shard = columns_per_shard;
    // Outputs of 0.5 for class 0 to come, 1.5 for the label (the last class): all errors are +0.5.
    Integers bias(weights.size(), bias_one / 2);
    bias.back() = bias_one / 2 * 3;
    initial = {{{0}, {0}}, {weights, bias}};
  }

  // Error of the hidden neuron with 15 fraction bits. Its bias moves by −error · 2^14 >> (16 + 15 − 24).
  std::int32_t error() const {
    Golden golden(lowered, initial);
    const int label = lowered.layers[1].outputs - 1;
    golden.train_epoch({0}, {label}, {0}, 0);
    return -golden.bias(0)[0] / (1 << 7);
  }
};

}  // namespace

TEST_CASE("a 2-2-2 network takes the step worked out by hand") {
  LoweredNetwork lowered = network(
      {layer(2, 2, Activation::relu, 8, 16), layer(2, 2, Activation::none, 7, 17)}, Loss::cross_entropy);
  lowered.layers[0].error_fraction = 13;
  // Weights [0.5 −1; 1 0.5] and [0.5 −0.25; 1 1], first bias 0.25, the others 0.
  const Integers first{32768, -65536, 65536, 32768};
  const Integers second{65536, -32768, 131072, 131072};
  Golden golden(lowered, {{first, {bias_one / 4, 0}}, {second, {0, 0}}});
  const Codes sample{128, 64};  // 0.5, 0.25

  // Hidden sums 0.5 + 0.25 = 0.75 and −0.375, activations 96 / 128 and 0; output sums 0.375, −0.1875.
  REQUIRE(golden.outputs(sample) == Integers{24576, -12288});

  // exp(−0.5625) = 9559370 · 2^-24, S = 26336586, reciprocal 0xFFFFFFFF / 102877 = 41748,
  // softmax 20874 and 11894 of 32768, loss ln(S) + 0.5625 = 29553 + 36864.
  const EpochMetrics metrics = golden.train_epoch(sample, {1}, {0}, 0);
  CHECK(metrics.samples == 1);
  CHECK(metrics.correct == 0);
  CHECK(metrics.loss_q16 == 66417);

  // Errors 20874 and 11894 − 32767 = −20873; updates −error · 2^14 >> 21 = −163 and 163. Row 0 was driven
  // by 96, row 1 by 0. Biases move by −error · 2^14 >> 7.
  CHECK(golden.weights(1) == Integers{65536 - 96 * 163, -32768 + 96 * 163, 131072, 131072});
  CHECK(golden.bias(1) == Integers{-20874 * 128, 20873 * 128});

  // Back through the old weights: 20874 + 20873 / 2 = 31311 after rounding, with 13 fraction bits 3914;
  // update −31, bias −3914 · 512. The second neuron was off.
  CHECK(golden.weights(0) == Integers{32768 - 128 * 31, -65536, 65536 - 64 * 31, 32768});
  CHECK(golden.bias(0) == Integers{bias_one / 4 - 3914 * 512, 0});
}

TEST_CASE("evaluation gives the training figures of the same weights and changes nothing") {
  const LoweredNetwork lowered = network({layer(2, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  const std::vector<LoweredWeights> initial{{{32768, -65536, 65536, 32768}, {0, 77}}};
  Golden golden(lowered, initial);
  const Codes codes{128, 64, 0, 255};
  const EpochMetrics evaluated = golden.evaluate(codes, {0, 1});
  CHECK(golden.weights(0) == initial[0].weights);
  CHECK(golden.bias(0) == initial[0].bias);
  // Each sample alone, before it has moved anything.
  const EpochMetrics first = Golden(golden).train_epoch(codes, {0, 1}, {0}, 0);
  const EpochMetrics second = Golden(golden).train_epoch(codes, {0, 1}, {1}, 0);
  CHECK(evaluated.samples == 2);
  CHECK(evaluated.correct == first.correct + second.correct);
  CHECK(evaluated.loss_q16 == first.loss_q16 + second.loss_q16);
  CHECK(first.loss_q16 != second.loss_q16);
}

TEST_CASE("each array rounds its own partial sum") {
  const Codes sample{1, 1, 1};
  const std::vector<LoweredWeights> ones{{{1, 1, 1}, {0}}};
  // Shift by one bit: 1 and a half, against three halves that round up each.
  CHECK(Golden(single_output(3, 9, 3, 1), ones).outputs(sample) == Integers{2});
  CHECK(Golden(single_output(3, 9, 1, 1), ones).outputs(sample) == Integers{3});
}

TEST_CASE("partial sums saturate array by array, tile by tile, then over the tiles") {
  const Codes sample{200, 200, 200};
  const std::vector<LoweredWeights> initial{{{10000000, 10000000, -10000000}, {0}}};
  // 2e9 + 2e9 − 2e9
  CHECK(Golden(single_output(3, 8, 3, 1), initial).outputs(sample) == Integers{2000000000});
  CHECK(Golden(single_output(3, 8, 1, 3), initial).outputs(sample) == Integers{2000000000});
  CHECK(Golden(single_output(3, 8, 1, 1), initial).outputs(sample) == Integers{2000000000});
  CHECK(Golden(single_output(3, 8, 1, 2), initial).outputs(sample) == Integers{highest32 - 2000000000});
  CHECK(Golden(single_output(3, 8, 2, 1), initial).outputs(sample) == Integers{highest32 - 2000000000});
  CHECK(Golden(single_output(3, 8, 2, 2), initial).outputs(sample) == Integers{highest32 - 2000000000});
}

TEST_CASE("the bias is added to a sum that is already saturated") {
  const std::vector<LoweredWeights> initial{{{20000000}, {-256}}};
  CHECK(Golden(single_output(1, 8, 1, 1), initial).outputs({200}) == Integers{highest32 - 1});
  const std::vector<LoweredWeights> two_tiles{{{10000000, 10000000}, {-256}}};
  CHECK(Golden(single_output(2, 8, 1, 1), two_tiles).outputs({200, 200}) == Integers{highest32 - 1});
}

TEST_CASE("back-propagated sums are rounded by arrays and saturate by tiles") {
  // All errors are 2^14: with 16 fraction bits in the weights each column gives half a unit of 2^-16.
  const Integers ones{1, 1, 1};
  CHECK(BackProbe(16, ones, 1, 3).error() == 2);  // three units that were halves, times 2^-1
  CHECK(BackProbe(16, ones, 3, 1).error() == 1);  // 1.5, rounded to two
  // A weight comes back unchanged with 15 fraction bits.
  const Integers large{highest32, highest32, -highest32};
  CHECK(BackProbe(15, large, 1, 3).error() == 32767);
  CHECK(BackProbe(15, large, 1, 1).error() == 32767);
  CHECK(BackProbe(15, large, 1, 2).error() == 0);
  CHECK(BackProbe(15, large, 2, 1).error() == 0);
  CHECK(BackProbe(15, large, 2, 2).error() == 0);
  CHECK(BackProbe(15, {highest32, highest32}, 1, 1).error() == 32767);
}

TEST_CASE("activations saturate at their magnitude bits, relu drops negative sums") {
  const auto outputs = [](Activation activation, std::int32_t bias) {
    const LoweredNetwork lowered = network({layer(1, 1, activation, 8, 16)}, Loss::mean_squared_error);
    return Golden(lowered, {{{0}, {bias}}}).outputs({0})[0];
  };
  CHECK(outputs(Activation::relu, bias_one * 7) == 7 * 128);
  CHECK(outputs(Activation::relu, bias_one * 9) == 1023);
  CHECK(outputs(Activation::relu, -bias_one) == 0);
  CHECK(outputs(Activation::none, -bias_one * 9) == -1023);
  CHECK(outputs(Activation::none, -bias_one - bias_one / 256) == -129);  // −128.5 steps: away from zero
  CHECK(outputs(Activation::sigmoid, 0) == 64);
  CHECK(outputs(Activation::sigmoid, bias_one) == 94);  // 128 · 0.7311 = 93.6
}

TEST_CASE("squared error of linear outputs is loss, error and clipping by hand") {
  const LoweredNetwork lowered = network({layer(1, 3, Activation::none, 8, 16)}, Loss::mean_squared_error);
  // Outputs 0.5, 0.25 and −3 for the target 1, 0, 0.
  Golden golden(lowered, {{{0, 0, 0}, {bias_one / 2, bias_one / 4, -3 * bias_one}}});
  const EpochMetrics metrics = golden.train_epoch({256 - 1}, {0}, {0}, 0);
  CHECK(metrics.correct == 1);
  CHECK(metrics.loss_q16 == 65536 / 32 * (4 + 1 + 144));
  // Errors −0.5, 0.25 and −3, which saturates just above −1; the rate is 1/4.
  const Integers moved{bias_one / 8, -bias_one / 16, 32767 * 128};
  CHECK(golden.bias(0) ==
        Integers{bias_one / 2 + moved[0], bias_one / 4 + moved[1], -3 * bias_one + moved[2]});
}

TEST_CASE("squared error of relu outputs moves only those that are on") {
  const LoweredNetwork lowered = network({layer(1, 2, Activation::relu, 8, 16)}, Loss::mean_squared_error);
  Golden golden(lowered, {{{0, 0}, {bias_one / 2, -bias_one / 2}}});
  const EpochMetrics metrics = golden.train_epoch({0}, {1}, {0}, 0);
  CHECK(metrics.correct == 0);
  CHECK(metrics.loss_q16 == 65536 / 8 * (1 + 4));
  CHECK(golden.bias(0) == Integers{bias_one / 2 - bias_one / 8, -bias_one / 2});
}

TEST_CASE("squared error of sigmoid outputs carries the slope a (1 − a)") {
  LoweredNetwork lowered = network({layer(1, 3, Activation::sigmoid, 8, 16)}, Loss::mean_squared_error);
  lowered.layers[0].output_fraction = 10;
  Golden golden(lowered, {{{0, 0, 0}, {0, bias_one, bias_one}}});
  const EpochMetrics metrics = golden.train_epoch({0}, {0}, {0}, 0);
  // Outputs 512, 749 and 749 of 1024; the target 1 has the code 1023. The loss is rounded down.
  CHECK(metrics.correct == 0);
  CHECK((511 * 511 + 2 * 749 * 749) % 32 > 16);
  CHECK(metrics.loss_q16 == (511 * 511 + 2 * 749 * 749) / 32);
  // Slopes 256 and 749 · 275 / 1024 = 201; errors −511 · 256 and 749 · 201 with 20 fraction bits, to 15.
  CHECK(golden.bias(0) == Integers{4088 * 128, bias_one - 4705 * 128, bias_one - 4705 * 128});
}

TEST_CASE("squared errors far off saturate") {
  LoweredNetwork lowered = network({layer(1, 3, Activation::none, 8, 16)}, Loss::mean_squared_error);
  lowered.layers[0].output_bits = 15;
  // Outputs ±32767; for the label the difference −32767 − 128 does not fit 16 bits.
  Golden golden(lowered, {{{-(1 << 30), 1 << 30, 1 << 30}, {0, 0, 0}}});
  const EpochMetrics metrics = golden.train_epoch({255}, {0}, {0}, 0);
  CHECK(metrics.loss_q16 == std::int64_t{highest32} * 2);
  CHECK(golden.bias(0) == Integers{32767 * 128, -32767 * 128, -32767 * 128});
}

TEST_CASE("outputs at both ends of the range are told apart") {
  // Sums −2^31 and 2^31 − 1: their distance saturates, and so does the loss.
  const LoweredNetwork lowered = network({layer(1, 2, Activation::none, 8, 8)}, Loss::cross_entropy);
  const Golden golden(lowered, {{{-highest32, highest32}, {0, 0}}});
  REQUIRE(golden.outputs({255}) == Integers{lowest32, highest32});
  CHECK(golden.evaluate({255}, {1}).loss_q16 == 0);
  CHECK(golden.evaluate({255}, {0}).loss_q16 == highest32);
}

TEST_CASE("a new bias counts from the next batch on") {
  LoweredNetwork lowered = network({layer(1, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  Golden golden(lowered, {{{0, 0}, {0, 0}}});
  golden.train_epoch({0}, {0}, {0}, 0);
  CHECK(golden.outputs({0}) == Integers{8192, -8192});  // errors of one half, a quarter of them
}

TEST_CASE("updates and biases saturate") {
  const LoweredNetwork lowered = network({layer(1, 2, Activation::none, 8, 28)}, Loss::cross_entropy);
  // Errors −16383 and 16384 times 2^14, shifted right by 11: four times what an update can be.
  Golden golden(lowered, {{{0, 0}, {highest32, highest32}}});
  golden.train_epoch({3}, {0}, {0}, 0);
  CHECK(golden.weights(0) == Integers{3 * 32767, -3 * 32767});
  CHECK(golden.bias(0) == Integers{highest32, highest32 - 16384 * 128});
}

TEST_CASE("the first of equal outputs is the answer") {
  const LoweredNetwork softmax = network({layer(1, 3, Activation::none, 8, 16)}, Loss::cross_entropy);
  const LoweredNetwork squares = network({layer(1, 3, Activation::none, 8, 16)}, Loss::mean_squared_error);
  const std::vector<LoweredWeights> equal{{{0, 0, 0}, {0, bias_one, bias_one}}};
  for (const LoweredNetwork& lowered : {softmax, squares}) {
    const Golden golden(lowered, equal);
    CHECK(golden.evaluate({0, 0, 0}, {0, 1, 2}).correct == 1);
    CHECK(golden.evaluate({0}, {1}).correct == 1);
  }
}

TEST_CASE("a batch adds the steps of its samples, all taken with the old weights") {
  LoweredNetwork lowered = network({layer(2, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  const std::vector<LoweredWeights> initial{{{1000, -2000, 3000, 4000}, {5, 6}}};
  const Codes codes{128, 64, 200, 10, 7, 255};
  const std::vector<int> labels{0, 1, 1};
  Golden alone[] = {{lowered, initial}, {lowered, initial}, {lowered, initial}};
  for (std::uint32_t i = 0; i < 3; ++i) alone[i].train_epoch(codes, labels, {i}, 0);
  lowered.batch = 3;
  Golden together(lowered, initial);
  together.train_epoch(codes, labels, {2, 0, 1}, 0);
  for (std::size_t i = 0; i < 4; ++i) {
    std::int32_t sum = initial[0].weights[i];
    for (const Golden& golden : alone) sum += golden.weights(0)[i] - initial[0].weights[i];
    CHECK(together.weights(0)[i] == sum);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    std::int32_t sum = initial[0].bias[i];
    for (const Golden& golden : alone) sum += golden.bias(0)[i] - initial[0].bias[i];
    CHECK(together.bias(0)[i] == sum);
  }

  // One by one, the second sample already sees other weights.
  lowered.batch = 1;
  Golden in_turn(lowered, initial);
  in_turn.train_epoch(codes, labels, {2, 0, 1}, 0);
  CHECK(in_turn.weights(0) != together.weights(0));
}

TEST_CASE("an incomplete last batch is a batch of its own at the same rate") {
  LoweredNetwork lowered = network({layer(2, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  lowered.batch = 2;
  const std::vector<LoweredWeights> initial{{{1000, -2000, 3000, 4000}, {5, 6}}};
  const Codes codes{128, 64, 200, 10, 7, 255};
  const std::vector<int> labels{0, 1, 1};
  Golden whole(lowered, initial);
  const EpochMetrics metrics = whole.train_epoch(codes, labels, {0, 1, 2}, 0);
  CHECK(metrics.samples == 3);
  Golden cut(lowered, initial);
  const EpochMetrics first = cut.train_epoch(codes, labels, {0, 1}, 0);
  const EpochMetrics second = cut.train_epoch(codes, labels, {2}, 0);
  CHECK(whole.weights(0) == cut.weights(0));
  CHECK(whole.bias(0) == cut.bias(0));
  CHECK(metrics.loss_q16 == first.loss_q16 + second.loss_q16);
}

TEST_CASE("the epoch chooses the rate") {
  LoweredNetwork lowered = network({layer(1, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  lowered.rates = {test::quarter(), {1 << 14, 15}};
  Golden slow(lowered, {{{0, 0}, {0, 0}}});
  Golden fast = slow;
  slow.train_epoch({128}, {0}, {0}, 0);
  fast.train_epoch({128}, {0}, {0}, 1);
  // The second error is 16384 of 32768.
  CHECK(slow.bias(0)[1] == -16384 * 128);
  CHECK(fast.bias(0)[1] == -16384 * 256);
  CHECK(fast.weights(0)[1] == 2 * slow.weights(0)[1]);
}

TEST_CASE("weights leave their range until the carries are resolved") {
  LoweredNetwork lowered = network({layer(1, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  const WeightRange range{-1000, 1000};
  const std::vector<LoweredWeights> initial{{{1000, -1000}, {0, 0}}};
  const auto after = [&](int carry_period, const std::vector<std::vector<std::uint32_t>>& epochs) {
    lowered.carry_period = carry_period;
    Golden golden(lowered, initial, range);
    // Sample 0 drives the weights apart, sample 1 together.
    for (const auto& order : epochs) golden.train_epoch({128, 128}, {0, 1}, order, 0);
    return golden;
  };
  const Integers limits{1000, -1000};

  SECTION("resolved after every product, the second step starts at the limit") {
    const Golden golden = after(1, {{0, 1}});
    CHECK(golden.weights(0)[0] < 0);
  }
  SECTION("resolved after two, the second step takes back the first") {
    const Golden golden = after(2, {{0, 1}});
    CHECK(golden.weights(0)[0] > 0);
    CHECK(golden.weights(0)[0] < 1000);
  }
  SECTION("reading does not show what the range cannot hold, computing does") {
    const Golden resolved = after(1, {{0}});
    const Golden pending = after(2, {{0}});
    CHECK(resolved.weights(0) == limits);
    CHECK(pending.weights(0) == limits);
    CHECK(pending.outputs({255})[0] > resolved.outputs({255})[0]);
  }
  SECTION("products are counted across batches and epochs") {
    // What the weights alone add to the sum: at the limit 1000 · 255 >> 8.
    const auto driven = [](const Golden& golden) {
      return golden.outputs({255})[0] - golden.outputs({0})[0];
    };
    CHECK(driven(after(2, {{0}, {0}})) == 996);
    CHECK(driven(after(2, {{0}, {0}, {0}})) > 996);
    CHECK(driven(after(2, {{0}, {0}, {0}, {0}})) == 996);
    CHECK(driven(after(3, {{0}, {0}})) > 996);
    CHECK(driven(after(3, {{0}, {0}, {0}})) == 996);
  }
}

TEST_CASE("programming clamps the first weights to the range") {
  const LoweredNetwork lowered = network({layer(1, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  const Golden golden(lowered, {{{5000, -5000}, {0, 0}}}, {-1000, 900});
  CHECK(golden.weights(0) == Integers{900, -1000});
  CHECK(golden.outputs({255}) == Integers{896, -996});
}

TEST_CASE("sums of exponentials of very many classes saturate without a division by zero") {
  constexpr int classes = 200;
  const LoweredNetwork lowered = network({layer(1, classes, Activation::none, 8, 16)}, Loss::cross_entropy);
  const std::vector<LoweredWeights> zeros{{Integers(classes, 0), Integers(classes, 0)}};
  const EpochMetrics metrics = Golden(lowered, zeros).evaluate({0}, {3});
  CHECK(metrics.loss_q16 == 7 * 45426);  // ln 2^7: the sum stops just below 128
}

TEST_CASE("networks, weights and data that do not fit are refused") {
  const LoweredNetwork lowered = network({layer(2, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  const std::vector<LoweredWeights> initial{{{1, 2, 3, 4}, {5, 6}}};
  CHECK_THROWS_WITH(Golden(lowered, {}), "initial weights: found 0 layers, expected 1");
  CHECK_THROWS_WITH(Golden(lowered, {{{1, 2, 3}, {5, 6}}}),
                    "initial weights: layer 0: found 3 weights and 2 biases, expected 4 and 2");
  CHECK_THROWS_WITH(Golden(lowered, initial, {1, 5}),
                    "weight range: found 1 to 5, expected one with 0 in it");

  Golden golden(lowered, initial);
  CHECK_THROWS_WITH(golden.evaluate({1, 2, 3}, {0}),
                    "samples: found 3 codes, expected 2 of 1 samples with 2 features");
  CHECK_THROWS_WITH(golden.evaluate({1, 2, 3, 256}, {0, 0}),
                    "samples: sample 1, feature 1: found code 256, expected -255 to 255");
  CHECK_THROWS_WITH(golden.evaluate({1, 2}, {2}), "samples: sample 0: found label 2, expected 0 to 1");
  CHECK_THROWS_WITH(golden.train_epoch({1, 2}, {1}, {1}, 0),
                    "training: order: found sample 1, expected less than 1");
  CHECK_THROWS_WITH(golden.train_epoch({1, 2}, {1}, {0}, 1), "training: epoch: found 1, expected 0 to 0");
  CHECK(golden.weights(0) == initial[0].weights);
}

TEST_CASE("formats that cannot be executed are refused") {
  LoweredNetwork lowered = network(
      {layer(2, 2, Activation::relu, 8, 16), layer(2, 2, Activation::none, 7, 16)}, Loss::cross_entropy);
  const std::vector<LoweredWeights> initial(2, {{1, 2, 3, 4}, {5, 6}});
  const auto refused = [&](const char* message) { CHECK_THROWS_WITH(Golden(lowered, initial), message); };
  SECTION("shift") {
    lowered.layers[0].weight_fraction = 7;
    refused("lowered network: layer 0: forward shift: found -1, expected 0 to 63");
  }
  SECTION("chain") {
    lowered.layers[1].inputs = 3;
    refused("lowered network: layer 1: inputs: found 3, expected 2 to 2");
  }
  SECTION("fractions") {
    lowered.layers[1].input_fraction = 6;
    lowered.layers[1].update_fraction = 10;
    refused("lowered network: layer 1: input_fraction: found 6, expected 7 to 7");
  }
  SECTION("rate") {
    lowered.rates[0].exponent = 8;
    refused("lowered network: layer 0: bias shift: found -1, expected 0 to 63");
  }
  SECTION("batch") {
    lowered.batch = 0;
    refused("lowered network: batch: found 0, expected 1 or more");
  }
  SECTION("layers") {
    lowered.layers.clear();
    refused("lowered network: found no layers, expected 1 or more");
  }
}
