// SPDX-License-Identifier: Apache-2.0
// What a bare simulation does for a debugger.
#include "platform/bare/bare_simulation.h"

namespace weft::bare {

void BareSimulation::listen_for_debugger() {
  debug::Target target;
  target.threads.push_back({"hart", &machine_->hart()});
  const auto reset = [this](const std::vector<std::string>&) -> std::string {
    machine_->hart().start_now(options_.entry);
    return "the hart starts again at the entry; memories and devices keep their contents\n";
  };
  target.commands.push_back({"reset", "", "Starts the hart again at the entry", reset});
  debugger_ = debug::listen(std::move(target), *options_.gdb, options_.interrupted);
}

// Where a program has come to nothing is what somebody with a debugger wants to look at, and perhaps to
// change.
bool BareSimulation::debugger_holds(Ending ending) {
  const bool came_to_nothing = ending == Ending::fatal_trap || ending == Ending::stuck;
  if (!came_to_nothing || !debugger_) return false;
  return debugger_->halt(describe(ending)) == debug::Order::go_on;
}

void BareSimulation::log(const LogEntry& entry) const {
  if (options_.log) options_.log(entry);
  if (debugger_) debugger_->log(entry);
}

}  // namespace weft::bare
