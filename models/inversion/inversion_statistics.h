// SPDX-License-Identifier: Apache-2.0
// What an inversion unit counts while it runs.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace weft::inversion {

// What ERROR_VALUE and mtval say when a command failed with Cause::unit_error.
enum class Failure : std::uint32_t {
  none = 0,
  not_loaded = 1,
  singular = 2,
  not_finite = 3,
  overflow = 4,
  unstable = 5,
  not_converged = 6,
  asymmetric = 7,
  bad_diagonal = 8
};
constexpr std::size_t failure_count = 9;
const char* to_text(Failure failure);

// How software has found a solution that the unit has not: what it writes to FALLBACK.
enum class Fallback : std::uint32_t { compensated = 1, damped = 2, digital = 3, unsolved = 4 };
constexpr std::size_t fallback_count = 4;
const char* to_text(Fallback fallback);

// How many values lay where, in steps of a tenth of a bit: enough for a median that depends neither on the
// order of the values nor on a sample of them. The value is −log2 of a relative error, at most 53.
class BitHistogram {
 public:
  void add(double relative_error) {
    const double bits = relative_error > 0 ? -std::log2(relative_error) : most_bits;
    lowest_ = std::min(lowest_, std::min(bits, most_bits));
    const double step = std::clamp(std::floor(bits * steps_a_bit), 0.0, most_bits * steps_a_bit);
    ++counts_[static_cast<std::size_t>(step)];
    ++total_;
  }
  void add(const BitHistogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    lowest_ = std::min(lowest_, other.lowest_);
  }
  std::uint64_t total() const { return total_; }
  double lowest() const { return lowest_; }
  // Values with fewer than so many bits.
  std::uint64_t below(unsigned bits) const {
    const auto steps = std::min(counts_.size(), static_cast<std::size_t>(bits * steps_a_bit));
    return std::accumulate(counts_.begin(), counts_.begin() + static_cast<std::ptrdiff_t>(steps),
                           std::uint64_t{0});
  }
  // Half of the values have at least as many bits.
  double median() const {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      below += counts_[i];
      if (2 * below >= total_) return static_cast<double>(i) / steps_a_bit;
    }
    return most_bits;
  }

 private:
  static constexpr double most_bits = 53;
  static constexpr double steps_a_bit = 10;

  std::array<std::uint64_t, 531> counts_{};
  std::uint64_t total_ = 0;
  double lowest_ = most_bits;
};

struct InversionStatistics {
  std::uint64_t loads = 0;
  std::uint64_t compensated_loads = 0;  // of these, with inv.loadc
  std::uint64_t solves = 0;             // right-hand sides solved
  // Of these: terms or passes, operations of INV arrays, drive steps of VMM arrays.
  std::uint64_t iterations = 0;
  std::uint64_t inversions = 0;
  std::uint64_t products = 0;
  std::array<std::uint64_t, failure_count> failures{};    // commands, by Failure
  std::array<std::uint64_t, fallback_count> fallbacks{};  // told by software, by Fallback - 1
  // Of solutions, against double precision on the matrix as it was loaded; empty if not measured.
  BitHistogram bits;      // greatest error relative to the greatest element of the solution
  BitHistogram residual;  // greatest element of b − A x relative to that of b

  void add(const InversionStatistics& other) {
    loads += other.loads;
    compensated_loads += other.compensated_loads;
    solves += other.solves;
    iterations += other.iterations;
    inversions += other.inversions;
    products += other.products;
    for (std::size_t i = 0; i < failure_count; ++i) failures[i] += other.failures[i];
    for (std::size_t i = 0; i < fallback_count; ++i) fallbacks[i] += other.fallbacks[i];
    bits.add(other.bits);
    residual.add(other.residual);
  }
};

}  // namespace weft::inversion
