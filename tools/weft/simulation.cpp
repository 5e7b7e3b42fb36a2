// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include "models/common/error.h"
#include "models/tile/window.h"
#include "models/tile_control/registers.h"
#include "platform/assembly/machine_config.h"
#include "platform/backtrace/hart_backtrace.h"
#include "platform/debug/machine_monitor.h"
#include "platform/loader/elf_file.h"
#include "platform/machine/memory_map.h"
#include "platform/semihosting/hart_port.h"
#include "tools/compiler/fp_compiler.h"
#include "tools/weft/calibrate.h"

namespace weft::tool {

namespace {

using Clock = std::chrono::steady_clock;
using sc_core::sc_time;

// Wall time between two looks at the outside world.
constexpr double slice_wall_s = 0.05;
constexpr double progress_wall_s = 0.1;
// exit_host_trap of firmware/include/weft/finisher.h.
constexpr std::uint32_t host_trap_exit_code = 4;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::uint64_t tile_address(int tile, std::uint64_t offset) {
  return map::tiles_base + static_cast<std::uint64_t>(tile) * tile::window_size + offset;
}

std::uint64_t control_register(int tile, const RegisterInfo& info) {
  return tile_address(tile, tile::window::tile_control_base + info.offset);
}

// Beside the thread that simulates.
unsigned worker_threads(const config::Scenario& scenario) {
  const auto threads = static_cast<unsigned>(scenario.run.threads);
  return (threads == 0 ? std::max(1u, std::thread::hardware_concurrency()) : threads) - 1;
}

}  // namespace

const char* to_text(Ending ending) {
  switch (ending) {
    case Ending::finished:
      return "finished";
    case Ending::failed:
      return "failed";
    case Ending::deadlock:
      return "deadlock";
    case Ending::time_limit:
      return "time_limit";
    case Ending::interrupted:
      break;
  }
  return "interrupted";
}

std::string cause_text(std::uint32_t cause) {
  switch (cause) {
    case 0:
      return "instruction address misaligned";
    case 1:
      return "instruction access fault";
    case 2:
      return "illegal instruction";
    case 3:
      return "breakpoint";
    case 4:
      return "load address misaligned";
    case 5:
      return "load access fault";
    case 6:
      return "store address misaligned";
    case 7:
      return "store access fault";
    case 11:
      return "environment call";
    case 24:
      return "unit error";
    default:
      return fmt::format("cause {}", cause);
  }
}

Simulation::Simulation(const config::Scenario& scenario, const compiler::CompiledProgram* program,
                       const SimulationOptions& options)
    : scenario_(scenario), program_(program), options_(options) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  if (options.log || options.gdb) {
    context_.log.set_sink([this](const LogEntry& entry) { log(entry); }, LogLevel::info);
  }
  if (const unsigned workers = worker_threads(scenario); workers > 0) {
    context_.workers = &workers_.emplace(workers);
  }
  if (!scenario.run.check_protocol.empty()) watch_sockets();
  // The compiler puts the boot information right behind the firmware; hand-written programs get theirs
  // at the same place.
  constexpr std::uint32_t firmware_room = 8u * 1024 * 1024;
  boot_info_ = program != nullptr ? program->dram.boot_info
                                  : static_cast<std::uint32_t>(map::dram_base) + firmware_room;
  machine_ =
      std::make_unique<machine::Machine>("weft", assembly::machine_config(scenario, boot_info_), context_);
  if (checks_) checks_->require_matches();
  machine_->finisher().on_exit([this](const finisher::ExitRequest& request) { end(request); });
  if (program != nullptr) {
    apply_full_scales(scenario.platform.crossbar.adc_full_scale_by_layer, program->placement,
                      machine_->accelerator());
  }
  if (options.uart) machine_->uart().attach(options.uart);
  if (scenario.platform.host.semihosting.enabled) attach_semihosting();
  load_program();
  boot();
  if (options.gdb) {
    debugger_ = debug::listen(debug::machine_target(*machine_), *options.gdb, options.interrupted);
  }
}

Simulation::~Simulation() = default;

void Simulation::watch_sockets() {
  context_.checks = &checks_.emplace(scenario_.run.check_protocol);
  checks_->on_first_violation([] { sc_core::sc_pause(); });
}

