// SPDX-License-Identifier: Apache-2.0
// Who holds which word reserved between lr.w and sc.w, in a machine whose harts share memory (RISC-V
// Unprivileged ISA 20191213, section 8.2). One monitor a machine; a hart that shares nothing has one of its
// own. Words are named by bus address, which must be the same for every hart.
//
// A reservation ends with any store to its word that is not the hart's own: by another hart (stored()) or by
// whoever else writes to the memory (written()). Stores through host pointers cannot be seen here, so while
// a hart holds a reservation all others are told to keep off their fast path (Guard).
//
// Atomic accesses that take simulated time (memory without direct access) lock their word, so that harts
// keep out of each other's way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace weft::hart {

class ReservationMonitor {
 public:
  using HartId = std::size_t;
  // Called with true when this hart's stores must be reported with stored(), with false when not any more.
  using Guard = std::function<void(bool)>;

  ReservationMonitor() = default;
  ReservationMonitor(const ReservationMonitor&) = delete;
  ReservationMonitor& operator=(const ReservationMonitor&) = delete;

  HartId join(Guard guard);
  void leave(HartId hart);

  // Reserves the word at an address, a multiple of 4; an older reservation of this hart ends.
  void reserve(HartId hart, std::uint32_t address);
  void release(HartId hart);
  bool holds(HartId hart, std::uint32_t address) const;

  // A hart has stored `size` bytes (at least 1) through a host pointer.
  void stored(HartId hart, std::uint32_t address, std::uint32_t size) { cancel(hart, address, size); }
  // Bytes have been written over the bus, by whomever. To be called once a write, when the memory changes.
  void written(std::uint32_t address, std::uint32_t size);
  // Around a bus store of this hart: written() is going to report it, but it is the hart's own.
  void begin_own_store(HartId hart, std::uint32_t address, std::uint32_t size);
  void end_own_store(HartId hart);

  // False if another hart has locked the word.
  bool lock(HartId hart, std::uint32_t address);
  void unlock(HartId hart);
  bool locked_by_other(HartId hart, std::uint32_t address) const;

 private:
  struct Member {
    Guard guard;
    bool guarded = false;
    bool reserved = false;
    std::uint32_t reservation = 0;
    bool locked = false;
    std::uint32_t lock = 0;
    std::uint32_t own_store = 0;
    std::uint32_t own_store_bytes = 0;  // 0: none under way
  };

  void cancel(HartId writer, std::uint32_t address, std::uint32_t size);
  void enlist(HartId hart);
  void delist_if_idle(HartId hart);
  void update_guards();
  void update_guard(HartId hart);

  std::vector<Member> members_;
  // Those with a reservation or a lock, hence few.
  std::vector<HartId> active_;
};

}  // namespace weft::hart
