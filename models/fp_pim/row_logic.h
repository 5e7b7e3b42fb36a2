// SPDX-License-Identifier: Apache-2.0
// Arithmetic on words of a subarray, bit by bit in the steps of a logic family. All of it acts on the lanes
// that are selected and leaves the others alone.
#pragma once

#include <functional>

#include "models/fp_pim/logic_family.h"
#include "models/fp_pim/subarray.h"

namespace weft::fp_pim {

// Rows of a number, least significant first.
struct Word {
  Subarray::Row first = 0;
  unsigned width = 0;

  Subarray::Row bit(unsigned index) const { return first + index; }
  Subarray::Row top() const { return first + width - 1; }
  Word part(unsigned from, unsigned count) const { return {first + from, count}; }
};

class RowLogic {
 public:
  using Row = Subarray::Row;
  // A word that need not be stored: bit by bit, the row it is in.
  using Bits = std::function<Row(unsigned)>;

  // Uses scratch_rows() rows from `scratch` on.
  RowLogic(Subarray& array, const LogicFamily& family, Row scratch);
  static constexpr unsigned scratch_rows() { return scratch_slots + 4; }

  Row zero() const { return zero_; }
  Row one() const { return one_; }
  Bits constant(std::uint64_t value) const;

  // The result lies on no operand.
  void copy(Row result, Row a) { run(family_.copy, {a, a, a, result, result}); }
  void invert(Row result, Row a) { run(family_.not_, {a, a, a, result, result}); }
  void land(Row result, Row a, Row b) { run(family_.and_, {a, b, a, result, result}); }
  void lor(Row result, Row a, Row b) { run(family_.or_, {a, b, a, result, result}); }
  void lxor(Row result, Row a, Row b) { run(family_.xor_, {a, b, a, result, result}); }

  void copy(const Word& result, const Word& a);
  void write(const Word& result, std::uint64_t value);
  // result = a + b + carry, all of result's width; answers the row of the carry out, which holds until the
  // next sum. The result lies on neither operand.
  Row add(const Word& result, const Bits& a, const Bits& b, Row carry);
  Row add(const Word& result, const Word& a, const Word& b, Row carry);
  void shift_left(const Word& word);
  // The bit that leaves is added to the lowest one by OR: "sticky".
  void shift_right_sticky(const Word& word);
  // OR of all bits.
  void any(Row result, const Word& word);

 private:
  struct Binding {
    Row a, b, c, s, d;
  };
  void run(const LogicTable& table, const Binding& rows);
  Row row_of(Slot slot, const Binding& rows) const;

  Subarray& array_;
  const LogicFamily& family_;
  Row scratch_;
  Row carry_[2];
  Row zero_;
  Row one_;
};

}  // namespace weft::fp_pim
