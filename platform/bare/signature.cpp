// SPDX-License-Identifier: Apache-2.0
#include "platform/bare/signature.h"

#include <fmt/format.h>

#include <iterator>

namespace weft::bare {

std::string signature_text(const std::vector<std::uint8_t>& bytes, unsigned granularity) {
  std::string text;
  for (std::size_t line = 0; line < bytes.size(); line += granularity) {
    for (std::size_t index = line + granularity; index-- > line;) {
      fmt::format_to(std::back_inserter(text), "{:02x}", index < bytes.size() ? bytes[index] : 0);
    }
    text += '\n';
  }
  return text;
}

}  // namespace weft::bare
