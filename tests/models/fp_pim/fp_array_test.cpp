// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/fp_array.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/fp_pim/number.h"

using namespace weft;
using namespace weft::fp_pim;
using unit::Format;

namespace {

constexpr Format formats[] = {Format::fp32, Format::fp16, Format::bf16};

std::vector<float> random_numbers(CounterRng& random, Format format, std::size_t count) {
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    const float fraction = static_cast<float>(random.next_u32() >> 8) * 0x1p-24f - 0.5f;
    number = round_to(format, std::ldexp(fraction, static_cast<int>(random.below(9)) - 4));
  }
  return numbers;
}

// One operation after the other in long double, each rounded on its own. A long double holds the sums and
// products of these numbers exactly, but for sums of very different fp32 numbers, which need not be: it has
// more than twice their fraction bits.
struct Slow {
  Format format;
  float round(long double exact) const { return round_to(format, static_cast<float>(exact)); }
  float product(float a, float b) const { return round(static_cast<long double>(a) * b); }
  float sum(float a, float b) const { return round(static_cast<long double>(a) + b); }
};

}  // namespace

TEST_CASE("whole-array operations round every sum and product in the documented order") {
  CounterRng random(5, 0, 0);
  for (const Format format : formats) {
    const Slow slow{format};
    constexpr unsigned columns = 7;
    FpArray array(9, columns);
    for (const Part part : {Part{9, 7}, Part{4, 6}, Part{1, 1}}) {
      const std::size_t all = std::size_t{part.rows} * part.columns;
      const auto weights = random_numbers(random, format, all);
      const auto x = random_numbers(random, format, part.rows);
      const auto d = random_numbers(random, format, part.columns);
      const auto a = random_numbers(random, format, all);
      const auto b = random_numbers(random, format, all);
      const auto w = [&](std::size_t r, std::size_t c) { return weights[r * part.columns + c]; };

      array.load(format, part, weights.data());
      std::vector<float> forward(part.columns);
      std::vector<float> backward(part.rows);
      array.mvm(part, x.data(), forward.data());
      array.mtvm(part, d.data(), backward.data());
      for (std::size_t c = 0; c < part.columns; ++c) {
        float sum = 0;
        for (std::size_t r = 0; r < part.rows; ++r) sum = slow.sum(sum, slow.product(x[r], w(r, c)));
        CHECK(forward[c] == sum);
      }
      for (std::size_t r = 0; r < part.rows; ++r) {
        float sum = 0;
        for (std::size_t c = 0; c < part.columns; ++c) sum = slow.sum(sum, slow.product(w(r, c), d[c]));
        CHECK(backward[r] == sum);
      }

      std::vector<float> expected(all);
      std::vector<float> found(all);
      const auto check = [&](auto operation, auto element) {
        array.load(format, part, weights.data());
        operation();
        array.read(part, found.data());
        for (std::size_t i = 0; i < all; ++i) expected[i] = element(i);
        CHECK(found == expected);
      };
      check([] {}, [&](std::size_t i) { return weights[i]; });
      check([&] { array.opa(part, x.data(), d.data()); },
            [&](std::size_t i) {
              return slow.sum(weights[i], slow.product(x[i / part.columns], d[i % part.columns]));
            });
      check([&] { array.add(part, a.data()); }, [&](std::size_t i) { return slow.sum(weights[i], a[i]); });
      check([&] { array.multiply(part, a.data()); },
            [&](std::size_t i) { return slow.product(weights[i], a[i]); });
      check([&] { array.multiply_add(part, a.data(), b.data()); },
            [&](std::size_t i) { return slow.sum(weights[i], slow.product(a[i], b[i])); });
    }
  }
}

TEST_CASE("a sum of products is not fused: both roundings are seen") {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24; the product drops 2^-24, so that nothing is left.
  FpArray array(1, 1);
  const float weight = -(1 + 0x1p-11f);
  const float x = 1 + 0x1p-12f;
  array.load(Format::fp32, {1, 1}, &weight);
  array.multiply_add({1, 1}, &x, &x);
  CHECK(array.at(0, 0) == 0.0f);
}

