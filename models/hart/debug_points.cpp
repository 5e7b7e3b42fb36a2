// SPDX-License-Identifier: Apache-2.0
#include "models/hart/debug_points.h"

#include <algorithm>

namespace weft::hart {

bool DebugPoints::has_watchpoint(const Watchpoint& point) const {
  return std::find(watchpoints_.begin(), watchpoints_.end(), point) != watchpoints_.end();
}

bool DebugPoints::set_watchpoint(const Watchpoint& point) {
  if (has_watchpoint(point)) return false;
  watchpoints_.push_back(point);
  return true;
}

bool DebugPoints::clear_watchpoint(const Watchpoint& point) {
  const auto found = std::find(watchpoints_.begin(), watchpoints_.end(), point);
  if (found == watchpoints_.end()) return false;
  watchpoints_.erase(found);
  return true;
}

const Watchpoint* DebugPoints::hit(std::uint32_t address, unsigned size, bool reads, bool writes) const {
  for (const Watchpoint& point : watchpoints_) {
    const bool overlaps = address - point.address < point.length || point.address - address < size;
    const bool wanted =
        (reads && point.kind != WatchKind::write) || (writes && point.kind != WatchKind::read);
    if (overlaps && wanted) return &point;
  }
  return nullptr;
}

}  // namespace weft::hart
