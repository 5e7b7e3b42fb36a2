// SPDX-License-Identifier: Apache-2.0
// The array as obviously as it can be written: every step, slice and cell by itself, conversions in
// floating point, saturation after every single deposit. Shares nothing with the product but the
// configuration's fields.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "models/crossbar/array_config.h"

namespace weft::test {

class SlowArray {
 public:
  explicit SlowArray(const crossbar::ArrayConfig& config)
      : c(config),
        rows_with_carries(size(c.rows)),
        cell(size(c.slices), std::vector<std::vector<int>>(size(c.rows), std::vector<int>(size(c.cols)))),
        second(cell),
        saturated_cells(size(c.slices)),
        saturated_units(size(c.slices)) {}

  std::int64_t radix_power(int slice) const {
    std::int64_t power = 1;
    for (int m = 0; m < slice * c.digit_bits; ++m) power *= 2;
    return power;
  }
  int cell_bits(int slice) const { return c.cell_bits.empty() ? 6 : c.cell_bits[size(slice)]; }
  bool is(crossbar::Encoding encoding) const { return c.encoding == encoding; }
  bool pairs() const { return is(crossbar::Encoding::differential); }
  int cell_low(int slice) const { return pairs() ? 0 : -(1 << (cell_bits(slice) - 1)); }
  int cell_high(int slice) const { return (1 << (cell_bits(slice) - (pairs() ? 0 : 1))) - 1; }
  // The state of an unwritten cell, where it is not subtracted from the current before conversion.
  int middle(int slice) const {
    const bool seen = is(crossbar::Encoding::offset) || is(crossbar::Encoding::unit_column);
    return seen ? 1 << (cell_bits(slice) - 1) : 0;
  }
  int digit(int slice, int row, int col) const {
    return cell[size(slice)][size(row)][size(col)] - second[size(slice)][size(row)][size(col)];
  }

  std::int64_t clamp_weight(std::int64_t w) {
    const int top = c.slices - 1;
    const std::int64_t half = radix_power(c.slices) / 2;
    const int lowest = is(crossbar::Encoding::twos_complement) ? 0 : -(1 << (c.digit_bits - 1));
    const int highest = lowest + (1 << c.digit_bits) - 1;
    std::int64_t low = (pairs() ? -cell_high(top) : cell_low(top)) * radix_power(top);
    std::int64_t high = cell_high(top) * radix_power(top);
    for (int m = 0; m < top; ++m) {
      low += lowest * radix_power(m);
      high += highest * radix_power(m);
    }
    const std::int64_t kept = std::min(std::max(w, std::max(low, -half)), std::min(high, half - 1));
    if (kept != w) ++weights_clamped;
    return kept;
  }

  void write(int row, int col, std::int64_t w) {
    w = clamp_weight(w);
    const int radix = 1 << c.digit_bits;
    for (int m = 0; m < c.slices - 1; ++m) {
      int digit = static_cast<int>(((w % radix) + radix) % radix);
      if (digit >= radix / 2 && !is(crossbar::Encoding::twos_complement)) digit -= radix;
      write_digit(m, row, col, digit);
      w = (w - digit) / radix;
    }
    write_digit(c.slices - 1, row, col, static_cast<int>(w));
  }

  void write_digit(int slice, int row, int col, int digit) {
    cell[size(slice)][size(row)][size(col)] = pairs() ? std::max(digit, 0) : digit;
    second[size(slice)][size(row)][size(col)] = pairs() ? std::max(-digit, 0) : 0;
  }

  std::int64_t weight(int row, int col) const {
    std::int64_t value = 0;
    for (int m = 0; m < c.slices; ++m) value += digit(m, row, col) * radix_power(m);
    return value;
  }

  void program(int row, int col, const std::vector<std::vector<std::int32_t>>& block) {
    const int width = static_cast<int>(block[0].size());
    for (int r = 0; r < static_cast<int>(block.size()); ++r) {
      for (int k = 0; k < width; ++k) write(row + r, col + k, block[size(r)][size(k)]);
      if (col == 0 && width >= updated_cols) rows_with_carries[size(row + r)] = false;
    }
    if (!has_carries()) updated_cols = 0;
  }

  bool has_carries() const {
    return std::find(rows_with_carries.begin(), rows_with_carries.end(), true) != rows_with_carries.end();
  }

  void crs() {
    for (int r = 0; r < c.rows; ++r) {
      for (int k = 0; k < c.cols; ++k) write(r, k, weight(r, k));
    }
    rows_with_carries.assign(size(c.rows), false);
    updated_cols = 0;
  }

  std::int64_t convert(int current, int lines, int slice) {
    double step = 1;
    const int adc_bits = c.slice_adc_bits.empty() ? c.adc_bits : c.slice_adc_bits[size(slice)];
    const double top_code = std::pow(2, adc_bits - 1) - 1;
    if (c.adc_range == crossbar::AdcRange::calibrated) {
      while (top_code * step < c.full_scale[size(slice)]) step *= 2;
    } else if (c.adc_range == crossbar::AdcRange::max) {
      const double full_scale = lines * (std::pow(2, c.dac_bits) - 1) * largest_state(slice);
      while (top_code * step < full_scale) step *= 2;
    }
    const double code = std::round(current / step);
    const double kept = std::min(std::max(code, -top_code - 1), top_code);
    if (kept != code) {
      ++clipped;
    } else if (code * step != current) {
      ++rounded;
    }
    return static_cast<std::int64_t>(kept * step);
  }

