// SPDX-License-Identifier: Apache-2.0
// What one floating-point operation costs on a digital PIM array: the steps of its step program
// (step_program.h), priced. All lanes of an array work at once.
#pragma once

#include <systemc>

#include "models/common/energy_ledger.h"
#include "models/fp_pim/step_program.h"
#include "models/unit/command.h"

namespace weft::fp_pim {

enum class Logic : std::uint8_t { nor, sot };

// Lanes differ in the multiplier's bits, by which a product adds or only shifts.
enum class MultiplyPolicy : std::uint8_t {
  expected,    // half of the bits are 1, in time and energy: what the published formulas count
  worst,       // the additions of every bit are done, in time and energy
  predicated,  // every addition takes its time, and energy in those lanes that add
};

// What a search's energy is for. FloatPIM does not say.
enum class SearchScope : std::uint8_t { array, lane };

// Primitive steps of the array; the defaults are FloatPIM's, ReRAM in 28 nm.
struct Primitives {
  Logic logic = Logic::nor;
  MultiplyPolicy policy = MultiplyPolicy::expected;
  SearchScope search_scope = SearchScope::array;
  sc_core::sc_time nor_time{1.1, sc_core::SC_NS};
  sc_core::sc_time search_time{1.5, sc_core::SC_NS};
  sc_core::sc_time read_time{0.57, sc_core::SC_NS};   // logic sot
  sc_core::sc_time write_time{1.25, sc_core::SC_NS};  // logic sot
  // Of one lane.
  Joule nor = picojoule(0.29e-3);
  Joule set = picojoule(23.8e-3);
  Joule reset = picojoule(0.32e-3);
  Joule read = picojoule(14.5e-3);  // logic sot
  Joule write = picojoule(40e-3);   // logic sot
  Joule search = picojoule(5.34);   // of what search_scope says
};

// Of one operation: time of all lanes together, energy of one lane, queries of the array.
struct OperationCost {
  sc_core::sc_time time;
  Joule lane;
  // Policy `predicated`: besides, for every bit of the multiplier's fraction that is 1.
  Joule lane_bit;
  unsigned searches = 0;
  double writes = 0;  // of cells of a lane
};

struct FormatCost {
  OperationCost multiplication;
  OperationCost addition;
  // A number to another lane: a cycle a bit and one more (FloatPIM, section 4).
  OperationCost transfer;
};

FormatCost cost_of(const FloatFormat& format, const Primitives& primitives);
// `format` is fp32, fp16 or bf16.
FormatCost cost_of(unit::Format format, const Primitives& primitives);

// Cells of a lane that a multiplication uses beside its operands. FloatPIM: 16 Nm − 19; SOT: two buffers of
// 2 Nm (derived).
unsigned scratch_cells(const FloatFormat& format, Logic logic);

// How much longer cells live when the scratch columns move over all `cells` of a lane instead of staying
// (FloatPIM, section 5).
double rotation_gain(const FloatFormat& format, Logic logic, unsigned cells);

}  // namespace weft::fp_pim
