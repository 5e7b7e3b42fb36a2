// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/float_microcode.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "models/common/error.h"

namespace weft::fp_pim {

namespace {

using Within = Subarray::Within;

// Bits below the significand that a sum needs to be rounded right.
constexpr unsigned guard_bits = 3;

FloatFormat checked(const FloatFormat& format) {
  if (format.exponent_bits >= 2 && format.exponent_bits <= 8 && format.fraction_bits >= 1 &&
      format.fraction_bits <= 23)
    return format;
  throw Error(
      fmt::format("floating-point format of {} exponent and {} fraction bits; allowed are 2 to 8 and 1 to 23",
                  format.exponent_bits, format.fraction_bits));
}

}  // namespace

Word FloatMicrocode::word(unsigned width) {
  const Word result{next_row_, width};
  next_row_ += width;
  return result;
}

FloatMicrocode::Packed FloatMicrocode::packed() { return {word(format_.bits()), format_.fraction_bits}; }

// The members are rows of a lane, handed out in the order of their declaration.
FloatMicrocode::FloatMicrocode(FloatFormat format, const LogicFamily& family, unsigned lanes)
    : format_(checked(format)),
      a_(packed()),
      b_(packed()),
      result_(packed()),
      larger_(packed()),
      smaller_(packed()),
      parts_a_{word(format.fraction_bits + 1), word(format.exponent_bits)},
      parts_b_{word(format.fraction_bits + 1), word(format.exponent_bits)},
      inverted_(word(format.magnitude_bits())),
      difference_(word(format.magnitude_bits())),
      aligned_(word(format.fraction_bits + 1 + guard_bits)),
      flipped_(word(format.fraction_bits + 1 + guard_bits)),
      sum_(word(format.fraction_bits + 2 + guard_bits)),
      exponent_(word(format.exponent_bits)),
      next_exponent_(word(format.exponent_bits)),
      product_{word(2 * format.fraction_bits + 2), word(2 * format.fraction_bits + 2)},
      wide_exponent_(word(format.exponent_bits + 2)),
      wide_sum_(word(format.exponent_bits + 2)),
      next_wide_exponent_(word(format.exponent_bits + 2)),
      rounded_(word(format.magnitude_bits())),
      at_least_(row()),
      unlike_(row()),
      zero_sum_(row()),
      round_up_(row()),
      below_(row()),
      scratch_{row(), row()},
      stop_(row()),
      infinite_a_(row()),
      infinite_b_(row()),
      nan_(row()),
      array_(next_row_ + RowLogic::scratch_rows(), lanes),
      logic_(array_, family, next_row_) {
  array_.reset_counts();
}

void FloatMicrocode::run(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* result,
                         unsigned count, void (FloatMicrocode::*operation)()) {
  for (unsigned lane = 0; lane < count; ++lane) {
    array_.put(lane, a_.word.first, format_.bits(), a[lane]);
    array_.put(lane, b_.word.first, format_.bits(), b[lane]);
  }
  array_.select_all();
  (this->*operation)();
  for (unsigned lane = 0; lane < count; ++lane)
    result[lane] = static_cast<std::uint32_t>(array_.get(lane, result_.word.first, format_.bits()));
}

void FloatMicrocode::add(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* result,
                         unsigned count) {
  run(a, b, result, count, &FloatMicrocode::add_lanes);
}

void FloatMicrocode::multiply(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* result,
                              unsigned count) {
  run(a, b, result, count, &FloatMicrocode::multiply_lanes);
}

void FloatMicrocode::multiply_add(const std::uint32_t* sum, const std::uint32_t* a, const std::uint32_t* b,
                                  std::uint32_t* result, unsigned count) {
  std::vector<std::uint32_t> products(count);
  multiply(a, b, products.data(), count);
  add(sum, products.data(), result, count);
}

void FloatMicrocode::less(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* result,
                          unsigned count) {
  run(a, b, result, count, &FloatMicrocode::less_lanes);
}

std::uint32_t FloatMicrocode::reduce(const std::uint32_t* values, unsigned count) {
  std::vector<std::uint32_t> left(values, values + count);
  while (left.size() > 1) {
    const std::size_t half = (left.size() + 1) / 2;
    const auto pairs = static_cast<unsigned>(left.size() - half);
    add(left.data(), left.data() + half, left.data(), pairs);
    left.resize(half);
  }
  return left.empty() ? 0 : left.front();
}

void FloatMicrocode::select_word(const Word& word, std::uint64_t value, Within within) {
  array_.search(word.first, word.width, value, within);
}

void FloatMicrocode::select_two(Row a, bool a_value, Row b, bool b_value) {
  array_.search(a, 1, a_value ? 1 : 0);
  array_.search(b, 1, b_value ? 1 : 0, Within::selected);
}

void FloatMicrocode::take_apart(const Packed& number, const Parts& parts) {
  const unsigned fraction = format_.fraction_bits;
  logic_.copy(parts.significand.part(0, fraction), number.fraction());
  set_row(parts.significand.top(), true);
  logic_.copy(parts.exponent, number.exponent());
  select_word(number.exponent(), 0);
  set_row(parts.significand.top(), false);
  set_row(parts.exponent.bit(0), true);
  array_.select_all();
}

void FloatMicrocode::step_exponent(const Word& exponent, std::uint64_t step) {
  const Word next = exponent.width == format_.exponent_bits ? next_exponent_ : next_wide_exponent_;
  logic_.add(
      next, [exponent](unsigned bit) { return exponent.bit(bit); }, logic_.constant(step), logic_.zero());
  logic_.copy(exponent, next);
}

// ---- addition ----

void FloatMicrocode::order_operands() {
  const Word magnitude = b_.magnitude();
  for (unsigned bit = 0; bit < magnitude.width; ++bit) logic_.invert(inverted_.bit(bit), magnitude.bit(bit));
  // a − b carries out exactly if a >= b.
  logic_.copy(at_least_, logic_.add(difference_, a_.magnitude(), inverted_, logic_.one()));
  array_.select_row(at_least_);
  logic_.copy(larger_.word, a_.word);
  logic_.copy(smaller_.word, b_.word);
  array_.invert_selection();
  logic_.copy(larger_.word, b_.word);
  logic_.copy(smaller_.word, a_.word);
  array_.select_all();
}

void FloatMicrocode::align(const Word& difference, const Word& significand, const Word& aligned) {
  logic_.write(aligned, 0);
  // Until a search finds their difference, lanes count as shifted out altogether.
  logic_.any(aligned.bit(0), significand);
  const unsigned farthest = significand.width + guard_bits - 2;
  for (unsigned shift = 0; shift <= farthest; ++shift) {
    if (difference.width < 32 && shift >> difference.width != 0) break;
    select_word(difference, shift);
    if (!array_.any_selected()) continue;
    set_row(aligned.bit(0), false);
    const unsigned out = shift < guard_bits ? 0 : std::min(shift - guard_bits + 1, significand.width);
    if (out > 0) logic_.any(aligned.bit(0), significand.part(0, out));
    for (unsigned bit = out; bit < significand.width; ++bit)
      logic_.copy(aligned.bit(bit + guard_bits - shift), significand.bit(bit));
  }
  array_.select_all();
}

void FloatMicrocode::shift_carry_out(const Word& sum, const Word& exponent) {
  array_.select_row(sum.top());
  logic_.shift_right_sticky(sum);
  step_exponent(exponent, 1);
  array_.select_all();
}

// One place at a time, as long as the exponent allows.
void FloatMicrocode::normalise_sum(const Word& sum, const Word& exponent) {
  const Row top = sum.top();
  for (unsigned i = 0; i < sum.width; ++i) {
    select_word(exponent, 1);
    array_.invert_selection();
    array_.search(top, 1, 0, Within::selected);
    if (!array_.any_selected()) break;
    logic_.shift_left(sum);
    step_exponent(exponent, format_.exponent_ones());
  }
  array_.select_all();
}

void FloatMicrocode::add_lanes() {
  order_operands();
  take_apart(larger_, parts_a_);
  take_apart(smaller_, parts_b_);

  const Word inverted_exponent = inverted_.part(0, format_.exponent_bits);
  for (unsigned bit = 0; bit < format_.exponent_bits; ++bit)
    logic_.invert(inverted_exponent.bit(bit), parts_b_.exponent.bit(bit));
  const Word distance = difference_.part(0, format_.exponent_bits);
  logic_.add(distance, parts_a_.exponent, inverted_exponent, logic_.one());
  align(distance, parts_b_.significand, aligned_);

  logic_.lxor(unlike_, a_.sign(), b_.sign());
  for (unsigned bit = 0; bit < aligned_.width; ++bit)
    logic_.lxor(flipped_.bit(bit), aligned_.bit(bit), unlike_);
  const Word sum = sum_.part(0, aligned_.width);
  const Row carry = logic_.add(
      sum,
      [this](unsigned bit) {
        return bit < guard_bits ? logic_.zero() : parts_a_.significand.bit(bit - guard_bits);
      },
      [this](unsigned bit) { return flipped_.bit(bit); }, unlike_);
  // A difference always carries out; only a sum grows.
  logic_.invert(scratch_[0], unlike_);
  logic_.land(sum_.top(), carry, scratch_[0]);

  logic_.copy(exponent_, parts_a_.exponent);
  shift_carry_out(sum_, exponent_);
  set_row(zero_sum_, false);
  select_word(sum, 0);
  set_row(zero_sum_, true);
  logic_.write(exponent_, 1);
  array_.select_all();
  normalise_sum(sum, exponent_);

  logic_.copy(result_.sign(), larger_.sign());
  logic_.land(scratch_[0], a_.sign(), b_.sign());
  array_.select_row(zero_sum_);
  logic_.copy(result_.sign(), scratch_[0]);
  array_.select_all();
  logic_.lor(below_, sum.bit(0), sum.bit(1));
  round_and_pack(sum.part(guard_bits, format_.fraction_bits + 1), exponent_, sum.bit(2), below_);

  note_special_operands();
  select_two(infinite_a_, true, infinite_b_, true);
  array_.search(unlike_, 1, 1, Within::selected);
  set_row(nan_, true);
  array_.select_row(infinite_a_);
  write_infinity();
  logic_.copy(result_.sign(), a_.sign());
  array_.select_row(infinite_b_);
  write_infinity();
  logic_.copy(result_.sign(), b_.sign());
  array_.select_row(nan_);
  logic_.write(result_.word, format_.nan());
  array_.select_all();
}

// ---- multiplication ----

Word FloatMicrocode::multiply_significands(const Word& a, const Word& b) {
  unsigned from = 0;
  logic_.write(product_[from], 0);
  for (unsigned bit = 0; bit < b.width; ++bit) {
    const Word& now = product_[from];
    const Word& next = product_[1 - from];
    array_.select_row(b.bit(bit));
    logic_.copy(next.part(0, a.width - 1), now.part(1, a.width - 1));
    const Row carry =
        logic_.add(next.part(a.width - 1, a.width), now.part(a.width, a.width), a, logic_.zero());
    logic_.copy(next.top(), carry);
    array_.invert_selection();
    logic_.copy(next.part(0, next.width - 1), now.part(1, now.width - 1));
    set_row(next.top(), false);
    array_.select_all();
    from = 1 - from;
  }
  return product_[from];
}

// Only products of subnormal numbers need more than one place.
void FloatMicrocode::normalise_product(const Word& product, const Word& exponent) {
  for (unsigned i = 0; i < product.width; ++i) {
    set_row(stop_, false);
    array_.search(exponent.top(), 1, 1);
    set_row(stop_, true);
    for (const unsigned least : {0u, 1u}) {
      select_word(exponent, least);
      set_row(stop_, true);
    }
    select_two(product.top(), false, stop_, false);
    if (!array_.any_selected()) break;
    logic_.shift_left(product);
    step_exponent(exponent, (std::uint64_t{1} << exponent.width) - 1);
    array_.select_all();
  }
  array_.select_all();
}

// To the least exponent; after as many places as there are nothing is left but what sticks.
void FloatMicrocode::denormalise_product(const Word& product, const Word& exponent) {
  for (unsigned i = 0; i <= format_.fraction_bits + 2; ++i) {
    set_row(stop_, false);
    array_.search(exponent.top(), 1, 1);
    set_row(stop_, true);
    select_word(exponent, 0);
    set_row(stop_, true);
    array_.select_row(stop_);
    if (!array_.any_selected()) break;
    logic_.shift_right_sticky(product);
    step_exponent(exponent, 1);
    array_.select_all();
  }
  array_.search(exponent.top(), 1, 1);
  logic_.write(exponent, 1);
  select_word(exponent, 0);
  logic_.write(exponent, 1);
  array_.select_all();
}

void FloatMicrocode::multiply_lanes() {
  take_apart(a_, parts_a_);
  take_apart(b_, parts_b_);
  const auto widened = [this](const Word& exponent) {
    return
        [this, exponent](unsigned bit) { return bit < exponent.width ? exponent.bit(bit) : logic_.zero(); };
  };
  logic_.add(wide_sum_, widened(parts_a_.exponent), widened(parts_b_.exponent), logic_.zero());
  // The top bit of the product stands for 2: one more than the sum of the exponents.
  const std::uint64_t modulus = std::uint64_t{1} << wide_sum_.width;
  logic_.add(
      wide_exponent_, [this](unsigned bit) { return wide_sum_.bit(bit); },
      logic_.constant(modulus + 1 - format_.bias()), logic_.zero());
  const Word product = multiply_significands(parts_a_.significand, parts_b_.significand);
  select_word(product, 0);
  logic_.write(wide_exponent_, 1);
  array_.select_all();
  normalise_product(product, wide_exponent_);
  denormalise_product(product, wide_exponent_);

  logic_.lxor(result_.sign(), a_.sign(), b_.sign());
  const unsigned fraction = format_.fraction_bits;
  logic_.any(below_, product.part(0, fraction));
  round_and_pack(product.part(fraction + 1, fraction + 1), wide_exponent_.part(0, format_.exponent_bits),
                 product.bit(fraction), below_);
  select_word(wide_exponent_.part(0, format_.exponent_bits), format_.exponent_ones());
  write_infinity();
  constexpr std::uint64_t beyond = 1;
  select_word(wide_exponent_.part(format_.exponent_bits, 2), beyond);
  write_infinity();
  array_.select_all();

  note_special_operands();
  select_word(a_.magnitude(), 0);
  array_.search(infinite_b_, 1, 1, Within::selected);
  set_row(nan_, true);
  select_word(b_.magnitude(), 0);
  array_.search(infinite_a_, 1, 1, Within::selected);
  set_row(nan_, true);
  for (const Row infinite : {infinite_a_, infinite_b_}) {
    array_.select_row(infinite);
    write_infinity();
  }
  array_.select_row(nan_);
  logic_.write(result_.word, format_.nan());
  array_.select_all();
}

// ---- comparison ----

void FloatMicrocode::less_lanes() {
  // Both differences, for numbers of equal sign; of two negative ones the greater magnitude is the lesser.
  const auto at_least = [this](Row result, const Packed& x, const Packed& y) {
    const Word magnitude = y.magnitude();
    for (unsigned bit = 0; bit < magnitude.width; ++bit)
      logic_.invert(inverted_.bit(bit), magnitude.bit(bit));
    logic_.copy(result, logic_.add(difference_, x.magnitude(), inverted_, logic_.one()));
  };
  at_least(scratch_[0], a_, b_);
  at_least(scratch_[1], b_, a_);
  logic_.write(result_.word, 0);
  const Row answer = result_.word.bit(0);
  select_two(a_.sign(), false, b_.sign(), false);
  logic_.invert(answer, scratch_[0]);
  select_two(a_.sign(), true, b_.sign(), true);
  logic_.invert(answer, scratch_[1]);
  select_two(a_.sign(), true, b_.sign(), false);
  set_row(answer, true);
  select_word(a_.magnitude(), 0);
  select_word(b_.magnitude(), 0, Within::selected);
  set_row(answer, false);
  array_.select_all();
  note_special_operands();
  array_.select_row(nan_);
  set_row(answer, false);
  array_.select_all();
}

// ---- both ----

void FloatMicrocode::round_and_pack(const Word& significand, const Word& exponent, Row half, Row below_half) {
  logic_.lor(scratch_[0], below_half, significand.bit(0));
  logic_.land(round_up_, half, scratch_[0]);
  // Exponent and fraction are one integer: a carry out of the fraction is a step of the exponent.
  const Word fraction = rounded_.part(0, format_.fraction_bits);
  const Word packed_exponent = rounded_.part(format_.fraction_bits, format_.exponent_bits);
  logic_.copy(fraction, significand.part(0, format_.fraction_bits));
  logic_.write(packed_exponent, 0);
  array_.select_row(significand.top());
  logic_.copy(packed_exponent, exponent);
  array_.select_all();
  logic_.add(
      result_.magnitude(), [this](unsigned bit) { return rounded_.bit(bit); }, logic_.constant(0), round_up_);
  select_word(result_.exponent(), format_.exponent_ones());
  logic_.write(result_.fraction(), 0);
  array_.select_all();
}

// Rows for infinite operands, and one for operands that are no number.
void FloatMicrocode::note_special_operands() {
  set_row(nan_, false);
  for (const auto& [number, infinite] : {std::pair(a_, infinite_a_), std::pair(b_, infinite_b_)}) {
    set_row(infinite, false);
    select_word(number.exponent(), format_.exponent_ones());
    set_row(nan_, true);
    select_word(number.fraction(), 0, Within::selected);
    set_row(infinite, true);
    array_.select_all();
  }
  // What an infinite operand has set is taken back where the other one is a number or infinite too.
  for (const auto& [infinite, other] : {std::pair(infinite_a_, b_), std::pair(infinite_b_, a_)}) {
    array_.select_row(infinite);
    set_row(nan_, false);
    select_word(other.exponent(), format_.exponent_ones(), Within::selected);
    set_row(nan_, true);
    select_word(other.fraction(), 0, Within::selected);
    set_row(nan_, false);
    array_.select_all();
  }
}

void FloatMicrocode::write_infinity() { logic_.write(result_.magnitude(), format_.infinity()); }

}  // namespace weft::fp_pim
