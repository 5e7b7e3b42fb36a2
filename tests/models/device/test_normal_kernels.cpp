// SPDX-License-Identifier: Apache-2.0
// Every instruction set against one deviate after the other.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/device/normal_kernels.h"

namespace weft::test {
namespace {

using Block = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

// The number whose product with an odd factor is 1 modulo 2^32; Newton's method doubles the right bits.
std::uint32_t inverse(std::uint32_t factor) {
  std::uint32_t x = factor;
  for (int i = 0; i < 5; ++i) x *= 2 - factor * x;
  return x;
}

std::uint32_t high_half(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>((std::uint64_t{a} * b) >> 32);
}

// The counter whose block of Philox4x32-10 is `block`.
Block counter_of(Block block, const Key& key) {
  for (std::uint32_t round = 10; round-- > 0;) {
    const std::uint32_t c0 = block[3] * inverse(0xD2511F53U);
    const std::uint32_t c2 = block[1] * inverse(0xCD9E8D57U);
    const std::uint32_t c1 = block[0] ^ high_half(c2, 0xCD9E8D57U) ^ (key[0] + round * 0x9E3779B9U);
    const std::uint32_t c3 = block[2] ^ high_half(c0, 0xD2511F53U) ^ (key[1] + round * 0xBB67AE85U);
    block = {c0, c1, c2, c3};
  }
  return block;
}

constexpr Key some_key{0x12345678U, 0x9abcdef0U};

}  // namespace

TEST_CASE("deviates of every instruction set are those of the counters one by one, however many") {
  const Block counter{1000, 20, 30, 40};
  for (const device::NormalKernels* kernels : device::available_normal_kernels()) {
    CAPTURE(kernels->name);
    for (const int count : {1, 3, 4, 31, 32, 33, 64, 77, 1024, 100'000}) {
      std::vector<float> deviate(static_cast<std::size_t>(count) + 1, 99.0F);
      kernels->fill(counter, some_key, count, deviate.data());
      int different = 0;
      for (int i = 0; i < count; ++i) {
        Block own = counter;
        own[0] += static_cast<std::uint32_t>(i / 4);
        const std::uint32_t word = philox4x32(own, some_key)[static_cast<std::size_t>(i % 4)];
        different += static_cast<int>(deviate[static_cast<std::size_t>(i)] !=
                                      device::normal_by(device::quantiles(), word));
      }
      CHECK(different == 0);
      CHECK(deviate.back() == 99.0F);
    }
  }
}

TEST_CASE("deviates of counters anywhere are those of consecutive ones") {
  const Block counter{0, 20, 30, 40};
  for (const device::NormalKernels* kernels : device::available_normal_kernels()) {
    CAPTURE(kernels->name);
    for (const std::size_t count : {1, 5, 8, 16, 19}) {
      std::vector<std::uint32_t> first(count);
      for (std::size_t i = 0; i < count; ++i) first[i] = static_cast<std::uint32_t>(i * 0x9abcdef7U);
      std::vector<float> deviate(4 * count + 1, 99.0F);
      kernels->fill_each(counter, some_key, first.data(), static_cast<int>(count), deviate.data());
      for (std::size_t i = 0; i < count; ++i) {
        std::array<float, 4> own{};
        kernels->fill({first[i], 20, 30, 40}, some_key, 4, own.data());
        CHECK(std::equal(own.begin(), own.end(), deviate.begin() + static_cast<std::ptrdiff_t>(4 * i)));
      }
      CHECK(deviate.back() == 99.0F);
    }
  }
}

TEST_CASE("deviates of every instruction set agree at the ends of every octave of the tail") {
  REQUIRE(philox4x32(counter_of({1, 2, 3, 4}, some_key), some_key) == Block{1, 2, 3, 4});
  for (const device::NormalKernels* kernels : device::available_normal_kernels()) {
    CAPTURE(kernels->name);
    for (int bit = 0; bit < 31; ++bit) {
      const std::uint32_t first = std::uint32_t{1} << bit;
      // The ends of an octave, of either sign; the last one is the middle of the distribution or its end.
      const Block words{first, 2 * first - 1, 0x80000000U | first, bit == 0 ? 0 : 0x7fffffffU - first};
      std::array<float, 4> deviate{};
      kernels->fill(counter_of(words, some_key), some_key, 4, deviate.data());
      for (std::size_t i = 0; i < 4; ++i)
        CHECK(deviate[i] == device::normal_by(device::quantiles(), words[i]));
    }
  }
}

}  // namespace weft::test
