// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/inverse_array.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/device/wires.h"
#include "models/inversion/tiling.h"

namespace weft::inversion {

namespace {

// Levels of a magnitude, an array's full scale being 1.
double levels_of(unsigned bits) { return std::ldexp(1.0, static_cast<int>(bits)) - 1; }

double row_sum(std::size_t n, const Matrix& matrix, std::size_t row) {
  double sum = 0;
  for (std::size_t j = 0; j < n; ++j) sum += std::fabs(matrix[row * n + j]);
  return sum;
}

// Part of a matrix that has `pitch` columns.
struct Tile {
  std::size_t row;
  std::size_t column;
  std::size_t rows;
  std::size_t columns;
  std::size_t pitch;

  std::size_t at(std::size_t i, std::size_t j) const { return (row + i) * pitch + column + j; }
};

// The amplifiers drive the columns from the edge at row 0 and sense the rows at the edge at column 0. Each
// sign has an array of its own.
void add_wires(const Tile& tile, const ArrayEffects& effects, Matrix& cells) {
  const std::size_t rows = tile.rows;
  const std::size_t columns = tile.columns;
  const double siemens = effects.g_max_uS * 1e-6;
  // wires.h senses at the far end of what it calls columns; hence the order of the driven lines.
  const auto place = [&](std::size_t i, std::size_t j) { return (columns - 1 - j) * rows + i; };
  for (const double sign : {1.0, -1.0}) {
    device::ConductanceMatrix half;
    half.rows = static_cast<int>(columns);
    half.cols = static_cast<int>(rows);
    half.value.resize(rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j)
        half.value[place(i, j)] = std::max(0.0, sign * cells[tile.at(i, j)]) * siemens;
    }
    const device::ConductanceMatrix seen = device::ladder_conductances(half, effects.wire_ohm);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        double& cell = cells[tile.at(i, j)];
        if (sign * cell > 0) cell = sign * seen.value[place(i, j)] / siemens;
      }
    }
  }
}

// What cells at `levels` (full scale 1) conduct. Arrays have `array` lines at most; those side by side share
// amplifiers, at whose inputs their currents add, but have wires of their own.
Matrix as_programmed(std::size_t rows, std::size_t columns, std::size_t array, Matrix cells,
                     const ArrayEffects& effects, CounterRng& random) {
  if (effects.programming_sigma > 0) {
    for (double& cell : cells) cell += effects.programming_sigma * random.normal();
  }
  if (effects.wire_ohm == 0) return cells;
  const Tiling down(rows, array);
  const Tiling across(columns, array);
  for (std::size_t i = 0; i < down.tiles(); ++i) {
    for (std::size_t j = 0; j < across.tiles(); ++j)
      add_wires({down.begin(i), across.begin(j), down.size(i), across.size(j), columns}, effects, cells);
  }
  return cells;
}

void add_finite_gain(std::size_t n, double gain, Matrix& loop) {
  if (gain == 0) return;
  for (std::size_t i = 0; i < n; ++i) loop[i * n + i] += (row_sum(n, loop, i) + 1) / gain;
}

// U^½ A U^½, which has the eigenvalues of U A.
Matrix balanced(std::size_t n, const Matrix& loop) {
  std::vector<double> root(n);
  for (std::size_t i = 0; i < n; ++i) root[i] = 1 / std::sqrt(row_sum(n, loop, i) + 1);
  Matrix result(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) result[i * n + j] = root[i] * loop[i * n + j] * root[j];
  }
  return result;
}

bool is_stable(std::size_t n, const Matrix& system) {
  // A positive symmetric part is enough and cheap to see; only the rest needs eigenvalues.
  return is_positive_definite(n, system) || least_real_eigenvalue(n, system) > 0;
}

// The slowest mode, from the Rayleigh quotient of the inverse under power iteration.
double slowest_mode(std::size_t n, const Matrix& loop, const Matrix& inverse) {
  constexpr int most_steps = 200;
  constexpr double tolerance = 1e-9;
  std::vector<double> root(n);
  for (std::size_t i = 0; i < n; ++i) root[i] = std::sqrt(row_sum(n, loop, i) + 1);
  CounterRng start(1, 0, 0);
  std::vector<double> v(n);
  for (double& each : v) each = start.uniform() - 0.5;
  const PackedMatrix packed(n, n, inverse);
  std::vector<double> w(n);
  std::vector<double> scaled(n);
  double quotient = 0;
  for (int step = 0; step < most_steps; ++step) {
    for (std::size_t i = 0; i < n; ++i) scaled[i] = root[i] * v[i];
    packed.multiply(scaled.data(), w.data(), 1);
    double product = 0;
    double square = 0;
    double length = 0;
    for (std::size_t i = 0; i < n; ++i) {
      w[i] *= root[i];
      product += v[i] * w[i];
      square += v[i] * v[i];
      length += w[i] * w[i];
    }
    const double before = std::exchange(quotient, product / square);
    if (std::fabs(quotient - before) <= tolerance * std::fabs(quotient)) break;
    for (std::size_t i = 0; i < n; ++i) v[i] = w[i] / std::sqrt(length);
  }
  return 1 / std::fabs(quotient);
}

