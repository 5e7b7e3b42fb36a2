// SPDX-License-Identifier: Apache-2.0
// What a hart does for the hazard checker of its tile. Memory that a command in flight owns is taken from the
// core's host pointers, so that accesses to it are seen; they are then made through the same pointer all the
// same, and cost what they cost without the checker.
#include <algorithm>
#include <cstring>

#include "models/hart/hart.h"

namespace weft::hart {

namespace {

constexpr std::uint32_t page = 0x1000;

}  // namespace

void Hart::set_hazard_checker(unit::HazardChecker* checker) {
  hazards_ = checker;
  core_->flush_direct();
  if (checker != nullptr) checker->on_change([this] { core_->flush_direct(); });
}

// A unit may finish before the instruction's own time: the comparison has to wait for it.
bool Hart::access_checked(std::uint32_t address, void* data, unsigned size, bool writes) {
  catch_up();
  if (writes) core_->await_unlocked(address);
  hazards_->access(address, size, writes);
  return access_direct(address, data, size, writes);
}

// Makes the access, in no time, if it is one to memory that could be reached directly; else false.
bool Hart::access_direct(std::uint32_t address, void* data, unsigned size, bool writes) {
  const std::optional<DirectRegion> region = data_socket.direct(address);
  if (!region || address + std::uint64_t{size} - 1 > region->end) return false;
  if (!(writes ? region->writable : region->readable)) return false;
  std::uint8_t* const host = region->pointer + (address - region->start);
  writes ? std::memcpy(host, data, size) : std::memcpy(data, host, size);
  return true;
}

// The page around the address: direct if no command owns a byte of it.
DirectMemory Hart::without_owned_memory(const DirectRegion& region, std::uint32_t address) const {
  const std::uint64_t start = std::max<std::uint64_t>(region.start, address & ~(page - 1));
  const std::uint64_t end = std::min<std::uint64_t>(region.end, address | (page - 1));
  const auto first = static_cast<std::uint32_t>(start);
  const auto last = static_cast<std::uint32_t>(end);
  if (hazards_->owns(first, last)) return {nullptr, first, last, false, false};
  return {region.pointer + (start - region.start), first, last, region.readable, region.writable};
}

}  // namespace weft::hart
