// SPDX-License-Identifier: Apache-2.0
#include "platform/config/codec.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace weft::config {

namespace {

class RealCodec final : public ScalarCodec<double> {
 public:
  RealCodec(double min, double max) : min_(min), max_(max) {}

 protected:
  std::optional<double> parse(const YamlNode& scalar) const override {
    if (scalar.quoted) return std::nullopt;
    const std::optional<double> value = parse_real(scalar.text);
    if (!value || *value < min_ || *value > max_) return std::nullopt;
    return value;
  }
  YamlNode write_scalar(const double& value) const override { return YamlNode::scalar(format_real(value)); }
  std::string type() const override { return "number"; }
  std::string range() const override { return fmt::format("{} … {}", min_, max_); }
  std::string expected() const override { return fmt::format("a number from {} to {}", min_, max_); }

 private:
  double min_;
  double max_;
};

class QuantityCodec final : public ScalarCodec<double> {
 public:
  QuantityCodec(const Dimension& dimension, double min, double max)
      : dimension_(dimension), min_(min), max_(max) {}

 protected:
  std::optional<double> parse(const YamlNode& scalar) const override {
    const std::optional<double> value = parse_quantity(scalar.text, dimension_);
    if (!value || *value < min_ || *value > max_) return std::nullopt;
    return value;
  }
  YamlNode write_scalar(const double& value) const override {
    return YamlNode::scalar(format_quantity(value, dimension_));
  }
  std::string type() const override { return std::string(dimension_.noun); }
  std::string range() const override {
    return format_quantity(min_, dimension_) + " … " + format_quantity(max_, dimension_);
  }
  std::string expected() const override {
    return fmt::format("a {} with its unit, from {} to {}, such as '{}'", dimension_.noun,
                       format_quantity(min_, dimension_), format_quantity(max_, dimension_),
                       dimension_.example);
  }

 private:
  const Dimension& dimension_;
  double min_;
  double max_;
};

class SizeCodec final : public ScalarCodec<std::uint64_t> {
 public:
  SizeCodec(std::uint64_t min, std::uint64_t max, std::uint64_t multiple_of)
      : min_(min), max_(max), multiple_of_(multiple_of) {}

 protected:
  std::optional<std::uint64_t> parse(const YamlNode& scalar) const override {
    const std::optional<double> bytes = parse_quantity(scalar.text, size_dimension());
    const bool in_range = bytes && *bytes >= static_cast<double>(min_) && *bytes <= static_cast<double>(max_);
    if (!in_range || std::trunc(*bytes) != *bytes) return std::nullopt;
    const auto value = static_cast<std::uint64_t>(*bytes);
    if (value % multiple_of_ != 0) return std::nullopt;
    return value;
  }
  YamlNode write_scalar(const std::uint64_t& value) const override {
    return YamlNode::scalar(formatted(value));
  }
  std::string type() const override { return "size"; }
  std::string range() const override {
    return fmt::format("{} … {}, multiple of {}", formatted(min_), formatted(max_), formatted(multiple_of_));
  }
  std::string expected() const override {
    return fmt::format("a size from {} to {} that is a multiple of {}, such as '64 KiB'", formatted(min_),
                       formatted(max_), formatted(multiple_of_));
  }

 private:
  static std::string formatted(std::uint64_t bytes) {
    return format_quantity(static_cast<double>(bytes), size_dimension());
  }

  std::uint64_t min_;
  std::uint64_t max_;
  std::uint64_t multiple_of_;
};

class FlagCodec final : public ScalarCodec<bool> {
 protected:
  std::optional<bool> parse(const YamlNode& scalar) const override {
    if (scalar.quoted) return std::nullopt;
    if (scalar.text == "true") return true;
    if (scalar.text == "false") return false;
    return std::nullopt;
  }
  YamlNode write_scalar(const bool& value) const override {
    return YamlNode::scalar(value ? "true" : "false");
  }
  std::string type() const override { return "boolean"; }
  std::string range() const override { return "true, false"; }
  std::string expected() const override { return "true or false"; }
};

class TextCodec : public ScalarCodec<std::string> {
 protected:
  std::optional<std::string> parse(const YamlNode& scalar) const override { return scalar.text; }
  YamlNode write_scalar(const std::string& value) const override { return YamlNode::quoted_text(value); }
  std::string type() const override { return "text"; }
  std::string range() const override { return "any"; }
  std::string expected() const override { return "a text"; }
};

class IdentifierCodec final : public TextCodec {
 public:
  bool present(const std::string& value) const override { return !value.empty(); }

