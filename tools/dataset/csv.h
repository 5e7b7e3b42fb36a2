// SPDX-License-Identifier: Apache-2.0
// Tables of numbers with one label column, as most small public data sets are published.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tools/dataset/dataset.h"

namespace weft::dataset {

struct ValueRange {
  double low = 0.0;
  double high = 1.0;
};

struct CsvOptions {
  enum class Header { automatic, present, absent };

  // A name from the header line or a field number counted from 1; empty means the last field.
  std::string label_column;
  // Automatic: the first line is a header when none of its feature fields is a number.
  Header header = Header::automatic;
  char delimiter = ',';
  // Number of classes of integer labels; 0 means as many as appear, which must then be 0 … K-1.
  int classes = 0;
  // What every feature is scaled from, to [0, 1]; a value outside is an error. Without it each feature
  // is scaled from its own minimum and maximum in the training part; test values beyond are clamped.
  std::optional<ValueRange> range;
  // Files are often sorted by class: with a seed the lines are shuffled before they are split.
  std::optional<std::uint64_t> shuffle_seed;
};

// Reads a plain or gzip file (fields may be quoted as in RFC 4180, but not span lines; empty lines are
// ignored) and splits it: the first `train_count` lines for training, the next `test_count` for testing.
// Labels are all integers, or all text; text labels are numbered in alphabetical order, so that the
// numbers do not depend on the order of the lines. Throws Error (file:line:column, the field, what was
// found, what is allowed) for lines of different length, features that are not finite numbers and
// labels that are neither.
Split load_csv(const std::filesystem::path& path, int train_count, int test_count,
               const CsvOptions& options = {});

}  // namespace weft::dataset
