// SPDX-License-Identifier: Apache-2.0
// The house rule that a debug access has no side effect and takes no time, checked for every register
// of a block.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/tlm/register_file.h"
#include "tests/models/tlm/driver.h"

namespace weft::test {

inline std::uint64_t offset_of(const RegisterInfo& info, unsigned index) {
  return info.offset + static_cast<std::uint64_t>(index) * info.stride;
}

// Two registers may share an offset, one for reading and one for writing.
inline bool any_at(const std::vector<RegisterInfo>& table, std::uint64_t offset, RegisterAccess excluded) {
  for (const RegisterInfo& info : table) {
    for (unsigned index = 0; index < info.count; ++index) {
      if (offset_of(info, index) == offset && info.access != excluded) return true;
    }
  }
  return false;
}

inline std::vector<std::uint32_t> peek_all(Driver& driver, const std::vector<RegisterInfo>& table) {
  std::vector<std::uint32_t> values;
  for (const RegisterInfo& info : table) {
    if (info.access == RegisterAccess::write_only) continue;
    for (unsigned index = 0; index < info.count; ++index) {
      std::uint32_t value = 0;
      CHECK(driver.socket.read_debug(offset_of(info, index), &value, info.bytes) == Status::ok);
      values.push_back(value);
    }
  }
  return values;
}

// `table`: the registers that the block shows in its present state; `observe`: everything visible
// outside the registers (interrupts, calls made), as text. The block must be at rest.
inline void check_debug_access(Driver& driver, const std::vector<RegisterInfo>& table,
                               const std::function<std::string()>& observe) {
  settle();
  const std::string outside = observe();
  const auto inside = peek_all(driver, table);
  for (const RegisterInfo& info : table) {
    for (unsigned index = 0; index < info.count; ++index) {
      INFO("register " << info.name << "[" << index << "]");
      const std::uint64_t address = offset_of(info, index);
      std::uint32_t old = 0;
      const bool readable = any_at(table, address, RegisterAccess::write_only);
      const bool writable = any_at(table, address, RegisterAccess::read_only);
      CHECK((driver.socket.read_debug(address, &old, info.bytes) == Status::ok) == readable);
      const std::uint32_t inverted = ~old;
      CHECK((driver.socket.write_debug(address, &inverted, info.bytes) == Status::ok) == writable);
      settle();
      CHECK(observe() == outside);
      if (writable) driver.socket.write_debug(address, &old, info.bytes);
      settle();
      CHECK(observe() == outside);
      CHECK(peek_all(driver, table) == inside);
      CHECK(driver.delay == sc_core::SC_ZERO_TIME);
    }
  }
}

}  // namespace weft::test
