// SPDX-License-Identifier: Apache-2.0
// Statistics of ensembles, with bounds that follow from the ensemble's size: a correct model fails one of
// these checks in less than one of ten thousand ensembles.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "models/device/cell_array.h"

namespace weft::test {

constexpr double sigmas_allowed = 4;
// Kolmogorov's distribution: P(sqrt(n) D > 2.23) < 1e-4.
constexpr double kolmogorov_bound = 2.23;

inline double normal_distribution(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

struct Moments {
  double mean = 0;
  double variance = 0;
  double count = 0;
};

inline Moments moments(const std::vector<double>& sample) {
  Moments m;
  m.count = static_cast<double>(sample.size());
  for (const double x : sample) m.mean += x / m.count;
  for (const double x : sample) m.variance += (x - m.mean) * (x - m.mean) / (m.count - 1);
  return m;
}

// Distance of Kolmogorov and Smirnov from the normal distribution, times sqrt(n).
inline double kolmogorov(std::vector<double> sample, double mean, double sigma) {
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double p = normal_distribution((sample[i] - mean) / sigma);
    distance = std::max(
        {distance, std::fabs(p - static_cast<double>(i) / n), std::fabs(p - static_cast<double>(i + 1) / n)});
  }
  return distance * std::sqrt(n);
}

inline void require_normal(const std::vector<double>& sample, double mean, double sigma) {
  const Moments m = moments(sample);
  CHECK(std::fabs(m.mean - mean) < sigmas_allowed * sigma / std::sqrt(m.count));
  CHECK(std::fabs(m.variance / (sigma * sigma) - 1) < sigmas_allowed * std::sqrt(2 / (m.count - 1)));
  CHECK(kolmogorov(sample, mean, sigma) < kolmogorov_bound);
}

inline void require_share(std::uint64_t hits, double trials, double probability) {
  const double sigma = std::sqrt(trials * probability * (1 - probability));
  CHECK(std::fabs(static_cast<double>(hits) - trials * probability) < sigmas_allowed * sigma);
}

// An array of 6-bit cells without lanes beyond its columns.
inline device::CellArrayShape cells_of(int rows, int cols) { return {rows, cols, cols, -32, 31}; }

inline void program_all(device::CellArray& cells, int level, std::uint64_t operation = 1) {
  const std::vector<std::int8_t> row(static_cast<std::size_t>(cells.shape().cols),
                                     static_cast<std::int8_t>(level));
  for (int r = 0; r < cells.shape().rows; ++r)
    cells.program(operation, r, 0, cells.shape().cols, row.data(), false);
}

inline void pulse_all(device::CellArray& cells, int pulses, std::uint64_t operation = 1) {
  const std::vector<std::int16_t> row(static_cast<std::size_t>(cells.shape().cols),
                                      static_cast<std::int16_t>(pulses));
  for (int r = 0; r < cells.shape().rows; ++r) cells.pulse(operation, r, cells.shape().cols, row.data());
}

// What 16 x 16 cells show over 40 seeds: `prepare` brings the array of one seed to its state.
template <typename Prepare>
std::vector<double> states_of_seeds(const device::DeviceConfig& config, const Prepare& prepare) {
  constexpr int lines = 16;
  std::vector<double> states;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    device::DeviceConfig own = config;
    own.seed = seed;
    device::CellArray cells(own, cells_of(lines, lines), 0);
    prepare(cells);
    states.insert(states.end(), cells.seen(), cells.seen() + lines * lines);
  }
  return states;
}

}  // namespace weft::test
