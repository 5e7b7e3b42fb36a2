// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "tests/tools/dataset/temporary_directory.h"
#include "tools/dataset/csv.h"

using namespace weft::dataset;
using weft::test::gzipped;
using weft::test::TemporaryDirectory;
using Header = CsvOptions::Header;

namespace {

Split load(const std::string& text, int train_count, int test_count, const CsvOptions& options = {}) {
  const TemporaryDirectory directory;
  return load_csv(directory.write("table.csv", text), train_count, test_count, options);
}

// The message without the directory in front.
std::string error_of(const std::string& text, const CsvOptions& options = {}) {
  try {
    load(text, 1, 1, options);
  } catch (const weft::Error& error) {
    const std::string message = error.what();
    return message.substr(message.find("table.csv"));
  }
  return "no error";
}

CsvOptions with_label(const std::string& column) {
  CsvOptions options;
  options.label_column = column;
  return options;
}

const std::string plants =
    "length,width,kind\n"
    "2,10,rose\n"
    "4,30,aster\n"
    "6,20,rose\n"
    "9,0,lily\n";

}  // namespace

TEST_CASE("features are scaled by the range of the training part and test values clamped to it") {
  const Split parts = load(plants, 3, 1);
  CHECK(parts.train.samples == std::vector<float>{0.0F, 0.0F, 0.5F, 1.0F, 1.0F, 0.5F});
  CHECK(parts.test.samples == std::vector<float>{1.0F, 0.0F});
}

TEST_CASE("text labels are numbered in alphabetical order") {
  const Split parts = load(plants, 3, 1);
  CHECK(parts.train.classes == 3);
  CHECK(parts.train.class_names == std::vector<std::string>{"aster", "lily", "rose"});
  CHECK(parts.train.labels == std::vector<int>{2, 0, 2});
  CHECK(parts.test.labels == std::vector<int>{1});
}

TEST_CASE("a declared range scales every feature and is enforced") {
  CsvOptions options;
  options.range = ValueRange{0.0, 40.0};
  CHECK(load(plants, 1, 1, options).train.samples == std::vector<float>{0.05F, 0.25F});
  options.range = ValueRange{0.0, 25.0};
  CHECK(error_of(plants, options) == "table.csv:3:3: field 'width': found 30, expected 0 to 25");
}

TEST_CASE("a feature that never varies in the training part becomes 0") {
  CHECK(load("5,1,0\n5,2,1\n7,2,1\n", 2, 1).train.samples == std::vector<float>{0, 0, 0, 1});
}

TEST_CASE("features as large as doubles go are scaled without overflow") {
  CHECK(load("-1.7e308,0\n1.7e308,1\n0,1\n", 2, 1).test.samples == std::vector<float>{0.5F});
}

TEST_CASE("the label column is the last, a name or a number from 1") {
  const std::string text = "class,a,b\n1,10,20\n0,30,10\n";
  CHECK(load(text, 1, 1, with_label("class")).train.labels == std::vector<int>{1});
  CHECK(load(text, 1, 1, with_label("1")).test.labels == std::vector<int>{0});
  CHECK(load("3,7,0\n4,5,1\n", 1, 1, with_label("3")).test.labels == std::vector<int>{1});
  CHECK(error_of(text, with_label("kind")) ==
        "table.csv:1:1: found no label column 'kind', expected a name from the header line or a field number "
        "from 1 "
        "to 3");
  CHECK(error_of(text, with_label("4")) ==
        "table.csv:1:1: found no label column '4', expected a name from the header line or a field number "
        "from 1 to "
        "3");
  CHECK(error_of(text, with_label("0")) ==
        "table.csv:1:1: found no label column '0', expected a name from the header line or a field number "
        "from 1 to "
        "3");
}

TEST_CASE("a header is recognised, absent or declared") {
  CHECK(load("1,2,0\n3,4,1\n", 1, 1).train.labels == std::vector<int>{0});
  CsvOptions options;
  options.header = Header::present;
  CHECK(load("1,2,3\n1,2,0\n3,4,1\n", 1, 1, options).test.labels == std::vector<int>{1});
  options.header = Header::absent;
  CHECK(error_of(plants, options) == "table.csv:1:1: field 1: found 'length', expected a number");
  CHECK(error_of("1,x,0\n3,4,1\n") ==
        "table.csv:1:1: found both numbers and text in the first line: say whether it is a header");
}

TEST_CASE("quoted fields, other delimiters, Windows line ends, blank lines and gzip are read") {
  CsvOptions options;
  options.delimiter = ';';
  const std::string text = "\xEF\xBB\xBF\"the \"\"a\"\"\" ; b;kind\r\n 1 ;\"2\";\"x;y\"\r\n\r\n3;4;z\r\n\r\n";
  CHECK(error_of(text, options) == "table.csv:1:12: found ' ' after a quoted field, expected ';'");
  const std::string valid = "\xEF\xBB\xBF\"the \"\"a\"\"\"; b;kind\r\n 1 ;\"2\";\"x;y\"\r\n\r\n3;4;z\r\n\r\n";
  const Split parts = load(gzipped(valid), 1, 1, options);
  CHECK(parts.train.class_names == std::vector<std::string>{"x;y", "z"});
  CHECK(parts.train.features == 2);
  CHECK(parts.test.labels == std::vector<int>{1});
}

