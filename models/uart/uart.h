// SPDX-License-Identifier: Apache-2.0
// Serial port with the register interface of a 16550 (National Semiconductor PC16550D data sheet,
// section 8), a subset compatible with the console of QEMU's RISC-V `virt` machine.
//
// A byte written to THR reaches the sinks at once; with a character time, the transmitter is then
// busy for that long (LSR.THRE and TEMT are 0, more bytes queue up behind it). Received bytes come from
// outside through receive().
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"

namespace weft::uart {

struct UartConfig {
  sc_core::sc_time character_time;  // that a byte occupies the transmitter; 0 = none
};

class Uart : public sc_core::sc_module {
 public:
  using Sink = std::function<void(std::uint8_t)>;

  Uart(const sc_core::sc_module_name& name, const UartConfig& config, Context& context);
  SC_HAS_PROCESS(Uart);

  TargetSocket socket{"socket"};
  sc_core::sc_out<bool> irq{"irq"};

  void reset();

  // Every byte sent goes to every sink, in the order of attachment.
  void attach(Sink sink) { sinks_.push_back(std::move(sink)); }
  // A byte arrives on the line; call from the simulation's thread. Without room it is lost and
  // LSR.OVERRUN set, as on the real thing: a console asks ready_to_receive() first.
  void receive(std::uint8_t byte);
  bool ready_to_receive() const { return received_.size() < capacity(); }

 private:
  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  void describe_registers();
  std::uint32_t take_received();
  std::uint32_t identify() const;
  std::uint32_t line_status() const;
  void send(std::uint8_t byte);
  void control_fifo(std::uint32_t value);
  void enable_interrupts(std::uint32_t value);
  std::size_t capacity() const;
  bool sending() const { return now_ < sent_at_; }
  void announce_empty_transmitter();
  void drive();

  const UartConfig config_;
  Context& context_;
  RegisterFile registers_;
  RegisterFile divisor_;  // in place of offsets 0 and 1 while LCR.DLAB is set
  std::vector<Sink> sinks_;
  std::deque<std::uint8_t> received_;
  bool fifo_enabled_ = false;
  bool overrun_ = false;
  bool sent_enabled_ = false;   // IER.SENT before the write being served
  bool empty_pending_ = false;  // "transmitter empty" happened and was not acknowledged
  sc_core::sc_time now_;        // local time of the access being served
  sc_core::sc_time sent_at_;    // when the transmitter is idle again
  sc_core::sc_event sent_;
  sc_core::sc_event changed_;
};

}  // namespace weft::uart
