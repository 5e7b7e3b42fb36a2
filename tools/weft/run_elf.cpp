// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/run_elf.h"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>

#include "models/common/error.h"
#include "models/hart/isa.h"
#include "platform/bare/bare_simulation.h"
#include "platform/bare/signature.h"
#include "platform/machine/memory_map.h"
#include "tools/weft/commands.h"
#include "tools/weft/console.h"
#include "tools/weft/files.h"

namespace weft::tool {

namespace {

// A signal handler has no other way to reach the run.
std::atomic<bool> interrupt_requested{false};

void request_interrupt(int) { interrupt_requested = true; }

void print_console(std::uint8_t byte) {
  std::putchar(byte);
  if (byte == '\n') std::fflush(stdout);
}

bare::BareSemihosting semihosting_options(const RunElfOptions& options) {
  bare::BareSemihosting result;
  result.root = options.semihosting_root;
  for (const std::string& argument : options.arguments) {
    result.command_line += (result.command_line.empty() ? "" : " ") + argument;
  }
  result.input = [] { return read_console(interrupt_requested); };
  if (!options.quiet) result.errors = [](std::uint8_t byte) { std::fputc(byte, stderr); };
  return result;
}

// Everything on, and misaligned accesses done by the hardware: public suites expect it, as on QEMU.
hart::CoreConfig core_config(const std::string& isa) {
  hart::CoreConfig config;
  config.user_mode = true;
  config.pmp_entries = 16;
  config.misaligned = hart::MisalignedAccess::hardware;
  try {
    hart::apply(hart::parse_isa(isa), config);
  } catch (const Error& error) {
    throw Error(fmt::format("--isa: {}", error.what()));
  }
  return config;
}

bare::BareOptions bare_options(const RunElfOptions& options) {
  bare::BareOptions result;
  result.ram_size = options.ram_size;
  result.max_instructions = options.max_instructions;
  result.interrupted = &interrupt_requested;
  result.hart.core = core_config(options.isa);
  result.hart.core.enable_jit = options.jit != config::JitMode::off;
  result.hart.core.lockstep = options.jit == config::JitMode::lockstep;
  if (!options.quiet) result.console = print_console;
  if (options.verbose) {
    result.log = [](const LogEntry& entry) {
      fmt::print(stderr, "[{}] {}: {}\n", entry.time, entry.source, entry.text);
    };
  }
  if (options.semihosting) result.semihosting = semihosting_options(options);
  if (options.gdb) {
    result.gdb = debug::GdbOptions{*options.gdb, options.gdb_wait, [](const std::string& line) {
                                     std::fflush(stdout);
                                     fmt::print(stderr, "weft: {}\n", line);
                                   }};
  }
  if (options.file) {
    result.images.push_back(options.raw ? loader::raw_image(loader::read_file(*options.file),
                                                            options.file->string(), *options.raw)
                                        : loader::read_elf(*options.file));
    result.entry = result.images.back().entry;
  }
  if (options.flash) {
    constexpr auto base = static_cast<std::uint32_t>(map::flash_base);
    result.images.push_back(
        loader::raw_image(loader::read_file(*options.flash), options.flash->string(), base));
    result.entry = base;
  }
  if (result.images.empty()) throw Error("run-elf: nothing to run; allowed: an ELF file, or --flash IMAGE");
  return result;
}

struct SignaturePlace {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

SignaturePlace find_signature(const bare::BareOptions& options) {
  const loader::Symbol* begin = nullptr;
  const loader::Symbol* end = nullptr;
  for (const loader::ElfFile& image : options.images) {
    if (begin == nullptr) begin = image.find("begin_signature");
    if (end == nullptr) end = image.find("end_signature");
  }
  const std::string& file = options.images.front().name;
  if (begin == nullptr || end == nullptr) {
    throw Error(
        fmt::format("{}: --signature needs the symbols begin_signature and end_signature; {} is missing",
                    file, begin == nullptr ? "begin_signature" : "end_signature"));
  }
  if (end->address < begin->address || end->address - begin->address > options.ram_size) {
    throw Error(fmt::format("{}: the signature from {:#010x} to {:#010x} is no range in memory", file,
                            begin->address, end->address));
  }
  return {begin->address, end->address - begin->address};
}

void write_signature(const RunElfOptions& options, const SignaturePlace& place, bare::BareMachine& machine) {
  std::vector<std::uint8_t> bytes(place.size);
  if (!machine.read_memory(place.begin, bytes.data(), bytes.size())) {
    throw Error(
        fmt::format("the signature at {:#010x} of {} bytes lies in no memory", place.begin, place.size));
  }
  write_file(*options.signature, bare::signature_text(bytes, options.signature_granularity));
}

int exit_status(const bare::Outcome& outcome) {
  constexpr int largest = 255;
  switch (outcome.ending) {
    case bare::Ending::exited:
      return outcome.exit_code > largest ? largest : static_cast<int>(outcome.exit_code);
    case bare::Ending::fatal_trap:
      return status_fatal_trap;
    case bare::Ending::stuck:
      return status_stuck;
    case bare::Ending::reset:
      return status_reset;
    case bare::Ending::instruction_limit:
      return status_instruction_limit;
    case bare::Ending::interrupted:
      break;
  }
  return status_interrupted;
}

void report(const RunElfOptions& options, const bare::Outcome& outcome) {
  if (outcome.ending != bare::Ending::exited) {
    fmt::print(stderr, "weft: {}{}\n", outcome.detail, outcome.call_chain);
  }
  const bool is_success = outcome.ending == bare::Ending::exited && outcome.exit_code == 0;
  if (outcome.ending == bare::Ending::exited && !is_success && !options.quiet)
    fmt::print(stderr, "weft: the program ended with exit code {}\n", outcome.exit_code);
  if (!options.verbose) return;
  fmt::print(stderr, "weft: {} instructions, {} cycles, {:.9f} s simulated, {:.3f} s wall, {:.1f} MIPS\n",
             outcome.instructions, outcome.cycles, outcome.simulated_s, outcome.wall_s,
             outcome.wall_s > 0 ? static_cast<double>(outcome.instructions) / outcome.wall_s / 1e6 : 0.0);
}

}  // namespace

int run_elf(const RunElfOptions& options) {
  const bare::BareOptions bare = bare_options(options);
  std::optional<SignaturePlace> signature;
  if (options.signature) signature = find_signature(bare);
  bare::BareSimulation simulation(bare);
  std::signal(SIGINT, request_interrupt);
  std::signal(SIGTERM, request_interrupt);
  std::optional<trace::TraceWriter> trace;
  if (options.trace) {
    trace.emplace(*options.trace);
    hart::Hart& hart = simulation.machine().hart();
    const std::vector<loader::Symbol>& symbols = bare.images.front().symbols;
    hart.set_observer(&trace->add("hart", symbols, [&hart] { hart.set_observer(nullptr); }));
  }
  const bare::Outcome outcome = simulation.run();
  if (trace) trace->close();
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::fflush(stdout);
  if (signature) write_signature(options, *signature, simulation.machine());
  report(options, outcome);
  return exit_status(outcome);
}

}  // namespace weft::tool
