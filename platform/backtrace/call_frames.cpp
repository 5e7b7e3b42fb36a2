// SPDX-License-Identifier: Apache-2.0
#include "platform/backtrace/call_frames.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace weft::backtrace {

namespace {

// DWARF 4, table 7.23. The first three carry an operand in their low six bits.
enum Instruction : unsigned {
  advance_loc = 0x40,
  offset = 0x80,
  restore = 0xc0,
  nop = 0x00,
  set_loc = 0x01,
  advance_loc1 = 0x02,
  advance_loc2 = 0x03,
  advance_loc4 = 0x04,
  offset_extended = 0x05,
  restore_extended = 0x06,
  undefined = 0x07,
  same_value = 0x08,
  remember_state = 0x0a,
  restore_state = 0x0b,
  def_cfa = 0x0c,
  def_cfa_register = 0x0d,
  def_cfa_offset = 0x0e,
  offset_extended_sf = 0x11,
  def_cfa_sf = 0x12,
  def_cfa_offset_sf = 0x13,
};

constexpr unsigned operand_mask = 0x3f;
constexpr std::uint32_t debug_common_id = 0xffffffff;
constexpr std::uint32_t eh_common_id = 0;
constexpr unsigned pointer_absolute = 0x00;
constexpr unsigned pointer_relative_4 = 0x1b;  // pc-relative, signed 4 bytes
constexpr std::size_t deepest_memory = 64;

bool is_eh(const loader::Section& section) { return section.name == ".eh_frame"; }

}  // namespace

// Reads within bounds; beyond them everything is 0 and ok() false.
class CallFrames::Cursor {
 public:
  Cursor(const std::uint8_t* begin, const std::uint8_t* end) : at_(begin), end_(end) {}

  bool ok() const { return ok_; }
  bool done() const { return !ok_ || at_ == end_; }
  const std::uint8_t* at() const { return at_; }
  const std::uint8_t* end() const { return end_; }

  template <typename T>
  T number() {
    T value{};
    if (!take(sizeof value)) return value;
    std::memcpy(&value, at_ - sizeof value, sizeof value);
    return value;
  }
  std::uint32_t unsigned_leb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = number<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7fu) << shift;
      if ((byte & 0x80u) == 0) return static_cast<std::uint32_t>(value);
    }
    ok_ = false;
    return 0;
  }
  std::int32_t signed_leb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35;) {
      const auto byte = number<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7fu) << shift;
      shift += 7;
      if ((byte & 0x80u) != 0) continue;
      if ((byte & 0x40u) != 0) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    }
    ok_ = false;
    return 0;
  }
  std::string text() {
    const std::uint8_t* const zero = std::find(at_, end_, std::uint8_t{0});
    std::string result(at_, zero);
    take(result.size() + 1);
    return result;
  }
  bool take(std::size_t bytes) {
    ok_ = ok_ && bytes <= static_cast<std::size_t>(end_ - at_);
    if (ok_) at_ += bytes;
    return ok_;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

// Executes the instructions of an entry up to the row of an address.
class CallFrames::Program {
 public:
  Program(const Common& common, std::uint32_t start, std::uint32_t pc)
      : common_(common), location_(start), pc_(pc) {
    rules_.return_register = common.return_register;
  }

  bool run(const std::uint8_t* begin, const std::uint8_t* end) {
    Cursor code(begin, end);
    while (!code.done() && location_ <= pc_) {
      if (!step(code)) return false;
    }
    return code.ok();
  }
  void keep_as_initial() { initial_ = rules_; }
  const FrameRules& rules() const { return rules_; }

 private:
  bool step(Cursor& code) {
    const unsigned byte = code.number<std::uint8_t>();
    const unsigned operand = byte & operand_mask;
    switch (byte & ~operand_mask) {
      case advance_loc:
        return advance(operand);
      case offset:
        return save(operand, static_cast<std::int64_t>(code.unsigned_leb()));
      case restore:
        return put(operand, initial_rule(operand));
      default:
        return step_extended(code, byte);
    }
  }

  bool step_extended(Cursor& code, unsigned instruction) {
    switch (instruction) {
      case nop:
        return true;
      case set_loc:
        location_ = code.number<std::uint32_t>();
        return true;
      case advance_loc1:
        return advance(code.number<std::uint8_t>());
      case advance_loc2:
        return advance(code.number<std::uint16_t>());
      case advance_loc4:
        return advance(code.number<std::uint32_t>());
      case offset_extended: {
        const std::uint32_t number = code.unsigned_leb();
        return save(number, static_cast<std::int64_t>(code.unsigned_leb()));
      }
      case offset_extended_sf: {
        const std::uint32_t number = code.unsigned_leb();
        return save(number, code.signed_leb());
      }
      case restore_extended: {
        const std::uint32_t number = code.unsigned_leb();
        return put(number, initial_rule(number));
      }
      case undefined:
        return put(code.unsigned_leb(), {Saved::undefined, 0});
      case same_value:
        return put(code.unsigned_leb(), {Saved::same, 0});
      case remember_state:
        remembered_.push_back(rules_);
        return remembered_.size() <= deepest_memory;
      case restore_state:
        return recall();
      default:
        return step_frame(code, instruction);
    }
  }

  bool step_frame(Cursor& code, unsigned instruction) {
    switch (instruction) {
      case def_cfa:
        rules_.frame_register = code.unsigned_leb();
        rules_.frame_offset = static_cast<std::int32_t>(code.unsigned_leb());
        break;
      case def_cfa_sf:
        rules_.frame_register = code.unsigned_leb();
        rules_.frame_offset = scaled(code.signed_leb());
        break;
      case def_cfa_register:
        rules_.frame_register = code.unsigned_leb();
        break;
      case def_cfa_offset:
        rules_.frame_offset = static_cast<std::int32_t>(code.unsigned_leb());
        break;
      case def_cfa_offset_sf:
        rules_.frame_offset = scaled(code.signed_leb());
        break;
      default:  // expressions and vendor instructions
        return false;
    }
    return rules_.frame_register < register_count;
  }

  bool advance(std::uint32_t factored) {
    const std::uint64_t to = location_ + std::uint64_t{factored} * common_.code_alignment;
    // Rows behind the address are of no interest.
    location_ = std::min<std::uint64_t>(to, std::uint64_t{pc_} + 1);
    return true;
  }
  std::int32_t scaled(std::int64_t factored) const {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(factored * common_.data_alignment));
  }
  bool save(std::uint32_t number, std::int64_t factored) {
    return put(number, {Saved::at_frame, scaled(factored)});
  }
  // Floating-point registers and CSRs have numbers above ours and do not matter.
  bool put(std::uint32_t number, RegisterRule rule) {
    if (number < register_count) rules_.registers[number] = rule;
    return true;
  }
  RegisterRule initial_rule(std::uint32_t number) const {
    return number < register_count ? initial_.registers[number] : RegisterRule{};
  }
  bool recall() {
    if (remembered_.empty()) return false;
    rules_ = remembered_.back();
    remembered_.pop_back();
    return true;
  }

  const Common& common_;
  std::uint64_t location_;
  std::uint32_t pc_;
  FrameRules rules_;
  FrameRules initial_;
  std::vector<FrameRules> remembered_;
};