void Simulation::end(const finisher::ExitRequest& request) {
  if (!exit_) exit_ = request;
  // Where fetches take time, how many instructions come before the pause would depend on the quantum.
  if (!scenario_.platform.memory.direct) machine_->hart().halt();
  sc_core::sc_pause();
}

void Simulation::boot() {
  if (scenario_.platform.host.flash.image) load_flash();
  if (scenario_.platform.host.boot == config::BootSource::elf) return load_firmware();
  machine_->set_boot(static_cast<std::uint32_t>(map::flash_base), boot_info_);
}

void Simulation::load_flash() {
  const std::filesystem::path& file = *scenario_.platform.host.flash.image;
  const std::vector<std::uint8_t> image = loader::read_file(file);
  const std::uint64_t size = scenario_.platform.host.flash.size_bytes;
  if (image.empty() || image.size() > size) {
    throw Error(
        fmt::format("{}: an image of {} bytes does not fit into the flash; allowed: 1 to {} "
                    "(platform.host.flash.size)",
                    file.string(), image.size(), size));
  }
  machine_->write_memory(map::flash_base, image.data(), image.size());
}

void Simulation::attach_semihosting() {
  semihosting::SemihostingConfig config;
  config.root = scenario_.platform.host.semihosting.root;
  config.command_line = scenario_.name;
  // The firmware's part of DRAM ends where the boot information begins; it lays out its own heap.
  config.heap_base = boot_info_;
  config.memory_end = boot_info_;
  semihosting::Services services;
  services.memory.read = [this](std::uint32_t address, void* data, std::uint32_t size) {
    return machine_->try_read_memory(address, data, size);
  };
  services.memory.write = [this](std::uint32_t address, const void* data, std::uint32_t size) {
    return machine_->try_write_memory(address, data, size);
  };
  const auto nothing = [](std::uint8_t) {};
  services.output = services.errors = options_.uart ? options_.uart : nothing;
  services.input = options_.input;
  services.nanoseconds = semihosting::simulated_nanoseconds;
  services.exit = [this](std::uint32_t code) {
    machine_->hart().halt();
    end({code == 0 ? finisher::ExitKind::pass : finisher::ExitKind::fail, code});
  };
  semihosting_.emplace(config, services);
  semihosting::attach(machine_->hart(), *semihosting_, services.memory);
}

void Simulation::log(const LogEntry& entry) const {
  if (options_.log) options_.log(entry);
  if (debugger_) debugger_->log(entry);
}

void Simulation::load_firmware() {
  firmware_ = loader::parse_elf(options_.firmware, "firmware");
  for (const loader::Segment& segment : firmware_.segments) {
    check_place(segment);
    std::vector<std::uint8_t> bytes = segment.bytes;
    bytes.resize(segment.memory_size);
    machine_->write_memory(segment.address, bytes.data(), bytes.size());
  }
  machine_->set_boot(firmware_.entry, boot_info_);
}

// The boot information and everything it leads to lie behind the firmware's part of DRAM.
void Simulation::check_place(const loader::Segment& segment) const {
  const auto lies_in = [&](std::uint64_t start, std::uint64_t end) {
    return segment.address >= start && std::uint64_t{segment.address} + segment.memory_size <= end;
  };
  const std::uint64_t sram_size = scenario_.platform.host.sram_size_bytes;
  if (lies_in(map::dram_base, boot_info_) || lies_in(map::sram_base, map::sram_base + sram_size)) return;
  throw Error(fmt::format(
      "firmware: the segment at {:#x} of {} bytes does not lie in the memory for firmware; allowed: DRAM "
      "from {:#x} to {:#x}, SRAM from {:#x} to {:#x}",
      segment.address, segment.memory_size, map::dram_base, boot_info_, map::sram_base,
      map::sram_base + sram_size));
}

void Simulation::load_program() {
  if (program_ == nullptr) {
    load_tile_programs();
    return;
  }
  for (const compiler::MemoryImage& image : program_->images) {
    if (!image.bytes.empty()) machine_->write_memory(image.address, image.bytes.data(), image.bytes.size());
  }
}

