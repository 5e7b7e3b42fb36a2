// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/variations.h"

#include <fmt/format.h>

#include "models/common/error.h"

namespace weft::tool {

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = 0;
  for (const char letter : text) {
    if (quote != 0) {
      if (letter == quote) quote = 0;
    } else if (letter == '\'' || letter == '"') {
      quote = letter;
    } else if (letter == '[' || letter == '{') {
      ++depth;
    } else if (letter == ']' || letter == '}') {
      --depth;
    } else if (letter == ',' && depth == 0) {
      values.emplace_back();
      continue;
    }
    values.back() += letter;
  }
  return values;
}

}  // namespace

std::vector<Variation> variations(const std::vector<std::string>& keys) {
  std::vector<Variation> result(1);
  for (const std::string& text : keys) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(fmt::format("--vary {}: expected KEY=VALUE,VALUE,…", text));
    const std::string key = text.substr(0, equals);
    const std::string last = key.substr(key.rfind('.') + 1);
    std::vector<Variation> more;
    for (const Variation& before : result) {
      for (const std::string& value : split(text.substr(equals + 1))) {
        if (value.empty()) throw Error(fmt::format("--vary {}: a value is missing", text));
        Variation next = before;
        next.name += fmt::format("{}{}={}", next.name.empty() ? "" : ", ", last, value);
        next.set.push_back(key + "=" + value);
        more.push_back(std::move(next));
      }
    }
    result = std::move(more);
  }
  return result;
}

}  // namespace weft::tool
