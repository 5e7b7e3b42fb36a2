// SPDX-License-Identifier: Apache-2.0
// The whole platform: host subsystem (hart, memories, peripherals) and accelerator, at the addresses of
// memory_map.yaml. Everything a run needs from outside goes through this class: load images, attach to
// the UART, run, look at memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "models/bus/bus.h"
#include "models/clint/clint.h"
#include "models/common/context.h"
#include "models/dma/dma.h"
#include "models/dram/dram_controller.h"
#include "models/finisher/finisher.h"
#include "models/hart/hart.h"
#include "models/memory/memory.h"
#include "models/plic/plic.h"
#include "models/syscon/syscon.h"
#include "models/uart/uart.h"
#include "platform/machine/accelerator.h"

namespace weft::machine {

struct MachineConfig {
  hart::HartConfig hart;
  memory::MemoryConfig sram;
  memory::MemoryConfig dram;
  // Puts a controller between the host's bus and `dram`, which then only holds the bytes. With
  // accelerator.memory the controllers are on the network instead.
  std::optional<dram::DramControllerConfig> dram_controller;
  std::uint64_t flash_size = 0;  // bytes; 0 = no flash
  sc_core::sc_time bus_latency;
  dma::DmaConfig dma;
  syscon::SysconConfig syscon;
  AcceleratorConfig accelerator;
};

// A hart by its place: the host's, or a tile's.
struct HartName {
  std::optional<int> tile;
  std::string text() const;
};

struct BlockedHart {
  HartName hart;
  hart::HartState state;
};

class Machine : public sc_core::sc_module {
 public:
  Machine(const sc_core::sc_module_name& name, const MachineConfig& config, Context& context);

  // Fills the boot ROM: the hart starts there and jumps to `entry` with its number in a0 and the address of
  // the boot information in a1, as QEMU's `virt` machine does with its device tree.
  void set_boot(std::uint32_t entry, std::uint32_t boot_info);

  // Debug access to every memory and register of the platform; throws Error where nothing answers.
  void write_memory(std::uint64_t address, const void* data, std::size_t size);
  void read_memory(std::uint64_t address, void* data, std::size_t size);
  // The same for accesses that a program has asked for: false where nothing answers.
  bool try_write_memory(std::uint64_t address, const void* data, std::uint32_t size);
  bool try_read_memory(std::uint64_t address, void* data, std::uint32_t size);

  uart::Uart& uart() { return uart_; }
  finisher::Finisher& finisher() { return finisher_; }
  syscon::Syscon& syscon() { return syscon_; }
  hart::Hart& hart() { return hart_; }
  const hart::Hart& hart() const { return hart_; }
  Accelerator& accelerator() { return accelerator_; }
  const Accelerator& accelerator() const { return accelerator_; }
  const memory::Memory& dram() const { return dram_; }
  const dma::Dma& dma() const { return dma_; }
  // On the host's bus or on the network; none where the DRAM is a plain memory.
  std::vector<const dram::DramController*> dram_controllers() const;
  // Brings what memories charge by time up to now; for whoever reads energies at the end of a run.
  void settle();

  std::uint64_t instructions() const;
  // Harts that were started and are asleep now, or lost (no trap handler).
  std::vector<BlockedHart> blocked_harts() const;
  // Some tile's hart is asleep or lost, none runs, and no unit of any tile has anything to do.
  bool tiles_are_stuck() const;

 private:
  void bind(Context& context);
  void bind_dram(Context& context);
  void watch(memory::Memory& memory, std::uint64_t base);

  hart::ReservationMonitor reservations_;
  bus::Bus bus_;
  memory::Memory boot_rom_;
  memory::Memory sram_;
  memory::Memory dram_;
  std::optional<dram::DramController> dram_controller_;
  std::optional<memory::Memory> flash_;
  uart::Uart uart_;
  clint::Clint clint_;
  plic::Plic plic_;
  finisher::Finisher finisher_;
  syscon::Syscon syscon_;
  dma::Dma dma_;
  hart::Hart hart_;
  Accelerator accelerator_;
  InitiatorSocket debug_;

  sc_core::sc_signal<bool> software_line_;
  sc_core::sc_signal<bool> timer_line_;
  sc_core::sc_signal<bool> external_line_;
  sc_core::sc_signal<bool> uart_line_;
  sc_core::sc_signal<bool> dma_line_;
  sc_core::sc_signal<bool> tiles_line_;
};

}  // namespace weft::machine
