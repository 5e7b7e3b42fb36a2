// SPDX-License-Identifier: Apache-2.0
// A crossbar array as a unit of a tile: MVM, transposed MVM and read-out through the command window,
// everything that changes cells through the update port behind the write filter.
//
// Time (modelled; PANTHER's public simulator and PUMA section 3, see docs/models/crossbar.md):
//   MVM, MTVM  (steps + 2) · step           three-stage pipeline: array, converters, shift-and-add
//   OPA        phases · steps · opa_step    one pulse a step, repeated for each polarity phase
//   read       array_read · rows / array rows, row by row; write likewise
//   CRS        read and write of the rows in use
//   kernels    a row as above, of the slices that activations need; read before where the filter compares
//   write      a row as above, or pulse by pulse: slowest SET plus slowest RESET cell (models/endurance)
// All slices of an array work in parallel. Time and energy never depend on how the numbers were computed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "models/crossbar/collected_update.h"
#include "models/crossbar/operand_registers.h"
#include "models/crossbar/pass_times.h"
#include "models/crossbar/slicing.h"
#include "models/crossbar/update_port.h"
#include "models/crossbar/working_array.h"
#include "models/endurance/worn_cells.h"
#include "models/endurance/write_lines.h"
#include "models/unit/command_unit.h"

namespace weft::crossbar {

struct CrossbarTiming {
  sc_core::sc_time mvm_step = sc_core::sc_time(100, sc_core::SC_NS);  // with one converter for all lines
  sc_core::sc_time settle = sc_core::sc_time(10, sc_core::SC_NS);     // no step of more converters is shorter
  int adcs = 1;                                                       // converters of an array
  sc_core::sc_time opa_step = sc_core::sc_time(1.25, sc_core::SC_NS);
  unsigned opa_phases = 4;
  unsigned sign_steps = 0;  // steps of a product or outer product that stream the sign, besides the magnitude
  sc_core::sc_time array_read = sc_core::sc_time(10.25, sc_core::SC_US);   // all rows of one array
  sc_core::sc_time array_write = sc_core::sc_time(10.97, sc_core::SC_US);  // all rows of one array
  sc_core::sc_time write_pulse = sc_core::sc_time(50, sc_core::SC_NS);     // its verify read included
};

// Energy of one physical array, that is of one slice.
struct CrossbarEnergy {
  Joule mvm_step;  // array and drivers
  Joule adc_step;  // the conversions of a step, mean over the slices
  Joule opa_step;
  Joule array_read;   // all rows
  Joule array_write;  // all rows, verify pulses included
  // Where pulses are counted (EnduranceConfig), instead of array_write.
  Joule write_pulse;  // a cell
  Joule half_select;  // a pulse, of a cell that is not written, in the same row or on a pulsed bit line
  Joule row_setup;    // a row of a slice: decoder, drivers
  endurance::LineEnergy lines;
  // A line, whenever a step drives it with something (PipeLayer's spikes); besides mvm_step.
  Joule spike;
  Joule array_pulse;  // all cells, one pulse; where devices say how many pulses a verified write takes
};

// How weights change, PANTHER's design and the baselines of its section 6.3.
//   in_place    outer products are deposited in the cells
//   write_back  digital outer products are collected beside the array; before the next product, weights are
//               read row by row, changed and written back through the write filter
//   digital     no array: products and outer products by digital units on SRAM, exact, without carries
enum class UpdatePolicy : std::uint8_t { in_place, write_back, digital };

// Of a whole matrix; energies of one bit of the operand that an array would stream.
struct DigitalCosts {
  sc_core::sc_time product;
  sc_core::sc_time outer_product;
  Joule product_bit;
  Joule outer_product_bit;
  Joule add;  // one weight of a write-back
};

struct CrossbarUnitConfig {
  unit::CommandUnitConfig unit;
  ArrayConfig array;
  CrossbarTiming timing;
  CrossbarEnergy energy;
  UpdatePolicy policy = UpdatePolicy::in_place;
  DigitalCosts digital;
  // In place, outer products wear cells by the pulses of their steps; pulses_model is for rows that are
  // written.
  endurance::EnduranceConfig endurance;
  // The write filter compares activations with what the cells hold, which is read for it.
  bool compares_kernels = false;
  // With these, operands and results lie in registers that the buffer stands for: no transfers.
  std::optional<RegisterEnergy> registers;
};

class CrossbarUnit : public unit::CommandUnit {
 public:
  InitiatorSocket update_out;  // to the write filter
  TargetSocket update;         // from the write filter

  CrossbarUnit(const sc_core::sc_module_name& name, const CrossbarUnitConfig& config, Context& context);

