// SPDX-License-Identifier: Apache-2.0
// The book of which memory commands in flight still own, for a tile that checks its programs: a unit reads
// its operands when a command begins and writes its result when it completes, so until then nobody else may
// write the former or touch the latter. Commands of one unit follow each other and are no hazard to each
// other.
//
// Costs nothing where it is not used: units and hart hold a pointer that is null.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/unit/command.h"

namespace weft::unit {

// Bytes that a command reads, writes or adds to.
struct Extent {
  enum class Use : std::uint8_t { reads, writes, accumulates };

  std::uint32_t address = 0;
  std::uint64_t bytes = 0;
  Use use = Use::reads;
};

using Footprint = std::vector<Extent>;

// `count` rows of `bytes` bytes, `stride` bytes apart; those without gaps become one range.
void add_rows(Footprint& footprint, std::uint32_t address, std::int32_t stride, std::uint64_t count,
              std::uint64_t bytes, Extent::Use use);

class HazardChecker {
 public:
  // `report` gets a sentence for every hazard, once for each unit and instruction; `pc` is asked for the
  // instruction that is being executed.
  HazardChecker(std::function<void(const std::string&)> report, std::function<std::uint32_t()> pc);

  // Called whenever the owned memory changes.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  void issued(unsigned unit, Footprint footprint);
  void finished(unsigned unit);
  void reset();

  // The hart is about to read or write.
  void access(std::uint32_t address, unsigned bytes, bool writes);
  // Whether a command in flight owns a byte from `first` to `last`, both included.
  bool owns(std::uint32_t first, std::uint32_t last) const;
  std::uint64_t hazards() const { return hazards_; }

 private:
  void check_against(unsigned unit, const Extent& range, const std::string& who);
  void compare(unsigned owner, const Extent& owned, const Extent& range, const std::string& who);

  std::function<void(const std::string&)> report_;
  std::function<std::uint32_t()> pc_;
  std::function<void()> changed_;
  std::array<std::deque<Footprint>, max_units> in_flight_;
  std::set<std::pair<std::uint32_t, unsigned>> reported_;  // pc and owner
  std::uint64_t hazards_ = 0;
};

}  // namespace weft::unit
