// SPDX-License-Identifier: Apache-2.0
#include "platform/bare/bare_machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"
#include "platform/machine/memory_map.h"

namespace weft::bare {

namespace {

constexpr std::uint8_t erased_flash = 0xff;

enum BusInput : unsigned { fetch_input, data_input, debug_input, bus_inputs };

BareMachineConfig checked(const BareMachineConfig& config) {
  if (config.ram_size == 0 || config.ram_size > map::dram_size) {
    throw Error(fmt::format("RAM of {} bytes; allowed: 1 to {}", config.ram_size, map::dram_size));
  }
  if (config.flash_size > map::flash_size) {
    throw Error(fmt::format("flash of {} bytes; allowed: up to {}", config.flash_size, map::flash_size));
  }
  const std::uint64_t bytes = config.wide_tohost ? 8 : 4;
  for (const auto& [name, place] : {std::pair{"tohost", config.tohost}, {"fromhost", config.fromhost}}) {
    if (!place) continue;
    if (*place % 4 == 0 && *place >= map::dram_base && *place + bytes <= map::dram_base + config.ram_size) {
      continue;
    }
    throw Error(fmt::format("{} at {:#010x}; allowed: a multiple of 4 in RAM ({:#010x} to {:#010x})", name,
                            *place, map::dram_base, map::dram_base + config.ram_size - 1));
  }
  return config;
}

bus::BusConfig bus_config(const BareMachineConfig& config) {
  bus::BusConfig result;
  result.initiators = bus_inputs;
  result.regions = {{"finisher", map::finisher_base, map::finisher_size},
                    {"clint", map::clint_base, map::clint_size},
                    {"plic", map::plic_base, map::plic_size},
                    {"uart", map::uart_base, map::uart_size},
                    {"ram", map::dram_base, config.ram_size}};
  if (config.flash_size != 0) result.regions.push_back({"flash", map::flash_base, config.flash_size});
  return result;
}

memory::MemoryConfig memory_config(std::uint64_t size, bool read_only) {
  memory::MemoryConfig result;
  result.size = size;
  result.read_only = read_only;
  if (read_only) result.fill = erased_flash;
  return result;
}

HtifConfig htif_config(const BareMachineConfig& config) {
  HtifConfig result;
  result.memory_base = map::dram_base;
  result.tohost = config.tohost;
  result.fromhost = config.fromhost;
  result.wide = config.wide_tohost;
  return result;
}

hart::HartConfig hart_config(const BareMachineConfig& config) {
  hart::HartConfig result = config.hart;
  result.starts_running = true;
  result.xweft.reset();
  return result;
}

}  // namespace

BareMachine::BareMachine(const sc_core::sc_module_name& name, const BareMachineConfig& config,
                         Context& context)
    : sc_module(name),
      config_(checked(config)),
      bus_("bus", bus_config(config), context),
      ram_("ram", memory_config(config.ram_size, false), context),
      htif_("htif", htif_config(config), context),
      uart_("uart", {}, context),
      clint_("clint", {}, context),
      plic_("plic", {}, context),
      finisher_("finisher", context),
      hart_("hart", hart_config(config), context),
      debug_("debug"),
      software_line_("software_line"),
      timer_line_("timer_line"),
      external_line_("external_line"),
      uart_line_("uart_line") {
  if (config.flash_size != 0) {
    flash_.emplace("flash", memory_config(config.flash_size, true), context);
    bus_.to("flash").bind(flash_->socket);
  }
  bind();
  hart_.set_tick_source([this] { return clint_.now_ticks(); });
}

void BareMachine::bind() {
  hart_.fetch_socket.bind(bus_.inputs[fetch_input]);
  hart_.data_socket.bind(bus_.inputs[data_input]);
  debug_.bind(bus_.inputs[debug_input]);
  bus_.to("finisher").bind(finisher_.socket);
  bus_.to("clint").bind(clint_.socket);
  bus_.to("plic").bind(plic_.socket);
  bus_.to("uart").bind(uart_.socket);
  bus_.to("ram").bind(htif_.socket);
  htif_.memory.bind(ram_.socket);

  clint_.software[0].bind(software_line_);
  clint_.timer[0].bind(timer_line_);
  plic_.external[0].bind(external_line_);
  hart_.software_interrupt.bind(software_line_);
  hart_.timer_interrupt.bind(timer_line_);
  hart_.external_interrupt.bind(external_line_);
  uart_.irq.bind(uart_line_);
  plic_.sources[map::uart_irq].bind(uart_line_);
}

bool BareMachine::write_memory(std::uint64_t address, const void* data, std::uint64_t size) {
  if (size > UINT32_MAX) return false;
  return size == 0 || debug_.write_debug(address, data, static_cast<std::uint32_t>(size)) == Status::ok;
}

bool BareMachine::read_memory(std::uint64_t address, void* data, std::uint64_t size) {
  if (size > UINT32_MAX) return false;
  return size == 0 || debug_.read_debug(address, data, static_cast<std::uint32_t>(size)) == Status::ok;
}

}  // namespace weft::bare
