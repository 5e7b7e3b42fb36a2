// SPDX-License-Identifier: Apache-2.0
#include "models/hart/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#include "models/common/error.h"
#include "models/hart/compressed.h"
#include "models/hart/encoding.h"

namespace weft::hart {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "direct memory is accessed in guest byte order");

namespace {

constexpr std::uint32_t misa_rv32 = 1u << 30;
constexpr std::uint32_t misa_letter(char letter) { return 1u << (letter - 'A'); }

std::uint32_t misa_value(const CoreConfig& config) {
  return misa_rv32 | misa_letter('I') | (config.atomics ? misa_letter('A') : 0) |
         (config.zba && config.zbb && config.zbs ? misa_letter('B') : 0) |
         (config.single_float ? misa_letter('F') : 0) | (config.compressed ? misa_letter('C') : 0) |
         (config.muldiv ? misa_letter('M') : 0) | (config.user_mode ? misa_letter('U') : 0) |
         (config.vendor_extension ? misa_letter('X') : 0);
}

CsrIdentity identity(const CoreConfig& config) {
  CsrIdentity result;
  result.hart_id = config.hart_id;
  result.misa = misa_value(config);
  result.vendor_id = config.vendor_id;
  result.architecture_id = config.architecture_id;
  result.implementation_id = config.implementation_id;
  return result;
}

void check_cost(std::uint32_t hart_id, const char* name, unsigned cycles) {
  constexpr unsigned largest = 1'000'000;
  if (cycles >= 1 && cycles <= largest) return;
  throw Error(
      fmt::format("hart {}: cycle cost '{}' is {}, allowed is 1 to {}", hart_id, name, cycles, largest));
}

void check(const CoreConfig& config) {
  const CycleCosts& costs = config.costs;
  const std::pair<const char*, unsigned> all[] = {{"alu", costs.alu},
                                                  {"load", costs.load},
                                                  {"store", costs.store},
                                                  {"branch", costs.branch},
                                                  {"jump", costs.jump},
                                                  {"branch_taken", costs.branch_taken},
                                                  {"multiply", costs.multiply},
                                                  {"divide", costs.divide},
                                                  {"csr", costs.csr},
                                                  {"atomic", costs.atomic},
                                                  {"fence", costs.fence},
                                                  {"custom", costs.custom},
                                                  {"trap", costs.trap},
                                                  {"float_simple", costs.float_simple},
                                                  {"float_arithmetic", costs.float_arithmetic},
                                                  {"float_divide", costs.float_divide},
                                                  {"float_sqrt", costs.float_sqrt}};
  for (const auto& [name, cycles] : all) check_cost(config.hart_id, name, cycles);
  if (costs.load_use != 0) check_cost(config.hart_id, "load_use", costs.load_use);
  if (config.pmp_entries > Pmp::max_entries) {
    throw Error(fmt::format("hart {}: {} entries of physical memory protection, allowed is 0 to {}",
                            config.hart_id, config.pmp_entries, Pmp::max_entries));
  }
  constexpr unsigned largest_threshold = 1'000'000;
  if (config.jit_threshold < 1 || config.jit_threshold > largest_threshold) {
    throw Error(fmt::format("hart {}: JIT threshold is {}, allowed is 1 to {}", config.hart_id,
                            config.jit_threshold, largest_threshold));
  }
  const std::uint32_t alignment = config.compressed ? 2 : 4;
  if (config.reset_pc % alignment != 0) {
    throw Error(fmt::format("hart {}: reset pc 0x{:08x} is not a multiple of {}", config.hart_id,
                            config.reset_pc, alignment));
  }
}

std::uint16_t read_parcel(const std::uint8_t* host) {
  std::uint16_t parcel = 0;
  std::memcpy(&parcel, host, sizeof parcel);
  return parcel;
}

bool is_aligned(std::uint32_t address, unsigned size) { return (address & (size - 1u)) == 0; }

// The first piece of what is left of a misaligned access.
unsigned piece_size(std::uint32_t address, unsigned left) {
  return is_aligned(address, 2) && left >= 2 ? 2 : 1;
}

std::uint32_t mask_of(unsigned size) { return size == 4 ? ~0u : (1u << (8 * size)) - 1u; }

}  // namespace

