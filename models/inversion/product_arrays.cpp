// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/product_arrays.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "models/device/wires.h"
#include "models/inversion/block_inverse.h"
#include "models/inversion/converter.h"
#include "models/inversion/tiling.h"

namespace weft::inversion {

namespace {

// What a closed cell conducts, as a share of the greatest conductance.
double closed_share(const ProductEffects& effects) { return effects.on_off > 0 ? 1 / effects.on_off : 0; }

// Noise is a share of the greatest conductance, signals span what is above the least one.
double noise_of_span(double sigma, const ProductEffects& effects) {
  return sigma / (1 - closed_share(effects));
}

Matrix transposed(std::size_t rows, std::size_t columns, const Matrix& matrix) {
  Matrix result(matrix.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) result[j * rows + i] = matrix[i * columns + j];
  }
  return result;
}

// What an array's cells, as shares of the span, weigh once its wires have taken their part.
Matrix seen_through_wires(std::size_t rows, std::size_t columns, const Matrix& cells,
                          const ProductEffects& effects) {
  const double siemens = effects.g_max_uS * 1e-6;
  const double closed = closed_share(effects);
  Matrix seen(cells.size());
  for (const double sign : {1.0, -1.0}) {
    device::ConductanceMatrix array;
    array.rows = static_cast<int>(columns);
    array.cols = static_cast<int>(rows);
    array.value = transposed(rows, columns, cells);
    for (double& each : array.value) each = (closed + (1 - closed) * std::max(0.0, sign * each)) * siemens;
    const Matrix effective =
        transposed(columns, rows, device::ladder_conductances(array, effects.wire_ohm).value);
    for (std::size_t i = 0; i < seen.size(); ++i) seen[i] += sign * effective[i] / siemens / (1 - closed);
  }
  return seen;
}

Matrix difference(Matrix all, const Matrix& part) {
  for (std::size_t i = 0; i < all.size(); ++i) all[i] -= part[i];
  return all;
}

// Of what one array of a fused mapping hands on to the next: more than anything loses.
constexpr unsigned between_bits = 32;

unsigned high_arrays(const SolverSettings& settings) {
  return (settings.array_bits + settings.cell_bits - 1) / settings.cell_bits;
}

unsigned rest_arrays(unsigned arrays, const SolverSettings& settings) {
  if (settings.mode == Mode::merged) return arrays;
  return std::max(arrays, high_arrays(settings) + 1) - high_arrays(settings);
}

}  // namespace

SlicedMatrix::SlicedMatrix(std::size_t rows, std::size_t columns, const Matrix& matrix, unsigned slices,
                           std::size_t array, const SolverSettings& settings, CounterRng& random)
    : rows_(rows), columns_(columns), dac_bits_(settings.dac_bits), effects_(settings.products) {
  const Tiling down(rows, array);
  const Tiling across(columns, array);
  for (std::size_t i = 0; i < down.tiles(); ++i) {
    for (std::size_t j = 0; j < across.tiles(); ++j)
      parts_.push_back({down.begin(i), across.begin(j), down.size(i), across.size(j), {}});
  }
  const double greatest = greatest_magnitude(matrix.data(), matrix.size());
  const double cell_levels = std::ldexp(1.0, static_cast<int>(settings.cell_bits)) - 1;
  const double levels = std::ldexp(1.0, static_cast<int>(settings.cell_bits * slices)) - 1;
  const double sigma = noise_of_span(effects_.programming_sigma, effects_);
  Matrix rest(matrix.size());
  for (std::size_t i = 0; i < matrix.size(); ++i)
    rest[i] = greatest > 0 ? std::fabs(matrix[i]) / greatest * levels : 0;
  Matrix cells(matrix.size());
  for (unsigned slice = 0; slice < slices; ++slice) {
    const double place = std::ldexp(1.0, static_cast<int>(settings.cell_bits * (slices - 1 - slice)));
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      // The last slice takes whatever is left, so that the slices make up the number they are given.
      const double digit = slice + 1 == slices ? rest[i] : std::floor(rest[i] / place);
      rest[i] -= digit * place;
      cells[i] = std::copysign(digit / cell_levels, matrix[i]);
      if (sigma > 0) cells[i] += sigma * random.normal();
    }
    for (Part& part : parts_) {
      Matrix levels_of_part = block_of(columns, cells, part.row, part.column, part.rows, part.columns);
      if (effects_.wire_ohm > 0)
        levels_of_part = seen_through_wires(part.rows, part.columns, levels_of_part, effects_);
      part.slices.emplace_back(part.rows, part.columns, levels_of_part);
    }
    weights_.push_back(greatest > 0 ? place * cell_levels * greatest / levels : 0);
  }
}

