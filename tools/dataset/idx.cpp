// SPDX-License-Identifier: Apache-2.0
#include "tools/dataset/idx.h"

#include <fmt/format.h>

#include <cstdint>

#include "models/common/error.h"
#include "tools/dataset/input_file.h"

namespace weft::dataset {

namespace {

constexpr std::uint32_t image_magic = 0x00000803;
constexpr std::uint32_t label_magic = 0x00000801;
constexpr std::size_t word = 4;
constexpr std::size_t image_header = 4 * word;
constexpr std::size_t label_header = 2 * word;
constexpr std::uint32_t side_limit = 1024;
constexpr int class_limit = 256;

class IdxFile {
 public:
  IdxFile(const std::filesystem::path& path, std::uint32_t magic, std::size_t header)
      : path_(path.string()), content_(read_input_file(path)) {
    if (content_.size() < header) {
      fail(content_.size(), "the file ends", fmt::format("a header of {} bytes", header));
    }
    if (number(0) != magic) {
      fail(0, fmt::format("magic number 0x{:08x}", number(0)),
           fmt::format("0x{:08x} (IDX {})", magic, magic == image_magic ? "images" : "labels"));
    }
  }

  // The big-endian number of the header at `offset`.
  std::uint32_t number(std::size_t offset) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < word; ++i) value = (value << 8) | byte(offset + i);
    return value;
  }
  std::uint8_t byte(std::size_t offset) const { return static_cast<std::uint8_t>(content_[offset]); }

  void check_size(std::uint64_t expected) const {
    if (content_.size() < expected) {
      fail(content_.size(), "the file ends", fmt::format("{} bytes as its header says", expected));
    }
    if (content_.size() > expected) {
      fail(expected, fmt::format("{} bytes more", content_.size() - expected),
           fmt::format("the file to end after {} bytes as its header says", expected));
    }
  }

  [[noreturn]] void fail(std::size_t offset, const std::string& found, const std::string& expected) const {
    throw Error(fmt::format("{}: byte {}: found {}, expected {}", path_, offset, found, expected));
  }

 private:
  std::string path_;
  std::string content_;
};

void read_images(const IdxFile& file, Dataset& set) {
  const std::uint32_t count = file.number(1 * word);
  if (count == 0) file.fail(1 * word, "0 images", "1 or more");
  for (const std::size_t offset : {2 * word, 3 * word}) {
    const std::uint32_t side = file.number(offset);
    if (side == 0 || side > side_limit) {
      file.fail(offset, fmt::format("{} {}", side, offset == 2 * word ? "rows" : "columns"),
                fmt::format("1 to {}", side_limit));
    }
  }
  const std::uint64_t features = std::uint64_t{file.number(2 * word)} * file.number(3 * word);
  const std::uint64_t pixels = count * features;
  file.check_size(image_header + pixels);
  set.features = static_cast<int>(features);
  set.samples.resize(pixels);
  for (std::uint64_t i = 0; i < pixels; ++i) set.samples[i] = grey(file.byte(image_header + i));
}

void read_labels(const IdxFile& file, std::size_t images, Dataset& set) {
  const std::uint32_t count = file.number(1 * word);
  if (count != images) {
    file.fail(1 * word, fmt::format("{} labels", count),
              fmt::format("{}, one for each image of {}", images, set.name));
  }
  file.check_size(label_header + std::uint64_t{count});
  set.labels.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const int label = file.byte(label_header + i);
    if (label >= set.classes) {
      file.fail(label_header + i, fmt::format("label {}", label), fmt::format("0 to {}", set.classes - 1));
    }
    set.labels[i] = label;
  }
}

struct Pair {
  std::filesystem::path images;
  std::filesystem::path labels;
};

std::string images_name(const std::string& part) { return part + "-images-idx3-ubyte"; }
std::string labels_name(const std::string& part) { return part + "-labels-idx1-ubyte"; }

}  // namespace

Dataset load_idx(const std::filesystem::path& images, const std::filesystem::path& labels, int classes) {
  if (classes < 2 || classes > class_limit) {
    throw Error(fmt::format("{}: found {} classes asked for, expected 2 to {}", labels.string(), classes,
                            class_limit));
  }
  Dataset set;
  set.name = images.string();
  set.classes = classes;
  set.class_names = numbered_classes(classes);
  read_images(IdxFile(images, image_magic, image_header), set);
  const std::size_t count = set.samples.size() / static_cast<std::size_t>(set.features);
  read_labels(IdxFile(labels, label_magic, label_header), count, set);
  return set;
}

Split load_idx_directory(const std::filesystem::path& directory, int train_count, int test_count,
                         int classes) {
  // Finding either kind of images decides which pairs are meant; their labels must then be there too.
  locate(directory, {images_name("train"), images_name("t10k")});
  std::vector<Pair> pairs;
  for (const char* part : {"train", "t10k"}) {
    const std::filesystem::path images = find_input_file(directory, {images_name(part)});
    if (!images.empty()) pairs.push_back({images, locate(directory, {labels_name(part)})});
  }
  const Dataset first = load_idx(pairs.front().images, pairs.front().labels, classes);
  if (pairs.size() == 1) return split(first, train_count, test_count);
  return split(first, load_idx(pairs.back().images, pairs.back().labels, classes), train_count, test_count);
}

}  // namespace weft::dataset
