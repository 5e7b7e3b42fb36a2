// SPDX-License-Identifier: Apache-2.0
// Long runs compute with the host's floating-point numbers: the same bits as an array that is stepped bit by
// bit.
#include <catch2/catch.hpp>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/fp_pim/float_microcode.h"
#include "models/fp_pim/fp_array.h"
#include "models/fp_pim/number.h"

using namespace weft;
using namespace weft::fp_pim;
using unit::Format;

namespace {

// One in four is zero, subnormal, infinite, a NaN or among the greatest or least numbers.
std::uint32_t random_bits(CounterRng& random, const FloatFormat& format) {
  const std::uint32_t sign = random.below(2) << (format.bits() - 1);
  const std::uint32_t fraction = random.next_u32() & ((1u << format.fraction_bits) - 1);
  std::uint32_t exponent = format.bias() + random.below(format.fraction_bits + 2) - format.fraction_bits / 2;
  if (random.below(4) == 0) {
    const std::uint32_t ends[] = {0, 0, 1, format.exponent_ones() - 1, format.exponent_ones()};
    exponent = ends[random.below(5)];
    if (random.below(3) == 0) return sign | exponent << format.fraction_bits;
  }
  return sign | exponent << format.fraction_bits | fraction;
}

}  // namespace

TEST_CASE("the fast path gives the bits of the stepped array") {
  constexpr unsigned lanes = 512;
  constexpr unsigned rounds = 60;
  for (const Format format : {Format::fp32, Format::fp16, Format::bf16}) {
    const FloatFormat shape = float_format(format);
    FloatMicrocode stepped(shape, sot_family(), lanes);
    CounterRng random(23, shape.bits(), shape.fraction_bits);
    for (unsigned round = 0; round < rounds; ++round) {
      std::vector<std::uint32_t> w(lanes), a(lanes), b(lanes), expected(lanes);
      std::vector<float> weights(lanes), factors(lanes), others(lanes), found(lanes);
      for (unsigned i = 0; i < lanes; ++i) {
        w[i] = random_bits(random, shape);
        a[i] = random_bits(random, shape);
        b[i] = random_bits(random, shape);
        weights[i] = from_bits(format, w[i]);
        factors[i] = from_bits(format, a[i]);
        others[i] = from_bits(format, b[i]);
      }
      FpArray array(1, lanes);
      const Part part{1, lanes};
      const auto check = [&] {
        array.read(part, found.data());
        for (unsigned i = 0; i < lanes; ++i) {
          CAPTURE(shape.bits(), w[i], a[i], b[i]);
          REQUIRE(to_bits(format, found[i]) == expected[i]);
        }
      };
      array.load(format, part, weights.data());
      array.multiply_add(part, factors.data(), others.data());
      stepped.multiply_add(w.data(), a.data(), b.data(), expected.data(), lanes);
      check();
      array.load(format, part, weights.data());
      array.add(part, factors.data());
      stepped.add(w.data(), a.data(), expected.data(), lanes);
      check();
      array.load(format, part, weights.data());
      array.multiply(part, factors.data());
      stepped.multiply(w.data(), a.data(), expected.data(), lanes);
      check();
      array.load(format, part, weights.data());
      array.opa(part, factors.data(), others.data());
      stepped.multiply_add(w.data(), std::vector<std::uint32_t>(lanes, a[0]).data(), b.data(),
                           expected.data(), lanes);
      check();
    }
  }
}

TEST_CASE("a product of packed lanes and its reduction give the bits of the stepped array") {
  constexpr unsigned rows = 3;
  constexpr unsigned groups = 6;
  for (const Format format : {Format::fp32, Format::fp16, Format::bf16}) {
    const FloatFormat shape = float_format(format);
    FloatMicrocode stepped(shape, nor_family(), groups);
    CounterRng random(29, shape.bits(), shape.fraction_bits);
    for (unsigned round = 0; round < 40; ++round) {
      std::vector<float> weights(rows * groups), x(rows * groups);
      std::vector<std::uint32_t> w(rows * groups), x_bits(rows * groups), sums(groups, 0);
      for (unsigned i = 0; i < rows * groups; ++i) {
        w[i] = random_bits(random, shape);
        x_bits[i] = random_bits(random, shape);
        weights[i] = from_bits(format, w[i]);
        x[i] = from_bits(format, x_bits[i]);
      }
      FpArray array(rows, groups);
      array.load(format, {rows, groups}, weights.data());
      float found = 0;
      array.mvm({rows, 1, groups, 0}, x.data(), &found);
      for (unsigned row = 0; row < rows; ++row) {
        std::vector<std::uint32_t> factors(groups);
        for (unsigned group = 0; group < groups; ++group) factors[group] = x_bits[group * rows + row];
        stepped.multiply_add(sums.data(), factors.data(), &w[row * groups], sums.data(), groups);
      }
      CHECK(to_bits(format, found) == stepped.reduce(sums.data(), groups));
    }
  }
}
