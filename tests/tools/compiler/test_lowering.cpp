// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "tools/compiler/lowering.h"

using namespace weft;
using namespace weft::compiler;
using reference::Activation;
using reference::Loss;
using reference::Network;
using reference::TrainingPlan;

namespace {

const Network mnist_mlp{{{784, 128, Activation::relu}, {128, 10, Activation::none}}, Loss::cross_entropy};

TrainingPlan constant_rate(double rate, int batch = 1, int epochs = 1) {
  TrainingPlan plan;
  plan.epochs = epochs;
  plan.batch = batch;
  plan.learning_rate.assign(static_cast<std::size_t>(epochs), rate);
  return plan;
}

LoweringOptions tile_of(int array_rows, int array_columns, int arrays_per_tile) {
  LoweringOptions options;
  options.array_rows = array_rows;
  options.array_columns = array_columns;
  options.arrays_per_tile = arrays_per_tile;
  return options;
}

int one_of(CounterRng& random, int lowest, int highest) {
  return lowest + static_cast<int>(random.below(static_cast<std::uint32_t>(highest - lowest + 1)));
}

Network random_network(CounterRng& random) {
  Network network;
  network.loss = random.below(2) == 0 ? Loss::cross_entropy : Loss::mean_squared_error;
  const int layers = one_of(random, 1, 5);
  int inputs = one_of(random, 1, 3000);
  for (int i = 0; i < layers; ++i) {
    const auto activation = static_cast<Activation>(random.below(3));
    network.layers.push_back({inputs, one_of(random, 1, 2000), activation});
    inputs = network.layers.back().outputs;
  }
  if (network.loss == Loss::cross_entropy) network.layers.back().activation = Activation::none;
  return network;
}

double value_of(const LoweredRate& rate) { return std::ldexp(rate.multiplier, -rate.exponent); }

// What a saturated error adds to a weight, in units of the update's last place.
double largest_update(const LoweredRate& rate, const LoweredLayer& layer, const NumberFormat& format) {
  return std::ldexp(value_of(rate), format.error_bits - layer.error_fraction + layer.update_fraction);
}

}  // namespace

TEST_CASE("a perceptron for MNIST gets the formats worked out by hand") {
  const LoweredNetwork lowered = lower(mnist_mlp, constant_rate(0.05), {});
  REQUIRE(lowered.layers.size() == 2);
  CHECK(lowered.loss == Loss::cross_entropy);
  CHECK(lowered.batch == 1);

  // 784 rows are seven blocks of 128, which one tile of eight arrays holds.
  const LoweredLayer& hidden = lowered.layers[0];
  CHECK(hidden.row_blocks == 7);
  CHECK(hidden.column_blocks == 1);
  CHECK(hidden.row_shards() == 1);
  CHECK(hidden.column_shards() == 1);
  CHECK(hidden.input_bits == 8);
  CHECK(hidden.input_fraction == 8);
  CHECK(hidden.output_bits == 10);
  CHECK(hidden.output_fraction == 7);
  CHECK(hidden.error_fraction == 13);
  // Errors below 4: 0.05 · 4 · 2^17 < 2^15 <= 0.05 · 4 · 2^18.
  CHECK(hidden.update_fraction == 17);
  CHECK(hidden.weight_fraction == 25);
  CHECK(hidden.mvm_shift() == 17);
  CHECK(hidden.mtvm_shift() == 22);

  const LoweredLayer& last = lowered.layers[1];
  CHECK(last.input_bits == 10);
  CHECK(last.input_fraction == 7);
  CHECK(last.error_fraction == 15);
  CHECK(last.update_fraction == 19);
  CHECK(last.weight_fraction == 26);

  // 0.05 = 26214.4 · 2^-19
  REQUIRE(lowered.rates.size() == 1);
  CHECK(lowered.rates[0].multiplier == 26214);
  CHECK(lowered.rates[0].exponent == 19);
  CHECK(lowered.rates[0].update_shift(hidden) == 15);
  CHECK(lowered.rates[0].update_shift(last) == 15);
  CHECK(lowered.rates[0].bias_shift(hidden) == 8);
  CHECK(lowered.rates[0].bias_shift(last) == 10);
}

