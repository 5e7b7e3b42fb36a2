// SPDX-License-Identifier: Apache-2.0
#include "models/hart/direct_map.h"

#include <algorithm>

namespace weft::hart {

namespace {

Window prepare(const DirectMemory& range) {
  Window window;
  window.range = range;
  // 64 bits because a range may end with the address space.
  const std::uint64_t first = (std::uint64_t{range.start} + 3u) & ~std::uint64_t{3};
  const std::uint64_t end = (std::uint64_t{range.end} + 1u) & ~std::uint64_t{3};
  if (range.host == nullptr || end <= first) return window;
  window.base = static_cast<std::uint32_t>(first);
  window.host = range.host + (first - range.start);
  const std::uint64_t largest = 0xFFFFFFFCu;
  window.bytes = static_cast<std::uint32_t>(std::min(end - first, largest));
  window.halves = window.bytes >> 1;
  window.words = window.bytes >> 2;
  return window;
}

bool overlaps(const DirectMemory& range, std::uint32_t first, std::uint32_t last) {
  return first <= range.end && last >= range.start;
}

}  // namespace

void DirectMap::select(Privilege level) {
  if (level == selected_) return;
  Level& left = levels_[index_of(selected_)];
  left.load = load_;
  left.store = store_;
  const Level& entered = levels_[index_of(level)];
  load_ = entered.load != nullptr ? entered.load : &none_;
  store_ = entered.store != nullptr ? entered.store : &none_;
  selected_ = level;
}

void DirectMap::guard_stores(bool guarded) {
  guarded_ = guarded;
  for (Level& level : levels_) {
    for (Window& window : level.windows) update_guard(window);
  }
}

void DirectMap::update_guard(Window& window) const {
  window.code = guarded_ ? CodeMap::Hull{window.base, window.bytes} : window.cached_code;
}

const std::uint8_t* DirectMap::for_load(std::uint32_t address, unsigned size) {
  const Window* window = find(address, selected_);
  if (window == nullptr || !window->range.readable || !window->covers(address, size)) return nullptr;
  load_ = window;
  return window->at(address);
}

std::uint8_t* DirectMap::for_store(std::uint32_t address, unsigned size) {
  const Window* window = find(address, selected_);
  if (window == nullptr || !window->range.writable || !window->covers(address, size)) return nullptr;
  store_ = window;
  return window->at(address);
}

const Window* DirectMap::for_fetch(std::uint32_t address, Privilege level) {
  const Window* window = find(address, level);
  return window != nullptr && window->executable ? window : nullptr;
}

void DirectMap::flush() {
  for (Level& level : levels_) {
    level.used = 0;
    level.victim = 0;
    level.load = level.store = nullptr;
  }
  load_ = &none_;
  store_ = &none_;
}

void DirectMap::add_code(std::uint32_t start, std::uint32_t bytes) {
  code_.add(start, bytes);
  for (Level& level : levels_) {
    for (std::size_t i = 0; i < level.used; ++i) {
      Window& window = level.windows[i];
      if (!overlaps(window.range, start, start + (bytes - 1u))) continue;
      window.cached_code.include(start, bytes);
      update_guard(window);
    }
  }
}

void DirectMap::clear_code() {
  code_.clear();
  for (Level& level : levels_) {
    for (Window& window : level.windows) {
      window.cached_code = {};
      update_guard(window);
    }
  }
}

const Window* DirectMap::find(std::uint32_t address, Privilege level) {
  const Level& known = levels_[index_of(level)];
  for (std::size_t i = 0; i < known.used; ++i) {
    if (known.windows[i].contains(address)) return &known.windows[i];
  }
  DirectMemory range = environment_.direct(address);
  if (range.start > address || range.end < address) return nullptr;
  if (range.host == nullptr) range.readable = range.writable = false;
  return learn(range, address, level);
}

// The part of a range around an address that is watched as a whole, or not at all.
DirectMemory DirectMap::cut_at_watched(const DirectMemory& range, std::uint32_t address,
                                       bool& is_watched) const {
  // No access of up to 8 bytes, naturally aligned, touches both sides of such a boundary.
  constexpr std::uint32_t granule = 8;
  std::uint32_t first = range.start;
  std::uint32_t last = range.end;
  for (const Watchpoint& point : watched_) {
    const std::uint32_t low = point.address & ~(granule - 1u);
    const std::uint32_t high = (point.address + (point.length - 1u)) | (granule - 1u);
    if (address >= low && address <= high) {
      is_watched = true;
      first = address & ~(granule - 1u);
      last = address | (granule - 1u);
      break;
    }
    if (high < address) first = std::max(first, high + 1u);
    if (low > address) last = std::min(last, low - 1u);
  }
  DirectMemory part = range;
  part.start = std::max(first, range.start);
  part.end = std::min(last, range.end);
  if (part.host != nullptr) part.host += part.start - range.start;
  return part;
}

void DirectMap::watch(const std::vector<Watchpoint>& points) {
  watched_ = points;
  flush();
}

const Window* DirectMap::learn(DirectMemory range, std::uint32_t address, Privilege level) {
  const Pmp::Region region = protection_.region(address, level);
  const std::uint32_t start = std::max(range.start, region.start);
  if (range.host != nullptr) range.host += start - range.start;
  range.start = start;
  range.end = std::min(range.end, region.end);
  const bool executable = range.readable && region.permissions.executable;
  range.readable = range.readable && region.permissions.readable;
  range.writable = range.writable && region.permissions.writable;
  bool is_watched = false;
  if (!watched_.empty()) range = cut_at_watched(range, address, is_watched);

  Level& owner = levels_[index_of(level)];
  const std::size_t slot = owner.used < capacity ? owner.used++ : owner.victim;
  owner.victim = (slot + 1) % capacity;
  Window& window = owner.windows[slot];
  forget(window, owner);
  window = prepare(range);
  if (is_watched) window.bytes = window.halves = window.words = 0;
  window.executable = executable;
  window.cached_code = code_.hull(range.start, range.end);
  update_guard(window);
  return &window;
}

void DirectMap::forget(const Window& window, Level& owner) {
  if (load_ == &window) load_ = &none_;
  if (store_ == &window) store_ = &none_;
  if (owner.load == &window) owner.load = nullptr;
  if (owner.store == &window) owner.store = nullptr;
}

}  // namespace weft::hart
