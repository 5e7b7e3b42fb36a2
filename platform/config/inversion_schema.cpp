// SPDX-License-Identifier: Apache-2.0
// The keys of platform.inversion and technology.inversion.
#include "platform/config/schema.h"

namespace weft::config {

namespace {

constexpr double second = 1e9;      // in ns
constexpr double millijoule = 1e9;  // in pJ

const Table<InversionEffects>& effects_table() {
  using E = InversionEffects;
  static const Table<E> table =
      Table<E>()
          .add("programming_sigma", &E::programming_sigma, real(0, 1),
               "Spread of what programming leaves in a cell of the INV array, as a share of Gmax; new at "
               "every load.")
          .add("amplifier_gain", &E::amplifier_gain, real(0, 1e12),
               "Open-loop gain of the amplifiers; 0: infinite, otherwise at least 1.")
          .add("wire_ohm", &E::wire_ohm, real(0, 1e6),
               "Resistance of a line of the INV array from cell to cell.");
  return table;
}

const Table<InversionProductEffects>& product_effects_table() {
  using E = InversionProductEffects;
  static const Table<E> table =
      Table<E>()
          .add("adc_bits", &E::adc_bits, integer(0, 24),
               "Converters of products: bits of a partial sum (one slice, one step of the DAC), otherwise at "
               "least 2; 0: exact.")
          .add("programming_sigma", &E::programming_sigma, real(0, 1),
               "Spread of what programming leaves in a cell of a product's arrays, as a share of Gmax.")
          .add("read_sigma", &E::read_sigma, real(0, 1),
               "Noise of a cell at every step of a product, as a share of Gmax.")
          .add("on_off", &E::on_off, real(0, 1e9),
               "Greatest by least conductance of a cell, which lets noise weigh more; 0: infinite, otherwise "
               "more than 1.")
          .add("wire_ohm", &E::wire_ohm, real(0, 1e6),
               "Resistance of a line of a product's arrays from cell to cell.");
  return table;
}

bool is_analogue(const InversionConfig& inversion) { return inversion.is_analogue(); }

}  // namespace

const Table<InversionConfig>& inversion_table() {
  using I = InversionConfig;
  const char* const analogue = "mode: nested or merged";
  static const Table<I> table =
      Table<I>()
          .add("size", &I::size, integer(1, 1024), "Unknowns of the largest system an inversion unit solves.")
          .add("mode", &I::mode,
               choice<InversionMode>({{"reference", InversionMode::reference},
                                      {"nested", InversionMode::nested},
                                      {"merged", InversionMode::merged}}),
               "reference: double precision; nested: analogue arrays, slices of b in slices of x in Taylor "
               "terms (RePAST-style); merged: analogue arrays, one refinement loop.")
          .add("array", &I::array, integer(1, 1024),
               "Unknowns of one INV array; larger systems are inverted block by block (BlockAMC).")
          .only_with("mode", analogue, is_analogue)
          .add("array_bits", &I::array_bits, integer(1, 16), "Magnitude bits of the matrix in the INV array.")
          .only_with("mode", analogue, is_analogue)
          .add("cell_bits", &I::cell_bits, integer(1, 8),
               "Resolution of a cell: how many arrays hold the bits.")
          .only_with("mode", analogue, is_analogue)
          .add("matrix_bits", &I::matrix_bits, integer(0, 32),
               "Bits of the matrix in the VMM arrays, sign included; 0: all that its elements have, "
               "otherwise at "
               "least 2.")
          .only_with("mode", analogue, is_analogue)
          .add("input_bits", &I::input_bits, integer(2, 32), "Bits of a right-hand side, sign included.")
          .only_with("mode", analogue, is_analogue)
          .add("solution_bits", &I::solution_bits, integer(2, 32), "Bits of a solution of the INV array.")
          .only_with("mode", analogue, is_analogue)
          .add("dac_bits", &I::dac_bits, integer(1, 16), "Input bits a line is driven with at once.")
          .only_with("mode", analogue, is_analogue)
          .add("adc_bits", &I::adc_bits, integer(2, 16), "Resolution of the output converters.")
          .only_with("mode", analogue, is_analogue)
          .add("ideal_converters", &I::ideal_converters, flag(),
               "Converters do not round: the exact series, faster to simulate; time and energy stay.")
          .only_with("mode", analogue, is_analogue)
          .add("conversion", &I::conversion,
               choice<InversionConversion>(
                   {{"sum", InversionConversion::sum}, {"each_slice", InversionConversion::each_slice}}),
               "sum: answers to the slices of b are added, then rounded; each_slice: each is rounded.")
          .only_with("mode", analogue, is_analogue)
          .add("rounding", &I::rounding,
               choice<LevelRounding>({{"nearest", LevelRounding::nearest},
                                      {"truncate", LevelRounding::truncate},
                                      {"compensated", LevelRounding::compensated}}),
               "Rounding of the matrix in the INV array; compensated: nearest, and the diagonal takes up "
               "what a "
               "row has lost, which keeps every positive definite matrix stable.")
          .only_with("mode", analogue, is_analogue)
          .add("terms", &I::terms, integer(1, 256), "Taylor terms of a solution, mode nested.")
          .only_with("mode", analogue, is_analogue)
          .add("passes", &I::passes, integer(1, 256), "Passes of a solution.")
          .only_with("mode", "mode: merged", [](const I& i) { return i.mode == InversionMode::merged; })
          .add("residual_bits", &I::residual_bits, integer(0, 48),
               "A solution ends when its residual is below 2^-residual_bits of the right-hand side; 0: after "
               "terms or passes.")
          .only_with("mode", analogue, is_analogue)
          .add("limit", &I::limit, integer(1, 1024),
               "Terms or passes after which a solution that waits for its residual has not converged.")
          .only_with("mode", analogue, is_analogue)
          .add("measure", &I::measure, flag(),
               "Compare every solution with double precision; slower, results and simulated time stay the "
               "same.")
          .only_with("mode", analogue, is_analogue)
          .add("effects", &I::effects, object(effects_table()), "")
          .only_with("mode", analogue, is_analogue)
          .add("product_effects", &I::product_effects, object(product_effects_table()), "")
          .only_with("mode", analogue, is_analogue)
          .add("seed", &I::seed, seed_number(), "Seed of the errors of programming and of noise.")
          .only_with("mode", analogue, is_analogue);
  return table;
}

const Table<InversionTechnology>& inversion_technology_table() {
  using T = InversionTechnology;
  const auto time = [] { return duration(0.001, second); };
  const auto price = [] { return energy(0, millijoule); };
  static const Table<T> table =
      Table<T>()
          .add(
              "solve_time", &T::solve_time_ns, time(),
              "One right-hand side, mode reference. Assumed: 48 inversions and 28 products of 100 ns (16-bit "
              "operands, 4-bit DAC, 8-bit ADC, four terms of RePAST's series).")
          .add("row_write_time", &T::row_write_time_ns, time(),
               "Writing a row of the matrix (a 128th of an array, PUMA's public simulator).")
          .add("solve_energy", &T::solve_pJ, price(),
               "One right-hand side, mode reference. Assumed: 48 inversions of 11.5 nJ, most of it in 256 "
               "amplifiers of 0.2 mW.")
          .add("row_write_energy", &T::row_write_pJ, price(),
               "Writing a row of one array (a 128th of an array, PUMA's public simulator).")
          .add("drive_time", &T::drive_time_ns, time(), "DAC of a line (PUMA's public simulator).")
          .add("settle_time", &T::settle_time_ns, time(),
               "The least time an INV array settles in: slew and parasitics (about 120 ns on HP-INV's board; "
               "assumed).")
          .add("gain_bandwidth_MHz", &T::gain_bandwidth_MHz, real(0.001, 1e6),
               "Gain-bandwidth product of the amplifiers; assumed.")
          .add("product_time", &T::product_time_ns, time(),
               "An array of a product (PUMA's public simulator).")
          .add("conversion_time", &T::conversion_time_ns, time(),
               "One conversion of a column (100 ns for 128, PUMA's public simulator).")
          .add("columns_per_adc", &T::columns_per_adc, integer(1, 1024),
               "Columns that share a converter (PUMA's public simulator).")
          .add("amplifier_power_mW", &T::amplifier_mW, real(0, 1e6),
               "An amplifier while the array settles; derived from the current it drives.")
          .add("read_voltage_V", &T::read_voltage_V, real(0, 100), "Voltage at the cells, rms; assumed.")
          .add("g_min_uS", &T::g_min_uS, real(0, 1e6), "Conductance of a closed cell (HP-INV).")
          .add("g_max_uS", &T::g_max_uS, real(1e-6, 1e6), "Conductance of a fully open cell (HP-INV).")
          .add("drive_energy", &T::drive_pJ, price(), "Driving a line once (PUMA's public simulator).")
          .add("conversion_energy", &T::conversion_pJ, price(),
               "One conversion with 8 bits (2 mW for 100 ns and 128 columns, PUMA's public simulator).")
          .add("cell_energy", &T::cell_pJ, price(),
               "A cell in a step of a product (1.2 mW for 100 ns and 256 x 256 cells, PUMA's public "
               "simulator).");
  return table;
}

}  // namespace weft::config