// `loop` has a greatest element of about 1; `scale` is what 1 stands for.
std::optional<InverseArray> close_loop(std::size_t n, Matrix nominal, Matrix loop, double scale,
                                       const ArrayEffects& effects) {
  add_finite_gain(n, effects.amplifier_gain, loop);
  InverseArray array;
  array.inverse = loop;
  if (!is_stable(n, balanced(n, loop)) || !invert(n, array.inverse)) return std::nullopt;
  array.slowest = slowest_mode(n, loop, array.inverse);
  for (double& each : array.inverse) each /= scale;
  array.nominal = std::move(nominal);
  return array;
}

Matrix scaled(const Matrix& matrix, double factor) {
  Matrix result(matrix);
  for (double& each : result) each *= factor;
  return result;
}

void note_conductances(std::size_t rows, std::size_t columns, const Matrix& cells, InverseArray& array) {
  for (std::size_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < columns; ++j) sum += std::fabs(cells[i * columns + j]);
    array.conductance += sum;
    array.greatest_row = std::max(array.greatest_row, sum);
  }
}

}  // namespace

Matrix level_values(std::size_t n, const Matrix& matrix, unsigned bits, LevelRounding rounding) {
  const double greatest = greatest_magnitude(matrix.data(), matrix.size());
  if (greatest == 0) return matrix;
  const double levels = levels_of(bits);
  Matrix result(matrix.size());
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const double exact = matrix[i] / greatest * levels;
    const double level = rounding == LevelRounding::truncate ? std::trunc(exact) : std::nearbyint(exact);
    result[i] = level / levels * greatest;
  }
  if (rounding != LevelRounding::compensated) return result;
  for (std::size_t i = 0; i < n; ++i) {
    double errors = 0;
    for (std::size_t j = 0; j < n; ++j) {
      if (j != i) errors += std::fabs(result[i * n + j] - matrix[i * n + j]);
    }
    // Up to the next level: the rounding of the diagonal must not take anything back.
    result[i * n + i] = std::ceil((matrix[i * n + i] + errors) / greatest * levels) / levels * greatest;
  }
  return result;
}

LevelRounding factor_rounding(LevelRounding rounding) {
  return rounding == LevelRounding::truncate ? LevelRounding::truncate : LevelRounding::nearest;
}

std::optional<InverseArray> program_inverse(std::size_t n, const Matrix& matrix,
                                            const SolverSettings& settings, CounterRng& random) {
  const double scale = greatest_magnitude(matrix.data(), matrix.size());
  Matrix nominal = level_values(n, matrix, settings.array_bits, settings.rounding);
  const Matrix levels = scaled(nominal, 1 / scale);
  Matrix loop = as_programmed(n, n, settings.array, levels, settings.effects, random);
  auto array = close_loop(n, std::move(nominal), std::move(loop), scale, settings.effects);
  if (array) note_conductances(n, n, levels, *array);
  return array;
}

std::optional<InverseArray> program_fused(std::size_t n, std::size_t m, const Matrix& factor, double damping,
                                          const SolverSettings& settings, CounterRng& random) {
  const double greatest = greatest_magnitude(factor.data(), factor.size());
  const Matrix rounded = level_values(n, factor, settings.array_bits, factor_rounding(settings.rounding));
  const double samples = static_cast<double>(m);
  const auto damped_square = [&](const Matrix& left, const Matrix& right, double unit) {
    Matrix square = scaled(outer(n, m, left, right), unit / samples);
    for (std::size_t i = 0; i < n; ++i) square[i * n + i] += damping;
    return square;
  };
  Matrix nominal = damped_square(rounded, rounded, 1);
  const double scale = greatest_magnitude(nominal.data(), nominal.size());
  const Matrix levels = greatest == 0 ? rounded : scaled(rounded, 1 / greatest);
  const Matrix forward = as_programmed(n, m, settings.array, levels, settings.effects, random);
  const Matrix back = as_programmed(n, m, settings.array, levels, settings.effects, random);
  Matrix loop = scaled(damped_square(forward, back, greatest * greatest), 1 / scale);
  auto array = close_loop(n, std::move(nominal), std::move(loop), scale, settings.effects);
  if (!array) return array;
  note_conductances(n, m, levels, *array);
  array->conductance *= 2;
  return array;
}

}  // namespace weft::inversion
