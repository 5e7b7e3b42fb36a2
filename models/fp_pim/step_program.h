// SPDX-License-Identifier: Apache-2.0
// The published procedures of a floating-point addition and multiplication as data: loops of steps, each with
// the primitives that it takes. Executing a program passes through every step and adds up what it charges;
// no formula is evaluated.
//
//   floatpim   FloatPIM (Imani et al., ISCA 2019, section 3). The totals are published; how they divide into
//              loops is reconstructed.
//   sot        SOT-MRAM (Wang et al., arXiv 2003.01551). The procedure is that of the paper's figure 1, the
//              totals are remembered, the division into loops is reconstructed.
//
// They count what the publications count: for numbers without subnormals or special values, and without
// rounding to nearest. FloatMicrocode counts what that takes.
#pragma once

#include <cstdint>
#include <vector>

#include "models/fp_pim/float_format.h"

namespace weft::fp_pim {

// Primitives; fractions come from expected values and from steps in every second pass.
struct Charge {
  double reads = 0;          // of a row
  double writes = 0;         // of a row, with logic
  double nors = 0;           // row-parallel NORs; initialisations count like them
  double cycles = 0;         // of the NOR's length, in which cells are rewritten; time alone
  double sets = 0;           // cells of a lane set; energy alone
  double resets = 0;         // cells of a lane reset; energy alone
  double searches = 0;       // of all lanes
  double more_searches = 0;  // searches that take energy and no time

  Charge& operator+=(const Charge& other);
};
Charge operator*(double factor, const Charge& charge);

// constant + exponent · Ne + fraction · Nm, not less than 0.
struct Count {
  int constant = 0;
  int exponent = 0;
  int fraction = 0;
  unsigned of(const FloatFormat& format) const;
};

struct Phase {
  const char* what;
  Count passes;
  // Steps of a pass; `triangle`: pass 1 has one, pass 2 two, and so on, whatever `steps` says.
  Count steps;
  bool triangle = false;
  Charge step;
  // Only for lanes whose bit of the multiplier is 1: one bit a pass.
  bool if_bit = false;
};

using StepProgram = std::vector<Phase>;

// What an execution has charged.
struct Executed {
  Charge always;
  Charge if_bit;  // of all passes, were every bit 1
};

Executed execute(const StepProgram& program, const FloatFormat& format);

struct StepPrograms {
  const char* name;
  StepProgram multiplication;
  StepProgram addition;
};

const StepPrograms& floatpim_programs();
const StepPrograms& sot_programs();

}  // namespace weft::fp_pim
