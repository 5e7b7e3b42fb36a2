// SPDX-License-Identifier: Apache-2.0
// The SystemC shell of a hart: sockets, interrupts, simulated time and the Xweft extension around the
// instruction-set simulator (core.h).
//
// Time. The hart runs ahead of simulated time by at most a quantum and catches up before everything that
// others can see: a bus transaction, an Xweft instruction, an interrupt. Results and end time do not depend
// on the quantum: a hart that could take an interrupt never runs past the next event of the simulation, and
// one that cannot is disturbed by nothing but what it waits for.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/hart/core.h"
#include "models/hart/hart_control.h"
#include "models/hart/xweft.h"
#include "models/sync/wait_interface.h"
#include "models/tlm/initiator_socket.h"
#include "models/unit/hazard_checker.h"

namespace weft::hart {

// Units of one kind that an instruction names by a mask.
struct UnitGroup {
  std::uint32_t mask = 0;     // of the units that exist
  std::uint32_t windows = 0;  // of unit 0; the others follow
  unsigned first_index = 0;   // number of unit 0 among the tile's units
};

// Where a tile hart finds the units of its tile. Addresses are bus addresses of the tile's own window.
struct XweftConfig {
  unsigned tile = 0;
  UnitGroup crossbars{0, 0, unit::first_crossbar_index};
  UnitGroup inversions{0, 0, unit::first_inversion_index};
  UnitGroup fp_pims{0, 0, unit::first_fp_pim_index};
  unsigned queue_depth = 8;
  std::uint32_t dma_window = 0;
  std::uint32_t vector_window = 0;
  std::uint32_t unit_window_size = 0x1000;
  std::uint32_t tiles_base = 0;  // window of tile 0
  std::uint32_t tile_window_size = 0x100000;
  std::uint32_t counter_add_offset = 0;  // of the sync counters' ADD registers in a window
  unsigned tiles = 1;
};

struct HartConfig {
  CoreConfig core;
  sc_core::sc_time cycle = sc_core::sc_time(1, sc_core::SC_NS);
  sc_core::sc_time quantum = sc_core::sc_time(10, sc_core::SC_US);
  // Loads, stores and fetches use host pointers that memories grant. Without, the same bytes move through
  // debug transport at the same cost in simulated time: speed only.
  bool use_direct_memory = true;
  bool starts_running = false;                 // else waits for HartControl::start
  ReservationMonitor* reservations = nullptr;  // of all harts of the machine; without it this hart's own
  std::optional<XweftConfig> xweft;            // without it, Xweft instructions are illegal
  Joule energy_per_instruction;
  Joule energy_per_cycle;  // of a hart that has been started, asleep or not; 0 opens no account
};

enum class WaitKind { running, halted, interrupt, ticket, units, counter, queue, barrier };

// What a hart is doing, for whoever reports a deadlock.
struct HartState {
  WaitKind kind = WaitKind::running;
  std::uint32_t pc = 0;
  std::uint32_t subject = 0;  // ticket, unit mask, counter number or unit
  std::uint32_t target = 0;   // value waited for
  std::uint32_t present = 0;  // value now
  // Halted because its trap handler cannot be executed; `trap` is the one that asked for the handler.
  bool lost = false;
  TrapEvent trap;
};

// The registers when an exception was taken: what a back-trace of a failure starts from.
struct ExceptionSnapshot {
  TrapEvent trap;
  std::array<std::uint32_t, 32> x{};
};

class Hart;

// Told, in the hart's thread, that a hart has stopped for its debugger: at the simulated time at which it
// came to the stop. The hart then does nothing until Hart::resume().
class DebugListener {
 public:
  virtual ~DebugListener() = default;
  virtual void stopped(Hart& hart, const DebugStop& stop) = 0;
};

class Hart : public sc_core::sc_module, public HartControl, private Environment {
 public:
  InitiatorSocket fetch_socket;
  InitiatorSocket data_socket;
  sc_core::sc_in<bool> software_interrupt;
  sc_core::sc_in<bool> timer_interrupt;
  sc_core::sc_in<bool> external_interrupt;
  sc_core::sc_port<sync::WaitInterface, 1, sc_core::SC_ZERO_OR_MORE_BOUND> waits;
  sc_core::sc_export<HartControl> control;

  using TrapObserver = std::function<void(const TrapEvent&)>;
  using TickSource = std::function<std::uint64_t()>;

