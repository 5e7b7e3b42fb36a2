// SPDX-License-Identifier: Apache-2.0
// Bytes in ReRAM cells, as far as writing them goes: which cells a write changes, how worn they are, what
// they hold afterwards. Numerics only: no time, no energy.
//
// A byte takes 8 / cell_bits cells, the lowest bits first. A row of cells is what is written at once; rows
// take turns over `banks` subarrays, so that as many rows of a burst are read or written at the same time.
// Subarrays have 128 rows, as PipeLayer's have (Song et al., HPCA 2017), and are made when they are written
// first.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/endurance/worn_cells.h"

namespace weft::reram_buffer {

constexpr int subarray_rows = 128;

struct StoredRowsConfig {
  std::uint64_t size = 0;  // bytes
  int row_cells = 128;     // a power of two
  int cell_bits = 4;       // 1, 2 or 4
  int banks = 8;           // subarrays that rows are spread over
  endurance::EnduranceConfig endurance;

  std::uint32_t row_bytes() const { return static_cast<std::uint32_t>(row_cells * cell_bits / 8); }
  // Throws weft::Error naming the field, its value and what is allowed.
  void validate() const;
};

class StoredRows {
 public:
  // All bytes 0. Throws weft::Error on a configuration that is not allowed.
  explicit StoredRows(const StoredRowsConfig& config);

  const std::uint8_t* bytes() const { return bytes_.data(); }
  std::uint64_t size() const { return config_.size; }

  // Writes bytes of one row, a mark for each. Which cells they take is decided by their old and new levels.
  endurance::RowWrite write_row(std::uint64_t offset, std::uint32_t size, const std::uint8_t* data,
                                const endurance::Mark* marks);
  // Counts a row of the subarray that holds this byte as written, and moves its rows when it is time to. What
  // they hold stays what it was, unless a cell that is stuck takes part.
  endurance::WornCells::Move end_of_write(std::uint64_t offset);
  // Puts bytes where they belong without writing cells: no pulse, no wear. Stuck cells stay as they are.
  void put(std::uint64_t offset, std::uint64_t size, const std::uint8_t* data);

  const StoredRowsConfig& config() const { return config_; }
  // Wear of each physical row, all its cells together, up to the last one that has any; empty unless wear is
  // counted.
  std::vector<double> wear_of_rows() const;
  // Subarrays that have been written; null for others.
  const std::vector<std::unique_ptr<endurance::WornCells>>& subarrays() const { return subarrays_; }

 private:
  struct Place {
    std::size_t subarray = 0;
    int row = 0;
  };
  Place place_of(std::uint64_t row) const;
  endurance::WornCells& cells_of(std::size_t subarray);
  void take_bytes(const endurance::WornCells& cells, std::size_t subarray);
  void preset_row(endurance::WornCells& cells, std::size_t subarray, int row);
  std::uint64_t first_byte(std::size_t subarray, int row) const;
  int cells_a_byte() const { return 8 / config_.cell_bits; }
  std::uint8_t byte_in(const endurance::WornCells& cells, int row, int byte) const;
  std::int8_t digit(std::uint8_t byte, int cell) const;

  StoredRowsConfig config_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::unique_ptr<endurance::WornCells>> subarrays_;
  std::vector<std::int8_t> digits_;
  std::vector<endurance::Mark> marks_;
};

}  // namespace weft::reram_buffer
