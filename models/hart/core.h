// SPDX-License-Identifier: Apache-2.0
// Instruction-set simulator of one RV32IMAFC_Zicsr_Zifencei_Zba_Zbb_Zbs hart with machine and, if wanted,
// user mode: a plain C++ class that runs a program against an Environment and counts its cycles. No SystemC,
// no time: whoever embeds it maps cycles to time and runs it a quantum at a time.
//
// Architecture: RISC-V Unprivileged ISA 20191213, Privileged Architecture 20211203 (M and U mode, physical
// memory protection). Misaligned atomics trap, misaligned loads and stores unless configured otherwise.
// Everything a guest can do ends in a trap, never in an error of the simulator.
//
// Timing: every instruction costs a fixed number of cycles of its class (CycleCosts), a load more if the next
// instruction uses what it loads, plus what the environment adds. Cycles, instruction counts and the
// instruction before which an interrupt is taken depend neither on the block cache nor on direct memory
// access nor on how run() is cut into pieces. Code is read from memory anew after a store of this core,
// fence.i or flush_code(); without a cache it is read for every instruction.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/hart/block_cache.h"
#include "models/hart/csr.h"
#include "models/hart/debug_points.h"
#include "models/hart/decode.h"
#include "models/hart/direct_map.h"
#include "models/hart/environment.h"
#include "models/hart/jit/jit.h"
#include "models/hart/observer.h"
#include "models/hart/pmp.h"
#include "models/hart/reservation_monitor.h"

namespace weft::hart {

// What a load or store does that is not naturally aligned: it traps, or is made as naturally aligned pieces
// of one and two bytes.
enum class MisalignedAccess { trap, hardware };

struct CoreConfig {
  std::uint32_t hart_id = 0;
  std::uint32_t reset_pc = 0x1000;
  bool compressed = true;
  bool atomics = true;
  bool muldiv = true;
  bool single_float = false;
  bool zba = false;
  bool zbb = false;
  bool zbs = false;
  bool user_mode = false;
  unsigned pmp_entries = 0;  // of physical memory protection, up to 16
  MisalignedAccess misaligned = MisalignedAccess::trap;
  bool vendor_extension = false;  // sets misa.X
  std::uint32_t vendor_id = 0;
  std::uint32_t architecture_id = 0;
  std::uint32_t implementation_id = 0;
  bool enable_cache = true;  // keep decoded blocks; speed only
  bool enable_jit = false;   // translate hot blocks to machine code of the host; speed only, needs the cache
  unsigned jit_threshold = 64;  // executions of a block before it is translated, 1 to 1,000,000
  // Run every translated block beside the interpreter and compare; needs the JIT. run() throws weft::Error
  // where they differ. For tests of the JIT itself; slow.
  bool lockstep = false;
  std::optional<Kind> jit_fault;  // translate this operation wrongly: what lockstep must notice
  CycleCosts costs;
};

// Why run() returned: the cycle limit, a wfi with nothing pending, request_yield(), or a breakpoint or
// watchpoint.
enum class StopReason { budget, wfi, yield, debug };

class Core {
 public:
  // Throws weft::Error for a cycle cost of 0 or above 1,000,000, a reset pc no instruction can start at
  // and more than 16 entries of memory protection. The environment must outlive the core.
  Core(const CoreConfig& config, Environment& environment);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  // Makes this hart's reservations known to others it shares memory with. The monitor must outlive the core.
  void share_reservations(ReservationMonitor& monitor);

  // Whether hot code is translated; and if not, why ("not enabled", "the host refuses ...").
  bool jit_active() const { return jit_ != nullptr; }
  const std::string& jit_inactive_reason() const { return jit_inactive_reason_; }

  // Registers, CSRs and pc get their reset values; interrupt lines keep their level and cycles() and
  // instructions() go on counting. Inside a callback: after the current instruction.
  void reset();

  // Runs until the first instruction boundary at which cycles() >= cycle_limit, or the hart sleeps in a
  // wfi, or a yield was requested. Not to be called from inside a callback (throws weft::Error).
  StopReason run(std::uint64_t cycle_limit);
  // Makes run() return after the current instruction; outside of run(): makes the next run() return at
  // once.
  void request_yield() { yield_requested_ = true; }

  void set_interrupt(Interrupt line, bool level) { csrs_.set_interrupt(line, level); }
  // Whether a line that rises now would be noticed: mstatus.MIE (or user mode, or sleeping in wfi) and any
  // bit of mie.
  bool interrupts_enabled() const { return (csrs_.machine_interrupts() || waiting_) && csrs_.any_enabled(); }
  // Sleeping in wfi: until an interrupt enabled in mie is pending.
  bool waiting() const { return waiting_; }
  // An interrupt that ends a wfi is pending.
  bool wakeup_pending() const { return csrs_.wakeup_pending(); }

