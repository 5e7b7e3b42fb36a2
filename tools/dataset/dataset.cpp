// SPDX-License-Identifier: Apache-2.0
#include "tools/dataset/dataset.h"

#include <fmt/format.h>

#include "models/common/error.h"

namespace weft::dataset {

namespace {

void check_counts(int train_count, int test_count) {
  if (train_count < 1)
    throw Error(fmt::format("training samples: found {}, expected 1 or more", train_count));
  if (test_count < 1) throw Error(fmt::format("test samples: found {}, expected 1 or more", test_count));
}

void check_enough(const Dataset& set, const char* purpose, int wanted) {
  if (set.count() >= static_cast<std::size_t>(wanted)) return;
  throw Error(
      fmt::format("{}: found {} samples, expected at least {} {}", set.name, set.count(), wanted, purpose));
}

}  // namespace

std::vector<std::string> numbered_classes(int classes) {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(classes));
  for (int label = 0; label < classes; ++label) names.push_back(std::to_string(label));
  return names;
}

Dataset slice(const Dataset& all, std::size_t first, std::size_t count) {
  if (first > all.count() || count > all.count() - first) {
    throw Error(fmt::format("{}: found {} samples, expected at least {} (samples {} to {} were asked for)",
                            all.name, all.count(), first + count, first, first + count));
  }
  const auto features = static_cast<std::size_t>(all.features);
  Dataset part{all.name, all.features, all.classes, {}, {}, all.class_names};
  part.samples.assign(all.sample(first), all.sample(first) + count * features);
  part.labels.assign(all.labels.data() + first, all.labels.data() + first + count);
  return part;
}

Split split(const Dataset& all, int train_count, int test_count) {
  check_counts(train_count, test_count);
  const auto train = static_cast<std::size_t>(train_count);
  const auto test = static_cast<std::size_t>(test_count);
  if (all.count() < train + test) {
    throw Error(fmt::format("{}: found {} samples, expected at least {} ({} for training and {} for testing)",
                            all.name, all.count(), train + test, train, test));
  }
  return {slice(all, 0, train), slice(all, train, test)};
}

Split split(const Dataset& training, const Dataset& testing, int train_count, int test_count) {
  check_counts(train_count, test_count);
  if (training.features != testing.features || training.classes != testing.classes) {
    throw Error(fmt::format(
        "{}: found {} features and {} classes, expected {} and {} as in the training set {}", testing.name,
        testing.features, testing.classes, training.features, training.classes, training.name));
  }
  check_enough(training, "for training", train_count);
  check_enough(testing, "for testing", test_count);
  return {slice(training, 0, static_cast<std::size_t>(train_count)),
          slice(testing, 0, static_cast<std::size_t>(test_count))};
}

}  // namespace weft::dataset
