// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <functional>

#include "models/common/error.h"
#include "models/crossbar/array.h"

namespace weft::test {
namespace {

using crossbar::Array;
using crossbar::ArrayConfig;

ArrayConfig changed(const std::function<void(ArrayConfig&)>& change) {
  ArrayConfig config;
  change(config);
  return config;
}

void require_refused(const std::function<void(ArrayConfig&)>& change, const std::string& message) {
  const ArrayConfig config = changed(change);
  CHECK_THROWS_WITH(config.validate(), Catch::Contains(message));
  CHECK_THROWS_AS(Array(config), Error);
}

}  // namespace

TEST_CASE("a configuration that is not allowed is refused with field, value and range") {
  require_refused([](ArrayConfig& c) { c.rows = 0; }, "rows = 0 is not allowed (1 to 1024)");
  require_refused([](ArrayConfig& c) { c.cols = 1025; }, "cols = 1025 is not allowed (1 to 1024)");
  require_refused([](ArrayConfig& c) { c.digit_bits = 0; }, "digit_bits = 0 is not allowed (1 to 8)");
  require_refused([](ArrayConfig& c) { c.slices = 17; }, "slices = 17 is not allowed (1 to 16)");
  require_refused([](ArrayConfig& c) { c.slices = 0; }, "slices = 0 is not allowed (1 to 16)");
  require_refused([](ArrayConfig& c) { c.dac_bits = 9; }, "dac_bits = 9 is not allowed (1 to 8)");
  require_refused([](ArrayConfig& c) { c.adc_bits = 1; }, "adc_bits = 1 is not allowed (2 to 28)");
  require_refused(
      [](ArrayConfig& c) {
        c.cell_bits = {6, 6};
      },
      "cell_bits has 2 entries, one for each of the 16 slices is needed");
  require_refused(
      [](ArrayConfig& c) {
        c.cell_bits.assign(16, 6);
        c.cell_bits[3] = 1;
      },
      "cell_bits[3] = 1 is not allowed (2 to 8)");
  require_refused(
      [](ArrayConfig& c) {
        c.slices = 4;
        c.digit_bits = 7;
      },
      "cell_bits[0] = 6 is not allowed (7 to 8)");
  require_refused([](ArrayConfig& c) { c.slice_adc_bits = {8}; },
                  "slice_adc_bits has 1 entries, one for each of the 16 slices is needed");
  require_refused(
      [](ArrayConfig& c) {
        c.slice_adc_bits.assign(16, 8);
        c.slice_adc_bits[2] = 29;
      },
      "slice_adc_bits[2] = 29 is not allowed (2 to 28)");
  require_refused([](ArrayConfig& c) { c.full_scale.assign(16, 8); },
                  "full_scale is given, but adc_range is not calibrated");
  require_refused([](ArrayConfig& c) { c.adc_range = crossbar::AdcRange::calibrated; },
                  "full_scale has 0 entries");
  require_refused(
      [](ArrayConfig& c) {
        c.adc_range = crossbar::AdcRange::calibrated;
        c.full_scale.assign(16, 4097);
      },
      "full_scale[0] = 4097 is not allowed (1 to 4096)");
}

TEST_CASE("an array whose results could overflow the accumulator is refused") {
  require_refused(
      [](ArrayConfig& c) {
        c.rows = 1024;
        c.cell_bits.assign(16, 8);
      },
      "the accumulator has 63");
  CHECK_NOTHROW(changed([](ArrayConfig& c) { c.rows = c.cols = 1024; }).validate());
}

TEST_CASE("ten bits are lossless for 128 rows, two-bit digits and a one-bit DAC") {
  CHECK(ArrayConfig{}.lossless_adc_bits() == 10);
  // 128 rows of cells down to -32.
  CHECK(ArrayConfig{}.lossless_adc_bits_with_carries() == 14);
  CHECK(changed([](ArrayConfig& c) { c.cols = 129; }).lossless_adc_bits() == 10);
  CHECK(changed([](ArrayConfig& c) { c.cols = 256; }).lossless_adc_bits() == 11);
  CHECK(changed([](ArrayConfig& c) { c.dac_bits = 2; }).lossless_adc_bits() == 11);
  CHECK(changed([](ArrayConfig& c) {
          c.slices = 8;
          c.digit_bits = 4;
        }).lossless_adc_bits() == 12);
}

TEST_CASE("the weight range is that of B bits as far as the top cell holds its digit") {
  CHECK(ArrayConfig{}.weight_max() == 2147483647);
  CHECK(ArrayConfig{}.weight_min() == -2147483648LL);
  const ArrayConfig narrow = changed([](ArrayConfig& c) {
    c.slices = 3;
    c.cell_bits = {2, 2, 2};
  });
  // Digits -2 .. 1 of radix 4: 1 + 4 + 16 and -2 * 21, the latter cut to six bits.
  CHECK(narrow.weight_max() == 21);
  CHECK(narrow.weight_min() == -32);
}

}  // namespace weft::test