  // Everything before the current instruction when called inside a callback.
  std::uint64_t cycles() const { return cycles_ + offset_cycles_; }
  std::uint64_t instructions() const { return instructions_ + offset_instructions_; }
  // Stall cycles: between runs (a wfi slept through) or from inside a callback (a slow device).
  void add_cycles(std::uint64_t cycles) { cycles_ += cycles; }

  Privilege privilege() const { return csrs_.privilege(); }
  std::uint32_t pc() const { return pc_; }
  // Ends a wfi. The lowest bit (lowest two without compressed instructions) is ignored.
  void set_pc(std::uint32_t pc);
  // Register i & 31; writes to x0 are ignored.
  std::uint32_t x(unsigned i) const { return x_[i & 31u]; }
  void set_x(unsigned i, std::uint32_t value) {
    if ((i & 31u) != 0) x_[i & 31u] = value;
  }
  // Bits of float register i & 31; zero without the F extension. Does not touch mstatus.FS.
  std::uint32_t f(unsigned i) const { return csrs_.float_state().f(i); }
  void set_f(unsigned i, std::uint32_t value) { csrs_.float_state().set_f(i, value); }
  // As csrr and csrw would in machine mode, without instruction. Writing a read-only CSR answers
  // illegal_value.
  CsrStatus read_csr(unsigned number, std::uint32_t& value);
  CsrStatus write_csr(unsigned number, std::uint32_t value);

  // Somebody else changed code in memory.
  void flush_code() { code_flush_pending_ = true; }
  // Answers of Environment::direct() hold no longer; takes effect at once, host pointers are forgotten.
  void flush_direct();
  // Somebody wrote over the bus: code decoded from these bytes is decoded anew.
  void code_written(std::uint32_t address, std::uint32_t bytes) {
    if (direct_.code().overlaps(address, bytes)) code_flush_pending_ = true;
  }
  // Lets time pass while another hart is in the middle of an AMO or sc.w on this word. For a store of the
  // environment, once it has reached its time.
  void await_unlocked(std::uint32_t address);
  // Somebody else stored to this word: a reservation of lr.w on it is lost.
  void invalidate_reservation(std::uint32_t address) {
    if (reservations_->holds(monitored_as_, address)) reservations_->release(monitored_as_);
  }

  // Breakpoints stop run() before the instruction at an address, watchpoints before the instruction that
  // would access one of the bytes (explicit accesses of this core only, not its fetches). Nothing is
  // written to memory; cycles and results stay the same. The next run() executes that instruction.
  // At any time, callbacks included.
  void set_breakpoint(std::uint32_t address);
  void clear_breakpoint(std::uint32_t address);
  void set_watchpoint(const Watchpoint& point);
  void clear_watchpoint(const Watchpoint& point);
  // After StopReason::debug: what was hit.
  const DebugStop& debug_stop() const { return debug_stop_; }
  // Whether the breakpoint or watchpoint of a stop is still set.
  bool still_wanted(const DebugStop& stop) const;
  // The instruction at pc is executed by the next run() whatever is set on it.
  void pass_debug_points() { passing_ = true; }
  // Between the callbacks of an instruction and the end of it: run() has not returned yet.
  bool inside_run() const { return running_; }

  // Called for every trap taken, after the trap's state is in place and before its handler runs.
  void set_trap_observer(std::function<void(const TrapEvent&)> observer) {
    trap_observer_ = std::move(observer);
  }
  // Sees every instruction that retires and every trap; null ends it. Simulated results are the same with
  // and without. Must outlive the core or be removed.
  void set_observer(ExecutionObserver* observer) { observer_ = observer; }

 private:
  class RunScope;
  class WordLock;
  class OwnStore;
  class Lockstep;

  // run() and what it is made of
  void apply_pending();
  void reset_now();
  void take_interrupt();
  void run_some();
  void run_blocks();
  bool run_debugged();
  void watchpoints_changed();
  void run_one_uncached();
  void run_one_observed();
  void record_access(std::uint32_t address, unsigned size, std::uint32_t value, bool write);
  void run_prefix(const Block& block);
  Block* cached_block();
  Block* build_block();
  void follow_privilege();
  void guard_code(std::uint32_t start, std::uint32_t bytes);
  bool fetch_parcel(std::uint32_t address, std::uint16_t& parcel);
  void begin_scratch(std::uint32_t pc);
  void append(Operation operation);
  void finish_scratch(unsigned stall_behind);
  unsigned stall(const Operation& operation, const Operation& next) const;
  bool depends_on_next() const;
  unsigned stall_before(std::uint32_t next);
  bool peek_parcel(std::uint32_t address, std::uint16_t& parcel);
  void clear_blocks();

  // The dispatch loop: from `operation` of `block` until something needs run()'s attention or the next block
  // is not cached or has better than the dispatch loop.
  void execute(Block* block, const Operation* operation);

  // Blocks that are warm enough for the JIT (jit/run.cpp).
  void start_jit();
  void run_hot(Block* block);
  void note_miss(const jit::Exit& exit);
  // The same with every block checked against the dispatch loop (jit/lockstep.cpp).
  void run_in_lockstep(Block& block);