TEST_CASE("a damaged table is refused with line and column") {
  CHECK(error_of("") == "table.csv: found no line, expected samples");
  CHECK(error_of("a,b\n") == "table.csv:1:1: found nothing after the header line, expected samples");
  CHECK(error_of("1\n2\n") ==
        "table.csv:1:1: found 1 field, expected a label and at least one feature, separated by ','");
  CHECK(error_of("1,2,0\n1,0\n") == "table.csv:2:3: found 2 fields, expected 3 as in the first line");
  CHECK(error_of("1,2,0\n1,2,0,7\n") == "table.csv:2:7: found 4 fields, expected 3 as in the first line");
  CHECK(error_of("1,2,0\n\n1,2x,0\n") == "table.csv:3:3: field 2: found '2x', expected a number");
  CHECK(error_of("1,2,0\n,2,0\n") == "table.csv:2:1: field 1: found '', expected a number");
  CHECK(error_of("1,2,0\nnan,2,0\n") == "table.csv:2:1: field 1: found 'nan', expected a number");
  CHECK(error_of("1,2,0\n1,inf,0\n") == "table.csv:2:3: field 2: found 'inf', expected a number");
  CHECK(error_of("1,2,0\n1,2,\n") == "table.csv:2:5: found an empty label");
  CHECK(error_of("1,2,0\n1,\"2,0\n") == "table.csv:2:3: found an opening quote, expected a closing one too");
}

TEST_CASE("labels that are neither 0 to K-1 nor all text are refused") {
  CHECK(error_of("1,0\n2,a\n") ==
        "table.csv:2:3: label: found 'a', expected an integer like the label '0' of line 1");
  CHECK(error_of("1,a\n2,0\n") ==
        "table.csv:2:3: label: found '0', expected text like the label 'a' of line 1");
  CHECK(error_of("1,0\n2,-1\n") == "table.csv:2:3: label: found -1, expected 0 to 65535");
  CHECK(error_of("1,1\n2,2\n") ==
        "table.csv: found labels up to 2 but none that is 0, expected 0 to K-1 without gaps (or a declared "
        "number of "
        "classes)");
  CHECK(error_of("1,0\n2,0\n") == "table.csv: found 1 class, expected 2 or more");
}

TEST_CASE("a declared number of classes allows gaps and bounds the labels") {
  CsvOptions options;
  options.classes = 3;
  CHECK(load("1,2\n2,1\n", 1, 1, options).train.classes == 3);
  CHECK(error_of("1,2\n2,3\n", options) == "table.csv:2:3: label: found 3, expected 0 to 2");
  CHECK(error_of("1,a\n2,b\n", options) == "table.csv: found 2 classes, expected 3");
}

TEST_CASE("a seed shuffles whole lines, the same way every time") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + "," + std::to_string(i / 50) + "\n";
  CsvOptions options;
  options.range = ValueRange{0.0, 99.0};
  options.shuffle_seed = 1;
  const Split parts = load(text, 80, 20, options);
  std::vector<float> seen;
  for (const Dataset* part : {&parts.train, &parts.test}) {
    for (std::size_t i = 0; i < part->count(); ++i) {
      CHECK(part->labels[i] == (*part->sample(i) > 0.5F ? 1 : 0));
      seen.push_back(*part->sample(i));
    }
  }
  CHECK_FALSE(std::is_sorted(seen.begin(), seen.end()));
  std::sort(seen.begin(), seen.end());
  CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
  CHECK(load(text, 80, 20, options).train.samples == parts.train.samples);
  options.shuffle_seed = 2;
  CHECK(load(text, 80, 20, options).train.samples != parts.train.samples);
}

TEST_CASE("options that make no sense and counts beyond the file are refused") {
  CsvOptions options;
  options.delimiter = '.';
  CHECK(error_of(plants, options) ==
        "table.csv: delimiter: found '.', expected a character that no number contains");
  options = {};
  options.classes = 1;
  CHECK(error_of(plants, options) == "table.csv: classes: found 1, expected 0 (automatic) or 2 to 65536");
  options = {};
  options.range = ValueRange{1.0, 1.0};
  CHECK(error_of(plants, options) == "table.csv: range: found 1 to 1, expected the lower end first");
  CHECK_THROWS_WITH(
      load(plants, 3, 2),
      Catch::EndsWith("found 4 samples, expected at least 5 (3 for training and 2 for testing)"));
  CHECK_THROWS_WITH(load(plants, 0, 2), "training samples: found 0, expected 1 or more");
}
