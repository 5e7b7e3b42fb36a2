// SPDX-License-Identifier: Apache-2.0
#include "models/reram_buffer/stored_rows.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

using namespace weft::reram_buffer;
using weft::CounterRng;
using weft::endurance::Levelling;
using weft::endurance::Mark;
using weft::endurance::RowWrite;

namespace {

StoredRowsConfig small(int cell_bits = 4, int banks = 2) {
  StoredRowsConfig config;
  config.size = 4096;
  config.cell_bits = cell_bits;
  config.row_cells = 32 * 8 / cell_bits;  // 32 bytes
  config.banks = banks;
  config.endurance.count_wear = true;
  return config;
}

RowWrite write(StoredRows& rows, std::uint64_t offset, const std::vector<std::uint8_t>& bytes, Mark mark) {
  const std::vector<Mark> marks(bytes.size(), mark);
  return rows.write_row(offset, static_cast<std::uint32_t>(bytes.size()), bytes.data(), marks.data());
}

std::string refusal(const StoredRowsConfig& config) {
  try {
    config.validate();
  } catch (const weft::Error& error) {
    return error.what();
  }
  return "";
}

double wear_of_all(const StoredRows& rows) {
  const std::vector<double> wear = rows.wear_of_rows();
  return std::accumulate(wear.begin(), wear.end(), 0.0);
}

}  // namespace

TEST_CASE("a byte takes as many cells as its bits need, and changed ones alone where asked for") {
  StoredRows rows(small());
  CHECK(write(rows, 0, {0x10, 0x00}, Mark::whole).cells == 4);
  CHECK(write(rows, 0, {0x20, 0x00}, Mark::changed).cells == 1);
  const RowWrite swapped = write(rows, 0, {0x12, 0x30}, Mark::changed);
  CHECK(swapped.cells == 3);
  CHECK(swapped.set_pulses == 1);
  CHECK(swapped.reset_pulses == 1);
  CHECK(write(rows, 0, {0x12, 0x30}, Mark::changed).cells == 0);
  CHECK(rows.bytes()[0] == 0x12);
  CHECK(rows.bytes()[1] == 0x30);
}

TEST_CASE("pulses follow the levels where they are linear") {
  StoredRowsConfig config = small();
  config.endurance.pulses_model = weft::endurance::PulseModel::linear;
  StoredRows rows(config);
  const RowWrite first = write(rows, 0, {0x5f}, Mark::changed);
  CHECK(first.pulses == 20);
  CHECK(first.set_pulses == 15);
  const RowWrite second = write(rows, 0, {0x30}, Mark::changed);
  CHECK(second.pulses == 17);
  CHECK(second.reset_pulses == 15);
}

TEST_CASE("random writes leave what a plain array of bytes and cells holds, and count every cell") {
  const int cell_bits = GENERATE(1, 2, 4);
  const int banks = GENERATE(1, 3);
  StoredRows rows(small(cell_bits, banks));
  std::vector<std::uint8_t> bytes(4096);
  std::map<std::uint64_t, double> worn;  // by cell
  CounterRng random(5, 0, 0);
  const int cells_a_byte = 8 / cell_bits;
  std::uint64_t cells = 0;
  for (int turn = 0; turn < 2000; ++turn) {
    const std::uint64_t row = random.below(4096 / 32);
    const std::uint32_t first = random.below(32);
    const std::uint32_t size = 1 + random.below(32 - first);
    std::vector<std::uint8_t> data;
    std::vector<Mark> marks;
    for (std::uint32_t i = 0; i < size; ++i) {
      data.push_back(static_cast<std::uint8_t>(random.next_u32()));
      marks.push_back(static_cast<Mark>(random.below(3)));
    }
    std::uint64_t expected = 0;
    for (std::uint32_t i = 0; i < size; ++i) {
      const std::uint64_t at = row * 32 + first + i;
      if (marks[i] == Mark::skip) continue;
      for (int cell = 0; cell < cells_a_byte; ++cell) {
        const int mask = ((1 << cell_bits) - 1) << (cell * cell_bits);
        if (marks[i] == Mark::changed && (bytes[at] & mask) == (data[i] & mask)) continue;
        ++expected;
        worn[at * 8 + static_cast<unsigned>(cell)] += 1;
      }
      bytes[at] = data[i];
    }
    REQUIRE(rows.write_row(row * 32 + first, size, data.data(), marks.data()).cells == expected);
    cells += expected;
  }
  CHECK(std::vector<std::uint8_t>(rows.bytes(), rows.bytes() + 4096) == bytes);
  CHECK(wear_of_all(rows) == static_cast<double>(cells));
  const std::vector<double> of_rows = rows.wear_of_rows();
  for (std::size_t row = 0; row < of_rows.size(); ++row) {
    double sum = 0;
    for (const auto& [cell, wear] : worn) sum += cell / 8 / 32 == row ? wear : 0;
    REQUIRE(of_rows[row] == sum);
  }
}

TEST_CASE("a worn-out cell keeps its level, and the byte around it reads so") {
  StoredRowsConfig config = small();
  config.endurance.median = 3;
  StoredRows rows(config);
  for (std::uint8_t byte = 1; byte <= 3; ++byte) write(rows, 7, {byte}, Mark::changed);
  CHECK(rows.bytes()[7] == 0x03);
  write(rows, 7, {0x54}, Mark::changed);
  CHECK(rows.bytes()[7] == 0x53);
  const std::uint8_t wanted = 0x99;
  rows.put(7, 1, &wanted);
  CHECK(rows.bytes()[7] == 0x93);
}

