// SPDX-License-Identifier: Apache-2.0
// The core's memory of which guest addresses are plain host memory, for each privilege level: ranges are cut
// to where physical memory protection gives every byte the same permissions, so that whoever finds an access
// inside a range need not ask again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/hart/code_map.h"
#include "models/hart/debug_points.h"
#include "models/hart/environment.h"
#include "models/hart/pmp.h"

namespace weft::hart {

// One range with its bounds prepared for a single unsigned comparison an access: an address is inside
// and aligned if its offset from `base`, rotated right by log2(size), is below the count of elements of
// that size (misalignment rotates into the top bits). `base` is a multiple of 4.
struct Window {
  std::uint8_t* host = nullptr;  // the byte at `base`
  std::uint32_t base = 0;
  std::uint32_t bytes = 0;
  std::uint32_t halves = 0;
  std::uint32_t words = 0;
  // A store in here needs a closer look: around cached code, or all of the window while stores are guarded.
  CodeMap::Hull code;
  CodeMap::Hull cached_code;
  DirectMemory range;
  bool executable = false;

  bool contains(std::uint32_t address) const { return address - range.start <= range.end - range.start; }
  // For an address that it contains: and the whole access, too.
  bool covers(std::uint32_t address, unsigned size) const { return range.end - address >= size - 1u; }
  std::uint8_t* at(std::uint32_t address) const { return range.host + (address - range.start); }
};

constexpr std::uint32_t rotate_right(std::uint32_t value, unsigned amount) {
  return (value >> amount) | (value << ((32u - amount) & 31u));
}

class DirectMap {
 public:
  DirectMap(Environment& environment, const Pmp& protection)
      : environment_(environment), protection_(protection) {}

  // The level that loads and stores are made with; machine to begin with.
  void select(Privilege level);

  // While guarded, every store takes the slow path.
  void guard_stores(bool guarded);
  bool guards_stores() const { return guarded_; }

  // The windows of the most recent load and store; never null, possibly empty.
  const Window* load_window() const { return load_; }
  const Window* store_window() const { return store_; }

  // Host address of [address, address + size) if all of it is directly accessible, else null. Makes the
  // range the current load or store window.
  const std::uint8_t* for_load(std::uint32_t address, unsigned size);
  std::uint8_t* for_store(std::uint32_t address, unsigned size);
  // The range around an address from which code may be fetched at a level; or null.
  const Window* for_fetch(std::uint32_t address, Privilege level);

  // The next load and store look their ranges up instead of taking the recent ones.
  void forget_recent() { load_ = store_ = &none_; }

  // Forgets all ranges. Needed when protection changes, too.
  void flush();

  // Keeps these bytes out of the load and store windows: for_load() and for_store() still give their
  // host address, but every access has to ask.
  void watch(const std::vector<Watchpoint>& points);

  // The bytes from which blocks in the cache were decoded, and the same seen from every window.
  const CodeMap& code() const { return code_; }
  void add_code(std::uint32_t start, std::uint32_t bytes);
  void clear_code();

 private:
  static constexpr std::size_t capacity = 16;

  struct Level {
    std::array<Window, capacity> windows;
    std::size_t used = 0;
    std::size_t victim = 0;
    // Kept here while another level is selected.
    const Window* load = nullptr;
    const Window* store = nullptr;
  };

  const Window* find(std::uint32_t address, Privilege level);
  const Window* learn(DirectMemory range, std::uint32_t address, Privilege level);
  DirectMemory cut_at_watched(const DirectMemory& range, std::uint32_t address, bool& is_watched) const;
  void update_guard(Window& window) const;
  void forget(const Window& window, Level& owner);

  Environment& environment_;
  const Pmp& protection_;
  CodeMap code_;
  std::vector<Watchpoint> watched_;
  Window none_;
  const Window* load_ = &none_;
  const Window* store_ = &none_;
  bool guarded_ = false;
  Privilege selected_ = Privilege::machine;
  std::array<Level, privilege_levels> levels_;
};

}  // namespace weft::hart
