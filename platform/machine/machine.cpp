// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/common/error.h"
#include "models/tlm/socket_checks.h"
#include "platform/machine/memory_map.h"

namespace weft::machine {

namespace {

enum BusInput : unsigned { fetch_input, data_input, dma_input, accelerator_input, debug_input, bus_inputs };

bus::BusConfig bus_config(const MachineConfig& config) {
  if (config.sram.size > map::sram_size) {
    throw Error(fmt::format("SRAM of {} bytes, allowed: up to {}", config.sram.size, map::sram_size));
  }
  if (config.flash_size > map::flash_size) {
    throw Error(fmt::format("flash of {} bytes, allowed: up to {}", config.flash_size, map::flash_size));
  }
  if (config.dram.size > map::dram_size) {
    throw Error(fmt::format("DRAM of {} bytes, allowed: up to {}", config.dram.size, map::dram_size));
  }
  bus::BusConfig result;
  result.initiators = bus_inputs;
  result.latency = config.bus_latency;
  const auto tiles = static_cast<std::uint64_t>(config.accelerator.tiles()) * tile::window_size;
  result.regions = {{"boot_rom", map::boot_rom_base, map::boot_rom_size},
                    {"finisher", map::finisher_base, map::finisher_size},
                    {"syscon", map::syscon_base, map::syscon_size},
                    {"dma", map::dma_base, map::dma_size},
                    {"clint", map::clint_base, map::clint_size},
                    {"sram", map::sram_base, config.sram.size},
                    {"plic", map::plic_base, map::plic_size},
                    {"uart", map::uart_base, map::uart_size},
                    {"tiles", map::tiles_base, tiles, true},
                    {"dram", map::dram_base, config.dram.size, !config.accelerator.memory.nodes.empty()}};
  if (config.flash_size != 0) result.regions.push_back({"flash", map::flash_base, config.flash_size});
  return result;
}

memory::MemoryConfig boot_rom_config() {
  memory::MemoryConfig result;
  result.size = map::boot_rom_size;
  result.read_only = true;
  return result;
}

memory::MemoryConfig flash_config(const MachineConfig& config) {
  memory::MemoryConfig result;
  result.size = config.flash_size;
  result.read_only = true;
  result.fill = 0xff;  // erased
  return result;
}

hart::HartConfig hart_config(const MachineConfig& config, hart::ReservationMonitor& reservations) {
  hart::HartConfig result = config.hart;
  result.core.hart_id = 0;
  result.core.reset_pc = static_cast<std::uint32_t>(map::boot_rom_base);
  result.starts_running = true;
  result.xweft.reset();
  result.reservations = &reservations;
  return result;
}

AcceleratorConfig accelerator_config(const MachineConfig& config, hart::ReservationMonitor& reservations) {
  AcceleratorConfig result = config.accelerator;
  result.tiles_base = map::tiles_base;
  result.memory.base = map::dram_base;
  result.tile.hart.reservations = &reservations;
  return result;
}

}  // namespace

std::string HartName::text() const { return tile ? fmt::format("tile{}.hart", *tile) : "host.hart"; }

Machine::Machine(const sc_core::sc_module_name& name, const MachineConfig& config, Context& context)
    : sc_module(name),
      bus_("bus", bus_config(config), context),
      boot_rom_("boot_rom", boot_rom_config(), context),
      sram_("sram", config.sram, context),
      dram_("dram", config.dram, context),
      uart_("uart", {}, context),
      clint_("clint", {}, context),
      plic_("plic", {}, context),
      finisher_("finisher", context),
      syscon_("syscon", config.syscon, context),
      dma_("dma", config.dma, context),
      hart_("hart", hart_config(config, reservations_), context),
      accelerator_("accelerator", accelerator_config(config, reservations_), context),
      debug_("debug"),
      software_line_("software_line"),
      timer_line_("timer_line"),
      external_line_("external_line"),
      uart_line_("uart_line"),
      dma_line_("dma_line"),
      tiles_line_("tiles_line") {
  if (config.flash_size != 0) {
    flash_.emplace("flash", flash_config(config), context);
    connect(context, bus_.to("flash"), flash_->socket);
    watch(*flash_, map::flash_base);
  }
  if (config.dram_controller) dram_controller_.emplace("dram_controller", *config.dram_controller, context);
  bind(context);
  bind_dram(context);
  watch(boot_rom_, map::boot_rom_base);
  watch(sram_, map::sram_base);
  watch(dram_, map::dram_base);
  hart_.set_tick_source([this] { return clint_.now_ticks(); });
}

// What others write may be code that the hart has decoded, or a word it has reserved.
void Machine::watch(memory::Memory& memory, std::uint64_t base) {
  memory.on_write([this, base](std::uint64_t offset, std::uint64_t size) {
    const auto address = static_cast<std::uint32_t>(base + offset);
    const auto bytes = static_cast<std::uint32_t>(size);
    hart_.code_written(address, bytes);
    reservations_.written(address, bytes);
  });
}

void Machine::bind(Context& context) {
  connect(context, hart_.fetch_socket, bus_.inputs[fetch_input]);
  connect(context, hart_.data_socket, bus_.inputs[data_input]);
  connect(context, dma_.memory, bus_.inputs[dma_input]);
  connect(context, accelerator_.system, bus_.inputs[accelerator_input]);
  connect(context, debug_, bus_.inputs[debug_input]);

  connect(context, bus_.to("boot_rom"), boot_rom_.socket);
  connect(context, bus_.to("finisher"), finisher_.socket);
  connect(context, bus_.to("syscon"), syscon_.socket);
  connect(context, bus_.to("dma"), dma_.socket);
  connect(context, bus_.to("clint"), clint_.socket);
  connect(context, bus_.to("sram"), sram_.socket);
  connect(context, bus_.to("plic"), plic_.socket);
  connect(context, bus_.to("uart"), uart_.socket);
  connect(context, bus_.to("tiles"), accelerator_.host);

  clint_.software[0].bind(software_line_);
  clint_.timer[0].bind(timer_line_);
  plic_.external[0].bind(external_line_);
  hart_.software_interrupt.bind(software_line_);
  hart_.timer_interrupt.bind(timer_line_);
  hart_.external_interrupt.bind(external_line_);
  uart_.irq.bind(uart_line_);
  dma_.irq.bind(dma_line_);
  accelerator_.irq.bind(tiles_line_);
  plic_.sources[map::uart_irq].bind(uart_line_);
  plic_.sources[map::dma_irq].bind(dma_line_);
  plic_.sources[map::tiles_irq].bind(tiles_line_);
}

void Machine::bind_dram(Context& context) {
  if (NetworkMemory* memory = accelerator_.memory()) {
    connect(context, bus_.to("dram"), memory->of_host().in);
    connect(context, memory->store(), dram_.socket);
  } else if (dram_controller_) {
    connect(context, bus_.to("dram"), dram_controller_->socket);
    connect(context, dram_controller_->store, dram_.socket);
  } else {
    connect(context, bus_.to("dram"), dram_.socket);
  }
}

std::vector<const dram::DramController*> Machine::dram_controllers() const {
  std::vector<const dram::DramController*> result;
  if (dram_controller_) result.push_back(&*dram_controller_);
  const NetworkMemory* memory = accelerator_.memory();
  for (int number = 0; memory != nullptr && number < memory->controllers(); ++number)
    result.push_back(&memory->controller(number));
  return result;
}

void Machine::settle() {
  if (dram_controller_) dram_controller_->settle();
  NetworkMemory* memory = accelerator_.memory();
  for (int number = 0; memory != nullptr && number < memory->controllers(); ++number)
    memory->controller(number).settle();
}

void Machine::set_boot(std::uint32_t entry, std::uint32_t boot_info) {
  const std::array<std::uint32_t, 7> code{0x00000297,  // auipc t0, 0
                                          0xf1402573,  // csrr  a0, mhartid
                                          0x0142a583,  // lw    a1, 20(t0)
                                          0x0182a283,  // lw    t0, 24(t0)
                                          0x00028067,  // jr    t0
                                          boot_info,  entry};
  boot_rom_.load(0, code.data(), sizeof code);
}

void Machine::write_memory(std::uint64_t address, const void* data, std::size_t size) {
  if (debug_.write_debug(address, data, static_cast<std::uint32_t>(size)) == Status::ok) return;
  throw Error(fmt::format("nothing answers at {:#010x} to {:#010x}", address, address + size - 1));
}

void Machine::read_memory(std::uint64_t address, void* data, std::size_t size) {
  if (debug_.read_debug(address, data, static_cast<std::uint32_t>(size)) == Status::ok) return;
  throw Error(fmt::format("nothing answers at {:#010x} to {:#010x}", address, address + size - 1));
}

bool Machine::try_write_memory(std::uint64_t address, const void* data, std::uint32_t size) {
  return size == 0 || debug_.write_debug(address, data, size) == Status::ok;
}

bool Machine::try_read_memory(std::uint64_t address, void* data, std::uint32_t size) {
  return size == 0 || debug_.read_debug(address, data, size) == Status::ok;
}

std::uint64_t Machine::instructions() const {
  std::uint64_t sum = hart_.core().instructions();
  for (int number = 0; number < accelerator_.tiles(); ++number) {
    sum += accelerator_.tile(number).hart().core().instructions();
  }
  return sum;
}

std::vector<BlockedHart> Machine::blocked_harts() const {
  std::vector<BlockedHart> blocked;
  const auto consider = [&](const HartName& name, const hart::Hart& hart) {
    const hart::HartState state = hart.state();
    const bool asleep = state.kind != hart::WaitKind::running && state.kind != hart::WaitKind::halted;
    if (asleep || state.lost) blocked.push_back({name, state});
  };
  consider({}, hart_);
  for (int number = 0; number < accelerator_.tiles(); ++number) {
    consider({number}, accelerator_.tile(number).hart());
  }
  return blocked;
}

bool Machine::tiles_are_stuck() const {
  bool any_waits = false;
  for (int number = 0; number < accelerator_.tiles(); ++number) {
    const tile::Tile& tile = accelerator_.tile(number);
    const hart::HartState state = tile.hart().state();
    if (tile.busy() || state.kind == hart::WaitKind::running) return false;
    any_waits = any_waits || state.kind != hart::WaitKind::halted || state.lost;
  }
  return any_waits;
}

}  // namespace weft::machine
