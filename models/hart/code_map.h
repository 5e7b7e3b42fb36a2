// SPDX-License-Identifier: Apache-2.0
// Which bytes of the guest's memory have been decoded into cached blocks. A store to one of them must
// not go unnoticed.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace weft::hart {

class CodeMap {
 public:
  // A range around cached code, empty if bytes is 0. It begins at a multiple of 4, so that every naturally
  // aligned access that touches the code begins inside.
  struct Hull {
    std::uint32_t low = 0;
    std::uint32_t bytes = 0;

    // Widens the range to hold [start, start + more) as well.
    void include(std::uint32_t start, std::uint32_t more);
  };

  // Marks [start, start + bytes); start is even, the range does not wrap.
  void add(std::uint32_t start, std::uint32_t bytes);
  // Whether any byte of [address, address + size) is marked; size up to 4, naturally aligned.
  bool contains(std::uint32_t address, unsigned size) const;
  // Whether any byte of a range of at least one byte is marked.
  bool overlaps(std::uint32_t start, std::uint32_t bytes) const;
  // Around everything marked in the pages that touch [start, end], both inclusive.
  Hull hull(std::uint32_t start, std::uint32_t end) const;
  void clear();

 private:
  // 128 bytes a page, one bit for every instruction parcel: exact, so that data beside code costs nothing.
  static constexpr unsigned page_shift = 7;
  std::unordered_map<std::uint32_t, std::uint64_t> pages_;
  Hull all_;
};

}  // namespace weft::hart
