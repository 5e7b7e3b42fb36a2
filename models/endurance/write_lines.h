// SPDX-License-Identifier: Apache-2.0
// Energy of charging the lines of an array while rows are written pulse by pulse: C · V², what the supply
// gives for a line that is charged and discharged, as the public DNN+NeuroSim training model counts it. In
// every pulse the row's word line and the bit lines of the cells that are pulsed swing by the write voltage,
// all other lines by the voltage of lines that are not selected: 0 behind access transistors, half of it at a
// cross-point.
#pragma once

#include <string>

#include "models/common/energy_ledger.h"
#include "models/endurance/worn_cells.h"

namespace weft::endurance {

struct WriteLines {
  // Of a line along 128 cells. 11 µm of wire, as 128 cells of technology.area take, with the 0.2 fF/µm of
  // DNN+NeuroSim, and a transistor of 0.1 fF a cell, which is assumed.
  double word_line_fF = 15;
  double bit_line_fF = 15;
  double voltage_V = 1.1;  // INCA (HPCA 2023), as for its cell
  double unselected_voltage_V = 0;
};

// Of one pulse, in an array of so many rows and columns.
struct LineEnergy {
  Joule word_line;   // the row's, and all others that are not selected
  Joule bit_line;    // of a cell that is pulsed
  Joule unselected;  // a bit line that is not selected
};
LineEnergy line_energy(const WriteLines& lines, int rows, int columns);

// What a block has spent on its lines.
class LineAccounts {
 public:
  // Operations are `prefix` followed by write_word_line, write_bit_line and write_unselected_line.
  LineAccounts(EnergyLedger& ledger, const std::string& component, const std::string& prefix,
               const LineEnergy& each);
  void charge(const RowWrite& done);

 private:
  EnergyLedger::Account& word_line_;
  EnergyLedger::Account& bit_line_;
  EnergyLedger::Account& unselected_;
};

}  // namespace weft::endurance