  double largest_state(int slice) const {
    const int top_state = (1 << cell_bits(slice)) - 1;
    if (pairs() && has_carries()) return top_state;
    if (middle(slice) != 0) {
      const int resolved = middle(slice) + (1 << (c.digit_bits - 1));
      return has_carries() ? top_state : std::min(resolved, top_state);
    }
    if (has_carries()) return std::pow(2, cell_bits(slice) - 1);
    const bool no_sign = is(crossbar::Encoding::twos_complement) && slice < c.slices - 1;
    return no_sign ? std::pow(2, c.digit_bits) - 1 : std::pow(2, c.digit_bits - 1);
  }

  // `transposed`: columns are driven and rows read.
  std::vector<std::int64_t> multiply(const std::vector<std::int16_t>& x, int in_bits, int outputs,
                                     bool transposed) {
    std::vector<std::int64_t> y(size(outputs));
    for (int first_bit = 0; first_bit < in_bits; first_bit += c.dac_bits) {
      for (int m = 0; m < c.slices; ++m) {
        int of_middle_states = 0;
        for (const std::int16_t value : x) {
          const int chunk = (std::abs(value) >> first_bit) % (1 << c.dac_bits);
          of_middle_states += (value < 0 ? -chunk : chunk) * middle(m);
        }
        std::int64_t correction = of_middle_states;
        if (is(crossbar::Encoding::unit_column)) {
          correction = convert(of_middle_states, transposed ? c.cols : c.rows, m);
          ++conversions;
        }
        for (int out = 0; out < outputs; ++out) {
          int current = of_middle_states;
          for (int in = 0; in < static_cast<int>(x.size()); ++in) {
            const int chunk = (std::abs(x[size(in)]) >> first_bit) % (1 << c.dac_bits);
            const int state = transposed ? digit(m, out, in) : digit(m, in, out);
            current += (x[size(in)] < 0 ? -chunk : chunk) * state;
          }
          ++conversions;
          y[size(out)] += (convert(current, transposed ? c.cols : c.rows, m) - correction) * radix_power(m) *
                          (std::int64_t{1} << first_bit);
        }
      }
    }
    return y;
  }

  void opa(const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& d) {
    for (int r = 0; r < static_cast<int>(x.size()); ++r) {
      for (int k = 0; k < static_cast<int>(d.size()); ++k) update_weight(r, k, x[size(r)], d[size(k)]);
    }
    std::fill_n(rows_with_carries.begin(), x.size(), true);
    updated_cols = std::max(updated_cols, static_cast<int>(d.size()));
  }

  crossbar::ArrayConfig c;
  std::vector<bool> rows_with_carries;
  std::vector<std::vector<std::vector<int>>> cell;
  std::vector<std::vector<std::vector<int>>> second;  // of pairs; else zero
  int updated_cols = 0;
  std::uint64_t conversions = 0;
  std::uint64_t clipped = 0;
  std::uint64_t rounded = 0;
  std::uint64_t deposits = 0;
  std::uint64_t truncated = 0;
  std::uint64_t weights_clamped = 0;
  std::vector<std::uint64_t> saturated_cells;
  std::vector<std::uint64_t> saturated_units;

 private:
  static std::size_t size(int value) { return static_cast<std::size_t>(value); }

  void update_weight(int row, int col, int x, int d) {
    const int sign = (x < 0) != (d < 0) ? -1 : 1;
    std::vector<bool> cell_clipped(size(c.slices));
    bool bits_lost = false;
    for (int n = 0; n < 15; ++n) {
      if (((std::abs(x) >> n) & 1) == 0) continue;
      const std::int64_t shifted = std::int64_t{std::abs(d)} << n;
      if (shifted >= radix_power(c.slices)) bits_lost = true;
      for (int m = 0; m < c.slices; ++m) {
        const int chunk = static_cast<int>(shifted / radix_power(m) % (1 << c.digit_bits));
        if (chunk != 0) ++deposits;
        auto& written = pairs() && sign < 0 ? second : cell;
        int& state = written[size(m)][size(row)][size(col)];
        const int wanted = state + (pairs() ? chunk : sign * chunk);
        state = std::min(std::max(wanted, cell_low(m)), cell_high(m));
        if (state != wanted) cell_clipped[size(m)] = true;
        saturated_units[size(m)] += static_cast<std::uint64_t>(std::abs(wanted - state));
      }
    }
    if (bits_lost) ++truncated;
    for (int m = 0; m < c.slices; ++m) saturated_cells[size(m)] += cell_clipped[size(m)] ? 1 : 0;
  }
};

}  // namespace weft::test