 protected:
  std::optional<std::string> parse(const YamlNode& scalar) const override {
    constexpr std::size_t longest = 100;
    const std::string& text = scalar.text;
    const auto allowed = [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
    };
    if (text.empty() || text.size() > longest || !std::all_of(text.begin(), text.end(), allowed)) {
      return std::nullopt;
    }
    if (std::isalnum(static_cast<unsigned char>(text.front())) == 0) return std::nullopt;
    return text;
  }
  std::string range() const override { return "letters, digits, '.', '_', '-'"; }
  void document(KeyDoc doc, const std::string& initial, std::vector<KeyDoc>& docs) const override {
    doc.default_value = "see text";
    TextCodec::document(std::move(doc), initial, docs);
  }
  std::string expected() const override {
    return "up to 100 letters, digits, '.', '_' or '-', beginning with a letter or digit";
  }
};

class CharacterCodec final : public ScalarCodec<char> {
 protected:
  std::optional<char> parse(const YamlNode& scalar) const override {
    if (scalar.text.size() != 1) return std::nullopt;
    return scalar.text.front();
  }
  YamlNode write_scalar(const char& value) const override {
    return YamlNode::quoted_text(std::string(1, value));
  }
  std::string type() const override { return "text"; }
  std::string range() const override { return "one character"; }
  std::string expected() const override { return "one character in quotes, such as ',' or \"\\t\""; }
};

class PathCodec final : public Codec<std::filesystem::path> {
 public:
  explicit PathCodec(PathBase base) : base_(base) {}

  bool read(Reader& reader, const YamlNode& node, const std::string& path,
            std::filesystem::path& value) const override {
    if (!node.is_scalar() || node.text.empty()) return reader.wrong_value(node, path, "a path");
    value = node.text;
    if (base_ == PathBase::literal) return true;
    value = absolute_path(node.where.source->directory / value);
    std::error_code ignored;
    if (base_ != PathBase::file || std::filesystem::is_regular_file(value, ignored)) return true;
    reader.error(node.where, path, fmt::format("no such file: '{}'", value.string()));
    return false;
  }
  YamlNode write(const std::filesystem::path& value, WriteFor purpose) const override {
    return YamlNode::quoted_text(purpose == WriteFor::hash ? value.filename().string() : value.string());
  }
  void document(KeyDoc doc, const std::filesystem::path&, std::vector<KeyDoc>& docs) const override {
    doc.type = "path";
    doc.range = base_ == PathBase::file ? "an existing file" : "any";
    if (doc.default_value.empty()) doc.default_value = "see text";
    docs.push_back(std::move(doc));
  }
  bool present(const std::filesystem::path& value) const override { return !value.empty(); }

 private:
  PathBase base_;
};

class MeshPositionCodec final : public Codec<MeshPosition> {
 public:
  MeshPositionCodec(int max_x, int max_y) : x_(0, max_x), y_(0, max_y), max_x_(max_x), max_y_(max_y) {}

  bool read(Reader& reader, const YamlNode& node, const std::string& path,
            MeshPosition& value) const override {
    if (!node.is_sequence() || node.items.size() != 2) {
      return reader.wrong_value(node, path, "a list of two integers [column, row], such as [0, 0]");
    }
    const bool x_good = x_.read(reader, node.items[0], path + "[0]", value.x);
    return y_.read(reader, node.items[1], path + "[1]", value.y) && x_good;
  }
  YamlNode write(const MeshPosition& value, WriteFor purpose) const override {
    return YamlNode::sequence({x_.write(value.x, purpose), y_.write(value.y, purpose)});
  }
  void document(KeyDoc doc, const MeshPosition& initial, std::vector<KeyDoc>& docs) const override {
    doc.type = "[column, row]";
    doc.range = fmt::format("[0, 0] … [{}, {}]", max_x_, max_y_);
    doc.default_value = render_inline(write(initial, WriteFor::reading_back));
    docs.push_back(std::move(doc));
  }

