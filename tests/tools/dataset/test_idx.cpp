// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "tests/support/skip.h"
#include "tests/tools/dataset/temporary_directory.h"
#include "tools/dataset/idx.h"
#include "tools/dataset/input_file.h"

using namespace weft::dataset;
using weft::test::gzipped;
using weft::test::TemporaryDirectory;

namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

// Two images of 1 x 3 pixels.
std::string two_images() {
  return bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 51, 255, 102, 1, 254});
}
std::string two_labels() { return bytes({0, 0, 8, 1, 0, 0, 0, 2, 9, 4}); }

// `count` images of one pixel, all of grey `code`, and as many labels `label`.
void write_pair(const TemporaryDirectory& directory, const std::string& part, int count, int code,
                int label) {
  const auto n = static_cast<std::size_t>(count);
  directory.write(part + "-images-idx3-ubyte", bytes({0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 1}) +
                                                   std::string(n, static_cast<char>(code)));
  directory.write(part + "-labels-idx1-ubyte.gz",
                  gzipped(bytes({0, 0, 8, 1, 0, 0, 0, count}) + std::string(n, static_cast<char>(label))));
}

struct Case {
  std::string images;
  std::string labels;
  // "I" and "L" at the front stand for the paths of the two files.
  std::string message;
};

std::string replaced(std::string text, std::size_t position, int value) {
  text.at(position) = static_cast<char>(value);
  return text;
}

}  // namespace

TEST_CASE("an IDX pair gives grey codes divided by 255 and its labels") {
  const TemporaryDirectory directory;
  const bool packed = GENERATE(false, true);
  const auto images = directory.write("images", packed ? gzipped(two_images()) : two_images());
  const auto labels = directory.write("labels", packed ? gzipped(two_labels()) : two_labels());
  const Dataset set = load_idx(images, labels);
  CHECK(set.features == 3);
  CHECK(set.classes == 10);
  CHECK(set.count() == 2);
  CHECK(set.samples == std::vector<float>{grey(0), grey(51), grey(255), grey(102), grey(1), grey(254)});
  CHECK(set.labels == std::vector<int>{9, 4});
}

TEST_CASE("a damaged IDX pair is refused with file, byte, found and expected") {
  const Case damaged = GENERATE(
      Case{two_images().substr(0, 15), two_labels(),
           "I: byte 15: found the file ends, expected a header of 16 bytes"},
      Case{"", two_labels(), "I: byte 0: found the file ends, expected a header of 16 bytes"},
      Case{two_labels() + two_labels(), two_labels(),
           "I: byte 0: found magic number 0x00000801, expected 0x00000803 (IDX images)"},
      Case{two_images(), two_images(),
           "L: byte 0: found magic number 0x00000803, expected 0x00000801 (IDX labels)"},
      Case{replaced(two_images(), 7, 0), two_labels(), "I: byte 4: found 0 images, expected 1 or more"},
      Case{replaced(two_images(), 11, 0), two_labels(), "I: byte 8: found 0 rows, expected 1 to 1024"},
      Case{replaced(two_images(), 12, 255), two_labels(),
           "I: byte 12: found 4278190083 columns, expected 1 to 1024"},
      Case{two_images().substr(0, 20), two_labels(),
           "I: byte 20: found the file ends, expected 22 bytes as its header says"},
      Case{replaced(two_images(), 4, 255), two_labels(),
           "I: byte 22: found the file ends, expected 12834570262 bytes as its header says"},
      Case{two_images() + "abc", two_labels(),
           "I: byte 22: found 3 bytes more, expected the file to end after 22 bytes as its header says"},
      Case{two_images(), replaced(two_labels(), 7, 3),
           "L: byte 4: found 3 labels, expected 2, one for each image of I"},
      Case{two_images(), two_labels().substr(0, 9),
           "L: byte 9: found the file ends, expected 10 bytes as its header says"},
      Case{two_images(), two_labels() + "x",
           "L: byte 10: found 1 bytes more, expected the file to end after 10 bytes as its header says"},
      Case{two_images(), replaced(two_labels(), 9, 10), "L: byte 9: found label 10, expected 0 to 9"});
  const TemporaryDirectory directory;
  const std::string images = directory.write("images", damaged.images).string();
  const std::string labels = directory.write("labels", damaged.labels).string();
  std::string message = damaged.message;
  message.replace(0, 1, message[0] == 'I' ? images : labels);
  if (message.substr(message.size() - 4) == "of I") message.replace(message.size() - 1, 1, images);
  CHECK_THROWS_WITH(load_idx(images, labels), message);
}

TEST_CASE("labels may go up to the declared number of classes") {
  const TemporaryDirectory directory;
  const auto images = directory.write("images", two_images());
  const auto labels = directory.write("labels", two_labels());
  CHECK(load_idx(images, labels, 47).classes == 47);
  CHECK_THROWS_WITH(load_idx(images, labels, 9),
                    labels.string() + ": byte 8: found label 9, expected 0 to 8");
  CHECK_THROWS_WITH(load_idx(images, labels, 1),
                    labels.string() + ": found 1 classes asked for, expected 2 to 256");
}

