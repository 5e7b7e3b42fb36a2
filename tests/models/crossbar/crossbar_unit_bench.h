// SPDX-License-Identifier: Apache-2.0
// A crossbar unit with buffer, write filter and a bus master. Not square, so that rows and columns cannot be
// mistaken for each other.
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/crossbar/crossbar_unit.h"
#include "models/crossbar/update_port.h"
#include "models/hart/xweft_table.h"
#include "models/memory/memory.h"
#include "models/write_filter/write_filter.h"
#include "tests/models/crossbar/array_fixture.h"
#include "tests/models/tlm/driver.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/models/unit/unit_script.h"

namespace weft::test::crossbar_bench {

using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::carry_resolution_address;
using crossbar::CrossbarUnit;
using crossbar::CrossbarUnitConfig;
using crossbar::outer_product_address;
using crossbar::program_address;
using crossbar::UpdateHeader;
using unit::Command;
using xweft::CrossbarCommand;

constexpr unsigned rows = 16;
constexpr unsigned columns = 12;
constexpr unsigned slices = 16;
constexpr unsigned index_in_tile = 9;

constexpr std::uint32_t src0_at = 0x100;
constexpr std::uint32_t src1_at = 0x400;
constexpr std::uint32_t dst_at = 0x800;
constexpr std::uint32_t weights_at = 0x2000;
constexpr std::uint32_t buffer_size = 0x8000;

inline sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }

inline CrossbarUnitConfig config_of_test() {
  CrossbarUnitConfig config;
  config.unit.index = index_in_tile;
  config.unit.window = {0, buffer_size};
  config.array.rows = rows;
  config.array.cols = columns;
  config.array.slices = slices;
  config.timing.mvm_step = ns(100);
  config.timing.opa_step = ns(1.25);
  config.timing.opa_phases = 4;
  config.timing.array_read = us(16);   // 1 us a row
  config.timing.array_write = us(32);  // 2 us a row
  config.energy.mvm_step = picojoule(3);
  config.energy.adc_step = picojoule(2);
  config.energy.opa_step = picojoule(5);
  config.energy.array_read = picojoule(16 * 7);
  config.energy.array_write = picojoule(16 * 11);
  return config;
}

// The tile's side of a completion.
struct Listener : unit::CompletionInterface {
  unsigned taken = 0;
  unsigned done = 0;
  std::vector<unit::Fault> faults;

  void accepted(unsigned unit) override {
    CHECK(unit == index_in_tile);
    ++taken;
  }
  void completed(unsigned unit, const Command&) override {
    CHECK(unit == index_in_tile);
    ++done;
  }
  void failed(unsigned, const unit::Fault& fault) override { faults.push_back(fault); }
  void failed_late(unsigned, const unit::Fault& fault) override { faults.push_back(fault); }
};

struct Bench {
  Context context;
  memory::Memory buffer;
  Listener listener;
  write_filter::WriteFilter filter;
  CrossbarUnit unit;
  Master master;
  Driver host{"host"};  // of the filter's registers

  static memory::MemoryConfig buffer_config() {
    memory::MemoryConfig config;
    config.size = buffer_size;
    return config;
  }

  explicit Bench(std::function<void(Master&)> script, const CrossbarUnitConfig& config = config_of_test(),
                 const memory::MemoryConfig& memory = buffer_config(),
                 const write_filter::WriteFilterConfig& rules = {})
      : buffer("buffer", memory, context),
        filter("filter", rules, context),
        unit("unit", config, context),
        master("master", std::move(script)) {
    master.socket.bind(unit.window);
    unit.operands.bind(buffer.socket);
    unit.completion.bind(listener);
    unit.update_out.bind(filter.in);
    filter.out.bind(unit.update);
    host.socket.bind(filter.registers);
  }

  template <typename Element>
  void put(std::uint32_t address, const std::vector<Element>& values) {
    test::put(buffer, address, values);
  }
  template <typename Element>
  std::vector<Element> get(std::uint32_t address, std::size_t count) const {
    return test::get<Element>(buffer, address, count);
  }
  std::map<std::string, std::uint64_t> counts() const {
    std::map<std::string, std::uint64_t> result;
    for (const auto& account : context.energy.accounts()) {
      if (account.component() == "unit") result[account.operation()] = account.count();
    }
    return result;
  }
};

inline Command command(CrossbarCommand opcode, unsigned magnitude_bits = 10) {
  Command result;
  result.opcode = static_cast<std::uint8_t>(opcode);
  result.magnitude_bits = magnitude_bits;
  result.src0 = opcode == CrossbarCommand::prog ? weights_at : src0_at;
  result.src1 = src1_at;
  result.dst = dst_at;
  return result;
}

inline std::uint32_t part(unsigned used_rows, unsigned used_columns) {
  return used_rows | used_columns << 16;
}

// One command after the other; how long each took, and whether it was accepted.
struct Timing {
  std::vector<sc_core::sc_time> times;
  std::vector<Status> statuses;
};

inline std::function<void(Master&)> run_all(std::vector<Command> commands, Timing& timing) {
  return [commands = std::move(commands), &timing](Master& master) {
    for (const Command& each : commands) {
      const sc_core::sc_time start = now();
      timing.statuses.push_back(master.issue(each));
      // Polls in eighths of a nanosecond: every time of these tests is a multiple of 0.25 ns.
      while (master.busy()) master.sleep(ns(0.125));
      timing.times.push_back(sc_core::sc_time_stamp() - start);
    }
  };
}

inline void check_time(const sc_core::sc_time& found, const sc_core::sc_time& expected) {
  CHECK(found >= expected);
  CHECK(found <= expected + ns(0.125));
}

inline std::vector<std::int32_t> small_weights(unsigned count = rows * columns) {
  std::vector<std::int32_t> values;
  for (unsigned i = 0; i < count; ++i) values.push_back(static_cast<std::int32_t>(i * 37 % 101) - 50);
  return values;
}

inline Operands small_operand(unsigned count, int step) {
  Operands values;
  for (unsigned i = 0; i < count; ++i)
    values.push_back(static_cast<std::int16_t>(static_cast<int>(i) * step % 97 - 40));
  return values;
}

}  // namespace weft::test::crossbar_bench
