// SPDX-License-Identifier: Apache-2.0
#include "platform/assembly/machine_config.h"

#include <fmt/format.h>

#include <cmath>

#include "models/common/error.h"
#include "models/hart/isa.h"
#include "models/noc/prices.h"
#include "platform/assembly/memory_assembly.h"
#include "platform/config/filter_schedule.h"

namespace weft::assembly {

namespace {

using sc_core::sc_time;

sc_time nanoseconds(double value) { return sc_time(value, sc_core::SC_NS); }
sc_time period(double clock_MHz) { return sc_time(1e3 / clock_MHz, sc_core::SC_NS); }
double bytes_per_second(double gigabytes) { return gigabytes * 1e9; }

// `key` is where the scenario describes this hart.
hart::CoreConfig core_config(const config::HartConfig& from, const std::string& key) {
  hart::CoreConfig core;
  try {
    const hart::Isa isa = hart::parse_isa(from.isa);
    if (isa.xweft) throw Error("leave _xweft out: harts of tiles have it, the host's has no units for it");
    hart::apply(isa, core);
    core.user_mode = from.user_mode || isa.user_mode;
  } catch (const Error& error) {
    throw Error(fmt::format("{}.isa: {}", key, error.what()));
  }
  core.pmp_entries = static_cast<unsigned>(from.pmp_entries);
  core.misaligned = from.misaligned == config::Misaligned::hardware ? hart::MisalignedAccess::hardware
                                                                    : hart::MisalignedAccess::trap;
  return core;
}

hart::HartConfig hart_config(const config::Scenario& scenario, const config::HartConfig& from,
                             const hart::CycleCosts& costs, const std::string& key) {
  hart::HartConfig hart;
  hart.core = core_config(from, key);
  hart.core.costs = costs;
  hart.core.enable_cache = scenario.run.speed.block_cache;
  hart.core.enable_jit = scenario.run.speed.jit != config::JitMode::off;
  hart.core.lockstep = scenario.run.speed.jit == config::JitMode::lockstep;
  hart.use_direct_memory = scenario.run.speed.direct_memory;
  hart.cycle = period(scenario.platform.clock_MHz);
  hart.quantum = nanoseconds(scenario.platform.quantum_ns);
  hart.energy_per_instruction = picojoule(scenario.technology.digital.hart_pJ_per_instruction);
  return hart;
}

memory::MemoryConfig memory_config(std::uint64_t size, double latency_ns, double bandwidth_GBps,
                                   double pJ_per_byte) {
  memory::MemoryConfig memory;
  memory.size = size;
  memory.latency = nanoseconds(latency_ns);
  memory.bytes_per_second = bytes_per_second(bandwidth_GBps);
  memory.read_energy_per_byte = picojoule(pJ_per_byte);
  memory.write_energy_per_byte = picojoule(pJ_per_byte);
  return memory;
}

std::vector<int> one_a_slice(const std::vector<int>& values, int slices) {
  return values.size() == 1 ? std::vector<int>(static_cast<std::size_t>(slices), values.front()) : values;
}

// Mean over the slices of a step's conversions.
Joule adc_step(const crossbar::ArrayConfig& array, const config::CrossbarTechnology& technology) {
  double sum = 0;
  for (int slice = 0; slice < array.slices; ++slice)
    sum += std::pow(technology.adc_energy_growth, array.adc_bits_of(slice) - technology.adc_reference_bits);
  return picojoule(technology.adc_step_pJ) * (sum / array.slices);
}

crossbar::Encoding encoding(config::Encoding from) {
  switch (from) {
    case config::Encoding::offset:
      return crossbar::Encoding::offset;
    case config::Encoding::unit_column:
      return crossbar::Encoding::unit_column;
    case config::Encoding::differential:
      return crossbar::Encoding::differential;
    case config::Encoding::twos_complement:
      return crossbar::Encoding::twos_complement;
    case config::Encoding::reference:
      break;
  }
  return crossbar::Encoding::reference;
}

crossbar::UpdatePolicy update_policy(config::UpdatePolicy from) {
  switch (from) {
    case config::UpdatePolicy::write_back:
      return crossbar::UpdatePolicy::write_back;
    case config::UpdatePolicy::digital:
      return crossbar::UpdatePolicy::digital;
    case config::UpdatePolicy::in_place:
      break;
  }
  return crossbar::UpdatePolicy::in_place;
}

crossbar::DigitalCosts digital_costs(const config::DigitalTechnology& technology) {
  constexpr double priced_bits = 16;
  crossbar::DigitalCosts costs;
  costs.product = nanoseconds(technology.product_time_ns);
  costs.outer_product = nanoseconds(technology.outer_product_time_ns);
  costs.product_bit = picojoule(technology.product_pJ / priced_bits);
  costs.outer_product_bit = picojoule(technology.outer_product_pJ / priced_bits);
  costs.add = picojoule(technology.vector_pJ_per_element);
  return costs;
}

// Loading and reading out the SRAM of a digital unit: priced and timed like the buffer beside it. The unit
// charges by slice.
void set_memory_access(crossbar::CrossbarUnitConfig& crossbar, const config::Scenario& scenario) {
  const double bytes = 4.0 * crossbar.array.rows * crossbar.array.cols;
  const Joule energy =
      picojoule(scenario.technology.digital.buffer_pJ_per_byte) * (bytes / crossbar.array.slices);
  crossbar.energy.array_read = crossbar.energy.array_write = energy;
  const sc_time time = nanoseconds(bytes / scenario.platform.tile.buffer_bandwidth_GBps);
  crossbar.timing.array_read = crossbar.timing.array_write = time;
}

// Exact integers: nothing clips, nothing saturates, and 15 steps of deposits fit into a cell.
crossbar::ArrayConfig digital_array(const config::CrossbarConfig& from) {
  crossbar::ArrayConfig array;
  array.rows = from.rows;
  array.cols = from.columns;
  array.digit_bits = from.weight_bits() % 2 == 0 ? 2 : 1;
  array.slices = from.weight_bits() / array.digit_bits;
  constexpr int room_for_one_update = 7;
  array.cell_bits.assign(static_cast<std::size_t>(array.slices), room_for_one_update);
  constexpr int lossless = 28;
  array.adc_bits = lossless;
  if (from.arithmetic == config::Arithmetic::none) array.arithmetic = crossbar::Arithmetic::none;
  return array;
}

crossbar::RegisterEnergy register_energy(const config::CrossbarTechnology& technology) {
  crossbar::RegisterEnergy energy;
  energy.input_write = picojoule(technology.input_write_pJ);
  energy.input_read = picojoule(technology.input_read_pJ);
  energy.output_access = picojoule(technology.output_access_pJ);
  energy.shift_add = picojoule(technology.shift_add_pJ);
  return energy;
}

crossbar::CrossbarUnitConfig crossbar_config(const config::Scenario& scenario) {
  const config::CrossbarTechnology& technology = scenario.technology.crossbar;
  crossbar::CrossbarUnitConfig crossbar;
  crossbar.array = array_config(scenario.platform.crossbar);
  crossbar.timing.mvm_step = nanoseconds(technology.mvm_step_ns);
  crossbar.timing.settle = nanoseconds(technology.settle_ns);
  crossbar.timing.adcs = scenario.platform.crossbar.adcs;
  crossbar.timing.opa_step = nanoseconds(technology.opa_step_ns);
  crossbar.timing.opa_phases = static_cast<unsigned>(technology.opa_phases);
  crossbar.timing.sign_steps = static_cast<unsigned>(technology.sign_steps);
  crossbar.timing.array_read = nanoseconds(technology.read_time_ns);
  crossbar.timing.array_write = nanoseconds(technology.write_time_ns);
  const config::CrossbarConfig& from = scenario.platform.crossbar;
  crossbar.energy.mvm_step =
      picojoule(technology.array_step_pJ) * (from.arrays_per_digit() * from.line_share());
  crossbar.energy.adc_step = adc_step(crossbar.array, technology) * from.line_share();
  crossbar.energy.opa_step = picojoule(technology.opa_step_pJ);
  crossbar.energy.array_read = picojoule(technology.read_pJ) * from.arrays_per_digit();
  crossbar.energy.array_write =
      technology.write_verify_pulses * picojoule(technology.write_pJ) * from.arrays_per_digit();
  if (scenario.platform.crossbar.registers) crossbar.registers = register_energy(technology);
  crossbar.energy.array_pulse = picojoule(technology.write_pJ) * from.arrays_per_digit();
  crossbar.timing.write_pulse = nanoseconds(technology.write_pulse_ns);
  crossbar.energy.write_pulse = picojoule(technology.write_pulse_pJ);
  crossbar.energy.half_select = picojoule(technology.half_select_pJ);
  crossbar.energy.row_setup = picojoule(technology.row_setup_pJ);
  crossbar.energy.lines = endurance::line_energy(technology.write_lines, from.rows, from.columns);
  crossbar.energy.spike = picojoule(technology.spike_pJ) * from.arrays_per_digit();
  crossbar.compares_kernels = scenario.platform.crossbar.kernel_filter.policy != write_filter::Policy::none;
  crossbar.endurance = scenario.platform.crossbar.endurance;
  crossbar.policy = update_policy(scenario.platform.crossbar.update);
  crossbar.digital = digital_costs(scenario.technology.digital);
  if (crossbar.policy == crossbar::UpdatePolicy::digital) set_memory_access(crossbar, scenario);
  return crossbar;
}

write_filter::WriteFilterConfig write_filter_config(const config::Scenario& scenario) {
  const config::WriteFilterTechnology& technology = scenario.technology.write_filter;
  write_filter::WriteFilterConfig filter;
  filter.rules = config::filter_schedule(scenario).built;
  filter.kernel_rules = scenario.platform.crossbar.kernel_filter;
  filter.cycle = period(scenario.platform.clock_MHz);
  filter.lanes = static_cast<unsigned>(technology.lanes);
  filter.compare = picojoule(technology.compare_pJ);
  filter.product = picojoule(technology.product_pJ);
  filter.residual_access = picojoule(technology.residual_pJ);
  return filter;
}

void set_reram_buffer(tile::TileConfig& tile, const config::Scenario& scenario) {
  const config::TileConfig& from = scenario.platform.tile;
  const config::ReramBufferTechnology& technology = scenario.technology.reram_buffer;
  tile.reram.rows.size = from.reram_buffer.size_bytes;
  tile.reram.rows.row_cells = from.reram_buffer.row_cells;
  tile.reram.rows.cell_bits = from.reram_buffer.cell_bits;
  tile.reram.rows.banks = from.reram_buffer.banks;
  tile.reram.rows.endurance = from.reram_buffer.endurance;
  tile.reram.row_read = nanoseconds(technology.read_time_ns);
  tile.reram.row_write = nanoseconds(technology.write_time_ns);
  tile.reram.row_read_energy = picojoule(technology.read_pJ);
  tile.reram.pulse_energy = picojoule(technology.write_pJ);
  tile.reram.half_select_energy = picojoule(technology.half_select_pJ);
  tile.reram.row_setup_energy = picojoule(technology.row_setup_pJ);
  tile.reram.line_energy = endurance::line_energy(technology.write_lines, reram_buffer::subarray_rows,
                                                  from.reram_buffer.row_cells);
  tile.buffer_filter.rules = {from.write_filters.activation_buffer, from.write_filters.error_buffer,
                              from.write_filters.gradient_buffer};
  tile.buffer_filter.cycle = period(scenario.platform.clock_MHz);
  tile.buffer_filter.lanes = static_cast<unsigned>(scenario.technology.write_filter.lanes);
  tile.buffer_filter.compare = picojoule(scenario.technology.write_filter.compare_pJ);
}

inversion::Mode inversion_mode(config::InversionMode from) {
  switch (from) {
    case config::InversionMode::nested:
      return inversion::Mode::nested;
    case config::InversionMode::merged:
      return inversion::Mode::merged;
    case config::InversionMode::reference:
      break;
  }
  return inversion::Mode::reference;
}

inversion::LevelRounding level_rounding(config::LevelRounding from) {
  switch (from) {
    case config::LevelRounding::truncate:
      return inversion::LevelRounding::truncate;
    case config::LevelRounding::compensated:
      return inversion::LevelRounding::compensated;
    case config::LevelRounding::nearest:
      break;
  }
  return inversion::LevelRounding::nearest;
}

inversion::SolverSettings solver_settings(const config::Scenario& scenario) {
  const config::InversionConfig& from = scenario.platform.inversion;
  inversion::SolverSettings solver;
  solver.mode = inversion_mode(from.mode);
  solver.array = static_cast<unsigned>(from.array);
  solver.array_bits = static_cast<unsigned>(from.array_bits);
  solver.cell_bits = static_cast<unsigned>(from.cell_bits);
  solver.matrix_bits = static_cast<unsigned>(from.matrix_bits);
  solver.input_bits = static_cast<unsigned>(from.input_bits);
  solver.solution_bits = static_cast<unsigned>(from.solution_bits);
  solver.dac_bits = static_cast<unsigned>(from.dac_bits);
  solver.adc_bits = static_cast<unsigned>(from.adc_bits);
  solver.ideal_converters = from.ideal_converters;
  solver.conversion = from.conversion == config::InversionConversion::each_slice
                          ? inversion::Conversion::each_slice
                          : inversion::Conversion::sum;
  solver.rounding = level_rounding(from.rounding);
  solver.terms = static_cast<unsigned>(from.terms);
  solver.passes = static_cast<unsigned>(from.passes);
  solver.residual_bits = static_cast<unsigned>(from.residual_bits);
  solver.limit = static_cast<unsigned>(from.limit);
  solver.effects.programming_sigma = from.effects.programming_sigma;
  solver.effects.amplifier_gain = from.effects.amplifier_gain;
  solver.effects.wire_ohm = from.effects.wire_ohm;
  solver.effects.g_max_uS = scenario.technology.inversion.g_max_uS;
  solver.products.adc_bits = static_cast<unsigned>(from.product_effects.adc_bits);
  solver.products.programming_sigma = from.product_effects.programming_sigma;
  solver.products.read_sigma = from.product_effects.read_sigma;
  solver.products.on_off = from.product_effects.on_off;
  solver.products.wire_ohm = from.product_effects.wire_ohm;
  solver.products.g_max_uS = scenario.technology.inversion.g_max_uS;
  solver.seed = from.seed;
  return solver;
}

// Costs of the analogue modes.
void set_operation_costs(inversion::InversionUnitConfig& inversion,
                         const config::InversionTechnology& technology) {
  constexpr double Hz_per_MHz = 1e6;
  inversion.times.drive_ns = technology.drive_time_ns;
  inversion.times.settle_floor_ns = technology.settle_time_ns;
  inversion.times.gain_bandwidth_Hz = technology.gain_bandwidth_MHz * Hz_per_MHz;
  inversion.times.product_ns = technology.product_time_ns;
  inversion.times.conversion_ns = technology.conversion_time_ns;
  inversion.times.columns_per_adc = static_cast<unsigned>(technology.columns_per_adc);
  inversion.conductance = {technology.g_min_uS, technology.g_max_uS};
  inversion.energy.amplifier_ns = picojoule(technology.amplifier_mW);  // mW · ns = pJ
  // uS · V² · ns = 1e-15 J
  inversion.energy.microsiemens_ns = picojoule(technology.read_voltage_V * technology.read_voltage_V * 1e-3);
  inversion.energy.drive = picojoule(technology.drive_pJ);
  inversion.energy.conversion = picojoule(technology.conversion_pJ);
  inversion.energy.cell = picojoule(technology.cell_pJ);
}

inversion::InversionUnitConfig inversion_config(const config::Scenario& scenario) {
  const config::InversionTechnology& technology = scenario.technology.inversion;
  inversion::InversionUnitConfig inversion;
  inversion.size = static_cast<unsigned>(scenario.platform.inversion.size);
  inversion.solver = solver_settings(scenario);
  inversion.measure = scenario.platform.inversion.measure;
  inversion.solve = nanoseconds(technology.solve_time_ns);
  inversion.row_write = nanoseconds(technology.row_write_time_ns);
  inversion.solve_energy = picojoule(technology.solve_pJ);
  inversion.row_write_energy = picojoule(technology.row_write_pJ);
  set_operation_costs(inversion, technology);
  return inversion;
}

fp_pim::MultiplyPolicy multiply_policy(config::MultiplyPolicy from) {
  switch (from) {
    case config::MultiplyPolicy::worst:
      return fp_pim::MultiplyPolicy::worst;
    case config::MultiplyPolicy::predicated:
      return fp_pim::MultiplyPolicy::predicated;
    case config::MultiplyPolicy::expected:
      break;
  }
  return fp_pim::MultiplyPolicy::expected;
}

// Bits of numbers are written by setting cells, and read at the price of a NOR, unless the logic reads and
// writes.
void set_fp_pim_logic(fp_pim::FpPimUnitConfig& fp_pim, const config::FpPimTechnology& technology) {
  const bool sot = technology.logic == config::FpPimLogic::sot;
  fp_pim.primitives.logic = sot ? fp_pim::Logic::sot : fp_pim::Logic::nor;
  fp_pim.primitives.policy = multiply_policy(technology.multiply_policy);
  fp_pim.primitives.search_scope = technology.search_scope == config::SearchScope::lane
                                       ? fp_pim::SearchScope::lane
                                       : fp_pim::SearchScope::array;
  fp_pim.primitives.read_time = nanoseconds(technology.read_time_ns);
  fp_pim.primitives.write_time = nanoseconds(technology.write_time_ns);
  fp_pim.primitives.read = picojoule(technology.read_pJ);
  fp_pim.primitives.write = picojoule(technology.write_pJ);
  fp_pim.bit_write = sot ? fp_pim.primitives.write : fp_pim.primitives.set;
  fp_pim.bit_read = sot ? fp_pim.primitives.read : fp_pim.primitives.nor;
}

fp_pim::FpPimUnitConfig fp_pim_config(const config::Scenario& scenario) {
  const config::FpPimTechnology& technology = scenario.technology.fp_pim;
  fp_pim::FpPimUnitConfig fp_pim;
  fp_pim.rows = static_cast<unsigned>(scenario.platform.fp_pim.rows);
  fp_pim.columns = static_cast<unsigned>(scenario.platform.fp_pim.columns);
  fp_pim.primitives.nor_time = nanoseconds(technology.nor_time_ns);
  fp_pim.primitives.search_time = nanoseconds(technology.search_time_ns);
  fp_pim.primitives.nor = picojoule(technology.nor_pJ);
  fp_pim.primitives.set = picojoule(technology.set_pJ);
  fp_pim.primitives.reset = picojoule(technology.reset_pJ);
  fp_pim.primitives.search = picojoule(technology.search_pJ);
  fp_pim.row_access = nanoseconds(technology.row_access_time_ns);
  set_fp_pim_logic(fp_pim, technology);
  return fp_pim;
}

vector::VectorUnitConfig vector_config(const config::Scenario& scenario) {
  const config::DigitalTechnology& technology = scenario.technology.digital;
  vector::VectorUnitConfig vector;
  vector.lanes = static_cast<unsigned>(scenario.platform.tile.vector_lanes);
  vector.cycle = period(scenario.platform.clock_MHz);
  vector.other_element = picojoule(technology.vector_pJ_per_element);
  vector.multiply_element = picojoule(technology.vector_multiply_pJ_per_element);
  vector.table_element = picojoule(technology.vector_table_pJ_per_element);
  return vector;
}

tile::TileConfig tile_config(const config::Scenario& scenario) {
  const config::TileConfig& from = scenario.platform.tile;
  tile::TileConfig tile;
  tile.crossbars = static_cast<unsigned>(from.crossbars);
  tile.check_hazards = from.check_hazards;
  tile.inversions = static_cast<unsigned>(from.inversion_units);
  tile.fp_pims = static_cast<unsigned>(from.fp_pim_units);
  tile.sync_counters = static_cast<unsigned>(from.sync_counters);
  tile.queue_depth = static_cast<unsigned>(from.queue_depth);
  tile.bus_latency = period(scenario.platform.clock_MHz);
  tile.hart = hart_config(scenario, from.hart, from.cycles, "platform.tile.hart");
  tile.hart.energy_per_cycle = picojoule(scenario.technology.digital.hart_pJ_per_cycle);
  tile.buffer = memory_config(from.buffer_size_bytes, from.buffer_latency_ns, from.buffer_bandwidth_GBps,
                              scenario.technology.digital.buffer_pJ_per_byte);
  tile.buffer.banks = static_cast<unsigned>(from.buffer_banks);
  tile.buffer.word_bytes = static_cast<unsigned>(from.buffer_word_bytes);
  if (from.reram_buffer.size_bytes > 0) set_reram_buffer(tile, scenario);
  tile.crossbar = crossbar_config(scenario);
  tile.write_filter = write_filter_config(scenario);
  tile.inversion = inversion_config(scenario);
  tile.fp_pim = fp_pim_config(scenario);
  tile.vector = vector_config(scenario);
  return tile;
}

noc::Fidelity fidelity(config::NocFidelity from) {
  switch (from) {
    case config::NocFidelity::ideal:
      return noc::Fidelity::kIdeal;
    case config::NocFidelity::flit:
      return noc::Fidelity::kFlit;
    case config::NocFidelity::automatic:
      return noc::Fidelity::kAuto;
    case config::NocFidelity::lt:
      break;
  }
  return noc::Fidelity::kLt;
}

noc::TopologyKind topology(config::NocTopology from) {
  switch (from) {
    case config::NocTopology::torus:
      return noc::TopologyKind::kTorus;
    case config::NocTopology::cmesh:
      return noc::TopologyKind::kConcentratedMesh;
    case config::NocTopology::ring:
      return noc::TopologyKind::kRing;
    case config::NocTopology::crossbar:
      return noc::TopologyKind::kCrossbar;
    case config::NocTopology::mesh:
      break;
  }
  return noc::TopologyKind::kMesh;
}

noc::Routing routing(config::NocRouting from) {
  switch (from) {
    case config::NocRouting::yx:
      return noc::Routing::kYx;
    case config::NocRouting::west_first:
      return noc::Routing::kWestFirst;
    case config::NocRouting::xy:
      break;
  }
  return noc::Routing::kXy;
}

// The prices of a flit, from the scenario or from a table.
noc::FlitPrices flit_prices(const config::Scenario& scenario) {
  const config::NocTechnology& from = scenario.technology.noc;
  const auto table = [&](noc::PriceTable which) {
    try {
      return noc::flit_prices(which, static_cast<unsigned>(scenario.platform.noc.flit_bytes),
                              static_cast<unsigned>(scenario.platform.noc.virtual_channels));
    } catch (const Error& error) {
      throw Error(fmt::format("technology.noc.prices: {}", error.what()));
    }
  };
  switch (from.prices) {
    case config::NocPrices::dsent_45nm:
      return table(noc::PriceTable::kDsent45nm);
    case config::NocPrices::dsent_32nm:
      return table(noc::PriceTable::kDsent32nm);
    case config::NocPrices::dsent_22nm:
      return table(noc::PriceTable::kDsent22nm);
    case config::NocPrices::dsent_11nm:
      return table(noc::PriceTable::kDsent11nm);
    case config::NocPrices::isaac:
      return table(noc::PriceTable::kIsaac);
    case config::NocPrices::puma:
      return table(noc::PriceTable::kPuma);
    case config::NocPrices::given:
      break;
  }
  return {picojoule(from.router_pJ_per_flit), picojoule(from.link_pJ_per_flit)};
}

noc::NocConfig noc_config(const config::Scenario& scenario) {
  const config::NocConfig& from = scenario.platform.noc;
  noc::NocConfig noc;
  noc.fidelity = fidelity(from.fidelity);
  noc.mesh.topology = topology(from.topology);
  noc.mesh.routing = routing(from.routing);
  noc.mesh.concentration = from.concentration;
  if (noc.simulates_flits()) noc.routers = noc::router_pipeline(static_cast<unsigned>(from.hop_cycles));
  noc.routers.buffer_flits = static_cast<unsigned>(from.buffer_flits);
  if (from.control_priority) noc.routers.classes = 2;
  noc.posted_writes = static_cast<unsigned>(from.posted_writes);
  noc.multicast = from.multicast;
  noc.mesh.flit_bytes = static_cast<unsigned>(from.flit_bytes);
  noc.mesh.hop_cycles = static_cast<unsigned>(from.hop_cycles);
  noc.mesh.max_packet_flits = static_cast<unsigned>(from.max_packet_flits);
  noc.mesh.virtual_channels = static_cast<unsigned>(from.virtual_channels);
  noc.cycle = period(from.clock_MHz);
  const noc::FlitPrices prices = flit_prices(scenario);
  noc.router_flit = prices.router;
  noc.link_flit_millimetre = prices.link_millimetre;
  return noc;
}

syscon::SysconConfig syscon_config(const config::Scenario& scenario, std::uint32_t boot_info) {
  const config::PlatformConfig& platform = scenario.platform;
  syscon::SysconConfig syscon;
  syscon.version_minor = 1;
  syscon.tile_columns = static_cast<std::uint32_t>(platform.tiles.columns);
  syscon.tile_rows = static_cast<std::uint32_t>(platform.tiles.rows);
  syscon.crossbars_per_tile = static_cast<std::uint32_t>(platform.tile.crossbars);
  syscon.crossbar_rows = static_cast<std::uint32_t>(platform.crossbar.rows);
  syscon.crossbar_columns = static_cast<std::uint32_t>(platform.crossbar.columns);
  syscon.dram_bytes = platform.host.dram_size_bytes;
  syscon.clock_hz = static_cast<std::uint32_t>(std::llround(platform.clock_MHz * 1e6));
  syscon.boot_info = boot_info;
  return syscon;
}

}  // namespace

crossbar::ArrayConfig array_config(const config::CrossbarConfig& from) {
  if (from.update == config::UpdatePolicy::digital) return digital_array(from);
  crossbar::ArrayConfig array;
  array.rows = from.rows;
  array.cols = from.columns;
  array.slices = from.slices;
  array.digit_bits = from.digit_bits;
  array.encoding = encoding(from.encoding);
  array.cell_bits = one_a_slice(from.cell_bits, from.slices);
  array.dac_bits = from.dac_bits;
  array.slice_adc_bits = one_a_slice(from.adc_bits, from.slices);
  switch (from.adc_range) {
    case config::AdcRange::max:
      array.adc_range = crossbar::AdcRange::max;
      break;
    case config::AdcRange::granular:
      array.adc_range = crossbar::AdcRange::granular;
      break;
    case config::AdcRange::calibrated:
      array.adc_range = crossbar::AdcRange::calibrated;
      // Layers get theirs once it is known which units are whose (tools/weft/simulation.cpp).
      array.full_scale = one_a_slice(
          from.adc_full_scale_by_layer.empty() ? from.adc_full_scale : from.adc_full_scale_by_layer.front(),
          from.slices);
      break;
  }
  switch (from.arithmetic) {
    case config::Arithmetic::automatic:
      array.arithmetic = crossbar::Arithmetic::automatic;
      break;
    case config::Arithmetic::exact:
      array.arithmetic = crossbar::Arithmetic::exact;
      break;
    case config::Arithmetic::sliced:
      array.arithmetic = crossbar::Arithmetic::sliced;
      break;
    case config::Arithmetic::device:
      array.arithmetic = crossbar::Arithmetic::device;
      array.device = from.device;
      break;
    case config::Arithmetic::none:
      array.arithmetic = crossbar::Arithmetic::none;
      break;
  }
  return array;
}

machine::MachineConfig machine_config(const config::Scenario& scenario, std::uint32_t boot_info) {
  const config::HostConfig& host = scenario.platform.host;
  const config::DigitalTechnology& digital = scenario.technology.digital;
  machine::MachineConfig machine;
  machine.hart = hart_config(scenario, host.hart, host.cycles, "platform.host.hart");
  machine.sram = memory_config(host.sram_size_bytes, 0, 0, digital.buffer_pJ_per_byte);
  machine.sram.latency = period(scenario.platform.clock_MHz);
  machine.dram = memory_config(host.dram_size_bytes, host.dram_latency_ns, host.dram_bandwidth_GBps,
                               digital.dram_pJ_per_byte);
  if (host.flash.image) machine.flash_size = host.flash.size_bytes;
  machine.bus_latency = period(scenario.platform.clock_MHz);
  machine.syscon = syscon_config(scenario, boot_info);
  machine.accelerator.columns = scenario.platform.tiles.columns;
  machine.accelerator.rows = scenario.platform.tiles.rows;
  machine.accelerator.host_column = scenario.platform.noc.host_node.x;
  machine.accelerator.host_row = scenario.platform.noc.host_node.y;
  machine.accelerator.tile = tile_config(scenario);
  machine.accelerator.noc = noc_config(scenario);
  set_memory(scenario, machine);
  return machine;
}

}  // namespace weft::assembly
