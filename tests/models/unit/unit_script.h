// SPDX-License-Identifier: Apache-2.0
// What tests of units share: scripts of commands, operands in a buffer.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "models/memory/memory.h"
#include "tests/models/unit/rig.h"

namespace weft::test {

// The unit has to accept every command.
inline std::function<void(Master&)> one_after_the_other(std::vector<unit::Command> commands) {
  return [commands = std::move(commands)](Master& master) {
    for (const unit::Command& each : commands) CHECK(master.issue(each) == Status::ok);
  };
}

template <typename T>
void put(memory::Memory& buffer, std::uint32_t address, const std::vector<T>& values) {
  buffer.load(address, values.data(), values.size() * sizeof(T));
}

template <typename T>
std::vector<T> get(const memory::Memory& buffer, std::uint32_t address, std::size_t count) {
  std::vector<T> values(count);
  buffer.save(address, values.data(), count * sizeof(T));
  return values;
}

}  // namespace weft::test
