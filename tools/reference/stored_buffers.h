// SPDX-License-Identifier: Apache-2.0
// What a network's buffers in ReRAM hold behind their write filters, without machine:
// docs/models/reram_buffer.md has the rules. It shares nothing with the units of the platform on purpose, as
// the rest of the golden reference; only the generator of random numbers is the same.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "models/write_filter/filter_config.h"
#include "tools/compiler/layout.h"

namespace weft::reference {

struct StoredRules {
  // Of activations, errors and gradients.
  std::array<write_filter::FilterConfig, 3> rules;
  std::uint32_t row_bytes = 64;
};

class StoredBuffers {
 public:
  StoredBuffers(const compiler::Layout& layout, const StoredRules& rules);

  // Writes values to a sample's part of an area and gives what is read there afterwards.
  std::vector<std::int16_t> store(const compiler::Area& area, std::size_t slot,
                                  const std::vector<std::int16_t>& values);

 private:
  struct Row {
    std::vector<std::int16_t> values;
    double mean_square = -1;  // none yet
    double tracked = 0;       // threshold of tracking feedback; 0: none yet
    std::uint32_t passes = 0;
    std::vector<double> wear;
  };
  // A write of a row: differences to what it holds, and which of them are chosen.
  struct Pass {
    std::vector<std::int64_t> update;
    std::vector<bool> touched;
    std::vector<bool> chosen;
  };
  struct Range {
    std::uint32_t tile = 0;
    std::uint32_t reram = 0;
    compiler::StoredRange stored;
  };

  const Range& range_of(std::uint32_t address) const;
  void write(Row& row, const Range& range, std::uint32_t number, Pass& pass) const;
  static std::int64_t threshold(Row& row, const write_filter::FilterConfig& rules, const Pass& pass);
  static void choose(Row& row, const write_filter::FilterConfig& rules, std::uint32_t seed_unit, Pass& pass);
  static void round_at_random(const Row& row, const write_filter::FilterConfig& rules,
                              std::uint32_t seed_unit, std::int64_t theta, Pass& pass);

  std::vector<Range> ranges_;
  StoredRules rules_;
  std::unordered_map<std::uint32_t, Row> rows_;  // by address
};

}  // namespace weft::reference
