// SPDX-License-Identifier: Apache-2.0
#include "platform/debug/points.h"

#include <tuple>

namespace weft::debug {

namespace {

bool is_breakpoint(PointType type) { return type == PointType::software || type == PointType::hardware; }

hart::WatchKind watch_kind(PointType type) {
  if (type == PointType::write) return hart::WatchKind::write;
  return type == PointType::read ? hart::WatchKind::read : hart::WatchKind::access;
}

}  // namespace

bool Points::Point::operator<(const Point& other) const {
  return std::tie(type, address, length) < std::tie(other.type, other.address, other.length);
}

Points::~Points() {
  for (const Point& point : points_) clear_in_harts(point);
}

Points::Point Points::make(PointType type, std::uint32_t address, std::uint32_t length) {
  return {type, address, is_breakpoint(type) ? 0 : length};
}

void Points::insert(PointType type, std::uint32_t address, std::uint32_t length) {
  points_.insert(make(type, address, length));
  for (const Thread& thread : threads_) {
    if (is_breakpoint(type)) {
      thread.hart->core().set_breakpoint(address);
    } else {
      thread.hart->core().set_watchpoint({address, length, watch_kind(type)});
    }
  }
}

void Points::remove(PointType type, std::uint32_t address, std::uint32_t length) {
  const Point point = make(type, address, length);
  if (points_.erase(point) == 0) return;
  // A software and a hardware breakpoint at one address are one in the hart.
  const bool shared = is_breakpoint(type) && (points_.count(make(PointType::software, address, 0)) != 0 ||
                                              points_.count(make(PointType::hardware, address, 0)) != 0);
  if (!shared) clear_in_harts(point);
}

void Points::clear_in_harts(const Point& point) {
  for (const Thread& thread : threads_) {
    if (is_breakpoint(point.type)) {
      thread.hart->core().clear_breakpoint(point.address);
    } else {
      thread.hart->core().clear_watchpoint({point.address, point.length, watch_kind(point.type)});
    }
  }
}

bool Points::is_hardware(std::uint32_t address) const {
  return points_.count(make(PointType::software, address, 0)) == 0;
}

}  // namespace weft::debug
