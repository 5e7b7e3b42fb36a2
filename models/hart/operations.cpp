// SPDX-License-Identifier: Apache-2.0
// The operations of a core that are too rare or too long for the dispatch loop.
#include <algorithm>

#include "models/hart/core.h"
#include "models/hart/encoding.h"

namespace weft::hart {

namespace {

std::uint32_t extend(Kind kind, std::uint32_t value) {
  if (kind == Kind::lb) return sign_extend(value, 8);
  if (kind == Kind::lh) return sign_extend(value, 16);
  return value;
}

std::int32_t as_signed(std::uint32_t value) { return static_cast<std::int32_t>(value); }

std::uint32_t amo_result(std::uint32_t funct5, std::uint32_t memory, std::uint32_t operand) {
  switch (funct5) {
    case 0x00:
      return memory + operand;
    case 0x04:
      return memory ^ operand;
    case 0x08:
      return memory | operand;
    case 0x0C:
      return memory & operand;
    case 0x10:
      return as_signed(memory) < as_signed(operand) ? memory : operand;
    case 0x14:
      return as_signed(memory) > as_signed(operand) ? memory : operand;
    case 0x18:
      return std::min(memory, operand);
    case 0x1C:
      return std::max(memory, operand);
    default:  // amoswap
      return operand;
  }
}

bool branch_condition(std::uint32_t funct3, std::uint32_t a, std::uint32_t b) {
  const bool inverted = (funct3 & 1u) != 0;
  if (funct3 < 2) return (a == b) != inverted;
  if (funct3 < 6) return (as_signed(a) < as_signed(b)) != inverted;
  return (a < b) != inverted;
}

std::uint32_t csr_result(std::uint32_t funct3, std::uint32_t old, std::uint32_t operand) {
  switch (funct3 & 3u) {
    case 1:
      return operand;
    case 2:
      return old | operand;
    default:
      return old & ~operand;
  }
}

}  // namespace

void Core::write_loaded(const Operation& operation, std::uint32_t value) {
  if (operation.kind != Kind::flw) {
    x_[operation.rd] = extend(operation.kind, value);
    return;
  }
  csrs_.float_state().set_f(operation.rd, value);
  csrs_.float_state().set_status(FloatState::Status::dirty);
}

std::uint32_t Core::stored_value(const Operation& operation) const {
  return operation.kind == Kind::fsw ? csrs_.float_state().f(operation.rs2) : x_[operation.rs2];
}

bool Core::load_slow(const Block& block, const Operation& operation) {
  const std::uint32_t address = x_[operation.rs1] + operation.immediate;
  const unsigned size = access_size(operation.kind);
  const bool misaligned = (address & (size - 1u)) != 0;
  if (misaligned && config_.misaligned == MisalignedAccess::trap) {
    return raise(block, operation, cause::load_misaligned, address);
  }
  if (hits_watchpoint(block, operation, address, size, Access::read)) return false;
  std::uint32_t value = 0;
  std::uint32_t failed = 0;
  enter_callback(block, operation);
  const AccessStatus status = load_any(address, size, value, failed);
  leave_callback();
  if (status != AccessStatus::ok) return raise(block, operation, cause::load_access, failed);
  if (misaligned) add_cycles(config_.costs.load);
  write_loaded(operation, value);
  return proceed(block, operation);
}

bool Core::store_slow(const Block& block, const Operation& operation) {
  const std::uint32_t address = x_[operation.rs1] + operation.immediate;
  const unsigned size = access_size(operation.kind);
  const bool misaligned = (address & (size - 1u)) != 0;
  if (misaligned && config_.misaligned == MisalignedAccess::trap) {
    return raise(block, operation, cause::store_misaligned, address);
  }
  if (hits_watchpoint(block, operation, address, size, Access::write)) return false;
  std::uint32_t failed = 0;
  enter_callback(block, operation);
  const AccessStatus status = store_any(address, size, stored_value(operation), failed);
  leave_callback();
  if (status != AccessStatus::ok) return raise(block, operation, cause::store_access, failed);
  if (misaligned) add_cycles(config_.costs.store);
  return proceed(block, operation);
}

// Keeps other harts out of a word from the load of an AMO, or the check of an sc.w, to the store, if that
// takes simulated time.
class Core::WordLock {
 public:
  WordLock(Core& core, std::uint32_t address) : core_(core) {
    if (is_direct(address)) {
      core.await_unlocked(address);
      // Time may have passed, and with it the right to the pointer.
      if (is_direct(address)) return;
    }
    // At its own time, for only then the hart knows who was first.
    core.environment_.let_time_pass(address, 0);
    while (!core.reservations_->lock(core.monitored_as_, address))
      core.environment_.let_time_pass(address, 1);
    locked_ = true;
  }
  WordLock(const WordLock&) = delete;
  WordLock& operator=(const WordLock&) = delete;
  ~WordLock() {
    if (locked_) core_.reservations_->unlock(core_.monitored_as_);
  }

