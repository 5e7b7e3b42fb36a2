// SPDX-License-Identifier: Apache-2.0
#include "models/unit/command_unit.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <tuple>

#include "models/common/error.h"
#include "models/tlm/log_unmodelled.h"
#include "models/unit/registers.h"

namespace weft::unit {

namespace {

std::uint32_t field(std::uint32_t word, std::uint32_t mask, unsigned shift) { return (word & mask) >> shift; }

// The registers that make up the descriptor, in the order of its words.
constexpr std::array<const RegisterInfo*, std::tuple_size_v<Descriptor>> descriptor_registers{
    &registers::control,    &registers::src0,       &registers::src1,
    &registers::dst,        &registers::length,     &registers::repeat,
    &registers::src_stride, &registers::dst_stride, &registers::completion};

}  // namespace

bool decode(const Descriptor& words, Command& command) {
  namespace r = registers;
  const std::uint32_t control = words[0];
  const std::uint32_t format0 = field(control, r::control_format0, r::control_format0_shift);
  const std::uint32_t format1 = field(control, r::control_format1, r::control_format1_shift);
  const std::uint32_t format_dst = field(control, r::control_format_dst, r::control_format_dst_shift);
  const std::uint32_t rounding = field(control, r::control_rounding, r::control_rounding_shift);
  if (format0 >= format_count || format1 >= format_count || format_dst >= format_count) return false;
  if (rounding >= rounding_count) return false;
  command.opcode = static_cast<std::uint8_t>(field(control, r::control_opcode, r::control_opcode_shift));
  command.format0 = static_cast<Format>(format0);
  command.format1 = static_cast<Format>(format1);
  command.format_dst = static_cast<Format>(format_dst);
  command.rounding = static_cast<Rounding>(rounding);
  command.magnitude_bits = field(control, r::control_magnitude_bits, r::control_magnitude_bits_shift);
  command.src0 = words[1];
  command.src1 = words[2];
  command.dst = words[3];
  command.length = words[4];
  command.count = field(words[5], r::repeat_count, r::repeat_count_shift);
  command.shift = field(words[5], r::repeat_shift, r::repeat_shift_shift);
  command.src_stride = static_cast<std::int32_t>(words[6]);
  command.dst_stride = static_cast<std::int32_t>(words[7]);
  command.completion = words[8];
  return true;
}

Descriptor encode(const Command& command) {
  namespace r = registers;
  const std::uint32_t control =
      command.opcode | static_cast<std::uint32_t>(command.format0) << r::control_format0_shift |
      static_cast<std::uint32_t>(command.format1) << r::control_format1_shift |
      static_cast<std::uint32_t>(command.format_dst) << r::control_format_dst_shift |
      static_cast<std::uint32_t>(command.rounding) << r::control_rounding_shift |
      command.magnitude_bits << r::control_magnitude_bits_shift;
  return {control,
          command.src0,
          command.src1,
          command.dst,
          command.length,
          command.count | command.shift << r::repeat_shift_shift,
          static_cast<std::uint32_t>(command.src_stride),
          static_cast<std::uint32_t>(command.dst_stride),
          command.completion};
}

CommandUnit::CommandUnit(const sc_core::sc_module_name& name, const CommandUnitConfig& config,
                         Context& context)
    : sc_module(name),
      window("window"),
      operands("operands"),
      completion("completion"),
      config_(config),
      context_(context),
      registers_(registers::table()) {
  if (config.index >= max_units) {
    throw Error(fmt::format("{}: unit number {} of a tile; allowed are 0 to {}", this->name(), config.index,
                            max_units - 1));
  }
  if (config.queue_depth == 0 || config.queue_depth > max_queue_depth) {
    throw Error(fmt::format("{}: a queue of {} commands; allowed are 1 to {}", this->name(),
                            config.queue_depth, max_queue_depth));
  }
  SC_HAS_PROCESS(CommandUnit);
  SC_THREAD(run);
  declare_registers();
  window.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
}

void CommandUnit::declare_registers() {
  namespace r = registers;
  registers_.on_peek(r::status, [this](unsigned) {
    std::uint32_t value = static_cast<std::uint32_t>(queue_.size()) << r::status_queued_shift;
    if (busy()) value |= r::status_busy;
    if (error_) value |= r::status_error;
    if (queue_.size() >= config_.queue_depth) value |= r::status_full;
    return value;
  });
  registers_.on_peek(r::error_cause,
                     [this](unsigned) { return error_ ? static_cast<std::uint32_t>(error_->cause) : 0u; });
  registers_.on_peek(r::error_value, [this](unsigned) { return error_ ? error_->value : 0u; });
  registers_.on_write(r::error_clear, [this](unsigned, std::uint32_t) { error_.reset(); });
  registers_.on_peek(r::issued, [this](unsigned) { return issued_ & sequence_mask; });
  registers_.on_peek(r::completed, [this](unsigned) { return completed_ & sequence_mask; });
  // The quotient of two sc_times is exact for whole nanoseconds; seconds times 1e9 are not.
  registers_.on_peek(r::busy_ns, [this](unsigned) {
    return static_cast<std::uint32_t>(
        static_cast<std::uint64_t>(busy_time_ / sc_core::sc_time(1.0, sc_core::SC_NS)));
  });
  registers_.on_write(r::fallback, [this](unsigned, std::uint32_t way) { note_fallback(way); });
  registers_.on_peek(r::saturated, [this](unsigned slice) { return saturated(slice); });
  registers_.on_peek(r::operations, [this](unsigned) { return static_cast<std::uint32_t>(operations_); });
  for (std::size_t word = 0; word < descriptor_registers.size(); ++word) {
    registers_.on_peek(*descriptor_registers[word], [this, word](unsigned) { return descriptor_[word]; });
  }
  log_unmodelled(registers_, *this, context_.log);
}

void CommandUnit::reset() {
  queue_.clear();
  ++generation_;
  registers_.reset();
  descriptor_ = {};
  error_.reset();
  issued_ = 0;
  completed_ = 0;
  operations_ = 0;
  busy_time_ = sc_core::SC_ZERO_TIME;
}

Status CommandUnit::access(const Transfer& transfer, sc_core::sc_time& delay) {
  if (take_descriptor(transfer)) return issue(delay);
  const Status status = registers_.access(transfer);
  if (status != Status::ok || !transfer.write) return status;
  take_words(transfer);
  if (transfer.debug) return Status::ok;
  const std::uint64_t end = transfer.address + transfer.size;
  const std::uint32_t last = registers::completion.offset;
  return transfer.address <= last && end > last ? issue(delay) : Status::ok;
}

// A whole descriptor in one burst, as every Xweft instruction sends it: the short way. One with bits that
// do not exist goes the long way, which reports them.
bool CommandUnit::take_descriptor(const Transfer& transfer) {
  if (!transfer.write || transfer.debug || transfer.address != 0 || transfer.size != sizeof(Descriptor))
    return false;
  Descriptor words;
  std::memcpy(words.data(), transfer.data, sizeof words);
  for (std::size_t word = 0; word < words.size(); ++word) {
    if ((words[word] & ~descriptor_registers[word]->write_mask) != 0) return false;
  }
  descriptor_ = words;
  return true;
}

void CommandUnit::take_words(const Transfer& transfer) {
  for (std::size_t word = 0; word < descriptor_registers.size(); ++word) {
    const RegisterInfo& info = *descriptor_registers[word];
    const bool written = info.offset >= transfer.address && info.offset < transfer.address + transfer.size;
    if (written) descriptor_[word] = registers_.get(info);
  }
}

Status CommandUnit::issue(const sc_core::sc_time& delay) {
  if (queue_.size() >= config_.queue_depth) return Status::generic_error;
  Command decoded;
  std::optional<Fault> fault;
  if (!decode(descriptor_, decoded)) {
    fault = Fault{Cause::illegal_instruction, descriptor_[0]};
  } else if (decoded.raises_counter() && decoded.counter() >= config_.counters) {
    fault = Fault{Cause::illegal_instruction, decoded.completion};
  } else {
    fault = check(decoded);
  }
  if (fault) {
    note_fault(*fault);
    return Status::command_error;
  }
  if (hazards_ != nullptr) hazards_->issued(config_.index, footprint(decoded));
  ++issued_;
  queue_.push_back({decoded, sc_core::sc_time_stamp() + delay, generation_});
  completion->accepted(config_.index);
  // At the time the command takes effect; an idle unit then starts it without another wait.
  arrived_.notify(delay);
  return Status::ok;
}

void CommandUnit::run() {
  for (;;) {
    while (queue_.empty()) wait(arrived_);
    const Entry entry = queue_.front();
    if (entry.ready > sc_core::sc_time_stamp()) wait(entry.ready - sc_core::sc_time_stamp());
    if (entry.generation != generation_) continue;
    const sc_dt::uint64 start = sc_core::sc_time_stamp().value();
    const std::optional<Fault> fault = execute(entry.command);
    if (entry.generation != generation_) continue;
    busy_time_ += sc_core::sc_time::from_value(sc_core::sc_time_stamp().value() - start);
    queue_.pop_front();
    ++completed_;
    if (hazards_ != nullptr) hazards_->finished(config_.index);
    if (fault) {
      note_fault(*fault);
      completion->failed(config_.index, *fault);
      continue;
    }
    ++operations_;
    completion->completed(config_.index, announced(entry.command));
  }
}

void CommandUnit::note_fault(const Fault& fault) {
  if (!error_) error_ = fault;
  if (on_error_) on_error_();
  context_.log.write({LogLevel::info, sc_core::sc_time_stamp().to_string(), this->name(),
                      fmt::format("command failed: cause {}, value {:#010x}",
                                  static_cast<unsigned>(fault.cause), fault.value)});
}

std::optional<Fault> CommandUnit::check_load(std::uint32_t address, std::uint64_t bytes,
                                             unsigned alignment) const {
  if (address % alignment != 0) return Fault{Cause::load_misaligned, address};
  if (!config_.window.contains(address, bytes)) return Fault{Cause::load_access_fault, address};
  return std::nullopt;
}

std::optional<Fault> CommandUnit::check_store(std::uint32_t address, std::uint64_t bytes,
                                              unsigned alignment) const {
  if (address % alignment != 0) return Fault{Cause::store_misaligned, address};
  if (!config_.window.contains(address, bytes)) return Fault{Cause::store_access_fault, address};
  return std::nullopt;
}

std::optional<Fault> CommandUnit::load(std::uint32_t address, void* data, std::uint32_t bytes,
                                       sc_core::sc_time& delay) {
  if (operands.read(address, data, bytes, delay) == Status::ok) return std::nullopt;
  return Fault{Cause::load_access_fault, address};
}

std::optional<Fault> CommandUnit::store(std::uint32_t address, const void* data, std::uint32_t bytes,
                                        sc_core::sc_time& delay) {
  if (operands.write(address, data, bytes, delay) == Status::ok) return std::nullopt;
  return Fault{Cause::store_access_fault, address};
}

std::optional<Fault> CommandUnit::post(std::uint32_t address, const void* data, std::uint32_t bytes,
                                       Posting& posting, sc_core::sc_time& delay) {
  if (operands.post(address, data, bytes, posting, delay) == Status::ok) return std::nullopt;
  return Fault{Cause::store_access_fault, address};
}

std::function<void(const Fault&)> CommandUnit::late_fault() {
  return [this, generation = generation_](const Fault& fault) {
    if (generation != generation_) return;
    note_fault(fault);
    completion->failed_late(config_.index, fault);
  };
}

}  // namespace weft::unit
