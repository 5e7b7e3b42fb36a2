// SPDX-License-Identifier: Apache-2.0
#include "models/hart/hart.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/unit/command.h"

namespace weft::hart {

using sc_core::sc_time;
using sc_core::sc_time_stamp;

namespace {

constexpr std::uint32_t illegal_instruction = 2;
// From U-, S- and M-mode (privileged architecture, table 3.6).
bool is_environment_call(std::uint32_t cause) { return cause == 8 || cause == 9 || cause == 11; }

// More than any two harts at one instant need to let each other go first.
constexpr int settle_limit = 8;

const char* text(WaitKind kind) {
  switch (kind) {
    case WaitKind::running:
      return "running";
    case WaitKind::halted:
      return "halted";
    case WaitKind::interrupt:
      return "wfi";
    case WaitKind::ticket:
      return "wait";
    case WaitKind::units:
      return "waitm";
    case WaitKind::counter:
      return "cwait";
    case WaitKind::barrier:
      return "barrier";
    case WaitKind::queue:
      break;
  }
  return "queue full";
}

}  // namespace

std::string describe(const HartState& state) {
  const std::string where = fmt::format(" (pc {:#010x})", state.pc);
  if (state.lost) {
    return fmt::format(
               "halted: nothing can be executed at its trap handler; the trap had cause {}, pc {:#010x}, "
               "value {:#010x}",
               state.trap.cause, state.trap.pc, state.trap.value) +
           where;
  }
  switch (state.kind) {
    case WaitKind::counter:
    case WaitKind::barrier:
      return fmt::format("{}: counter {} is {}, waits for {}", text(state.kind), state.subject, state.present,
                         state.target) +
             where;
    case WaitKind::ticket:
      return fmt::format("wait: unit {} has finished {} commands, waits for {}", state.subject, state.present,
                         state.target) +
             where;
    case WaitKind::units:
      return fmt::format("{}: units {:#x} of {:#x} are busy", state.subject == 0 ? "waitm" : "waitmh",
                         state.present, state.target) +
             where;
    case WaitKind::queue:
      return fmt::format("the command queue of unit {} is full", state.subject) + where;
    default:
      return text(state.kind) + where;
  }
}

Hart::Hart(const sc_core::sc_module_name& name, const HartConfig& config, Context& context)
    : sc_module(name),
      fetch_socket("fetch_socket"),
      data_socket("data_socket"),
      software_interrupt("software_interrupt"),
      timer_interrupt("timer_interrupt"),
      external_interrupt("external_interrupt"),
      waits("waits"),
      control("control"),
      config_(config),
      context_(context),
      core_(std::make_unique<Core>(config.core, static_cast<Environment&>(*this))),
      running_(config.starts_running),
      instruction_energy_(context.energy.open(this->name(), "instruction", config.energy_per_instruction)) {
  if (config.energy_per_cycle.value() > 0)
    cycle_energy_ = &context.energy.open(this->name(), "cycle", config.energy_per_cycle);
  SC_HAS_PROCESS(Hart);
  SC_THREAD(thread);
  SC_METHOD(update_interrupts);
  sensitive << software_interrupt << timer_interrupt << external_interrupt;
  control.bind(*this);
  if (config_.xweft) {
    xweft_.wunits = config_.xweft->crossbars.mask;
    xweft_.wtile = config_.xweft->tile;
    xweft_.winv = config_.xweft->inversions.mask;
    xweft_.wfpm = config_.xweft->fp_pims.mask;
  }
  if (config_.reservations != nullptr) core_->share_reservations(*config_.reservations);
  if (config_.core.enable_jit && !core_->jit_active()) {
    context_.log.write({LogLevel::info, sc_time_stamp().to_string(), this->name(),
                        fmt::format("interprets: {}", core_->jit_inactive_reason())});
  }
  core_->set_trap_observer([this](const TrapEvent& event) { observe_trap(event); });
  fetch_socket.on_invalidate([this](std::uint64_t, std::uint64_t) { forget_direct_memory(); });
  data_socket.on_invalidate([this](std::uint64_t, std::uint64_t) { forget_direct_memory(); });
}

void Hart::start(std::uint32_t entry) {
  entry_ = entry;
  restart_ = true;
  running_ = true;
  wake_for_control();
}

void Hart::halt() {
  running_ = false;
  restart_ = false;
  wake_for_control();
}

void Hart::wake_for_control() {
  core_->request_yield();
  control_changed_.notify(sc_core::SC_ZERO_TIME);
}

// In the hart's own thread, when the core is inside no instruction.
void Hart::restart() {
  restart_ = false;
  lost_ = false;
  instructions_at_trap_.reset();
  core_->reset();
  core_->flush_code();
  core_->set_pc(entry_);
  xweft::State fresh;
  fresh.wunits = xweft_.wunits;
  fresh.wtile = xweft_.wtile;
  fresh.winv = xweft_.winv;
  fresh.wfpm = xweft_.wfpm;
  xweft_ = fresh;
}

void Hart::observe_trap(const TrapEvent& event) {
  ++debug_.traps;
  if (trap_observer_) trap_observer_(event);
  const std::uint64_t instructions = core_->instructions();
  if (instructions_at_trap_ != instructions) {
    first_trap_ = event;
    traps_in_place_ = 0;
    if (!event.interrupt && !is_environment_call(event.cause)) {
      last_exception_.emplace();
      last_exception_->trap = event;
      for (unsigned i = 0; i < 32; ++i) last_exception_->x[i] = core_->x(i);
    }
  }
  ++traps_in_place_;
  instructions_at_trap_ = instructions;
  std::uint32_t handler = 0;
  core_->read_csr(csr::mtvec, handler);
  handler &= ~3u;
  if (is_trap_loop(event, handler)) lose(handler);
}

// The handler's own first instruction traps. What cannot be executed never will be; a device that refuses an
// access may change its mind, so that gets some attempts.
bool Hart::is_trap_loop(const TrapEvent& event, std::uint32_t handler) {
  if (event.interrupt || event.pc != handler) return false;
  const bool cannot_execute = event.cause == cause::fetch_access || event.cause == illegal_instruction;
  constexpr unsigned attempts = 1000;
  return cannot_execute || traps_in_place_ >= attempts;
}

// The first instruction of the handler traps, hence enters the handler again, for ever.
void Hart::lose(std::uint32_t handler) {
  lost_ = true;
  halt();
  context_.log.write(
      {LogLevel::warning, sc_time_stamp().to_string(), this->name(),
       fmt::format("halted: nothing can be executed at the trap handler {:#010x}; the trap had "
                   "cause {}, pc {:#010x}, value {:#010x}",
                   handler, first_trap_.cause, first_trap_.pc, first_trap_.value)});
}

void Hart::update_interrupts() {
  core_->set_interrupt(Interrupt::software, software_interrupt.read());
  core_->set_interrupt(Interrupt::timer, timer_interrupt.read());
  core_->set_interrupt(Interrupt::external, external_interrupt.read());
  interrupt_changed_.notify(sc_core::SC_ZERO_TIME);
}

HartState Hart::state() const {
  if (!running_) {
    HartState halted;
    halted.kind = WaitKind::halted;
    halted.pc = core_->pc();
    halted.lost = lost_;
    if (lost_) halted.trap = first_trap_;
    return halted;
  }
  HartState state = waiting_;
  state.pc = core_->pc();
  if (waits.size() == 0) return state;
  if (state.kind == WaitKind::counter || state.kind == WaitKind::barrier)
    state.present = waits->counter(state.subject);
  if (state.kind == WaitKind::ticket) state.present = waits->finished(state.subject) & unit::sequence_mask;
  if (state.kind == WaitKind::units) state.present = busy_units(state.subject) & state.target;
  return state;
}

void Hart::thread() {
  while (debug_.stopped) wait(debug_.resumed);
  for (;;) {
    if (!running_) sleep_until_started();
    if (restart_) restart();
    run_ahead();
    if (!stopped() && core_->waiting() && !core_->wakeup_pending()) sleep_until_interrupt();
  }
}

void Hart::sleep_until_started() {
  catch_up();
  while (!running_) wait(control_changed_);
  stall_until_now();
  cycles_charged_ = core_->cycles();  // a halted hart's clock stands
}

void Hart::sleep_until_interrupt() {
  waiting_.kind = WaitKind::interrupt;
  wait(interrupt_changed_ | control_changed_);
  waiting_.kind = WaitKind::running;
  stall_until_now();
}

void Hart::run_ahead() {
  std::uint64_t ahead = cycles_ahead();
  // An instruction takes a cycle or more, so this never goes past the limit and reaches it in a few rounds.
  if (instruction_limit_) ahead = std::min(ahead, *instruction_limit_ - core_->instructions());
  horizon_ = local_time() + sc_time::from_value(config_.cycle.value() * ahead);
  const StopReason reason = core_->run(core_->cycles() + ahead);
  catch_up();
  check_instruction_limit();
  if (debug_.listener != nullptr) stop_for_debugger(reason);
}

void Hart::check_instruction_limit() {
  if (!instruction_limit_ || core_->instructions() < *instruction_limit_) return;
  instruction_limit_.reset();
  halt();
  if (limit_reached_) limit_reached_();
}

std::uint64_t Hart::cycles_ahead() {
  sc_time horizon = config_.quantum;
  if (core_->interrupts_enabled()) {
    let_others_go_first();
    if (sc_core::sc_pending_activity()) {
      horizon = std::min(horizon, sc_core::sc_time_to_pending_activity());
    }
  }
  if (debug_.stepping) return 1;
  const auto cycles = static_cast<std::uint64_t>(horizon.value() / config_.cycle.value());
  return std::max<std::uint64_t>(cycles, 1);
}

// Everything else at this instant goes first: it may raise an interrupt now, or leave an event that is the
// earliest time at which one can come.
void Hart::let_others_go_first() {
  for (int round = 0; round < settle_limit && sc_core::sc_pending_activity_at_current_time(); ++round) {
    wait(sc_core::SC_ZERO_TIME);
  }
}

void Hart::settle_interrupts() {
  catch_up();
  let_others_go_first();
  core_->request_yield();
}

void Hart::let_time_pass(std::uint32_t address, unsigned cycles) {
  // What takes no time with host pointers takes none without.
  if (cycles == 0 && !config_.use_direct_memory && is_direct_memory(address)) return;
  core_->add_cycles(cycles);
  catch_up();
}

bool Hart::breakpoint(Core& core) {
  if (!breakpoint_) return false;
  catch_up();
  const bool handled = breakpoint_(core);
  after_transaction(sc_core::SC_ZERO_TIME);
  return handled;
}

sc_time Hart::local_time() const {
  return origin_time_ + sc_time::from_value(config_.cycle.value() * (core_->cycles() - origin_cycles_));
}

void Hart::catch_up() {
  const sc_time local = local_time();
  if (local > sc_time_stamp()) wait(local - sc_time_stamp());
  origin_time_ = local;
  origin_cycles_ = core_->cycles();
  instruction_energy_.charge(core_->instructions() - instructions_charged_);
  instructions_charged_ = core_->instructions();
  if (cycle_energy_ != nullptr) cycle_energy_->charge(core_->cycles() - cycles_charged_);
  cycles_charged_ = core_->cycles();
}

// Waiting costs a switch of threads. If nothing happens until local time, the target sees the same state now,
// and the annotated delay tells it when the access takes place. Only for reads, which may withdraw an
// interrupt but never raise one.
sc_time Hart::catch_up_or_annotate() {
  const sc_time local = local_time();
  if (something_happens_before(local + sc_core::sc_get_time_resolution())) {
    catch_up();
    return sc_core::SC_ZERO_TIME;
  }
  const sc_time& now = sc_time_stamp();
  return local > now ? local - now : sc_core::SC_ZERO_TIME;
}

void Hart::stall_until_now() { stall_until(sc_time_stamp()); }

void Hart::stall_until(const sc_time& when) {
  const sc_time local = local_time();
  if (when > local) spend(when - local);
}

void Hart::spend(const sc_time& delay) {
  const std::uint64_t period = config_.cycle.value();
  core_->add_cycles((delay.value() + period - 1) / period);
}

void Hart::after_transaction(const sc_time& delay) {
  stall_until(sc_time_stamp() + delay);
  // What the access started may interrupt this hart earlier than was known when it set out.
  if (core_->interrupts_enabled() && something_happens_before(horizon_)) core_->request_yield();
}

bool Hart::something_happens_before(const sc_time& when) {
  return sc_core::sc_pending_activity() && sc_time_stamp() + sc_core::sc_time_to_pending_activity() < when;
}

AccessStatus Hart::load(std::uint32_t address, unsigned size, std::uint32_t& value) {
  value = 0;
  if (hazards_ != nullptr && access_checked(address, &value, size, false)) return AccessStatus::ok;
  if (!config_.use_direct_memory && is_direct_memory(address)) {
    const Status status = data_socket.read_debug(address, &value, size);
    return status == Status::ok ? AccessStatus::ok : AccessStatus::fault;
  }
  sc_time delay = catch_up_or_annotate();
  const Status status = data_socket.read(address, &value, size, delay);
  after_transaction(delay);
  return status == Status::ok ? AccessStatus::ok : AccessStatus::fault;
}

AccessStatus Hart::store(std::uint32_t address, unsigned size, std::uint32_t value) {
  if (hazards_ != nullptr && access_checked(address, &value, size, true)) return AccessStatus::ok;
  if (!config_.use_direct_memory && is_direct_memory(address)) {
    core_->await_unlocked(address);
    const Status status = data_socket.write_debug(address, &value, size);
    return status == Status::ok ? AccessStatus::ok : AccessStatus::fault;
  }
  catch_up();
  core_->await_unlocked(address);
  sc_time delay;
  const Status status = data_socket.write(address, &value, size, delay);
  after_transaction(delay);
  return status == Status::ok ? AccessStatus::ok : AccessStatus::fault;
}

AccessStatus Hart::fetch(std::uint32_t address, std::uint16_t& parcel) {
  if (hazards_ != nullptr && access_direct(address, &parcel, sizeof parcel, false)) return AccessStatus::ok;
  if (!config_.use_direct_memory && is_direct_memory(address)) {
    return peek(address, parcel) ? AccessStatus::ok : AccessStatus::fault;
  }
  sc_time delay = catch_up_or_annotate();
  const Status status = fetch_socket.read(address, &parcel, sizeof parcel, delay);
  after_transaction(delay);
  return status == Status::ok ? AccessStatus::ok : AccessStatus::fault;
}

bool Hart::peek(std::uint32_t address, std::uint16_t& parcel) {
  return fetch_socket.read_debug(address, &parcel, sizeof parcel) == Status::ok;
}

bool Hart::is_direct_memory(std::uint32_t address) {
  const auto holds = [address](const DirectRegion& region) {
    return address >= region.start && address <= region.end;
  };
  if (std::any_of(direct_regions_.begin(), direct_regions_.end(), holds)) return true;
  const std::optional<DirectRegion> region = data_socket.direct(address);
  if (region) direct_regions_.push_back(*region);
  return region.has_value();
}

void Hart::forget_direct_memory() {
  direct_regions_.clear();
  core_->flush_direct();
}

DirectMemory Hart::direct(std::uint32_t address) {
  constexpr std::uint32_t page = 0x1000;
  if (!config_.use_direct_memory) return {nullptr, address & ~(page - 1), address | (page - 1), false, false};
  const std::optional<DirectRegion> region = data_socket.direct(address);
  if (!region) return {nullptr, address & ~(page - 1), address | (page - 1), false, false};
  if (hazards_ != nullptr) return without_owned_memory(*region, address);
  const std::uint64_t end = std::min<std::uint64_t>(region->end, 0xffffffffu);
  return {region->pointer, static_cast<std::uint32_t>(region->start), static_cast<std::uint32_t>(end),
          region->readable, region->writable};
}

std::uint64_t Hart::time() {
  catch_up();
  return ticks_ ? ticks_() : 0;
}

}  // namespace weft::hart