 private:
  bool is_direct(std::uint32_t address) {
    return core_.direct_.for_load(address, 4) != nullptr && core_.direct_.for_store(address, 4) != nullptr;
  }

  Core& core_;
  bool locked_ = false;
};

AccessStatus Core::store_if_reserved(std::uint32_t address, std::uint32_t value, bool& reserved) {
  const WordLock lock(*this, address);
  reserved = reservations_->holds(monitored_as_, address);
  reservations_->release(monitored_as_);
  return reserved ? write_memory(address, 4, value) : AccessStatus::ok;
}

AccessStatus Core::read_modify_write(std::uint32_t address, std::uint32_t funct5, std::uint32_t operand,
                                     std::uint32_t& old) {
  const WordLock lock(*this, address);
  const AccessStatus status = read_memory(address, 4, old);
  if (status != AccessStatus::ok) return status;
  return write_memory(address, 4, amo_result(funct5, old, operand));
}

bool Core::load_reserved(const Block& block, const Operation& operation) {
  const std::uint32_t address = x_[operation.rs1];
  if ((address & 3u) != 0) return raise(block, operation, cause::load_misaligned, address);
  if (hits_watchpoint(block, operation, address, 4, Access::read)) return false;
  // Reserved before the load: a store of somebody else while the load blocks must not be missed.
  reservations_->reserve(monitored_as_, address);
  std::uint32_t value = 0;
  enter_callback(block, operation);
  const AccessStatus status = read_memory(address, 4, value);
  leave_callback();
  if (status != AccessStatus::ok) {
    reservations_->release(monitored_as_);
    return raise(block, operation, cause::load_access, address);
  }
  x_[operation.rd] = value;
  return proceed(block, operation);
}

bool Core::store_conditional(const Block& block, const Operation& operation) {
  const std::uint32_t address = x_[operation.rs1];
  if ((address & 3u) != 0) return raise(block, operation, cause::store_misaligned, address);
  bool success = reservations_->holds(monitored_as_, address);
  if (success && hits_watchpoint(block, operation, address, 4, Access::write)) return false;
  if (success) {
    enter_callback(block, operation);
    const AccessStatus status = store_if_reserved(address, x_[operation.rs2], success);
    leave_callback();
    if (status != AccessStatus::ok) return raise(block, operation, cause::store_access, address);
  }
  reservations_->release(monitored_as_);
  x_[operation.rd] = success ? 0 : 1;
  return proceed(block, operation);
}

bool Core::atomic(const Block& block, const Operation& operation) {
  const std::uint32_t funct5 = field_funct5(operation.immediate);
  if (funct5 == funct5_lr) return load_reserved(block, operation);
  if (funct5 == funct5_sc) return store_conditional(block, operation);
  const std::uint32_t address = x_[operation.rs1];
  if ((address & 3u) != 0) return raise(block, operation, cause::store_misaligned, address);
  // Asked before the load, which may have side effects.
  if (!allowed(address, 4, AccessKind::store)) return raise(block, operation, cause::store_access, address);
  if (hits_watchpoint(block, operation, address, 4, Access::read_write)) return false;
  std::uint32_t old = 0;
  enter_callback(block, operation);
  const AccessStatus status = read_modify_write(address, funct5, x_[operation.rs2], old);
  leave_callback();
  if (status != AccessStatus::ok) return raise(block, operation, cause::store_access, address);
  x_[operation.rd] = old;
  return proceed(block, operation);
}

bool Core::csr_access(const Block& block, const Operation& operation) {
  const std::uint32_t instruction = operation.immediate;
  const std::uint32_t funct3 = field_funct3(instruction);
  const unsigned number = field_csr(instruction);
  const bool immediate_form = (funct3 & 4u) != 0;
  const bool swaps = (funct3 & 3u) == 1;
  const bool writes = swaps || operation.rs1 != 0;
  const bool reads = !swaps || operation.rd != discard_register;
  const bool switched_off = csr::is_float(number) && !csrs_.float_state().usable();
  if (switched_off || !csrs_.may_access(number) || (writes && csr::is_read_only(number))) {
    return raise(block, operation, cause::illegal_instruction, instruction);
  }
  const std::uint32_t operand = immediate_form ? operation.rs1 : x_[operation.rs1];
  std::uint32_t old = 0;
  CsrStatus status = CsrStatus::ok;
  enter_callback(block, operation);
  if (number == csr::mip) environment_.settle_interrupts();
  const bool deaf = !interrupts_enabled();
  if (reads) status = read_csr(number, old);
  if (writes && status == CsrStatus::ok) {
    // A written counter holds the value when the next instruction reads it (ISA manual, section 9.1).
    const Counts after = {cycles() + config_.costs.csr, instructions() + 1};
    status = write_csr_at(number, after, csr_result(funct3, old, operand));
    if (deaf && interrupts_enabled()) environment_.settle_interrupts();
  }
  leave_callback();
  if (status != CsrStatus::ok) return raise(block, operation, cause::illegal_instruction, instruction);
  x_[operation.rd] = old;
  return proceed(block, operation);
}

bool Core::custom(const Block& block, const Operation& operation) {
  enter_callback(block, operation);
  const CustomResult result = environment_.custom(operation.immediate, *this);
  leave_callback();
  if (result.trapped) return raise(block, operation, result.cause, result.value);
  return proceed(block, operation);
}

void Core::system(const Block& block, const Operation& operation) {
  const bool user = privilege() == Privilege::user;
  const bool forbidden =
      (operation.kind == Kind::mret && user) || (operation.kind == Kind::wfi && csrs_.wfi_is_illegal());
  if (forbidden) {
    raise(block, operation, cause::illegal_instruction, operation.immediate);
    return;
  }
  switch (operation.kind) {
    case Kind::ecall:
      raise(block, operation, user ? cause::user_ecall : cause::machine_ecall, 0);
      return;
    case Kind::ebreak:
      if (breakpoint_handled(block, operation)) break;
      raise(block, operation, cause::breakpoint, block.pc + operation.offset);
      return;
    case Kind::illegal:
      raise(block, operation, cause::illegal_instruction, operation.immediate);
      return;
    default:
      break;
  }
  commit_before(block, *(&operation + 1));
  if (operation.kind == Kind::mret) {
    const bool deaf = !interrupts_enabled();
    pc_ = csrs_.leave_trap();
    follow_privilege();
    if (deaf && interrupts_enabled()) environment_.settle_interrupts();
  }
  if (operation.kind == Kind::wfi) waiting_ = true;
  if (operation.kind == Kind::fence_i) code_flush_pending_ = true;
}

bool Core::breakpoint_handled(const Block& block, const Operation& operation) {
  enter_callback(block, operation);
  const bool handled = environment_.breakpoint(*this);
  leave_callback();
  return handled;
}

// Jumps and branches whose target no instruction can start at, without compressed instructions. The trap
// is the jump's, and only if it is taken.
void Core::misaligned_jump(const Block& block, const Operation& operation) {
  if (operation.kind == Kind::jal_misaligned) {
    raise(block, operation, cause::fetch_misaligned, operation.immediate);
    return;
  }
  const std::uint32_t instruction = operation.immediate;
  if (!branch_condition(field_funct3(instruction), x_[operation.rs1], x_[operation.rs2])) {
    commit_before(block, *(&operation + 1));
    return;
  }
  const std::uint32_t target = block.pc + operation.offset + immediate_b(instruction);
  raise(block, operation, cause::fetch_misaligned, target);
}

}  // namespace weft::hart
