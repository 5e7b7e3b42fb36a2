// SPDX-License-Identifier: Apache-2.0
// Numerics of a crossbar array that is trained in place: matrix-vector products from both sides,
// outer-product updates deposited on bit slices, carry resolution. No time, no energy, no sockets.
//
// W is rows x cols, integer. Operands are sign-magnitude vectors in int16; their length says how many
// rows or columns take part (the top-left part of the array), `in_bits` how many magnitude bits the
// drivers stream.
//
// Results come from one of two computations that are equal bit for bit, or from a third one with devices
// that are not ideal (ArrayConfig::arithmetic):
//   sliced  the physical model (SlicedCells)
//   exact   integer arithmetic on W, for an operation for which it is proven beforehand that no
//           conversion loses anything, no cell saturates, no product bit falls off the top slice and no
//           weight leaves its range. The updates since the last carry resolution are kept, so that the
//           state of every cell can be reconstructed when an operation comes that is not provable.
//   device  the physical model with variation, noise, drift, ... (DeviceCells, models/device)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/crossbar/array_config.h"
#include "models/crossbar/array_statistics.h"
#include "models/crossbar/device_cells.h"
#include "models/crossbar/kernels.h"
#include "models/crossbar/operand.h"
#include "models/crossbar/sliced_cells.h"
#include "models/crossbar/span.h"

namespace weft::crossbar {

enum class StatusCode : std::uint8_t {
  ok,
  shape,             // operand, result or block does not fit the array
  width,             // in_bits outside 1 .. 15
  operand_overflow,  // a magnitude does not fit in_bits
  not_provable       // Arithmetic::exact, and the operation might differ from the sliced model
};

// What became of an operation. Unless ok, nothing was computed, changed or counted.
struct Status {
  StatusCode code = StatusCode::ok;
  int index = 0;  // operand_overflow: position and value of the first offender; width: value is in_bits
  int value = 0;

  bool ok() const { return code == StatusCode::ok; }
  std::string describe() const;
};

enum class ReadSide : std::uint8_t { columns, rows };

class Array {
 public:
  // All weights zero. Throws weft::Error on a configuration that is not allowed.
  explicit Array(const ArrayConfig& config, const Kernels& kernels = best_kernels());

  // y[c] = sum over r of x[r] * W[r][c], as the converters see it.
  Status mvm(Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y);
  // y[r] = sum over c of W[r][c] * x[c]: the same cells, driven and read from the other side.
  Status mtvm(Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y);
  // W[r][c] += x[r] * d[c]; x is streamed one bit a step (in_bits steps), d has up to 15 magnitude bits.
  Status opa(Span<const std::int16_t> x, int in_bits, Span<const std::int16_t> d);
  // mvm, mtvm and opa in two steps, for work that is done elsewhere: begin_ refuses the operation, or counts
  // it and takes its operands; compute() does the rest, and nothing else may be asked of the array in
  // between.
  Status begin_mvm(Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y);
  Status begin_mtvm(Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y);
  Status begin_opa(Span<const std::int16_t> x, int in_bits, Span<const std::int16_t> d);
  void compute();
  // Whether compute(), or crs(), has more to do than exact arithmetic, which is done sooner than handed over.
  // Never while currents are observed: the profile may be another array's as well.
  bool takes_long() const { return !begun_.exact && !observed_; }
  // Nor if what it writes decides what it costs.
  bool crs_takes_long() const { return !weights_live_ && !observed_ && !config_.counts_write_pulses(); }

  // Carry resolution: every weight clamped to its range and rewritten as canonical digits.
  void crs();
  // Writes a block of weights as canonical digits; row i starts at values[i * stride].
  Status program(int row, int col, int rows, int cols, const std::int32_t* values, int stride);
  // Reads a block of weights, carries included, each clamped to the weight range.
  Status read(int row, int col, int rows, int cols, std::int32_t* values, int stride);

  // Adds the currents of every mvm and mtvm from now on to `profile`, null for none; it must outlive that.
  // Meanwhile products are computed by the sliced model, with the same results.
  void observe(CurrentProfile* profile);

  // Simulated time of what follows, in seconds: conductances age by it (DriftAge::simulated).
  void set_time(double now_s) { device_cells_.set_time(now_s); }
  // Gives the converters another full scale (ArrayConfig::full_scale), range `calibrated` only. Throws
  // weft::Error on one that is not allowed.
  void calibrate(const std::vector<int>& full_scale);

  // Cells that nothing changes from now on, instead of those named before. The sliced model computes from
  // here on; not for Arithmetic::device.
  void hold(const std::vector<HeldCell>& cells);

  // For debuggers and tests: no statistics, no clamping.
  std::int64_t weight(int row, int col) const;
  // The digit that the cell or pair of cells holds; may have to reconstruct the cells first.
  int cell(int slice, int row, int col);
  // State of the first (part 0) or second cell of a pair; Encoding::differential only.
  int cell_of_pair(int slice, int row, int col, int part);

