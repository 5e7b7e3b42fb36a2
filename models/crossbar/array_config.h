// SPDX-License-Identifier: Apache-2.0
// What a bit-sliced crossbar array is made of.
//
// An integer weight of B = slices * digit_bits bits is stored as `slices` signed digits of radix
// 2^digit_bits, one cell a digit, least significant slice first. A cell has more states than a digit
// needs; the difference holds the carries that in-place updates leave behind until the next carry
// resolution (PANTHER, arXiv 1912.11516, sections 3.1 to 3.4).
#pragma once

#include <cstdint>
#include <vector>

#include "models/device/device_config.h"

namespace weft::crossbar {

// Full scale of the converters.
//   max         covers the worst-case current of the whole array, so nothing clips; the step grows in
//               powers of two when the bits do not suffice
//   granular    one code a cell unit, so nothing is rounded; currents beyond the codes clip
//   calibrated  covers `full_scale`, for instance what a profile run observed (current_profile.h), whether
//               carries are resolved or not; larger currents clip
enum class AdcRange : std::uint8_t { max, granular, calibrated };

// How results are computed; what they are depends on it with `device` only.
//   automatic  integer arithmetic where provably equal to the sliced model, else the sliced model
//   sliced     always the sliced model
//   exact      integer arithmetic only; an operation that is not provable is refused
//   device     the sliced model with the devices of ArrayConfig::device, which change the results
//   none       not at all: weights and results are zero, operations are counted
enum class Arithmetic : std::uint8_t { automatic, sliced, exact, device, none };

struct ArrayConfig {
  static constexpr int max_lines = 1024;
  static constexpr int max_operand_bits = 15;
  static constexpr int max_weight_bits = 32;
  static constexpr int max_cell_bits = 8;
  // 64 levels, the device limit PANTHER (section 3.3) builds on.
  static constexpr int default_cell_bits = 6;

  int rows = 128;
  int cols = 128;
  int slices = 16;
  int digit_bits = 2;
  std::vector<int> cell_bits;  // per slice, least significant first; empty: default_cell_bits each
  int dac_bits = 1;            // magnitude bits that a line is driven with in one step
  int adc_bits = 10;
  std::vector<int> slice_adc_bits;  // per slice, least significant first; empty: adc_bits each
  AdcRange adc_range = AdcRange::max;
  std::vector<int> full_scale;  // per slice, in cell units; range `calibrated` only
  Arithmetic arithmetic = Arithmetic::automatic;
  device::DeviceConfig device;  // Arithmetic::device only

  // Throws weft::Error naming the field, its value and what is allowed.
  void validate() const;

  // True if W itself is kept where that is provably enough, instead of cells only.
  bool keeps_weights() const {
    return arithmetic == Arithmetic::automatic || arithmetic == Arithmetic::exact;
  }
  // Whether writes are verified on devices, so that their pulses decide what they cost.
  bool counts_write_pulses() const {
    return arithmetic == Arithmetic::device && device.programming.counts_pulses();
  }
  int weight_bits() const { return slices * digit_bits; }
  int cell_bits_of(int slice) const {
    return cell_bits.empty() ? default_cell_bits : cell_bits[static_cast<std::size_t>(slice)];
  }
  int adc_bits_of(int slice) const {
    return slice_adc_bits.empty() ? adc_bits : slice_adc_bits[static_cast<std::size_t>(slice)];
  }
  int cell_min(int slice) const { return -(1 << (cell_bits_of(slice) - 1)); }
  int cell_max(int slice) const { return (1 << (cell_bits_of(slice) - 1)) - 1; }

  // What a weight may be: B bits, two's complement, as far as the top cell can hold its digit.
  std::int64_t weight_min() const;
  std::int64_t weight_max() const;

  // Fewest ADC bits that lose nothing whatever the operands are, in either range: while the cells hold
  // canonical digits, and with cells anywhere in their range.
  int lossless_adc_bits() const;
  int lossless_adc_bits_with_carries() const;
};

}  // namespace weft::crossbar
