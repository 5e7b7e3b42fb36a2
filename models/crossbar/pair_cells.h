// SPDX-License-Identifier: Apache-2.0
// The two cells of each digit with Encoding::differential. A cell of b bits has the states 0 .. 2^b-1 and a
// digit is the first cell's state less the second's. A canonical digit leaves one of them at zero. Deposits
// only raise states, as with devices that can be switched gradually in one direction only: positive ones
// of the first cell, negative ones of the second. So a pair whose deposits cancel out fills up as well, until
// carry resolution rewrites it.
#pragma once

#include <cstdint>
#include <vector>

#include "models/crossbar/kernels.h"

namespace weft::crossbar {

class PairCells {
 public:
  // Room for `count` digits, all zero.
  void allocate(std::size_t count);
  // Makes pairs of `count` digits from `offset` on.
  void write(std::size_t offset, int count, const std::int8_t* digits);
  // State of the first (part 0) or second cell of a pair.
  std::uint8_t state(std::size_t at, int part) const { return part == 0 ? positive_[at] : negative_[at]; }
  // Gives one cell of a pair a state, and says what digit they now are.
  std::int8_t set_state(std::size_t at, int part, std::uint8_t state);
  // As Kernels::deposit, from pair `offset` of job.cells' slice on; job.cells, the digits, follows. One
  // version for every processor.
  Saturation deposit(const DepositJob& job, std::size_t offset);

 private:
  std::vector<std::uint8_t> positive_;
  std::vector<std::uint8_t> negative_;
};

}  // namespace weft::crossbar
