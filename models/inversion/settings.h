// SPDX-License-Identifier: Apache-2.0
// What an analogue inversion unit is made of: converters, cells, refinement. No time, no energy, no sockets.
//
// Solves A x = b with one INV circuit that holds A_H, the upper `array_bits` bits of A, and VMM arrays that
// hold all bits of A. The three steps (slices of b, slices of x, Taylor series in A) are those RePAST names
// (arXiv 2210.15255, abstract); their equations are reconstructed, since the paper's own were not available.
// Bits count the sign: b of 16 bits is ±(2^15 − 1) steps.
#pragma once

#include <cstdint>

namespace weft::inversion {

constexpr unsigned max_size = 1024;
// Taylor terms, or passes, of a solution.
constexpr unsigned most_iterations = 256;

enum class Mode : std::uint8_t {
  reference,  // double precision (solver.h)
  nested,     // slices of b in slices of x in Taylor terms
  merged      // one refinement loop: every pass corrects the residual of A
};

enum class LevelRounding : std::uint8_t {
  nearest,
  truncate,    // towards zero
  compensated  // nearest, and the diagonal takes up the errors of its row: stable for every positive definite
               // A
};

// Where the answers to the slices of b are converted.
enum class Conversion : std::uint8_t {
  sum,        // added with their weights first, then converted once
  each_slice  // every one by itself, added as numbers
};

// What makes the INV array differ from the levels it was given.
struct ArrayEffects {
  double programming_sigma = 0;  // of every cell, standard deviation, share of the greatest conductance
  double amplifier_gain = 0;     // open loop; 0: infinite
  double wire_ohm = 0;           // of a line from cell to cell
  double g_max_uS = 35;          // the greatest conductance; matters to wires only

  bool on() const { return programming_sigma > 0 || amplifier_gain > 0 || wire_ohm > 0; }
};

// What makes the VMM arrays of refinement inexact (product_arrays.h).
struct ProductEffects {
  unsigned adc_bits = 0;         // of a partial sum, that of one slice in one step of the DAC; 0: exact
  double programming_sigma = 0;  // of every cell, standard deviation, share of the greatest conductance
  double read_sigma = 0;         // of every cell at every step, likewise
  double on_off = 0;             // greatest by least conductance; 0: infinite
  double wire_ohm = 0;           // of a line from cell to cell
  double g_max_uS = 35;          // the greatest conductance; matters to wires only

  // A finite ratio by itself cancels in pairs of cells.
  bool on() const { return adc_bits > 0 || programming_sigma > 0 || read_sigma > 0 || wire_ohm > 0; }
};

struct SolverSettings {
  Mode mode = Mode::reference;
  unsigned array = 256;           // unknowns of one INV array; larger systems are split (block_inverse.h)
  unsigned array_bits = 8;        // p: magnitude bits of A_H, 1 to 16
  unsigned matrix_bits = 0;       // Q_A: of A in the VMM arrays; 0: all that its elements have
  unsigned input_bits = 16;       // Q_b, 2 to 32
  unsigned solution_bits = 16;    // Q_x, 2 to 32
  unsigned dac_bits = 4;          // R_DAC, 1 to 16
  unsigned adc_bits = 8;          // R_ADC, 2 to 16
  unsigned cell_bits = 4;         // R_cell: of a cell; says how many arrays hold A
  bool ideal_converters = false;  // b and x are not rounded; operations are counted all the same
  Conversion conversion = Conversion::sum;
  LevelRounding rounding = LevelRounding::nearest;
  unsigned terms = 4;   // T of the nested mode
  unsigned passes = 5;  // K of the merged mode
  unsigned residual_bits =
      0;                // stop when max|b − A x| <= 2^-residual_bits · max|b|; 0: fixed terms or passes
  unsigned limit = 16;  // terms or passes after which such a solution has not converged
  ArrayEffects effects;
  ProductEffects products;
  std::uint64_t seed = 1;
  std::uint32_t unit = 0;  // tells arrays of one seed apart

  // Throws weft::Error naming the setting, its value and what is allowed.
  void validate() const;

  // Operations on the circuit; see docs/models/inversion.md.
  unsigned input_slices() const;      // of b in a nested pass, N_b
  unsigned solution_slices() const;   // of x, N_x
  unsigned merged_slices() const;     // of the residual in a merged pass
  unsigned correction_steps() const;  // drive steps of a product with a converted slice of x
  unsigned term_steps() const;        // drive steps of a product with a whole term
  unsigned iterations() const { return mode == Mode::merged ? passes : terms; }
};

// Operations of `iterations` terms or passes on one right-hand side. `checked`: the residual after the last
// one was formed too.
struct OperationCounts {
  std::uint64_t inversions = 0;
  std::uint64_t products = 0;
};
OperationCounts operation_counts(const SolverSettings& settings, unsigned iterations, bool checked);

}  // namespace weft::inversion
