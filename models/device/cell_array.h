// SPDX-License-Identifier: Apache-2.0
// The cells of one physical array (one slice) as conductances: programming, pulses, reading.
//
// States are in cell units (device_config.h). Two views: the *state* is what the cell was brought to;
// what a read *sees* is the state after variation, drift and wires. Without these the two are one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/device/ageing.h"
#include "models/device/cell_random.h"
#include "models/device/device_config.h"
#include "models/device/update/update_model.h"

namespace weft::device {

struct CellArrayShape {
  int rows = 0;
  int cols = 0;
  int stride = 0;  // of a row, in cells; cells beyond `cols` are zero
  int cell_min = -1;
  int cell_max = 0;
};

struct CellStatistics {
  std::uint64_t program_pulses = 0;
  // Pulses that rows took to be programmed: cells of a row are pulsed together, its slowest cell decides.
  std::uint64_t row_pulses = 0;
  std::uint64_t verify_failures = 0;  // cells given up after verify_pulses
  std::uint64_t update_pulses = 0;
  std::uint64_t stuck_low = 0;
  std::uint64_t stuck_high = 0;

  CellStatistics& operator+=(const CellStatistics& other);
};

// Pulses that met the end of a cell's range, and the units cut off (rounded).
struct PulseLosses {
  std::uint64_t cells = 0;
  std::uint64_t units = 0;
};

class CellArray {
 public:
  // `config` is valid. All cells are at level 0, stuck ones at theirs.
  CellArray(const DeviceConfig& config, const CellArrayShape& shape, int slice);

  // Simulated time of what follows; matters to drift only. Never goes back.
  void set_time(double now_s);

  // Brings cells of a row to levels. `changed_only`: a cell that reads as its target gets no pulse. Returns
  // the most pulses that any cell took.
  unsigned program(std::uint64_t operation, int row, int col, int count, const std::int8_t* level,
                   bool changed_only);
  // pulses[c] up (positive) or down for cells 0 .. count-1 of a row.
  PulseLosses pulse(std::uint64_t operation, int row, int count, const std::int16_t* pulses);
  // Nearest levels of cells read one by one, read noise included. A single cell's current is too small for
  // the lines' resistance to matter.
  void read(std::uint64_t operation, int row, int col, int count, std::int8_t* level);
  // The same without noise and without any trace: for debuggers.
  void peek(int row, int col, int count, std::int8_t* level) const;

  // [row][stride]: what the array's lines see; valid until a cell changes.
  const float* seen();
  // Another number after every change of a cell.
  std::uint64_t version() const { return version_; }
  float state(int row, int col) const { return state_[index(row, col)]; }
  CellTraits traits(int row, int col) const {
    const std::size_t cell = index(row, col);
    return {step_up_[cell], step_down_[cell], low_[cell], high_[cell], slope_[cell]};
  }
  const CellArrayShape& shape() const { return shape_; }
  const CellStatistics& statistics() const { return statistics_; }

  // Conductance of level 0 and of a fully open cell, in cell units.
  double reference() const { return reference_; }
  double full() const { return full_; }
  // Standard deviation of the current of lines driven with amplitudes x, cell units: the variance is
  // line_variance() * sum x^2 + relative_variance() * sum (x G)^2.
  double line_variance() const { return line_variance_; }
  double relative_variance() const { return relative_variance_; }
  bool has_read_noise() const { return line_variance_ > 0 || relative_variance_ > 0; }

 private:
  std::size_t index(int row, int col) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(shape_.stride) +
           static_cast<std::size_t>(col);
  }
  std::uint32_t number(int row, int col) const { return static_cast<std::uint32_t>(row * shape_.cols + col); }
  void draw_stuck();
  void draw_traits();
  void draw_gains();
  void draw_ageing();
  // With simulated ages: the cell is as good as new.
  void written(std::size_t cell);
  void renew_pulsed(int row, int count, const std::int16_t* pulses);
  void changed() {
    ++version_;
    seen_valid_ = seen_.empty();
  }
  void refresh_seen();
  void apply_wires();

  double programming_sigma(int level) const;
  void find_skipped(int row, int col, int count, const std::int8_t* level, bool changed_only);
  // The listed cells; return the most pulses that any of them took.
  unsigned program_spread(std::uint64_t operation, int row, int col, const std::int8_t* level);
  unsigned verify(std::uint64_t operation, int row, int col, const std::int8_t* level);
  PulseLosses pulse_model(std::uint64_t operation, int row, int count, const std::int16_t* pulses);
  double cell_noise_sigma(float seen) const;
  // States after variation and drift, in scratch_.conducting where these are on.
  const float* conducting(int row, int col, int count);
  void nearest_levels(const float* state, int count, std::int8_t* level) const;
  void read_noisy(std::uint64_t operation, int row, int col, const float* state, int count,
                  std::int8_t* level);
  // Deviates of the cells listed in scratch_, in scratch_.deviates.
  void draw_listed(Purpose purpose, std::uint64_t operation, int row, int col, std::uint32_t block);
  bool is_stuck(std::size_t cell) const { return !stuck_.empty() && stuck_[cell] != 0; }

  // Of work on a row.
  struct Scratch {
    std::vector<float> conducting;
    std::vector<float> state;
    std::vector<std::int8_t> level;
    std::vector<std::uint8_t> skip;
    std::vector<int> listed;  // places in the row, counted from the first cell worked on
    std::vector<std::uint32_t> places;
    std::vector<float> deviates;  // four a listed cell
    std::vector<float> lost;
    std::vector<std::int32_t> pulses;
  };

  DeviceConfig config_;
  CellArrayShape shape_;
  CellRandom random_;
  const UpdateModel* model_;  // null: ideal
  double reference_;
  double full_;
  double line_variance_;
  double relative_variance_;
  std::vector<float> level_sigma_;  // programming error per level, from cell_min up

  std::vector<float> state_;
  std::vector<float> seen_;            // empty while it would equal state_
  std::vector<float> gain_;            // variation and drift; empty if neither
  std::vector<float> variation_;       // factor of a cell's conductance; empty unless conductances age
  std::optional<Ageing> ageing_;       // drift by simulated age
  std::vector<float> wire_reference_;  // effective conductance of a reference cell at this place
  std::vector<std::uint8_t> stuck_;    // empty if none can be
  // CellTraits of every cell; empty with ideal updates.
  std::vector<float> step_up_;
  std::vector<float> step_down_;
  std::vector<float> low_;
  std::vector<float> high_;
  std::vector<float> slope_;
  Scratch scratch_;
  bool seen_valid_ = true;
  std::uint64_t version_ = 1;
  CellStatistics statistics_;
};

}  // namespace weft::device
