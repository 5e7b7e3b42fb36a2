// SPDX-License-Identifier: Apache-2.0
// A matrix inversion unit of a tile: a matrix is loaded, then A x = b is solved for one or many right-hand
// sides. The numbers are those of the reference solver (solver.h) or of analogue arrays (analogue_solver.h).
//
// Elements are int16, int32 or fp32. An integer element of the matrix, of its factor or of the damping stands
// for itself divided by 2^shift; right-hand sides stand for themselves; an integer result is x · 2^shift,
// rounded. A result that its format or the unit's magnitude bits cannot hold is an error, not saturated.
//
// Time and energy: of the reference assumed constants of a row written and a right-hand side solved, of
// analogue arrays the sum of their operations (costs.h); see docs/models/inversion.md.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "models/inversion/analogue_solver.h"
#include "models/inversion/costs.h"
#include "models/inversion/inversion_statistics.h"
#include "models/inversion/solver.h"
#include "models/unit/command_unit.h"

namespace weft::inversion {

// Energy of what OperationCost counts. PUMA's public simulator for converters and products.
struct OperationEnergy {
  Joule amplifier_ns = picojoule(0.2);      // 0.2 mW; derived from the current it has to drive
  Joule microsiemens_ns = picojoule(1e-5);  // at 0.1 V rms; assumed
  Joule drive = picojoule(3.5e-3);
  Joule conversion = picojoule(1.56);
  Joule cell = picojoule(1.83e-3);  // 1.2 mW for 100 ns over 256 x 256 cells
};

struct InversionUnitConfig {
  unit::CommandUnitConfig unit;
  unsigned size = 256;  // greatest n, 1 to max_size
  SolverSettings solver;
  // Compare every solution with double precision; costs no simulated time.
  bool measure = true;
  // Mode `reference`:
  sc_core::sc_time solve{7.6, sc_core::SC_US};
  Joule solve_energy = picojoule(552'000);
  // Analogue modes:
  OperationTimes times;
  ConductanceRange conductance;
  OperationEnergy energy;
  // All modes; of one array:
  sc_core::sc_time row_write{85.7, sc_core::SC_NS};
  Joule row_write_energy = picojoule(176.6);
};

class InversionUnit : public unit::CommandUnit {
 public:
  // Throws weft::Error when the size is outside its limits.
  InversionUnit(const sc_core::sc_module_name& name, const InversionUnitConfig& config, Context& context);

  void reset() override;
  const InversionUnitConfig& configuration() const { return config_; }
  const InversionStatistics& statistics() const { return statistics_; }

 protected:
  std::optional<unit::Fault> check(const unit::Command& command) const override;
  std::optional<unit::Fault> execute(const unit::Command& command) override;
  unit::Footprint footprint(const unit::Command& command) const override;
  void note_fallback(std::uint32_t way) override;

 private:
  struct Shape {
    unsigned rows;
    unsigned columns;
  };

  Shape shape(const unit::Command& command) const;
  std::optional<unit::Fault> check_load_command(const unit::Command& command) const;
  std::optional<unit::Fault> check_solve(const unit::Command& command, std::size_t unknowns) const;
  bool is_analogue() const { return config_.solver.mode != Mode::reference; }
  std::optional<unit::Fault> load_matrix(const unit::Command& command);
  Outcome load_direct(const unit::Command& command, std::size_t n, Matrix matrix);
  Outcome load_factor(const unit::Command& command, Shape shape, const Matrix& factor);
  std::optional<unit::Fault> solve(const unit::Command& command);
  std::optional<unit::Fault> solve_reference(std::size_t n, std::size_t sides);
  std::optional<unit::Fault> solve_analogue(std::size_t n, std::size_t sides);
  void charge_operations(const OperationCounts& counts);
  void measure(std::size_t n, std::size_t sides);
  std::optional<unit::Fault> put_results(const unit::Command& command, std::size_t n);
  std::optional<unit::Fault> write_status(const unit::Command& command);
  unit::Fault failed(Failure failure);
  std::optional<unit::Fault> read_numbers(const unit::Command& command, std::size_t count, double scale,
                                          std::vector<double>& numbers, sc_core::sc_time& delay);

  InversionUnitConfig config_;
  ReferenceSolver reference_;  // of analogue modes: what solutions are compared with
  AnalogueSolver analogue_;
  Matrix given_;  // A as it was loaded, where solutions are measured
  SystemShape system_;
  std::uint32_t load_number_ = 0;
  unsigned iterations_ = 0;  // of inv.terms; 0: those of the settings
  InversionStatistics statistics_;

  // Of the last load or solution, for inv.stat.
  struct Last {
    Failure failure = Failure::none;
    std::uint32_t sides = 0;
    unsigned iterations = 0;
    OperationCounts operations;
    double correction = 0;
  };
  Last last_;

  struct Accounts {
    EnergyLedger::Account& row_write;
    EnergyLedger::Account& side;
    EnergyLedger::Account& amplifier;
    EnergyLedger::Account& conductance;
    EnergyLedger::Account& drive;
    EnergyLedger::Account& conversion;
    EnergyLedger::Account& cell;
  };
  Accounts accounts_;
  std::vector<std::uint8_t> bytes_;
  std::vector<double> right_;
  std::vector<double> solution_;
};

}  // namespace weft::inversion
