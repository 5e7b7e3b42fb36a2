// SPDX-License-Identifier: Apache-2.0
// What copies of the weights, deposits of a whole batch and the counting of carries change, and what they do
// not.
#include <catch2/catch.hpp>

#include "tests/tools/golden/lowered_networks.h"
#include "tools/reference/golden.h"

using namespace weft;
using namespace weft::reference;
using compiler::LoweredNetwork;
using compiler::LoweredWeights;
using compiler::PerBatch;
using test::layer;
using test::network;

namespace {

LoweredNetwork small_network() {
  return network({layer(1, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
}

LoweredNetwork wide_network() {
  return network({layer(6, 5, Activation::relu, 8, 20), layer(5, 4, Activation::none, 7, 20)},
                 Loss::cross_entropy);
}

std::vector<LoweredWeights> some_weights() {
  CounterRng random(7, 8, 9);
  std::vector<LoweredWeights> weights(2);
  weights[0].weights.resize(30);
  weights[1].weights.resize(20);
  for (LoweredWeights& each : weights) {
    for (std::int32_t& weight : each.weights)
      weight = static_cast<std::int32_t>(random.below(1 << 20)) - (1 << 19);
  }
  weights[0].bias.resize(5);
  weights[1].bias.resize(4);
  return weights;
}

Golden trained(const LoweredNetwork& lowered, WeightRange range = {}) {
  const dataset::Dataset data = test::random_samples(6, 4, 30);
  Golden golden(lowered, some_weights(), range);
  golden.train_epoch(test::codes_of(data, 8), data.labels, test::in_order(data.count()), 0);
  return golden;
}

void check_equal(const Golden& one, const Golden& other) {
  for (std::size_t number = 0; number < 2; ++number) {
    CHECK(one.weights(number) == other.weights(number));
    CHECK(one.bias(number) == other.bias(number));
  }
}

}  // namespace

TEST_CASE("variants and deposits learn the same where nothing saturates") {
  LoweredNetwork lowered = wide_network();
  lowered.batch = GENERATE(1, 7);
  const Golden plain = trained(lowered);
  CHECK(plain.weights(0) != some_weights()[0].weights);
  lowered.deposits = GENERATE(PerBatch::example, PerBatch::batch);
  lowered.digit_bits = GENERATE(2, 4, 8);
  const int variant = GENERATE(1, 2, 3);
  for (compiler::LoweredLayer& each : lowered.layers) each.variant = variant;
  check_equal(trained(lowered), plain);
}

TEST_CASE("passes of a third copy's network read weights within their range") {
  const WeightRange range{-1000, 1000};
  const std::vector<LoweredWeights> initial{{{1000, -1000}, {0, 0}}};
  const auto after_one_sample = [&](int variant) {
    LoweredNetwork lowered = small_network();
    lowered.carry_period = 2;
    lowered.layers[0].variant = variant;
    Golden golden(lowered, initial, range);
    golden.train_epoch({128}, {0}, {0}, 0);
    return golden.outputs({255})[0] - golden.outputs({0})[0];
  };
  CHECK(after_one_sample(1) > 996);
  CHECK(after_one_sample(2) > 996);
  CHECK(after_one_sample(3) == 996);
}

TEST_CASE("the third copy keeps what is beyond the range until its carries are resolved") {
  const WeightRange range{-1000, 1000};
  const auto weight_after = [&](int carry_period) {
    LoweredNetwork lowered = small_network();
    lowered.carry_period = carry_period;
    lowered.layers[0].variant = 3;
    Golden golden(lowered, {{{1000, -1000}, {0, 0}}}, range);
    // Sample 0 drives the weights apart, sample 1 together.
    golden.train_epoch({128, 128}, {0, 1}, {0, 1}, 0);
    return golden.weights(0)[0];
  };
  CHECK(weight_after(2) > weight_after(1));
}

TEST_CASE("carries are counted in batches on demand") {
  const WeightRange range{-1000, 1000};
  const auto driven = [&](PerBatch unit, PerBatch deposits, int period, std::uint32_t samples) {
    LoweredNetwork lowered = small_network();
    lowered.batch = 2;
    lowered.carry_period = period;
    lowered.carry_unit = unit;
    lowered.deposits = deposits;
    Golden golden(lowered, {{{1000, -1000}, {0, 0}}}, range);
    golden.train_epoch({128}, {0}, std::vector<std::uint32_t>(samples, 0), 0);
    return golden.outputs({255})[0] - golden.outputs({0})[0];
  };
  const PerBatch deposits = GENERATE(PerBatch::example, PerBatch::batch);
  CHECK(driven(PerBatch::batch, deposits, 1, 2) == 996);
  CHECK(driven(PerBatch::batch, deposits, 2, 2) > 996);
  CHECK(driven(PerBatch::batch, deposits, 2, 4) == 996);
  CHECK(driven(PerBatch::batch, deposits, 2, 3) == 996);  // the second batch is incomplete
  CHECK(driven(PerBatch::example, deposits, 2, 2) == 996);
  CHECK(driven(PerBatch::example, deposits, 3, 2) > 996);
}

TEST_CASE("a deposit of a batch holds 15 bits above its cut and saturates there") {
  LoweredNetwork lowered = small_network();
  lowered.layers[0].weight_fraction = 23;  // an update of 15 bits
  lowered.layers[0].update_fraction = 15;
  lowered.deposits = PerBatch::batch;
  lowered.digit_bits = 8;  // cut at 8 bits
  REQUIRE(lowered.deposit_shift() == 8);
  lowered.batch = 16;
  Golden golden(lowered, {{{0, 0}, {0, 0}}});
  golden.train_epoch({255}, {0}, std::vector<std::uint32_t>(16, 0), 0);
  // 16 x 255 x 4096 is 16,711,680; the parts hold 32767 x 256 + 32767.
  CHECK(golden.weights(0)[0] == 32767 * 256 + 32767);
  CHECK(golden.weights(0)[1] == -(32767 * 256 + 32767));
}

TEST_CASE("a variant the machine does not have is refused") {
  LoweredNetwork lowered = small_network();
  lowered.layers[0].variant = GENERATE(0, 4);
  CHECK_THROWS_WITH(Golden(lowered, {{{0, 0}, {0, 0}}}),
                    Catch::Contains("variant") && Catch::Contains("1 to 3"));
}