  Hart(const sc_core::sc_module_name& name, const HartConfig& config, Context& context);

  // HartControl. Both take effect when the hart has caught up with simulated time; a hart that sleeps in
  // an Xweft instruction wakes up and leaves it unfinished.
  void start(std::uint32_t entry) override;
  void halt() override;
  bool running() const override { return running_; }

  // mtime for the `time` CSR; 0 without one.
  void set_tick_source(TickSource source) { ticks_ = std::move(source); }
  void set_trap_observer(TrapObserver observer) { trap_observer_ = std::move(observer); }

  // Called for every `ebreak`, when simulated time has reached it; true if it was a request (semihosting) and
  // must not trap. The handler may read and write registers and halt the hart.
  using BreakpointHandler = std::function<bool(Core&)>;
  void set_breakpoint_handler(BreakpointHandler handler) { breakpoint_ = std::move(handler); }
  // Halts the hart when it has executed exactly so many instructions, and says so.
  void set_instruction_limit(std::uint64_t limit, std::function<void()> reached) {
    instruction_limit_ = limit;
    limit_reached_ = std::move(reached);
  }
  void set_observer(ExecutionObserver* observer) { core_->set_observer(observer); }
  // The most recent exception that was no environment call.
  const std::optional<ExceptionSnapshot>& last_exception() const { return last_exception_; }

  const Core& core() const { return *core_; }
  Core& core() { return *core_; }
  HartState state() const;
  // Loads and stores are compared with what commands in flight own, and memory that they own is not reached
  // through host pointers; simulated time stays the same. Null: neither.
  void set_hazard_checker(unit::HazardChecker* checker);
  // Somebody else wrote code that this hart may have decoded.
  void flush_code() { core_->flush_code(); }
  // The same if only these bytes were written, over the bus.
  void code_written(std::uint32_t address, std::uint32_t bytes) { core_->code_written(address, bytes); }

  // For a debugger, while the kernel is paused. Breakpoints and watchpoints are the core's.
  // The listener, or null for none, must outlive its being set. Without one nothing stops.
  void set_debug_listener(DebugListener* listener);
  // Before the simulation starts: the hart does nothing until resume().
  void hold() { debug_.stopped = true; }
  // Lets a stopped hart go on.
  void resume();
  // Stops behind the next instruction or trap entry; one that is under way is finished first. Breakpoints
  // on the instruction are passed.
  void request_step();
  void cancel_step() { debug_.stepping = false; }
  // False inside an instruction that waits for something: it will continue behind itself.
  bool set_pc(std::uint32_t pc);
  // As the program's CSR instructions would, but in no time.
  CsrStatus peek_csr(unsigned number, std::uint32_t& value);
  CsrStatus poke_csr(unsigned number, std::uint32_t value);
  // This hart's view of memory, by debug transport.
  Status peek(std::uint32_t address, void* data, std::uint32_t size);
  Status poke(std::uint32_t address, const void* data, std::uint32_t size);
  // As start() does, at once if the hart is inside no instruction.
  void start_now(std::uint32_t entry);

 private:
  // Environment
  AccessStatus load(std::uint32_t address, unsigned size, std::uint32_t& value) override;
  AccessStatus store(std::uint32_t address, unsigned size, std::uint32_t value) override;
  AccessStatus fetch(std::uint32_t address, std::uint16_t& parcel) override;
  DirectMemory direct(std::uint32_t address) override;
  bool peek(std::uint32_t address, std::uint16_t& parcel) override;
  std::uint64_t time() override;
  CustomResult custom(std::uint32_t instruction, Core& core) override;
  CsrStatus csr_read(unsigned number, std::uint32_t& value) override;
  CsrStatus csr_write(unsigned number, std::uint32_t value) override;
  void settle_interrupts() override;
  void let_time_pass(std::uint32_t address, unsigned cycles) override;
  bool breakpoint(Core& core) override;

  void thread();
  void sleep_until_started();
  void restart();
  void wake_for_control();
  // Somebody halted or restarted the hart while it was inside an instruction.
  bool stopped() const { return !running_ || restart_; }
  void observe_trap(const TrapEvent& event);
  void lose(std::uint32_t handler);
  void sleep_until_interrupt();
  void run_ahead();
  void check_instruction_limit();
  bool is_trap_loop(const TrapEvent& event, std::uint32_t handler);
  void stop_for_debugger(StopReason reason);
  // Changes with every instruction and every trap.
  std::uint64_t boundaries() const { return core_->instructions() + debug_.traps; }
  std::uint64_t cycles_ahead();
  void let_others_go_first();
  void update_interrupts();

