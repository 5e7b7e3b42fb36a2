// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/fp_array.h"

#include <algorithm>

#include "models/fp_pim/number.h"

namespace weft::fp_pim {

FpArray::FpArray(unsigned rows, unsigned columns)
    : rows_(rows), columns_(columns), cells_(std::size_t{rows} * columns, 0.0f) {}

// A sum or product of two fp16 or bf16 values that is first rounded to a float and then to the format is
// rounded right: a float has more than twice their fraction bits and two (below bf16's normal numbers the
// product is that of fp32, rounded).
float FpArray::sum(float a, float b) const { return round_to(format_, a + b); }
float FpArray::product(float a, float b) const { return round_to(format_, a * b); }

template <typename Function>
void FpArray::each(const Part& part, Function function) {
  for (unsigned row = 0; row < part.rows; ++row) {
    float* const line = &cells_[row * std::size_t{columns_}];
    for (unsigned column = 0; column < part.columns; ++column) {
      line[column] = function(line[column], row, column);
    }
  }
}

void FpArray::load(unit::Format format, const Part& part, const float* values) {
  if (format != format_) {
    format_ = format;
    std::transform(cells_.begin(), cells_.end(), cells_.begin(),
                   [format](float value) { return round_to(format, value); });
  }
  each(part, [&](float, unsigned row, unsigned column) {
    return round_to(format, values[row * std::size_t{part.columns} + column]);
  });
}

void FpArray::read(const Part& part, float* values) const {
  for (unsigned row = 0; row < part.rows; ++row) {
    const float* const line = &cells_[row * std::size_t{columns_}];
    std::copy(line, line + part.columns, values + row * std::size_t{part.columns});
  }
}

void FpArray::mvm(const Part& part, const float* x, float* y) const {
  std::fill(y, y + part.columns, 0.0f);
  for (unsigned row = 0; row < part.rows; ++row) {
    for (unsigned column = 0; column < part.columns; ++column) {
      y[column] = sum(y[column], product(x[row], at(row, column)));
    }
  }
}

void FpArray::mtvm(const Part& part, const float* x, float* y) const {
  for (unsigned row = 0; row < part.rows; ++row) {
    y[row] = 0.0f;
    for (unsigned column = 0; column < part.columns; ++column) {
      y[row] = sum(y[row], product(at(row, column), x[column]));
    }
  }
}

void FpArray::opa(const Part& part, const float* x, const float* d) {
  each(part,
       [&](float cell, unsigned row, unsigned column) { return sum(cell, product(x[row], d[column])); });
}

void FpArray::add(const Part& part, const float* a) {
  each(part, [&](float cell, unsigned row, unsigned column) {
    return sum(cell, a[row * std::size_t{part.columns} + column]);
  });
}

void FpArray::multiply(const Part& part, const float* a) {
  each(part, [&](float cell, unsigned row, unsigned column) {
    return product(cell, a[row * std::size_t{part.columns} + column]);
  });
}

void FpArray::multiply_add(const Part& part, const float* a, const float* b) {
  each(part, [&](float cell, unsigned row, unsigned column) {
    const std::size_t i = row * std::size_t{part.columns} + column;
    return sum(cell, product(a[i], b[i]));
  });
}

}  // namespace weft::fp_pim
