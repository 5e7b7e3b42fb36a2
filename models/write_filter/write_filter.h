// SPDX-License-Identifier: Apache-2.0
// Stands in front of an array's update port: everything that changes cells passes through it. Digital
// updates are offered to it before any weight is read (models/crossbar/update_port.h); what it does not
// select is neither read nor written. Everything else passes unchanged.
//
// Time and energy of a pass: every weight offered is compared, `lanes` a cycle; with a residual memory its
// word is read and written too, in the same cycle (reference values: section 5.7 of the filter's page).
// Policy none costs nothing: there is no filter then.
//
// Registers (registers.yaml) change the rules and show statistics. Applied rules wait for the next pass, so
// that no pass is decided by two of them.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>

#include "models/common/context.h"
#include "models/tlm/initiator_socket.h"
#include "models/tlm/target_socket.h"
#include "models/write_filter/filter_registers.h"
#include "models/write_filter/update_filter.h"

namespace weft::write_filter {

struct WriteFilterConfig {
  FilterConfig rules;
  FilterConfig kernel_rules;  // of activations that become kernels
  int rows = 128;             // of the array behind it
  int columns = 128;
  sc_core::sc_time cycle = sc_core::sc_time(1, sc_core::SC_NS);
  unsigned lanes = 16;
  bool outer_products = false;  // updates are outer products in the array
  Joule compare;                // a weight
  Joule residual_access;        // read and write of one residual
};

class WriteFilter : public sc_core::sc_module {
 public:
  TargetSocket in;
  InitiatorSocket out;
  TargetSocket registers;

  // Throws weft::Error on rules that are not allowed.
  WriteFilter(const sc_core::sc_module_name& name, const WriteFilterConfig& config, Context& context);

  std::uint64_t writes_seen() const { return in.traffic().writes; }
  std::uint64_t bytes_seen() const { return in.traffic().bytes_written; }
  FilterStatistics statistics() const { return filter_ ? filter_->statistics() : FilterStatistics(); }
  FilterStatistics kernel_statistics() const {
    return kernel_filter_ ? kernel_filter_->statistics() : FilterStatistics();
  }
  const WriteFilterConfig& config() const { return config_; }
  // The scenario's rules again; what the memories hold stays.
  void reset();

 private:
  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  FilterView view();
  // Of the pass.
  UpdateFilter& filter();
  Status begin(const Transfer& transfer, bool kernels);
  void begin_pass();
  Status offer(const Transfer& transfer, sc_core::sc_time& delay);
  Status take(const Transfer& transfer);

  WriteFilterConfig config_;
  // Made when the first pass begins: most arrays of a large machine never see one.
  std::optional<UpdateFilter> filter_;
  std::optional<UpdateFilter> kernel_filter_;
  bool of_kernels_ = false;             // the pass
  std::optional<FilterRules> pending_;  // wait for the next pass over weights
  FilterRegisters control_;
  int rows_ = 0;  // of the pass
  int columns_ = 0;
  EnergyLedger::Account& compare_energy_;
  EnergyLedger::Account& residual_energy_;
};

}  // namespace weft::write_filter
