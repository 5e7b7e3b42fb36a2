// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/subarray.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"

namespace weft::fp_pim {

namespace {

constexpr unsigned word_lanes = 64;

std::size_t checked_words(unsigned rows, unsigned lanes) {
  if (rows == 0 || lanes == 0)
    throw Error(fmt::format("subarray of {} rows and {} lanes; allowed: at least one of each", rows, lanes));
  return (lanes + word_lanes - 1) / word_lanes;
}

std::uint64_t combine(WriteLogic logic, std::uint64_t stored, std::uint64_t driven) {
  switch (logic) {
    case WriteLogic::and_:
      return stored & driven;
    case WriteLogic::or_:
      return stored | driven;
    case WriteLogic::xor_:
      return stored ^ driven;
    case WriteLogic::set:
      break;
  }
  return driven;
}

}  // namespace

Subarray::Subarray(unsigned rows, unsigned lanes)
    : rows_(rows),
      lanes_(lanes),
      words_(checked_words(rows, lanes)),
      cells_(std::size_t{rows} * words_, 0),
      every_lane_(words_, ~std::uint64_t{0}) {
  if (lanes % word_lanes != 0) every_lane_.back() = (std::uint64_t{1} << lanes % word_lanes) - 1;
  selected_ = every_lane_;
  driven_ = every_lane_;
}

void Subarray::read_write(Row source, const Write* writes, unsigned count) {
  std::copy_n(at(source), words_, driven_.begin());
  ++counts_.reads;
  ++counts_.writes;
  for (unsigned i = 0; i < count; ++i) {
    std::uint64_t* const cells = at(writes[i].row);
    for (std::size_t w = 0; w < words_; ++w) {
      const std::uint64_t result = combine(writes[i].logic, cells[w], driven_[w]);
      cells[w] = (cells[w] & ~selected_[w]) | (result & selected_[w]);
    }
  }
}

void Subarray::write_constant(WriteLogic logic, Row row, bool bit) {
  ++counts_.writes;
  std::uint64_t* const cells = at(row);
  const std::uint64_t driven = bit ? ~std::uint64_t{0} : 0;
  for (std::size_t w = 0; w < words_; ++w)
    cells[w] = (cells[w] & ~selected_[w]) | (combine(logic, cells[w], driven) & selected_[w]);
}

void Subarray::initialise(const Row* rows, unsigned count) {
  ++counts_.inits;
  for (unsigned i = 0; i < count; ++i) {
    std::uint64_t* const cells = at(rows[i]);
    for (std::size_t w = 0; w < words_; ++w) cells[w] |= selected_[w];
  }
}

void Subarray::nor(Row out, const Row* inputs, unsigned count) {
  ++counts_.nors;
  std::uint64_t* const cells = at(out);
  for (std::size_t w = 0; w < words_; ++w) {
    std::uint64_t any = 0;
    for (unsigned i = 0; i < count; ++i) any |= at(inputs[i])[w];
    cells[w] &= ~(any & selected_[w]);
  }
}

void Subarray::search(Row first, unsigned width, std::uint64_t value, Within within) {
  ++counts_.searches;
  if (within == Within::all) selected_ = every_lane_;
  for (unsigned bit = 0; bit < width; ++bit) {
    const std::uint64_t* const cells = at(first + bit);
    const std::uint64_t flip = (value >> bit & 1u) != 0 ? 0 : ~std::uint64_t{0};
    for (std::size_t w = 0; w < words_; ++w) selected_[w] &= cells[w] ^ flip;
  }
}

void Subarray::select_row(Row row) {
  ++counts_.reads;
  std::copy_n(at(row), words_, selected_.begin());
}

void Subarray::select_all() { selected_ = every_lane_; }

void Subarray::invert_selection() {
  for (std::size_t w = 0; w < words_; ++w) selected_[w] = every_lane_[w] & ~selected_[w];
}

bool Subarray::any_selected() const {
  return std::any_of(selected_.begin(), selected_.end(), [](std::uint64_t word) { return word != 0; });
}

void Subarray::put(unsigned lane, Row first, unsigned width, std::uint64_t value) {
  const std::uint64_t mask = std::uint64_t{1} << lane % word_lanes;
  for (unsigned bit = 0; bit < width; ++bit) {
    std::uint64_t& word = at(first + bit)[lane / word_lanes];
    word = (value >> bit & 1u) != 0 ? word | mask : word & ~mask;
  }
}

std::uint64_t Subarray::get(unsigned lane, Row first, unsigned width) const {
  std::uint64_t value = 0;
  for (unsigned bit = 0; bit < width; ++bit) {
    const std::uint64_t word = at(first + bit)[lane / word_lanes];
    value |= (word >> lane % word_lanes & 1u) << bit;
  }
  return value;
}

}  // namespace weft::fp_pim
