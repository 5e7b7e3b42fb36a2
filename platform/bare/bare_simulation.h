// SPDX-License-Identifier: Apache-2.0
// Runs one bare-metal program on a BareMachine and notices every way in which it can end.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/common/context.h"
#include "platform/bare/bare_machine.h"
#include "platform/debug/debugger.h"
#include "platform/loader/elf_file.h"
#include "platform/semihosting/semihosting.h"

namespace weft::bare {

enum class Ending {
  exited,             // the program has said so: tohost, finisher or semihosting
  fatal_trap,         // a trap whose handler traps at its first instruction
  stuck,              // asleep, or in a loop of one jump, and no interrupt can come
  reset,              // the program asked the finisher for a reset
  instruction_limit,  //
  interrupted,        // from outside
};

struct BareSemihosting {
  std::filesystem::path root = ".";
  std::string command_line;
  std::function<int()> input;                // next byte of the console, -1 at its end
  std::function<void(std::uint8_t)> errors;  // standard error
};

struct BareOptions {
  // hart.core.reset_pc is taken from `entry`.
  hart::HartConfig hart;
  std::uint64_t ram_size = BareMachineConfig{}.ram_size;
  // What is loaded, in this order; symbols tohost and fromhost are looked for in all of them.
  std::vector<loader::ElfFile> images;
  std::uint32_t entry = 0;
  std::optional<std::uint64_t> max_instructions;
  std::function<void(std::uint8_t)> console;   // bytes sent by the UART and through tohost
  std::optional<BareSemihosting> semihosting;  // else an ebreak is one
  const std::atomic<bool>* interrupted = nullptr;
  Log::Sink log;
  std::optional<debug::GdbOptions> gdb;
};

struct Outcome {
  Ending ending = Ending::exited;
  std::uint64_t exit_code = 0;  // of a program that exited
  std::string detail;           // for the user, unless it exited
  std::string call_chain;       // likewise, as of backtrace::to_text
  std::uint64_t instructions = 0;
  std::uint64_t cycles = 0;
  double simulated_s = 0;
  double wall_s = 0;
};

class BareSimulation {
 public:
  // Throws weft::Error for an image that does not lie in RAM or flash.
  explicit BareSimulation(const BareOptions& options);
  ~BareSimulation();

  // Once.
  Outcome run();
  // Ends the run after the current instruction; for handlers inside it. The first call counts.
  void exit(std::uint64_t code);

  BareMachine& machine() { return *machine_; }
  Context& context() { return context_; }
  // "main+0x24", or "" outside of every symbol.
  std::string place(std::uint32_t address) const;
  // First byte behind what was loaded into RAM.
  std::uint32_t program_end() const;

 private:
  void load();
  void attach_semihosting();
  Ending run_slices();
  void end(Ending ending);
  std::optional<Ending> look_for_end() const;
  bool spins() const;
  std::string describe(Ending ending) const;
  std::string where(std::uint32_t pc) const;
  std::string call_chain(Ending ending) const;
  // bare_debug.cpp
  void listen_for_debugger();
  bool debugger_holds(Ending ending);
  void log(const LogEntry& entry) const;

  const BareOptions& options_;
  Context context_;
  std::unique_ptr<BareMachine> machine_;
  std::optional<semihosting::Semihosting> semihosting_;
  std::unique_ptr<debug::Debugger> debugger_;
  std::optional<Ending> ending_;
  std::uint64_t exit_code_ = 0;
};

}  // namespace weft::bare
