// SPDX-License-Identifier: Apache-2.0
#include "models/memory/bank_calendar.h"

#include <fmt/format.h>

#include "models/common/error.h"

namespace weft::memory {

BankCalendar::BankCalendar(unsigned banks, unsigned word_bytes) : banks_(banks), word_bytes_(word_bytes) {
  if (banks < 1 || banks > max_banks)
    throw Error(fmt::format("a memory of {} banks, allowed are 1 to {}", banks, max_banks));
  if (word_bytes < 1) throw Error("banks with words of 0 bytes; at least 1 is needed");
}

Slot BankCalendar::reserve(Slot ready, std::uint64_t address, std::uint32_t bytes) {
  const std::uint64_t first = address / word_bytes_;
  const std::uint64_t last = (address + (bytes - 1)) / word_bytes_;
  Slot slot = ready;
  for (std::uint64_t word = first; word <= last; ++word) {
    const std::uint64_t bank = std::uint64_t{1} << word % banks_;
    const Slot wanted = slot;
    while ((busy(slot) & bank) != 0) ++slot;
    busy(slot) |= bank;
    statistics_.conflicts += slot != wanted ? 1 : 0;
    statistics_.waited += slot - wanted;
    ++slot;
  }
  statistics_.words += last - first + 1;
  return slot;
}

void BankCalendar::forget_before(Slot horizon) {
  const auto kept = blocks_.lower_bound(horizon / block_slots);
  if (kept == blocks_.begin()) return;
  blocks_.erase(blocks_.begin(), kept);
  recent_block_ = nullptr;
}

std::uint64_t& BankCalendar::busy(Slot slot) {
  const Slot number = slot / block_slots;
  if (recent_block_ == nullptr || recent_ != number) {
    recent_block_ = &blocks_[number];
    recent_ = number;
  }
  return (*recent_block_)[slot % block_slots];
}

}  // namespace weft::memory
