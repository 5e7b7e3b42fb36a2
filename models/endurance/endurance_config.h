// SPDX-License-Identifier: Apache-2.0
// How cells are written, and how they wear. Everything is off by default.
#pragma once

#include <cstdint>

namespace weft::endurance {

// Pulses that the write of one cell takes.
//   array         not counted apart: the technology's time and energy of an array hold for its rows
//   fixed         `pulses`
//   linear        `pulses` for every level of change, as the public DNN+NeuroSim training model counts
//   distribution  geometric with mean `mean_pulses`, as write-verify needs (NeuRRAM: 8.52)
enum class PulseModel : std::uint8_t { array, fixed, linear, distribution };

// What a cell's wear counter adds up.
//   write  1 a write
//   pulse  1 a pulse
//   swing  (|change| / whole window)^alpha a write; alpha 1 reproduces PANTHER's 6 years (section 7.8)
enum class WearMode : std::uint8_t { write, pulse, swing };

// Where a matrix lies in its array is changed every `period` update passes, and where a buffer's rows lie in
// their subarray every `period` rows written.
//   row_swap         the most and the least worn row change places
//   row_rotation     all rows move on by one, the last becomes the first
//   column_rotation  all columns move on by one, the last becomes the first (FloatPIM)
//   random           rows are drawn anew, columns rotated by a drawn number
enum class Levelling : std::uint8_t { none, row_swap, row_rotation, column_rotation, random };

struct EnduranceConfig {
  PulseModel pulses_model = PulseModel::array;
  int pulses = 1;
  double mean_pulses = 8.52;

  bool count_wear = false;
  WearMode mode = WearMode::write;
  double alpha = 1;
  // Change of a cell by an update where nothing is computed, as a share of the window. PANTHER, section 7.8:
  // 2 to 5 % in 95 % of all steps.
  double assumed_swing = 0.05;
  double median = 1e9;     // endurance of a cell, in units of wear; 1e9 as PANTHER assumes
  double spread = 0;       // s of the lognormal endurance, natural logarithm; 0: all cells alike
  bool cells_fail = true;  // a cell whose endurance is used up is stuck at its last level
  Levelling levelling = Levelling::none;
  int period = 64;
  double duty = 1;  // share of its life that the machine works; for the lifetime only

  std::uint64_t seed = 0;
  std::uint32_t unit = 0;  // names the array among the seed's users

  bool on() const { return count_wear || pulses_model != PulseModel::array; }
  // Throws weft::Error naming the field, its value and what is allowed.
  void validate() const;
};

}  // namespace weft::endurance