void Simulation::load_tile_programs() {
  std::vector<std::uint32_t> table;
  for (const config::TileProgram& each : scenario_.workload.programs) {
    tile_programs_.push_back(loader::read_elf(each.elf));
    table.push_back(static_cast<std::uint32_t>(each.tile));
    table.push_back(tile_programs_.back().entry);
  }
  const std::vector<loader::ElfFile>& files = tile_programs_;
  weft_boot_info info{};
  info.magic = WEFT_BOOT_MAGIC;
  info.version = WEFT_BOOT_VERSION;
  info.tiles = boot_info_ + static_cast<std::uint32_t>(sizeof info);
  info.tile_count = static_cast<std::uint32_t>(files.size());
  info.program = info.tiles + 4 * static_cast<std::uint32_t>(table.size());
  const std::vector<std::uint8_t> elf = loader::merge_elf(files);
  info.program_size = files.empty() ? 0 : static_cast<std::uint32_t>(elf.size());
  const std::uint64_t end = std::uint64_t{info.program} + elf.size();
  const std::uint64_t dram_end = map::dram_base + scenario_.platform.host.dram_size_bytes;
  if (end > dram_end) {
    throw Error(fmt::format(
        "DRAM is full: the tile programs need {} bytes at {:#x}, memory ends at {:#x}; allowed: a "
        "larger platform.host.dram_size",
        end - boot_info_, boot_info_, dram_end));
  }
  machine_->write_memory(boot_info_, &info, sizeof info);
  if (table.empty()) return;
  machine_->write_memory(info.tiles, table.data(), 4 * table.size());
  machine_->write_memory(info.program, elf.data(), elf.size());
}

void Simulation::trace(const trace::TraceConfig& config, const std::string& wanted) {
  struct Traced {
    std::string name;
    hart::Hart& hart;
    const std::vector<loader::Symbol> symbols;
  };
  std::vector<Traced> harts;
  const auto consider = [&](const machine::HartName& name, hart::Hart& hart, const loader::ElfFile& program) {
    if (wanted == "all" || wanted == name.text()) harts.push_back({name.text(), hart, program.symbols});
  };
  consider({}, machine_->hart(), firmware_);
  const int tiles = machine_->accelerator().tiles();
  for (int tile = 0; tile < tiles; ++tile) {
    consider({tile}, machine_->accelerator().tile(tile).hart(), tile_program(tile));
  }
  if (harts.empty()) {
    throw Error(
        fmt::format("--trace-hart {}: no such hart; allowed: all, host.hart, tile0.hart to tile{}.hart",
                    wanted, tiles - 1));
  }
  trace_.emplace(config);
  for (const Traced& each : harts) {
    hart::Hart& hart = each.hart;
    hart.set_observer(&trace_->add(each.name, each.symbols, [&hart] { hart.set_observer(nullptr); }));
  }
}

// What runs on a tile, for its symbols; empty if nothing does.
loader::ElfFile Simulation::tile_program(int tile) const {
  if (program_ != nullptr) return loader::parse_elf(program_->elf, "program");
  for (std::size_t index = 0; index < tile_programs_.size(); ++index) {
    if (scenario_.workload.programs[index].tile == tile) return tile_programs_[index];
  }
  return {};
}

Outcome Simulation::run() {
  const Clock::time_point start = Clock::now();
  Outcome outcome;
  try {
    outcome = run_slices();
  } catch (const sc_core::sc_report& report) {
    throw Error(fmt::format("simulation: {} ({})", report.get_msg(),
                            report.get_process_name() != nullptr ? report.get_process_name() : "no process"));
  }
  machine_->settle();
  if (trace_) trace_->close();
  if (debugger_) {
    const unsigned code = outcome.ending == Ending::finished ? 0 : std::max(outcome.exit_code, 1u);
    debugger_->report_exit(code);
  }
  outcome.wall_s = seconds_since(start);
  outcome.simulated_s = outcome.ending == Ending::time_limit ? scenario_.run.max_simulated_time_ns * 1e-9
                                                             : sc_core::sc_time_stamp().to_seconds();
  outcome.records = collect_records();
  outcome.faults = collect_faults();
  outcome.optimiser = collect_optimiser();
  return outcome;
}

