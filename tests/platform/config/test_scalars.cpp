// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "platform/config/scalar.h"

using namespace weft::config;

TEST_CASE("integers are decimal or hexadecimal and nothing else") {
  CHECK(parse_integer<int>("0") == 0);
  CHECK(parse_integer<int>("-17") == -17);
  CHECK(parse_integer<int>("0x10") == 16);
  CHECK(parse_integer<int>("0XfF") == 255);
  CHECK(parse_integer<int>("-0x80000000") == std::numeric_limits<int>::min());
  CHECK(parse_integer<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", "-", "+1", "--1", "0x", "0x-1", "010", "1e3", "1.0", "1_000", "0o17", " 1",
                           "1 ", "0b1", "2147483648", "0x100000000", "one"}) {
    INFO(text);
    CHECK(parse_integer<int>(text) == std::nullopt);
  }
  CHECK(parse_integer<std::uint64_t>("-1") == std::nullopt);
}

TEST_CASE("reals are finite decimal numbers") {
  CHECK(parse_real("0.05") == 0.05);
  CHECK(parse_real("-1e-3") == -1e-3);
  CHECK(parse_real("3") == 3.0);
  CHECK(parse_real("0.0") == 0.0);
  for (const char* text : {"", "nan", "inf", "-infinity", "1e999", "0x10", "1,5", "01.5", "1 ", "+1", "pi"}) {
    INFO(text);
    CHECK(parse_real(text) == std::nullopt);
  }
}

TEST_CASE("a duration has a unit") {
  const Dimension& duration = duration_dimension();
  CHECK(parse_quantity("10 us", duration) == 10'000.0);
  CHECK(parse_quantity("10us", duration) == 10'000.0);
  CHECK(parse_quantity("1.25 ns", duration) == 1.25);
  CHECK(parse_quantity("1250 ps", duration) == 1.25);
  CHECK(parse_quantity("0x10 ms", duration) == 16e6);
  CHECK(parse_quantity("1 s", duration) == 1e9);
  CHECK(parse_quantity("0", duration) == 0.0);
  for (const char* text : {"10", "10 US", "10 m", "us", " us", "10 us ns", "ten us", "10\tus", ""}) {
    INFO(text);
    CHECK(parse_quantity(text, duration) == std::nullopt);
  }
}

TEST_CASE("a size counts bytes, in binary or decimal multiples") {
  const Dimension& size = size_dimension();
  CHECK(parse_quantity("64 KiB", size) == 65536.0);
  CHECK(parse_quantity("64 kB", size) == 64000.0);
  CHECK(parse_quantity("1.5 MiB", size) == 1572864.0);
  CHECK(parse_quantity("4096", size) == 4096.0);
  CHECK(parse_quantity("0x1000", size) == 4096.0);
  // The B is a digit here, not a byte.
  CHECK(parse_quantity("0x1B", size) == 27.0);
  for (const char* text : {"64 KB", "64 K", "64 kib", "KiB"}) {
    INFO(text);
    CHECK(parse_quantity(text, size) == std::nullopt);
  }
}

TEST_CASE("bandwidths and energies carry their units") {
  CHECK(parse_quantity("12.8 GB/s", bandwidth_dimension()) == 12.8);
  CHECK(parse_quantity("1 GiB/s", bandwidth_dimension()) == 1.073741824);
  CHECK(parse_quantity("6.5 nJ", energy_dimension()) == 6500.0);
  CHECK(parse_quantity("20 fJ", energy_dimension()) == 0.02);
  CHECK(parse_quantity("12.8", bandwidth_dimension()) == std::nullopt);
  CHECK(parse_quantity("6.5", energy_dimension()) == std::nullopt);
}

TEST_CASE("quantities are written the way people write them") {
  CHECK(format_quantity(10'000, duration_dimension()) == "10 us");
  CHECK(format_quantity(1.25, duration_dimension()) == "1.25 ns");
  CHECK(format_quantity(100, duration_dimension()) == "100 ns");
  CHECK(format_quantity(1e15, duration_dimension()) == "1000000 s");
  CHECK(format_quantity(0, duration_dimension()) == "0 s");
  CHECK(format_quantity(262144, size_dimension()) == "256 KiB");
  CHECK(format_quantity(12.8, bandwidth_dimension()) == "12.8 GB/s");
  CHECK(format_quantity(21'100, energy_dimension()) == "21.1 nJ");
}

TEST_CASE("what is written reads back to the last bit") {
  for (const Dimension* dimension :
       {&duration_dimension(), &size_dimension(), &bandwidth_dimension(), &energy_dimension()}) {
    double value = 1.0 / 3.0;
    for (int i = 0; i < 2000; ++i) {
      value = std::fmod(value * 1.61803398875 + 1e-6, 1e12) + (i % 97) / 7.0;
      CAPTURE(dimension->noun, value);
      REQUIRE(parse_quantity(format_quantity(value, *dimension), *dimension) == value);
    }
  }
  CHECK(parse_real(format_real(0.1 + 0.2)) == 0.1 + 0.2);
}
