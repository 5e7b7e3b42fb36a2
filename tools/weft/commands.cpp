// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/commands.h"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <utility>

#include "models/common/error.h"
#include "models/hart/disassemble.h"
#include "models/hart/xweft.h"
#include "platform/assembly/machine_config.h"
#include "platform/config/config.h"
#include "platform/loader/elf_file.h"
#include "tools/weft/area_report.h"
#include "tools/weft/console.h"
#include "tools/weft/files.h"
#include "tools/weft/progress.h"
#include "tools/weft/references.h"
#include "tools/weft/results.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

namespace weft::tool {

namespace fs = std::filesystem;

namespace {

// A signal handler has no other way to reach the run.
std::atomic<bool> interrupt_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void request_interrupt(int) { interrupt_requested = true; }

config::Scenario load(const ScenarioOptions& options) {
  config::LoadOptions load;
  load.overrides = options.set;
  load.data_directory = options.data;
  load.preset_path = preset_folders();
  return config::load_scenario(options.scenario, load);
}

bool computes(const config::Scenario& scenario) {
  return scenario.platform.crossbar.arithmetic != config::Arithmetic::none;
}

bool is_compiled(const config::Scenario& scenario) { return scenario.workload.programs.empty(); }

void write_program(const compiler::CompiledProgram& program, const fs::path& folder) {
  write_file(folder / "program.elf", program.elf.data(), program.elf.size());
  write_file(folder / "program.lst", compiler::listing_text(program));
  write_file(folder / "manifest.json", compiler::manifest_text(program));
}

// The firmware's terminal: to the log file, and to standard output unless it is to be quiet.
class Terminal {
 public:
  Terminal(const fs::path& file, bool show, ProgressDisplay& progress)
      : file_(file, std::ios::binary), show_(show), progress_(progress) {
    if (!file_) throw Error(fmt::format("{}: cannot be written", file.string()));
  }

  void put(std::uint8_t byte) {
    file_.put(static_cast<char>(byte));
    if (!show_) return;
    progress_.clear();
    std::putchar(byte);
    if (byte == '\n') std::fflush(stdout);
  }

