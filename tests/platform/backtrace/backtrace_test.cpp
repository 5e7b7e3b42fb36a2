// SPDX-License-Identifier: Apache-2.0
#include "platform/backtrace/backtrace.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "models/common/counter_rng.h"
#include "platform/bare/bare_simulation.h"

using namespace weft;
using namespace weft::backtrace;

namespace {

bare::BareOptions calls(const std::string& program = "calls") {
  bare::BareOptions options;
  options.images.push_back(loader::read_elf(WEFT_BARE_PROGRAM_DIR "/" + program + ".elf"));
  options.entry = options.images.back().entry;
  return options;
}

ReadMemory memory_of(bare::BareMachine& machine) {
  return [&machine](std::uint32_t address, void* data, std::uint32_t size) {
    return machine.read_memory(address, data, size);
  };
}

Registers registers_of(const hart::Hart& hart) {
  const hart::ExceptionSnapshot& snapshot = hart.last_exception().value();
  Registers registers{snapshot.trap.pc, {}};
  registers.x = snapshot.x;
  return registers;
}

std::vector<std::string> names_of(const std::vector<Frame>& frames, const loader::ElfFile& file,
                                  bool guesses) {
  std::vector<std::string> names;
  for (const Frame& frame : frames) {
    if (frame.is_guess != guesses) continue;
    const loader::Symbol* const symbol = file.symbol_at(frame.pc - (names.empty() && !guesses ? 0 : 1));
    names.push_back(symbol != nullptr ? symbol->name : "");
  }
  return names;
}

bool has_section(const loader::ElfFile& file, const std::string& name) {
  return std::any_of(file.debug.begin(), file.debug.end(),
                     [&name](const loader::Section& section) { return section.name == name; });
}

// Follows calls and returns by themselves and compares with what is unwound, after every instruction.
class ShadowStack final : public hart::ExecutionObserver {
 public:
  ShadowStack(const loader::ElfFile& file, bare::BareMachine& machine)
      : file_(file), machine_(machine), read_(memory_of(machine)) {}

  void retired(const hart::Retirement& retirement) override {
    const hart::Core& core = machine_.hart().core();
    const std::uint32_t next = retirement.pc + retirement.length;
    if (retirement.file == hart::RegisterFile::integer && retirement.rd == 1 && core.pc() != next)
      stack_.push_back(next);
    if (retirement.instruction == 0x8082 || (retirement.instruction & 0xffff) == 0x8082) stack_.pop_back();
    if (stack_.empty()) return;
    Registers now{core.pc(), {}};
    for (unsigned i = 0; i < register_count; ++i) now.x[i] = core.x(i);
    std::vector<std::uint32_t> expected(stack_.rbegin(), stack_.rend());
    std::vector<std::uint32_t> found;
    const std::vector<Frame> frames = unwind(file_, now, read_);
    for (std::size_t index = 1; index < frames.size() && !frames[index].is_guess; ++index)
      found.push_back(frames[index].pc);
    ++compared;
    deepest = std::max(deepest, expected.size());
    if (found != expected && first_difference == 0) first_difference = core.pc();
  }
  void trapped(const hart::TrapEvent&, std::uint64_t) override {}

  std::size_t compared = 0;
  std::size_t deepest = 0;
  std::uint32_t first_difference = 0;

 private:
  const loader::ElfFile& file_;
  bare::BareMachine& machine_;
  ReadMemory read_;
  std::vector<std::uint32_t> stack_;
};

}  // namespace

TEST_CASE("the call chain of a trap is found and named") {
  const std::string program = GENERATE("calls", "calls_eh");
  const bare::BareOptions options = calls(program);
  REQUIRE(has_section(options.images[0], ".debug_frame") == (program == "calls"));
  REQUIRE(has_section(options.images[0], ".eh_frame") == (program == "calls_eh"));
  bare::BareSimulation simulation(options);
  REQUIRE(simulation.run().ending == bare::Ending::fatal_trap);
  const loader::ElfFile& file = options.images[0];
  const std::vector<Frame> frames =
      unwind(file, registers_of(simulation.machine().hart()), memory_of(simulation.machine()));
  CHECK(names_of(frames, file, false) == std::vector<std::string>{"innermost", "main", "_start"});
  const std::string text = to_text(frames, file);
  CHECK_THAT(text, Catch::StartsWith("\n    #0 0x800") && Catch::Contains(" innermost+0x") &&
                       Catch::Contains("\n    #1 0x800") && Catch::Contains(" main+0x"));
}

TEST_CASE("after every instruction of a program the unwound chain is the real one") {
  const bare::BareOptions options = calls(GENERATE("calls", "calls_eh"));
  bare::BareSimulation simulation(options);
  ShadowStack shadow(options.images[0], simulation.machine());
  simulation.machine().hart().set_observer(&shadow);
  simulation.run();
  CAPTURE(shadow.first_difference);
  CHECK(shadow.first_difference == 0);
  CHECK(shadow.compared > 100);
  CHECK(shadow.deepest >= 5);
}

TEST_CASE("without call frame information return addresses on the stack are guessed and marked") {
  const bare::BareOptions options = calls();
  bare::BareSimulation simulation(options);
  simulation.run();
  loader::ElfFile file = options.images[0];
  file.debug.clear();
  const std::vector<Frame> frames =
      unwind(file, registers_of(simulation.machine().hart()), memory_of(simulation.machine()));
  CHECK(names_of(frames, file, false) == std::vector<std::string>{"innermost"});
  const std::vector<std::string> guesses = names_of(frames, file, true);
  CHECK(std::count(guesses.begin(), guesses.end(), "main") > 0);
  CHECK(std::count(guesses.begin(), guesses.end(), "_start") > 0);
  CHECK_THAT(to_text(frames, file), Catch::Contains(" ?"));
}

TEST_CASE("a stack that is destroyed ends the chain") {
  const bare::BareOptions options = calls();
  bare::BareSimulation simulation(options);
  simulation.run();
  Registers registers = registers_of(simulation.machine().hart());
  const std::uint32_t place = GENERATE(0x30000000u, 0xfffffff0u, 0u, 0x80008000u);
  registers.x[2] = place;
  const std::vector<Frame> frames = unwind(options.images[0], registers, memory_of(simulation.machine()));
  CHECK(frames.size() <= 2);
  CHECK(frames[0].pc == registers.pc);
}

TEST_CASE("call frame information with random bytes in it ends in a chain, whatever it is") {
  const bare::BareOptions options = calls();
  bare::BareSimulation simulation(options);
  simulation.run();
  const Registers registers = registers_of(simulation.machine().hart());
  const ReadMemory read = memory_of(simulation.machine());
  std::size_t different = 0;
  const std::size_t whole = unwind(options.images[0], registers, read).size();
  for (std::uint32_t seed = 0; seed < 10'000; ++seed) {
    CounterRng random(seed, 1, 2);
    loader::ElfFile file = options.images[0];
    for (loader::Section& section : file.debug) {
      if (section.name != ".debug_frame") continue;
      const auto size = static_cast<std::uint32_t>(section.bytes.size());
      if (seed % 4 == 0) section.bytes.resize(random.below(size));
      for (int count = 0; count < 3 && !section.bytes.empty(); ++count) {
        section.bytes[random.below(static_cast<std::uint32_t>(section.bytes.size()))] =
            static_cast<std::uint8_t>(random.below(256));
      }
    }
    const std::vector<Frame> frames = unwind(file, registers, read);
    REQUIRE(!frames.empty());
    REQUIRE(frames.size() <= 64 + 16);
    if (frames.size() != whole) ++different;
  }
  CHECK(different > 100);
}
