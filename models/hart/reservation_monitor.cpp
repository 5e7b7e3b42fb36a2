// SPDX-License-Identifier: Apache-2.0
#include "models/hart/reservation_monitor.h"

#include <algorithm>
#include <utility>

namespace weft::hart {

namespace {

constexpr std::uint32_t word_of(std::uint32_t address) { return address & ~3u; }

// In 64 bits, for the end of the address space.
bool overlaps(std::uint32_t word, std::uint32_t address, std::uint32_t size) {
  return std::uint64_t{address} < std::uint64_t{word} + 4 && std::uint64_t{address} + size > word;
}

}  // namespace

ReservationMonitor::HartId ReservationMonitor::join(Guard guard) {
  Member member;
  member.guard = std::move(guard);
  members_.push_back(std::move(member));
  update_guard(members_.size() - 1);
  return members_.size() - 1;
}

void ReservationMonitor::leave(HartId hart) {
  members_[hart] = {};
  delist_if_idle(hart);
}

void ReservationMonitor::reserve(HartId hart, std::uint32_t address) {
  members_[hart].reserved = true;
  members_[hart].reservation = word_of(address);
  enlist(hart);
}

void ReservationMonitor::release(HartId hart) {
  if (!members_[hart].reserved) return;
  members_[hart].reserved = false;
  delist_if_idle(hart);
}

bool ReservationMonitor::holds(HartId hart, std::uint32_t address) const {
  const Member& member = members_[hart];
  return member.reserved && member.reservation == word_of(address);
}

void ReservationMonitor::cancel(HartId writer, std::uint32_t address, std::uint32_t size) {
  // Backwards, because release() takes harts out of the list.
  for (std::size_t i = active_.size(); i-- > 0;) {
    const HartId hart = active_[i];
    if (hart == writer || !members_[hart].reserved) continue;
    if (overlaps(members_[hart].reservation, address, size)) release(hart);
  }
}

void ReservationMonitor::written(std::uint32_t address, std::uint32_t size) {
  for (std::size_t i = active_.size(); i-- > 0;) {
    const HartId hart = active_[i];
    Member& member = members_[hart];
    if (!member.reserved || !overlaps(member.reservation, address, size)) continue;
    const bool own = member.own_store_bytes == size && member.own_store == address;
    member.own_store_bytes = 0;
    if (!own) release(hart);
  }
}

void ReservationMonitor::begin_own_store(HartId hart, std::uint32_t address, std::uint32_t size) {
  members_[hart].own_store = address;
  members_[hart].own_store_bytes = size;
}

void ReservationMonitor::end_own_store(HartId hart) { members_[hart].own_store_bytes = 0; }

bool ReservationMonitor::lock(HartId hart, std::uint32_t address) {
  if (locked_by_other(hart, address)) return false;
  members_[hart].locked = true;
  members_[hart].lock = word_of(address);
  enlist(hart);
  return true;
}

void ReservationMonitor::unlock(HartId hart) {
  members_[hart].locked = false;
  delist_if_idle(hart);
}

bool ReservationMonitor::locked_by_other(HartId hart, std::uint32_t address) const {
  return std::any_of(active_.begin(), active_.end(), [&](HartId other) {
    return other != hart && members_[other].locked && members_[other].lock == word_of(address);
  });
}

void ReservationMonitor::enlist(HartId hart) {
  if (std::find(active_.begin(), active_.end(), hart) != active_.end()) return;
  active_.push_back(hart);
  update_guards();
}

void ReservationMonitor::delist_if_idle(HartId hart) {
  if (members_[hart].reserved || members_[hart].locked) return;
  const auto found = std::find(active_.begin(), active_.end(), hart);
  if (found == active_.end()) return;
  active_.erase(found);
  update_guards();
}

void ReservationMonitor::update_guards() {
  // With one active hart all others are guarded, with two everybody is: beyond that nothing changes.
  if (active_.size() > 2) return;
  for (HartId hart = 0; hart < members_.size(); ++hart) update_guard(hart);
}

void ReservationMonitor::update_guard(HartId hart) {
  Member& member = members_[hart];
  const bool guarded = !active_.empty() && (active_.size() > 1 || active_.front() != hart);
  if (guarded == member.guarded) return;
  member.guarded = guarded;
  if (member.guard) member.guard(guarded);
}

}  // namespace weft::hart
