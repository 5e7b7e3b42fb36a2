// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/accelerator.h"

#include <fmt/format.h>

#include "models/common/error.h"
#include "models/tlm/socket_checks.h"

namespace weft::machine {

namespace {

// The last only with memory on the network.
enum EntryInput : unsigned { host_input, tile_input, memory_input };

constexpr std::uint64_t address_space = std::uint64_t{1} << 32;

const AcceleratorConfig& checked(const AcceleratorConfig& config) {
  constexpr int max_tiles = 1024;
  if (config.columns < 1 || config.rows < 1 || config.tiles() > max_tiles) {
    throw Error(fmt::format("accelerator: {} x {} tiles, allowed: 1 to {} in all", config.columns,
                            config.rows, max_tiles));
  }
  if (config.host_column < 0 || config.host_column >= config.columns || config.host_row < 0 ||
      config.host_row >= config.rows) {
    throw Error(fmt::format("accelerator: host node ({}, {}) lies outside the mesh of {} x {}",
                            config.host_column, config.host_row, config.columns, config.rows));
  }
  config.memory.validate(config.tiles());
  return config;
}

noc::NocConfig noc_config(const AcceleratorConfig& config) {
  noc::NocConfig result = config.noc;
  result.mesh.columns = config.columns;
  result.mesh.rows = config.rows;
  result.map.clear();
  for (int number = 0; number < config.tiles(); ++number) {
    const auto offset = static_cast<std::uint64_t>(number) * tile::window_size;
    result.map.push_back({config.tiles_base + offset, tile::window_size, number});
  }
  const std::uint64_t tiles_end =
      config.tiles_base + static_cast<std::uint64_t>(config.tiles()) * tile::window_size;
  result.map.push_back({0, config.tiles_base, config.host_node()});
  result.map.push_back({tiles_end, address_space - tiles_end, config.host_node()});
  for (const noc::AddressRange& range : config.memory.ranges()) result.map.push_back(range);
  for (noc::AddressRange& range : result.map)
    range.memory = range.base < config.tiles_base || range.base >= tiles_end;
  return result;
}

bus::BusConfig entry_config(const AcceleratorConfig& config) {
  bus::BusConfig result;
  result.initiators = config.memory.nodes.empty() ? memory_input : memory_input + 1;
  result.default_route = "network";
  return result;
}

// To the tile of a node, and to the memory controller there.
bus::BusConfig exit_config(const AcceleratorConfig& config, int node) {
  const auto offset = static_cast<std::uint64_t>(node) * tile::window_size;
  bus::BusConfig result;
  result.initiators = 1;
  result.regions = {{"tile", config.tiles_base + offset, tile::window_size, true}};
  const int controller = config.memory.controller_at(node);
  if (controller >= 0) {
    const std::uint64_t base = NetworkMemoryConfig::controller_base(static_cast<std::size_t>(controller));
    result.regions.push_back({"memory", base, config.memory.controller.size});
  }
  if (node == config.host_node()) result.default_route = "system";
  return result;
}

}  // namespace

Accelerator::Accelerator(const sc_core::sc_module_name& name, const AcceleratorConfig& config,
                         Context& context)
    : sc_module(name),
      host("host"),
      system("system"),
      irq("irq"),
      noc_("noc", noc_config(checked(config)), context.energy),
      entry_("entry", entry_config(config), context),
      exit_("exit", exit_config(config, config.host_node()), context),
      tile_irqs_("tile_irq", static_cast<std::size_t>(config.tiles())) {
  for (int number = 0; number < config.tiles(); ++number) {
    tile::TileConfig own = config.tile;
    own.index = static_cast<unsigned>(number);
    own.tiles = static_cast<unsigned>(config.tiles());
    own.tiles_base = static_cast<std::uint32_t>(config.tiles_base);
    tiles_.push_back(std::make_unique<tile::Tile>(fmt::format("tile{}", number).c_str(), own, context));
  }
  build_memory(config, context);
  bind(config, context);
  SC_HAS_PROCESS(Accelerator);
  SC_METHOD(drive_irq);
  for (auto& line : tile_irqs_) sensitive << line;
}

void Accelerator::bind(const AcceleratorConfig& config, Context& context) {
  for (int number = 0; number < config.tiles(); ++number) {
    tile::Tile& own = tile(number);
    own.irq.bind(tile_irqs_[static_cast<std::size_t>(number)]);
    const auto leave_to = [&](auto& target) {
      if (!memory_) return connect(context, own.to_network(), target);
      connect(context, own.to_network(), memory_->of_tile(number).in);
      connect(context, memory_->of_tile(number).out, target);
    };
    if (number == config.host_node()) {
      leave_to(entry_.inputs[tile_input]);
      connect(context, exit_.to("tile"), own.from_network());
    } else {
      leave_to(noc_.from_node(number));
      if (config.memory.controller_at(number) < 0) {
        connect(context, noc_.to_node(number), own.from_network());
      }
    }
  }
  host.bind(entry_.inputs[host_input]);
  connect(context, entry_.to("network"), noc_.from_node(config.host_node()));
  connect(context, noc_.to_node(config.host_node()), exit_.inputs[0]);
  exit_.to("system").bind(system);
}

void Accelerator::build_memory(const AcceleratorConfig& config, Context& context) {
  if (config.memory.nodes.empty()) return;
  memory_ = std::make_unique<NetworkMemory>("memory", config.memory, config.tiles(), context);
  connect(context, memory_->of_host().out, entry_.inputs[memory_input]);
  for (const int node : config.memory.nodes) {
    dram::DramController& controller = memory_->controller(config.memory.controller_at(node));
    if (node == config.host_node()) {
      connect(context, exit_.to("memory"), controller.socket);
      continue;
    }
    exits_.push_back(
        std::make_unique<bus::Bus>(fmt::format("exit{}", node).c_str(), exit_config(config, node), context));
    bus::Bus& own = *exits_.back();
    connect(context, noc_.to_node(node), own.inputs[0]);
    connect(context, own.to("tile"), tile(node).from_network());
    connect(context, own.to("memory"), controller.socket);
  }
}

void Accelerator::drive_irq() {
  bool any = false;
  for (const auto& line : tile_irqs_) any = any || line.read();
  irq.write(any);
}

}  // namespace weft::machine
