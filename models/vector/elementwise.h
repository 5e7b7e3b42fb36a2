// SPDX-License-Identifier: Apache-2.0
// Numerics of the vector unit: what every vector command of the instruction table computes, on operands
// that lie packed in host memory. Plain values in, plain values out; no time, no energy.
//
// Elements are little-endian int8, int16 or int32. A result is computed exactly in 64 bits and then
// requantised as models/unit/requantise.h says: shift right, round, saturate.
#pragma once

#include <cstdint>

#include "models/unit/command.h"
#include "models/vector/tables.h"

namespace weft::vector {

// What an element costs: most commands need an adder or a comparator, some a multiplier or a table.
enum class Cost : std::uint8_t { other, multiply, table };

// How a command sees src0: one row of `length` elements, or `count` times `length` of them.
enum class Rows : std::uint8_t {
  one,
  summed,      // `count` rows of `length`; the result is one row
  transposed,  // `count` rows of `length`; the result is `length` rows of `count`
  gathered     // `length` runs of `count`, each where an index in src1 says; the result is all of them
};

// What a command reads and how many elements it writes.
struct Traits {
  bool reads_src0 = true;
  bool reads_src1 = false;  // as a vector; otherwise src1 is a scalar or unused
  Rows rows = Rows::one;
  bool one_result = false;  // reduces to a single element
  Cost cost = Cost::other;
  bool reads_dst = false;  // the result is added to what dst holds
};

// Null when the vector unit has no such opcode.
const Traits* find_traits(std::uint8_t opcode);

// Elements that a command takes in, and that it writes; its opcode must exist.
std::uint64_t source_elements(const unit::Command& command);
std::uint64_t result_elements(const unit::Command& command);

class Elementwise {
 public:
  // Computes a command whose opcode exists and whose length (and count, if it has rows) is not zero; answers
  // how many result elements were saturated. `src0` holds source_elements() packed elements (rows and
  // gathered runs follow each other without gaps), `src1` `length` elements; `dst`, which overlaps neither,
  // has room for result_elements() and holds the accumulator of vmac. Operands that the command does not
  // read may be null; the indices of vgather, which src0 has been gathered with, are not looked at.
  std::uint64_t run(const unit::Command& command, const std::uint8_t* src0, const std::uint8_t* src1,
                    std::uint8_t* dst) const;

 private:
  Tables tables_;
};

}  // namespace weft::vector
