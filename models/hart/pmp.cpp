// SPDX-License-Identifier: Apache-2.0
#include "models/hart/pmp.h"

#include <algorithm>
#include <cstddef>

namespace weft::hart {

namespace {

constexpr std::uint8_t config_read = 1u << 0;
constexpr std::uint8_t config_write = 1u << 1;
constexpr std::uint8_t config_execute = 1u << 2;
constexpr std::uint8_t config_lock = 1u << 7;
constexpr std::uint8_t config_bits = 0x9F;

enum class Match { off, tor, na4, napot };

Match match_mode(std::uint8_t config) { return static_cast<Match>((config >> 3) & 3u); }

constexpr std::uint64_t address_space = std::uint64_t{1} << 32;
constexpr unsigned entries_a_register = 4;

}  // namespace

bool Pmp::Permissions::allow(AccessKind kind) const {
  switch (kind) {
    case AccessKind::load:
      return readable;
    case AccessKind::store:
      return writable;
    default:
      return executable;
  }
}

void Pmp::reset() { table_.fill({}); }

CsrStatus Pmp::read(unsigned number, std::uint32_t& value) const {
  value = 0;
  if (entries_ == 0 || !csr::is_protection(number)) return CsrStatus::no_such_csr;
  if (number >= csr::pmpaddr0) {
    value = table_[number - csr::pmpaddr0].address;
  } else {
    value = read_config((number - csr::pmpcfg0) * entries_a_register);
  }
  return CsrStatus::ok;
}

CsrStatus Pmp::write(unsigned number, std::uint32_t value) {
  if (entries_ == 0 || !csr::is_protection(number)) return CsrStatus::no_such_csr;
  if (number >= csr::pmpaddr0) {
    write_address(number - csr::pmpaddr0, value);
  } else {
    const unsigned first = (number - csr::pmpcfg0) * entries_a_register;
    for (unsigned i = 0; i < entries_a_register; ++i) {
      write_config(first + i, static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  update_ranges();
  return CsrStatus::ok;
}

std::uint32_t Pmp::read_config(unsigned first) const {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < entries_a_register; ++i) {
    value |= static_cast<std::uint32_t>(table_[first + i].config) << (8 * i);
  }
  return value;
}

void Pmp::write_config(unsigned index, std::uint8_t value) {
  if (index >= entries_ || locked(index)) return;
  value &= config_bits;
  if ((value & config_read) == 0) value &= static_cast<std::uint8_t>(~config_write);
  table_[index].config = value;
}

void Pmp::write_address(unsigned index, std::uint32_t value) {
  if (index >= entries_ || locked(index)) return;
  // The address of a locked TOR entry's lower bound is locked with it.
  const unsigned next = index + 1;
  if (next < entries_ && locked(next) && match_mode(table_[next].config) == Match::tor) return;
  table_[index].address = value;
}

bool Pmp::locked(unsigned index) const { return (table_[index].config & config_lock) != 0; }

void Pmp::update_ranges() {
  std::uint64_t previous = 0;
  for (Entry& entry : table_) {
    const std::uint64_t address = entry.address;
    // NAPOT: the lowest 0 bit and the ones below it give the size, those above the base.
    const std::uint64_t low_bits = address ^ (address + 1);
    switch (match_mode(entry.config)) {
      case Match::off:
        entry.start = entry.end = 0;
        break;
      case Match::tor:
        entry.start = previous << 2;
        entry.end = address << 2;
        break;
      case Match::na4:
        entry.start = address << 2;
        entry.end = entry.start + 4;
        break;
      case Match::napot:
        entry.start = (address & ~low_bits) << 2;
        entry.end = entry.start + ((low_bits + 1) << 2);
        break;
    }
    if (entry.end <= entry.start) entry.start = entry.end = 0;
    previous = address;
  }
}

Pmp::Permissions Pmp::granted(const Entry& entry, Privilege level) {
  if (level == Privilege::machine && (entry.config & config_lock) == 0) return {true, true, true};
  return {(entry.config & config_read) != 0, (entry.config & config_write) != 0,
          (entry.config & config_execute) != 0};
}

bool Pmp::allows(std::uint32_t address, unsigned size, AccessKind kind, Privilege level) const {
  if (entries_ == 0) return true;
  const std::uint64_t start = address;
  const std::uint64_t end = start + size;
  if (end > address_space) {
    const auto rest = static_cast<unsigned>(end - address_space);
    return allows(address, size - rest, kind, level) && allows(0, rest, kind, level);
  }
  for (const Entry& entry : table_) {
    if (entry.start >= end || entry.end <= start) continue;
    const bool matches_all = entry.start <= start && entry.end >= end;
    return matches_all && granted(entry, level).allow(kind);
  }
  return level == Privilege::machine;
}

Pmp::Permissions Pmp::permissions_at(std::uint64_t address, Privilege level) const {
  for (const Entry& entry : table_) {
    if (address >= entry.start && address < entry.end) return granted(entry, level);
  }
  const bool free = level == Privilege::machine;
  return {free, free, free};
}

Pmp::Region Pmp::region(std::uint32_t address, Privilege level) const {
  if (entries_ == 0) return {};
  // Permissions change at no other address than these.
  std::array<std::uint64_t, 2 * max_entries + 2> edges{};
  std::size_t count = 0;
  edges[count++] = 0;
  for (const Entry& entry : table_) {
    if (entry.end == 0) continue;
    edges[count++] = std::min(entry.start, address_space);
    edges[count++] = std::min(entry.end, address_space);
  }
  edges[count++] = address_space;
  auto* const first_edge = edges.data();
  auto* const last_edge = first_edge + count - 1;
  std::sort(first_edge, first_edge + count);

  const Permissions permissions = permissions_at(address, level);
  auto* upper = std::upper_bound(first_edge, last_edge, std::uint64_t{address});
  auto* lower = upper - 1;
  while (upper < last_edge && permissions_at(*upper, level) == permissions) ++upper;
  while (lower > first_edge && permissions_at(*lower - 1, level) == permissions) --lower;
  return {static_cast<std::uint32_t>(*lower), static_cast<std::uint32_t>(*upper - 1), permissions};
}

}  // namespace weft::hart