TEST_CASE("the order of summation is that of the rows") {
  FpArray array(3, 1);
  const std::vector<float> weights{1, 1, 1};
  array.load(Format::fp32, {3, 1}, weights.data());
  float sum = 0;
  const std::vector<float> large_first{0x1p24f, 1, -0x1p24f};
  array.mvm({3, 1}, large_first.data(), &sum);
  CHECK(sum == 0.0f);
  const std::vector<float> large_together{0x1p24f, -0x1p24f, 1};
  array.mvm({3, 1}, large_together.data(), &sum);
  CHECK(sum == 1.0f);
}

TEST_CASE("loading a part leaves the rest, rounded to the new format") {
  FpArray array(2, 2);
  const std::vector<float> first{1.0f, 1.001f, 1.001f, 1.001f};
  array.load(Format::fp32, {2, 2}, first.data());
  const float second = 1.001f;
  array.load(Format::bf16, {1, 1}, &second);
  CHECK(array.format() == Format::bf16);
  for (const unsigned row : {0u, 1u}) {
    for (const unsigned column : {0u, 1u}) CHECK(array.at(row, column) == 1.0f);
  }
}

TEST_CASE("packed lanes compute the same matrix, their sums added as a tree") {
  constexpr unsigned columns = 3;
  constexpr unsigned matrix_rows = 10;  // two of them padding
  CounterRng random(6, 0, 0);
  for (const Format format : formats) {
    const Slow slow{format};
    for (const unsigned groups : {1u, 2u, 5u}) {
      const unsigned rows = matrix_rows / groups;
      const Part part{rows, columns, groups, 0};
      const auto weights = random_numbers(random, format, matrix_rows * columns);
      const auto x = random_numbers(random, format, matrix_rows);
      const auto d = random_numbers(random, format, columns);
      const auto w = [&](unsigned r, unsigned c) { return weights[r * columns + c]; };
      std::vector<float> packed(matrix_rows * columns);
      for (unsigned r = 0; r < matrix_rows; ++r) {
        for (unsigned c = 0; c < columns; ++c)
          packed[(r % rows) * groups * columns + r / rows * columns + c] = w(r, c);
      }
      FpArray array(matrix_rows, 16);
      array.load(format, {rows, groups * columns}, packed.data());
      std::vector<float> forward(columns);
      std::vector<float> backward(matrix_rows);
      array.mvm(part, x.data(), forward.data());
      array.mtvm(part, d.data(), backward.data());
      array.opa(part, x.data(), d.data());
      for (unsigned c = 0; c < columns; ++c) {
        std::vector<float> sums(groups, 0.0f);
        for (unsigned r = 0; r < matrix_rows; ++r)
          sums[r / rows] = slow.sum(sums[r / rows], slow.product(x[r], w(r, c)));
        const float expected = groups == 1   ? sums[0]
                               : groups == 2 ? slow.sum(sums[0], sums[1])
                                             : slow.sum(slow.sum(slow.sum(sums[0], sums[3]), sums[2]),
                                                        slow.sum(sums[1], sums[4]));
        CHECK(forward[c] == expected);
      }
      for (unsigned r = 0; r < matrix_rows; ++r) {
        float sum = 0;
        for (unsigned c = 0; c < columns; ++c) {
          sum = slow.sum(sum, slow.product(w(r, c), d[c]));
          CHECK(array.at(r % rows, r / rows * columns + c) == slow.sum(w(r, c), slow.product(x[r], d[c])));
        }
        CHECK(backward[r] == sum);
      }
    }
  }
}

TEST_CASE("element-wise operations take rows from the first one named on") {
  FpArray array(4, 2);
  const std::vector<float> two{1, 2, 3, 4};
  const std::vector<float> one{10, 20};
  array.load(Format::fp32, {2, 2, 1, 2}, two.data());
  array.add({1, 2, 1, 3}, one.data());
  array.multiply({1, 2, 1, 2}, one.data());
  array.multiply_add({1, 1, 1, 0}, one.data(), one.data());
  std::vector<float> all(8);
  array.read({4, 2}, all.data());
  CHECK(all == std::vector<float>{100, 0, 0, 0, 10, 40, 13, 24});
  std::vector<float> last(2);
  array.read({1, 2, 1, 3}, last.data());
  CHECK(last == std::vector<float>{13, 24});
}
