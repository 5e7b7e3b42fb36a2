// SPDX-License-Identifier: Apache-2.0
#include "models/endurance/write_lines.h"

namespace weft::endurance {

namespace {

constexpr double reference_cells = 128;  // that a line's capacitance is for

Joule swing(double femtofarad, double volt) { return Joule(femtofarad * 1e-15 * volt * volt); }

}  // namespace

LineEnergy line_energy(const WriteLines& lines, int rows, int columns) {
  const double word_line = lines.word_line_fF * columns / reference_cells;
  const double bit_line = lines.bit_line_fF * rows / reference_cells;
  LineEnergy each;
  each.word_line =
      swing(word_line, lines.voltage_V) + (rows - 1) * swing(word_line, lines.unselected_voltage_V);
  each.bit_line = swing(bit_line, lines.voltage_V);
  each.unselected = swing(bit_line, lines.unselected_voltage_V);
  return each;
}

LineAccounts::LineAccounts(EnergyLedger& ledger, const std::string& component, const std::string& prefix,
                           const LineEnergy& each)
    : word_line_(ledger.open(component, prefix + "write_word_line", each.word_line)),
      bit_line_(ledger.open(component, prefix + "write_bit_line", each.bit_line)),
      unselected_(ledger.open(component, prefix + "write_unselected_line", each.unselected)) {}

void LineAccounts::charge(const RowWrite& done) {
  word_line_.charge(done.row_pulses);
  bit_line_.charge(done.pulses);
  unselected_.charge(done.unselected);
}

}  // namespace weft::endurance
