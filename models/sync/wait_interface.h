// SPDX-License-Identifier: Apache-2.0
// What a hart may wait for inside its tile. Implemented by the sync board.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <systemc>

#include "models/unit/command.h"

namespace weft::sync {

// A fault of a unit's command, for the hart that has to be told.
struct UnitFault {
  unsigned unit;
  unit::Fault fault;
};

class WaitInterface : public sc_core::sc_interface {
 public:
  // Commands a unit has taken, and has finished, since reset.
  virtual std::uint32_t issued(unsigned unit) const = 0;
  virtual std::uint32_t finished(unsigned unit) const = 0;
  // One bit for every unit with a command running or waiting.
  virtual std::uint64_t busy_units() const = 0;
  virtual unsigned counter_count() const = 0;
  virtual std::uint32_t counter(unsigned index) const = 0;
  // Takes `amount` away from a counter: what a barrier has waited for.
  virtual void lower(unsigned index, std::uint32_t amount) = 0;
  // The oldest fault not yet taken; taking it removes it.
  virtual std::optional<UnitFault> take_fault() = 0;
  // Notified when one of the above has changed and, while a condition is set, only if it holds or there is a
  // fault: a sleeper need not be woken for every unit of a group. One hart waits on a board.
  virtual const sc_core::sc_event& changed() const = 0;
  virtual void set_condition(std::function<bool()> condition) = 0;
};

}  // namespace weft::sync
