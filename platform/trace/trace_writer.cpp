// SPDX-License-Identifier: Apache-2.0
#include "platform/trace/trace_writer.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "models/common/error.h"
#include "models/hart/disassemble.h"
#include "models/hart/xweft.h"
#include "platform/config/scalar.h"

namespace weft::trace {

namespace {

constexpr std::array<const char*, 32> register_names{
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
    "a6",   "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

constexpr std::array<const char*, 32> float_register_names{
    "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1", "fa0",
    "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4", "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"};

// "addi a0,a0,1" with the operands in a column of their own.
std::string text_of(const hart::Retirement& retirement) {
  const auto custom = [](std::uint32_t bits, std::uint32_t) { return xweft::disassemble(bits); };
  const std::string text = hart::disassemble(retirement.instruction, retirement.pc, custom);
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return text;
  return fmt::format("{:<7} {}", text.substr(0, space), text.substr(space + 1));
}

std::string effects_of(const hart::Retirement& retirement) {
  std::string text;
  const std::uint32_t value = retirement.rd_value;
  if (retirement.file == hart::RegisterFile::integer)
    text = fmt::format("  {}={:08x}", register_names[retirement.rd], value);
  if (retirement.file == hart::RegisterFile::floating)
    text = fmt::format("  {}={:08x}", float_register_names[retirement.rd], value);
  for (const hart::MemoryAccess& access : retirement.accesses) {
    fmt::format_to(std::back_inserter(text), "  {}{} [{:08x}]={:0{}x}", access.write ? 'w' : 'r', access.size,
                   access.address, access.value, 2 * access.size);
  }
  return text;
}

}  // namespace

AddressRange parse_range(const std::string& text) {
  const std::size_t dash = text.find('-');
  if (dash != std::string::npos) {
    const auto first = config::parse_integer<std::uint32_t>(text.substr(0, dash));
    const auto behind = config::parse_integer<std::uint64_t>(text.substr(dash + 1));
    if (first && behind && *behind > *first && *behind <= std::uint64_t{1} << 32) {
      return {*first, static_cast<std::uint32_t>(*behind - 1)};
    }
  }
  throw Error(fmt::format(
      "'{}' is no range of addresses; allowed: like 0x80000000-0x80001000, the second one larger", text));
}

class TraceWriter::HartTrace final : public hart::ExecutionObserver {
 public:
  HartTrace(TraceWriter& writer, std::string name, const std::vector<loader::Symbol>& symbols,
            std::function<void()> detach)
      : writer_(writer), name_(std::move(name)), detach_(std::move(detach)) {
    for (const loader::Symbol& symbol : symbols) symbols_.emplace(symbol.address, symbol.name);
  }

  void retired(const hart::Retirement& retirement) override {
    if (!writer_.wants(retirement.pc)) return;
    if (enough()) return;
    std::string text;
    const auto symbol = symbols_.find(retirement.pc);
    if (symbol != symbols_.end())
      text = fmt::format("{:>10} {} <{}>:\n", retirement.cycle, name_, symbol->second);
    const std::string bits = retirement.length == 2
                                 ? fmt::format("{:04x}    ", retirement.instruction & 0xffffu)
                                 : fmt::format("{:08x}", retirement.instruction);
    const std::string effects = effects_of(retirement);
    const std::string code = text_of(retirement);
    fmt::format_to(std::back_inserter(text), "{:>10} {} {:08x} {} ", retirement.cycle, name_, retirement.pc,
                   bits);
    text += effects.empty() ? code : fmt::format("{:<32}{}", code, effects);
    writer_.line(text);
  }

  void trapped(const hart::TrapEvent& event, std::uint64_t cycle) override {
    if (!writer_.wants(event.pc)) return;
    if (enough()) return;
    writer_.line(event.interrupt
                     ? fmt::format("{:>10} {} {:08x} interrupt {}", cycle, name_, event.pc, event.cause)
                     : fmt::format("{:>10} {} {:08x} trap {} value {:08x}", cycle, name_, event.pc,
                                   event.cause, event.value));
  }

 private:
  bool enough() {
    if (!writer_.full()) return false;
    detach_();
    return true;
  }

  TraceWriter& writer_;
  std::string name_;
  std::function<void()> detach_;
  std::unordered_map<std::uint32_t, std::string> symbols_;
};

hart::ExecutionObserver& TraceWriter::add(const std::string& hart, const std::vector<loader::Symbol>& symbols,
                                          std::function<void()> detach) {
  harts_.push_back(std::make_unique<HartTrace>(*this, hart, symbols, std::move(detach)));
  return *harts_.back();
}

void TraceWriter::line(const std::string& text) {
  ++lines_;
  file_.write(text + "\n");
}

}  // namespace weft::trace
