// SPDX-License-Identifier: Apache-2.0
// A write filter and the ReRAM behind it; the test is the bus.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/reram_buffer/buffer_write_filter.h"
#include "models/reram_buffer/registers.h"
#include "models/reram_buffer/reram_memory.h"
#include "tests/models/tlm/driver.h"

namespace weft::test {

constexpr std::uint32_t reram_bytes = 4096;

// Rows of 64 bytes in two banks.
inline reram_buffer::ReramMemoryConfig small_reram() {
  reram_buffer::ReramMemoryConfig config;
  config.rows.size = reram_bytes;
  config.rows.banks = 2;
  config.rows.endurance.count_wear = true;
  config.row_read = ns(30);
  config.row_write = ns(50);
  config.row_read_energy = picojoule(1);
  config.pulse_energy = picojoule(30);
  return config;
}

inline write_filter::FilterConfig buffer_rules(write_filter::Policy policy, double threshold = 1) {
  write_filter::FilterConfig rules;
  rules.policy = policy;
  rules.threshold = threshold;
  rules.granularity = write_filter::Granularity::weight;
  return rules;
}

struct ReramBench {
  Driver driver{"driver"};
  Driver programmer{"programmer"};
  Context context;
  reram_buffer::ReramMemory memory;
  reram_buffer::BufferWriteFilter filter;
  std::vector<std::string> warnings;

  explicit ReramBench(const write_filter::FilterConfig& rules,
                      const reram_buffer::ReramMemoryConfig& config = small_reram())
      : memory("reram", config, context), filter("filter", filter_config(rules, config), context) {
    driver.socket.bind(filter.in);
    programmer.socket.bind(filter.registers);
    filter.out.bind(memory.socket);
    context.log.set_sink([this](const LogEntry& entry) { warnings.push_back(entry.text); },
                         LogLevel::warning);
    elaborate();
  }

  static reram_buffer::BufferWriteFilterConfig filter_config(const write_filter::FilterConfig& rules,
                                                             const reram_buffer::ReramMemoryConfig& config) {
    reram_buffer::BufferWriteFilterConfig own;
    own.rules = {rules, rules, rules};
    own.size = static_cast<std::uint32_t>(config.rows.size);
    own.row_bytes = config.rows.row_bytes();
    own.cycle = ns(1);
    own.lanes = 16;
    own.compare = picojoule(0.03);
    return own;
  }

  // `width`: 0, 1, 2 for values of 1, 2, 4 bytes.
  void set_range(unsigned number, std::uint32_t start, std::uint32_t bytes, reram_buffer::WriteClass of,
                 std::uint32_t width = 1, std::uint32_t magnitude_bits = 0) {
    namespace r = reram_buffer::registers;
    programmer.write<std::uint32_t>(r::range_start.offset + 4 * number, start);
    programmer.write<std::uint32_t>(r::range_size.offset + 4 * number, bytes);
    programmer.write<std::uint32_t>(r::range_class.offset + 4 * number,
                                    static_cast<std::uint32_t>(of) | width << r::range_class_width_shift |
                                        magnitude_bits << r::range_class_magnitude_bits_shift);
  }
  Status write(std::uint64_t address, const std::vector<std::int16_t>& values) {
    return driver.socket.write(address, values.data(), static_cast<std::uint32_t>(2 * values.size()),
                               driver.delay);
  }
  // What is stored, by debug access.
  std::vector<std::int16_t> stored(std::uint64_t address, std::size_t count) {
    std::vector<std::int16_t> values(count);
    CHECK(driver.socket.read_debug(address, values.data(), static_cast<std::uint32_t>(2 * count)) ==
          Status::ok);
    return values;
  }
};

}  // namespace weft::test
