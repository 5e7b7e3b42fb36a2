// SPDX-License-Identifier: Apache-2.0
// The registers of a write filter (registers.yaml): rules are staged there, and statistics read.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "models/tlm/register_file.h"
#include "models/write_filter/update_filter.h"

namespace weft::write_filter {

// What the registers show of the filter.
struct FilterView {
  FilterStatistics statistics;
  std::uint64_t cells = 0;  // written in the array behind
  std::uint64_t pulses = 0;
  FilterRules active;
  bool pending = false;
  double rms = 0;
  std::int64_t theta = 0;
};

class FilterRegisters {
 public:
  using View = std::function<FilterView()>;
  using Apply = std::function<void(const FilterRules&)>;

  // `built` is the filter as the scenario has it; `apply` gets rules that it supports.
  FilterRegisters(const FilterConfig& built, bool outer_products, int rows, int columns, View view,
                  Apply apply);

  Status access(const Transfer& transfer) { return file_.access(transfer); }
  // Stages the scenario's rules again; statistics and errors are forgotten.
  void reset();
  RegisterFile& file() { return file_; }

 private:
  // Bits of STATUS.reason.
  enum class Reason : std::uint8_t {
    none,
    policy,
    granularity,
    threshold_mode,
    threshold,
    density,
    memory,
    outer_products
  };
  using Count = std::uint64_t (*)(const FilterView&);

  void stage_first_rules();
  void declare_settings(int rows, int columns);
  void declare_statistics();
  void declare(const RegisterInfo& info, Count count);
  std::uint32_t capability() const;
  std::uint32_t status() const;
  void control(std::uint32_t actions);
  void apply();
  FilterRules staged() const;
  Reason refusal() const;

  FilterConfig built_;
  bool outer_products_;
  View view_;
  Apply apply_;
  RegisterFile file_;
  Reason error_ = Reason::none;
  FilterView cleared_;                // statistics as of the last clear_statistics
  std::uint32_t kept_high_word_ = 0;  // of the low word read last
};

}  // namespace weft::write_filter
