// SPDX-License-Identifier: Apache-2.0
#include "models/uart/uart.h"

#include <algorithm>

#include "models/tlm/log_unmodelled.h"
#include "models/uart/registers.h"

namespace weft::uart {

namespace {

namespace reg = registers;

constexpr std::size_t fifo_depth = 16;
constexpr std::uint32_t cause_line = 3;
constexpr std::uint32_t cause_received = 2;
constexpr std::uint32_t cause_sent = 1;

}  // namespace

Uart::Uart(const sc_core::sc_module_name& name, const UartConfig& config, Context& context)
    : sc_module(name),
      config_(config),
      context_(context),
      registers_({reg::rbr, reg::thr, reg::ier, reg::iir, reg::fcr, reg::lcr, reg::mcr, reg::lsr, reg::msr,
                  reg::scr}),
      divisor_({reg::dll, reg::dlm}) {
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
  describe_registers();
  SC_METHOD(drive);
  sensitive << changed_;
  SC_METHOD(announce_empty_transmitter);
  sensitive << sent_;
  dont_initialize();
}

void Uart::describe_registers() {
  registers_.on_read(reg::rbr, [this](unsigned) { return take_received(); });
  registers_.on_peek(reg::rbr, [this](unsigned) { return received_.empty() ? 0u : received_.front(); });
  registers_.on_write(reg::thr,
                      [this](unsigned, std::uint32_t value) { send(static_cast<std::uint8_t>(value)); });
  registers_.on_write(reg::ier, [this](unsigned, std::uint32_t value) { enable_interrupts(value); });
  registers_.on_read(reg::iir, [this](unsigned) {
    const std::uint32_t value = identify();
    if ((value & reg::iir_cause) >> reg::iir_cause_shift == cause_sent) empty_pending_ = false;
    return value;
  });
  registers_.on_peek(reg::iir, [this](unsigned) { return identify(); });
  registers_.on_write(reg::fcr, [this](unsigned, std::uint32_t value) { control_fifo(value); });
  registers_.on_read(reg::lsr, [this](unsigned) {
    const std::uint32_t value = line_status();
    overrun_ = false;
    return value;
  });
  registers_.on_peek(reg::lsr, [this](unsigned) { return line_status(); });
  log_unmodelled(registers_, *this, context_.log);
}

void Uart::reset() {
  registers_.reset();
  divisor_.reset();
  received_.clear();
  fifo_enabled_ = false;
  overrun_ = false;
  sent_enabled_ = false;
  empty_pending_ = false;
  now_ = sc_core::sc_time_stamp();
  sent_at_ = now_;
  sent_.cancel();
  changed_.notify(sc_core::SC_ZERO_TIME);
}

void Uart::receive(std::uint8_t byte) {
  if (ready_to_receive()) {
    received_.push_back(byte);
  } else {
    overrun_ = true;
  }
  changed_.notify(sc_core::SC_ZERO_TIME);
}

Status Uart::access(const Transfer& transfer, sc_core::sc_time& delay) {
  now_ = sc_core::sc_time_stamp() + delay;
  if (!transfer.debug) changed_.notify(sc_core::SC_ZERO_TIME);
  for (std::uint32_t done = 0; done < transfer.size; ++done) {
    const Transfer one{transfer.write, transfer.address + done, transfer.data + done, 1, transfer.debug};
    const bool is_divisor = one.address <= reg::dlm.offset && (registers_.get(reg::lcr) & reg::lcr_dlab) != 0;
    const Status status = (is_divisor ? divisor_ : registers_).access(one);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

std::uint32_t Uart::take_received() {
  if (received_.empty()) return 0;
  const std::uint8_t byte = received_.front();
  received_.pop_front();
  return byte;
}

std::uint32_t Uart::identify() const {
  const std::uint32_t enabled = registers_.get(reg::ier);
  std::uint32_t cause = 0;
  if ((enabled & reg::ier_line) != 0 && overrun_) {
    cause = cause_line;
  } else if ((enabled & reg::ier_received) != 0 && !received_.empty()) {
    cause = cause_received;
  } else if ((enabled & reg::ier_sent) != 0 && empty_pending_) {
    cause = cause_sent;
  }
  const std::uint32_t fifo = fifo_enabled_ ? reg::iir_fifo : 0;
  return fifo | (cause == 0 ? reg::iir_none : cause << reg::iir_cause_shift);
}

std::uint32_t Uart::line_status() const {
  return (received_.empty() ? 0 : reg::lsr_ready) | (overrun_ ? reg::lsr_overrun : 0) |
         (sending() ? 0 : reg::lsr_thre | reg::lsr_temt);
}

void Uart::send(std::uint8_t byte) {
  for (const Sink& sink : sinks_) sink(byte);
  empty_pending_ = false;
  sent_at_ = std::max(sent_at_, now_) + config_.character_time;
  if (sending()) {
    sent_.cancel();
    sent_.notify(sent_at_ - sc_core::sc_time_stamp());
  } else {
    empty_pending_ = true;
  }
}

void Uart::control_fifo(std::uint32_t value) {
  const bool enable = (value & reg::fcr_enable) != 0;
  if (enable != fifo_enabled_ || (value & reg::fcr_clear_receive) != 0) received_.clear();
  fifo_enabled_ = enable;
}

void Uart::enable_interrupts(std::uint32_t value) {
  const bool enabled = (value & reg::ier_sent) != 0;
  // Enabling the interrupt while the transmitter is empty raises it: drivers start sending that way.
  if (enabled != sent_enabled_) empty_pending_ = enabled && !sending();
  sent_enabled_ = enabled;
}

std::size_t Uart::capacity() const { return fifo_enabled_ ? fifo_depth : 1; }

void Uart::announce_empty_transmitter() {
  empty_pending_ = true;
  changed_.notify(sc_core::SC_ZERO_TIME);
}

void Uart::drive() { irq.write((identify() & reg::iir_none) == 0); }

}  // namespace weft::uart
