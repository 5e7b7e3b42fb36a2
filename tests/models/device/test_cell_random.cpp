// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "tests/models/device/ensemble.h"

namespace weft::test {
namespace {

using device::CellRandom;
using device::Purpose;

TEST_CASE("normal deviates invert the normal distribution") {
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(i * 21'473);
    const double z = std::fabs(device::normal_from_bits(bits));
    const double tail = ((bits & 0x7fffffffU) + 0.5) * 0x1.0p-31;
    // A deviate that is off by e has a tail that is off by 2 phi(z) e.
    const double density = 2 * std::exp(-0.5 * z * z) / std::sqrt(2 * std::acos(-1.0));
    if (std::fabs(std::erfc(z / std::sqrt(2.0)) - tail) > 2e-5 * density + 1e-15) FAIL(bits);
  }
}

TEST_CASE("the rarest deviates are finite, signed and within the stated bound") {
  CHECK(device::normal_from_bits(0) > 6.0F);
  CHECK(device::normal_from_bits(0) < device::largest_normal);
  CHECK(device::normal_from_bits(0x80000000U) == -device::normal_from_bits(0));
  CHECK(std::fabs(device::normal_from_bits(0x7fffffffU)) < 1e-6F);
}

TEST_CASE("normal deviates of an ensemble of seeds are normal") {
  std::vector<double> sample;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const CellRandom random(seed, 3, 1);
    for (std::uint32_t cell = 0; cell < 100; ++cell) {
      for (const float z : random.normals(Purpose::programming, cell, 7)) sample.push_back(z);
    }
  }
  require_normal(sample, 0, 1);
}

TEST_CASE("deviates drawn together are those drawn one by one") {
  const CellRandom random(0x123456789abcdef0, 17, 3);
  std::vector<float> together(77);
  random.normals(Purpose::line_noise, 12'345, 9, 77, together.data());
  for (std::uint32_t i = 0; i < 77; ++i)
    CHECK(together[i] == random.normals(Purpose::line_noise, i / 4, 12'345, 9)[i % 4]);
}

TEST_CASE("every part of the key changes what is drawn") {
  const CellRandom base(1, 0, 0);
  const std::set<std::array<std::uint32_t, 4>> drawn = {
      base.bits(Purpose::step, 0),
      CellRandom(2, 0, 0).bits(Purpose::step, 0),
      CellRandom(1, 1, 0).bits(Purpose::step, 0),
      CellRandom(1, 0, 1).bits(Purpose::step, 0),
      base.bits(Purpose::pulse, 0),
      base.bits(Purpose::step, 1),
      base.bits(Purpose::step, 0, 1),
      base.bits(Purpose::step, 0, std::uint64_t{1} << 32),
      base.bits(Purpose::step, 0, 0, 1),
  };
  CHECK(drawn.size() == 9);
  CHECK(base.bits(Purpose::step, 5, 6, 7) == CellRandom(1, 0, 0).bits(Purpose::step, 5, 6, 7));
}

}  // namespace
}  // namespace weft::test
