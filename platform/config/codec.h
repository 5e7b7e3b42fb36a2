// SPDX-License-Identifier: Apache-2.0
// How one kind of value is read from a scenario, written into the resolved scenario and documented.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/config/config.h"
#include "platform/config/diagnostics.h"
#include "platform/config/node.h"
#include "platform/config/scalar.h"
#include "platform/config/scenario.h"
#include "platform/config/spelling.h"

namespace weft::config {

// What a reading pass hands from key to key: the errors so far, and where each key was given, for the
// checks between keys that come afterwards.
class Reader {
 public:
  Reader(Diagnostics& diagnostics, std::vector<std::string> known_paths)
      : diagnostics_(diagnostics), known_paths_(std::move(known_paths)) {}

  void error(const Location& where, const std::string& path, const std::string& message);
  // Always false, so that a codec can return it.
  bool wrong_value(const YamlNode& node, const std::string& path, const std::string& expected,
                   const std::vector<std::string>& words = {});
  void unknown_key(const Entry& entry, const std::string& path, const std::vector<std::string>& allowed);

  void mark(const std::string& path, const Location& where) { given_.insert_or_assign(path, where); }
  bool given(const std::string& path) const { return given_.count(path) != 0; }
  // Of the key, or of the nearest mapping around it if the key has been left out.
  const Location& where(std::string path) const;

  std::size_t error_count() const { return diagnostics_.count(); }

 private:
  Diagnostics& diagnostics_;
  std::vector<std::string> known_paths_;
  std::map<std::string, Location> given_;
};

// The resolved scenario is written in full to be read back; for the hash, paths count by their last
// component and keys that cannot change a result are left out.
enum class WriteFor { reading_back, hash };

template <class Value>
class Codec {
 public:
  virtual ~Codec() = default;
  // False and an error in the reader if the node is no such value; `value` is then unspecified.
  virtual bool read(Reader& reader, const YamlNode& node, const std::string& path, Value& value) const = 0;
  virtual YamlNode write(const Value& value, WriteFor purpose) const = 0;
  // Adds the keys below; `doc` holds what is known about this one.
  virtual void document(KeyDoc doc, const Value& initial, std::vector<KeyDoc>& docs) const = 0;
  // Values that are not present are not written.
  virtual bool present(const Value&) const { return true; }
};

template <class Value>
using CodecPtr = std::shared_ptr<const Codec<Value>>;

// A value that is one YAML scalar.
template <class Value>
class ScalarCodec : public Codec<Value> {
 public:
  bool read(Reader& reader, const YamlNode& node, const std::string& path, Value& value) const override {
    if (node.is_scalar()) {
      std::optional<Value> parsed = parse(node);
      if (parsed) {
        value = std::move(*parsed);
        return true;
      }
    }
    return reader.wrong_value(node, path, expected(), words());
  }

  void document(KeyDoc doc, const Value& initial, std::vector<KeyDoc>& docs) const override {
    doc.type = type();
    doc.range = range();
    if (doc.default_value.empty() && this->present(initial)) {
      doc.default_value = render_inline(write_scalar(initial));
    }
    docs.push_back(std::move(doc));
  }

  YamlNode write(const Value& value, WriteFor) const override { return write_scalar(value); }

 protected:
  virtual std::optional<Value> parse(const YamlNode& scalar) const = 0;
  virtual YamlNode write_scalar(const Value& value) const = 0;
  virtual std::string type() const = 0;
  virtual std::string range() const = 0;
  virtual std::string expected() const = 0;
  virtual std::vector<std::string> words() const { return {}; }
};

template <class Integer>
class IntegerCodec final : public ScalarCodec<Integer> {
 public:
  IntegerCodec(Integer min, Integer max) : min_(min), max_(max) {}

