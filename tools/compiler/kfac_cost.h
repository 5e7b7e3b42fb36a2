// SPDX-License-Identifier: Apache-2.0
// What the two mappings of a factor cost on inversion units, and which of them a compiled program uses.
// Figures are shared out over the updates between two refreshes; docs/second_order.md has the rule.
#pragma once

#include "models/inversion/costs.h"
#include "models/inversion/settings.h"

namespace weft::compiler {

// Prices of the steps: nanoseconds and picojoules.
struct InversionPrices {
  inversion::SolverSettings solver;
  inversion::OperationTimes times;
  inversion::ConductanceRange conductance;
  double solve_ns = 7600;  // a right-hand side, mode reference
  double solve_pJ = 552'000;
  double row_write_ns = 85.7;  // of an inversion unit's array
  double row_write_pJ = 176.6;
  double amplifier_ns_pJ = 0.2;
  double microsiemens_ns_pJ = 1e-5;
  double drive_pJ = 3.5e-3;
  double conversion_pJ = 1.56;
  double cell_pJ = 1.83e-3;
  // The work array, all slices of it: an input bit of a product, and programming it.
  double product_bit_ns = 100;
  double product_bit_pJ = 1096;
  double program_ns = 10'970;
  double program_pJ = 168'800;

  bool analogue() const { return solver.mode != inversion::Mode::reference; }
};

// Of one block of a factor.
struct MappingShape {
  int order = 0;
  int batch = 1;
  int bits = 8;  // of the samples
  int element_bits = 32;
  int factor_interval = 1;
  int inverse_interval = 1;
  bool fused = false;
  double damping = 0.3;  // expected share of the diagonal
  int wanted_bits = 0;   // of a solution; 0: of as many terms as units have
};

struct MappingCosts {
  double cells = 0;       // written a refresh of the inverse
  double refresh_ns = 0;  // statistics and loading, share of an update
  double refresh_pJ = 0;
  double solve_ns = 0;  // all samples of a batch
  double solve_pJ = 0;
  double bits = 0;  // of a Taylor term or pass, expected; 0: solutions are exact
  int terms = 0;    // or passes, for the bits that are wanted; 0: as many as units have
  // Arrays above each other and side by side that hold the matrix, or each side of the loop the samples.
  std::size_t row_arrays = 1;
  std::size_t column_arrays = 1;

  double ns() const { return refresh_ns + solve_ns; }
  double pJ() const { return refresh_pJ + solve_pJ; }
};

MappingCosts mapping_costs(const MappingShape& shape, const InversionPrices& prices);

// More terms than this are a circuit that does not suit the factor.
constexpr int most_terms = 64;

// Bits of a solution that the slices of x leave to any number of terms.
double reachable_bits(const inversion::SolverSettings& solver);

// Whether the fused mapping is the better one: the product of its cells, its time and its energy, each
// relative to those of the direct one. Solutions of circuits count with the terms that the bits wanted take;
// where none are, as far as they are needed for 16.
bool prefers_fused(const MappingCosts& direct, const MappingCosts& fused, const InversionPrices& prices);

}  // namespace weft::compiler
