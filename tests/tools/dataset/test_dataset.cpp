// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>

#include "models/common/error.h"
#include "tools/dataset/dataset.h"

using namespace weft::dataset;

namespace {

// Sample i has the features i and i + 0.5 and the label i modulo 3.
Dataset numbered(int count) {
  Dataset set{"numbered", 2, 3, {}, {}, numbered_classes(3)};
  for (int i = 0; i < count; ++i) {
    set.samples.push_back(static_cast<float>(i));
    set.samples.push_back(static_cast<float>(i) + 0.5F);
    set.labels.push_back(i % 3);
  }
  return set;
}

}  // namespace

TEST_CASE("a split takes training samples from the front and test samples right behind") {
  const Split parts = split(numbered(10), 4, 3);
  CHECK(parts.train.samples == std::vector<float>{0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5});
  CHECK(parts.train.labels == std::vector<int>{0, 1, 2, 0});
  CHECK(parts.test.samples == std::vector<float>{4, 4.5, 5, 5.5, 6, 6.5});
  CHECK(parts.test.labels == std::vector<int>{1, 2, 0});
  CHECK(parts.test.classes == 3);
  CHECK(parts.test.class_names == std::vector<std::string>{"0", "1", "2"});
}

TEST_CASE("a split may use up every sample but not one more") {
  CHECK(split(numbered(10), 8, 2).test.labels == std::vector<int>{2, 0});
  CHECK_THROWS_WITH(split(numbered(10), 8, 3),
                    "numbered: found 10 samples, expected at least 11 (8 for training and 3 for testing)");
}

TEST_CASE("a split refuses counts that are not positive") {
  CHECK_THROWS_WITH(split(numbered(10), 0, 3), "training samples: found 0, expected 1 or more");
  CHECK_THROWS_WITH(split(numbered(10), 3, -1), "test samples: found -1, expected 1 or more");
}

TEST_CASE("two sets are cut to the counts asked for, each from its front") {
  const Split parts = split(numbered(10), numbered(5), 2, 1);
  CHECK(parts.train.labels == std::vector<int>{0, 1});
  CHECK(parts.test.samples == std::vector<float>{0, 0.5});
}

TEST_CASE("two sets that do not belong together or are too small are refused") {
  Dataset other = numbered(5);
  CHECK_THROWS_WITH(split(numbered(10), other, 11, 1),
                    "numbered: found 10 samples, expected at least 11 for training");
  CHECK_THROWS_WITH(split(numbered(10), other, 10, 6),
                    "numbered: found 5 samples, expected at least 6 for testing");
  other.classes = 4;
  other.name = "other";
  CHECK_THROWS_WITH(
      split(numbered(10), other, 1, 1),
      "other: found 2 features and 4 classes, expected 2 and 3 as in the training set numbered");
}

TEST_CASE("a slice beyond the end is refused") {
  CHECK(slice(numbered(4), 4, 0).count() == 0);
  CHECK_THROWS_AS(slice(numbered(4), 3, 2), weft::Error);
  CHECK_THROWS_AS(slice(numbered(4), 5, 0), weft::Error);
}

TEST_CASE("every 8-bit grey code comes back exactly from its feature value") {
  for (int code = 0; code < 256; ++code) {
    CHECK(std::lround(255.0 * grey(static_cast<std::uint8_t>(code))) == code);
  }
  CHECK(grey(0) == 0.0F);
  CHECK(grey(255) == 1.0F);
}
