// SPDX-License-Identifier: Apache-2.0
// Stands in front of an array's update port: everything that changes cells passes through it. Digital
// updates are offered to it before any weight is read (models/crossbar/update_port.h); what it does not
// select is neither read nor written. An outer product in the array is a pass of its own over the rows whose
// input is not zero. Programming and carry resolution pass unchanged.
//
// Time and energy of a pass: every weight offered is compared, `lanes` a cycle; with a residual memory its
// word is read and written too, in the same cycle (reference values: section 5.7 of the filter's page).
// Of an outer product the filter must know the products first: one multiplication for each, or one for each
// row where rows are compared as wholes. Policy none costs nothing: there is no filter then.
//
// Registers (registers.yaml) change the rules and show statistics. Applied rules wait for the next pass, so
// that no pass is decided by two of them.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/crossbar/update_port.h"
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
  Joule compare;                // a weight, or a row that is compared as a whole
  Joule product;                // the same, of outer products
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

  struct OuterProduct {
    crossbar::UpdateHeader header{};
    std::vector<std::int16_t> x;  // rows
    std::vector<std::int16_t> d;  // columns

    // False if it is none that an array of that size takes.
    bool read(const Transfer& transfer, int most_rows, int most_columns);
  };
  Status outer_product(const Transfer& transfer, sc_core::sc_time& delay);
  void offer_products(const OuterProduct& product, sc_core::sc_time& delay);
  bool compares_rows() const;
  Status fire(const OuterProduct& product, sc_core::sc_time& delay);
  Status fire_row(std::size_t row, std::vector<std::int64_t> changes, std::size_t rows,
                  sc_core::sc_time& delay);
  Status send(const OuterProduct& product, sc_core::sc_time& delay);

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
  EnergyLedger::Account& product_energy_;
  EnergyLedger::Account& residual_energy_;
};

}  // namespace weft::write_filter
