// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/adc.h"

#include <algorithm>

namespace weft::crossbar {

std::int64_t full_scale_current(const ArrayConfig& config, int lines, int slice, bool carries_resolved) {
  const int digit = std::max(-config.digit_min(slice), config.digit_max(slice));
  const int resolved = digit + config.current_offset(slice);
  const int largest = config.largest_cell(slice);
  return std::int64_t{lines} * ((1 << config.dac_bits) - 1) *
         (carries_resolved ? std::min(resolved, largest) : largest);
}

Adc make_adc(const ArrayConfig& config, int lines, int slice, bool carries_resolved) {
  Adc adc;
  const int bits = config.adc_bits_of(slice);
  adc.low = -(1 << (bits - 1));
  adc.high = (1 << (bits - 1)) - 1;
  if (config.adc_range == AdcRange::granular) return adc;
  const std::int64_t full_scale = config.adc_range == AdcRange::calibrated
                                      ? config.full_scale[static_cast<std::size_t>(slice)]
                                      : full_scale_current(config, lines, slice, carries_resolved);
  while ((std::int64_t{adc.high} << adc.shift) < full_scale) ++adc.shift;
  return adc;
}

}  // namespace weft::crossbar
