// SPDX-License-Identifier: Apache-2.0
#include "models/endurance/write_lines.h"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

using namespace weft;
using namespace weft::endurance;

namespace {

std::map<std::string, double> spent(const LineEnergy& each, const RowWrite& done) {
  EnergyLedger ledger;
  LineAccounts accounts(ledger, "array", "update_", each);
  accounts.charge(done);
  std::map<std::string, double> energy;
  for (const EnergyLedger::Account& account : ledger.accounts())
    energy[account.operation()] = account.total().value();
  return energy;
}

RowWrite two_of_four_cells() {
  EnduranceConfig config;
  config.pulses_model = PulseModel::linear;
  WornCells cells(config, {1, 8, 4, {16}});
  std::vector<std::int8_t> digits = {3, 1, 0, 0};
  const std::vector<Mark> marks(4, Mark::changed);
  return cells.write_row(0, 4, marks.data(), digits.data());
}

}  // namespace

TEST_CASE("a line takes C V^2 a pulse, by the cells along it") {
  const WriteLines lines = {20, 10, 2, 0};
  const LineEnergy each = line_energy(lines, 64, 256);
  // Word lines pass 256 cells: 40 fF · 4 V²; bit lines 64: 5 fF · 4 V².
  CHECK(each.word_line.value() == Approx(160e-15));
  CHECK(each.bit_line.value() == Approx(20e-15));
  CHECK(each.unselected.value() == 0);
}

TEST_CASE("at a cross-point lines that are not selected swing by half the voltage") {
  const LineEnergy each = line_energy({20, 10, 2, 1}, 128, 128);
  CHECK(each.word_line.value() == Approx(80e-15 + 127 * 20e-15));
  CHECK(each.bit_line.value() == Approx(40e-15));
  CHECK(each.unselected.value() == Approx(10e-15));
}

TEST_CASE("a row write charges its word line in every pulse, bit lines while their cells are pulsed") {
  // Two SET cells of 3 pulses and 1; two bit lines of four are not selected for 3 pulses.
  const auto energy = spent({Joule(100), Joule(10), Joule(1)}, two_of_four_cells());
  CHECK(energy.at("update_write_word_line") == Approx(3 * 100));
  CHECK(energy.at("update_write_bit_line") == Approx((3 + 1) * 10));
  CHECK(energy.at("update_write_unselected_line") == Approx(2 * 3));
}
