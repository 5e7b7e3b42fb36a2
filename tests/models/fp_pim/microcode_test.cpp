// SPDX-License-Identifier: Apache-2.0
// Floating point in the bits of a subarray gives the bits that exact arithmetic, rounded once, gives.
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "models/fp_pim/float_microcode.h"
#include "tests/models/fp_pim/soft_float.h"

using namespace weft;
using namespace weft::fp_pim;
using weft::test::SoftFloat;

namespace {

constexpr unsigned lanes = 1024;

// Checks sums, products and comparisons of pairs; reports the first that differs.
void check_pairs(FloatMicrocode& microcode, const std::vector<std::uint32_t>& a,
                 const std::vector<std::uint32_t>& b) {
  const SoftFloat soft{microcode.format().exponent_bits, microcode.format().fraction_bits};
  std::vector<std::uint32_t> sums(lanes);
  std::vector<std::uint32_t> products(lanes);
  std::vector<std::uint32_t> answers(lanes);
  unsigned wrong = 0;
  for (std::size_t from = 0; from < a.size(); from += lanes) {
    const auto count = static_cast<unsigned>(std::min<std::size_t>(lanes, a.size() - from));
    microcode.add(&a[from], &b[from], sums.data(), count);
    microcode.multiply(&a[from], &b[from], products.data(), count);
    microcode.less(&a[from], &b[from], answers.data(), count);
    for (unsigned i = 0; i < count; ++i) {
      const std::uint32_t x = a[from + i];
      const std::uint32_t y = b[from + i];
      const bool right = sums[i] == soft.add(x, y) && products[i] == soft.multiply(x, y) &&
                         (answers[i] != 0) == soft.less(x, y);
      if (right || ++wrong > 1) continue;
      CAPTURE(x, y, sums[i], soft.add(x, y), products[i], soft.multiply(x, y), answers[i]);
      CHECK(sums[i] == soft.add(x, y));
      CHECK(products[i] == soft.multiply(x, y));
      CHECK((answers[i] != 0) == soft.less(x, y));
    }
  }
  CHECK(wrong == 0);
}

void check_every_pair(const FloatFormat& format, const LogicFamily& family) {
  CAPTURE(format.exponent_bits, format.fraction_bits, family.name);
  FloatMicrocode microcode(format, family, lanes);
  std::vector<std::uint32_t> a;
  std::vector<std::uint32_t> b;
  const std::uint32_t numbers = 1u << format.bits();
  for (std::uint32_t x = 0; x < numbers; ++x) {
    for (std::uint32_t y = 0; y < numbers; ++y) {
      a.push_back(x);
      b.push_back(y);
    }
  }
  check_pairs(microcode, a, b);
}

// Zeros, least and greatest numbers of both kinds, one and its neighbours, infinities and NaNs.
std::vector<std::uint32_t> special_numbers(const FloatFormat& format) {
  const std::uint32_t one = format.bias() << format.fraction_bits;
  const std::uint32_t least_normal = 1u << format.fraction_bits;
  std::vector<std::uint32_t> numbers{0,
                                     1,
                                     2,
                                     least_normal - 1,
                                     least_normal,
                                     least_normal + 1,
                                     one - 1,
                                     one,
                                     one + 1,
                                     one + least_normal,
                                     format.infinity() - 1,
                                     format.infinity() - least_normal,
                                     format.infinity(),
                                     format.infinity() + 1,
                                     format.nan(),
                                     format.nan() + 1};
  const std::size_t positive = numbers.size();
  const std::uint32_t sign = 1u << (format.bits() - 1);
  for (std::size_t i = 0; i < positive; ++i) numbers.push_back(numbers[i] | sign);
  return numbers;
}

// Half of the pairs have exponents that are close, so that sums cancel and round.
void check_random_pairs(const FloatFormat& format, const LogicFamily& family, unsigned count) {
  CAPTURE(format.exponent_bits, format.fraction_bits, family.name, count);
  FloatMicrocode microcode(format, family, lanes);
  CounterRng random(17, format.bits(), 0);
  const std::vector<std::uint32_t> special = special_numbers(format);
  const std::uint32_t mask = format.bits() == 32 ? ~0u : (1u << format.bits()) - 1;
  const std::uint32_t magnitude = mask >> 1;
  std::vector<std::uint32_t> a;
  std::vector<std::uint32_t> b;
  for (const std::uint32_t x : special) {
    for (const std::uint32_t y : special) {
      a.push_back(x);
      b.push_back(y);
    }
  }
  while (a.size() < count) {
    const std::uint32_t x = random.next_u32() & mask;
    std::uint32_t y = random.next_u32() & mask;
    switch (random.below(4)) {
      case 0: {
        const std::uint32_t step = random.below(2 * format.fraction_bits + 6) << format.fraction_bits;
        y = (((x & magnitude) + step) & magnitude) ^ (y & ((1u << format.fraction_bits) - 1)) ^
            (y & ~magnitude & mask);
        break;
      }
      case 1: {
        // A product near the least numbers, or near the greatest.
        const std::uint32_t sum =
            random.below(2) == 0 ? format.bias() : format.bias() + format.exponent_ones();
        const std::uint32_t exponent = (x & magnitude) >> format.fraction_bits;
        const std::uint32_t wanted =
            sum - exponent + random.below(2 * format.fraction_bits) - format.fraction_bits;
        y = (y & ~(format.exponent_ones() << format.fraction_bits)) | (wanted & format.exponent_ones())
                                                                          << format.fraction_bits;
        break;
      }
      case 2:
        y = special[random.below(static_cast<std::uint32_t>(special.size()))];
        break;
      default:
        break;
    }
    a.push_back(x);
    b.push_back(y);
  }
  check_pairs(microcode, a, b);
}

}  // namespace

