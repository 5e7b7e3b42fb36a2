// SPDX-License-Identifier: Apache-2.0
// A YAML document as a tree in which every key and value knows where it came from, also after files
// have been merged. Scalars stay text; the schema decides what they are.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/config/diagnostics.h"

namespace weft::config {

struct Entry;

struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  Location where;
  std::string text;     // of a scalar
  bool quoted = false;  // a quoted scalar is text, never a number
  std::vector<YamlNode> items;
  std::vector<Entry> entries;

  bool is_mapping() const { return kind == Kind::mapping; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_scalar() const { return kind == Kind::scalar; }

  YamlNode* find(std::string_view key);
  const YamlNode* find(std::string_view key) const;
  void erase(std::string_view key);
  void append(std::string key, YamlNode value);

  static YamlNode scalar(std::string text);
  static YamlNode quoted_text(std::string text);
  static YamlNode sequence(std::vector<YamlNode> items = {});
  static YamlNode mapping();
};

struct Entry {
  std::string key;
  Location where;
  YamlNode value;
};

// "a" and "b" -> "a.b"; an empty prefix leaves the key alone.
std::string join_path(std::string_view prefix, std::string_view key);

// How a message names what it found: "'abc'", "nothing", "a list", "a mapping".
std::string describe(const YamlNode& node);

// Reads one YAML document. Syntax errors throw a ConfigError; duplicate keys are added to `diagnostics`
// (with `path` before the key's name) and dropped, so that the other errors are still found.
YamlNode parse_yaml(const std::string& text, const std::shared_ptr<const Source>& source,
                    std::string_view path, Diagnostics& diagnostics);

// Mappings are merged key by key; of anything else `over` wins.
void merge(YamlNode& base, YamlNode over);

// Block style for mappings, flow style for lists of scalars; parse_yaml reads it back.
std::string render(const YamlNode& node);

// On one line, for messages and tables.
std::string render_inline(const YamlNode& node);

}  // namespace weft::config