  void reset() override;
  const Array& array() const { return *array_; }
  // Array::observe and Array::calibrate.
  void observe(CurrentProfile* profile) { array_->observe(profile); }
  void calibrate(const std::vector<int>& full_scale) { array_->calibrate(full_scale); }
  // Whether what was programmed last are activations.
  bool holds_kernels() const { return holds_kernels_; }
  unsigned slices_in_use() const { return slices_in_use_; }
  std::uint64_t results_saturated() const { return results_saturated_; }
  // Time worked for each pass of training; together busy_time(), but for a command that runs.
  const PassTimes& pass_times() const { return pass_times_; }
  // Null unless pulses or wear are counted.
  const endurance::WornCells* cells() const { return cells_ ? &*cells_ : nullptr; }

 protected:
  std::optional<unit::Fault> check(const unit::Command& command) const override;
  std::optional<unit::Fault> execute(const unit::Command& command) override;
  unit::Footprint footprint(const unit::Command& command) const override;
  std::uint32_t saturated(unsigned slice) const override;

 private:
  struct Shape {
    unsigned rows;
    unsigned columns;
  };

  std::optional<unit::Fault> run(const unit::Command& command);
  // Operands and results, from and to the buffer or the registers that it stands for.
  std::optional<unit::Fault> fetch(std::uint32_t address, void* data, std::uint32_t bytes,
                                   sc_core::sc_time& delay);
  std::optional<unit::Fault> deliver(std::uint32_t address, const void* data, std::uint32_t bytes,
                                     sc_core::sc_time& delay);
  Shape shape(const unit::Command& command) const;
  std::optional<unit::Fault> check_shape(const unit::Command& command) const;
  std::optional<unit::Fault> multiply(const unit::Command& command);
  void add_results(const unit::Command& command, unsigned outputs);
  std::optional<unit::Fault> outer_product(const unit::Command& command);
  std::optional<unit::Fault> program(const unit::Command& command);
  std::optional<unit::Fault> read_out(const unit::Command& command);
  std::optional<unit::Fault> resolve_carries(const unit::Command& command);
  std::optional<unit::Fault> program_kernels(const unit::Command& command);
  std::optional<unit::Fault> write_kernel(const unit::Command& command, unsigned row,
                                          const std::vector<std::int16_t>& kernel, sc_core::sc_time& delay);
  // What the filter lets pass of the changes of a row of activations, and its marks.
  std::optional<unit::Fault> filter_kernel(const unit::Command& command, std::vector<std::int64_t>& changes,
                                           std::vector<std::uint8_t>& marks, sc_core::sc_time& delay);
  void use_for_kernels(unsigned bits);
  std::optional<unit::Fault> add_transposed(const unit::Command& command);
  std::optional<unit::Fault> collect(const unit::Command& command);
  std::optional<unit::Fault> write_back(const unit::Command& command);
  std::optional<unit::Fault> offer_updates(const unit::Command& command);
  std::optional<unit::Fault> rewrite_row(const unit::Command& command, int row);
  std::optional<unit::Fault> level_wear(const unit::Command& command);
  // The slowest stage of the pipeline: `lines` currents shared by the converters.
  sc_core::sc_time product_step(int lines) const;
  // Charges a product, and says how long it takes.
  sc_core::sc_time product_cost(bool transposed, int bits, const Shape& used);
  // Steps in which a line is driven, over all lines that take part.
  std::uint64_t driven_steps(unsigned lines, unsigned steps) const;
  // Sends one write through the filter and lets its time pass.
  std::optional<unit::Fault> send_update(std::uint64_t address, const void* data, std::uint32_t size,
                                         std::uint32_t operand, sc_core::sc_time& delay);