CallFrames::CallFrames(const loader::ElfFile& file) {
  for (const loader::Section& section : file.debug) {
    if (section.name == ".debug_frame" || is_eh(section)) sections_.push_back(section);
  }
  for (const loader::Section& section : sections_) read_section(section);
}

void CallFrames::read_section(const loader::Section& section) {
  const std::uint8_t* const begin = section.bytes.data();
  const std::uint8_t* const end = begin + section.bytes.size();
  Cursor all(begin, end);
  while (!all.done()) {
    const auto length = all.number<std::uint32_t>();
    const std::uint8_t* const start = all.at();
    if (length == 0 || !all.take(length)) return;
    Cursor entry(start, start + length);
    const auto id = entry.number<std::uint32_t>();
    if (id == (is_eh(section) ? eh_common_id : debug_common_id) || !entry.ok()) continue;
    // In .eh_frame the distance back from the field itself, in .debug_frame an offset in the section.
    const auto here = static_cast<std::size_t>(start - begin);
    if (is_eh(section) && id > here) continue;
    const std::size_t common_offset = is_eh(section) ? here - id : id;
    if (const std::optional<Common> common = read_common(section, common_offset)) {
      read_function(section, entry, *common);
    }
  }
}

std::optional<CallFrames::Common> CallFrames::read_common(const loader::Section& section,
                                                          std::size_t offset_in_section) const {
  Cursor outer(section.bytes.data(), section.bytes.data() + section.bytes.size());
  if (!outer.take(offset_in_section)) return std::nullopt;
  const auto length = outer.number<std::uint32_t>();
  const std::uint8_t* const start = outer.at();
  if (!outer.take(length)) return std::nullopt;
  Cursor entry(start, start + length);
  const auto id = entry.number<std::uint32_t>();
  if (id != (is_eh(section) ? eh_common_id : debug_common_id)) return std::nullopt;
  const unsigned version = entry.number<std::uint8_t>();
  const std::string augmentation = entry.text();
  if (version == 4) {
    const unsigned address_size = entry.number<std::uint8_t>();
    const unsigned segment_size = entry.number<std::uint8_t>();
    if (address_size != 4 || segment_size != 0) return std::nullopt;
  }
  Common common;
  common.code_alignment = entry.unsigned_leb();
  common.data_alignment = entry.signed_leb();
  common.return_register = version == 1 ? entry.number<std::uint8_t>() : entry.unsigned_leb();
  if (augmentation == "zR") {
    entry.unsigned_leb();
    const unsigned encoding = entry.number<std::uint8_t>();
    if (encoding != pointer_absolute && encoding != pointer_relative_4) return std::nullopt;
    common.augmented = true;
    common.pc_relative = encoding == pointer_relative_4;
  } else if (!augmentation.empty()) {
    return std::nullopt;
  }
  common.begin = entry.at();
  common.end = entry.end();
  if (!entry.ok() || common.return_register >= register_count) return std::nullopt;
  return common;
}

void CallFrames::read_function(const loader::Section& section, Cursor& entry, const Common& common) {
  Function function;
  const auto place = section.address + static_cast<std::uint32_t>(entry.at() - section.bytes.data());
  function.start = entry.number<std::uint32_t>() + (common.pc_relative ? place : 0);
  function.size = entry.number<std::uint32_t>();
  if (common.augmented) entry.take(entry.unsigned_leb());
  if (!entry.ok()) return;
  function.common = common;
  function.begin = entry.at();
  function.end = entry.end();
  functions_.push_back(function);
}

std::optional<FrameRules> CallFrames::find(std::uint32_t pc) const {
  const auto found = std::find_if(functions_.begin(), functions_.end(), [pc](const Function& each) {
    return pc >= each.start && pc - each.start < each.size;
  });
  if (found == functions_.end()) return std::nullopt;
  Program program(found->common, found->start, pc);
  if (!program.run(found->common.begin, found->common.end)) return std::nullopt;
  program.keep_as_initial();
  if (!program.run(found->begin, found->end)) return std::nullopt;
  return program.rules();
}

}  // namespace weft::backtrace
