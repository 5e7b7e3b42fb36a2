// SPDX-License-Identifier: Apache-2.0
#include "models/noc/calendar.h"

#include <cassert>

namespace weft::noc {

Cycle Calendar::reserve(Cycle ready, Cycle length) {
  assert(length > 0);
  Cycle start = ready;
  std::size_t position = first_ending_after(ready);
  while (position < busy_.size() && start + length > busy_[position].begin) {
    start = busy_[position].end;
    ++position;
  }
  take(position, {start, start + length});
  return start;
}

void Calendar::forget_before(Cycle horizon) {
  while (!busy_.empty() && busy_.front().end <= horizon) busy_.pop_front();
}

// Backwards from the newest interval: requests are nearly in order, so this is a step or two.
std::size_t Calendar::first_ending_after(Cycle time) const {
  std::size_t position = busy_.size();
  while (position > 0 && busy_[position - 1].end > time) --position;
  return position;
}

// Merging neighbours keeps a saturated port at one interval instead of one per packet.
void Calendar::take(std::size_t position, Interval interval) {
  const bool joins_previous = position > 0 && busy_[position - 1].end == interval.begin;
  const bool joins_next = position < busy_.size() && busy_[position].begin == interval.end;
  const auto at = busy_.begin() + static_cast<std::ptrdiff_t>(position);
  if (joins_previous && joins_next) {
    busy_[position - 1].end = busy_[position].end;
    busy_.erase(at);
  } else if (joins_previous) {
    busy_[position - 1].end = interval.end;
  } else if (joins_next) {
    busy_[position].begin = interval.begin;
  } else {
    busy_.insert(at, interval);
  }
}

}  // namespace weft::noc
