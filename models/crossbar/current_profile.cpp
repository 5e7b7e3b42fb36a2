// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/current_profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "models/common/error.h"

namespace weft::crossbar {

namespace {

constexpr std::int32_t small_magnitudes = 1 << 16;

}  // namespace

void CurrentProfile::add(int slice, const std::int32_t* current, int count) {
  Slice& seen = slices_[static_cast<std::size_t>(slice)];
  for (int i = 0; i < count; ++i) {
    const std::int32_t magnitude = std::abs(current[i]);
    if (magnitude >= small_magnitudes) {
      ++seen.large[current[i]];
      continue;
    }
    const auto bin = 2 * static_cast<std::size_t>(magnitude) + (current[i] < 0 ? 1 : 0);
    if (bin >= seen.small.size()) seen.small.resize(bin + 1);
    ++seen.small[bin];
  }
}

void CurrentProfile::add_losses(int slice, const AdcCounts& lost) {
  AdcCounts& sum = slices_[static_cast<std::size_t>(slice)].lost;
  sum.clipped += lost.clipped;
  sum.rounded += lost.rounded;
}

void CurrentProfile::add(const CurrentProfile& other) {
  for (int number = 0; number < slices(); ++number) {
    Slice& mine = slices_[static_cast<std::size_t>(number)];
    const Slice& more = other.of(number);
    if (more.small.size() > mine.small.size()) mine.small.resize(more.small.size());
    for (std::size_t bin = 0; bin < more.small.size(); ++bin) mine.small[bin] += more.small[bin];
    for (const auto& [current, count] : more.large) mine.large[current] += count;
    add_losses(number, more.lost);
  }
}

template <typename Visitor>
void CurrentProfile::visit(const Slice& slice, Visitor visit) {
  for (std::size_t bin = 0; bin < slice.small.size(); ++bin) {
    const auto magnitude = static_cast<std::int32_t>(bin / 2);
    if (slice.small[bin] != 0) visit(bin % 2 == 0 ? magnitude : -magnitude, slice.small[bin]);
  }
  std::map<std::int32_t, std::vector<std::pair<std::int32_t, std::uint64_t>>> by_magnitude;
  for (const auto& [current, count] : slice.large)
    by_magnitude[std::abs(current)].emplace_back(current, count);
  for (const auto& [magnitude, entries] : by_magnitude) {
    for (const auto& [current, count] : entries) visit(current, count);
  }
}

std::uint64_t CurrentProfile::observed(int slice) const {
  std::uint64_t total = 0;
  visit(of(slice), [&](std::int32_t, std::uint64_t count) { total += count; });
  return total;
}

std::int32_t CurrentProfile::largest(int slice) const {
  std::int32_t magnitude = 0;
  visit(of(slice), [&](std::int32_t current, std::uint64_t) { magnitude = std::abs(current); });
  return magnitude;
}

AdcCounts CurrentProfile::losses_with(int slice, const Adc& adc) const {
  AdcCounts lost;
  const std::int64_t half = (std::int64_t{1} << adc.shift) >> 1;
  visit(of(slice), [&](std::int32_t current, std::uint64_t count) {
    const std::int64_t magnitude = (std::abs(std::int64_t{current}) + half) >> adc.shift;
    const std::int64_t code = current < 0 ? -magnitude : magnitude;
    if (code < adc.low || code > adc.high) {
      lost.clipped += count;
    } else if (code * (std::int64_t{1} << adc.shift) != current) {
      lost.rounded += count;
    }
  });
  return lost;
}

std::vector<int> CurrentProfile::full_scale(double share) const {
  if (!(share > 0 && share <= 1))
    throw Error(fmt::format("current profile: a share of {} is not allowed (above 0, up to 1)", share));
  std::vector<int> scales;
  for (int slice = 0; slice < slices(); ++slice) {
    const double wanted = share * static_cast<double>(observed(slice));
    std::uint64_t covered = 0;
    int scale = 1;
    visit(of(slice), [&](std::int32_t current, std::uint64_t count) {
      if (static_cast<double>(covered) >= wanted) return;
      covered += count;
      scale = std::max(scale, std::abs(current));
    });
    scales.push_back(scale);
  }
  return scales;
}

}  // namespace weft::crossbar
