// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/fp_array.h"

#include <algorithm>

#include "models/common/float_bits.h"
#include "models/fp_pim/number.h"

namespace weft::fp_pim {

namespace {

using unit::Format;

// Rounding to a format without branches, which the compiler vectorises; the values are those of round_to(),
// but for the bits of a NaN.
//
// A sum or product of two fp16 or bf16 values that is first rounded to a float and then to the format is
// rounded right: a float has more than twice their fraction bits and two, and what a float drops below its
// least numbers is less than half of bf16's least.
struct Fp32 {
  static float round(float value) { return value; }
};

template <unsigned dropped>
float drop_bits(float value) {
  const std::uint32_t bits = bits_of(value);
  const std::uint32_t odd = bits >> dropped & 1u;
  const std::uint32_t rounded = (bits + (1u << (dropped - 1)) - 1 + odd) & ~((1u << dropped) - 1);
  return float_of(rounded);
}

struct Bf16 {
  // Carries could turn a NaN into a number.
  static float round(float value) {
    const float rounded = drop_bits<16>(value);
    return value == value ? rounded : value;
  }
};

struct Fp16 {
  static float round(float value) {
    constexpr float overflow = 65520.0f;
    constexpr float least_normal = 0x1p-14f;
    const std::uint32_t sign = bits_of(value) & 0x80000000u;
    const float magnitude = float_of(bits_of(value) & 0x7fffffffu);
    const float normal = drop_bits<13>(magnitude);
    // Adding 0.5 leaves a float no finer bits than fp16's subnormal numbers have, and rounds.
    const float subnormal = (magnitude + 0.5f) - 0.5f;
    const float finite = magnitude < least_normal ? subnormal : normal;
    const float limited = magnitude >= overflow ? float_of(0x7f800000u) : finite;
    const float result = float_of(bits_of(limited) | sign);
    return value == value ? result : value;
  }
};

// Calls `body` with the rounding of `format`.
template <typename Body>
void with_format(Format format, Body body) {
  switch (format) {
    case Format::fp16:
      return body(Fp16());
    case Format::bf16:
      return body(Bf16());
    default:
      return body(Fp32());
  }
}

template <typename Rounding>
float multiply_add_one(float sum, float a, float b) {
  return Rounding::round(sum + Rounding::round(a * b));
}

// sums[i] += factor · values[i]
template <typename Rounding>
void add_multiple(float* __restrict sums, float factor, const float* __restrict values, unsigned count) {
  for (unsigned i = 0; i < count; ++i) sums[i] = multiply_add_one<Rounding>(sums[i], factor, values[i]);
}

// Rows whose sums mtvm forms together: each sum is a chain of its own.
constexpr unsigned rows_at_once = 8;

}  // namespace

FpArray::FpArray(unsigned rows, unsigned columns)
    : rows_(rows), columns_(columns), cells_(std::size_t{rows} * columns, 0.0f) {}

void FpArray::load(Format format, const Part& part, const float* values) {
  if (format != format_) {
    format_ = format;
    std::transform(cells_.begin(), cells_.end(), cells_.begin(),
                   [format](float value) { return round_to(format, value); });
  }
  for (unsigned row = 0; row < part.rows; ++row) {
    const float* const from = values + row * std::size_t{part.columns};
    std::transform(from, from + part.columns, line(part.first_row + row),
                   [format](float value) { return round_to(format, value); });
  }
}

void FpArray::read(const Part& part, float* values) const {
  for (unsigned row = 0; row < part.rows; ++row)
    std::copy_n(line(part.first_row + row), part.columns, values + row * std::size_t{part.columns});
}

void FpArray::mvm(const Part& part, const float* x, float* y) const {
  std::vector<float> sums(std::size_t{part.groups} * part.columns, 0.0f);
  with_format(format_, [&](auto rounding) {
    using Rounding = decltype(rounding);
    for (unsigned row = 0; row < part.rows; ++row) {
      for (unsigned group = 0; group < part.groups; ++group) {
        const std::size_t column = std::size_t{group} * part.columns;
        add_multiple<Rounding>(&sums[column], x[std::size_t{group} * part.rows + row], line(row) + column,
                               part.columns);
      }
    }
    for (unsigned left = part.groups; left > 1;) {
      const unsigned half = (left + 1) / 2;
      const std::size_t distance = std::size_t{half} * part.columns;
      const std::size_t pairs = std::size_t{left - half} * part.columns;
      for (std::size_t i = 0; i < pairs; ++i) sums[i] = Rounding::round(sums[i] + sums[i + distance]);
      left = half;
    }
  });
  std::copy_n(sums.begin(), part.columns, y);
}

void FpArray::mtvm(const Part& part, const float* x, float* y) const {
  with_format(format_, [&](auto rounding) {
    using Rounding = decltype(rounding);
    for (unsigned group = 0; group < part.groups; ++group) {
      const std::size_t column = std::size_t{group} * part.columns;
      float* const out = y + std::size_t{group} * part.rows;
      for (unsigned first = 0; first < part.rows; first += rows_at_once) {
        const unsigned count = std::min(rows_at_once, part.rows - first);
        const float* lines[rows_at_once];
        for (unsigned i = 0; i < rows_at_once; ++i) lines[i] = line(first + std::min(i, count - 1)) + column;
        float sums[rows_at_once] = {};
        for (unsigned c = 0; c < part.columns; ++c) {
          for (unsigned i = 0; i < rows_at_once; ++i)
            sums[i] = multiply_add_one<Rounding>(sums[i], lines[i][c], x[c]);
        }
        std::copy_n(sums, count, out + first);
      }
    }
  });
}

void FpArray::opa(const Part& part, const float* x, const float* d) {
  with_format(format_, [&](auto rounding) {
    for (unsigned row = 0; row < part.rows; ++row) {
      for (unsigned group = 0; group < part.groups; ++group) {
        add_multiple<decltype(rounding)>(line(row) + std::size_t{group} * part.columns,
                                         x[std::size_t{group} * part.rows + row], d, part.columns);
      }
    }
  });
}

void FpArray::add(const Part& part, const float* a) {
  with_format(format_, [&](auto rounding) {
    for (unsigned row = 0; row < part.rows; ++row) {
      float* const cells = line(part.first_row + row);
      for (unsigned i = 0; i < part.columns; ++i, ++a) cells[i] = decltype(rounding)::round(cells[i] + *a);
    }
  });
}

void FpArray::multiply(const Part& part, const float* a) {
  with_format(format_, [&](auto rounding) {
    for (unsigned row = 0; row < part.rows; ++row) {
      float* const cells = line(part.first_row + row);
      for (unsigned i = 0; i < part.columns; ++i, ++a) cells[i] = decltype(rounding)::round(cells[i] * *a);
    }
  });
}

void FpArray::multiply_add(const Part& part, const float* a, const float* b) {
  with_format(format_, [&](auto rounding) {
    for (unsigned row = 0; row < part.rows; ++row) {
      float* const cells = line(part.first_row + row);
      for (unsigned i = 0; i < part.columns; ++i, ++a, ++b)
        cells[i] = multiply_add_one<decltype(rounding)>(cells[i], *a, *b);
    }
  });
}

}  // namespace weft::fp_pim
