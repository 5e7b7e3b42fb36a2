// SPDX-License-Identifier: Apache-2.0
// Strict conversion of YAML scalars, both ways. What YAML libraries accept by courtesy ("yes" as a
// bool, 010 as eight, 1e3 as a string) is refused here: a scenario says what it means.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace weft::config {

// Decimal or 0x…, with a minus sign for signed types. No leading zeros, no exponent.
template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
  std::string digits;
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) {
    text.remove_prefix(1);
    digits = "-";
  }
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    text.remove_prefix(2);
    base = 16;
  } else if (text.size() > 1 && text[0] == '0') {
    return std::nullopt;
  }
  if (text.empty() || text.front() == '-') return std::nullopt;
  digits += text;
  Integer value = 0;
  const char* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, value, base);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

// A finite decimal number, exponent allowed.
std::optional<double> parse_real(std::string_view text);

// The shortest text that parse_real turns into the same number.
std::string format_real(double value);

// A physical dimension: the units a value may carry. Values are held in the base unit.
struct Dimension {
  struct Unit {
    std::string_view name;
    // value in base units = number * multiply / divide; two factors so that both directions stay exact.
    double multiply;
    double divide;
  };
  std::string_view noun;
  std::string_view example;
  std::vector<Unit> units;
  std::string_view plain_unit;  // unit of a number that has none; empty: only 0 may go without
};

const Dimension& duration_dimension();   // base: ns
const Dimension& size_dimension();       // base: byte
const Dimension& bandwidth_dimension();  // base: GB/s
const Dimension& energy_dimension();     // base: pJ

// "10 us" -> 10000. The space may be left out.
std::optional<double> parse_quantity(std::string_view text, const Dimension& dimension);

// A short text that parse_quantity turns into exactly the same value, if possible with a number from 1 up.
std::string format_quantity(double value, const Dimension& dimension);

}  // namespace weft::config
