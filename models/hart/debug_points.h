// SPDX-License-Identifier: Apache-2.0
// Where a debugger wants a core to stop: breakpoints on instructions, watchpoints on data. No SystemC.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace weft::hart {

enum class WatchKind : std::uint8_t { write, read, access };

// Bytes of data; the last one may be the last of the address space.
struct Watchpoint {
  std::uint32_t address = 0;
  std::uint32_t length = 1;  // at least 1
  WatchKind kind = WatchKind::write;

  bool operator==(const Watchpoint& other) const {
    return address == other.address && length == other.length && kind == other.kind;
  }
};

// Why a core has stopped for its debugger; the instruction at `pc` has not been executed, but for `step`.
struct DebugStop {
  enum class Reason : std::uint8_t { breakpoint, watchpoint, step };
  Reason reason = Reason::breakpoint;
  std::uint32_t pc = 0;
  Watchpoint watchpoint;           // the one that was hit
  std::uint32_t data_address = 0;  // the first of its bytes that the instruction would access
};

class DebugPoints {
 public:
  bool empty() const { return breakpoints_.empty() && watchpoints_.empty(); }
  bool has_breakpoint(std::uint32_t address) const {
    return !breakpoints_.empty() && breakpoints_.count(address) != 0;
  }
  bool has_watchpoint(const Watchpoint& point) const;
  const std::vector<Watchpoint>& watchpoints() const { return watchpoints_; }

  // False if nothing has changed: already set, or not set.
  bool set_breakpoint(std::uint32_t address) { return breakpoints_.insert(address).second; }
  bool clear_breakpoint(std::uint32_t address) { return breakpoints_.erase(address) != 0; }
  bool set_watchpoint(const Watchpoint& point);
  bool clear_watchpoint(const Watchpoint& point);

  // The watchpoint that an access of `size` bytes hits, or null.
  const Watchpoint* hit(std::uint32_t address, unsigned size, bool reads, bool writes) const;

 private:
  std::unordered_set<std::uint32_t> breakpoints_;
  std::vector<Watchpoint> watchpoints_;
};

}  // namespace weft::hart