TEST_CASE("a sigmoid's activations use all their bits for the fraction") {
  const Network network{{{20, 10, Activation::sigmoid}, {10, 5, Activation::sigmoid}},
                        Loss::mean_squared_error};
  const LoweredNetwork lowered = lower(network, constant_rate(0.5), {});
  CHECK(lowered.layers[0].output_fraction == 10);
  CHECK(lowered.layers[1].input_fraction == 10);
  CHECK(lowered.layers[1].input_bits == 10);
}

TEST_CASE("rates are fifteen-bit multipliers of the rate divided by the batch") {
  CounterRng random(1, 2, 3);
  for (int draw = 0; draw < 500; ++draw) {
    const double rate = std::exp(std::log(1e-5) + random.uniform() * std::log(5e5));
    const int batch = one_of(random, 1, 64);
    const LoweredRate lowered = lower(mnist_mlp, constant_rate(rate, batch), {}).rates[0];
    INFO(rate << " / " << batch);
    CHECK(lowered.multiplier >= 1 << 14);
    CHECK(lowered.multiplier < 1 << 15);
    CHECK(value_of(lowered) == Approx(rate / batch).epsilon(std::ldexp(1.0, -15)));
  }
}

TEST_CASE("a rate that rounds up to the next power of two keeps fifteen bits") {
  const LoweredRate rate = lower(mnist_mlp, constant_rate(0.99999), {}).rates[0];
  CHECK(rate.multiplier == 1 << 14);
  CHECK(value_of(rate) == 1.0);
}

TEST_CASE("every epoch has its rate, the greatest decides the format") {
  TrainingPlan plan = constant_rate(0.01, 1, 3);
  plan.learning_rate = {0.01, 0.05, 0.02};
  const LoweredNetwork lowered = lower(mnist_mlp, plan, {});
  REQUIRE(lowered.rates.size() == 3);
  CHECK(value_of(lowered.rates[0]) == Approx(0.01).epsilon(1e-4));
  CHECK(value_of(lowered.rates[2]) == Approx(0.02).epsilon(1e-4));
  CHECK(lowered.layers[0].weight_fraction == 25);
}

TEST_CASE("the largest update fits its bits and uses all of them unless the weights lack room") {
  CounterRng random(1, 2, 3);
  bool short_of_room = false;
  for (int draw = 0; draw < 500; ++draw) {
    const double rate = std::exp(std::log(1e-4) + random.uniform() * std::log(5e4));
    const LoweringOptions options;
    const LoweredNetwork lowered = lower(random_network(random), constant_rate(rate), options);
    for (const LoweredLayer& layer : lowered.layers) {
      const double update = largest_update(lowered.rates[0], layer, options.format);
      const double limit = std::ldexp(1.0, options.format.error_bits);
      // The rate itself may have been rounded up by half a unit of its fifteen bits.
      CHECK(update <= limit * (1 + std::ldexp(1.0, -15)));
      if (update <= limit / 2) {
        CHECK(layer.weight_fraction == options.format.weight_bits - 4);
        short_of_room = true;
      }
    }
  }
  CHECK(short_of_room);
}

TEST_CASE("whatever the network, every shift can be executed") {
  CounterRng random(7, 8, 9);
  for (int draw = 0; draw < 1000; ++draw) {
    const double rate = std::exp(std::log(1e-6) + random.uniform() * std::log(2e6));
    const LoweredNetwork lowered =
        lower(random_network(random), constant_rate(rate, one_of(random, 1, 16), one_of(random, 1, 3)), {});
    int input_fraction = lowered.format.input_bits;
    int input_bits = lowered.format.input_bits;
    for (const LoweredLayer& layer : lowered.layers) {
      REQUIRE(layer.input_fraction == input_fraction);
      REQUIRE(layer.input_bits == input_bits);
      REQUIRE(layer.update_fraction == layer.weight_fraction - layer.input_fraction);
      REQUIRE(layer.weight_fraction <= 28);
      REQUIRE(layer.mvm_shift() >= 0);
      REQUIRE(layer.mvm_shift() <= 63);
      REQUIRE(layer.mtvm_shift() >= 0);
      REQUIRE(layer.mtvm_shift() <= 63);
      REQUIRE(layer.error_fraction <= sum_fraction);
      REQUIRE(layer.output_fraction <= sum_fraction);
      for (const LoweredRate& lowered_rate : lowered.rates) {
        REQUIRE(lowered_rate.update_shift(layer) >= 0);
        REQUIRE(lowered_rate.update_shift(layer) <= 63);
        REQUIRE(lowered_rate.bias_shift(layer) >= 0);
        REQUIRE(lowered_rate.bias_shift(layer) <= 63);
      }
      input_fraction = layer.output_fraction;
      input_bits = layer.output_bits;
    }
  }
}

