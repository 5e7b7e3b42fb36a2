// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "models/crossbar/adc.h"
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

TEST_CASE("a profile knows what the converters lost and what others would lose") {
  Random random(52);
  ArrayConfig config;
  config.rows = config.cols = 40;
  config.adc_bits = 6;
  config.arithmetic = Arithmetic::sliced;
  for (const crossbar::Encoding encoding :
       {crossbar::Encoding::reference, crossbar::Encoding::offset, crossbar::Encoding::unit_column}) {
    CAPTURE(static_cast<int>(encoding));
    config.encoding = encoding;
    const Block w = random.weights(40, 40, 32);
    const Operands x = random.operands(40, 15);
    Array observed(config);
    REQUIRE(program(observed, 0, 0, w).ok());
    CurrentProfile profile(config.slices);
    observed.observe(&profile);
    mvm(observed, x, 15, 40);
    mtvm(observed, x, 15, 40);
    std::uint64_t conversions = 0;
    std::uint64_t rounded = 0;
    for (int slice = 0; slice < config.slices; ++slice) {
      conversions += profile.observed(slice);
      rounded += profile.losses(slice).rounded;
    }
    CHECK(conversions == observed.statistics().conversions);
    CHECK(rounded == observed.statistics().conversions_rounded);
    CHECK(rounded > 0);

    // The same products with ranges that cover every other current lose what the profile says.
    ArrayConfig calibrated = config;
    calibrated.adc_range = AdcRange::calibrated;
    calibrated.adc_bits = 3;
    calibrated.full_scale = profile.full_scale(0.5);
    std::uint64_t clipped = 0;
    rounded = 0;
    for (int slice = 0; slice < config.slices; ++slice) {
      const crossbar::AdcCounts lost =
          profile.losses_with(slice, crossbar::make_adc(calibrated, 40, slice, true));
      clipped += lost.clipped;
      rounded += lost.rounded;
    }
    Array array(calibrated);
    REQUIRE(program(array, 0, 0, w).ok());
    mvm(array, x, 15, 40);
    mtvm(array, x, 15, 40);
    CHECK(clipped > 0);
    CHECK(array.statistics().conversions_clipped == clipped);
    CHECK(array.statistics().conversions_rounded == rounded);
  }
}

TEST_CASE("profiles add up, currents beyond sixteen bits included") {
  CurrentProfile one(1);
  CurrentProfile other(1);
  const std::int32_t few[] = {-3, 100'000, 7};
  const std::int32_t more[] = {-100'000, 200'000};
  one.add(0, few, 3);
  other.add(0, more, 2);
  other.add_losses(0, {2, 1});
  one.add(other);
  CHECK(one.observed(0) == 5);
  CHECK(one.largest(0) == 200'000);
  CHECK(one.full_scale(0.4) == std::vector<int>{7});
  CHECK(one.full_scale(0.8) == std::vector<int>{100'000});
  CHECK(one.losses(0).clipped == 2);
  CHECK(one.losses(0).rounded == 1);
  const crossbar::Adc steps_of_eight{3, -12'500, 12'499};
  CHECK(one.losses_with(0, steps_of_eight).clipped == 2);
  CHECK(one.losses_with(0, steps_of_eight).rounded == 2);
}

TEST_CASE("devices are profiled like ideal cells, and an array takes another full scale") {
  Random random(53);
  ArrayConfig config = two_slices();
  config.arithmetic = Arithmetic::device;
  config.adc_range = AdcRange::calibrated;
  config.full_scale = {1, 1};
  config.adc_bits = 2;
  Array devices(config);
  config.arithmetic = Arithmetic::sliced;
  Array ideal(config);
  const Block w = random.weights(4, 4, 4);
  CurrentProfile of_devices(2);
  CurrentProfile of_ideal(2);
  devices.observe(&of_devices);
  ideal.observe(&of_ideal);
  REQUIRE(program(devices, 0, 0, w).ok());
  REQUIRE(program(ideal, 0, 0, w).ok());
  const Operands x{5, -3, 1, 7};
  CHECK(mvm(devices, x, 3, 4) == mvm(ideal, x, 3, 4));
  CHECK(of_devices.full_scale() == of_ideal.full_scale());
  CHECK(of_devices.losses(0).clipped == of_ideal.losses(0).clipped);
  REQUIRE(ideal.statistics().conversions_clipped > 0);

  const std::uint64_t before = ideal.statistics().conversions_clipped;
  ideal.calibrate(of_ideal.full_scale());
  devices.calibrate(of_ideal.full_scale());
  CHECK(mvm(devices, x, 3, 4) == mvm(ideal, x, 3, 4));
  CHECK(ideal.statistics().conversions_clipped == before);
  CHECK_THROWS_WITH(ideal.calibrate({0, 1}), Catch::Contains("full_scale[0] = 0"));
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