 private:
  std::ofstream file_;
  bool show_;
  ProgressDisplay& progress_;
};

void describe_faults(const RunReport& report) {
  for (const TileFault& fault : report.outcome.faults) {
    fmt::print(stderr, "tile{}.hart: {} at pc {:#010x}, value {:#010x}{}\n", fault.tile,
               cause_text(fault.cause), fault.pc, fault.value, report.simulation.place(fault.tile, fault.pc));
  }
}

}  // namespace

int run(const RunOptions& options) {
  ScenarioOptions source = options.scenario;
  if (options.threads) source.set.push_back("run.threads=" + *options.threads);
  const config::Scenario scenario = load(source);
  const fs::path folder = options.out.value_or(scenario.run.output);
  const std::vector<std::uint8_t> firmware =
      loader::read_file(scenario.run.firmware ? *scenario.run.firmware : default_firmware());

  std::optional<Workload> workload;
  if (is_compiled(scenario)) workload = prepare(scenario);

  ProgressDisplay progress(options.quiet ? config::Progress::none : scenario.run.progress);
  std::optional<Terminal> terminal;
  SimulationOptions simulation_options;
  simulation_options.firmware = firmware;
  simulation_options.uart = [&](std::uint8_t byte) { terminal->put(byte); };
  simulation_options.input = [] { return read_console(interrupt_requested); };
  simulation_options.progress = [&](const Progress& now) { progress.update(now); };
  simulation_options.interrupted = &interrupt_requested;
  if (options.verbose) {
    simulation_options.log = [&](const LogEntry& entry) {
      progress.clear();
      fmt::print(stderr, "[{}] {}: {}\n", entry.time, entry.source, entry.text);
    };
  }
  if (options.gdb) {
    simulation_options.gdb = debug::GdbOptions{*options.gdb, options.gdb_wait, [&](const std::string& line) {
                                                 progress.clear();
                                                 fmt::print(stderr, "weft: {}\n", line);
                                               }};
  }
  Simulation simulation(scenario, workload ? &workload->program : nullptr, simulation_options);

  // Whatever can be wrong with the input is known by now.
  make_folder(folder);
  // Results of an earlier run must not pass for those of this one if it is killed.
  fs::remove(folder / "results.json");
  write_file(folder / "scenario.yaml", config::dump_resolved(scenario));
  if (workload) write_program(workload->program, folder);
  terminal.emplace(folder / "uart.log", !options.quiet, progress);
  std::signal(SIGINT, request_interrupt);
  std::signal(SIGTERM, request_interrupt);
  if (options.trace) simulation.trace(*options.trace, options.trace_hart);
  const Outcome outcome = simulation.run();
  progress.clear();

  RunReport report{
      scenario, config::scenario_hash(scenario), workload ? &*workload : nullptr, simulation, outcome, {}, {},
      {}};
  if (workload && options.reference && computes(scenario) && outcome.ending == Ending::finished) {
    if (!options.quiet) {
      fmt::print("training the references (an interrupt goes on without them)\n");
      std::fflush(stdout);
    }
    References references = run_references(*workload, scenario, interrupt_requested);
    report.references_stopped = references.stopped;
    report.float32 = std::move(references.float32);
    report.golden = std::move(references.golden);
    if (report.golden)
      report.difference = first_difference(simulation.trained_weights(), report.golden->weights);
  }
  // The handlers stay: what is left is to write down what there is.
  const nlohmann::json results = make_results(report);
  write_file(folder / "results.json", results.dump(2) + "\n");
  std::fflush(stdout);
  describe_faults(report);
  if (!outcome.call_chains.empty()) fmt::print(stderr, "call chains:{}\n", outcome.call_chains);
  fmt::print("{}  results           {}\n", make_summary(report, results), (folder / "results.json").string());
  return outcome.ending == Ending::finished ? status_ok : status_failed;
}

int compile(const ScenarioOptions& options, const fs::path& out) {
  const config::Scenario scenario = load(options);
  if (!is_compiled(scenario)) {
    throw Error(
        fmt::format("{}: the workload is hand-written programs, there is nothing to compile; allowed: "
                    "workload.layers",
                    options.scenario.string()));
  }
  const Workload workload = prepare(scenario);
  make_folder(out);
  write_program(workload.program, out);
  write_file(out / "scenario.yaml", config::dump_resolved(scenario));
  const bool fp_pim = workload.program.fp.has_value();
  const auto units = fp_pim ? static_cast<std::size_t>(workload.program.fp->mapping.units_used())
                            : workload.program.dram.weights.size();
  fmt::print("{} tiles, {} {} units, {} bytes of program\n", workload.program.placement.tiles_used, units,
             fp_pim ? "floating-point PIM" : "crossbar", workload.program.elf.size());
  for (const char* name : {"program.elf", "program.lst", "manifest.json", "scenario.yaml"}) {
    fmt::print("  {}\n", (out / name).string());
  }
  return status_ok;
}

int check(const ScenarioOptions& options) {
  const config::Scenario scenario = load(options);
  if (is_compiled(scenario)) {
    prepare(scenario);
  } else {
    for (const config::TileProgram& each : scenario.workload.programs) loader::read_elf(each.elf);
  }
  if (scenario.run.firmware) loader::read_elf(*scenario.run.firmware);
  assembly::machine_config(scenario, 0);
  fmt::print("{}: valid, hash {}\n", options.scenario.string(), config::scenario_hash(scenario));
  return status_ok;
}

int show_config(const ScenarioOptions& options) {
  fmt::print("{}", config::dump_resolved(load(options)));
  return status_ok;
}

int show_area(const ScenarioOptions& options, bool as_json) {
  const assembly::AreaReport report = assembly::area(load(options));
  fmt::print("{}", as_json ? area_json(report).dump(2) + "\n" : area_table(report));
  return status_ok;
}

int disassemble(const fs::path& file) {
  const loader::ElfFile elf = loader::read_elf(file);
  const auto custom = [](std::uint32_t bits, std::uint32_t) { return xweft::disassemble(bits); };
  for (const loader::Section& section : elf.code) {
    fmt::print("\nsection {}\n", section.name);
    std::size_t offset = 0;
    while (offset + 2 <= section.bytes.size()) {
      const std::uint32_t address = section.address + static_cast<std::uint32_t>(offset);
      const std::uint32_t low = section.bytes[offset] | static_cast<std::uint32_t>(section.bytes[offset + 1])
                                                            << 8;
      const bool wide = (low & 3u) == 3u && offset + 4 <= section.bytes.size();
      std::uint32_t word = low;
      if (wide) {
        word |= static_cast<std::uint32_t>(section.bytes[offset + 2]) << 16 |
                static_cast<std::uint32_t>(section.bytes[offset + 3]) << 24;
      }
      for (const loader::Symbol& symbol : elf.symbols) {
        if (symbol.address == address) fmt::print("\n{:08x} <{}>:\n", address, symbol.name);
      }
      const std::string code = wide ? fmt::format("{:08x}", word) : fmt::format("{:04x}    ", word);
      fmt::print("{:8x}:\t{}\t{}\n", address, code, hart::disassemble(word, address, custom));
      offset += wide ? 4 : 2;
    }
  }
  return status_ok;
}

}  // namespace weft::tool
