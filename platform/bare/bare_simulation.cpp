// SPDX-License-Identifier: Apache-2.0
#include "platform/bare/bare_simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "models/common/error.h"
#include "platform/backtrace/hart_backtrace.h"
#include "platform/machine/memory_map.h"
#include "platform/semihosting/hart_port.h"

namespace weft::bare {

namespace {

using Clock = std::chrono::steady_clock;
using sc_core::sc_time;

// Wall time between two looks at the outside world.
constexpr double slice_wall_s = 0.05;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::uint64_t end_of(const loader::Segment& segment) {
  return std::uint64_t{segment.address} + segment.memory_size;
}

bool is_in_flash(std::uint64_t address) {
  return address >= map::flash_base && address < map::flash_base + map::flash_size;
}

const loader::Symbol* find_symbol(const BareOptions& options, const char* name) {
  for (const loader::ElfFile& image : options.images) {
    if (const loader::Symbol* const symbol = image.find(name)) return symbol;
  }
  return nullptr;
}

BareMachineConfig machine_config(const BareOptions& options) {
  BareMachineConfig config;
  config.hart = options.hart;
  config.hart.core.reset_pc = options.entry;
  config.ram_size = options.ram_size;
  constexpr std::uint64_t page = 4096;
  for (const loader::ElfFile& image : options.images) {
    for (const loader::Segment& segment : image.segments) {
      if (!is_in_flash(segment.address)) continue;
      const std::uint64_t size = end_of(segment) - map::flash_base;
      config.flash_size = std::max(config.flash_size, (size + page - 1) / page * page);
    }
  }
  if (const loader::Symbol* const tohost = find_symbol(options, "tohost")) {
    config.tohost = tohost->address;
    config.wide_tohost = tohost->size != 4;
    if (const loader::Symbol* const fromhost = find_symbol(options, "fromhost"))
      config.fromhost = fromhost->address;
  }
  return config;
}

void check_places(const BareOptions& options) {
  const std::uint64_t ram_end = map::dram_base + options.ram_size;
  const std::uint64_t flash_end = map::flash_base + map::flash_size;
  for (const loader::ElfFile& image : options.images) {
    for (const loader::Segment& segment : image.segments) {
      const std::uint64_t end = end_of(segment);
      if (segment.address >= map::dram_base && end <= ram_end) continue;
      if (is_in_flash(segment.address) && end <= flash_end) continue;
      throw Error(
          fmt::format("{}: the segment at {:#010x} of {} bytes lies in no memory; allowed: RAM from {:#010x} "
                      "to {:#010x}, "
                      "flash from {:#010x} to {:#010x}",
                      image.name, segment.address, segment.memory_size, map::dram_base, ram_end - 1,
                      map::flash_base, flash_end - 1));
    }
  }
}

}  // namespace

BareSimulation::BareSimulation(const BareOptions& options) : options_(options) {
  check_places(options);
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  if (options.log || options.gdb) {
    context_.log.set_sink([this](const LogEntry& entry) { log(entry); }, LogLevel::info);
  }
  machine_ = std::make_unique<BareMachine>("bare", machine_config(options), context_);
  machine_->finisher().on_exit([this](const finisher::ExitRequest& request) {
    if (request.kind == finisher::ExitKind::reset) return end(Ending::reset);
    exit(request.code);
  });
  machine_->htif().on_exit([this](std::uint64_t code) { exit(code); });
  if (options.console) {
    machine_->uart().attach(options.console);
    machine_->htif().on_output(options.console);
  }
  if (options.max_instructions) {
    machine_->hart().set_instruction_limit(*options.max_instructions,
                                           [this] { end(Ending::instruction_limit); });
  }
  if (options.semihosting) attach_semihosting();
  load();
  if (options.gdb) listen_for_debugger();
}

BareSimulation::~BareSimulation() = default;

// Memory is as it is after power-on, so what the file does not give needs no writing: RAM reads 0, flash
// 0xff.
void BareSimulation::load() {
  for (const loader::ElfFile& image : options_.images) {
    for (const loader::Segment& segment : image.segments) {
      machine_->write_memory(segment.address, segment.bytes.data(), segment.bytes.size());
    }
  }
}

void BareSimulation::attach_semihosting() {
  const BareSemihosting& options = *options_.semihosting;
  semihosting::SemihostingConfig config;
  config.root = options.root;
  config.command_line = options.command_line;
  constexpr std::uint32_t alignment = 16;
  config.heap_base = (program_end() + alignment - 1) / alignment * alignment;
  config.memory_end = static_cast<std::uint32_t>(map::dram_base + options_.ram_size);
  const auto nothing = [](std::uint8_t) {};
  semihosting::Services services;
  services.memory.read = [this](std::uint32_t address, void* data, std::uint32_t size) {
    return machine_->read_memory(address, data, size);
  };
  services.memory.write = [this](std::uint32_t address, const void* data, std::uint32_t size) {
    return machine_->write_memory(address, data, size);
  };
  services.output = options_.console ? options_.console : nothing;
  services.errors = options.errors ? options.errors : nothing;
  services.input = options.input;
  services.nanoseconds = semihosting::simulated_nanoseconds;
  services.exit = [this](std::uint32_t code) { exit(code); };
  semihosting_.emplace(config, services);
  semihosting::attach(machine_->hart(), *semihosting_, services.memory);
}

void BareSimulation::exit(std::uint64_t code) {
  if (!ending_) exit_code_ = code;
  end(Ending::exited);
}

void BareSimulation::end(Ending ending) {
  if (!ending_) ending_ = ending;
  machine_->hart().halt();
  sc_core::sc_pause();
}

Outcome BareSimulation::run() {
  const Clock::time_point start = Clock::now();
  Outcome outcome;
  try {
    outcome.ending = run_slices();
  } catch (const sc_core::sc_report& report) {
    throw Error(fmt::format("simulation: {} ({})", report.get_msg(),
                            report.get_process_name() != nullptr ? report.get_process_name() : "no process"));
  }
  outcome.exit_code = exit_code_;
  if (debugger_) {
    const std::uint64_t code = outcome.ending == Ending::exited ? exit_code_ : 1;
    debugger_->report_exit(static_cast<unsigned>(std::min<std::uint64_t>(code, UINT8_MAX)));
  }
  outcome.detail = describe(outcome.ending);
  outcome.call_chain = call_chain(outcome.ending);
  outcome.instructions = machine_->hart().core().instructions();
  outcome.cycles = machine_->hart().core().cycles();
  outcome.simulated_s = sc_core::sc_time_stamp().to_seconds();
  outcome.wall_s = seconds_since(start);
  return outcome;
}

Ending BareSimulation::run_slices() {
  sc_time slice(100, sc_core::SC_US);
  const bool wait = debugger_ && options_.gdb->wait;
  if (wait && debugger_->wait_for_client() == debug::Order::end) return Ending::interrupted;
  for (;;) {
    const Clock::time_point begin = Clock::now();
    // Without an event in it a slice would not let time pass. Before the start nothing is pending yet.
    const bool waits = sc_core::sc_pending_activity();
    const sc_time wanted = waits ? std::max(slice, sc_core::sc_time_to_pending_activity()) : slice;
    sc_core::sc_start(std::min(wanted, sc_core::sc_max_time() - sc_core::sc_time_stamp()),
                      sc_core::SC_EXIT_ON_STARVATION);
    const double took = seconds_since(begin);
    if (took < slice_wall_s / 2 && slice < sc_time(100, sc_core::SC_MS)) slice = slice * 2.0;
    if (took > slice_wall_s * 2 && slice > sc_time(1, sc_core::SC_US)) slice = slice / 2.0;
    if (debugger_ && !ending_ && debugger_->attend() == debug::Order::end) return Ending::interrupted;
    const std::optional<Ending> ending = look_for_end();
    if (ending && !debugger_holds(*ending)) return *ending;
  }
}

std::optional<Ending> BareSimulation::look_for_end() const {
  if (ending_) return ending_;
  if (machine_->hart().state().lost) return Ending::fatal_trap;
  if (options_.interrupted != nullptr && options_.interrupted->load()) return Ending::interrupted;
  if (!sc_core::sc_pending_activity() || spins()) return Ending::stuck;
  return std::nullopt;
}

// At a jump to itself that no interrupt will ever leave.
bool BareSimulation::spins() const {
  const hart::Core& core = machine_->hart().core();
  if (machine_->hart().state().kind != hart::WaitKind::running || core.interrupts_enabled()) return false;
  std::uint32_t instruction = 0;
  if (!machine_->read_memory(core.pc(), &instruction, 2)) return false;
  constexpr std::uint32_t compressed_jump_to_self = 0xa001;
  constexpr std::uint32_t jump_to_self = 0x0000006f;
  if (instruction == compressed_jump_to_self) return true;
  return machine_->read_memory(core.pc(), &instruction, 4) && instruction == jump_to_self;
}

std::string BareSimulation::describe(Ending ending) const {
  const hart::HartState state = machine_->hart().state();
  switch (ending) {
    case Ending::exited:
      return "";
    case Ending::fatal_trap:
      return fmt::format(
          "a trap ended the program, its handler cannot be executed: cause {}{}, value {:#010x}",
          state.trap.cause, where(state.trap.pc), state.trap.value);
    case Ending::stuck: {
      const bool asleep = state.kind == hart::WaitKind::interrupt;
      return fmt::format("stuck: the hart {} and no interrupt can come{}",
                         asleep ? "sleeps in wfi" : "jumps in place", where(state.pc));
    }
    case Ending::reset:
      return "the program asked for a reset";
    case Ending::instruction_limit:
      return fmt::format("the limit of {} instructions is reached{}", *options_.max_instructions,
                         where(state.pc));
    case Ending::interrupted:
      break;
  }
  return "interrupted" + where(state.pc);
}

std::string BareSimulation::where(std::uint32_t pc) const {
  const std::string symbol = place(pc);
  return fmt::format(", pc {:#010x}{}", pc, symbol.empty() ? "" : " in " + symbol);
}

std::string BareSimulation::call_chain(Ending ending) const {
  const loader::ElfFile& program = options_.images.front();
  if (ending == Ending::exited || ending == Ending::reset || program.symbols.empty()) return "";
  const hart::Hart& hart = machine_->hart();
  const backtrace::Registers registers =
      ending == Ending::fatal_trap ? backtrace::registers_at_exception(hart) : backtrace::registers_of(hart);
  const auto read = [this](std::uint32_t address, void* data, std::uint32_t size) {
    return machine_->read_memory(address, data, size);
  };
  return backtrace::to_text(backtrace::unwind(program, registers, read), program);
}

std::string BareSimulation::place(std::uint32_t address) const {
  for (const loader::ElfFile& image : options_.images) {
    std::string symbol = image.place(address);
    if (!symbol.empty()) return symbol;
  }
  return "";
}

std::uint32_t BareSimulation::program_end() const {
  std::uint64_t end = map::dram_base;
  for (const loader::ElfFile& image : options_.images) {
    for (const loader::Segment& segment : image.segments) {
      if (!is_in_flash(segment.address)) end = std::max(end, end_of(segment));
    }
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(end, UINT32_MAX));
}

}  // namespace weft::bare
