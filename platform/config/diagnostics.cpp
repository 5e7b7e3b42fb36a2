// SPDX-License-Identifier: Apache-2.0
#include "platform/config/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace weft::config {

namespace {

std::string joined(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (!text.empty()) text += '\n';
    text += diagnostic.text();
  }
  return text;
}

}  // namespace

std::string Location::text() const {
  if (!source->has_lines) return source->name;
  return fmt::format("{}:{}:{}", source->name, line, column);
}

std::string Diagnostic::text() const {
  if (path.empty()) return fmt::format("{}: {}", where.text(), message);
  return fmt::format("{}: {}: {}", where.text(), path, message);
}

ConfigError::ConfigError(std::vector<Diagnostic> diagnostics)
    : Error(joined(diagnostics)), diagnostics_(std::move(diagnostics)) {}

void Diagnostics::add(Location where, std::string path, std::string message) {
  items_.push_back({std::move(where), std::move(path), std::move(message)});
}

void Diagnostics::throw_if_any() const {
  if (items_.empty()) return;
  std::map<std::string, std::size_t> file_order;
  for (const Diagnostic& item : items_) file_order.emplace(item.where.source->name, file_order.size());
  std::vector<Diagnostic> sorted = items_;
  const auto position = [&file_order](const Diagnostic& item) {
    return std::make_tuple(file_order.at(item.where.source->name), item.where.line, item.where.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&position](const Diagnostic& a, const Diagnostic& b) {
    return position(a) < position(b);
  });
  throw ConfigError(std::move(sorted));
}

}  // namespace weft::config
