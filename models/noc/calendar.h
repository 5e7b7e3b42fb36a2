// SPDX-License-Identifier: Apache-2.0
// The reservation calendar of one port: which cycles are taken, as sorted busy intervals.
//
// A packet takes the first gap that is long enough and starts no earlier than the packet is ready. A
// gap between two earlier reservations is as good as the time after the last one, so requests may come
// in any order of time: an initiator that runs ahead by a quantum does not delay those behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

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
  static constexpr Cycle kNever = std::numeric_limits<Cycle>::max();

  // First cycle t >= ready with [t, t + length) free. length > 0.
  Cycle first_gap(Cycle ready, Cycle length) const;
  // The same, and the interval is taken.
  Cycle reserve(Cycle ready, Cycle length);
  // Takes [start, start + length), which must be free.
  void take(Cycle start, Cycle length) {
    if (!free_from(start)) return insert({start, start + length});
    if (first_ < busy_.size() && busy_.back().end == start) {
      busy_.back().end += length;
    } else {
      busy_.push_back({start, start + length});
    }
  }
  // Takes the first `length` free cycles from `from` on, in pieces if they do not follow each other.
  void take_pieces(Cycle from, Cycle length);
  // Takes what is free of [begin, end).
  void occupy(Cycle begin, Cycle end);
  // The first busy cycle at or after `time`, or kNever.
  Cycle next_busy(Cycle time) const;

  // Whether nothing is taken from `time` on.
  bool free_from(Cycle time) const { return first_ == busy_.size() || busy_.back().end <= time; }

  // Drops what ended at or before `horizon`. A later request must not be ready before the horizon: it
  // would find the forgotten cycles free. Pruning is by time and never by count, because a calendar
  // that forgets load it still needs underestimates waiting without a sign of it.
  void forget_before(Cycle horizon) {
    while (first_ < busy_.size() && busy_[first_].end <= horizon) ++first_;
    if (first_ >= kCompaction) compact();
  }
  // The same, and adds to `load` what it drops.
  void forget_before(Cycle horizon, WindowLoad& load) {
    while (first_ < busy_.size() && busy_[first_].end <= horizon) {
      load.add(busy_[first_].begin, busy_[first_].end);
      ++first_;
    }
    if (first_ >= kCompaction) compact();
  }

  // Number of busy intervals held; adjacent ones count as one.
  std::size_t size() const { return busy_.size() - first_; }
  // Adds what is held to `load`.
  void add_to(WindowLoad& load) const;

 private:
  struct Interval {
    Cycle begin;
    Cycle end;
  };

  static constexpr std::size_t kCompaction = 32;

  std::size_t first_ending_after(Cycle time) const;
  void insert(Interval interval);
  void compact();

  std::vector<Interval> busy_;  // in order; those before first_ are forgotten
  std::size_t first_ = 0;
};

// First cycle t >= ready with [t, t + length_a) free in `a` and [t, t + length_b) in `b`.
Cycle first_common_gap(const Calendar& a, Cycle length_a, const Calendar& b, Cycle length_b, Cycle ready);

}  // namespace weft::noc
