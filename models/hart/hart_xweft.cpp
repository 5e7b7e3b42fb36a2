// SPDX-License-Identifier: Apache-2.0
// How a hart executes Xweft: its instructions become commands to the units of the tile, or put the hart to
// sleep until units and counters have come so far.
#include "models/hart/hart.h"
#include "models/unit/registers.h"

namespace weft::hart {

using sc_core::sc_time;
using unit::Cause;
using xweft::Role;

namespace {

constexpr std::uint32_t illegal_instruction = 2;
// Exceptions 24 to 31 are for custom use (RISC-V privileged architecture, table 3.6): a command that a unit
// had accepted failed for another reason than an access.
constexpr std::uint32_t unit_error = 24;

HartState asleep(WaitKind kind, std::uint32_t subject, std::uint32_t target) {
  HartState state;
  state.kind = kind;
  state.subject = subject;
  state.target = target;
  return state;
}

std::uint32_t cause_after_acceptance(Cause cause) {
  return cause == Cause::illegal_instruction ? unit_error : static_cast<std::uint32_t>(cause);
}

}  // namespace

CsrStatus Hart::csr_read(unsigned number, std::uint32_t& value) {
  if (!config_.xweft) return CsrStatus::no_such_csr;
  return xweft_.read(number, value) == xweft::CsrAccess::ok ? CsrStatus::ok : CsrStatus::no_such_csr;
}

CsrStatus Hart::csr_write(unsigned number, std::uint32_t value) {
  if (!config_.xweft) return CsrStatus::no_such_csr;
  switch (xweft_.write(number, value)) {
    case xweft::CsrAccess::ok:
      return CsrStatus::ok;
    case xweft::CsrAccess::no_such_csr:
      return CsrStatus::no_such_csr;
    case xweft::CsrAccess::illegal_value:
      break;
  }
  return CsrStatus::illegal_value;
}

CustomResult Hart::custom(std::uint32_t instruction, Core&) {
  const xweft::Instruction* const decoded = config_.xweft ? xweft::decode(instruction) : nullptr;
  if (decoded == nullptr) return CustomResult::trap(illegal_instruction, instruction);
  catch_up();
  if (const auto fault = waits->take_fault()) {
    return CustomResult::trap(cause_after_acceptance(fault->fault.cause), fault->fault.value);
  }
  const CustomResult result =
      decoded->unit == xweft::Unit::none ? synchronise(*decoded, instruction) : issue(*decoded, instruction);
  after_transaction(sc_core::SC_ZERO_TIME);
  return result;
}

CustomResult Hart::issue(const xweft::Instruction& instruction, std::uint32_t bits) {
  const xweft::Fields fields = xweft::fields(bits);
  const std::uint32_t third = core_->x(fields.rs3);
  const unit::Command command =
      xweft::make_command(instruction, xweft_, core_->x(fields.rs1), core_->x(fields.rs2), third);
  const XweftConfig& tile = *config_.xweft;
  CustomResult result;
  unsigned last_unit = 0;
  if (const UnitGroup* const group = group_of(instruction.unit)) {
    result = issue_to_group(*group, instruction, command, bits, third);
    if (third != 0) last_unit = group->first_index + 31u - static_cast<unsigned>(__builtin_clz(third));
  } else if (instruction.unit == xweft::Unit::vector) {
    last_unit = unit::vector_index;
    result = send_command(last_unit, tile.vector_window, command, bits);
  } else {
    last_unit = unit::dma_index;
    result = send_command(last_unit, tile.dma_window, command, bits);
  }
  if (!result.trapped) core_->set_x(fields.rd, unit::ticket(last_unit, waits->issued(last_unit)));
  return result;
}

const UnitGroup* Hart::group_of(xweft::Unit unit) const {
  switch (unit) {
    case xweft::Unit::crossbar:
      return &config_.xweft->crossbars;
    case xweft::Unit::inversion:
      return &config_.xweft->inversions;
    case xweft::Unit::fp_pim:
      return &config_.xweft->fp_pims;
    default:
      return nullptr;
  }
}

CustomResult Hart::issue_to_group(const UnitGroup& group, const xweft::Instruction& instruction,
                                  const unit::Command& command, std::uint32_t bits, std::uint32_t mask) {
  const std::uint32_t window_size = config_.xweft->unit_window_size;
  if (mask == 0) return CustomResult::trap(illegal_instruction, bits);
  if ((mask & ~group.mask) != 0) {
    const auto missing = static_cast<unsigned>(__builtin_ctz(mask & ~group.mask));
    return CustomResult::trap(static_cast<std::uint32_t>(Cause::store_access_fault),
                              group.windows + missing * window_size);
  }
  std::uint32_t position = 0;
  for (std::uint32_t rest = mask; rest != 0; rest &= rest - 1, ++position) {
    const auto number = static_cast<unsigned>(__builtin_ctz(rest));
    unit::Command own = command;
    own.src0 += position * xweft_.wsstr;
    if (instruction.rs2 == Role::src1) own.src1 += position * xweft_.wdstr;
    if (instruction.rs2 == Role::dst) own.dst += position * xweft_.wdstr;
    const CustomResult result =
        send_command(group.first_index + number, group.windows + number * window_size, own, bits);
    if (result.trapped || stopped()) return result;
  }
  return CustomResult::retire();
}

CustomResult Hart::send_command(unsigned unit, std::uint32_t window, const unit::Command& command,
                                std::uint32_t bits) {
  const unsigned depth = config_.xweft->queue_depth;
  const auto has_room = [&] { return waits->issued(unit) - waits->finished(unit) < depth; };
  if (!has_room()) {
    const CustomResult slept = sleep_until(asleep(WaitKind::queue, unit, 0), has_room);
    if (slept.trapped || stopped()) return slept;
  }
  const unit::Descriptor words = unit::encode(command);
  sc_time delay;
  const Status status = data_socket.write(window, words.data(), sizeof words, delay);
  stall_until_now();
  spend(delay);
  return status == Status::ok ? CustomResult::retire() : rejected(window, bits);
}

CustomResult Hart::rejected(std::uint32_t window, std::uint32_t bits) {
  std::uint32_t cause = 0;
  std::uint32_t value = 0;
  data_socket.read_debug(window + unit::registers::error_cause.offset, &cause, sizeof cause);
  data_socket.read_debug(window + unit::registers::error_value.offset, &value, sizeof value);
  // The unit refused the descriptor that this instruction stands for: the instruction is illegal.
  if (cause == illegal_instruction || cause == 0) return CustomResult::trap(illegal_instruction, bits);
  return CustomResult::trap(cause, value);
}

template <typename Ready>
CustomResult Hart::sleep_until(const HartState& waiting, Ready ready) {
  if (ready()) return CustomResult::retire();
  waiting_ = waiting;
  CustomResult result = CustomResult::retire();
  waits->set_condition(ready);
  while (!ready()) {
    wait(waits->changed() | control_changed_);
    if (stopped()) break;
    if (const auto fault = waits->take_fault()) {
      result = CustomResult::trap(cause_after_acceptance(fault->fault.cause), fault->fault.value);
      break;
    }
  }
  waits->set_condition({});
  waiting_.kind = WaitKind::running;
  stall_until_now();
  return result;
}

CustomResult Hart::synchronise(const xweft::Instruction& instruction, std::uint32_t bits) {
  const xweft::Fields fields = xweft::fields(bits);
  const std::uint32_t first = core_->x(fields.rs1);
  const std::uint32_t second = core_->x(fields.rs2);
  switch (instruction.mnemonic) {
    case xweft::Mnemonic::wait: {
      const unsigned unit = first >> 24;
      const std::uint32_t sequence = first & unit::sequence_mask;
      if (unit >= unit::max_units) return CustomResult::trap(illegal_instruction, bits);
      const auto reached = [&] {
        // Sequence numbers wrap at 24 bits; a difference in the upper half means "not yet".
        return ((waits->finished(unit) - sequence) & unit::sequence_mask) <= unit::sequence_mask / 2;
      };
      return sleep_until(asleep(WaitKind::ticket, unit, sequence), reached);
    }
    case xweft::Mnemonic::waitm:
      return wait_for_units(0, first);
    case xweft::Mnemonic::waitmh:
      return wait_for_units(unit::first_inversion_index, first);
    case xweft::Mnemonic::cwait:
      if (first >= waits->counter_count()) return CustomResult::trap(illegal_instruction, bits);
      return sleep_until(asleep(WaitKind::counter, first, second),
                         [&] { return static_cast<std::int32_t>(waits->counter(first) - second) >= 0; });
    case xweft::Mnemonic::barrier:
      return barrier(first, second, bits);
    default:
      return raise_counter(first, second, bits);
  }
}

std::uint32_t Hart::busy_units(unsigned first) const {
  return static_cast<std::uint32_t>(waits->busy_units() >> first);
}

CustomResult Hart::wait_for_units(unsigned first, std::uint32_t mask) {
  return sleep_until(asleep(WaitKind::units, first, mask), [&] { return (busy_units(first) & mask) == 0; });
}

CustomResult Hart::raise_counter(std::uint32_t where, std::uint32_t amount, std::uint32_t bits) {
  const XweftConfig& tile = *config_.xweft;
  const std::uint32_t target = where >> 16;
  const std::uint32_t counter = where & 0xffffu;
  if (target >= tile.tiles || counter >= waits->counter_count())
    return CustomResult::trap(illegal_instruction, bits);
  const std::uint32_t address =
      tile.tiles_base + target * tile.tile_window_size + tile.counter_add_offset + 4 * counter;
  sc_time delay;
  const Status status = data_socket.write(address, &amount, sizeof amount, delay);
  stall_until_now();
  spend(delay);
  if (status == Status::ok) return CustomResult::retire();
  return CustomResult::trap(static_cast<std::uint32_t>(Cause::store_access_fault), address);
}

}  // namespace weft::hart
