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
  const Cycle start = first_gap(ready, length);
  take(start, length);
  return start;
}

Cycle Calendar::first_gap(Cycle ready, Cycle length) const {
  assert(length > 0);
  for (std::size_t i = first_ending_after(ready); i < busy_.size() && ready + length > busy_[i].begin; ++i)
    ready = busy_[i].end;
  return ready;
}

// Merging neighbours keeps a saturated port at one interval instead of one per packet.
void Calendar::insert(Interval interval) {
  const std::size_t position = first_ending_after(interval.begin);
  const bool joins_previous = position > first_ && busy_[position - 1].end == interval.begin;
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

void Calendar::take_pieces(Cycle from, Cycle length) {
  while (length > 0) {
    from = first_gap(from, 1);
    const Cycle piece = std::min(length, next_busy(from) - from);
    take(from, piece);
    from += piece;
    length -= piece;
  }
}

void Calendar::occupy(Cycle begin, Cycle end) {
  while (begin < end) {
    const Cycle free = first_gap(begin, 1);
    if (free >= end) return;
    const Cycle until = std::min(end, next_busy(free));
    take(free, until - free);
    begin = until;
  }
}

Cycle Calendar::next_busy(Cycle time) const {
  const std::size_t position = first_ending_after(time);
  return position == busy_.size() ? kNever : std::max(time, busy_[position].begin);
}

// The room of what is forgotten is reused in bulk, so that forgetting costs nothing.
void Calendar::compact() {
  if (2 * first_ < busy_.size()) return;
  busy_.erase(busy_.begin(), busy_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void Calendar::add_to(WindowLoad& load) const {
  for (std::size_t i = first_; i < busy_.size(); ++i) load.add(busy_[i].begin, busy_[i].end);
}

// Backwards from the newest interval: requests are nearly in order, so this is a step or two.
std::size_t Calendar::first_ending_after(Cycle time) const {
  std::size_t position = busy_.size();
  while (position > first_ && busy_[position - 1].end > time) --position;
  return position;
}

Cycle first_common_gap(const Calendar& a, Cycle length_a, const Calendar& b, Cycle length_b, Cycle ready) {
  while (true) {
    const Cycle in_a = a.first_gap(ready, length_a);
    ready = b.first_gap(in_a, length_b);
    if (ready == in_a) return ready;
  }
}

}  // namespace weft::noc