Outcome Simulation::run_slices() {
  sc_time slice(100, sc_core::SC_US);
  Clock::time_point reported = Clock::now();
  Outcome outcome;
  outcome.ending = Ending::interrupted;
  const bool wait = debugger_ && options_.gdb->wait;
  if (wait && debugger_->wait_for_client() == debug::Order::end) return outcome;
  for (;;) {
    const Clock::time_point begin = Clock::now();
    // Without an event in it a slice would not let time pass. Before the start nothing is pending yet.
    const bool waits = sc_core::sc_pending_activity();
    const sc_time wanted = waits ? std::max(slice, sc_core::sc_time_to_pending_activity()) : slice;
    sc_core::sc_start(std::min(wanted, time_left()), sc_core::SC_EXIT_ON_STARVATION);
    const double took = seconds_since(begin);
    if (took < slice_wall_s / 2 && slice < sc_time(100, sc_core::SC_MS)) slice = slice * 2.0;
    if (took > slice_wall_s * 2 && slice > sc_time(1, sc_core::SC_US)) slice = slice / 2.0;

    if (debugger_ && !exit_ && debugger_->attend() == debug::Order::end) return outcome;
    if (const auto ending = look_for_end(sc_core::sc_pending_activity())) {
      if (debugger_holds(*ending)) continue;
      outcome.ending = *ending;
      if (exit_) outcome.exit_code = exit_->code;
      if (*ending == Ending::deadlock) outcome.detail = describe_deadlock();
      if (exit_ && exit_->kind == finisher::ExitKind::reset)
        outcome.detail = "the firmware asked for a reset";
      if (checks_ && checks_->violations() > 0) outcome.detail = checks_->describe();
      outcome.call_chains = call_chains(*ending);
      return outcome;
    }
    if (options_.progress && seconds_since(reported) > progress_wall_s) {
      options_.progress(progress());
      reported = Clock::now();
    }
  }
}

sc_time Simulation::time_left() const {
  const double limit_ns = scenario_.run.max_simulated_time_ns;
  if (limit_ns <= 0) return sc_core::sc_max_time() - sc_core::sc_time_stamp();
  return sc_time(limit_ns, sc_core::SC_NS) - sc_core::sc_time_stamp();
}

// A deadlock is what somebody with a debugger wants to look at, and perhaps to resolve.
bool Simulation::debugger_holds(Ending ending) {
  if (ending != Ending::deadlock || !debugger_) return false;
  last_progress_ = sc_core::sc_time_stamp();
  return debugger_->halt(describe_deadlock()) == debug::Order::go_on;
}

std::optional<Ending> Simulation::look_for_end(bool more_events) {
  if (checks_ && checks_->violations() > 0) return Ending::failed;
  if (exit_) return exit_->kind == finisher::ExitKind::pass ? Ending::finished : Ending::failed;
  if (options_.interrupted != nullptr && options_.interrupted->load()) return Ending::interrupted;
  if (!more_events) return Ending::deadlock;
  const sc_time& now = sc_core::sc_time_stamp();
  if (sc_core::sc_time_to_pending_activity() > time_left()) return Ending::time_limit;
  // A host that polls, or a timer that ticks, keeps events coming while every tile waits for ever.
  std::uint64_t done = machine_->instructions() - machine_->hart().core().instructions();
  if (done != progress_at_last_check_ || !machine_->tiles_are_stuck()) {
    progress_at_last_check_ = done;
    last_progress_ = now;
    return std::nullopt;
  }
  if (now - last_progress_ > sc_time(scenario_.run.watchdog_ns, sc_core::SC_NS)) return Ending::deadlock;
  return std::nullopt;
}

std::string Simulation::describe_deadlock() const {
  std::string text = "deadlock: every hart waits and nothing is under way";
  for (const machine::BlockedHart& blocked : machine_->blocked_harts()) {
    text += fmt::format("\n  {}: {}", blocked.hart.text(), hart::describe(blocked.state));
    if (blocked.hart.tile) text += place(*blocked.hart.tile, blocked.state.pc);
  }
  return text;
}