 protected:
  std::optional<Integer> parse(const YamlNode& scalar) const override {
    if (scalar.quoted) return std::nullopt;
    const std::optional<Integer> value = parse_integer<Integer>(scalar.text);
    if (!value || *value < min_ || *value > max_) return std::nullopt;
    return value;
  }
  YamlNode write_scalar(const Integer& value) const override {
    return YamlNode::scalar(fmt::format("{}", value));
  }
  std::string type() const override { return "integer"; }
  std::string range() const override { return fmt::format("{} … {}", min_, max_); }
  std::string expected() const override { return fmt::format("an integer from {} to {}", min_, max_); }

 private:
  Integer min_;
  Integer max_;
};

inline CodecPtr<int> integer(int min, int max) { return std::make_shared<IntegerCodec<int>>(min, max); }
inline CodecPtr<unsigned> count(unsigned min, unsigned max) {
  return std::make_shared<IntegerCodec<unsigned>>(min, max);
}
inline CodecPtr<std::uint64_t> seed_number() {
  return std::make_shared<IntegerCodec<std::uint64_t>>(0, std::numeric_limits<std::uint64_t>::max());
}

// A number without a unit of its own; bounds are inclusive.
CodecPtr<double> real(double min, double max);
CodecPtr<double> duration(double min_ns, double max_ns);
CodecPtr<double> bandwidth(double min_GBps, double max_GBps);
CodecPtr<double> energy(double min_pJ, double max_pJ);
CodecPtr<std::uint64_t> byte_size(std::uint64_t min, std::uint64_t max, std::uint64_t multiple_of);
CodecPtr<bool> flag();
CodecPtr<std::string> text();
// Can name a file: letters, digits, '.', '_' and '-', beginning with a letter or digit.
CodecPtr<std::string> identifier();
CodecPtr<char> character();
CodecPtr<MeshPosition> mesh_position(int max_x, int max_y);

enum class PathBase {
  file,     // relative to the file it stands in (an override: to the current directory); must exist
  folder,   // the same; need not exist
  literal,  // kept as written
};
CodecPtr<std::filesystem::path> path(PathBase base);

// From the current directory; without "." and "..".
std::filesystem::path absolute_path(const std::filesystem::path& path);

template <class Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

template <class Enum>
class ChoiceCodec final : public ScalarCodec<Enum> {
 public:
  explicit ChoiceCodec(Choices<Enum> choices) : choices_(std::move(choices)) {}

 protected:
  std::optional<Enum> parse(const YamlNode& scalar) const override {
    for (const auto& [word, value] : choices_) {
      if (word == scalar.text) return value;
    }
    return std::nullopt;
  }
  YamlNode write_scalar(const Enum& value) const override {
    for (const auto& [word, candidate] : choices_) {
      if (candidate == value) return YamlNode::scalar(word);
    }
    throw Error("a scenario holds a value that its schema has no word for");
  }
  std::string type() const override { return "choice"; }
  std::string range() const override { return listed(words()); }
  std::string expected() const override {
    return choices_.size() == 1 ? choices_.front().first : "one of " + range();
  }
  std::vector<std::string> words() const override {
    std::vector<std::string> result;
    for (const auto& choice : choices_) result.push_back(choice.first);
    return result;
  }

 private:
  Choices<Enum> choices_;
};

template <class Enum>
CodecPtr<Enum> choice(Choices<Enum> choices) {
  return std::make_shared<ChoiceCodec<Enum>>(std::move(choices));
}

// A key that may be left out without a default taking its place.
template <class Value>
class OptionalCodec final : public Codec<std::optional<Value>> {
 public:
  explicit OptionalCodec(CodecPtr<Value> inner) : inner_(std::move(inner)) {}

  bool read(Reader& reader, const YamlNode& node, const std::string& path,
            std::optional<Value>& value) const override {
    Value inner{};
    if (!inner_->read(reader, node, path, inner)) return false;
    value = std::move(inner);
    return true;
  }
  YamlNode write(const std::optional<Value>& value, WriteFor purpose) const override {
    return inner_->write(*value, purpose);
  }
  void document(KeyDoc doc, const std::optional<Value>&, std::vector<KeyDoc>& docs) const override {
    doc.default_value = "none";
    inner_->document(std::move(doc), Value{}, docs);
  }
  bool present(const std::optional<Value>& value) const override { return value.has_value(); }