 private:
  IntegerCodec<int> x_;
  IntegerCodec<int> y_;
  int max_x_;
  int max_y_;
};

// The last name of a path, and everything before it.
std::string last_key(const std::string& path) { return path.substr(path.rfind('.') + 1); }

std::string parent_path(const std::string& path) {
  const std::size_t end = path.find_last_of(".[");
  return end == std::string::npos ? "" : path.substr(0, end);
}

}  // namespace

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  // An empty path, the folder of a file given without one, is not for std::filesystem::absolute.
  const std::filesystem::path current = std::filesystem::current_path();
  return path.empty() ? current : (current / path).lexically_normal();
}

void Reader::error(const Location& where, const std::string& path, const std::string& message) {
  diagnostics_.add(where, path, message);
}

bool Reader::wrong_value(const YamlNode& node, const std::string& path, const std::string& expected,
                         const std::vector<std::string>& words) {
  std::string message = fmt::format("found {}, expected {}", describe(node), expected);
  const auto near = nearest(node.text, words);
  if (near) message += fmt::format("; did you mean '{}'?", *near);
  error(node.where, path, message);
  return false;
}

void Reader::unknown_key(const Entry& entry, const std::string& path,
                         const std::vector<std::string>& allowed) {
  // The right name in the wrong place beats a similar name in this one, but not one with a slip of the
  // finger.
  const auto same_key = [&entry](const std::string& known) { return last_key(known) == entry.key; };
  const auto elsewhere = std::find_if(known_paths_.begin(), known_paths_.end(), same_key);
  const std::optional<std::string> similar = nearest(entry.key, allowed);
  const bool slip = similar && edit_distance(entry.key, *similar) == 1;
  const std::optional<std::string> hint = elsewhere != known_paths_.end() && !slip ? *elsewhere : similar;
  error(entry.where, path,
        fmt::format("unknown key{} (allowed: {})", hint ? fmt::format("; did you mean '{}'?", *hint) : "",
                    listed(allowed)));
}

const Location& Reader::where(std::string path) const {
  auto found = given_.find(path);
  while (found == given_.end() && !path.empty()) {
    path = parent_path(path);
    found = given_.find(path);
  }
  return found->second;
}

CodecPtr<double> real(double min, double max) { return std::make_shared<RealCodec>(min, max); }
CodecPtr<double> duration(double min_ns, double max_ns) {
  return std::make_shared<QuantityCodec>(duration_dimension(), min_ns, max_ns);
}
CodecPtr<double> bandwidth(double min_GBps, double max_GBps) {
  return std::make_shared<QuantityCodec>(bandwidth_dimension(), min_GBps, max_GBps);
}
CodecPtr<double> energy(double min_pJ, double max_pJ) {
  return std::make_shared<QuantityCodec>(energy_dimension(), min_pJ, max_pJ);
}
CodecPtr<std::uint64_t> byte_size(std::uint64_t min, std::uint64_t max, std::uint64_t multiple_of) {
  return std::make_shared<SizeCodec>(min, max, multiple_of);
}
CodecPtr<bool> flag() { return std::make_shared<FlagCodec>(); }
CodecPtr<std::string> text() { return std::make_shared<TextCodec>(); }
CodecPtr<std::string> identifier() { return std::make_shared<IdentifierCodec>(); }
CodecPtr<char> character() { return std::make_shared<CharacterCodec>(); }
CodecPtr<std::filesystem::path> path(PathBase base) { return std::make_shared<PathCodec>(base); }
CodecPtr<MeshPosition> mesh_position(int max_x, int max_y) {
  return std::make_shared<MeshPositionCodec>(max_x, max_y);
}

}  // namespace weft::config
