// SPDX-License-Identifier: Apache-2.0
// Who called whom, for reports: from the registers of a hart and its memory, by the program's call frame
// information. Where there is none, by return addresses: values in ra and on the stack that follow a call
// instruction. Those are guesses and marked so.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "platform/backtrace/call_frames.h"
#include "platform/loader/elf_file.h"

namespace weft::backtrace {

struct Registers {
  std::uint32_t pc = 0;
  std::array<std::uint32_t, register_count> x{};
};

struct Frame {
  std::uint32_t pc = 0;  // the first one's own, then return addresses
  bool is_guess = false;
};

// Without side effects; false where nothing answers.
using ReadMemory = std::function<bool(std::uint32_t address, void* data, std::uint32_t size)>;

// At most 64 frames, the innermost first.
std::vector<Frame> unwind(const loader::ElfFile& file, const Registers& registers, const ReadMemory& read);

// One line a frame, each with a line feed before it: "\n    #1 0x80000124 main+0x24"; guesses end in " ?".
std::string to_text(const std::vector<Frame>& frames, const loader::ElfFile& file);

}  // namespace weft::backtrace