  const ArrayConfig& config() const { return config_; }
  const ArrayStatistics& statistics() const { return statistics_; }
  const PathStatistics& path_statistics() const { return path_; }
  // Zero unless Arithmetic::device.
  device::CellStatistics device_statistics() const { return device_cells_.statistics(); }

  // False from an opa on until crs, or until every updated row has been programmed over all updated
  // columns. The converters' full scale follows it (adc.h).
  bool carries_resolved() const { return carry_row_count_ == 0; }
  int read_steps(int in_bits) const { return (in_bits + config_.dac_bits - 1) / config_.dac_bits; }
  // ADC conversions of one mvm (lines: columns read) or mtvm (rows read); a unit column is one more line.
  std::int64_t conversions(int in_bits, int lines) const {
    const int extra = config_.encoding == Encoding::unit_column ? 1 : 0;
    return std::int64_t{read_steps(in_bits)} * config_.slices * (lines + extra);
  }

  // Whether, in the present state, exact arithmetic is proven for any operands of that width.
  bool read_provably_exact(ReadSide side, int in_bits) const;
  bool opa_provably_exact(int in_bits) const;

 private:
  // An upper bound of what updates deposited in any cell, per slice.
  using SliceBound = std::vector<int>;

  struct KeptUpdate {
    int rows = 0;
    int cols = 0;
    std::size_t offset = 0;  // of the row operand in kept_operands_; the column operand follows it
  };

  // What begin_ leaves for compute().
  struct Begun {
    enum class Kind : std::uint8_t { nothing, read, update };

    Kind kind = Kind::nothing;
    bool exact = true;
    ReadSide side = ReadSide::columns;
    int in_bits = 0;
    Span<std::int64_t> y;
  };

  Status begin_read(ReadSide side, Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y);
  void compute_read();
  void compute_update();
  void count_read(ReadSide side, int in_bits, int lines);
  bool read_provable(ReadSide side, int driven, int in_bits) const;
  void read_exact(ReadSide side, Span<std::int64_t> y);
  void read_sliced(ReadSide side, int in_bits, Span<std::int64_t> y);

  void bound_deposits(std::uint32_t x_mask, std::uint32_t d_mask, SliceBound& bound) const;
  bool cells_have_room(const SliceBound& more) const;
  bool weights_have_room(std::int64_t change) const;
  bool opa_provable(const SliceBound& deposits);
  void opa_exact(const SliceBound& deposits);
  void opa_sliced();
  void count_opa(int in_bits);

  bool block_fits(int row, int col, int rows, int cols) const;
  void mark_carry_rows();
  bool carries_in(int row, int rows) const;
  void leave_exact();
  void clear_carries_of(int row, int rows);
  void carries_gone();
  const std::int32_t* clamped(const std::int32_t* values, int count);
  void forget_updates();
  bool computes() const { return config_.arithmetic != Arithmetic::none; }
  bool devices() const { return config_.arithmetic == Arithmetic::device; }
  void read_cells(int row, int col, int count);
  void bring_cells_up_to_date();
  void load_kept_update(const KeptUpdate& update, int sign, Operand& x, Operand& d) const;
  void take_weights_from_cells();
  void resolve_row(int row);
  void rescan_weights();

  std::int32_t* weights(int row) { return weights_.data() + static_cast<std::ptrdiff_t>(row) * stride_; }
  const std::int32_t* weights(int row) const {
    return weights_.data() + static_cast<std::ptrdiff_t>(row) * stride_;
  }

  ArrayConfig config_;
  const Kernels& kernels_;
  bool observed_ = false;
  int stride_;
  std::int64_t weight_min_;
  std::int64_t weight_max_;
  SliceBound room_;  // per slice, units a canonical digit can take in either direction

  // W including all updates, while weights_live_; the cells, while cells_live_. One of them is.
  bool weights_live_;
  bool cells_live_;
  std::vector<std::int32_t> weights_;  // [row][stride_]
  SlicedCells cells_;
  DeviceCells device_cells_;  // instead of cells_, with Arithmetic::device

  int used_rows_ = 0;  // everything beyond is zero
  int used_cols_ = 0;
  int updated_cols_ = 0;  // updates since the last carry resolution stayed within
  int carry_row_count_ = 0;
  std::vector<std::uint8_t> has_carries_;  // per row: updated since the last carry resolution
  std::int64_t lowest_weight_ = 0;         // bounds of W, while weights_live_
  std::int64_t highest_weight_ = 0;

  // Updates since the last carry resolution, while weights_live_: operands one after the other.
  std::vector<KeptUpdate> kept_;
  std::vector<std::int16_t> kept_operands_;
  SliceBound deposited_;
  SliceBound deposit_scratch_;

  Begun begun_;
  Operand row_operand_;
  Operand col_operand_;
  std::vector<std::int64_t> result_;
  std::vector<std::int32_t> block_row_;

  ArrayStatistics statistics_;
  PathStatistics path_;
};

}  // namespace weft::crossbar
