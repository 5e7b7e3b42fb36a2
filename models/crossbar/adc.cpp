// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/adc.h"

#include <algorithm>
#include <cstdlib>

namespace weft::crossbar {

std::int64_t full_scale_current(const ArrayConfig& config, int lines, int slice, bool carries_resolved) {
  const int cell_bits = carries_resolved ? config.digit_bits : config.cell_bits_of(slice);
  return std::int64_t{lines} * ((1 << config.dac_bits) - 1) * (1 << (cell_bits - 1));
}

Adc make_adc(const ArrayConfig& config, int lines, int slice, bool carries_resolved) {
  Adc adc;
  adc.low = -(1 << (config.adc_bits - 1));
  adc.high = (1 << (config.adc_bits - 1)) - 1;
  if (config.adc_range == AdcRange::granular) return adc;
  const std::int64_t full_scale = full_scale_current(config, lines, slice, carries_resolved);
  while ((std::int64_t{adc.high} << adc.shift) < full_scale) ++adc.shift;
  return adc;
}

void convert_and_add(const Adc& adc, const std::int32_t* current, int count, int weight_shift,
                     std::int64_t* y, AdcCounts& counts) {
  const std::int32_t half = (1 << adc.shift) >> 1;
  const std::int64_t weight = std::int64_t{1} << weight_shift;
  std::int32_t clipped = 0;
  std::int32_t rounded = 0;
  for (int i = 0; i < count; ++i) {
    const std::int32_t magnitude = (std::abs(current[i]) + half) >> adc.shift;
    const std::int32_t code = current[i] < 0 ? -magnitude : magnitude;
    const std::int32_t kept = std::min(std::max(code, adc.low), adc.high);
    const std::int32_t value = kept * (1 << adc.shift);
    clipped += static_cast<std::int32_t>(kept != code);
    rounded += static_cast<std::int32_t>(kept == code && value != current[i]);
    y[i] += value * weight;
  }
  counts.clipped += static_cast<std::uint64_t>(clipped);
  counts.rounded += static_cast<std::uint64_t>(rounded);
}

}  // namespace weft::crossbar
