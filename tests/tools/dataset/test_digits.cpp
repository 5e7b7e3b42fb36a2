// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "models/common/error.h"
#include "tools/dataset/digits.h"

using namespace weft::dataset;
using Image = std::vector<float>;

namespace {

Image image(const Dataset& set, std::size_t index) {
  return {set.sample(index), set.sample(index) + set.features};
}

// The undistorted glyph of a digit.
Image glyph(int digit, int size) {
  DigitsOptions plain;
  plain.size = size;
  plain.noise = 0.0;
  plain.distortion = 0.0;
  const Dataset digits = procedural_digits(3, 200, 1, plain).train;
  const auto found = std::find(digits.labels.begin(), digits.labels.end(), digit);
  REQUIRE(found != digits.labels.end());
  return image(digits, static_cast<std::size_t>(found - digits.labels.begin()));
}

}  // namespace

TEST_CASE("a digit is the same whatever the number of digits drawn") {
  const Split few = procedural_digits(7, 3, 2);
  const Split many = procedural_digits(7, 20, 10);
  for (std::size_t i = 0; i < 3; ++i) CHECK(image(few.train, i) == image(many.train, i));
  for (std::size_t i = 0; i < 2; ++i) CHECK(image(few.test, i) == image(many.test, i));
  CHECK(std::equal(few.train.labels.begin(), few.train.labels.end(), many.train.labels.begin()));
}

TEST_CASE("no digit is drawn twice, in neither part and for no two seeds") {
  std::set<Image> images;
  for (const std::uint64_t seed : {1, 2}) {
    const Split digits = procedural_digits(seed, 100, 100);
    for (std::size_t i = 0; i < 100; ++i) {
      images.insert(image(digits.train, i));
      images.insert(image(digits.test, i));
    }
  }
  CHECK(images.size() == 400);
}

TEST_CASE("pixels are 8-bit grey codes that use the whole scale") {
  const Split digits = procedural_digits(1, 50, 1);
  std::set<long> codes;
  for (const float pixel : digits.train.samples) {
    const long code = std::lround(255.0 * pixel);
    REQUIRE(code >= 0);
    REQUIRE(code <= 255);
    REQUIRE(pixel == grey(static_cast<std::uint8_t>(code)));
    codes.insert(code);
  }
  CHECK(codes.size() == 256);
}

TEST_CASE("all ten classes are about equally frequent") {
  const Split digits = procedural_digits(1, 2000, 1);
  std::vector<int> frequency(10);
  for (const int label : digits.train.labels) ++frequency.at(static_cast<std::size_t>(label));
  // 200 expected; the standard deviation is 13.4.
  for (const int count : frequency) {
    CHECK(count > 140);
    CHECK(count < 260);
  }
}

TEST_CASE("without noise and distortion a class is one image and ten classes are ten images") {
  DigitsOptions plain;
  plain.noise = 0.0;
  plain.distortion = 0.0;
  const Split digits = procedural_digits(3, 200, 1, plain);
  std::set<std::pair<int, Image>> pairs;
  std::set<Image> images;
  for (std::size_t i = 0; i < 200; ++i) {
    pairs.insert({digits.train.labels[i], image(digits.train, i)});
    images.insert(image(digits.train, i));
  }
  CHECK(pairs.size() == 10);
  CHECK(images.size() == 10);
}

TEST_CASE("an undistorted zero is centred: it equals its mirror images") {
  const Image zero = glyph(0, 16);
  for (std::size_t row = 0; row < 16; ++row) {
    for (std::size_t column = 0; column < 16; ++column) {
      CHECK(zero[row * 16 + column] == zero[row * 16 + 15 - column]);
      CHECK(zero[row * 16 + column] == zero[(15 - row) * 16 + column]);
    }
  }
}

TEST_CASE("a stroke is as wide as the pen, and its edges one pixel whatever the size") {
  const std::size_t size = GENERATE(16U, 32U, 64U);
  const Image one = glyph(1, static_cast<int>(size));
  double ink = 0.0;
  int edge_pixels = 0;
  for (std::size_t column = 0; column < size; ++column) {
    const float pixel = one[size / 2 * size + column];
    ink += pixel;
    if (pixel > 0.0F && pixel < 1.0F) ++edge_pixels;
  }
  // The stem of the one is vertical; the pen's radius is 0.055. Grey codes are rounded.
  CHECK(ink == Approx(2 * 0.055 * static_cast<double>(size)).margin(0.01));
  CHECK(edge_pixels <= 2);
}

TEST_CASE("a larger image shows the same strokes") {
  DigitsOptions fine;
  fine.noise = 0.0;
  DigitsOptions coarse = fine;
  fine.size = 32;
  coarse.size = 16;
  const Dataset large = procedural_digits(5, 10, 1, fine).train;
  const Dataset small = procedural_digits(5, 10, 1, coarse).train;
  REQUIRE(large.features == 32 * 32);
  for (std::size_t i = 0; i < 10; ++i) {
    double large_ink = 0.0;
    double small_ink = 0.0;
    for (const float pixel : image(large, i)) large_ink += pixel / (32 * 32);
    for (const float pixel : image(small, i)) small_ink += pixel / (16 * 16);
    CHECK(large_ink == Approx(small_ink).epsilon(0.05));
  }
}

TEST_CASE("digit options out of range are refused with the range") {
  CHECK_THROWS_WITH(procedural_digits(1, 0, 1),
                    "procedural digits: training samples: found 0, expected 1 to 1000000");
  CHECK_THROWS_WITH(procedural_digits(1, 1, 0),
                    "procedural digits: test samples: found 0, expected 1 to 1000000");
  DigitsOptions options;
  options.size = 7;
  CHECK_THROWS_WITH(procedural_digits(1, 1, 1, options),
                    "procedural digits: size: found 7, expected 8 to 64");
  options = {};
  options.noise = -0.1;
  CHECK_THROWS_WITH(procedural_digits(1, 1, 1, options),
                    "procedural digits: noise: found -0.1, expected 0 to 1");
  options = {};
  options.distortion = std::nan("");
  CHECK_THROWS_WITH(procedural_digits(1, 1, 1, options),
                    "procedural digits: distortion: found nan, expected 0 to 2");
}
