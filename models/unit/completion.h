// SPDX-License-Identifier: Apache-2.0
// How a unit tells its tile what became of a command. Implemented by the tile's sync board.
#pragma once

#include <systemc>

#include "models/unit/command.h"

namespace weft::unit {

class CompletionInterface : public sc_core::sc_interface {
 public:
  // A command was taken into the unit's queue.
  virtual void accepted(unsigned unit) = 0;
  // The oldest command of the unit is done; a counter it names is raised.
  virtual void completed(unsigned unit, const Command& command) = 0;
  // The oldest command of the unit failed; it does not raise its counter.
  virtual void failed(unsigned unit, const Fault& fault) = 0;
  // A command that has completed before turns out to have failed: a posted write that nothing took.
  virtual void failed_late(unsigned unit, const Fault& fault) = 0;
};

}  // namespace weft::unit