// Marks the core as running and makes its counts whole again should a callback throw.
class Core::RunScope {
 public:
  explicit RunScope(Core& core) : core_(core) { core_.running_ = true; }
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;
  ~RunScope() {
    core_.cycles_ += core_.offset_cycles_;
    core_.instructions_ += core_.offset_instructions_;
    core_.leave_callback();
    core_.running_ = false;
  }

 private:
  Core& core_;
};

// Tells the monitor of reservations that a store over the bus is this hart's.
class Core::OwnStore {
 public:
  OwnStore(Core& core, std::uint32_t address, unsigned size) : core_(core) {
    core_.reservations_->begin_own_store(core_.monitored_as_, address, size);
  }
  OwnStore(const OwnStore&) = delete;
  OwnStore& operator=(const OwnStore&) = delete;
  ~OwnStore() { core_.reservations_->end_own_store(core_.monitored_as_); }

 private:
  Core& core_;
};

Core::Core(const CoreConfig& config, Environment& environment)
    : direct_(environment, pmp_),
      monitored_as_(own_reservations_.join({})),
      csrs_(identity(config)),
      pmp_(config.pmp_entries),
      config_(config),
      decode_options_{config.compressed, config.atomics, config.muldiv, config.single_float,
                      config.zba,        config.zbb,     config.zbs},
      pc_mask_(config.compressed ? ~1u : ~3u),
      environment_(environment) {
  check(config);
  start_jit();
  reset_now();
}

Core::~Core() { reservations_->leave(monitored_as_); }

void Core::share_reservations(ReservationMonitor& monitor) {
  reservations_->leave(monitored_as_);
  reservations_ = &monitor;
  monitored_as_ = monitor.join([this](bool guarded) {
    direct_.guard_stores(guarded);
    if (jit_ != nullptr) jit_->guard_stores(guarded);
  });
}

void Core::reset() {
  if (running_) {
    reset_pending_ = true;
    return;
  }
  reset_now();
}

void Core::reset_now() {
  x_.fill(0);
  pc_ = config_.reset_pc;
  csrs_.reset({cycles_, instructions_});
  pmp_.reset();
  direct_.flush();
  follow_privilege();
  waiting_ = false;
  passing_ = false;
  reservations_->release(monitored_as_);
  reset_pending_ = false;
  code_flush_pending_ = true;
}

void Core::set_pc(std::uint32_t pc) {
  pc_ = pc & pc_mask_;
  waiting_ = false;
  passing_ = false;
}

void Core::flush_direct() {
  direct_.flush();
  code_flush_pending_ = true;
}

StopReason Core::run(std::uint64_t cycle_limit) {
  if (running_) throw Error(fmt::format("hart {}: run() called from inside a callback", config_.hart_id));
  const RunScope scope(*this);
  for (;;) {
    limit_ = cycle_limit;
    apply_pending();
    if (yield_requested_) {
      yield_requested_ = false;
      return StopReason::yield;
    }
    if (waiting_ && !csrs_.wakeup_pending()) return StopReason::wfi;
    waiting_ = false;
    if (cycles_ >= limit_) return StopReason::budget;
    if (csrs_.interrupt_pending()) {
      take_interrupt();
    } else if (!debug_points_.empty()) {
      if (run_debugged()) return StopReason::debug;
    } else {
      passing_ = false;
      run_some();
    }
  }
}

void Core::apply_pending() {
  if (reset_pending_) reset_now();
  if (code_flush_pending_) clear_blocks();
}

void Core::clear_blocks() {
  code_flush_pending_ = false;
  if (std::all_of(caches_.begin(), caches_.end(), [](const BlockCache& cache) { return cache.empty(); }))
    return;
  for (BlockCache& cache : caches_) cache.clear();
  direct_.clear_code();
  if (jit_ != nullptr) jit_->clear();
}

// After everything that may have changed the current level or the one of loads and stores.
void Core::follow_privilege() {
  blocks_ = &caches_[index_of(csrs_.privilege())];
  direct_.select(csrs_.data_privilege());
}

void Core::take_interrupt() {
  const Interrupt line = csrs_.highest_pending();
  const std::uint32_t interrupted = pc_;
  const std::uint64_t cycle = cycles_;
  passing_ = false;
  cycles_ += config_.costs.trap;
  pc_ = csrs_.enter_interrupt(line, interrupted);
  follow_privilege();
  const TrapEvent event{true, static_cast<std::uint32_t>(line), interrupted, 0};
  if (observer_ != nullptr) observer_->trapped(event, cycle);
  if (trap_observer_) trap_observer_(event);
}

