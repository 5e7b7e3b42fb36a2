// SPDX-License-Identifier: Apache-2.0
#include "platform/config/scalar.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>

namespace weft::config {

namespace {

constexpr double kibi = 1024.0;

const Dimension::Unit* find_unit(const Dimension& dimension, std::string_view name) {
  for (const Dimension::Unit& unit : dimension.units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

// The number in front of a unit: hexadecimal for whole numbers, else decimal.
std::optional<double> parse_number(std::string_view text) {
  const bool hexadecimal = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (!hexadecimal) return parse_real(text);
  const auto value = parse_integer<std::uint64_t>(text);
  if (!value) return std::nullopt;
  return static_cast<double>(*value);
}

// Where the unit starts. What is a number as a whole has none: 0x1B is 27, not "0x1 B".
std::size_t unit_position(std::string_view text, const Dimension& dimension) {
  if (parse_number(text)) return text.size();
  std::size_t longest = 0;
  for (const Dimension::Unit& unit : dimension.units) {
    const std::size_t length = unit.name.size();
    if (length > longest && text.size() > length && text.substr(text.size() - length) == unit.name) {
      longest = length;
    }
  }
  return text.size() - longest;
}

}  // namespace

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) return std::nullopt;
  const std::size_t first_digit = !text.empty() && text.front() == '-' ? 1 : 0;
  const bool leading_zero = text.size() > first_digit + 1 && text[first_digit] == '0' &&
                            std::isdigit(static_cast<unsigned char>(text[first_digit + 1])) != 0;
  if (leading_zero) return std::nullopt;
  return value;
}

std::string format_real(double value) { return fmt::format("{}", value); }

const Dimension& duration_dimension() {
  static const Dimension dimension = {
      "duration", "10 us", {{"ps", 1, 1e3}, {"ns", 1, 1}, {"us", 1e3, 1}, {"ms", 1e6, 1}, {"s", 1e9, 1}}, ""};
  return dimension;
}

const Dimension& size_dimension() {
  static const Dimension dimension = {"size",
                                      "64 KiB",
                                      {{"B", 1, 1},
                                       {"kB", 1e3, 1},
                                       {"MB", 1e6, 1},
                                       {"GB", 1e9, 1},
                                       {"KiB", kibi, 1},
                                       {"MiB", kibi * kibi, 1},
                                       {"GiB", kibi * kibi * kibi, 1}},
                                      "B"};
  return dimension;
}

const Dimension& bandwidth_dimension() {
  static const Dimension dimension = {"bandwidth",
                                      "12.8 GB/s",
                                      {{"B/s", 1, 1e9},
                                       {"kB/s", 1, 1e6},
                                       {"MB/s", 1, 1e3},
                                       {"GB/s", 1, 1},
                                       {"TB/s", 1e3, 1},
                                       {"KiB/s", kibi, 1e9},
                                       {"MiB/s", kibi * kibi, 1e9},
                                       {"GiB/s", kibi * kibi * kibi, 1e9}},
                                      ""};
  return dimension;
}

const Dimension& energy_dimension() {
  static const Dimension dimension = {
      "energy", "6.5 nJ", {{"fJ", 1, 1e3}, {"pJ", 1, 1}, {"nJ", 1e3, 1}, {"uJ", 1e6, 1}, {"mJ", 1e9, 1}}, ""};
  return dimension;
}

std::optional<double> parse_quantity(std::string_view text, const Dimension& dimension) {
  const std::size_t position = unit_position(text, dimension);
  std::string_view unit_name = text.substr(position);
  std::string_view number = text.substr(0, position);
  while (!number.empty() && number.back() == ' ') number.remove_suffix(1);
  const std::optional<double> value = parse_number(number);
  if (!value) return std::nullopt;
  if (unit_name.empty()) {
    if (dimension.plain_unit.empty()) return *value == 0 ? value : std::nullopt;
    unit_name = dimension.plain_unit;
  }
  const Dimension::Unit* unit = find_unit(dimension, unit_name);
  const double result = *value * unit->multiply / unit->divide;
  if (!std::isfinite(result)) return std::nullopt;
  return result;
}

std::string format_quantity(double value, const Dimension& dimension) {
  std::string best;
  bool best_is_awkward = true;
  for (const Dimension::Unit& unit : dimension.units) {
    const double number = value * unit.divide / unit.multiply;
    const std::string text = fmt::format("{} {}", number, unit.name);
    if (parse_quantity(text, dimension) != value) continue;
    // 0.25 and 1e+18 are right, but nobody writes them when 250 or 1000000 of another unit will do.
    const bool awkward = std::abs(number) < 1 || text.find('e') != std::string::npos;
    const bool better = awkward == best_is_awkward ? text.size() <= best.size() : best_is_awkward;
    if (!best.empty() && !better) continue;
    best = text;
    best_is_awkward = awkward;
  }
  return best;
}

}  // namespace weft::config
