// SPDX-License-Identifier: Apache-2.0
#include "models/reram_buffer/stored_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "models/common/error.h"

namespace weft::reram_buffer {

using endurance::Mark;
using endurance::WornCells;

void StoredRowsConfig::validate() const {
  const auto require = [](bool allowed, const char* field, std::int64_t value, const char* what) {
    if (!allowed) throw Error(fmt::format("ReRAM buffer: {} is {}; {}", field, value, what));
  };
  const bool power_of_two = row_cells > 0 && (row_cells & (row_cells - 1)) == 0;
  require(cell_bits == 1 || cell_bits == 2 || cell_bits == 4, "cell_bits", cell_bits, "allowed: 1, 2, 4");
  require(power_of_two && row_bytes() >= 16 && row_bytes() <= 256, "row_cells", row_cells,
          "allowed is a power of two that makes rows of 16 to 256 bytes");
  require(banks >= 1 && banks <= 256, "banks", banks, "allowed is 1 to 256");
  require(size >= 1, "size", static_cast<std::int64_t>(size), "it must be positive");
  endurance.validate();
}

StoredRows::StoredRows(const StoredRowsConfig& config) : config_(config), bytes_(config.size) {
  config_.validate();
  const std::uint64_t rows = (config_.size + config_.row_bytes() - 1) / config_.row_bytes();
  const auto banks = static_cast<std::uint64_t>(config_.banks);
  const std::uint64_t rows_a_bank = (rows + banks - 1) / banks;
  subarrays_.resize((rows_a_bank + subarray_rows - 1) / subarray_rows * banks);
  digits_.resize(static_cast<std::size_t>(config_.row_cells));
  marks_.resize(digits_.size());
}

StoredRows::Place StoredRows::place_of(std::uint64_t row) const {
  const auto banks = static_cast<std::uint64_t>(config_.banks);
  const std::uint64_t within_bank = row / banks;
  return {static_cast<std::size_t>(within_bank / subarray_rows * banks + row % banks),
          static_cast<int>(within_bank % subarray_rows)};
}

std::uint64_t StoredRows::first_byte(std::size_t subarray, int row) const {
  const auto banks = static_cast<std::uint64_t>(config_.banks);
  const std::uint64_t within_bank = subarray / banks * subarray_rows + static_cast<std::uint64_t>(row);
  return (within_bank * banks + subarray % banks) * config_.row_bytes();
}

std::int8_t StoredRows::digit(std::uint8_t byte, int cell) const {
  return static_cast<std::int8_t>((byte >> (cell * config_.cell_bits)) & ((1 << config_.cell_bits) - 1));
}

WornCells& StoredRows::cells_of(std::size_t subarray) {
  std::unique_ptr<WornCells>& cells = subarrays_[subarray];
  if (cells != nullptr) return *cells;
  endurance::EnduranceConfig own = config_.endurance;
  own.unit += static_cast<std::uint32_t>(subarray);
  cells = std::make_unique<WornCells>(
      own, endurance::Geometry{1, subarray_rows, config_.row_cells, {1 << config_.cell_bits}});
  for (int row = 0; row < subarray_rows; ++row) preset_row(*cells, subarray, row);
  return *cells;
}

void StoredRows::preset_row(WornCells& cells, std::size_t subarray, int row) {
  const std::uint64_t first = first_byte(subarray, row);
  for (std::uint64_t byte = 0; byte < config_.row_bytes() && first + byte < config_.size; ++byte) {
    for (int cell = 0; cell < cells_a_byte(); ++cell)
      cells.preset(0, row, static_cast<int>(byte) * cells_a_byte() + cell, digit(bytes_[first + byte], cell));
  }
}

endurance::RowWrite StoredRows::write_row(std::uint64_t offset, std::uint32_t size, const std::uint8_t* data,
                                          const Mark* marks) {
  const Place place = place_of(offset / config_.row_bytes());
  WornCells& cells = cells_of(place.subarray);
  const auto first = static_cast<int>(offset % config_.row_bytes()) * cells_a_byte();
  std::fill(marks_.begin(), marks_.end(), Mark::skip);
  for (std::uint32_t byte = 0; byte < size; ++byte) {
    for (int cell = 0; cell < cells_a_byte(); ++cell) {
      const auto at = static_cast<std::size_t>(first + static_cast<int>(byte) * cells_a_byte() + cell);
      marks_[at] = marks[byte];
      digits_[at] = digit(data[byte], cell);
    }
  }
  const endurance::RowWrite done =
      cells.write_row(place.row, config_.row_cells, marks_.data(), digits_.data());
  for (std::uint32_t byte = 0; byte < size; ++byte) {
    int value = 0;
    for (int cell = 0; cell < cells_a_byte(); ++cell) {
      const auto at = static_cast<std::size_t>(first + static_cast<int>(byte) * cells_a_byte() + cell);
      value |= digits_[at] << (cell * config_.cell_bits);
    }
    bytes_[offset + byte] = static_cast<std::uint8_t>(value);
  }
  return done;
}

WornCells::Move StoredRows::end_of_write(std::uint64_t offset) {
  if (config_.endurance.levelling == endurance::Levelling::none) return {};
  const std::size_t subarray = place_of(offset / config_.row_bytes()).subarray;
  WornCells& cells = cells_of(subarray);
  const WornCells::Move move = cells.end_of_pass();
  if (move.digits_changed) take_bytes(cells, subarray);
  return move;
}

void StoredRows::take_bytes(const WornCells& cells, std::size_t subarray) {
  for (int row = 0; row < cells.rows_in_use(); ++row) {
    const std::uint64_t first = first_byte(subarray, row);
    for (std::uint32_t byte = 0; byte < config_.row_bytes() && first + byte < config_.size; ++byte)
      bytes_[first + byte] = byte_in(cells, row, static_cast<int>(byte));
  }
}

std::uint8_t StoredRows::byte_in(const WornCells& cells, int row, int byte) const {
  int value = 0;
  for (int cell = 0; cell < cells_a_byte(); ++cell)
    value |= cells.level(0, row, byte * cells_a_byte() + cell) << (cell * config_.cell_bits);
  return static_cast<std::uint8_t>(value);
}

std::vector<double> StoredRows::wear_of_rows() const {
  std::vector<double> rows;
  if (!config_.endurance.count_wear) return rows;
  for (std::size_t subarray = 0; subarray < subarrays_.size(); ++subarray) {
    if (subarrays_[subarray] == nullptr) continue;
    const std::vector<double>& wear = subarrays_[subarray]->wear();
    for (int row = 0; row < subarray_rows; ++row) {
      const auto first = wear.begin() + static_cast<std::ptrdiff_t>(row) * config_.row_cells;
      const double sum = std::accumulate(first, first + config_.row_cells, 0.0);
      if (sum == 0) continue;
      const auto number = static_cast<std::size_t>(first_byte(subarray, row) / config_.row_bytes());
      rows.resize(std::max(rows.size(), number + 1));
      rows[number] = sum;
    }
  }
  return rows;
}

void StoredRows::put(std::uint64_t offset, std::uint64_t size, const std::uint8_t* data) {
  for (std::uint64_t i = 0; i < size; ++i) {
    const std::uint64_t at = offset + i;
    bytes_[at] = data[i];
    const Place place = place_of(at / config_.row_bytes());
    WornCells* const cells = subarrays_[place.subarray].get();
    if (cells == nullptr) continue;
    const auto byte = static_cast<int>(at % config_.row_bytes());
    for (int cell = 0; cell < cells_a_byte(); ++cell)
      cells->preset(0, place.row, byte * cells_a_byte() + cell, digit(data[i], cell));
    bytes_[at] = byte_in(*cells, place.row, byte);
  }
}

}  // namespace weft::reram_buffer