// As much as is executed before run() looks again: one instruction at least, or its trap.
void Core::run_some() {
  if (observer_ != nullptr) {
    run_one_observed();
  } else if (config_.enable_cache) {
    run_blocks();
  } else {
    run_one_uncached();
  }
}

void Core::run_blocks() {
  Block* block = blocks_->find(pc_);
  if (block == nullptr) block = build_block();
  if (block == nullptr) {
    run_one_uncached();
  } else if (cycles_ + block->cycles_before_last >= limit_) {
    run_prefix(*block);
  } else if (jit_ != nullptr && csrs_.data_privilege() == csrs_.privilege() && block->warm_up()) {
    run_hot(block);
  } else {
    execute(block, block->operations);
  }
}

// The instructions of a block that start before the limit, when not all do.
void Core::run_prefix(const Block& block) {
  begin_scratch(block.pc);
  std::uint32_t i = 0;
  for (; cycles_ + block.operations[i].cycles_before < limit_; ++i) append(block.operations[i]);
  finish_scratch(stall(scratch_operations_[i - 1], block.operations[i]));
  execute(&scratch_, scratch_.operations);
}

void Core::run_one_uncached() {
  std::uint16_t low = 0;
  std::uint16_t high = 0;
  if (!fetch_parcel(pc_, low)) return;
  const unsigned length = instruction_length(low);
  if (length == 4 && !fetch_parcel(pc_ + 2, high)) return;
  fetched_ = (static_cast<std::uint32_t>(high) << 16) | low;
  begin_scratch(pc_);
  append(decode(fetched_, length, pc_, decode_options_));
  finish_scratch(stall_before(pc_ + length));
  // The fetch may have left something to attend to, so nothing may be chained behind this instruction.
  limit_ = 0;
  execute(&scratch_, scratch_.operations);
}

bool Core::fetch_parcel(std::uint32_t address, std::uint16_t& parcel) {
  const Window* window = direct_.for_fetch(address, csrs_.privilege());
  if (window != nullptr && window->covers(address, 2)) {
    parcel = read_parcel(window->at(address));
    return true;
  }
  if (pmp_.allows(address, 2, AccessKind::fetch, csrs_.privilege()) &&
      environment_.fetch(address, parcel) == AccessStatus::ok) {
    return true;
  }
  raise_here(cause::fetch_access, address);
  return false;
}

// Null if the first instruction does not lie in directly readable memory as a whole.
Block* Core::build_block() {
  if (blocks_->full()) clear_blocks();
  const Window* window = direct_.for_fetch(pc_, csrs_.privilege());
  if (window == nullptr) return nullptr;
  begin_scratch(pc_);
  std::uint64_t remaining = std::uint64_t{window->range.end - pc_} + 1u;
  const std::uint8_t* host = window->at(pc_);
  std::uint32_t bytes = 0;
  while (scratch_.count < max_block_operations && remaining >= 2) {
    std::uint32_t instruction = read_parcel(host);
    const unsigned length = instruction_length(static_cast<std::uint16_t>(instruction));
    if (remaining < length) break;
    if (length == 4) instruction |= static_cast<std::uint32_t>(read_parcel(host + 2)) << 16;
    append(decode(instruction, length, pc_ + bytes, decode_options_));
    host += length;
    remaining -= length;
    bytes += length;
    if (ends_block(scratch_operations_[scratch_.count - 1].kind)) break;
    if (debug_points_.has_breakpoint(pc_ + bytes)) break;
  }
  if (scratch_.count == 0) return nullptr;
  const std::uint32_t next = pc_ + bytes;
  finish_scratch(stall_before(next));
  if (depends_on_next()) {
    guard_code(next, 2);
    guard_code(next + 2, 2);
  }
  guard_code(pc_, bytes);
  scratch_.heat = -static_cast<std::int32_t>(config_.jit_threshold);
  return blocks_->insert(scratch_);
}

void Core::guard_code(std::uint32_t start, std::uint32_t bytes) {
  direct_.add_code(start, bytes);
  if (jit_ != nullptr) jit_->add_code(start, bytes);
}

