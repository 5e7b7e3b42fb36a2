// SPDX-License-Identifier: Apache-2.0
// What one bit of logic is in an array of a given technology, as data: tables of primitive steps on symbolic
// rows. Another full adder is another table, not code.
//
//   sot        SOT-MRAM writes with logic. A full addition takes 4 steps and 4 cells and keeps its operands;
//              that much is remembered of arXiv 2003.01551, the steps themselves are reconstructed.
//   nor        stateful NOR. A full addition takes 12 NORs and an initialisation, 12 cells (FloatPIM, ISCA
//              2019: 13 cycles a bit; carry and sum as the paper's equations have them).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/fp_pim/subarray.h"

namespace weft::fp_pim {

// Symbolic rows of a table: operands a, b, carry c; results s and carry out d; scratch t0 upwards. No result
// may lie on an operand.
enum class Slot : std::uint8_t { a, b, c, s, d, t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 };
constexpr unsigned scratch_slots = 10;

struct LogicStep {
  enum class Kind : std::uint8_t { drive, set, init, nor };
  Kind kind = Kind::drive;
  // drive: the row read, and the rows it is written to; set: the row that is written with ones;
  // init: the rows initialised; nor: inputs, and the output.
  struct Target {
    WriteLogic logic;
    Slot slot;
  };
  std::vector<Slot> sources;
  std::vector<Target> targets;
};

using LogicTable = std::vector<LogicStep>;

struct LogicFamily {
  const char* name;
  LogicTable copy;      // s = a
  LogicTable not_;      // s = NOT a
  LogicTable and_;      // s = a AND b
  LogicTable or_;       // s = a OR b
  LogicTable xor_;      // s = a XOR b
  LogicTable full_add;  // s = a + b + c, carry out in d
};

const LogicFamily& sot_family();
const LogicFamily& nor_family();

}  // namespace weft::fp_pim
