// SPDX-License-Identifier: Apache-2.0
// The signature of an architecture test: the memory between two symbols, as the text that the RISC-V test
// frameworks compare.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft::bare {

// One line for every `granularity` bytes, as a hexadecimal number (the byte at the highest address first);
// the last line is filled up with zeros. Granularity: 1, 2, 4, 8 or 16.
std::string signature_text(const std::vector<std::uint8_t>& bytes, unsigned granularity);

}  // namespace weft::bare
