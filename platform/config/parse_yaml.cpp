// SPDX-License-Identifier: Apache-2.0
// From yaml-cpp's events to our tree. The library's own node tree is not used: it accepts duplicate
// keys, loses the style of scalars and builds cycles from aliases.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "platform/config/node.h"

namespace weft::config {

namespace {

// Aliases are copied where they stand; a few lines of aliases to aliases could otherwise fill the memory.
constexpr std::size_t max_nodes = 100'000;

std::size_t size_of(const YamlNode& node) {
  std::size_t size = 1;
  for (const YamlNode& item : node.items) size += size_of(item);
  for (const Entry& entry : node.entries) size += size_of(entry.value);
  return size;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

  YamlNode take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override { root_.where = location(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { finish(node_at(mark), anchor); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw YAML::ParserException(mark, "an alias inside what it stands for");
    count(mark, size_of(found->second));
    finish(found->second, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = node_at(mark);
    node.kind = YamlNode::Kind::scalar;
    node.text = value;
    // The parser reports "?" for a plain scalar and "!" for one in quotes.
    node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, YamlNode::Kind::sequence, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, YamlNode::Kind::mapping, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode> key;
  };

  Location location(const YAML::Mark& mark) const { return {source_, mark.line + 1, mark.column + 1}; }

  YamlNode node_at(const YAML::Mark& mark) {
    count(mark, 1);
    YamlNode node;
    node.where = location(mark);
    return node;
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    count_ += nodes;
    if (count_ <= max_nodes) return;
    throw YAML::ParserException(mark, fmt::format("more than {} values", max_nodes));
  }

  void open(const YAML::Mark& mark, YamlNode::Kind kind, YAML::anchor_t anchor) {
    Frame frame;
    frame.node = node_at(mark);
    frame.node.kind = kind;
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    finish(std::move(frame.node), frame.anchor);
  }

  void finish(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& parent = frames_.back();
    if (parent.node.is_sequence()) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      require_plain_key(node);
      parent.key = std::move(node);
    } else {
      // An empty value has no place of its own; the next line would be named.
      if (node.kind == YamlNode::Kind::null) node.where = parent.key->where;
      parent.node.entries.push_back({std::move(parent.key->text), parent.key->where, std::move(node)});
      parent.key.reset();
    }
  }

  static void require_plain_key(const YamlNode& node) {
    if (node.is_scalar()) return;
    const YAML::Mark nowhere = YAML::Mark::null_mark();
    YAML::Mark mark = nowhere;
    mark.line = node.where.line - 1;
    mark.column = node.where.column - 1;
    throw YAML::ParserException(mark, fmt::format("found {} where a key should be", describe(node)));
  }

  std::shared_ptr<const Source> source_;
  YamlNode root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t count_ = 0;
};

void drop_duplicates(YamlNode& node, const std::string& path, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    drop_duplicates(node.items[i], fmt::format("{}[{}]", path, i), diagnostics);
  }
  std::map<std::string, int> first_line;
  std::vector<Entry> kept;
  kept.reserve(node.entries.size());
  for (Entry& entry : node.entries) {
    const std::string entry_path = join_path(path, entry.key);
    const auto [first, is_new] = first_line.emplace(entry.key, entry.where.line);
    if (!is_new) {
      diagnostics.add(entry.where, entry_path,
                      fmt::format("duplicate key; it was given on line {} already", first->second));
      continue;
    }
    drop_duplicates(entry.value, entry_path, diagnostics);
    kept.push_back(std::move(entry));
  }
  node.entries = std::move(kept);
}

[[noreturn]] void fail(const Location& where, const std::string& message) {
  std::vector<Diagnostic> diagnostics;
  diagnostics.push_back({where, "", message});
  throw ConfigError(std::move(diagnostics));
}

}  // namespace

YamlNode parse_yaml(const std::string& text, const std::shared_ptr<const Source>& source,
                    std::string_view path, Diagnostics& diagnostics) {
  std::istringstream stream(text);
  TreeBuilder builder(source);
  TreeBuilder second(source);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    if (parser.HandleNextDocument(second)) {
      fail(second.take_root().where, "a second YAML document; a file holds one");
    }
  } catch (const YAML::ParserException& error) {
    fail({source, error.mark.line + 1, error.mark.column + 1}, "not valid YAML: " + error.msg);
  }
  YamlNode root = builder.take_root();
  if (root.where.source == nullptr) root.where = {source, 1, 1};
  drop_duplicates(root, std::string(path), diagnostics);
  return root;
}

}  // namespace weft::config
