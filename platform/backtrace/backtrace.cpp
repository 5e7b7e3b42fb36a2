// SPDX-License-Identifier: Apache-2.0
#include "platform/backtrace/backtrace.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace weft::backtrace {

namespace {

constexpr unsigned ra = 1;
constexpr unsigned sp = 2;
constexpr std::size_t most_frames = 64;
constexpr std::size_t most_guesses = 16;
constexpr std::uint32_t scanned_bytes = 4096;

class Unwinder {
 public:
  Unwinder(const loader::ElfFile& file, Registers registers, const ReadMemory& read)
      : file_(file), frames_of_(file), now_(registers), read_(read) {}

  std::vector<Frame> run() {
    result_.push_back({now_.pc, false});
    while (result_.size() < most_frames) {
      const bool is_first = result_.size() == 1;
      // A return address may be the first byte of another function; the call is before it.
      const std::optional<FrameRules> rules = frames_of_.find(is_first ? now_.pc : now_.pc - 1);
      if (!rules) {
        guess(is_first);
        break;
      }
      if (!step(*rules, is_first)) break;
      result_.push_back({now_.pc, false});
    }
    return std::move(result_);
  }

 private:
  // To the caller's registers. False at the outermost frame and where the information contradicts itself.
  bool step(const FrameRules& rules, bool is_first) {
    const std::uint32_t frame = now_.x[rules.frame_register] + static_cast<std::uint32_t>(rules.frame_offset);
    // Stacks grow down; only a leaf, which is first, may have no frame of its own.
    const bool progress = is_first ? frame >= now_.x[sp] : frame > now_.x[sp];
    if (!progress || rules.registers[rules.return_register].where == Saved::undefined) return false;
    Registers caller = now_;
    for (unsigned number = 1; number < register_count; ++number) {
      const RegisterRule& rule = rules.registers[number];
      if (rule.where != Saved::at_frame) continue;
      const std::uint32_t address = frame + static_cast<std::uint32_t>(rule.offset);
      if (!read_(address, &caller.x[number], sizeof(std::uint32_t))) return false;
    }
    caller.x[sp] = frame;
    caller.pc = caller.x[rules.return_register];
    if (!is_code(caller.pc)) return false;
    now_ = caller;
    return true;
  }

  void guess(bool is_first) {
    std::size_t guesses = 0;
    std::uint32_t last = 0;
    const auto consider = [&](std::uint32_t value) {
      if (value == last || guesses >= most_guesses || !follows_call(value)) return;
      last = value;
      result_.push_back({value, true});
      ++guesses;
    };
    if (is_first) consider(now_.x[ra]);
    const std::uint32_t start = now_.x[sp] & ~3u;
    for (std::uint32_t offset = 0; offset < scanned_bytes; offset += 4) {
      std::uint32_t value = 0;
      if (start + offset < start || !read_(start + offset, &value, sizeof value)) return;
      consider(value);
    }
  }

  bool is_code(std::uint32_t address) const {
    return address % 2 == 0 &&
           std::any_of(file_.code.begin(), file_.code.end(), [address](const loader::Section& section) {
             return address >= section.address && address - section.address <= section.bytes.size();
           });
  }

  bool follows_call(std::uint32_t address) const {
    if (!is_code(address)) return false;
    std::uint32_t wide = 0;
    if (read_(address - 4, &wide, sizeof wide)) {
      constexpr std::uint32_t opcode_and_rd = 0xfff;
      const std::uint32_t found = wide & opcode_and_rd;
      if (found == 0x0ef || found == 0x0e7) return true;  // jal ra, jalr ra
    }
    std::uint16_t narrow = 0;
    if (!read_(address - 2, &narrow, sizeof narrow)) return false;
    const bool is_compressed_jal = (narrow & 0xe003u) == 0x2001u;
    const bool is_compressed_jalr = (narrow & 0xf07fu) == 0x9002u && (narrow & 0x0f80u) != 0;
    return is_compressed_jal || is_compressed_jalr;
  }

  const loader::ElfFile& file_;
  CallFrames frames_of_;
  Registers now_;
  const ReadMemory& read_;
  std::vector<Frame> result_;
};

}  // namespace

std::vector<Frame> unwind(const loader::ElfFile& file, const Registers& registers, const ReadMemory& read) {
  return Unwinder(file, registers, read).run();
}

std::string to_text(const std::vector<Frame>& frames, const loader::ElfFile& file) {
  std::string text;
  for (std::size_t index = 0; index < frames.size(); ++index) {
    const Frame& frame = frames[index];
    const std::uint32_t inside = index == 0 ? frame.pc : frame.pc - 1;
    const loader::Symbol* const symbol = file.symbol_at(inside);
    fmt::format_to(std::back_inserter(text), "\n    #{} {:#010x}", index, frame.pc);
    if (symbol != nullptr)
      fmt::format_to(std::back_inserter(text), " {}+{:#x}", symbol->name, frame.pc - symbol->address);
    if (frame.is_guess) text += " ?";
  }
  return text;
}

}  // namespace weft::backtrace
