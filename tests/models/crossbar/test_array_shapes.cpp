// SPDX-License-Identifier: Apache-2.0
// Arrays of odd sizes, larger than a vector, of every number of slices, cell width, DAC width and converter
// range: every instruction set against the slow model.
#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "tests/models/crossbar/array_fixture.h"

namespace weft::test {
namespace {

using crossbar::AdcRange;
using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;

ArrayConfig drawn(Random& random, int slices, AdcRange range) {
  ArrayConfig config;
  config.arithmetic = Arithmetic::sliced;
  config.rows = random.between(1, 150);
  config.cols = random.between(1, 150);
  config.slices = slices;
  config.digit_bits = random.between(1, 4);
  config.dac_bits = random.one_in(2) ? 1 : random.between(2, 8);
  config.adc_bits = random.between(2, 12);
  config.adc_range = range;
  for (int slice = 0; slice < slices; ++slice) {
    config.cell_bits.push_back(random.between(config.digit_bits, 6));
    const int largest_product = ((1 << config.dac_bits) - 1) << (config.cell_bits.back() - 1);
    config.full_scale.push_back(random.between(1, std::min(config.rows, config.cols) * largest_product));
  }
  if (range != AdcRange::calibrated) config.full_scale.clear();
  return config;
}

void play(const ArrayConfig& config, Random& random) {
  std::vector<Array> arrays;
  for (const crossbar::Kernels* kernels : crossbar::available_kernels())
    arrays.emplace_back(config, *kernels);
  SlowArray slow(config);
  const Block weights = random.weights(config.rows, config.cols, config.weight_bits());
  slow.program(0, 0, weights);
  for (Array& array : arrays) REQUIRE(program(array, 0, 0, weights).ok());
  for (int round = 0; round < 2; ++round) {
    // Streams of every length, dense and sparse; with carries from the second round on.
    const int in_bits = round == 0 ? 15 : random.between(1, 15);
    const Operands x = random.operands(config.rows, in_bits, 1 + round);
    const Operands d = random.operands(config.cols, in_bits, 1 + round);
    const Results columns = slow.multiply(x, in_bits, config.cols, false);
    const Results rows = slow.multiply(d, in_bits, config.rows, true);
    for (Array& array : arrays) {
      REQUIRE(mvm(array, x, in_bits, config.cols) == columns);
      REQUIRE(mtvm(array, d, in_bits, config.rows) == rows);
      REQUIRE(array.opa(x, in_bits, d).ok());
    }
    slow.opa(x, d);
    for (Array& array : arrays) require_same_cells(array, slow);
  }
  slow.crs();
  for (Array& array : arrays) {
    array.crs();
    require_same_cells(array, slow);
    require_same_counts(array, slow);
  }
}

}  // namespace

TEST_CASE("arrays of any shape, slicing and converter equal the slow model in every instruction set") {
  Random random(23);
  for (int slices = 1; slices <= 8; ++slices) {
    for (const AdcRange range : {AdcRange::max, AdcRange::granular, AdcRange::calibrated}) {
      const ArrayConfig config = drawn(random, slices, range);
      CAPTURE(slices, static_cast<int>(range), config.rows, config.cols, config.digit_bits, config.dac_bits,
              config.adc_bits);
      play(config, random);
    }
  }
}

}  // namespace weft::test
