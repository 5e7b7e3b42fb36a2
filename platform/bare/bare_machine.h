// SPDX-License-Identifier: Apache-2.0
// The smallest machine a bare-metal RV32 program runs on: one hart, RAM at 0x8000_0000 and the peripherals of
// QEMU's `virt` machine (finisher, CLINT, PLIC, UART) at the addresses of memory_map.yaml, a flash if there
// is an image for it. No accelerator.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "models/bus/bus.h"
#include "models/clint/clint.h"
#include "models/common/context.h"
#include "models/finisher/finisher.h"
#include "models/hart/hart.h"
#include "models/memory/memory.h"
#include "models/plic/plic.h"
#include "models/uart/uart.h"
#include "platform/bare/htif.h"

namespace weft::bare {

struct BareMachineConfig {
  hart::HartConfig hart;
  std::uint64_t ram_size = 128u * 1024 * 1024;  // bytes
  std::uint64_t flash_size = 0;                 // bytes; 0 = no flash
  std::optional<std::uint32_t> tohost;          // address in RAM of the word to watch
  std::optional<std::uint32_t> fromhost;
  bool wide_tohost = true;
};

class BareMachine : public sc_core::sc_module {
 public:
  // Throws weft::Error for sizes of RAM and flash that the address map has no room for, and for a tohost
  // outside RAM or not aligned.
  BareMachine(const sc_core::sc_module_name& name, const BareMachineConfig& config, Context& context);

  // Debug access to every memory and register; false where nothing answers.
  bool write_memory(std::uint64_t address, const void* data, std::uint64_t size);
  bool read_memory(std::uint64_t address, void* data, std::uint64_t size);

  hart::Hart& hart() { return hart_; }
  const hart::Hart& hart() const { return hart_; }
  uart::Uart& uart() { return uart_; }
  finisher::Finisher& finisher() { return finisher_; }
  Htif& htif() { return htif_; }
  const BareMachineConfig& config() const { return config_; }

 private:
  void bind();

  const BareMachineConfig config_;
  bus::Bus bus_;
  memory::Memory ram_;
  std::optional<memory::Memory> flash_;
  Htif htif_;
  uart::Uart uart_;
  clint::Clint clint_;
  plic::Plic plic_;
  finisher::Finisher finisher_;
  hart::Hart hart_;
  InitiatorSocket debug_;

  sc_core::sc_signal<bool> software_line_;
  sc_core::sc_signal<bool> timer_line_;
  sc_core::sc_signal<bool> external_line_;
  sc_core::sc_signal<bool> uart_line_;
};

}  // namespace weft::bare
