// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "models/crossbar/current_profile.h"
#include "tests/models/crossbar/array_fixture.h"

namespace weft::test {
namespace {

using crossbar::AdcRange;
using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;
using crossbar::CurrentProfile;

ArrayConfig two_slices() {
  ArrayConfig config;
  config.rows = 4;
  config.cols = 4;
  config.slices = 2;
  return config;
}

}  // namespace

TEST_CASE("a profile records the currents of both slices and from both sides") {
  Array array(two_slices());
  // Digits, least significant first: 1 and 1 everywhere.
  REQUIRE(program(array, 0, 0, Block(4, std::vector<std::int32_t>(4, 5))).ok());
  CurrentProfile profile(2);
  array.observe(&profile);
  CHECK(mvm(array, Operands{1, 1, -1, 0}, 1, 2) == Results{5, 5});
  CHECK(mtvm(array, Operands{-3, -1, -1}, 2, 4) == Results(4, -25));
  array.observe(nullptr);
  mvm(array, Operands(4, 1), 1, 4);
  // Two columns of current 1; four rows in two steps, currents -3 and -1.
  CHECK(profile.observed(0) == 10);
  CHECK(profile.full_scale() == std::vector<int>{3, 3});
  CHECK(profile.full_scale(0.6) == std::vector<int>{1, 1});
  CHECK(profile.full_scale(0.61) == std::vector<int>{3, 3});
  CHECK(array.path_statistics().sliced_operations == 2);
}

TEST_CASE("a profile without currents gives the smallest full scale") {
  CHECK(CurrentProfile(3).full_scale() == std::vector<int>{1, 1, 1});
  CHECK_THROWS_AS(CurrentProfile(3).full_scale(0), Error);
  CHECK_THROWS_AS(CurrentProfile(3).full_scale(1.01), Error);
}

TEST_CASE("exact arithmetic can be observed and goes on") {
  ArrayConfig config = two_slices();
  config.arithmetic = Arithmetic::exact;
  Array array(config);
  REQUIRE(array.opa(Operands{1, 1}, 1, Operands{3, 2}).ok());
  CurrentProfile profile(2);
  array.observe(&profile);
  CHECK(mvm(array, Operands{1, 1}, 1, 2) == Results{6, 4});
  array.observe(nullptr);
  REQUIRE(array.opa(Operands{1, 1}, 1, Operands{3, 2}).ok());
  CHECK(mvm(array, Operands{1, 1}, 1, 2) == Results{12, 8});
  CHECK(profile.full_scale() == std::vector<int>{6, 1});
}

TEST_CASE("converters calibrated with the largest currents lose nothing that a full range rounds") {
  Random random(51);
  ArrayConfig config;
  config.rows = 64;
  config.cols = 64;
  config.adc_bits = 7;
  Array wide(config);
  const Block w = random.weights(64, 64, 32);
  REQUIRE(program(wide, 0, 0, w).ok());
  CurrentProfile profile(config.slices);
  wide.observe(&profile);
  const Operands x = random.operands(64, 15, 4);
  mvm(wide, x, 15, 64);
  REQUIRE(wide.statistics().conversions_rounded > 0);

  ArrayConfig calibrated = config;
  calibrated.adc_range = AdcRange::calibrated;
  calibrated.full_scale = profile.full_scale();
  Array array(calibrated);
  SlowArray slow(calibrated);
  REQUIRE(program(array, 0, 0, w).ok());
  slow.program(0, 0, w);
  REQUIRE(*std::max_element(calibrated.full_scale.begin(), calibrated.full_scale.end()) <= 63);
  CHECK(mvm(array, x, 15, 64) == slow.multiply(x, 15, 64, false));
  CHECK(array.statistics().conversions_rounded == 0);
  CHECK(array.statistics().conversions_clipped == 0);

  // A percentile clips what is beyond it, and the clipped conversions are counted.
  calibrated.adc_bits = 3;
  calibrated.full_scale = profile.full_scale(0.3);
  Array clipping(calibrated);
  SlowArray slow_clipping(calibrated);
  REQUIRE(program(clipping, 0, 0, w).ok());
  slow_clipping.program(0, 0, w);
  CHECK(mvm(clipping, x, 15, 64) == slow_clipping.multiply(x, 15, 64, false));
  CHECK(clipping.statistics().conversions_clipped > 0);
  require_same_counts(clipping, slow_clipping);
}

}  // namespace weft::test
