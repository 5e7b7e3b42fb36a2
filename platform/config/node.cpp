// SPDX-License-Identifier: Apache-2.0
#include "platform/config/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weft::config {

namespace {

std::string double_quoted(std::string_view text) {
  std::string result = "\"";
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      result += '\\';
      result += character;
    } else if (code < 0x20 || code == 0x7f) {
      result += fmt::format("\\x{:02x}", code);
    } else {
      result += character;
    }
  }
  return result + '"';
}

bool is_flow(const YamlNode& node) {
  if (node.is_mapping()) return node.entries.empty();
  if (!node.is_sequence()) return true;
  return std::all_of(node.items.begin(), node.items.end(),
                     [](const YamlNode& item) { return item.is_scalar(); });
}

void render_block(const YamlNode& node, const std::string& indent, std::string& out);

// What follows "key:" or "-".
void render_value(const YamlNode& value, const std::string& indent, std::string& out) {
  if (is_flow(value)) {
    out += ' ' + render_inline(value) + '\n';
    return;
  }
  out += '\n';
  render_block(value, indent + "  ", out);
}

void render_block(const YamlNode& node, const std::string& indent, std::string& out) {
  for (const Entry& entry : node.entries) {
    out += indent + entry.key + ':';
    render_value(entry.value, indent, out);
  }
  for (const YamlNode& item : node.items) {
    std::string block;
    render_value(item, indent, block);
    // What is below a list entry begins on the dash's own line.
    const std::size_t start = block.find_first_not_of(" \n");
    out += indent + "- " + block.substr(start);
  }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

YamlNode* YamlNode::find(std::string_view key) {
  for (Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

void YamlNode::erase(std::string_view key) {
  const auto has_key = [key](const Entry& entry) { return entry.key == key; };
  entries.erase(std::remove_if(entries.begin(), entries.end(), has_key), entries.end());
}

void YamlNode::append(std::string key, YamlNode value) {
  Location at = value.where;
  entries.push_back({std::move(key), std::move(at), std::move(value)});
}

YamlNode YamlNode::scalar(std::string text) {
  YamlNode node;
  node.kind = Kind::scalar;
  node.text = std::move(text);
  return node;
}

YamlNode YamlNode::quoted_text(std::string text) {
  YamlNode node = scalar(std::move(text));
  node.quoted = true;
  return node;
}

YamlNode YamlNode::sequence(std::vector<YamlNode> items) {
  YamlNode node;
  node.kind = Kind::sequence;
  node.items = std::move(items);
  return node;
}

YamlNode YamlNode::mapping() {
  YamlNode node;
  node.kind = Kind::mapping;
  return node;
}

std::string join_path(std::string_view prefix, std::string_view key) {
  if (prefix.empty()) return std::string(key);
  return fmt::format("{}.{}", prefix, key);
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
    case YamlNode::Kind::scalar:
      break;
  }
  constexpr std::size_t longest_shown = 60;
  const bool cut = node.text.size() > longest_shown;
  return fmt::format("'{}{}'{}", node.text.substr(0, longest_shown), cut ? "…" : "",
                     node.quoted ? " in quotes" : "");
}

void merge(YamlNode& base, YamlNode over) {
  if (!base.is_mapping() || !over.is_mapping()) {
    base = std::move(over);
    return;
  }
  base.where = over.where;
  for (Entry& entry : over.entries) {
    const auto same_key = [&entry](const Entry& other) { return other.key == entry.key; };
    const auto found = std::find_if(base.entries.begin(), base.entries.end(), same_key);
    if (found == base.entries.end()) {
      base.entries.push_back(std::move(entry));
      continue;
    }
    found->where = entry.where;
    merge(found->value, std::move(entry.value));
  }
}

std::string render(const YamlNode& node) {
  std::string out;
  render_block(node, "", out);
  return out;
}

std::string render_inline(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "~";
    case YamlNode::Kind::scalar:
      return node.quoted ? double_quoted(node.text) : node.text;
    case YamlNode::Kind::sequence:
    case YamlNode::Kind::mapping:
      break;
  }
  std::string inner;
  for (const YamlNode& item : node.items) {
    inner += (inner.empty() ? "" : ", ") + render_inline(item);
  }
  for (const Entry& entry : node.entries) {
    inner += fmt::format("{}{}: {}", inner.empty() ? "" : ", ", entry.key, render_inline(entry.value));
  }
  return node.is_mapping() ? '{' + inner + '}' : '[' + inner + ']';
}

}  // namespace weft::config
