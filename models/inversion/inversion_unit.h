// SPDX-License-Identifier: Apache-2.0
// A matrix inversion unit of a tile: a matrix is loaded, then A x = b is solved for one or many right-hand
// sides. The numbers are those of the reference solver (solver.h).
//
// Elements are int16, int32 or fp32. An integer element of the matrix, of its factor or of the damping stands
// for itself divided by 2^shift; right-hand sides stand for themselves; an integer result is x · 2^shift,
// rounded. A result that its format or the unit's magnitude bits cannot hold is an error, not saturated.
//
// Time and energy are assumed constants of a row written and a right-hand side solved; see
// docs/models/inversion.md.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "models/inversion/solver.h"
#include "models/unit/command_unit.h"

namespace weft::inversion {

constexpr unsigned max_size = 1024;

// What ERROR_VALUE and mtval say when a command failed with Cause::unit_error.
enum class Failure : std::uint32_t { not_loaded = 1, singular = 2, not_finite = 3, overflow = 4 };

struct InversionUnitConfig {
  unit::CommandUnitConfig unit;
  unsigned size = 256;  // greatest n, 1 to max_size
  sc_core::sc_time row_write{85.7, sc_core::SC_NS};
  sc_core::sc_time solve{7.6, sc_core::SC_US};
  Joule row_write_energy = picojoule(176.6);
  Joule solve_energy = picojoule(552'000);
};

class InversionUnit : public unit::CommandUnit {
 public:
  // Throws weft::Error when the size is outside its limits.
  InversionUnit(const sc_core::sc_module_name& name, const InversionUnitConfig& config, Context& context);

  const ReferenceSolver& solver() const { return solver_; }

 protected:
  std::optional<unit::Fault> check(const unit::Command& command) const override;
  std::optional<unit::Fault> execute(const unit::Command& command) override;
  unit::Footprint footprint(const unit::Command& command) const override;

 private:
  struct Shape {
    unsigned rows;
    unsigned columns;
  };

  Shape shape(const unit::Command& command) const;
  std::optional<unit::Fault> check_load_command(const unit::Command& command) const;
  std::optional<unit::Fault> check_solve(const unit::Command& command, std::size_t unknowns) const;
  std::optional<unit::Fault> load_matrix(const unit::Command& command);
  std::optional<unit::Fault> solve(const unit::Command& command);
  std::optional<unit::Fault> solve_all(const unit::Command& command, std::size_t n);
  std::optional<unit::Fault> read_numbers(const unit::Command& command, std::size_t count, double scale,
                                          std::vector<double>& numbers, sc_core::sc_time& delay);

  InversionUnitConfig config_;
  ReferenceSolver solver_;
  EnergyLedger::Account& write_energy_;
  EnergyLedger::Account& solve_energy_;
  std::vector<std::uint8_t> bytes_;
  std::vector<double> right_;
  std::vector<double> solution_;
};

}  // namespace weft::inversion
