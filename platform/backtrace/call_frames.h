// SPDX-License-Identifier: Apache-2.0
// Call frame information of an RV32 program: for an address, where the caller's registers are (DWARF 4,
// section 6.4; .eh_frame as in the LSB 5.0). Nothing in the sections is trusted: what is broken or uses
// expressions is as if it were not there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "platform/loader/elf_file.h"

namespace weft::backtrace {

constexpr unsigned register_count = 32;

enum class Saved { same, undefined, at_frame };

struct RegisterRule {
  Saved where = Saved::same;
  std::int32_t offset = 0;  // from the canonical frame address
};

// The canonical frame address is a register plus an offset.
struct FrameRules {
  unsigned frame_register = 2;
  std::int32_t frame_offset = 0;
  unsigned return_register = 1;
  std::array<RegisterRule, register_count> registers{};
};

class CallFrames {
 public:
  explicit CallFrames(const loader::ElfFile& file);

  // The rules that hold before the instruction at `pc` is executed.
  std::optional<FrameRules> find(std::uint32_t pc) const;

 private:
  struct Common {
    std::uint32_t code_alignment = 1;
    std::int32_t data_alignment = 1;
    unsigned return_register = 1;
    bool pc_relative = false;  // addresses of functions are
    bool augmented = false;    // functions carry augmentation data
    const std::uint8_t* begin = nullptr;
    const std::uint8_t* end = nullptr;
  };
  struct Function {
    std::uint32_t start = 0;
    std::uint32_t size = 0;
    Common common;
    const std::uint8_t* begin = nullptr;
    const std::uint8_t* end = nullptr;
  };
  class Cursor;
  class Program;

  void read_section(const loader::Section& section);
  std::optional<Common> read_common(const loader::Section& section, std::size_t offset) const;
  void read_function(const loader::Section& section, Cursor& entry, const Common& common);

  std::vector<loader::Section> sections_;  // what the pointers point into
  std::vector<Function> functions_;
};

}  // namespace weft::backtrace
