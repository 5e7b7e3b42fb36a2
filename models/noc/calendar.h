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

// How busy a port is, window by window.
class WindowLoad {
 public:
  static constexpr Cycle kWindow = 1024;
  static constexpr double kLimit = 0.7;

  // Cycles [begin, end) are busy; intervals come in order of time and do not overlap.
  void add(Cycle begin, Cycle end);
  // Windows so far that are busier than the limit, and the busy share of the busiest.
  std::uint64_t overloaded() const;
  double busiest() const;

 private:
  void close();

  Cycle window_ = 0;  // number of the window that is being filled
  Cycle busy_ = 0;    // in it
  Cycle most_ = 0;    // in one closed
  std::uint64_t overloaded_ = 0;
};

class Calendar {
 public:
  // First cycle t >= ready with [t, t + length) free; the interval is taken. length > 0.
  Cycle reserve(Cycle ready, Cycle length);
  // The cycle that reserve() would give, without taking it.
  Cycle first_gap(Cycle ready, Cycle length) const;

  // Drops what ended at or before `horizon`. A later request must not be ready before the horizon: it
  // would find the forgotten cycles free. Pruning is by time and never by count, because a calendar
  // that forgets load it still needs underestimates waiting without a sign of it.
  void forget_before(Cycle horizon);

  // Number of busy intervals held; adjacent ones count as one.
  std::size_t size() const { return busy_.size(); }
  // Of all reservations, forgotten ones included.
  WindowLoad load() const;

 private:
  struct Interval {
    Cycle begin;
    Cycle end;
  };

  struct Gap {
    std::size_t position;
    Cycle start;
  };

  Gap find(Cycle ready, Cycle length) const;
  std::size_t first_ending_after(Cycle time) const;
  void take(std::size_t position, Interval interval);

  std::deque<Interval> busy_;
  WindowLoad forgotten_;
};

}  // namespace weft::noc