std::string Simulation::call_chains(Ending ending) const {
  std::string text;
  if (ending == Ending::deadlock) {
    for (const machine::BlockedHart& blocked : machine_->blocked_harts()) {
      const hart::Hart& hart =
          blocked.hart.tile ? machine_->accelerator().tile(*blocked.hart.tile).hart() : machine_->hart();
      text += call_chain(blocked.hart, blocked.state.lost ? backtrace::registers_at_exception(hart)
                                                          : backtrace::registers_of(hart));
    }
    return text;
  }
  if (ending != Ending::failed) return text;
  const bool host_trapped = exit_ && exit_->code == host_trap_exit_code;
  if (host_trapped) text += call_chain({}, backtrace::registers_at_exception(machine_->hart()));
  for (int tile = 0; tile < machine_->accelerator().tiles(); ++tile) {
    const hart::Hart& hart = machine_->accelerator().tile(tile).hart();
    if (hart.last_exception()) text += call_chain({tile}, backtrace::registers_at_exception(hart));
  }
  return text;
}

// A compiled program has no functions; its listing says more.
std::string Simulation::call_chain(const machine::HartName& name,
                                   const backtrace::Registers& registers) const {
  if (name.tile && program_ != nullptr) return "";
  const loader::ElfFile program = name.tile ? tile_program(*name.tile) : firmware_;
  if (program.symbols.empty()) return "";
  const auto read = [this](std::uint32_t address, void* data, std::uint32_t size) {
    return machine_->try_read_memory(address, data, size);
  };
  return fmt::format("\n  {}:", name.text()) +
         backtrace::to_text(backtrace::unwind(program, registers, read), program);
}

std::string Simulation::place(int tile, std::uint32_t pc) const {
  if (program_ != nullptr) {
    const compiler::ListingPlace found = compiler::find_in_listing(*program_, pc);
    if (found.line == 0) return "";
    return fmt::format(" in {} (program.lst:{}): {}", found.region, found.line, found.note);
  }
  for (std::size_t index = 0; index < tile_programs_.size(); ++index) {
    if (scenario_.workload.programs[index].tile != tile) continue;
    const std::string symbol = tile_programs_[index].place(pc);
    const std::string file = scenario_.workload.programs[index].elf.filename().string();
    return symbol.empty() ? "" : fmt::format(" in {} ({})", symbol, file);
  }
  return "";
}

std::vector<TileFault> Simulation::collect_faults() {
  namespace r = tile_control::registers;
  std::vector<TileFault> faults;
  for (int tile = 0; tile < machine_->accelerator().tiles(); ++tile) {
    TileFault fault{tile};
    machine_->read_memory(control_register(tile, r::fault_pc), &fault.pc, sizeof fault.pc);
    machine_->read_memory(control_register(tile, r::fault_cause), &fault.cause, sizeof fault.cause);
    machine_->read_memory(control_register(tile, r::fault_value), &fault.value, sizeof fault.value);
    if (fault.pc != 0 || fault.cause != 0) faults.push_back(fault);
  }
  return faults;
}

std::vector<weft_epoch_record> Simulation::collect_records() {
  std::vector<weft_epoch_record> records;
  if (program_ == nullptr) return records;
  for (std::size_t index = 0; index < program_->network.rates.size(); ++index) {
    weft_epoch_record record{};
    machine_->read_memory(program_->dram.records + index * sizeof record, &record, sizeof record);
    if (record.valid == 1) records.push_back(record);
  }
  return records;
}

// The programs write their counts with the weights; all of them update together.
OptimiserCounts Simulation::collect_optimiser() {
  namespace word = compiler::kfac_word;
  OptimiserCounts sum;
  if (program_ == nullptr) return sum;
  for (const compiler::OptimiserBlock& block : program_->dram.optimisers) {
    std::array<std::uint32_t, word::count_words> counts{};
    machine_->read_memory(block.counts, counts.data(), sizeof counts);
    const auto at = [&](std::uint32_t offset) { return counts[(offset - word::counts) / 4]; };
    sum.updates = std::max<std::uint64_t>(sum.updates, at(word::updates));
    sum.refreshes += at(word::refreshes);
    sum.solves += at(word::solves);
    sum.failures += at(word::failures);
    sum.compensated += at(word::compensated);
    sum.retries += at(word::retries);
    sum.digital += at(word::digital);
    sum.clipped += at(word::clipped);
  }
  return sum;
}

