// SPDX-License-Identifier: Apache-2.0
// The converter at the end of a line.
//
// Currents are counted in cell units (one state of one cell driven with one DAC unit), so a current is
// an integer. An ADC of b bits has the codes -2^(b-1) .. 2^(b-1)-1, mid-tread; a code stands for
// code * 2^shift cell units. A current is rounded to the nearest code, ties away from zero, then
// clipped.
//
// Full scale F of slice m, with L lines driven by a DAC of k bits (range `max`):
//   F = L * (2^k - 1) * D
// D being the largest canonical digit while carries are resolved and the largest one a cell or pair can
// stand for otherwise, plus the middle state with encodings whose currents contain it. Signed digits in
// single cells: D = 2^(v-1) and 2^(cell_bits[m]-1).
//
// The step is the smallest power of two with (2^(b-1) - 1) * step >= F. L is the number of lines the
// array has, not of those in use: the range is a property of the circuit. Range `granular` has step 1,
// range `calibrated` takes F from the configuration.
#pragma once

#include <cstdint>

#include "models/crossbar/array_config.h"

namespace weft::crossbar {

struct Adc {
  int shift = 0;
  std::int32_t low = 0;
  std::int32_t high = 0;

  // True if every current up to this magnitude comes out unchanged.
  bool lossless(std::int64_t magnitude) const { return shift == 0 && magnitude <= high; }
  // False if no current up to this magnitude is beyond the codes.
  bool may_clip(std::int64_t magnitude) const {
    return ((magnitude + ((std::int64_t{1} << shift) >> 1)) >> shift) > high;
  }
};

struct AdcCounts {
  std::uint64_t clipped = 0;  // beyond the last code
  std::uint64_t rounded = 0;  // within the codes, but not a multiple of the step
};

std::int64_t full_scale_current(const ArrayConfig& config, int lines, int slice, bool carries_resolved);

Adc make_adc(const ArrayConfig& config, int lines, int slice, bool carries_resolved);

}  // namespace weft::crossbar
