// SPDX-License-Identifier: Apache-2.0
#include "platform/assembly/area.h"

#include <algorithm>
#include <cmath>

#include "models/fp_pim/cost.h"
#include "platform/config/filter_schedule.h"
#include "platform/config/memory.h"

namespace weft::assembly {

namespace {

using config::PartCost;

fp_pim::FloatFormat fp_pim_format(config::FloatFormat format) {
  switch (format) {
    case config::FloatFormat::fp16:
      return fp_pim::fp16_format;
    case config::FloatFormat::bf16:
      return fp_pim::bf16_format;
    case config::FloatFormat::fp32:
      break;
  }
  return fp_pim::fp32_format;
}

// What the figures of technology.area are for.
constexpr double cells_of_array = 128.0 * 128.0;
constexpr double bytes_of_buffer = 64.0 * 1024;

PartCost times(double count, const PartCost& one) {
  return {count * one.area_mm2, count * one.power_mW, count * one.leakage_mW};
}

void add(PartCost& sum, const PartCost& more) {
  sum.area_mm2 += more.area_mm2;
  sum.power_mW += more.power_mW;
  sum.leakage_mW += more.leakage_mW;
}

PartCost sum(const std::vector<AreaItem>& items) {
  PartCost result;
  for (const AreaItem& item : items) add(result, item.cost);
  return result;
}

AreaItem item(const std::string& part, double count, const PartCost& one) {
  return {part, count, times(count, one)};
}

// Of one unit: its numbers, and the scratch cells of every lane.
double fp_pim_subarrays(const config::Scenario& scenario) {
  constexpr double cells_of_subarray = 1024.0 * 1024;
  const config::FpPimConfig& unit = scenario.platform.fp_pim;
  const fp_pim::FloatFormat format = fp_pim_format(unit.format);
  const fp_pim::Logic logic =
      scenario.technology.fp_pim.logic == config::FpPimLogic::sot ? fp_pim::Logic::sot : fp_pim::Logic::nor;
  const double cells_of_lane = static_cast<double>(unit.rows) * format.bits() + scratch_cells(format, logic);
  return unit.columns * cells_of_lane / cells_of_subarray;
}

// The converters of one crossbar unit: power and leakage grow with the bits as the energy does.
PartCost converters(const config::Scenario& scenario) {
  const config::CrossbarConfig& crossbar = scenario.platform.crossbar;
  const config::AreaTechnology& area = scenario.technology.area;
  PartCost result;
  for (int slice = 0; slice < crossbar.slices; ++slice) {
    const int more_bits = crossbar.adc_bits_of(slice) - scenario.technology.crossbar.adc_reference_bits;
    const double power = std::pow(scenario.technology.crossbar.adc_energy_growth, more_bits);
    add(result, {area.adc.area_mm2 * std::pow(area.adc_area_growth, more_bits), area.adc.power_mW * power,
                 area.adc.leakage_mW * power});
  }
  return times(crossbar.adcs, result);
}

// One a crossbar unit: comparators, multipliers where updates are outer products, and what is kept of every
// weight. Nothing where everything is written.
void add_write_filters(const config::Scenario& scenario, AreaReport& report) {
  const config::FilterSchedule schedule = config::filter_schedule(scenario);
  const write_filter::FilterConfig& filter = schedule.built;
  const bool none = filter.policy == write_filter::Policy::none && !schedule.holds_back() &&
                    !filter.has_residual_memory() && !filter.has_wear_table();
  if (none) return;
  constexpr double counter_bits = 32;
  constexpr double bits_of_memory = 8.0 * 1024;
  const config::CrossbarConfig& crossbar = scenario.platform.crossbar;
  const config::AreaTechnology& area = scenario.technology.area;
  const double units = scenario.platform.tile.crossbars;
  const double lanes = units * scenario.technology.write_filter.lanes;
  report.tile.push_back(item("write_filter_lane", lanes, area.write_filter_lane));
  if (crossbar.update == config::UpdatePolicy::in_place)
    report.tile.push_back(item("write_filter_product", lanes, area.write_filter_product));
  const double bits_of_weight = (filter.has_residual_memory() ? filter.residual_bits : 0) +
                                (filter.has_wear_table() ? counter_bits : 0);
  const double memories = units * crossbar.rows * crossbar.columns * bits_of_weight / bits_of_memory;
  if (memories > 0) report.tile.push_back(item("write_filter_memory", memories, area.write_filter_memory));
}

// Arrays, converters and amplifiers for the direct mapping; of the reference, which no circuit is, nothing.
void add_inversion_units(const config::Scenario& scenario, AreaReport& report) {
  const config::InversionConfig& inversion = scenario.platform.inversion;
  const config::AreaTechnology& area = scenario.technology.area;
  if (!inversion.is_analogue()) {
    report.without_figures.emplace_back("inversion units");
    return;
  }
  // Elements of all bits that int32 can have, unless the platform says how many.
  constexpr int widest = 32;
  const auto arrays_for = [&](int bits) { return std::ceil(1.0 * bits / inversion.cell_bits); };
  const double units = scenario.platform.tile.inversion_units;
  const double size = inversion.size;
  const double block = std::min(inversion.size, inversion.array);
  // A whole matrix of products, and on the diagonal the blocks that are inverted.
  const double products = arrays_for(inversion.matrix_bits != 0 ? inversion.matrix_bits : widest);
  const double cells = size * size * products + size * block * arrays_for(inversion.array_bits);
  const double arrays = units * cells / cells_of_array;
  const double blocks = std::ceil(size / block);
  const double converters_of_size = std::ceil(size / scenario.technology.inversion.columns_per_adc);
  const double converters = units * converters_of_size * (products * blocks + 1);
  const int more_bits = inversion.adc_bits - scenario.technology.crossbar.adc_reference_bits;
  const double power = std::pow(scenario.technology.crossbar.adc_energy_growth, more_bits);
  const PartCost adc{area.adc.area_mm2 * std::pow(area.adc_area_growth, more_bits), area.adc.power_mW * power,
                     area.adc.leakage_mW * power};
  report.tile.push_back({"inversion_array", arrays, times(arrays, area.crossbar_array)});
  report.tile.push_back({"inversion_adc", converters, times(converters, adc)});
  report.tile.push_back(item("inversion_amplifier", units * size, area.inversion_amplifier));
}

// Those at routers: one on the host's bus belongs to the host.
void add_memory_controllers(const config::Scenario& scenario, AreaReport& report) {
  const config::MemoryConfig& memory = scenario.platform.memory;
  if (!memory.is_dram() || memory.controllers.empty()) return;
  if (memory.kind == config::MemoryKind::hbm2) {
    report.without_figures.emplace_back("controllers of HBM2");
    return;
  }
  constexpr double bits_of_figures = 64;
  const int bits = config::dram_channel(memory, scenario.technology.memory).organisation.data_bits;
  const double channels = static_cast<double>(memory.controllers.size()) * config::dram_channels(memory);
  report.chip.push_back(
      item("dram_channel", channels * bits / bits_of_figures, scenario.technology.area.dram_channel));
}

}  // namespace

PartCost AreaReport::tile_total() const { return sum(tile); }

PartCost AreaReport::chip_total() const {
  PartCost result = times(tiles, tile_total());
  add(result, sum(chip));
  return result;
}

AreaReport area(const config::Scenario& scenario) {
  const config::PlatformConfig& platform = scenario.platform;
  const config::TileConfig& tile = platform.tile;
  const config::AreaTechnology& area = scenario.technology.area;
  const double arrays =
      static_cast<double>(tile.crossbars) * platform.crossbar.slices * platform.crossbar.arrays_per_digit();
  const double converter_count =
      static_cast<double>(tile.crossbars) * platform.crossbar.slices * platform.crossbar.adcs;
  const double of_full_size = platform.crossbar.rows * platform.crossbar.columns / cells_of_array;
  const double array_size = of_full_size * platform.crossbar.line_share();

  AreaReport report;
  report.tiles = platform.tiles.count();
  if (platform.crossbar.update == config::UpdatePolicy::digital) {
    report.tile.push_back({"digital_unit", static_cast<double>(tile.crossbars),
                           times(tile.crossbars * of_full_size, area.digital_unit)});
  } else {
    report.tile.push_back({"crossbar_array", arrays, times(arrays * array_size, area.crossbar_array)});
    report.tile.push_back({"adc", converter_count, times(tile.crossbars, converters(scenario))});
    report.tile.push_back(item("crossbar_unit", tile.crossbars, area.crossbar_unit));
    add_write_filters(scenario, report);
  }
  if (tile.fp_pim_units > 0) {
    const double subarrays = tile.fp_pim_units * fp_pim_subarrays(scenario);
    report.tile.push_back(item("fp_pim_subarray", subarrays, area.fp_pim_subarray));
  }
  report.tile.push_back(item("vector_lane", tile.vector_lanes, area.vector_lane));
  report.tile.push_back(item("hart", 1, area.hart));
  const double buffers = static_cast<double>(tile.buffer_size_bytes) / bytes_of_buffer;
  report.tile.push_back({"buffer", 1, times(buffers, area.buffer)});
  if (tile.reram_buffer.size_bytes > 0) {
    const double cells =
        8.0 * static_cast<double>(tile.reram_buffer.size_bytes) / tile.reram_buffer.cell_bits;
    report.tile.push_back(item("reram_buffer_array", cells / cells_of_array, area.reram_buffer_array));
  }
  report.tile.push_back(item("bus", 1, area.bus));
  report.tile.push_back(item("sync", 1, area.sync));
  report.tile.push_back(item("dma", 1, area.dma));
  report.chip.push_back(item("router", report.tiles, area.router));
  report.chip.push_back(item("off_chip", 1, area.off_chip));
  add_memory_controllers(scenario, report);
  if (tile.inversion_units > 0) add_inversion_units(scenario, report);
  return report;
}

}  // namespace weft::assembly
