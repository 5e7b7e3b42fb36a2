// SPDX-License-Identifier: Apache-2.0
// A unit on its own: its operands lie in a memory that takes no time, a master issues the commands, and a
// sync board is told of completions.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "models/memory/memory.h"
#include "models/sync/sync_board.h"
#include "tests/models/unit/unit_script.h"

namespace weft::test {

// A memory that takes no time.
inline memory::MemoryConfig plain_buffer(std::uint32_t bytes) {
  memory::MemoryConfig config;
  config.size = bytes;
  return config;
}

template <typename Unit>
struct UnitBench {
  Context context;
  memory::Memory buffer;
  sync::SyncBoard board{"board", 32};
  Unit unit;
  Master master;
  Master elsewhere{"elsewhere", [](Master&) {}};  // who would raise counters of the board

  template <typename Config>
  UnitBench(const char* name, const Config& config, const memory::MemoryConfig& memory,
            std::function<void(Master&)> script)
      : buffer("buffer", memory, context), unit(name, config, context), master("master", std::move(script)) {
    master.socket.bind(unit.window);
    unit.operands.bind(buffer.socket);
    unit.completion.bind(board.units);
    elsewhere.socket.bind(board.registers);
  }

  template <typename T>
  void put(std::uint32_t address, const std::vector<T>& values) {
    test::put(buffer, address, values);
  }
  template <typename T>
  std::vector<T> get(std::uint32_t address, std::size_t count) const {
    return test::get<T>(buffer, address, count);
  }
};

}  // namespace weft::test
