// SPDX-License-Identifier: Apache-2.0
// What a core does for a debugger. Without breakpoints and watchpoints none of this runs.
//
// A block never contains a breakpoint but in front of its first instruction, and no block that begins at one
// is kept: the dispatch loop comes back to run() there. Watched bytes are never on the fast path of loads and
// stores (DirectMap), so the slow path sees every access to them.
#include <algorithm>
#include <utility>

#include "models/hart/core.h"

namespace weft::hart {

void Core::set_breakpoint(std::uint32_t address) {
  if (debug_points_.set_breakpoint(address)) flush_code();
}

void Core::clear_breakpoint(std::uint32_t address) {
  if (debug_points_.clear_breakpoint(address)) flush_code();
}

void Core::set_watchpoint(const Watchpoint& point) {
  if (debug_points_.set_watchpoint(point)) watchpoints_changed();
}

void Core::clear_watchpoint(const Watchpoint& point) {
  if (debug_points_.clear_watchpoint(point)) watchpoints_changed();
}

void Core::watchpoints_changed() {
  direct_.watch(debug_points_.watchpoints());
  // Translated code has the host pointers of the windows in it.
  flush_direct();
}

bool Core::still_wanted(const DebugStop& stop) const {
  if (stop.reason == DebugStop::Reason::watchpoint) return debug_points_.has_watchpoint(stop.watchpoint);
  return debug_points_.has_breakpoint(stop.pc);
}

// One turn of run() while there are breakpoints or watchpoints. True if the core is to stop.
bool Core::run_debugged() {
  if (passing_) {
    observer_ != nullptr ? run_one_observed() : run_one_uncached();
    passing_ = false;
    return false;
  }
  if (debug_points_.has_breakpoint(pc_)) {
    debug_stop_ = {};
    debug_stop_.pc = pc_;
    passing_ = true;
    return true;
  }
  run_some();
  if (!std::exchange(watchpoint_hit_, false)) return false;
  passing_ = true;
  return true;
}

// Before an access: true if the instruction must not be executed yet, and the dispatch loop must return.
bool Core::hits_watchpoint(const Block& block, const Operation& operation, std::uint32_t address,
                           unsigned size, Access access) {
  if (debug_points_.watchpoints().empty() || passing_) return false;
  const Watchpoint* const point =
      debug_points_.hit(address, size, access != Access::write, access != Access::read);
  if (point == nullptr) return false;
  commit_before(block, operation);
  debug_stop_.reason = DebugStop::Reason::watchpoint;
  debug_stop_.pc = pc_;
  debug_stop_.watchpoint = *point;
  debug_stop_.data_address = address - point->address < point->length ? address : point->address;
  watchpoint_hit_ = true;
  return true;
}

}  // namespace weft::hart
