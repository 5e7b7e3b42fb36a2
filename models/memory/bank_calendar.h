// SPDX-License-Identifier: Apache-2.0
// When the banks of a memory are busy, slot by slot. Neighbouring words lie in neighbouring banks; a bank
// serves one word in a slot, a user moves one word in a slot.
//
// Each word of an access takes the first slot after the word before it in which its bank is free. Slots
// between reservations are as good as those behind them, so accesses may be made in any order of their times.
#pragma once

#include <array>
#include <cstdint>
#include <map>

namespace weft::memory {

using Slot = std::uint64_t;

struct BankStatistics {
  std::uint64_t words = 0;
  std::uint64_t conflicts = 0;  // words that found their bank taken
  std::uint64_t waited = 0;     // slots they waited, together
};

class BankCalendar {
 public:
  static constexpr unsigned max_banks = 64;

  // Throws weft::Error for other than 1 to 64 banks, or words of no bytes.
  BankCalendar(unsigned banks, unsigned word_bytes);

  // Takes the slots of the words that [address, address + bytes) touches, from `ready` on; returns the slot
  // after the last. bytes > 0.
  Slot reserve(Slot ready, std::uint64_t address, std::uint32_t bytes);

  // Drops what lies before `horizon`; no later access may be ready before it.
  void forget_before(Slot horizon);

  const BankStatistics& statistics() const { return statistics_; }

 private:
  static constexpr Slot block_slots = 256;
  using Block = std::array<std::uint64_t, block_slots>;  // busy banks of each slot, a bit each

  std::uint64_t& busy(Slot slot);

  const unsigned banks_;
  const unsigned word_bytes_;
  std::map<Slot, Block> blocks_;  // by slot / block_slots; only where something is reserved
  Slot recent_ = 0;               // number of the block in recent_block_, if that is not null
  Block* recent_block_ = nullptr;
  BankStatistics statistics_;
};

}  // namespace weft::memory