  // The rarer operations. Each returns true if execution goes on with the next operation of the block;
  // otherwise pc, cycles and instructions are up to date and the dispatch loop must return.
  bool load_slow(const Block& block, const Operation& operation);
  bool store_slow(const Block& block, const Operation& operation);
  bool atomic(const Block& block, const Operation& operation);
  bool load_reserved(const Block& block, const Operation& operation);
  bool store_conditional(const Block& block, const Operation& operation);
  bool csr_access(const Block& block, const Operation& operation);
  bool custom(const Block& block, const Operation& operation);
  bool float_operation(const Block& block, const Operation& operation);
  bool float_load_slow(const Block& block, const Operation& operation);
  bool float_store_slow(const Block& block, const Operation& operation);
  void system(const Block& block, const Operation& operation);
  bool breakpoint_handled(const Block& block, const Operation& operation);
  void misaligned_jump(const Block& block, const Operation& operation);

  // The data register of a load or store, whichever register file it is in.
  void write_loaded(const Operation& operation, std::uint32_t value);
  std::uint32_t stored_value(const Operation& operation) const;

  // Loads and stores of any alignment. If they fail, `failed` is the address of the access that did.
  AccessStatus load_any(std::uint32_t address, unsigned size, std::uint32_t& value, std::uint32_t& failed);
  AccessStatus store_any(std::uint32_t address, unsigned size, std::uint32_t value, std::uint32_t& failed);
  enum class Access : std::uint8_t { read, write, read_write };
  bool hits_watchpoint(const Block& block, const Operation& operation, std::uint32_t address, unsigned size,
                       Access access);
  // Naturally aligned ones.
  AccessStatus read_memory(std::uint32_t address, unsigned size, std::uint32_t& value);
  AccessStatus write_memory(std::uint32_t address, unsigned size, std::uint32_t value);
  AccessStatus store_if_reserved(std::uint32_t address, std::uint32_t value, bool& reserved);
  AccessStatus read_modify_write(std::uint32_t address, std::uint32_t funct5, std::uint32_t operand,
                                 std::uint32_t& old);
  AccessStatus write_to_environment(std::uint32_t address, unsigned size, std::uint32_t value);
  bool allowed(std::uint32_t address, unsigned size, AccessKind kind) const {
    return pmp_.allows(address, size, kind, csrs_.data_privilege());
  }
  CsrStatus write_csr_at(unsigned number, Counts after, std::uint32_t value);

  // Callbacks see the state before `operation`.
  void enter_callback(const Block& block, const Operation& operation);
  void leave_callback();
  bool proceed(const Block& block, const Operation& operation);
  bool needs_attention(const Block& block) const;
  void commit_before(const Block& block, const Operation& operation);
  bool raise(const Block& block, const Operation& operation, std::uint32_t cause, std::uint32_t value);
  void raise_here(std::uint32_t cause, std::uint32_t value);

  std::array<std::uint32_t, 33> x_{};
  std::uint32_t pc_ = 0;
  std::uint64_t cycles_ = 0;
  std::uint64_t instructions_ = 0;
  std::uint64_t limit_ = 0;
  DirectMap direct_;
  BlockCache* blocks_ = &caches_[index_of(Privilege::machine)];  // of the current level
  // Levels may not be allowed to execute the same code.
  std::array<BlockCache, privilege_levels> caches_;
  std::unique_ptr<jit::Jit> jit_;
  std::string jit_inactive_reason_;

  // Position of the current instruction in its block, while a callback runs.
  std::uint64_t offset_cycles_ = 0;
  std::uint64_t offset_instructions_ = 0;

  bool running_ = false;
  bool waiting_ = false;
  bool yield_requested_ = false;
  bool reset_pending_ = false;
  bool code_flush_pending_ = false;

  ReservationMonitor own_reservations_;
  ReservationMonitor* reservations_ = &own_reservations_;
  ReservationMonitor::HartId monitored_as_;

  DebugPoints debug_points_;
  DebugStop debug_stop_;
  bool passing_ = false;         // the instruction at pc has been reported, or is to be stepped over
  bool watchpoint_hit_ = false;  // the dispatch loop has returned for that reason

  CsrFile csrs_;
  Pmp pmp_;
  CoreConfig config_;
  DecodeOptions decode_options_;
  std::uint32_t pc_mask_;
  Environment& environment_;
  std::function<void(const TrapEvent&)> trap_observer_;
  ExecutionObserver* observer_ = nullptr;
  std::vector<MemoryAccess> accesses_;  // of the current instruction, while there is an observer
  std::uint32_t fetched_ = 0;           // bits of the last instruction that was not taken from the cache

  // The block under construction, and the one that runs when code is not cached or only part of a
  // cached block fits into the budget.
  std::array<Operation, max_block_operations + 1> scratch_operations_{};
  Block scratch_;
};

}  // namespace weft::hart