TEST_CASE("a gzip file cut off at any byte is refused") {
  const TemporaryDirectory directory;
  const std::string packed = gzipped(std::string(5000, 'a') + two_images());
  for (std::size_t length = 2; length < packed.size(); ++length) {
    const auto path = directory.write("cut.gz", packed.substr(0, length));
    CHECK_THROWS_WITH(read_input_file(path), Catch::EndsWith(": the gzip data is cut off"));
  }
}

TEST_CASE("a gzip file with a wrong checksum or wrong data is refused") {
  const TemporaryDirectory directory;
  std::string packed = gzipped(two_images());
  packed[packed.size() - 6] ^= 1;
  CHECK_THROWS_WITH(read_input_file(directory.write("checksum.gz", packed)),
                    Catch::Contains("the gzip data is corrupt (incorrect data check)"));
  packed = gzipped(two_images());
  packed[10] = '\x07';
  CHECK_THROWS_WITH(read_input_file(directory.write("data.gz", packed)),
                    Catch::Contains("the gzip data is corrupt (invalid block type)"));
}

TEST_CASE("what follows the gzip data is another member or an error") {
  const TemporaryDirectory directory;
  const std::string packed = gzipped("one ");
  CHECK(read_input_file(directory.write("two.gz", packed + gzipped("two"))) == "one two");
  const auto path = directory.write("garbage.gz", packed + "xyz");
  CHECK_THROWS_WITH(read_input_file(path),
                    path.string() + ": byte " + std::to_string(packed.size()) +
                        ": found 3 bytes after the end of the gzip data, expected none");
}

TEST_CASE("a path that is not a readable file is refused") {
  const TemporaryDirectory directory;
  CHECK_THROWS_WITH(read_input_file(directory.path() / "absent"),
                    (directory.path() / "absent").string() + ": no such file");
  CHECK_THROWS_WITH(read_input_file(directory.path()), directory.path().string() + ": not a file");
}

TEST_CASE("a directory with both published pairs trains on one and tests on the other") {
  const TemporaryDirectory directory;
  write_pair(directory, "train", 5, 10, 1);
  write_pair(directory, "t10k", 4, 20, 2);
  const Split parts = load_idx_directory(directory.path(), 5, 3);
  CHECK(parts.train.labels == std::vector<int>(5, 1));
  CHECK(parts.train.samples == std::vector<float>(5, grey(10)));
  CHECK(parts.test.labels == std::vector<int>(3, 2));
  CHECK_THROWS_WITH(
      load_idx_directory(directory.path(), 6, 1),
      Catch::EndsWith("train-images-idx3-ubyte: found 5 samples, expected at least 6 for training"));
}

TEST_CASE("a directory with one published pair has it split") {
  const TemporaryDirectory directory;
  write_pair(directory, GENERATE("train", "t10k"), 5, 10, 1);
  const Split parts = load_idx_directory(directory.path(), 3, 2);
  CHECK(parts.train.count() == 3);
  CHECK(parts.test.count() == 2);
  CHECK_THROWS_WITH(
      load_idx_directory(directory.path(), 3, 3),
      Catch::EndsWith("found 5 samples, expected at least 6 (3 for training and 3 for testing)"));
}

TEST_CASE("a directory without data says what was looked for") {
  const TemporaryDirectory directory;
  CHECK_THROWS_WITH(load_idx_directory(directory.path(), 1, 1),
                    directory.path().string() +
                        ": expected a file named train-images-idx3-ubyte[.gz] or "
                        "t10k-images-idx3-ubyte[.gz], found none");
  directory.write("train-images-idx3-ubyte", two_images());
  CHECK_THROWS_WITH(
      load_idx_directory(directory.path(), 1, 1),
      directory.path().string() + ": expected a file named train-labels-idx1-ubyte[.gz], found none");
  CHECK_THROWS_WITH(load_idx_directory(directory.path() / "absent", 1, 1),
                    (directory.path() / "absent").string() + ": no such directory");
}

TEST_CASE("the MNIST test set loads with its known labels") {
  const std::filesystem::path directory = WEFT_SOURCE_DIR "/../shared/data/mnist";
  if (find_input_file(directory, {"t10k-images-idx3-ubyte"}).empty()) WEFT_SKIP("no MNIST files");
  const Split mnist = load_idx_directory(directory, 8000, 2000);
  CHECK(mnist.train.features == 784);
  CHECK(mnist.train.count() == 8000);
  CHECK(mnist.test.count() == 2000);
  const std::vector<int> first(mnist.train.labels.begin(), mnist.train.labels.begin() + 10);
  CHECK(first == std::vector<int>{7, 2, 1, 0, 4, 1, 4, 9, 5, 9});
}
