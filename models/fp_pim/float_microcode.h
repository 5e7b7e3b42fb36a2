// SPDX-License-Identifier: Apache-2.0
// Floating-point operations in the bits of a subarray: every lane adds, multiplies or compares its two
// operands, in steps of row logic and searches that are the same for all lanes. What differs between lanes is
// decided by selecting them.
//
// Arithmetic: IEEE 754 with gradual underflow, rounded to nearest, ties to even. Infinities are results; what
// has no value is the quiet NaN without payload, as is every operation on a NaN.
//
// The procedures are those of the published designs (alignment by search for the difference of exponents, a
// product built up in two buffers by turns: arXiv 2003.01551, figure 1); subnormal numbers, rounding and
// special values, which the publications leave out, are ours.
#pragma once

#include <cstdint>
#include <functional>

#include "models/fp_pim/float_format.h"
#include "models/fp_pim/row_logic.h"

namespace weft::fp_pim {

class FloatMicrocode {
 public:
  // Throws Error for a format outside the limits of FloatFormat, or for no lanes.
  FloatMicrocode(FloatFormat format, const LogicFamily& family, unsigned lanes);

  unsigned lanes() const { return array_.lanes(); }
  const FloatFormat& format() const { return format_; }
  // Rows of a lane that operands, results and everything between them take.
  unsigned rows() const { return array_.rows(); }

  // `count` operations, at most lanes(); bits of numbers in the low bits of each element.
  void add(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* result, unsigned count);
  void multiply(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* result, unsigned count);
  // sum + a · b, each rounded.
  void multiply_add(const std::uint32_t* sum, const std::uint32_t* a, const std::uint32_t* b,
                    std::uint32_t* result, unsigned count);
  // 1 where a < b; 0 where not or where one of them is a NaN.
  void less(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* result, unsigned count);
  // Sum of the numbers of `count` lanes as a tree: lane k takes lane k + half, half = ⌈lanes left / 2⌉.
  std::uint32_t reduce(const std::uint32_t* values, unsigned count);

  // Of all operations since the last reset.
  const PrimitiveCounts& counts() const { return array_.counts(); }
  void reset_counts() { array_.reset_counts(); }

 private:
  using Row = Subarray::Row;
  // A packed number.
  struct Packed {
    Word word;
    unsigned fraction_bits;
    Word fraction() const { return word.part(0, fraction_bits); }
    Word exponent() const { return word.part(fraction_bits, word.width - fraction_bits - 1); }
    Word magnitude() const { return word.part(0, word.width - 1); }
    Row sign() const { return word.top(); }
  };
  // An operand taken apart: exponent 1 and hidden bit 0 for subnormal numbers.
  struct Parts {
    Word significand;
    Word exponent;
  };

  void run(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* result, unsigned count,
           void (FloatMicrocode::*operation)());
  void add_lanes();
  void multiply_lanes();
  void less_lanes();

  // ---- addition ----
  // The operand of greater magnitude becomes `larger_`.
  void order_operands();
  void align(const Word& difference, const Word& significand, const Word& aligned);
  void shift_carry_out(const Word& sum, const Word& exponent);
  void normalise_sum(const Word& sum, const Word& exponent);

  // ---- multiplication ----
  Word multiply_significands(const Word& a, const Word& b);
  void normalise_product(const Word& product, const Word& exponent);
  void denormalise_product(const Word& product, const Word& exponent);

  // ---- both ----
  void take_apart(const Packed& number, const Parts& parts);
  void step_exponent(const Word& exponent, std::uint64_t step);
  // Rounds: the significand, whose top bit says whether the number is normal, with the bit below it and
  // whether anything is below that.
  void round_and_pack(const Word& significand, const Word& exponent, Row half, Row below_half);
  void note_special_operands();
  void write_infinity();
  void select_word(const Word& word, std::uint64_t value, Subarray::Within within = Subarray::Within::all);
  void select_two(Row a, bool a_value, Row b, bool b_value);
  void set_row(Row row, bool value) { logic_.write({row, 1}, value ? 1 : 0); }

  Word word(unsigned width);
  Row row() { return word(1).first; }
  Packed packed();

  FloatFormat format_;
  unsigned next_row_ = 0;
  Packed a_, b_, result_, larger_, smaller_;
  Parts parts_a_, parts_b_;
  Word inverted_, difference_, aligned_, flipped_, sum_, exponent_, next_exponent_;
  Word product_[2];
  Word wide_exponent_, wide_sum_, next_wide_exponent_;
  Word rounded_;
  Row at_least_, unlike_, zero_sum_, round_up_, below_, scratch_[2], stop_;
  Row infinite_a_, infinite_b_, nan_;
  Subarray array_;
  RowLogic logic_;
};

}  // namespace weft::fp_pim
