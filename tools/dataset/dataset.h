// SPDX-License-Identifier: Apache-2.0
// Labelled samples for training and testing, whatever file or generator they came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::dataset {

struct Dataset {
  // Where the samples came from; error messages start with it.
  std::string name;
  int features = 0;
  int classes = 0;
  // Row-major, count() x features, each in [0, 1]. An 8-bit grey code p is stored as the float nearest
  // to p / 255, so std::lround(255 * x) gives the code back exactly.
  std::vector<float> samples;
  // One class index in 0 … classes - 1 a sample.
  std::vector<int> labels;
  // One name a class, as the source spells it.
  std::vector<std::string> class_names;

  std::size_t count() const { return labels.size(); }
  const float* sample(std::size_t index) const {
    return samples.data() + index * static_cast<std::size_t>(features);
  }
};

struct Split {
  Dataset train;
  Dataset test;
};

// The value of an 8-bit grey code in a Dataset.
inline float grey(std::uint8_t code) { return static_cast<float>(code) / 255.0F; }

// Class names "0" … "classes - 1".
std::vector<std::string> numbered_classes(int classes);

// The `count` samples from `first` on. Throws Error when there are fewer.
Dataset slice(const Dataset& all, std::size_t first, std::size_t count);

// The first `train_count` samples for training, the next `test_count` for testing. Throws Error when a
// count is not positive or there are fewer samples than asked for.
Split split(const Dataset& all, int train_count, int test_count);

// Training samples from the front of one set, test samples from the front of another that must have as
// many features and classes. Throws Error like the other form.
Split split(const Dataset& training, const Dataset& testing, int train_count, int test_count);

}  // namespace weft::dataset
