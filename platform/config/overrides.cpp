// SPDX-License-Identifier: Apache-2.0
#include "platform/config/overrides.h"

#include <fmt/format.h>

#include <cctype>
#include <string_view>
#include <utility>

#include "platform/config/scalar.h"

namespace weft::config {

namespace {

bool is_key_character(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_' || character == '-';
}

// key ( '.' key | '[' index ']' )*
std::optional<std::vector<Override::Step>> parse_steps(std::string_view path) {
  std::vector<Override::Step> steps;
  while (!path.empty()) {
    if (path.front() == '[' && !steps.empty()) {
      const std::size_t end = path.find(']');
      if (end == std::string_view::npos) return std::nullopt;
      const auto index = parse_integer<std::size_t>(path.substr(1, end - 1));
      if (!index) return std::nullopt;
      steps.push_back({"", index});
      path.remove_prefix(end + 1);
      continue;
    }
    if (!steps.empty()) {
      if (path.front() != '.') return std::nullopt;
      path.remove_prefix(1);
    }
    std::size_t length = 0;
    while (length < path.size() && is_key_character(path[length])) ++length;
    if (length == 0) return std::nullopt;
    steps.push_back({std::string(path.substr(0, length)), std::nullopt});
    path.remove_prefix(length);
  }
  if (steps.empty()) return std::nullopt;
  return steps;
}

// The node a step leads to, or null and an entry in `diagnostics`.
YamlNode* descend(YamlNode& node, const Override::Step& step, const std::string& reached,
                  const Location& where, Diagnostics& diagnostics) {
  if (step.index) {
    if (!node.is_sequence()) {
      diagnostics.add(where, reached,
                      fmt::format("found {} where [{}] expects a list", describe(node), *step.index));
      return nullptr;
    }
    if (*step.index >= node.items.size()) {
      diagnostics.add(where, reached,
                      fmt::format("has {} entries; [{}] is not one of them", node.items.size(), *step.index));
      return nullptr;
    }
    return &node.items[*step.index];
  }
  if (!node.is_mapping()) {
    diagnostics.add(where, reached,
                    fmt::format("found {} where .{} expects a mapping", describe(node), step.key));
    return nullptr;
  }
  for (Entry& entry : node.entries) {
    if (entry.key != step.key) continue;
    entry.where = where;
    return &entry.value;
  }
  YamlNode missing = YamlNode::mapping();
  missing.where = where;
  node.append(step.key, std::move(missing));
  return &node.entries.back().value;
}

}  // namespace

std::optional<Override> parse_override(const std::string& text, Diagnostics& diagnostics) {
  Source source;
  source.name = "--set " + text;
  source.directory = std::filesystem::current_path();
  source.has_lines = false;
  const auto shared_source = std::make_shared<const Source>(std::move(source));
  const Location where = {shared_source, 0, 0};

  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    diagnostics.add(where, "", "expected key=value, such as platform.quantum=1 us");
    return std::nullopt;
  }
  Override result;
  result.path = text.substr(0, equals);
  auto steps = parse_steps(result.path);
  if (!steps) {
    diagnostics.add(
        where, "",
        fmt::format("'{}' is not the path of a key, such as workload.layers[0].outputs", result.path));
    return std::nullopt;
  }
  if (steps->front().key == "include") {
    diagnostics.add(where, "", "include can only stand in a file");
    return std::nullopt;
  }
  result.steps = std::move(*steps);
  result.value = parse_yaml(text.substr(equals + 1), shared_source, result.path, diagnostics);
  return result;
}

void apply_override(const Override& change, YamlNode& root, Diagnostics& diagnostics) {
  YamlNode* node = &root;
  std::string reached;
  for (const Override::Step& step : change.steps) {
    node = descend(*node, step, reached, change.value.where, diagnostics);
    if (node == nullptr) return;
    reached = step.index ? fmt::format("{}[{}]", reached, *step.index) : join_path(reached, step.key);
  }
  *node = change.value;
}

}  // namespace weft::config