  weft::Status update_access(const Transfer& transfer, sc_core::sc_time& delay);
  weft::Status show_write_counts(const Transfer& transfer) const;
  weft::Status update_outer_product(const Transfer& transfer, sc_core::sc_time& delay);
  weft::Status update_row(const Transfer& transfer, sc_core::sc_time& delay);
  weft::Status resolve_rows(sc_core::sc_time& delay);
  // Wear of an outer product, and of the rows that a carry resolution has rewritten; charges these.
  void wear_out(const UpdateHeader& header, const std::int16_t* x, const std::int16_t* d);
  void wear_out_rewritten(sc_core::sc_time& delay);
  // Between the cells' levels and the array, in place: who is ahead tells the other.
  void take_levels(unsigned row);
  void hold_failed_cells();
  void hold_moved_cells();
  template <typename Level>
  void hold_cells(Level level_of);
  weft::Status update_rewrite(const Transfer& transfer, sc_core::sc_time& delay);
  weft::Status update_kernel(const Transfer& transfer, sc_core::sc_time& delay);
  // Writes the first columns of a row. Values are then what the cells hold.
  // `updates`: training changes the row; otherwise it is programmed.
  weft::Status write_row(unsigned row, std::vector<std::int32_t>& values, const endurance::Mark* marks,
                         bool updates, sc_core::sc_time& delay);
  struct PulseAccounts;
  void charge_pulses(const endurance::RowWrite& done, unsigned rows, PulseAccounts& accounts,
                     sc_core::sc_time& delay);
  void write_cells(unsigned row, std::vector<std::int32_t>& values, const endurance::Mark* marks,
                   bool updates, sc_core::sc_time& delay);
  std::vector<std::int8_t> levels_of(const std::vector<std::int32_t>& values) const;
  int digit_in_cells(int slice, int row, int column) const;
  // Level of a cell in the array, of which `physical` counts both arrays of pairs.
  int level_in_array(int physical, unsigned row, int column);
  std::vector<std::int32_t> weights_in_cells(unsigned row, unsigned columns) const;
  device::CellStatistics pulses_so_far() const;
  // Charges the writing of `rows` rows since `before` to one of the accounts, and says how long it takes.
  sc_core::sc_time write_cost(unsigned rows, const device::CellStatistics& before,
                              EnergyLedger::Account& by_row, EnergyLedger::Account& by_pulse);
  sc_core::sc_time row_time(const sc_core::sc_time& whole_array, unsigned rows) const;

  CrossbarUnitConfig config_;
  std::optional<CollectedUpdate> collected_;  // policy write_back; whoever uses weights empties it first
  DigitCode code_;
  std::optional<endurance::WornCells> cells_;
  std::uint64_t cells_held_ = 0;  // of the failed ones, by the array
  unsigned rows_in_use_ = 0;      // highest row ever programmed or updated, and column
  unsigned columns_in_use_ = 0;
  unsigned slices_in_use_;  // by activations; weights use all
  bool holds_kernels_ = false;
  std::uint64_t results_saturated_ = 0;
  std::vector<Saturation> saturated_before_;  // as of the last carry resolution
  std::optional<OperandRegisters> registers_;
  PassTimes pass_times_;

  // Products, forward and transposed, are charged apart: they belong to different passes of training. So
  // are the row accesses of updates and of loading and reading out.
  EnergyLedger::Account& mvm_energy_;
  EnergyLedger::Account& mvm_adc_energy_;
  EnergyLedger::Account& mtvm_energy_;
  EnergyLedger::Account& mtvm_adc_energy_;
  EnergyLedger::Account& opa_energy_;
  EnergyLedger::Account& opa_row_energy_;  // of those that a filter has thinned out
  EnergyLedger::Account& read_energy_;
  EnergyLedger::Account& write_energy_;
  EnergyLedger::Account& update_read_energy_;
  EnergyLedger::Account& update_write_energy_;
  EnergyLedger::Account& mvm_digital_energy_;
  EnergyLedger::Account& mtvm_digital_energy_;
  EnergyLedger::Account& opa_digital_energy_;
  EnergyLedger::Account& update_add_energy_;
  EnergyLedger::Account& mvm_spike_energy_;
  EnergyLedger::Account& mtvm_spike_energy_;
  // Activations as kernels, and products with them.
  EnergyLedger::Account& gradient_energy_;
  EnergyLedger::Account& gradient_adc_energy_;
  EnergyLedger::Account& gradient_spike_energy_;
  EnergyLedger::Account& kernel_read_energy_;
  EnergyLedger::Account& kernel_write_energy_;
  // Writes pulse by pulse, by what they are for.
  struct PulseAccounts {
    EnergyLedger::Account& pulse;
    EnergyLedger::Account& half_select;
    EnergyLedger::Account& row_setup;
    endurance::LineAccounts lines;
  };
  PulseAccounts open_pulses(Context& context, const std::string& prefix) const;
  PulseAccounts program_pulses_;
  PulseAccounts update_pulses_;
  PulseAccounts kernel_pulses_;
  EnergyLedger::Account& verified_energy_;
  EnergyLedger::Account& update_verified_energy_;
  EnergyLedger::Account& kernel_verified_energy_;

  std::vector<std::int16_t> input_;
  std::vector<std::int64_t> sums_;
  std::vector<std::int32_t> output_;
  std::vector<std::uint8_t> burst_;

  WorkingArray array_;  // last: what it may be working with outlives it
};

}  // namespace weft::crossbar
