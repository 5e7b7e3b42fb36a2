// SPDX-License-Identifier: Apache-2.0
// The breakpoints and watchpoints of one client, set in every hart and gone with the client.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "platform/debug/target.h"

namespace weft::debug {

// The types of the Z packets.
enum class PointType : std::uint8_t { software, hardware, write, read, access };

class Points {
 public:
  explicit Points(const std::vector<Thread>& threads) : threads_(threads) {}
  Points(const Points&) = delete;
  Points& operator=(const Points&) = delete;
  ~Points();

  // `length` of a watchpoint: bytes, not beyond the end of the address space. Both may be repeated.
  void insert(PointType type, std::uint32_t address, std::uint32_t length);
  void remove(PointType type, std::uint32_t address, std::uint32_t length);

  // Of a breakpoint that was hit.
  bool is_hardware(std::uint32_t address) const;

 private:
  struct Point {
    PointType type;
    std::uint32_t address;
    std::uint32_t length;  // 0 for a breakpoint
    bool operator<(const Point& other) const;
  };

  static Point make(PointType type, std::uint32_t address, std::uint32_t length);
  void clear_in_harts(const Point& point);

  const std::vector<Thread>& threads_;
  std::set<Point> points_;
};

}  // namespace weft::debug
