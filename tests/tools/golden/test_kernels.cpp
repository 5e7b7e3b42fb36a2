// SPDX-License-Identifier: Apache-2.0
// Updates with activations as kernels, by hand.
#include <catch2/catch.hpp>

#include "tests/tools/golden/lowered_networks.h"
#include "tools/reference/golden.h"

using namespace weft;
using namespace weft::reference;
using compiler::Gradient;
using compiler::LoweredNetwork;
using compiler::PerBatch;

namespace {

// One input, two outputs, weights of zero: an input of any size gives both outputs the same probability, so
// that the errors (15 fraction bits) are -16383 at the label and 16384 at the other output.
LoweredNetwork one_input(Gradient gradient) {
  LoweredNetwork network = test::network({test::layer(1, 2, Activation::none, 8, 16)}, Loss::cross_entropy);
  network.gradient = gradient;
  return network;
}

std::vector<std::int32_t> trained(const LoweredNetwork& network, std::int16_t input,
                                  const std::vector<int>& labels) {
  Golden golden(network, {{{0, 0}, {0, 0}}});
  golden.train_epoch(std::vector<std::int16_t>(labels.size(), input), labels, test::in_order(labels.size()),
                     0);
  return golden.weights(0);
}

}  // namespace

TEST_CASE("a gradient with kernels is rounded once, after it has been multiplied with the rate") {
  const auto step = [](Gradient gradient) {
    LoweredNetwork network = one_input(gradient);
    network.rates = {{1 << 14, 22}};  // an error of 2^15 is one unit of an update
    return trained(network, 128, {0});
  };
  // 128 · 16383 / 2^15 and 128 · 16384 / 2^15; an outer product rounds 16383 / 2^15 and 16384 / 2^15 first.
  CHECK(step(Gradient::activation_kernels) == std::vector<std::int32_t>{64, -64});
  CHECK(step(Gradient::outer_products) == std::vector<std::int32_t>{0, -128});
}

TEST_CASE("stored gradients saturate with every sample, those summed in arrays at the end") {
  std::vector<int> labels(600, 0);
  labels.resize(1030, 1);
  const auto weight = [&](PerBatch store) {
    LoweredNetwork network = one_input(Gradient::activation_kernels);
    network.batch = 1030;
    network.gradient_store = store;
    return trained(network, 255, labels)[0];
  };
  // A unit of the weight is 512 of the gradient.
  CHECK(weight(PerBatch::batch) == (255 * 16383LL * 600 - 255 * 16384LL * 430 + 256) / 512);
  CHECK(weight(PerBatch::example) == ((std::int64_t{1} << 31) - 255 * 16384LL * 430) / 512);
}

TEST_CASE("weights stay within the range of the arrays") {
  LoweredNetwork network = one_input(Gradient::activation_kernels);
  Golden golden(network, {{{0, 0}, {0, 0}}}, {-1000, 900});
  golden.train_epoch({128}, {0}, {0}, 0);
  CHECK(golden.weights(0) == std::vector<std::int32_t>{900, -1000});
}