 private:
  CodecPtr<Value> inner_;
};

template <class Value>
CodecPtr<std::optional<Value>> optional_of(CodecPtr<Value> inner) {
  return std::make_shared<OptionalCodec<Value>>(std::move(inner));
}

// A list; an empty one is not written, so it must mean the same as a key left out. If `uniform` is set, a
// single value may stand for a list of equal ones (read as a list of one), and is written so.
template <class Value>
class ListCodec final : public Codec<std::vector<Value>> {
 public:
  ListCodec(CodecPtr<Value> item, std::string noun, bool uniform)
      : item_(std::move(item)), noun_(std::move(noun)), uniform_(uniform) {}

  bool read(Reader& reader, const YamlNode& node, const std::string& path,
            std::vector<Value>& values) const override {
    values.clear();
    if (uniform_ && node.is_scalar()) return read_item(reader, node, path, values);
    if (!node.is_sequence() || node.items.empty()) {
      const std::string found = node.is_sequence() ? "an empty list" : describe(node);
      reader.error(node.where, path, fmt::format("found {}, expected a list of {}", found, noun_));
      return false;
    }
    bool good = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const std::string item_path = fmt::format("{}[{}]", path, i);
      reader.mark(item_path, node.items[i].where);
      good = read_item(reader, node.items[i], item_path, values) && good;
    }
    return good;
  }

  YamlNode write(const std::vector<Value>& values, WriteFor purpose) const override {
    std::vector<YamlNode> items;
    items.reserve(values.size());
    for (const Value& value : values) items.push_back(item_->write(value, purpose));
    if (uniform_ && all_equal(items)) return items.front();
    return YamlNode::sequence(std::move(items));
  }

  void document(KeyDoc doc, const std::vector<Value>& initial, std::vector<KeyDoc>& docs) const override {
    std::vector<KeyDoc> inner;
    KeyDoc item_doc = doc;
    item_doc.path += "[]";
    item_->document(item_doc, Value{}, inner);
    const bool of_scalars = inner.size() == 1 && inner.front().path == item_doc.path;
    doc.type = (uniform_ ? inner.front().type + " or list of " : "list of ") + noun_;
    doc.range = of_scalars ? inner.front().range : "at least one";
    if (doc.default_value.empty()) {
      doc.default_value = initial.empty() ? "none" : render_inline(write(initial, WriteFor::reading_back));
    }
    docs.push_back(std::move(doc));
    if (!of_scalars) docs.insert(docs.end(), inner.begin(), inner.end());
  }

  bool present(const std::vector<Value>& values) const override { return !values.empty(); }

 private:
  static bool all_equal(const std::vector<YamlNode>& items) {
    return std::all_of(items.begin(), items.end(),
                       [&items](const YamlNode& item) { return item.text == items.front().text; });
  }

  bool read_item(Reader& reader, const YamlNode& node, const std::string& path,
                 std::vector<Value>& values) const {
    Value value{};
    const bool good = item_->read(reader, node, path, value);
    // A bad entry keeps its place, so that the indices of the others stay those of the file.
    values.push_back(std::move(value));
    return good;
  }

  CodecPtr<Value> item_;
  std::string noun_;
  bool uniform_;
};

template <class Value>
CodecPtr<std::vector<Value>> list_of(CodecPtr<Value> item, std::string noun) {
  return std::make_shared<ListCodec<Value>>(std::move(item), std::move(noun), false);
}

template <class Value>
CodecPtr<std::vector<Value>> uniform_or_list_of(CodecPtr<Value> item, std::string noun) {
  return std::make_shared<ListCodec<Value>>(std::move(item), std::move(noun), true);
}

}  // namespace weft::config