  bool is_direct_memory(std::uint32_t address);
  void forget_direct_memory();

  // Local time is the simulated time at `origin_cycles_` plus the cycles since.
  sc_core::sc_time local_time() const;
  void catch_up();
  sc_core::sc_time catch_up_or_annotate();
  void stall_until_now();
  void stall_until(const sc_core::sc_time& when);
  void spend(const sc_core::sc_time& delay);
  void after_transaction(const sc_core::sc_time& delay);
  static bool something_happens_before(const sc_core::sc_time& when);
  // hart_xweft.cpp
  CustomResult issue(const xweft::Instruction& instruction, std::uint32_t bits);
  CustomResult issue_to_group(const UnitGroup& group, const xweft::Instruction& instruction,
                              const unit::Command& command, std::uint32_t bits, std::uint32_t mask);
  const UnitGroup* group_of(xweft::Unit unit) const;
  CustomResult send_command(unsigned unit, std::uint32_t window, const unit::Command& command,
                            std::uint32_t bits);
  CustomResult synchronise(const xweft::Instruction& instruction, std::uint32_t bits);
  CustomResult rejected(std::uint32_t window, std::uint32_t bits);
  // The units from number `first` on.
  std::uint32_t busy_units(unsigned first) const;
  CustomResult wait_for_units(unsigned first, std::uint32_t mask);
  // Sleeps until `ready`; a unit's fault ends the sleep with a trap.
  template <typename Ready>
  CustomResult sleep_until(const HartState& waiting, Ready ready);
  CustomResult raise_counter(std::uint32_t where, std::uint32_t amount, std::uint32_t bits);
  // hazards.cpp
  bool access_checked(std::uint32_t address, void* data, unsigned size, bool writes);
  bool access_direct(std::uint32_t address, void* data, unsigned size, bool writes);
  DirectMemory without_owned_memory(const DirectRegion& region, std::uint32_t address) const;
  // barrier.cpp
  CustomResult barrier(std::uint32_t where, std::uint32_t tiles, std::uint32_t bits);
  bool take_from_counter(unsigned counter, std::uint32_t amount);
  CustomResult signal(std::uint32_t tile, unsigned counter, std::uint32_t bits);

  HartConfig config_;
  Context& context_;
  std::unique_ptr<Core> core_;
  xweft::State xweft_;
  std::vector<DirectRegion> direct_regions_;  // known so far, when host pointers are not used
  TickSource ticks_;
  TrapObserver trap_observer_;
  BreakpointHandler breakpoint_;
  std::optional<std::uint64_t> instruction_limit_;
  std::function<void()> limit_reached_;
  std::optional<ExceptionSnapshot> last_exception_;
  sc_core::sc_event control_changed_;
  sc_core::sc_event interrupt_changed_;
  bool running_ = false;
  bool restart_ = false;
  std::uint32_t entry_ = 0;
  bool lost_ = false;
  TrapEvent first_trap_;  // of those taken without an instruction in between
  std::optional<std::uint64_t> instructions_at_trap_;
  unsigned traps_in_place_ = 0;  // likewise
  HartState waiting_;
  unit::HazardChecker* hazards_ = nullptr;
  struct Debug {
    DebugListener* listener = nullptr;
    sc_core::sc_event resumed;
    bool stopped = false;
    bool stepping = false;
    std::uint64_t step_from = 0;  // boundaries() at the request
    std::uint64_t traps = 0;
  };
  Debug debug_;
  sc_core::sc_time origin_time_;
  std::uint64_t origin_cycles_ = 0;
  sc_core::sc_time horizon_;  // run_ahead() looks again then at the latest
  EnergyLedger::Account& instruction_energy_;
  std::uint64_t instructions_charged_ = 0;
  EnergyLedger::Account* cycle_energy_ = nullptr;
  std::uint64_t cycles_charged_ = 0;
};

// "cwait: counter 3 has 16, 17 wanted (pc 0x40001234)"
std::string describe(const HartState& state);

}  // namespace weft::hart