void SlicedMatrix::multiply(const double* x, double* y, unsigned bits, CounterRng& random) const {
  std::fill(y, y + rows_, 0.0);
  const Converter converter(x, columns_, bits);
  if (converter.step == 0) return;
  const unsigned steps = (bits - 1 + dac_bits_ - 1) / dac_bits_;
  const double full = std::ldexp(1.0, static_cast<int>(dac_bits_)) - 1;
  const std::uint64_t mask = (std::uint64_t{1} << dac_bits_) - 1;
  std::vector<double> digits(columns_);
  for (unsigned step = 0; step < steps; ++step) {
    const unsigned shift = step * dac_bits_;
    for (std::size_t j = 0; j < columns_; ++j) {
      const double value = converter.steps(x[j]);
      // The last step also takes the bit that only the most negative number has.
      const std::uint64_t digit = static_cast<std::uint64_t>(std::fabs(value)) >> shift;
      digits[j] = std::copysign(static_cast<double>(step + 1 == steps ? digit : digit & mask) / full, value);
    }
    const double unit = std::ldexp(converter.step * full, static_cast<int>(shift));
    for (const Part& part : parts_) add_step(part, &digits[part.column], unit, random, y + part.row);
  }
}

void SlicedMatrix::add_step(const Part& part, const double* digits, double unit, CounterRng& random,
                            double* y) const {
  double square = 0;
  for (std::size_t j = 0; j < part.columns; ++j) square += digits[j] * digits[j];
  const double noise = noise_of_span(effects_.read_sigma, effects_) * std::sqrt(square);
  std::vector<double> sums(part.rows);
  for (std::size_t slice = 0; slice < part.slices.size(); ++slice) {
    part.slices[slice].multiply(digits, sums.data(), 1);
    if (noise > 0) {
      for (double& sum : sums) sum += noise * random.normal();
    }
    if (effects_.adc_bits > 0) convert(sums.data(), part.rows, effects_.adc_bits);
    for (std::size_t i = 0; i < part.rows; ++i) y[i] += unit * weights_[slice] * sums[i];
  }
}

ProductArrays::ProductArrays(std::size_t n, const Matrix& matrix, const Matrix& high, unsigned arrays,
                             const SolverSettings& settings, CounterRng& random)
    : n_(n),
      nested_(settings.mode == Mode::nested),
      high_(n, n, high, high_arrays(settings), largest_block(n, settings.array), settings, random),
      rest_(n, n, nested_ ? difference(matrix, high) : matrix, rest_arrays(arrays, settings),
            largest_block(n, settings.array), settings, random) {}

ProductArrays::ProductArrays(std::size_t n, std::size_t m, const Matrix& factor, const Matrix& high,
                             double damping, unsigned arrays, const SolverSettings& settings,
                             CounterRng& random)
    : n_(n),
      samples_(m),
      damping_(damping),
      nested_(settings.mode == Mode::nested),
      high_(n, m, high, high_arrays(settings), settings.array, settings, random),
      rest_(n, m, nested_ ? difference(factor, high) : factor, rest_arrays(arrays, settings), settings.array,
            settings, random),
      high_transposed_(m, n, transposed(n, m, high), high_arrays(settings), settings.array, settings, random),
      rest_transposed_(m, n, transposed(n, m, nested_ ? difference(factor, high) : factor),
                       rest_arrays(arrays, settings), settings.array, settings, random) {}

void ProductArrays::multiply_high(const double* x, double* y, unsigned bits, CounterRng& random) const {
  if (!fused()) return high_.multiply(x, y, bits, random);
  std::vector<double> between(samples_);
  high_transposed_.multiply(x, between.data(), bits, random);
  high_.multiply(between.data(), y, between_bits, random);
  for (std::size_t i = 0; i < n_; ++i) y[i] = y[i] / static_cast<double>(samples_) + damping_ * x[i];
}

// Nested and fused, A_L = (a_H·a_Lᵀ + a_L·aᵀ) / m: nothing large is taken from something large.
void ProductArrays::multiply_rest(const double* x, double* y, unsigned bits, CounterRng& random) const {
  if (!fused()) return rest_.multiply(x, y, bits, random);
  std::vector<double> low(samples_);
  rest_transposed_.multiply(x, low.data(), bits, random);
  if (!nested_) {
    rest_.multiply(low.data(), y, between_bits, random);
    for (std::size_t i = 0; i < n_; ++i) y[i] = y[i] / static_cast<double>(samples_) + damping_ * x[i];
    return;
  }
  std::vector<double> all(samples_);
  high_transposed_.multiply(x, all.data(), bits, random);
  for (std::size_t k = 0; k < samples_; ++k) all[k] += low[k];
  std::vector<double> more(n_);
  high_.multiply(low.data(), y, between_bits, random);
  rest_.multiply(all.data(), more.data(), between_bits, random);
  for (std::size_t i = 0; i < n_; ++i) y[i] = (y[i] + more[i]) / static_cast<double>(samples_);
}

}  // namespace weft::inversion