TEST_CASE("every pair of numbers of small formats is added, multiplied and compared right") {
  const LogicFamily* const family = GENERATE(&sot_family(), &nor_family());
  for (const FloatFormat format :
       {FloatFormat{2, 1}, FloatFormat{2, 3}, FloatFormat{3, 2}, FloatFormat{4, 3}, FloatFormat{5, 2}})
    check_every_pair(format, *family);
}

TEST_CASE("random and special numbers of fp32, fp16 and bf16 are added, multiplied and compared right") {
  constexpr unsigned of_each = 500'000;
  check_random_pairs(fp32_format, sot_family(), 2 * of_each);
  check_random_pairs(fp16_format, sot_family(), of_each);
  check_random_pairs(bf16_format, sot_family(), of_each);
}

TEST_CASE("arrays of NOR logic give the same bits") {
  constexpr unsigned of_each = 60'000;
  check_random_pairs(fp32_format, nor_family(), of_each);
  check_random_pairs(fp16_format, nor_family(), of_each);
  check_random_pairs(bf16_format, nor_family(), of_each);
}

TEST_CASE("fp32 gives the host's bits") {
  FloatMicrocode microcode(fp32_format, sot_family(), lanes);
  CounterRng random(3, 0, 0);
  std::vector<std::uint32_t> a(lanes), b(lanes), sums(lanes), products(lanes);
  for (unsigned round = 0; round < 20; ++round) {
    for (unsigned i = 0; i < lanes; ++i) {
      a[i] = random.next_u32();
      b[i] = random.below(2) == 0 ? random.next_u32() : a[i] ^ (random.next_u32() & 0x83ffffff);
    }
    microcode.add(a.data(), b.data(), sums.data(), lanes);
    microcode.multiply(a.data(), b.data(), products.data(), lanes);
    for (unsigned i = 0; i < lanes; ++i) {
      float x, y;
      std::memcpy(&x, &a[i], sizeof x);
      std::memcpy(&y, &b[i], sizeof y);
      const auto bits = [](float value) {
        std::uint32_t result;
        std::memcpy(&result, &value, sizeof result);
        return value != value ? 0x7fc00000u : result;
      };
      REQUIRE(sums[i] == bits(x + y));
      REQUIRE(products[i] == bits(x * y));
    }
  }
}

TEST_CASE("a multiply-accumulate rounds twice, a reduction adds as a tree") {
  FloatMicrocode microcode(fp16_format, sot_family(), 64);
  const SoftFloat soft{5, 10};
  CounterRng random(8, 0, 0);
  std::vector<std::uint32_t> sum(64), a(64), b(64), result(64);
  for (unsigned i = 0; i < 64; ++i) {
    sum[i] = random.next_u32() & 0xffff;
    a[i] = random.next_u32() & 0xffff;
    b[i] = random.next_u32() & 0xffff;
  }
  microcode.multiply_add(sum.data(), a.data(), b.data(), result.data(), 64);
  for (unsigned i = 0; i < 64; ++i) CHECK(result[i] == soft.add(sum[i], soft.multiply(a[i], b[i])));

  // 2048 + 1 rounds to 2048 in fp16: the order is seen.
  const std::vector<std::uint32_t> values{0x6800, 0x3c00, 0x3c00, 0x3c00, 0x3c00};
  const std::uint32_t first = soft.add(soft.add(values[0], values[3]), values[2]);
  const std::uint32_t second = soft.add(values[1], values[4]);
  CHECK(microcode.reduce(values.data(), 5) == soft.add(first, second));
  CHECK(microcode.reduce(values.data(), 1) == values[0]);
}

TEST_CASE("a full addition takes 4 steps of SOT logic, 12 NORs and an initialisation") {
  for (const bool nor : {false, true}) {
    Subarray array(40, 8);
    RowLogic logic(array, nor ? nor_family() : sot_family(), 10);
    for (unsigned lane = 0; lane < 8; ++lane) array.put(lane, 0, 3, lane);
    array.reset_counts();
    const Subarray::Row carry = logic.add({5, 1}, Word{0, 1}, Word{1, 1}, 2);
    CHECK(array.counts().cycles() == (nor ? 13 : 4));
    CHECK(array.counts().nors == (nor ? 12 : 0));
    CHECK(array.counts().reads == (nor ? 0 : 4));
    for (unsigned lane = 0; lane < 8; ++lane) {
      const unsigned sum = (lane & 1) + (lane >> 1 & 1) + (lane >> 2 & 1);
      CHECK(array.get(lane, 5, 1) + 2 * array.get(lane, carry, 1) == sum);
      CHECK(array.get(lane, 0, 3) == lane);
    }
  }
}

TEST_CASE("lanes that are not selected keep what they hold") {
  Subarray array(20, 70);
  RowLogic logic(array, sot_family(), 3);
  for (unsigned lane = 0; lane < 70; ++lane) array.put(lane, 0, 2, lane);
  array.search(0, 2, 3);
  logic.write({0, 2}, 0);
  for (unsigned lane = 0; lane < 70; ++lane) CHECK(array.get(lane, 0, 2) == (lane % 4 == 3 ? 0 : lane % 4));
  CHECK(array.counts().searches == 1);
}

TEST_CASE("formats outside the limits are refused") {
  CHECK_THROWS_AS(FloatMicrocode({1, 3}, sot_family(), 8), Error);
  CHECK_THROWS_AS(FloatMicrocode({9, 3}, sot_family(), 8), Error);
  CHECK_THROWS_AS(FloatMicrocode({8, 0}, sot_family(), 8), Error);
  CHECK_THROWS_AS(FloatMicrocode({8, 24}, sot_family(), 8), Error);
  CHECK_THROWS_AS(FloatMicrocode({8, 23}, sot_family(), 0), Error);
}
