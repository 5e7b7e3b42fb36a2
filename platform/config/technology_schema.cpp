// SPDX-License-Identifier: Apache-2.0
// The keys of technology: time, energy and area of the parts, with the source of every default.
#include "platform/config/schema.h"

namespace weft::config {

namespace {

constexpr double second = 1e9;
constexpr double millijoule = 1e9;  // in pJ

const Table<CrossbarTechnology>& crossbar_technology_table() {
  using T = CrossbarTechnology;
  const auto time = [] { return duration(0.001, second); };
  const auto price = [] { return energy(0, millijoule); };
  static const Table<T> table =
      Table<T>()
          .add("mvm_step", &T::mvm_step_ns, time(),
               "One step of a matrix-vector product: drive, settle, one converter for all columns (PANTHER's "
               "public simulator).")
          .add("settle", &T::settle_ns, time(),
               "The part of mvm_step that does not shrink with more converters: drive and settle (assumed).")
          .add("opa_step", &T::opa_step_ns, time(),
               "One pulse of an outer product (20 ns a sign phase of 16 steps, PANTHER's public simulator; "
               "minimum pulse 1 ns, Marinella et al. 2018 table I).")
          .add("opa_phases", &T::opa_phases, integer(1, 4),
               "Sign combinations an outer product is applied in (Marinella et al. 2018 section III-E).")
          .add("read_time", &T::read_time_ns, time(),
               "Serial read of a whole array of one slice (PANTHER's public simulator).")
          .add("write_time", &T::write_time_ns, time(),
               "Serial write of a whole array of one slice (PANTHER's public simulator).")
          .add("array_step_energy", &T::array_step_pJ, price(),
               "One product step of one slice, array and DACs (35.10 nJ over 16 slices x 16 steps, PANTHER "
               "section 7.3, without the converters).")
          .add("adc_step_energy", &T::adc_step_pJ, price(),
               "Conversions of one product step of one slice at adc_reference_bits (the same, derived from "
               "the 17.5 % of PANTHER section 6.3).")
          .add("adc_reference_bits", &T::adc_reference_bits, integer(2, 28),
               "Converter resolution that adc_step_energy and technology.area.adc are for.")
          .add("adc_energy_growth", &T::adc_energy_growth, real(1, 4),
               "Factor of a converter's energy and power for each further bit (derived from the same, and "
               "from the span of PANTHER figure 10).")
          .add(
              "opa_step_energy", &T::opa_step_pJ, price(),
              "One outer-product step of one slice (11.37 nJ over 8 slices x 16 steps, PANTHER section 7.3).")
          .add("read_energy", &T::read_pJ, price(),
               "Serial read of a whole array of one slice (PANTHER's public simulator).")
          .add("write_energy", &T::write_pJ, price(),
               "Serial write of a whole array of one slice, one pulse a cell (PANTHER's public simulator).")
          .add("write_verify_pulses", &T::write_verify_pulses, integer(1, 1000),
               "Pulses of a verified write, each at write_energy (derived from the energy ratios of PANTHER "
               "section 7.3).")
          .add("sign_steps", &T::sign_steps, integer(0, 1),
               "Steps of a product or outer product that stream the operand's sign. 0: it is a polarity; 1: "
               "operands of 16 bits take 16 steps, as PANTHER counts them.")
          .add("input_write_energy", &T::input_write_pJ, price(),
               "With crossbar.registers: writing an element of an operand. By default, registers and "
               "shift-and-add are in the price of a step.")
          .add("input_read_energy", &T::input_read_pJ, price(),
               "With crossbar.registers: the driven bits of all rows, once a step.")
          .add(
              "output_access_energy", &T::output_access_pJ, price(),
              "With crossbar.registers: reading or writing an element of the results; two a column and step.")
          .add("shift_add_energy", &T::shift_add_pJ, price(),
               "With crossbar.registers: one addition; one a slice and another one a column and step.")
          .add("write_pulse_time", &T::write_pulse_ns, time(),
               "One pulse where pulses are counted, its verify read included (1T1R cell of INCA).")
          .add("write_pulse_energy", &T::write_pulse_pJ, price(),
               "One pulse of a cell where pulses are counted (1T1R cell of INCA: 1.1 V, 240 kOhm, 50 ns).")
          .add("half_select_energy", &T::half_select_pJ, price(),
               "One pulse seen by a cell that is not written, of the row or on a pulsed bit line. Assumed 0, "
               "as in a "
               "1T1R array; a cross-point with a V/2 scheme has a quarter of write_pulse_energy.")
          .add("row_setup_energy", &T::row_setup_pJ, price(),
               "Decoder and drivers for one row of one slice where pulses are counted. Assumed part of the "
               "pulses.")
          .add("write_lines", &T::write_lines, object(write_lines_table()), "")
          .add("spike_energy", &T::spike_pJ, price(),
               "A line of one array in a step that drives it with something, besides array_step. By default "
               "in that.");
  return table;
}

const Table<WriteFilterTechnology>& write_filter_technology_table() {
  using T = WriteFilterTechnology;
  static const Table<T> table =
      Table<T>()
          .add("lanes", &T::lanes, integer(1, 1024), "Updates a write filter looks at in a cycle. Assumed.")
          .add("compare_energy", &T::compare_pJ, energy(0, millijoule),
               "Absolute value and comparison of one update of 16 bits at 28 to 32 nm. Assumed.")
          .add("product_energy", &T::product_pJ, energy(0, millijoule),
               "A product of 15 bits, which the filter of an outer product needs. Assumed, between integer "
               "products of 8 and 32 bits at 45 nm.")
          .add("residual_energy", &T::residual_pJ, energy(0, millijoule),
               "Read and write of one residual of 16 bits in 1 KiB SRAM (derived from the register file of "
               "PANTHER's public simulator: 0.33 mW at 1 GHz); 2.15 pJ in 64 KiB eDRAM.");
  return table;
}

const Table<FpPimTechnology>& fp_pim_technology_table() {
  using T = FpPimTechnology;
  const auto time = [] { return duration(0.001, second); };
  const auto price = [] { return energy(0, millijoule); };
  static const Table<T> table =
      Table<T>()
          .add("nor_time", &T::nor_time_ns, time(), "A row-parallel NOR (FloatPIM, ISCA 2019).")
          .add("search_time", &T::search_time_ns, time(), "A search of the whole array (FloatPIM).")
          .add("logic", &T::logic, choice<FpPimLogic>({{"nor", FpPimLogic::nor}, {"sot", FpPimLogic::sot}}),
               "nor: FloatPIM's stateful NOR and its procedures; sot: SOT-MRAM writes with logic (arXiv "
               "2003.01551; procedures reconstructed).")
          .add(
              "multiply_policy", &T::multiply_policy,
              choice<MultiplyPolicy>({{"expected", MultiplyPolicy::expected},
                                      {"worst", MultiplyPolicy::worst},
                                      {"predicated", MultiplyPolicy::predicated}}),
              "Additions of a multiplication, logic sot. expected: for half of the multiplier's bits, as "
              "published; worst: for every bit; predicated: time for every bit, energy in lanes whose bit is "
              "1.")
          .add("search_scope", &T::search_scope,
               choice<SearchScope>({{"array", SearchScope::array}, {"lane", SearchScope::lane}}),
               "What search_energy is for: all lanes together, or each (FloatPIM does not say).")
          .add("read_time", &T::read_time_ns, time(),
               "Reading a row, logic sot (1.82 ns for a read and a write make 1.8 times FloatPIM's MAC; how "
               "they share it is assumed).")
          .add("write_time", &T::write_time_ns, time(), "Writing a row, logic sot (likewise).")
          .add("row_access_time", &T::row_access_time_ns, time(),
               "Writing or reading a row of numbers. Assumed: two NOR times, FloatPIM's row-parallel write.")
          .add("nor_energy", &T::nor_pJ, price(), "A NOR of one lane (FloatPIM).")
          .add("set_energy", &T::set_pJ, price(),
               "Setting a cell (FloatPIM); also the price of a bit written.")
          .add("reset_energy", &T::reset_pJ, price(), "Resetting a cell (FloatPIM).")
          .add("search_energy", &T::search_pJ, price(),
               "A search (FloatPIM), of the whole array or of a lane: search_scope.")
          .add(
              "read_energy", &T::read_pJ, price(),
              "Reading a cell, logic sot (54.5 fJ for a read and a write make FloatPIM's MAC / 3.3; how they "
              "share it is assumed).")
          .add("write_energy", &T::write_pJ, price(), "Writing a cell, logic sot (likewise).")
          .add("endurance", &T::endurance, real(1, 1e18),
               "Writes a cell lives through (FloatPIM's lower figure).");
  return table;
}

const Table<DigitalTechnology>& digital_technology_table() {
  using T = DigitalTechnology;
  const auto price = [] { return real(0, 1e6); };
  static const Table<T> table =
      Table<T>()
          .add("vector_pJ_per_element", &T::vector_pJ_per_element, price(),
               "Vector unit, operations that are neither of the next two (0.265 mW a lane at 1 GHz, PUMA's "
               "public simulator).")
          .add("vector_multiply_pJ_per_element", &T::vector_multiply_pJ_per_element, price(),
               "Vector unit, multiplication (0.565 mW a lane at 1 GHz, PUMA's public simulator).")
          .add("vector_table_pJ_per_element", &T::vector_table_pJ_per_element, price(),
               "Vector unit, exponential, logarithm, sigmoid and hyperbolic tangent (0.234 mW a lane at 1 "
               "GHz, ISAAC's sigmoid in PUMA's public simulator).")
          .add("buffer_pJ_per_byte", &T::buffer_pJ_per_byte, price(),
               "Tile buffer, read or write (64 KiB eDRAM, 17.2 pJ per 32 bytes, PUMA's public simulator).")
          .add("dram_pJ_per_byte", &T::dram_pJ_per_byte, price(),
               "Host DRAM, read or write (HBM2, 3.9 pJ per bit, NeuroSim).")
          .add("hart_pJ_per_instruction", &T::hart_pJ_per_instruction, price(),
               "Host and tile harts. Assumed: about twice the 2.2 pJ a cycle of PUMA's control pipeline, "
               "instruction memory and register file (PUMA table 3).")
          .add("hart_pJ_per_cycle", &T::hart_pJ_per_cycle, price(),
               "Each cycle of a tile's hart once it is started, asleep or not; by default in the price of an "
               "instruction.")
          .add("product_time", &T::product_time_ns, duration(0.001, second),
               "Digital matrix-vector product, 128 x 128 (8.9 times 1.8 us, PANTHER figure 1).")
          .add("product_energy", &T::product_pJ, energy(0, millijoule),
               "Digital matrix-vector product, 128 x 128, operands of 16 bits; in proportion for fewer (10.4 "
               "times 35.10 nJ, PANTHER figure 1).")
          .add("outer_product_time", &T::outer_product_time_ns, duration(0.001, second),
               "Digital outer product, 128 x 128 (PANTHER's public simulator).")
          .add("outer_product_energy", &T::outer_product_pJ, energy(0, millijoule),
               "Digital outer product, 128 x 128, operands of 16 bits; in proportion for fewer (PANTHER "
               "section 7.3).");
  return table;
}

const Table<NocTechnology>& noc_technology_table() {
  using T = NocTechnology;
  static const Table<T> table =
      Table<T>()
          .add("prices", &T::prices,
               choice<NocPrices>({{"given", NocPrices::given},
                                  {"dsent_45nm", NocPrices::dsent_45nm},
                                  {"dsent_32nm", NocPrices::dsent_32nm},
                                  {"dsent_22nm", NocPrices::dsent_22nm},
                                  {"dsent_11nm", NocPrices::dsent_11nm},
                                  {"isaac", NocPrices::isaac},
                                  {"puma", NocPrices::puma}}),
               "Table that prices flits of platform.noc; given: the two keys below.")
          .add("router_pJ_per_flit", &T::router_pJ_per_flit, real(0, 1e6),
               "A flit through a router: 64 bits, 2 virtual channels, depth 8, 32 nm (measured with DSENT).")
          .add("link_pJ_per_flit", &T::link_pJ_per_flit, real(0, 1e6),
               "A flit over a link of 1 mm: 64 bits, 32 nm (measured with DSENT).");
  return table;
}

const Table<PartCost>& part_cost_table() {
  using P = PartCost;
  static const Table<P> table =
      Table<P>()
          .add("area_mm2", &P::area_mm2, real(0, 1e6), "Area of one.")
          .add("power_mW", &P::power_mW, real(0, 1e9), "Peak power of one, leakage included.")
          .add("leakage_mW", &P::leakage_mW, real(0, 1e9), "Leakage of one.");
  return table;
}

const Table<AreaTechnology>& area_technology_table() {
  using A = AreaTechnology;
  const auto part = [] { return object(part_cost_table()); };
  static const Table<A> table =
      Table<A>()
          .add("crossbar_array", &A::crossbar_array, part(), "")
          .add("adc", &A::adc, part(), "")
          .add("adc_area_growth", &A::adc_area_growth, real(1, 4),
               "Factor of a converter's area for each further bit (derived: PANTHER's node of 117 mm2).")
          .add("crossbar_unit", &A::crossbar_unit, part(), "")
          .add("write_filter_lane", &A::write_filter_lane, part(), "")
          .add("write_filter_product", &A::write_filter_product, part(), "")
          .add("write_filter_memory", &A::write_filter_memory, part(), "")
          .add("digital_unit", &A::digital_unit, part(), "")
          .add("inversion_amplifier", &A::inversion_amplifier, part(), "")
          .add("fp_pim_subarray", &A::fp_pim_subarray, part(), "")
          .add("vector_lane", &A::vector_lane, part(), "")
          .add("hart", &A::hart, part(), "")
          .add("buffer", &A::buffer, part(), "")
          .add("reram_buffer_array", &A::reram_buffer_array, part(), "")
          .add("bus", &A::bus, part(), "")
          .add("sync", &A::sync, part(), "")
          .add("dma", &A::dma, part(), "")
          .add("router", &A::router, part(), "")
          .add("off_chip", &A::off_chip, part(), "")
          .add("dram_channel", &A::dram_channel, part(), "");
  return table;
}

}  // namespace

const Table<TechnologyConfig>& technology_table() {
  using T = TechnologyConfig;
  static const Table<T> table =
      Table<T>()
          .add_loader_key({"preset", "name", "none", "file technologies/<name>.yaml",
                           "Takes the technology from that file; the keys beside it override."})
          .add("name", &T::name, identifier(), "Stands in the results beside what its prices gave.")
          .add("crossbar", &T::crossbar, object(crossbar_technology_table()), "")
          .add("write_filter", &T::write_filter, object(write_filter_technology_table()), "")
          .add("reram_buffer", &T::reram_buffer, object(reram_buffer_technology_table()), "")
          .add("inversion", &T::inversion, object(inversion_technology_table()), "")
          .add("fp_pim", &T::fp_pim, object(fp_pim_technology_table()), "")
          .add("digital", &T::digital, object(digital_technology_table()), "")
          .add("noc", &T::noc, object(noc_technology_table()), "")
          .add("memory", &T::memory, object(memory_technology_table()), "")
          .add("area", &T::area, object(area_technology_table()), "");
  return table;
}

}  // namespace weft::config
