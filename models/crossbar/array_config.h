// SPDX-License-Identifier: Apache-2.0
// What a bit-sliced crossbar array is made of.
//
// An integer weight of B = slices * digit_bits bits is stored as `slices` signed digits of radix
// 2^digit_bits, one cell or pair of cells a digit (Encoding), least significant slice first. A cell has more
// states than a digit needs; the difference holds the carries that in-place updates leave behind until the
// next carry resolution (PANTHER, arXiv 1912.11516, sections 3.1 to 3.4).
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

// How cells hold signed digits, and what the converters see of them (docs/models/crossbar.md).
//   reference        one cell a digit, zero is its middle state; a column of middle states is subtracted from
//                    every current before conversion (PANTHER, section 3.1)
//   offset           the same cells, nothing is subtracted before conversion: what the middle states
//                    contribute, a multiple of the sum of the drive, is taken off the results digitally
//   unit_column      as offset, but that contribution is read from one more line of middle states, by a
//                    converter like the others
//   differential     two cells a digit, which stands for their difference; currents are subtracted before
//                    conversion. Deposits only ever raise a state: positive ones of the first cell, negative
//                    ones of the second
//   twos_complement  cells as reference, digits 0 .. 2^v-1, only the top slice's are signed: what PANTHER's
//                    public accuracy model does
enum class Encoding : std::uint8_t { reference, offset, unit_column, differential, twos_complement };

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
  Encoding encoding = Encoding::reference;
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
  // The canonical digits of a slice.
  int digit_min(int slice) const { return unsigned_digits(slice) ? 0 : -(1 << (digit_bits - 1)); }
  int digit_max(int slice) const {
    if (unsigned_digits(slice)) return (1 << digit_bits) - 1;
    // Below the top digit of a balanced weight everything may be negative: then it is one more.
    const bool one_more = slice + 1 == slices && encoding != Encoding::twos_complement;
    return (1 << (digit_bits - 1)) - (one_more ? 0 : 1);
  }
  bool unsigned_digits(int slice) const {
    return encoding == Encoding::twos_complement && slice + 1 < slices;
  }
  bool pairs() const { return encoding == Encoding::differential; }
  int arrays_per_slice() const { return pairs() ? 2 : 1; }
  // True if the middle states are part of the currents that are converted.
  bool offset_currents() const { return encoding == Encoding::offset || encoding == Encoding::unit_column; }
  // States of the cell of a zero digit that no pair or reference takes off a current.
  int current_offset(int slice) const { return offset_currents() ? 1 << (cell_bits_of(slice) - 1) : 0; }
  // The digits that a cell, or a pair of cells, can stand for.
  int cell_min(int slice) const {
    return pairs() ? 1 - (1 << cell_bits_of(slice)) : -(1 << (cell_bits_of(slice) - 1));
  }
  int cell_max(int slice) const {
    return pairs() ? (1 << cell_bits_of(slice)) - 1 : (1 << (cell_bits_of(slice) - 1)) - 1;
  }
  // Largest current, in cell units, of a line driven with one DAC unit.
  int largest_cell(int slice) const {
    return offset_currents() ? cell_max(slice) + current_offset(slice) : -cell_min(slice);
  }

  // What a weight may be: B bits, two's complement, as far as the top cell can hold its digit.
  std::int64_t weight_min() const;
  std::int64_t weight_max() const;

  // Fewest ADC bits that lose nothing whatever the operands are, in either range: while the cells hold
  // canonical digits, and with cells anywhere in their range.
  int lossless_adc_bits() const;
  int lossless_adc_bits_with_carries() const;
};

}  // namespace weft::crossbar
