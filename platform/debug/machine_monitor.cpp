// SPDX-License-Identifier: Apache-2.0
#include "platform/debug/machine_monitor.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/clint/registers.h"
#include "models/common/error.h"
#include "models/dma/registers.h"
#include "models/finisher/registers.h"
#include "models/plic/registers.h"
#include "models/sync/registers.h"
#include "models/syscon/registers.h"
#include "models/tile/window.h"
#include "models/tile_control/registers.h"
#include "models/uart/registers.h"
#include "models/unit/registers.h"
#include "platform/machine/memory_map.h"

namespace weft::debug {

namespace {

using machine::Machine;
using Words = std::vector<std::string>;

// A block of registers, and the crossbar array behind it if there is one.
struct Unit {
  std::uint64_t base = 0;
  std::vector<RegisterInfo> registers;
  const crossbar::Array* array = nullptr;
};

// In the order in which they are listed.
using Units = std::vector<std::pair<std::string, Unit>>;

void add_tile(Units& units, const Machine& machine, int number) {
  const std::string prefix = fmt::format("tile{}.", number);
  const std::uint64_t window = map::tiles_base + static_cast<std::uint64_t>(number) * tile::window_size;
  units.push_back(
      {prefix + "control", {window + tile::window::tile_control_base, tile_control::registers::table()}});
  units.push_back({prefix + "sync", {window + tile::window::sync_base, sync::registers::table()}});
  units.push_back({prefix + "dma", {window + tile::window::dma_base, unit::registers::table()}});
  units.push_back({prefix + "vector", {window + tile::window::vector_base, unit::registers::table()}});
  const tile::Tile& tile = machine.accelerator().tile(number);
  for (std::size_t i = 0; i < tile.fp_pims().size(); ++i) {
    units.push_back(
        {fmt::format("{}fp_pim{}", prefix, i),
         {window + tile::window::fp_pims_base + i * tile::unit_window_size, unit::registers::table()}});
  }
  for (std::size_t i = 0; i < tile.inversions().size(); ++i) {
    units.push_back(
        {fmt::format("{}inversion{}", prefix, i),
         {window + tile::window::inversions_base + i * tile::unit_window_size, unit::registers::table()}});
  }
  std::uint64_t base = window + tile::window::crossbars_base;
  int index = 0;
  for (const auto& each : tile.crossbars()) {
    units.push_back(
        {fmt::format("{}crossbar{}", prefix, index++), {base, unit::registers::table(), &each->array()}});
    base += tile::unit_window_size;
  }
}

Units all_units(const Machine& machine) {
  Units units{{"host.uart", {map::uart_base, uart::registers::table()}},
              {"host.clint", {map::clint_base, clint::registers::table()}},
              {"host.plic", {map::plic_base, plic::registers::table()}},
              {"host.dma", {map::dma_base, dma::registers::table()}},
              {"host.syscon", {map::syscon_base, syscon::registers::table()}},
              {"host.finisher", {map::finisher_base, finisher::registers::table()}}};
  for (int number = 0; number < machine.accelerator().tiles(); ++number) add_tile(units, machine, number);
  return units;
}

std::optional<std::uint32_t> read_register(Machine& machine, std::uint64_t address, std::uint32_t bytes) {
  std::uint32_t value = 0;
  try {
    machine.read_memory(address, &value, bytes);
  } catch (const Error&) {  // the tables describe the largest block there can be
    return std::nullopt;
  }
  return value;
}

std::string unit_state(Machine& machine, const Unit& unit) {
  namespace r = unit::registers;
  const auto status = read_register(machine, unit.base + r::status.offset, 4).value_or(0);
  const auto done = read_register(machine, unit.base + r::completed.offset, 4).value_or(0);
  const auto queued = (status & r::status_queued) >> r::status_queued_shift;
  const char* const error = (status & r::status_error) != 0 ? ", error" : "";
  if ((status & r::status_busy) == 0) return fmt::format("idle, {} done{}", done, error);
  return fmt::format("busy, {} queued, {} done{}", queued, done, error);
}

bool takes_commands(const Unit& unit) {
  return unit.registers.front().name == std::string(unit::registers::control.name) &&
         unit.registers.size() == unit::registers::table().size();
}

std::string list_units(Machine& machine, const Words&) {
  std::string text;
  for (const auto& [name, unit] : all_units(machine)) {
    const std::string state = takes_commands(unit) ? unit_state(machine, unit) : "";
    text += fmt::format("{:<18} {:#010x}  {}\n", name, unit.base, state);
  }
  return text;
}

// Elements of long arrays that are 0 are left out.
std::string dump_registers(Machine& machine, const Unit& unit) {
  std::string text;
  for (const RegisterInfo& info : unit.registers) {
    if (info.access == RegisterAccess::write_only) continue;
    for (std::uint32_t index = 0; index < info.count; ++index) {
      const std::uint64_t address = unit.base + info.offset + std::uint64_t{index} * info.stride;
      const std::optional<std::uint32_t> value = read_register(machine, address, info.bytes);
      if (!value || (info.count > 1 && *value == 0)) continue;
      const std::string name = info.count > 1 ? fmt::format("{}[{}]", info.name, index) : info.name;
      text += fmt::format("{:<18} {:#010x}  {}\n", name, *value, *value);
    }
  }
  return text;
}

std::string dump_array(const crossbar::Array& array) {
  constexpr int corner = 8;
  const crossbar::ArrayConfig& config = array.config();
  const crossbar::ArrayStatistics& counts = array.statistics();
  std::string text =
      fmt::format("{} x {} weights in {} slices; {} mvm, {} mtvm, {} opa, {} carry resolutions; carries {}\n",
                  config.rows, config.cols, config.slices, counts.mvms, counts.mtvms, counts.opas,
                  counts.carry_resolutions, array.carries_resolved() ? "resolved" : "kept");
  text += "weights, top left:\n";
  for (int row = 0; row < std::min(corner, config.rows); ++row) {
    for (int column = 0; column < std::min(corner, config.cols); ++column) {
      text += fmt::format("{:>9}", array.weight(row, column));
    }
    text += "\n";
  }
  return text;
}

std::string dump_unit(Machine& machine, const Words& arguments) {
  if (arguments.size() != 1) return "monitor dump UNIT; monitor units lists them\n";
  const Units units = all_units(machine);
  const auto found = std::find_if(units.begin(), units.end(),
                                  [&](const auto& each) { return each.first == arguments.front(); });
  if (found == units.end()) {
    return fmt::format("there is no unit '{}'; monitor units lists them\n", arguments.front());
  }
  const Unit& unit = found->second;
  return dump_registers(machine, unit) + (unit.array != nullptr ? dump_array(*unit.array) : "");
}

std::string reset(Machine& machine) {
  machine.hart().start_now(static_cast<std::uint32_t>(map::boot_rom_base));
  for (int number = 0; number < machine.accelerator().tiles(); ++number) {
    machine.accelerator().tile(number).hart().halt();
  }
  return "the host's hart starts again at the boot ROM, the tiles' are halted; memories and devices keep "
         "their contents\n";
}

}  // namespace

Target machine_target(Machine& machine) {
  Target target;
  target.threads.push_back({machine::HartName{}.text(), &machine.hart()});
  for (int number = 0; number < machine.accelerator().tiles(); ++number) {
    target.threads.push_back({machine::HartName{number}.text(), &machine.accelerator().tile(number).hart()});
  }
  target.commands = {{"units", "", "All units: address, state of the command queue",
                      [&machine](const Words& words) { return list_units(machine, words); }},
                     {"dump", "UNIT", "Registers of a unit by name; of a crossbar also its array",
                      [&machine](const Words& words) { return dump_unit(machine, words); }},
                     {"reset", "", "Starts the host's hart again and halts the tiles'",
                      [&machine](const Words&) { return reset(machine); }}};
  return target;
}

}  // namespace weft::debug
