// SPDX-License-Identifier: Apache-2.0
// Executable memory of the just-in-time back end and what translated code reads beside itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "models/hart/code_map.h"
#include "models/hart/privilege.h"

namespace weft::hart::jit {

constexpr std::size_t max_windows = 8;
constexpr std::size_t jump_table_entries = 1024;

// Where a computed jump goes; pc is odd if nowhere.
struct JumpTarget {
  std::uint64_t pc = 1;
  const std::uint8_t* code = nullptr;
};
static_assert(sizeof(JumpTarget) == 16, "translated code scales indices by 16");

// Addressed relative to the instruction pointer, so it lies in front of the code; in pages of its own,
// because writing beside code that runs is slow.
struct Shared {
  // Where stores to each window are not translated code's business, relative to the window's base: around
  // cached code. Changes while translated code exists.
  std::array<CodeMap::Hull, max_windows> guards{};
  std::uint8_t* primary_host = nullptr;  // of window 0
  // Levels of privilege have code of their own at the same addresses.
  std::array<std::array<JumpTarget, jump_table_entries>, privilege_levels> jump_tables{};
};

// One mapping, readable, writable and executable. Throws weft::Error if the host refuses it.
class CodeMemory {
 public:
  CodeMemory();
  CodeMemory(const CodeMemory&) = delete;
  CodeMemory& operator=(const CodeMemory&) = delete;
  ~CodeMemory();

  Shared& shared() { return *shared_; }
  std::uint8_t* code() { return start_ + code_offset; }
  static constexpr std::size_t code_bytes() { return bytes - code_offset; }

 private:
  static constexpr std::size_t page = 4096;
  static constexpr std::size_t bytes = std::size_t{16} << 20;  // reserved; the host provides what is used
  static constexpr std::size_t code_offset = (sizeof(Shared) + page - 1) / page * page;

  std::uint8_t* start_ = nullptr;
  Shared* shared_ = nullptr;
};

}  // namespace weft::hart::jit
