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

const std::uint8_t* DirectMap::for_load(std::uint32_t address, unsigned size) {
  const Window* window = find(address);
  if (window == nullptr || !window->range.readable || !window->covers(address, size)) return nullptr;
  load_ = window;
  return window->at(address);
}

std::uint8_t* DirectMap::for_store(std::uint32_t address, unsigned size) {
  const Window* window = find(address);
  if (window == nullptr || !window->range.writable || !window->covers(address, size)) return nullptr;
  store_ = window;
  return window->at(address);
}

const Window* DirectMap::for_fetch(std::uint32_t address) {
  const Window* window = find(address);
  return window != nullptr && window->range.readable ? window : nullptr;
}

void DirectMap::flush() {
  used_ = 0;
  victim_ = 0;
  load_ = &none_;
  store_ = &none_;
}

void DirectMap::add_code(std::uint32_t start, std::uint32_t bytes) {
  code_.add(start, bytes);
  for (std::size_t i = 0; i < used_; ++i) {
    Window& window = windows_[i];
    if (overlaps(window.range, start, start + (bytes - 1u))) window.code.include(start, bytes);
  }
}

void DirectMap::clear_code() {
  code_.clear();
  for (Window& window : windows_) window.code = {};
}

const Window* DirectMap::find(std::uint32_t address) {
  for (std::size_t i = 0; i < used_; ++i) {
    if (windows_[i].contains(address)) return &windows_[i];
  }
  DirectMemory range = environment_.direct(address);
  if (range.start > address || range.end < address) return nullptr;
  if (range.host == nullptr) range.readable = range.writable = false;
  return learn(range);
}

const Window* DirectMap::learn(const DirectMemory& range) {
  const std::size_t slot = used_ < capacity ? used_++ : victim_;
  victim_ = (slot + 1) % capacity;
  Window& window = windows_[slot];
  if (load_ == &window) load_ = &none_;
  if (store_ == &window) store_ = &none_;
  window = prepare(range);
  window.code = code_.hull(range.start, range.end);
  return &window;
}

}  // namespace weft::hart
