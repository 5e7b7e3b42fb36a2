// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/hart_isa.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "models/common/error.h"

namespace weft::tool {

namespace {

constexpr const char* allowed = "rv32i with any of m, a, c, _zicsr, _zifencei";

[[noreturn]] void refuse(const std::string& isa, const std::string& what) {
  throw Error(fmt::format("--isa {}: {}; allowed: {}", isa, what, allowed));
}

}  // namespace

void set_isa(hart::CoreConfig& config, const std::string& isa) {
  std::string text = isa;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (text.rfind("rv32i", 0) != 0) refuse(isa, "does not start with rv32i");
  config.muldiv = config.atomics = config.compressed = false;
  std::size_t at = 5;
  for (; at < text.size() && text[at] != '_'; ++at) {
    bool* const part = text[at] == 'm'   ? &config.muldiv
                       : text[at] == 'a' ? &config.atomics
                       : text[at] == 'c' ? &config.compressed
                                         : nullptr;
    if (part == nullptr) refuse(isa, fmt::format("no extension '{}'", text[at]));
    if (*part) refuse(isa, fmt::format("'{}' twice", text[at]));
    *part = true;
  }
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('_', at + 1), text.size());
    const std::string part = text.substr(at + 1, end - at - 1);
    if (part != "zicsr" && part != "zifencei") refuse(isa, fmt::format("no extension '{}'", part));
    at = end;
  }
}

}  // namespace weft::tool
