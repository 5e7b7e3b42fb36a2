// SPDX-License-Identifier: Apache-2.0
#include "models/tile/tile.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"
#include "models/sync/registers.h"
#include "models/tile/window.h"
#include "models/tlm/socket_checks.h"

namespace weft::tile {

namespace {

// Inputs of the tile's bus before those of the crossbar units.
enum BusInput : unsigned {
  network_input,
  fetch_input,
  data_input,
  dma_input,
  vector_input,
  first_crossbar_input
};

std::uint32_t window_base(const TileConfig& config) { return config.tiles_base + config.index * window_size; }

// In the tile's window: the ReRAM follows the buffer.
std::uint64_t reram_offset(const TileConfig& config) { return window::buffer_base + config.buffer.size; }

constexpr std::uint32_t mask_of(unsigned units) { return (1u << units) - 1; }

const TileConfig& checked(const TileConfig& config) {
  const auto require = [&](bool good, const char* what, std::uint64_t found, const char* allowed) {
    if (!good) throw Error(fmt::format("tile {}: {} is {}, allowed: {}", config.index, what, found, allowed));
  };
  require(config.crossbars >= 1 && config.crossbars <= max_crossbars, "crossbars", config.crossbars,
          "1 to 24");
  require(config.inversions <= max_inversions, "inversion units", config.inversions, "0 to 8");
  require(config.fp_pims <= max_fp_pims, "floating-point PIM units", config.fp_pims, "0 to 8");
  require(config.sync_counters >= 1 && config.sync_counters <= sync::max_counters, "sync counters",
          config.sync_counters, "1 to 64");
  require(config.buffer.size >= 1 && config.buffer.size <= window::buffer_size, "buffer size",
          config.buffer.size, "1 to 786432 bytes");
  if (config.reram.rows.size > 0) {
    require(config.buffer.size + config.reram.rows.size <= window::buffer_size, "buffer with its ReRAM",
            config.buffer.size + config.reram.rows.size, "at most 786432 bytes");
  }
  require(config.queue_depth >= 1 && config.queue_depth <= 255, "queue depth", config.queue_depth,
          "1 to 255");
  return config;
}

std::string crossbar_region(unsigned number) { return fmt::format("crossbar{}", number); }
std::string inversion_region(unsigned number) { return fmt::format("inversion{}", number); }
std::string fp_pim_region(unsigned number) { return fmt::format("fp_pim{}", number); }
std::string filter_region(unsigned number) { return fmt::format("filter{}", number); }
std::string hole_region(std::size_t number) { return fmt::format("hole{}", number); }

// The parts of the tile's window that `regions`, in ascending order, leave out. Were they left to the default
// route, the network would bring an access to them back for ever.
std::vector<bus::Region> holes(const std::vector<bus::Region>& regions, std::uint64_t window) {
  std::vector<bus::Region> result;
  std::uint64_t free = window;
  const auto close = [&](std::uint64_t end) {
    if (end > free) result.push_back({hole_region(result.size()), free, end - free});
  };
  for (const bus::Region& region : regions) {
    close(region.base);
    free = region.base + region.size;
  }
  close(window + window_size);
  return result;
}

bus::BusConfig bus_config(const TileConfig& config) {
  const std::uint64_t base = window_base(config);
  bus::BusConfig result;
  result.initiators = first_crossbar_input + config.crossbars + config.inversions + config.fp_pims;
  result.latency = config.bus_latency;
  const bool reram = config.reram.rows.size > 0;
  result.regions = {{"buffer", base + window::buffer_base, config.buffer.size}};
  if (reram) result.regions.push_back({"reram", base + reram_offset(config), config.reram.rows.size});
  result.regions.push_back({"control", base + window::tile_control_base, window::tile_control_size});
  result.regions.push_back({"sync", base + window::sync_base, window::sync_size});
  const auto add = [&](unsigned units, std::uint64_t windows, std::string (*region)(unsigned),
                       std::uint64_t size = unit_window_size) {
    for (unsigned number = 0; number < units; ++number)
      result.regions.push_back({region(number), base + windows + number * size, size});
  };
  // In ascending order of their windows.
  add(config.crossbars, window::write_filters_base, filter_region, filter_window_size);
  if (reram)
    result.regions.push_back({"buffer_filter", base + window::reram_buffer_base, window::reram_buffer_size});
  result.regions.push_back({"dma", base + window::dma_base, window::dma_size});
  result.regions.push_back({"vector", base + window::vector_base, window::vector_size});
  add(config.fp_pims, window::fp_pims_base, fp_pim_region);
  add(config.crossbars, window::crossbars_base, crossbar_region);
  add(config.inversions, window::inversions_base, inversion_region);
  const std::vector<bus::Region> unused = holes(result.regions, base);
  result.regions.insert(result.regions.end(), unused.begin(), unused.end());
  result.default_route = "network";
  return result;
}

std::size_t hole_count(const bus::BusConfig& config) {
  return static_cast<std::size_t>(
      std::count_if(config.regions.begin(), config.regions.end(),
                    [](const bus::Region& region) { return region.name.rfind("hole", 0) == 0; }));
}

tile_control::TileControlConfig control_config(const TileConfig& config) {
  return {config.index,         mask_of(config.crossbars),  static_cast<std::uint32_t>(config.buffer.size),
          config.sync_counters, mask_of(config.inversions), mask_of(config.fp_pims)};
}

hart::HartConfig hart_config(const TileConfig& config) {
  const std::uint32_t base = window_base(config);
  hart::HartConfig result = config.hart;
  result.core.hart_id = config.index;
  result.core.reset_pc = base;
  result.core.vendor_extension = true;
  result.starts_running = false;
  hart::XweftConfig xweft;
  xweft.tile = config.index;
  const auto group = [base](unsigned units, std::uint64_t windows, unsigned first_index) {
    return hart::UnitGroup{mask_of(units), base + static_cast<std::uint32_t>(windows), first_index};
  };
  xweft.crossbars = group(config.crossbars, window::crossbars_base, unit::first_crossbar_index);
  xweft.inversions = group(config.inversions, window::inversions_base, unit::first_inversion_index);
  xweft.fp_pims = group(config.fp_pims, window::fp_pims_base, unit::first_fp_pim_index);
  xweft.queue_depth = config.queue_depth;
  xweft.dma_window = base + static_cast<std::uint32_t>(window::dma_base);
  xweft.vector_window = base + static_cast<std::uint32_t>(window::vector_base);
  xweft.unit_window_size = unit_window_size;
  xweft.tiles_base = config.tiles_base;
  xweft.tile_window_size = window_size;
  xweft.counter_add_offset = static_cast<std::uint32_t>(window::sync_base) + sync::registers::add.offset;
  xweft.tiles = config.tiles;
  result.xweft = xweft;
  return result;
}

unit::CommandUnitConfig unit_config(const TileConfig& config, unsigned index) {
  unit::CommandUnitConfig result;
  result.index = index;
  result.queue_depth = config.queue_depth;
  result.counters = config.sync_counters;
  result.window = {window_base(config) + static_cast<std::uint32_t>(window::buffer_base),
                   static_cast<std::uint32_t>(config.buffer.size + config.reram.rows.size)};
  return result;
}

tile_dma::TileDmaConfig dma_config(const TileConfig& config) {
  tile_dma::TileDmaConfig result = config.dma;
  result.unit = unit_config(config, unit::dma_index);
  result.tiles_base = config.tiles_base;
  result.tiles_size = config.tiles * window_size;
  result.tile_window_size = window_size;
  result.sync_offset = static_cast<std::uint32_t>(window::sync_base);
  return result;
}

vector::VectorUnitConfig vector_config(const TileConfig& config) {
  vector::VectorUnitConfig result = config.vector;
  result.unit = unit_config(config, unit::vector_index);
  return result;
}

}  // namespace

Tile::Tile(const sc_core::sc_module_name& name, const TileConfig& config, Context& context)
    : sc_module(name),
      irq("irq"),
      config_(checked(config)),
      bus_("bus", bus_config(config), context),
      holes_("hole", hole_count(bus_config(config))),
      buffer_("buffer", config.buffer, context),
      board_("sync", config.sync_counters),
      control_("control", control_config(config), context),
      hart_("hart", hart_config(config), context),
      dma_("dma", dma_config(config), context),
      vector_("vector", vector_config(config), context),
      no_interrupt_("no_interrupt") {
  build_units(context);
  if (config_.reram.rows.size > 0) build_reram(context);
  bind(context);
  if (config.check_hazards) check_hazards(context);
  control_.on_reset([this] { reset_units(); });
  report_errors();
}

void Tile::build_units(Context& context) {
  for (unsigned number = 0; number < config_.crossbars; ++number) {
    crossbar::CrossbarUnitConfig own = config_.crossbar;
    own.unit = unit_config(config_, unit::first_crossbar_index + number);
    own.array.device.unit = config_.index * max_crossbars + number;
    own.endurance.unit = own.array.device.unit;
    const std::string unit_name = crossbar_region(number);
    crossbars_.push_back(std::make_unique<crossbar::CrossbarUnit>(unit_name.c_str(), own, context));
    own_filter(number, context);
  }
  for (unsigned number = 0; number < config_.inversions; ++number) {
    inversion::InversionUnitConfig own = config_.inversion;
    own.unit = unit_config(config_, unit::first_inversion_index + number);
    own.solver.unit = config_.index * max_inversions + number;
    const std::string unit_name = inversion_region(number);
    inversions_.push_back(std::make_unique<inversion::InversionUnit>(unit_name.c_str(), own, context));
  }
  for (unsigned number = 0; number < config_.fp_pims; ++number) {
    fp_pim::FpPimUnitConfig own = config_.fp_pim;
    own.unit = unit_config(config_, unit::first_fp_pim_index + number);
    const std::string unit_name = fp_pim_region(number);
    fp_pims_.push_back(std::make_unique<fp_pim::FpPimUnit>(unit_name.c_str(), own, context));
  }
}

void Tile::build_reram(Context& context) {
  reram_buffer::ReramMemoryConfig memory = config_.reram;
  memory.rows.endurance.unit = reram_buffer::endurance_unit(config_.index);
  reram_ = std::make_unique<reram_buffer::ReramMemory>("reram", memory, context);
  reram_buffer::BufferWriteFilterConfig filter = config_.buffer_filter;
  filter.size = static_cast<std::uint32_t>(memory.rows.size);
  filter.row_bytes = memory.rows.row_bytes();
  for (write_filter::FilterConfig& rules : filter.rules)
    rules.unit = reram_buffer::filter_unit(config_.index);
  buffer_filter_ = std::make_unique<reram_buffer::BufferWriteFilter>("buffer_filter", filter, context);
}

void Tile::own_filter(unsigned crossbar, Context& context) {
  write_filter::WriteFilterConfig own = config_.write_filter;
  own.rows = config_.crossbar.array.rows;
  own.columns = config_.crossbar.array.cols;
  own.kernel_rules.unit = own.rules.unit = config_.index * max_crossbars + crossbar;
  own.outer_products = config_.crossbar.policy == crossbar::UpdatePolicy::in_place;
  const std::string name = filter_region(crossbar);
  filters_.push_back(std::make_unique<write_filter::WriteFilter>(name.c_str(), own, context));
}

void Tile::bind(Context& context) {
  connect(context, bus_.to("buffer"), buffer_.socket);
  connect(context, bus_.to("control"), control_.socket);
  connect(context, bus_.to("sync"), board_.registers);
  connect(context, bus_.to("dma"), dma_.window);
  connect(context, bus_.to("vector"), vector_.window);
  for (std::size_t number = 0; number < holes_.size(); ++number) {
    connect(context, bus_.to(hole_region(number)), holes_[number]);
    holes_[number].on_access([](const Transfer&, sc_core::sc_time&) { return Status::address_error; });
  }
  buffer_.on_write([this](std::uint64_t offset, std::uint64_t size) {
    memory_written(window::buffer_base + offset, size);
  });
  if (reram_ != nullptr) bind_reram(context);
  connect(context, hart_.fetch_socket, bus_.inputs[fetch_input]);
  connect(context, hart_.data_socket, bus_.inputs[data_input]);
  connect(context, dma_.operands, bus_.inputs[dma_input]);
  connect(context, vector_.operands, bus_.inputs[vector_input]);
  dma_.completion.bind(board_.units);
  vector_.completion.bind(board_.units);
  hart_.waits.bind(board_.waits);
  hart_.software_interrupt.bind(no_interrupt_);
  hart_.timer_interrupt.bind(no_interrupt_);
  hart_.external_interrupt.bind(no_interrupt_);
  control_.hart.bind(hart_.control);
  control_.irq.bind(irq);
  for (unsigned number = 0; number < config_.crossbars; ++number) {
    crossbar::CrossbarUnit& unit = *crossbars_[number];
    bind_unit(context, unit, crossbar_region(number), first_crossbar_input + number);
    connect(context, unit.update_out, filters_[number]->in);
    connect(context, filters_[number]->out, unit.update);
    connect(context, bus_.to(filter_region(number)), filters_[number]->registers);
  }
  unsigned input = first_crossbar_input + config_.crossbars;
  for (unsigned number = 0; number < config_.inversions; ++number) {
    bind_unit(context, *inversions_[number], inversion_region(number), input++);
  }
  for (unsigned number = 0; number < config_.fp_pims; ++number) {
    bind_unit(context, *fp_pims_[number], fp_pim_region(number), input++);
  }
}

void Tile::bind_reram(Context& context) {
  connect(context, bus_.to("reram"), buffer_filter_->in);
  connect(context, bus_.to("buffer_filter"), buffer_filter_->registers);
  connect(context, buffer_filter_->out, reram_->socket);
  reram_->on_write([this](std::uint64_t offset, std::uint64_t size) {
    memory_written(reram_offset(config_) + offset, size);
  });
}

// Decoded code and reservations depend on it.
void Tile::memory_written(std::uint64_t window_offset, std::uint64_t size) {
  const std::uint32_t address = window_base(config_) + static_cast<std::uint32_t>(window_offset);
  const auto bytes = static_cast<std::uint32_t>(size);
  hart_.code_written(address, bytes);
  if (config_.hart.reservations != nullptr) config_.hart.reservations->written(address, bytes);
}

void Tile::bind_unit(Context& context, unit::CommandUnit& unit, const std::string& region, unsigned input) {
  connect(context, bus_.to(region), unit.window);
  connect(context, unit.operands, bus_.inputs[input]);
  unit.completion.bind(board_.units);
}

void Tile::check_hazards(Context& context) {
  const auto report = [this, &context](const std::string& text) {
    context.log.write({LogLevel::warning, sc_core::sc_time_stamp().to_string(), this->name(), text});
  };
  hazards_ = std::make_unique<unit::HazardChecker>(report, [this] { return hart_.core().pc(); });
  hart_.set_hazard_checker(hazards_.get());
  dma_.set_hazard_checker(hazards_.get());
  vector_.set_hazard_checker(hazards_.get());
  for (const auto& unit : crossbars_) unit->set_hazard_checker(hazards_.get());
  for (const auto& unit : inversions_) unit->set_hazard_checker(hazards_.get());
  for (const auto& unit : fp_pims_) unit->set_hazard_checker(hazards_.get());
}

void Tile::report_errors() {
  units_ = {{unit::dma_index, &dma_}, {unit::vector_index, &vector_}};
  for (unsigned number = 0; number < config_.crossbars; ++number)
    units_.emplace_back(unit::first_crossbar_index + number, crossbars_[number].get());
  for (unsigned number = 0; number < config_.inversions; ++number)
    units_.emplace_back(unit::first_inversion_index + number, inversions_[number].get());
  for (unsigned number = 0; number < config_.fp_pims; ++number)
    units_.emplace_back(unit::first_fp_pim_index + number, fp_pims_[number].get());
  for (const auto& [index, unit] : units_) unit->on_error([this] { control_.unit_failed(); });
  control_.on_unit_errors([this] {
    std::uint64_t errors = 0;
    for (const auto& [index, unit] : units_) {
      if (unit->has_error()) errors |= std::uint64_t{1} << index;
    }
    return errors;
  });
}

void Tile::reset_units() {
  dma_.reset();
  vector_.reset();
  for (const auto& unit : crossbars_) unit->reset();
  for (const auto& filter : filters_) filter->reset();
  for (const auto& unit : inversions_) unit->reset();
  for (const auto& unit : fp_pims_) unit->reset();
  board_.reset();
  if (buffer_filter_ != nullptr) buffer_filter_->reset();
  if (hazards_ != nullptr) hazards_->reset();
}

}  // namespace weft::tile