TEST_CASE("bytes that are put into place cost nothing, before and after the first write") {
  StoredRows rows(small());
  const std::uint8_t before = 0xab;
  rows.put(40, 1, &before);
  CHECK(rows.bytes()[40] == 0xab);
  CHECK(write(rows, 40, {0xab}, Mark::changed).cells == 0);
  const std::uint8_t after = 0xcd;
  rows.put(40, 1, &after);
  CHECK(write(rows, 40, {0xcd}, Mark::changed).cells == 0);
  CHECK(wear_of_all(rows) == 0);
}

TEST_CASE("rows have limits, and a refusal names number and limit") {
  CHECK(refusal(small()).empty());
  const auto spoilt = [](auto spoil) {
    StoredRowsConfig config = small();
    spoil(config);
    return refusal(config);
  };
  CHECK(spoilt([](auto& config) { config.cell_bits = 3; }) ==
        "ReRAM buffer: cell_bits is 3; allowed: 1, 2, 4");
  CHECK_THAT(spoilt([](auto& config) { config.row_cells = 48; }), Catch::Contains("row_cells is 48"));
  CHECK_THAT(spoilt([](auto& config) { config.row_cells = 16; }), Catch::Contains("16 to 256 bytes"));
  CHECK_THAT(spoilt([](auto& config) { config.banks = 0; }), Catch::Contains("banks is 0"));
  CHECK_THAT(spoilt([](auto& config) {
               config.endurance.levelling = weft::endurance::Levelling::row_swap;
               config.endurance.count_wear = false;
             }),
             Catch::Contains("levelling needs count_wear"));
}

TEST_CASE("levelling changes nothing that can be seen from outside, and all it writes is counted") {
  const Levelling levelling =
      GENERATE(Levelling::row_swap, Levelling::row_rotation, Levelling::column_rotation, Levelling::random);
  CAPTURE(static_cast<int>(levelling));
  StoredRowsConfig config = small();
  config.endurance.levelling = levelling;
  config.endurance.period = 3;
  config.endurance.median = 1e9;
  StoredRows rows(config);
  const std::vector<std::uint8_t> preset{9, 8, 7};
  rows.put(3 * 32, preset.size(), preset.data());
  std::vector<std::uint8_t> wanted(config.size);
  std::copy(preset.begin(), preset.end(), wanted.begin() + 3 * 32);
  CounterRng random(5, 0, 0);
  std::uint64_t written = 0;
  std::uint64_t moved = 0;
  unsigned moves = 0;
  for (int n = 0; n < 300; ++n) {
    // Most writes go to a few rows, as those of a network's buffers do.
    const std::uint64_t offset = 32 * random.below(n % 4 == 0 ? 40 : 4) + random.below(24);
    std::vector<std::uint8_t> bytes(8);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    std::copy(bytes.begin(), bytes.end(), wanted.begin() + static_cast<std::ptrdiff_t>(offset));
    written += write(rows, offset, bytes, Mark::changed).cells;
    const auto move = rows.end_of_write(offset);
    moved += move.write.cells;
    moves += move.rows > 0 ? 1 : 0;
    REQUIRE(std::equal(wanted.begin(), wanted.end(), rows.bytes()));
  }
  // 300 writes of two subarrays, and every third of either moves.
  CHECK(moves >= 98);
  CHECK(moved > 0);
  CHECK(wear_of_all(rows) == static_cast<double>(written + moved));
}

TEST_CASE("levelling spreads the writes of a hot row") {
  const auto worst = [](Levelling levelling) {
    StoredRowsConfig config = small(4, 1);
    config.endurance.levelling = levelling;
    config.endurance.period = 10;
    StoredRows rows(config);
    for (int n = 0; n < 2560; ++n) {
      write(rows, 0, std::vector<std::uint8_t>(32, static_cast<std::uint8_t>(n % 2 == 0 ? 0x11 : 0x22)),
            Mark::changed);
      rows.end_of_write(0);
    }
    const std::vector<double> wear = rows.wear_of_rows();
    return *std::max_element(wear.begin(), wear.end()) / 64;  // a cell's
  };
  CHECK(worst(Levelling::none) == 2560);
  // 256 moves over 128 rows: twice ten writes each, and two of every move.
  CHECK(worst(Levelling::row_rotation) <= 2 * (10 + 2));
  // A hot row that changes places only when its own has become the hottest reaches 10, 20, 30, … there.
  CHECK(worst(Levelling::row_swap) < 2560.0 / 10);
}

TEST_CASE("a stuck cell that levelling meets changes the byte that comes to it") {
  StoredRowsConfig config = small(4, 1);
  config.endurance.levelling = Levelling::row_rotation;
  config.endurance.period = 4;
  config.endurance.median = 2;
  StoredRows rows(config);
  for (const std::uint8_t value : std::vector<std::uint8_t>{1, 2, 3}) write(rows, 0, {value}, Mark::changed);
  CHECK(rows.bytes()[0] == 2);  // its cell has had its two writes
  write(rows, 128 / 4 * 1, {5}, Mark::changed);
  // The first move brings the last row, which is empty, to where the stuck cell is.
  bool changed = false;
  for (int n = 0; n < 4; ++n) changed = rows.end_of_write(0).digits_changed;
  CHECK(changed);
  CHECK(rows.bytes()[127 * 32] == 2);
  CHECK(rows.bytes()[0] == 2);
  CHECK(rows.bytes()[32] == 5);
}