TEST_CASE("layers are cut so that every weight has a place and no tile holds more arrays than it has") {
  CounterRng random(4, 5, 6);
  for (int draw = 0; draw < 1000; ++draw) {
    const LoweringOptions options =
        tile_of(one_of(random, 1, 256), one_of(random, 1, 256), one_of(random, 1, 16));
    const LoweredNetwork lowered = lower(random_network(random), constant_rate(0.05), options);
    for (const LoweredLayer& layer : lowered.layers) {
      REQUIRE(layer.row_blocks * options.array_rows >= layer.inputs);
      REQUIRE((layer.row_blocks - 1) * options.array_rows < layer.inputs);
      REQUIRE(layer.column_blocks * options.array_columns >= layer.outputs);
      REQUIRE((layer.column_blocks - 1) * options.array_columns < layer.outputs);
      REQUIRE(layer.rows_per_shard >= 1);
      REQUIRE(layer.columns_per_shard >= 1);
      REQUIRE(layer.rows_per_shard * layer.columns_per_shard <= options.arrays_per_tile);
      REQUIRE(layer.row_shards() * layer.rows_per_shard >= layer.row_blocks);
      REQUIRE((layer.row_shards() - 1) * layer.rows_per_shard < layer.row_blocks);
      REQUIRE(layer.column_shards() * layer.columns_per_shard >= layer.column_blocks);
      // A column block leaves its tile only when the tile cannot hold it.
      REQUIRE((layer.row_shards() == 1) == (layer.row_blocks <= options.arrays_per_tile));
    }
  }
}

TEST_CASE("a column block larger than a tile is cut over tiles by itself") {
  const Network network{{{784, 300, Activation::none}}, Loss::cross_entropy};
  const LoweredLayer cut = lower(network, constant_rate(0.05), tile_of(128, 128, 4)).layers[0];
  CHECK(cut.row_blocks == 7);
  CHECK(cut.rows_per_shard == 4);
  CHECK(cut.row_shards() == 2);
  CHECK(cut.columns_per_shard == 1);
  CHECK(cut.column_shards() == 3);
  const LoweredLayer whole = lower(network, constant_rate(0.05), tile_of(128, 128, 14)).layers[0];
  CHECK(whole.row_shards() == 1);
  CHECK(whole.columns_per_shard == 2);
  CHECK(whole.column_shards() == 2);
}

TEST_CASE("learning rates beyond the fixed point are refused") {
  // The bias needs exponent + 13 >= 24: rates below 16 in hidden layers, below 64 in the last.
  CHECK_NOTHROW(lower(mnist_mlp, constant_rate(15.9), {}));
  CHECK_THROWS_WITH(lower(mnist_mlp, constant_rate(16), {}),
                    "training.learning_rate: 16 is too large for layer 0's fixed point");
  CHECK_NOTHROW(lower(mnist_mlp, constant_rate(16, 2), {}));
  CHECK_NOTHROW(lower(mnist_mlp, constant_rate(std::ldexp(1.0, -26)), {}));
  CHECK_THROWS_WITH(lower(mnist_mlp, constant_rate(std::ldexp(0.99, -26)), {}),
                    Catch::Contains("in epoch 1 is too small") && Catch::Contains("at least 1.5e-08"));
  CHECK_THROWS_AS(lower(mnist_mlp, constant_rate(0.0), {}), Error);
}

TEST_CASE("too few weight bits for the sums are refused") {
  LoweringOptions options;
  options.format.weight_bits = 16;
  CHECK_NOTHROW(lower(mnist_mlp, constant_rate(0.05), options));
  options.format.weight_bits = 8;
  CHECK_THROWS_WITH(
      lower(mnist_mlp, constant_rate(0.05), options),
      "workload.number_format: layer 0 has 8 input and 4 weight fraction bits, fewer than the 16 "
      "of its sums");
}

