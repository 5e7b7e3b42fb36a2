// SPDX-License-Identifier: Apache-2.0
// The sync board of a tile: its sync counters, and the bookkeeping of which unit has finished what.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <systemc>
#include <utility>
#include <vector>

#include "models/sync/wait_interface.h"
#include "models/tlm/target_socket.h"
#include "models/unit/completion.h"

namespace weft::sync {

constexpr unsigned max_counters = 64;

class SyncBoard : public sc_core::sc_module, public unit::CompletionInterface, public WaitInterface {
 public:
  TargetSocket registers;
  sc_core::sc_export<unit::CompletionInterface> units;
  sc_core::sc_export<WaitInterface> waits;

  // `counters`: how many of the counters exist, 1 to max_counters; else throws weft::Error.
  SyncBoard(const sc_core::sc_module_name& name, unsigned counters);

  void reset();

  void accepted(unsigned unit) override;
  void completed(unsigned unit, const unit::Command& command) override;
  void failed(unsigned unit, const unit::Fault& fault) override;
  void failed_late(unsigned unit, const unit::Fault& fault) override;

  std::uint32_t issued(unsigned unit) const override { return issued_.at(unit); }
  std::uint32_t finished(unsigned unit) const override { return finished_.at(unit); }
  std::uint64_t busy_units() const override { return busy_; }
  unsigned counter_count() const override { return static_cast<unsigned>(counters_.size()); }
  std::uint32_t counter(unsigned index) const override { return counters_.at(index); }
  void lower(unsigned index, std::uint32_t amount) override { counters_.at(index) -= amount; }
  std::optional<UnitFault> take_fault() override;
  const sc_core::sc_event& changed() const override { return changed_; }
  void set_condition(std::function<bool()> condition) override { condition_ = std::move(condition); }

 private:
  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  void add_at(const sc_core::sc_time& when, unsigned index, std::uint32_t amount);
  void add_due();
  void finish(unsigned unit);
  void notify() {
    if (!condition_ || !faults_.empty() || condition_()) changed_.notify(sc_core::SC_ZERO_TIME);
  }

  std::vector<std::uint32_t> counters_;
  std::array<std::uint32_t, unit::max_units> issued_{};
  std::array<std::uint32_t, unit::max_units> finished_{};
  std::uint64_t busy_ = 0;
  std::deque<UnitFault> faults_;
  // Increments whose annotated time has not come yet.
  std::multimap<sc_core::sc_time, std::pair<unsigned, std::uint32_t>> pending_;
  sc_core::sc_event due_;
  std::function<bool()> condition_;
  sc_core::sc_event changed_;
};

}  // namespace weft::sync
