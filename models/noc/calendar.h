// SPDX-License-Identifier: Apache-2.0
// The reservation calendar of one port: which cycles are taken, as sorted busy intervals.
//
// A packet takes the first gap that is long enough and starts no earlier than the packet is ready. A
// gap between two earlier reservations is as good as the time after the last one, so requests may come
// in any order of time: an initiator that runs ahead by a quantum does not delay those behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace weft::noc {

// Clock cycles of the network since the start of simulation.
using Cycle = std::uint64_t;

class Calendar {
 public:
  // First cycle t >= ready with [t, t + length) free; the interval is taken. length > 0.
  Cycle reserve(Cycle ready, Cycle length);

  // Drops what ended at or before `horizon`. A later request must not be ready before the horizon: it
  // would find the forgotten cycles free. Pruning is by time and never by count, because a calendar
  // that forgets load it still needs underestimates waiting without a sign of it.
  void forget_before(Cycle horizon);

  // Number of busy intervals held; adjacent ones count as one.
  std::size_t size() const { return busy_.size(); }

 private:
  struct Interval {
    Cycle begin;
    Cycle end;
  };

  std::size_t first_ending_after(Cycle time) const;
  void take(std::size_t position, Interval interval);

  std::deque<Interval> busy_;
};

}  // namespace weft::noc