TEST_CASE("weights are transposed to the arrays' orientation and rounded") {
  const Network network{{{3, 2, Activation::none}}, Loss::cross_entropy};
  const LoweredNetwork lowered = lower(network, constant_rate(0.05), {});
  const double one = std::ldexp(1.0, lowered.layers[0].weight_fraction);
  const double unit = 1 / one;
  const auto weights =
      lower_weights(lowered, {{{0.5, 1.4 * unit, -1.5 * unit, -0.25, 2, -3}, {0.125, -0.5}}});
  REQUIRE(weights.size() == 1);
  const auto fixed = [one](double value) { return static_cast<std::int32_t>(value * one); };
  CHECK(weights[0].weights ==
        std::vector<std::int32_t>{fixed(0.5), fixed(-0.25), 1, fixed(2), -2, fixed(-3)});
  CHECK(weights[0].bias == std::vector<std::int32_t>{1 << 21, -(1 << 23)});
}

TEST_CASE("first weights are limited to half the arrays' range") {
  const Network network{{{1, 2, Activation::none}}, Loss::cross_entropy};
  const LoweredNetwork lowered = lower(network, constant_rate(0.05), {});
  const auto weights = lower_weights(lowered, {{{1e6, -1e6}, {1e6, -1e6}}});
  CHECK(weights[0].weights == std::vector<std::int32_t>{1 << 30, -(1 << 30)});
  CHECK(weights[0].bias == std::vector<std::int32_t>{1 << 30, -(1 << 30)});
}

TEST_CASE("input codes keep every grey level apart and stop at their greatest code") {
  CHECK(input_code(0.0F, 8) == 0);
  CHECK(input_code(1.0F, 8) == 255);
  CHECK(input_code(0.5F, 8) == 128);
  CHECK(input_code(2.0F, 8) == 255);
  CHECK(input_code(-1.0F, 8) == 0);
  CHECK(input_code(1.0F, 15) == std::numeric_limits<std::int16_t>::max());
  for (int grey = 1; grey < 255; ++grey) {
    const std::int16_t code = input_code(static_cast<float>(grey) / 255.0F, 8);
    CHECK(code > input_code(static_cast<float>(grey - 1) / 255.0F, 8));
    CHECK((code == grey || code == grey + 1));
  }
}

TEST_CASE("copies of a matrix share a tile's arrays") {
  const auto rows_and_columns = [](int variant) {
    LoweringOptions options = tile_of(128, 32, 8);
    options.variants = {variant, 1};
    const LoweredNetwork lowered = lower(mnist_mlp, constant_rate(0.1), options);
    const LoweredLayer& layer = lowered.layers[0];
    CHECK(layer.copies() == variant);
    CHECK(lowered.layers[1].copies() == 1);
    return std::make_pair(layer.rows_per_shard, layer.columns_per_shard);
  };
  CHECK(rows_and_columns(1) == std::make_pair(7, 1));
  CHECK(rows_and_columns(2) == std::make_pair(4, 1));
  CHECK(rows_and_columns(3) == std::make_pair(2, 1));
}

TEST_CASE("a tile with fewer arrays than copies is refused") {
  LoweringOptions options = tile_of(128, 128, 2);
  options.variants = {1, 3};
  CHECK_THROWS_WITH(lower(mnist_mlp, constant_rate(0.1), options),
                    Catch::Contains("layer 1 has variant 3 and hence 3 copies") &&
                        Catch::Contains("a tile has 2 arrays (platform.tile.crossbars)"));
  options.variants = {1};
  CHECK_THROWS_WITH(lower(mnist_mlp, constant_rate(0.1), options),
                    Catch::Contains("1 variants for 2 layers"));
  options.variants = {1, 4};
  CHECK_THROWS_WITH(lower(mnist_mlp, constant_rate(0.1), options),
                    Catch::Contains("found 4, allowed: 1 to 3"));
}

TEST_CASE("a batch's deposit is cut between digits") {
  for (int digit_bits = 1; digit_bits <= 8; ++digit_bits) {
    LoweringOptions options;
    options.digit_bits = digit_bits;
    const int shift = lower(mnist_mlp, constant_rate(0.1), options).deposit_shift();
    CHECK(shift % digit_bits == 0);
    CHECK(shift <= 14);
    CHECK(shift > 14 - digit_bits);
  }
}