void Core::begin_scratch(std::uint32_t pc) {
  scratch_ = Block{};
  scratch_.pc = pc;
  scratch_.operations = scratch_operations_.data();
}

void Core::append(Operation operation) {
  assert(scratch_.count < scratch_operations_.size());
  operation.offset = 0;
  operation.cycles_before = 0;
  if (scratch_.count > 0) {
    const Operation& previous = scratch_operations_[scratch_.count - 1];
    operation.offset = static_cast<std::uint16_t>(previous.offset + previous.length);
    operation.cycles_before =
        previous.cycles_before + cycle_cost(previous, config_.costs) + stall(previous, operation);
  }
  scratch_operations_[scratch_.count++] = operation;
}

unsigned Core::stall(const Operation& operation, const Operation& next) const {
  return config_.costs.load_use != 0 && is_used_by(operation, next) ? config_.costs.load_use : 0;
}

// Whether the instruction behind the scratch block can change what the block costs.
bool Core::depends_on_next() const {
  return config_.costs.load_use != 0 && !ends_block(scratch_operations_[scratch_.count - 1].kind);
}

// Of the last operation of the scratch block, if the instruction at `next` uses what it loads.
unsigned Core::stall_before(std::uint32_t next) {
  if (!depends_on_next()) return 0;
  std::uint16_t low = 0;
  std::uint16_t high = 0;
  if (!peek_parcel(next, low)) return 0;
  const unsigned length = instruction_length(low);
  if (length == 4 && !peek_parcel(next + 2, high)) return 0;
  const std::uint32_t instruction = (static_cast<std::uint32_t>(high) << 16) | low;
  return stall(scratch_operations_[scratch_.count - 1], decode(instruction, length, next, decode_options_));
}

bool Core::peek_parcel(std::uint32_t address, std::uint16_t& parcel) {
  const Window* window = direct_.for_fetch(address, csrs_.privilege());
  if (window == nullptr || !window->covers(address, 2)) return environment_.peek(address, parcel);
  parcel = read_parcel(window->at(address));
  return true;
}

void Core::finish_scratch(unsigned stall_behind) {
  const Operation& last = scratch_operations_[scratch_.count - 1];
  scratch_.cycles_before_last = last.cycles_before;
  scratch_.cycles_taken =
      last.cycles_before + (is_branch(last.kind) ? config_.costs.branch_taken : config_.costs.jump);
  Operation end;
  end.kind = Kind::end_of_block;
  append(end);
  --scratch_.count;
  scratch_operations_[scratch_.count].cycles_before += stall_behind;
}

void Core::enter_callback(const Block& block, const Operation& operation) {
  pc_ = block.pc + operation.offset;
  offset_cycles_ = operation.cycles_before;
  offset_instructions_ = static_cast<std::uint64_t>(&operation - block.operations);
}

void Core::leave_callback() {
  offset_cycles_ = 0;
  offset_instructions_ = 0;
}

// After an operation that called the environment or changed what interrupts see.
bool Core::proceed(const Block& block, const Operation& operation) {
  if (!needs_attention(block)) return true;
  commit_before(block, *(&operation + 1));
  return false;
}

bool Core::needs_attention(const Block& block) const {
  return yield_requested_ || code_flush_pending_ || reset_pending_ || csrs_.interrupt_pending() ||
         cycles_ + block.cycles_before_last >= limit_;
}

void Core::commit_before(const Block& block, const Operation& operation) {
  pc_ = block.pc + operation.offset;
  cycles_ += operation.cycles_before;
  instructions_ += static_cast<std::uint64_t>(&operation - block.operations);
}

bool Core::raise(const Block& block, const Operation& operation, std::uint32_t cause, std::uint32_t value) {
  commit_before(block, operation);
  raise_here(cause, value);
  return false;
}

void Core::raise_here(std::uint32_t cause, std::uint32_t value) {
  const std::uint32_t trapped = pc_;
  const std::uint64_t cycle = cycles_;
  cycles_ += config_.costs.trap;
  pc_ = csrs_.enter_exception(cause, trapped, value);
  follow_privilege();
  const TrapEvent event{false, cause, trapped, value};
  if (observer_ != nullptr) observer_->trapped(event, cycle);
  if (trap_observer_) trap_observer_(event);
}