Progress Simulation::progress() {
  Progress now;
  now.simulated_s = sc_core::sc_time_stamp().to_seconds();
  if (program_ == nullptr) return now;
  const int head_layer = static_cast<int>(program_->network.layers.size()) - 1;
  const int head = program_->placement.home(head_layer, 0);
  const int tile = program_->placement.shards[static_cast<std::size_t>(head)].tile;
  std::uint32_t done = 0;
  machine_->read_memory(control_register(tile, tile_control::registers::scratch), &done, sizeof done);
  now.samples_done = done;
  const std::uint64_t test = scenario_.training.evaluate ? program_->dram.test.count : 0;
  now.samples_total = program_->network.rates.size() * (program_->dram.train.count + test);
  return now;
}

std::uint64_t Simulation::early_carry_resolutions() const {
  if (program_ == nullptr || program_->network.carry_limit == 0) return 0;
  std::uint64_t total = 0;
  for (const compiler::TileLayout& tile : program_->layout.tiles) {
    std::uint32_t at = tile.data.early;
    for (const int index : program_->placement.of_tile(tile.tile)) {
      const compiler::Shard& shard = program_->placement.shards[static_cast<std::size_t>(index)];
      const compiler::LoweredLayer& layer = program_->network.layers[static_cast<std::size_t>(shard.layer)];
      std::uint32_t times = 0;
      if (!machine_->try_read_memory(at, &times, sizeof times)) continue;
      const int arrays = layer.has_accumulator() ? shard.units() / shard.copies : shard.units();
      total += std::uint64_t{times} * static_cast<unsigned>(arrays);
      at += sizeof times;
    }
  }
  return total;
}

std::vector<compiler::LoweredWeights> Simulation::trained_weights() {
  std::vector<compiler::LoweredWeights> layers;
  for (const compiler::LoweredLayer& layer : program_->network.layers) {
    compiler::LoweredWeights weights;
    weights.weights.resize(static_cast<std::size_t>(layer.inputs) * static_cast<std::size_t>(layer.outputs));
    weights.bias.resize(static_cast<std::size_t>(layer.outputs));
    layers.push_back(std::move(weights));
  }
  if (program_->fp) {
    for (const compiler::FpWeightBlock& block : program_->fp->weights) {
      const auto layer = static_cast<std::size_t>(block.layer);
      const compiler::FpLayer& shape = program_->fp->mapping.layers[layer];
      std::vector<std::int32_t> image(static_cast<std::size_t>(shape.padded_rows()) *
                                      static_cast<std::size_t>(shape.block_outputs(block.block)));
      machine_->read_memory(block.trained, image.data(), 4 * image.size());
      compiler::unpack_block(shape, block.block, image, layers[layer]);
    }
    return layers;
  }
  for (const compiler::WeightBlock& block : program_->dram.weights) {
    const compiler::Shard& shard = program_->placement.shards[static_cast<std::size_t>(block.shard)];
    const compiler::LoweredLayer& layer = program_->network.layers[static_cast<std::size_t>(shard.layer)];
    std::vector<std::int32_t> values(static_cast<std::size_t>(block.rows) *
                                     static_cast<std::size_t>(block.columns));
    machine_->read_memory(block.trained, values.data(), 4 * values.size());
    const int first_input = shard.first_row + block.row_block * block.rows;
    const int first_output = shard.first_column + block.column_block * block.columns;
    for (int row = 0; row < block.rows && first_input + row < layer.inputs; ++row) {
      for (int column = 0; column < block.columns && first_output + column < layer.outputs; ++column) {
        const std::size_t to =
            static_cast<std::size_t>(first_input + row) * static_cast<std::size_t>(layer.outputs) +
            static_cast<std::size_t>(first_output + column);
        layers[static_cast<std::size_t>(shard.layer)].weights[to] =
            values[static_cast<std::size_t>(row) * static_cast<std::size_t>(block.columns) +
                   static_cast<std::size_t>(column)];
      }
    }
  }
  for (const compiler::BiasBlock& block : program_->dram.biases) {
    const compiler::Shard& shard = program_->placement.shards[static_cast<std::size_t>(block.shard)];
    std::vector<std::int32_t> values(static_cast<std::size_t>(block.columns));
    machine_->read_memory(block.trained, values.data(), 4 * values.size());
    std::copy_n(values.begin(), shard.columns,
                layers[static_cast<std::size_t>(shard.layer)].bias.begin() + shard.first_column);
  }
  return layers;
}

}  // namespace weft::tool
