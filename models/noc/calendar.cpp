// SPDX-License-Identifier: Apache-2.0
#include "models/noc/calendar.h"

#include <algorithm>
#include <cassert>

namespace weft::noc {

void WindowLoad::add(Cycle begin, Cycle end) {
  while (begin < end) {
    if (begin / kWindow != window_) {
      close();
      window_ = begin / kWindow;
    }
    const Cycle until = std::min(end, (window_ + 1) * kWindow);
    busy_ += until - begin;
    begin = until;
  }
}

void WindowLoad::close() {
  most_ = std::max(most_, busy_);
  overloaded_ = overloaded();
  busy_ = 0;
}

std::uint64_t WindowLoad::overloaded() const {
  return overloaded_ + (static_cast<double>(busy_) > kLimit * kWindow ? 1 : 0);
}

double WindowLoad::busiest() const { return static_cast<double>(std::max(most_, busy_)) / kWindow; }

Cycle Calendar::reserve(Cycle ready, Cycle length) {
  const Gap gap = find(ready, length);
  take(gap.position, {gap.start, gap.start + length});
  return gap.start;
}

Cycle Calendar::first_gap(Cycle ready, Cycle length) const { return find(ready, length).start; }

Calendar::Gap Calendar::find(Cycle ready, Cycle length) const {
  assert(length > 0);
  Gap gap{first_ending_after(ready), ready};
  while (gap.position < busy_.size() && gap.start + length > busy_[gap.position].begin) {
    gap.start = busy_[gap.position].end;
    ++gap.position;
  }
  return gap;
}

void Calendar::forget_before(Cycle horizon) {
  while (!busy_.empty() && busy_.front().end <= horizon) {
    forgotten_.add(busy_.front().begin, busy_.front().end);
    busy_.pop_front();
  }
}

WindowLoad Calendar::load() const {
  WindowLoad load = forgotten_;
  for (const Interval& interval : busy_) load.add(interval.begin, interval.end);
  return load;
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