AccessStatus Core::read_memory(std::uint32_t address, unsigned size, std::uint32_t& value) {
  value = 0;
  if (const std::uint8_t* host = direct_.for_load(address, size)) {
    std::memcpy(&value, host, size);
    record_access(address, size, value, false);
    return AccessStatus::ok;
  }
  if (!allowed(address, size, AccessKind::load)) return AccessStatus::fault;
  const AccessStatus status = environment_.load(address, size, value);
  value &= mask_of(size);
  record_access(address, size, value, false);
  return status;
}

AccessStatus Core::write_memory(std::uint32_t address, unsigned size, std::uint32_t value) {
  AccessStatus status = AccessStatus::ok;
  if (std::uint8_t* host = direct_.for_store(address, size)) {
    if (direct_.guards_stores()) {
      await_unlocked(address);
      // Time may have passed, and with it the right to the pointer.
      host = direct_.for_store(address, size);
      if (host == nullptr) return write_memory(address, size, value);
      reservations_->stored(monitored_as_, address, size);
    }
    std::memcpy(host, &value, size);
  } else if (!allowed(address, size, AccessKind::store)) {
    return AccessStatus::fault;
  } else {
    status = write_to_environment(address, size, value & mask_of(size));
  }
  if (direct_.code().contains(address, size)) code_flush_pending_ = true;
  record_access(address, size, value & mask_of(size), true);
  return status;
}

AccessStatus Core::load_any(std::uint32_t address, unsigned size, std::uint32_t& value,
                            std::uint32_t& failed) {
  failed = address;
  if (is_aligned(address, size)) return read_memory(address, size, value);
  if (!allowed(address, size, AccessKind::load)) return AccessStatus::fault;
  for (unsigned done = 0; done < size;) {
    failed = address + done;
    const unsigned piece = piece_size(failed, size - done);
    std::uint32_t part = 0;
    if (read_memory(failed, piece, part) != AccessStatus::ok) return AccessStatus::fault;
    value |= part << (8 * done);
    done += piece;
  }
  return AccessStatus::ok;
}

AccessStatus Core::store_any(std::uint32_t address, unsigned size, std::uint32_t value,
                             std::uint32_t& failed) {
  failed = address;
  if (is_aligned(address, size)) return write_memory(address, size, value);
  if (!allowed(address, size, AccessKind::store)) return AccessStatus::fault;
  for (unsigned done = 0; done < size;) {
    failed = address + done;
    const unsigned piece = piece_size(failed, size - done);
    if (write_memory(failed, piece, value >> (8 * done)) != AccessStatus::ok) return AccessStatus::fault;
    done += piece;
  }
  return AccessStatus::ok;
}

AccessStatus Core::write_to_environment(std::uint32_t address, unsigned size, std::uint32_t value) {
  const OwnStore own(*this, address, size);
  return environment_.store(address, size, value);
}

void Core::await_unlocked(std::uint32_t address) {
  while (reservations_->locked_by_other(monitored_as_, address)) environment_.let_time_pass(address, 1);
}

CsrStatus Core::read_csr(unsigned number, std::uint32_t& value) {
  if (csr::is_vendor(number)) return environment_.csr_read(number, value);
  if (number == csr::time || number == csr::timeh) {
    const std::uint64_t ticks = environment_.time();
    value = static_cast<std::uint32_t>(number == csr::time ? ticks : ticks >> 32);
    return CsrStatus::ok;
  }
  if (csr::is_protection(number)) return pmp_.read(number, value);
  return csrs_.read(number, {cycles(), instructions()}, value);
}

CsrStatus Core::write_csr(unsigned number, std::uint32_t value) {
  if (csr::is_read_only(number)) return CsrStatus::illegal_value;
  return write_csr_at(number, {cycles(), instructions()}, value);
}

CsrStatus Core::write_csr_at(unsigned number, Counts after, std::uint32_t value) {
  if (csr::is_vendor(number)) return environment_.csr_write(number, value);
  if (csr::is_protection(number)) {
    const CsrStatus status = pmp_.write(number, value);
    if (status == CsrStatus::ok) flush_direct();
    return status;
  }
  const CsrStatus status = csrs_.write(number, after, value);
  follow_privilege();
  return status;
}

}  // namespace weft::hart
