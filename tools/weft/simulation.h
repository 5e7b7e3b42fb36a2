// SPDX-License-Identifier: Apache-2.0
// One simulation from loading to its end: fills DRAM, boots the firmware, lets time pass in slices, and
// notices every way a run can end.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware/include/weft/boot_info.h"
#include "models/tlm/socket_checks.h"
#include "platform/backtrace/backtrace.h"
#include "platform/config/scenario.h"
#include "platform/debug/debugger.h"
#include "platform/loader/elf_file.h"
#include "platform/machine/machine.h"
#include "platform/semihosting/semihosting.h"
#include "platform/trace/trace_writer.h"
#include "tools/compiler/compiler.h"

namespace weft::tool {

enum class Ending {
  finished,     // the firmware ended the run with success
  failed,       // the firmware ended the run with an exit code
  deadlock,     // nothing can happen any more
  time_limit,   // run.max_simulated_time
  interrupted,  // from outside
};
const char* to_text(Ending ending);

// "load access fault": the name of an exception code of mcause.
std::string cause_text(std::uint32_t cause);

struct TileFault {
  int tile = 0;
  std::uint32_t cause = 0;
  std::uint32_t pc = 0;
  std::uint32_t value = 0;
};

// What second-order updates met, over all tiles; docs/results.md.
struct OptimiserCounts {
  std::uint64_t updates = 0;
  std::uint64_t refreshes = 0;
  std::uint64_t solves = 0;
  std::uint64_t failures = 0;
  std::uint64_t compensated = 0;
  std::uint64_t retries = 0;
  std::uint64_t digital = 0;
  std::uint64_t clipped = 0;
};

struct Outcome {
  Ending ending = Ending::finished;
  std::uint32_t exit_code = 0;
  std::string detail;       // for the user: why it did not finish
  std::string call_chains;  // for the user: where the harts concerned were
  std::vector<TileFault> faults;
  std::vector<weft_epoch_record> records;  // the valid ones
  OptimiserCounts optimiser;
  double simulated_s = 0;
  double wall_s = 0;
};

struct Progress {
  std::uint64_t samples_done = 0;
  std::uint64_t samples_total = 0;  // 0: unknown
  double simulated_s = 0;
};

struct SimulationOptions {
  std::vector<std::uint8_t> firmware;             // ELF file
  std::function<void(std::uint8_t)> uart;         // and the console of semihosting
  std::function<int()> input;                     // of semihosting: next byte, -1 at its end
  std::function<void(const Progress&)> progress;  // about ten times a second
  const std::atomic<bool>* interrupted = nullptr;
  Log::Sink log;
  std::optional<debug::GdbOptions> gdb;
};

class Simulation {
 public:
  // `program` may be null: then `tile_programs` of the scenario, or nothing, run.
  Simulation(const config::Scenario& scenario, const compiler::CompiledProgram* program,
             const SimulationOptions& options);
  ~Simulation();

  // Traces the hart of that name (host.hart, tile3.hart) or `all`; before run(). Throws Error for a name that
  // is no hart.
  void trace(const trace::TraceConfig& config, const std::string& hart);
  Outcome run();

  const machine::Machine& machine() const { return *machine_; }
  const Context& context() const { return context_; }
  // Null unless the scenario names sockets.
  const SocketChecks* checks() const { return checks_ ? &*checks_ : nullptr; }

  // Carry resolutions of arrays, summed up, that training.carry_limit caused.
  std::uint64_t early_carry_resolutions() const;

  // Where in its program a tile's address lies, for the user: region and line of the listing, or symbol.
  std::string place(int tile, std::uint32_t pc) const;

  // Weights and biases the tile programs have read out: layer by layer, inputs x outputs.
  std::vector<compiler::LoweredWeights> trained_weights();

 private:
  void boot();
  void load_firmware();
  void load_flash();
  void attach_semihosting();
  void watch_sockets();
  void end(const finisher::ExitRequest& request);
  loader::ElfFile tile_program(int tile) const;
  void check_place(const loader::Segment& segment) const;
  void load_program();
  void load_tile_programs();
  void log(const LogEntry& entry) const;
  Outcome run_slices();
  bool debugger_holds(Ending ending);
  std::optional<Ending> look_for_end(bool more_events);
  sc_core::sc_time time_left() const;
  std::string describe_deadlock() const;
  // Call chains of the harts that a failure is about, of those that run hand-written programs.
  std::string call_chains(Ending ending) const;
  std::string call_chain(const machine::HartName& name, const backtrace::Registers& registers) const;
  std::vector<TileFault> collect_faults();
  std::vector<weft_epoch_record> collect_records();
  OptimiserCounts collect_optimiser();
  Progress progress();

  const config::Scenario& scenario_;
  const compiler::CompiledProgram* program_;
  const SimulationOptions& options_;
  std::vector<loader::ElfFile> tile_programs_;  // as in scenario.workload.programs
  std::optional<SocketChecks> checks_;
  Context context_;
  std::unique_ptr<machine::Machine> machine_;
  std::optional<semihosting::Semihosting> semihosting_;
  std::unique_ptr<debug::Debugger> debugger_;
  std::optional<finisher::ExitRequest> exit_;
  std::optional<trace::TraceWriter> trace_;
  loader::ElfFile firmware_;
  std::uint32_t boot_info_ = 0;
  std::uint64_t progress_at_last_check_ = 0;
  sc_core::sc_time last_progress_;
  std::optional<WorkerPool> workers_;  // last: they are done before what they work on goes
};

}  // namespace weft::tool
