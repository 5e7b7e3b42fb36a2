// SPDX-License-Identifier: Apache-2.0
#include "tools/reference/stored_buffers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "models/common/normal.h"

namespace weft::reference {

using write_filter::FilterConfig;
using write_filter::Granularity;
using write_filter::Policy;
using write_filter::ThresholdMode;
using write_filter::Tracking;

StoredBuffers::StoredBuffers(const compiler::Layout& layout, const StoredRules& rules) : rules_(rules) {
  for (const compiler::TileLayout& tile : layout.tiles) {
    for (const compiler::StoredRange& stored : tile.stored)
      ranges_.push_back({static_cast<std::uint32_t>(tile.tile), tile.reram, stored});
  }
}

const StoredBuffers::Range& StoredBuffers::range_of(std::uint32_t address) const {
  for (const Range& range : ranges_) {
    if (address - range.stored.address < range.stored.bytes) return range;
  }
  throw Error(fmt::format("golden reference: {:#x} is in no ReRAM", address));
}

std::vector<std::int16_t> StoredBuffers::store(const compiler::Area& area, std::size_t slot,
                                               const std::vector<std::int16_t>& values) {
  const std::uint32_t row_bytes = rules_.row_bytes;
  const std::size_t row_values = row_bytes / 2;
  const std::uint32_t start = area.address + area.pitch * static_cast<std::uint32_t>(slot);
  const Range& range = range_of(start);
  std::vector<std::int16_t> held(values.size());
  for (std::size_t done = 0; done < values.size();) {
    const std::uint32_t address = start + 2 * static_cast<std::uint32_t>(done);
    const std::uint32_t number = (address - range.reram) / row_bytes;
    const std::size_t first = (address - range.reram) % row_bytes / 2;
    const std::size_t count = std::min(row_values - first, values.size() - done);
    Row& row = rows_[range.reram + number * row_bytes];
    row.values.resize(row_values);
    Pass pass;
    pass.update.assign(row_values, 0);
    pass.touched.assign(row_values, false);
    for (std::size_t i = 0; i < count; ++i) {
      pass.touched[first + i] = true;
      pass.update[first + i] = std::int64_t{values[done + i]} - row.values[first + i];
    }
    write(row, range, number, pass);
    std::copy_n(row.values.begin() + static_cast<std::ptrdiff_t>(first), count,
                held.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
  }
  return held;
}

void StoredBuffers::write(Row& row, const Range& range, std::uint32_t number, Pass& pass) const {
  const FilterConfig& rules = rules_.rules[static_cast<std::size_t>(range.stored.of) - 1];
  pass.chosen.assign(pass.update.size(), true);
  if (rules.policy != Policy::none) choose(row, rules, reram_buffer::filter_unit(range.tile) + number, pass);
  const std::int64_t most = (std::int64_t{1} << range.stored.magnitude_bits) - 1;
  for (std::size_t i = 0; i < pass.update.size(); ++i) {
    if (!pass.touched[i] || !pass.chosen[i]) continue;
    const std::int64_t value = row.values[i] + pass.update[i];
    row.values[i] =
        static_cast<std::int16_t>(rules.policy == Policy::none ? value : std::clamp(value, -most, most));
  }
}

// The smallest difference that counts, from the differences of this pass and those before it.
std::int64_t StoredBuffers::threshold(Row& row, const FilterConfig& rules, const Pass& pass) {
  double squares = 0;
  double counted = 0;
  double largest = 0;
  for (const std::int64_t update : pass.update) {
    squares += static_cast<double>(update) * static_cast<double>(update);
    counted += rules.rms_of_non_zero && update == 0 ? 0 : 1;
    largest = std::max(largest, std::abs(static_cast<double>(update)));
  }
  if (counted > 0) {
    const double present = squares / counted;
    row.mean_square =
        row.mean_square < 0 ? present : rules.rms_memory * row.mean_square + (1 - rules.rms_memory) * present;
  }
  const double rms = std::sqrt(std::max(0.0, row.mean_square));
  double theta = rules.threshold;
  if (rules.policy == Policy::percentile) {
    const double laplace = -rms / std::sqrt(2.0) * std::log(rules.density);
    if (rules.tracking == Tracking::gaussian) {
      theta = rms * inverse_normal(1 - rules.density / 2);
    } else if (rules.tracking == Tracking::laplace) {
      theta = laplace;
    } else {
      if (row.tracked == 0) row.tracked = std::max(1.0, laplace);
      theta = row.tracked;
    }
  } else if (rules.threshold_mode == ThresholdMode::rms) {
    theta *= rms;
  } else if (rules.threshold_mode == ThresholdMode::maximum) {
    theta *= largest;
  }
  return static_cast<std::int64_t>(std::ceil(std::min(std::max(theta, 1.0), 4.0e18)));
}

void StoredBuffers::choose(Row& row, const FilterConfig& rules, std::uint32_t seed_unit, Pass& pass) {
  const std::size_t values = pass.update.size();
  std::int64_t theta = threshold(row, rules, pass);
  if (rules.policy == Policy::compare) theta = 1;
  ++row.passes;
  std::size_t reached = 0;
  for (std::size_t i = 0; i < values; ++i) {
    pass.chosen[i] = std::abs(pass.update[i]) >= theta;
    reached += pass.chosen[i] ? 1 : 0;
  }
  switch (rules.policy) {
    case Policy::percentile:
      if (row.tracked != 0) {
        const double density = static_cast<double>(reached) / static_cast<double>(values);
        row.tracked = std::max(1.0, row.tracked * std::exp(rules.feedback_gain * (density - rules.density)));
      }
      break;
    case Policy::top_k: {
      std::vector<std::size_t> order(values);
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::abs(pass.update[a]) > std::abs(pass.update[b]);
      });
      const auto wanted = static_cast<std::size_t>(std::llround(rules.density * static_cast<double>(values)));
      for (std::size_t i = 0; i < values; ++i)
        pass.chosen[order[i]] = i < wanted && pass.update[order[i]] != 0;
      break;
    }
    case Policy::row_max:
      std::fill(pass.chosen.begin(), pass.chosen.end(), reached > 0);
      break;
    case Policy::stochastic:
      round_at_random(row, rules, seed_unit, theta, pass);
      break;
    case Policy::wear_adaptive: {
      row.wear.resize(values);
      const double mean =
          std::accumulate(row.wear.begin(), row.wear.end(), 0.0) / static_cast<double>(values);
      for (std::size_t i = 0; i < values; ++i) {
        const double factor = mean > 0 ? std::max(1.0, row.wear[i] / mean) : 1.0;
        pass.chosen[i] = static_cast<double>(std::abs(pass.update[i])) >= factor * static_cast<double>(theta);
      }
      break;
    }
    default:
      break;
  }
  const bool any = std::find(pass.chosen.begin(), pass.chosen.end(), true) != pass.chosen.end();
  if (any && rules.granularity == Granularity::row) std::fill(pass.chosen.begin(), pass.chosen.end(), true);
  for (std::size_t i = 0; i < row.wear.size(); ++i) row.wear[i] += pass.chosen[i] ? 1 : 0;
}

void StoredBuffers::round_at_random(const Row& row, const FilterConfig& rules, std::uint32_t seed_unit,
                                    std::int64_t theta, Pass& pass) {
  CounterRng random(rules.seed, seed_unit, row.passes);
  for (std::size_t i = 0; i < pass.update.size(); ++i) {
    const double draw = random.uniform();
    std::int64_t& update = pass.update[i];
    if (std::abs(update) < theta) {
      const bool up = draw * static_cast<double>(theta) < static_cast<double>(std::abs(update));
      update = up ? (update < 0 ? -theta : theta) : 0;
    }
    pass.chosen[i] = update != 0;
  }
}

}  // namespace weft::reference
