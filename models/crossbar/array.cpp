// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/array.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "models/common/vector_clones.h"
#include "models/crossbar/adc.h"

namespace weft::crossbar {

namespace {

ArrayConfig validated(const ArrayConfig& config) {
  config.validate();
  return config;
}

int operand_capacity(const ArrayConfig& config) { return pad_to_lanes(std::max(config.rows, config.cols)); }

Status overflow_status(const OperandOverflow& overflow) {
  return {StatusCode::operand_overflow, overflow.index, overflow.value};
}

bool width_allowed(int in_bits) { return in_bits >= 1 && in_bits <= ArrayConfig::max_operand_bits; }

// Few columns are updated: visiting only those beats the vectorised loop over all of them.
bool is_sparse(const Operand& operand) { return operand.active_count() * 8 <= operand.lines(); }

void add_sparse_product(std::int32_t* weights, int stride, const Operand& x, const Operand& d) {
  for (int i = 0; i < x.active_count(); ++i) {
    const ActiveLine& row = x.active()[i];
    std::int32_t* target = weights + static_cast<std::ptrdiff_t>(row.line) * stride;
    for (int j = 0; j < d.active_count(); ++j) target[d.active()[j].line] += row.value * d.active()[j].value;
  }
}

// By the signs of the distances to both ends, which vectorises where 64-bit comparisons do not.
WEFT_VECTOR_CLONES bool all_within(const std::int64_t* values, int count, std::int64_t min,
                                   std::int64_t max) {
  std::int64_t distances = 0;
  for (int c = 0; c < count; ++c) distances |= (values[c] - min) | (max - values[c]);
  return distances >= 0;
}

// How many values were outside.
WEFT_VECTOR_CLONES std::uint64_t clamp_all(std::int64_t* values, int count, std::int64_t min,
                                           std::int64_t max) {
  std::uint64_t clamped = 0;
  for (int c = 0; c < count; ++c) {
    const std::int64_t value = values[c];
    const std::int64_t raised = value < min ? min : value;
    const std::int64_t kept = raised > max ? max : raised;
    clamped += static_cast<std::uint64_t>(kept != value);
    values[c] = kept;
  }
  return clamped;
}

struct Extremes {
  std::int32_t lowest = 0;
  std::int32_t highest = 0;
};

// Values that fit 32 bits; the extremes include zero.
WEFT_VECTOR_CLONES Extremes narrow(const std::int64_t* values, int count, std::int32_t* target) {
  std::int32_t lowest = 0;
  std::int32_t highest = 0;
  for (int c = 0; c < count; ++c) {
    const auto value = static_cast<std::int32_t>(values[c]);
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
    target[c] = value;
  }
  return {lowest, highest};
}

}  // namespace

std::string Status::describe() const {
  switch (code) {
    case StatusCode::ok:
      return "done";
    case StatusCode::shape:
      return "operand, result or block does not fit the array";
    case StatusCode::width:
      return fmt::format("operand width of {} bits is not allowed (1 to {})", value,
                         ArrayConfig::max_operand_bits);
    case StatusCode::operand_overflow:
      return fmt::format("operand [{}] = {} does not fit the operand width", index, value);
    case StatusCode::not_provable:
      return "exact arithmetic was demanded, but the operation may clip, round or saturate";
  }
  return "unknown status";
}

Array::Array(const ArrayConfig& config, const Kernels& kernels)
    : config_(validated(config)),
      kernels_(kernels),
      stride_(pad_to_lanes(config.cols)),
      weight_min_(config.weight_min()),
      weight_max_(config.weight_max()),
      weights_live_(config.keeps_weights()),
      cells_live_(!weights_live_),
      cells_(config_, kernels),
      device_cells_(config_, kernels),
      has_carries_(static_cast<std::size_t>(config.rows)),
      deposited_(static_cast<std::size_t>(config.slices)),
      deposit_scratch_(static_cast<std::size_t>(config.slices)),
      row_operand_(operand_capacity(config)),
      col_operand_(operand_capacity(config)),
      result_(static_cast<std::size_t>(operand_capacity(config))),
      block_row_(static_cast<std::size_t>(stride_)) {
  statistics_.saturated.resize(static_cast<std::size_t>(config_.slices));
  if (weights_live_)
    weights_.resize(static_cast<std::size_t>(config_.rows) * static_cast<std::size_t>(stride_));
  for (int slice = 0; slice < config_.slices; ++slice) {
    // The top digit reaches +2^(v-1) only where its cell holds that. Both cells of a pair have the same room.
    const int highest = std::min(config_.digit_max(slice), config_.cell_max(slice));
    room_.push_back(
        std::min(config_.cell_max(slice) - highest, config_.digit_min(slice) - config_.cell_min(slice)));
  }
}

// ---- Matrix-vector products ----

Status Array::mvm(Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y) {
  const Status status = begin_mvm(x, in_bits, y);
  if (status.ok()) compute();
  return status;
}

Status Array::mtvm(Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y) {
  const Status status = begin_mtvm(x, in_bits, y);
  if (status.ok()) compute();
  return status;
}

Status Array::begin_mvm(Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y) {
  return begin_read(ReadSide::columns, x, in_bits, y);
}

Status Array::begin_mtvm(Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y) {
  return begin_read(ReadSide::rows, x, in_bits, y);
}

void Array::compute() {
  switch (std::exchange(begun_.kind, Begun::Kind::nothing)) {
    case Begun::Kind::nothing:
      return;
    case Begun::Kind::read:
      return compute_read();
    case Begun::Kind::update:
      return compute_update();
  }
}

Status Array::begin_read(ReadSide side, Span<const std::int16_t> x, int in_bits, Span<std::int64_t> y) {
  const bool columns = side == ReadSide::columns;
  const auto driven_lines = static_cast<std::size_t>(columns ? config_.rows : config_.cols);
  const auto read_lines = static_cast<std::size_t>(columns ? config_.cols : config_.rows);
  if (x.size() > driven_lines || y.size() > read_lines) return {StatusCode::shape};
  if (!width_allowed(in_bits)) return {StatusCode::width, 0, in_bits};
  if (!computes()) {
    std::fill(y.begin(), y.end(), 0);
    count_read(side, in_bits, static_cast<int>(y.size()));
    return {};
  }
  Operand& operand = columns ? row_operand_ : col_operand_;
  if (const auto overflow = operand.load(x, in_bits)) return overflow_status(*overflow);

  const bool provable = weights_live_ && read_provable(side, operand.active_count(), in_bits);
  if (!provable && config_.arithmetic == Arithmetic::exact) return {StatusCode::not_provable};

  count_read(side, in_bits, static_cast<int>(y.size()));
  begun_ = {Begun::Kind::read, provable, side, in_bits, y};
  return {};
}

void Array::count_read(ReadSide side, int in_bits, int lines) {
  ++(side == ReadSide::columns ? statistics_.mvms : statistics_.mtvms);
  statistics_.read_steps += static_cast<std::uint64_t>(read_steps(in_bits));
  statistics_.conversions += static_cast<std::uint64_t>(conversions(in_bits, lines));
}

void Array::compute_read() {
  if (begun_.exact && !observed_) {
    read_exact(begun_.side, begun_.y);
  } else {
    read_sliced(begun_.side, begun_.in_bits, begun_.y);
  }
}

void Array::observe(CurrentProfile* profile) {
  observed_ = profile != nullptr;
  cells_.observe(profile);
  device_cells_.observe(profile);
}

void Array::calibrate(const std::vector<int>& full_scale) {
  ArrayConfig changed = config_;
  changed.full_scale = full_scale;
  config_ = validated(changed);
  cells_.calibrate(full_scale);
  device_cells_.calibrate(full_scale);
}

// A conversion is exact if the largest current that `driven` lines can cause passes the ADC unchanged.
bool Array::read_provable(ReadSide side, int driven, int in_bits) const {
  const int lines = side == ReadSide::columns ? config_.rows : config_.cols;
  const int largest_chunk = (1 << std::min(config_.dac_bits, in_bits)) - 1;
  for (int slice = 0; slice < config_.slices; ++slice) {
    const int digit = std::max(-config_.digit_min(slice), config_.digit_max(slice));
    const int largest_cell =
        digit + deposited_[static_cast<std::size_t>(slice)] + config_.current_offset(slice);
    const std::int64_t current = std::int64_t{driven} * largest_chunk * largest_cell;
    if (!make_adc(config_, lines, slice, carries_resolved()).lossless(current)) return false;
  }
  return true;
}

bool Array::read_provably_exact(ReadSide side, int in_bits) const {
  return width_allowed(in_bits) && weights_live_ &&
         read_provable(side, side == ReadSide::columns ? config_.rows : config_.cols, in_bits);
}

void Array::read_exact(ReadSide side, Span<std::int64_t> y) {
  ++path_.exact_operations;
  const int count = static_cast<int>(y.size());
  if (side == ReadSide::columns) {
    kernels_.mvm({weights_.data(), stride_, pad_to_lanes(count)}, row_operand_.active(),
                 row_operand_.active_count(), result_.data());
  } else {
    kernels_.mtvm({weights_.data(), stride_, col_operand_.padded_lines()}, count, col_operand_.values(),
                  result_.data());
  }
  std::copy_n(result_.begin(), count, y.begin());
}

void Array::read_sliced(ReadSide side, int in_bits, Span<std::int64_t> y) {
  ++path_.sliced_operations;
  bring_cells_up_to_date();
  AdcCounts counts;
  const int count = static_cast<int>(y.size());
  if (devices()) {
    if (side == ReadSide::columns) {
      device_cells_.mvm(row_operand_, in_bits, carries_resolved(), count, y.data(), counts);
    } else {
      device_cells_.mtvm(col_operand_, in_bits, carries_resolved(), count, y.data(), counts);
    }
  } else if (side == ReadSide::columns) {
    cells_.mvm(row_operand_, in_bits, carries_resolved(), count, y.data(), counts);
  } else {
    cells_.mtvm(col_operand_, in_bits, carries_resolved(), count, y.data(), counts);
  }
  statistics_.conversions_clipped += counts.clipped;
  statistics_.conversions_rounded += counts.rounded;
}

// ---- Outer-product update ----

Status Array::opa(Span<const std::int16_t> x, int in_bits, Span<const std::int16_t> d) {
  const Status status = begin_opa(x, in_bits, d);
  if (status.ok()) compute();
  return status;
}

Status Array::begin_opa(Span<const std::int16_t> x, int in_bits, Span<const std::int16_t> d) {
  if (x.size() > static_cast<std::size_t>(config_.rows) ||
      d.size() > static_cast<std::size_t>(config_.cols)) {
    return {StatusCode::shape};
  }
  if (!width_allowed(in_bits)) return {StatusCode::width, 0, in_bits};
  if (!computes()) {
    ++statistics_.opas;
    statistics_.opa_steps += static_cast<std::uint64_t>(in_bits);
    return {};
  }
  if (const auto overflow = row_operand_.load(x, in_bits)) return overflow_status(*overflow);
  if (const auto overflow = col_operand_.load(d, ArrayConfig::max_operand_bits))
    return overflow_status(*overflow);

  bound_deposits(row_operand_.magnitude_mask(), col_operand_.magnitude_mask(), deposit_scratch_);
  const bool exact = weights_live_ && opa_provable(deposit_scratch_);
  if (!exact && config_.arithmetic == Arithmetic::exact) return {StatusCode::not_provable};

  count_opa(in_bits);
  begun_ = {Begun::Kind::update, exact, ReadSide::columns, in_bits, {}};
  return {};
}

void Array::compute_update() {
  if (begun_.exact) {
    opa_exact(deposit_scratch_);
  } else {
    opa_sliced();
  }
  mark_carry_rows();
  updated_cols_ = std::max(updated_cols_, col_operand_.lines());
  used_rows_ = std::max(used_rows_, row_operand_.lines());
  used_cols_ = std::max(used_cols_, col_operand_.lines());
}

void Array::count_opa(int in_bits) {
  ++statistics_.opas;
  statistics_.opa_steps += static_cast<std::uint64_t>(in_bits);
  statistics_.opa_deposits += count_deposits(row_operand_, col_operand_, config_.slices, config_.digit_bits);
  statistics_.opa_products_truncated +=
      count_truncated_products(row_operand_, col_operand_, config_.weight_bits());
}

// A chunk of the bitwise or of all operands is at least as large as the chunk of any of them.
void Array::bound_deposits(std::uint32_t x_mask, std::uint32_t d_mask, SliceBound& bound) const {
  std::fill(bound.begin(), bound.end(), 0);
  for (int step = 0; (x_mask >> step) != 0; ++step) {
    if (((x_mask >> step) & 1U) == 0) continue;
    std::uint32_t chunks = (d_mask << step) >> (step / config_.digit_bits * config_.digit_bits);
    for (int slice = step / config_.digit_bits; slice < config_.slices && chunks != 0; ++slice) {
      bound[static_cast<std::size_t>(slice)] += static_cast<int>(chunks & ((1U << config_.digit_bits) - 1));
      chunks >>= config_.digit_bits;
    }
  }
}

bool Array::cells_have_room(const SliceBound& more) const {
  for (std::size_t slice = 0; slice < more.size(); ++slice) {
    if (deposited_[slice] + more[slice] > room_[slice]) return false;
  }
  return true;
}

bool Array::weights_have_room(std::int64_t change) const {
  return highest_weight_ + change <= weight_max_ && lowest_weight_ - change >= weight_min_;
}

// A product within the weight range also has all its bits within the slices: the highest step that
// drives a row shifts the column operand by no more than the product is long.
bool Array::opa_provable(const SliceBound& deposits) {
  if (!cells_have_room(deposits)) return false;
  const std::int64_t change =
      std::int64_t{row_operand_.largest_magnitude()} * col_operand_.largest_magnitude();
  if (weights_have_room(change)) return true;
  rescan_weights();
  return weights_have_room(change);
}

bool Array::opa_provably_exact(int in_bits) const {
  if (!width_allowed(in_bits) || !weights_live_) return false;
  const std::uint32_t x_mask = (1U << in_bits) - 1;
  const std::uint32_t d_mask = (1U << ArrayConfig::max_operand_bits) - 1;
  SliceBound deposits(deposited_.size());
  bound_deposits(x_mask, d_mask, deposits);
  return cells_have_room(deposits) && weights_have_room(std::int64_t{x_mask} * d_mask);
}

void Array::opa_exact(const SliceBound& deposits) {
  ++path_.exact_operations;
  if (row_operand_.active_count() == 0 || col_operand_.active_count() == 0) return;
  if (is_sparse(col_operand_)) {
    add_sparse_product(weights_.data(), stride_, row_operand_, col_operand_);
  } else {
    kernels_.opa(weights_.data(), stride_, col_operand_.padded_lines(), row_operand_.active(),
                 row_operand_.active_count(), col_operand_.values());
  }
  const std::int64_t change =
      std::int64_t{row_operand_.largest_magnitude()} * col_operand_.largest_magnitude();
  lowest_weight_ -= change;
  highest_weight_ += change;
  for (std::size_t slice = 0; slice < deposits.size(); ++slice) deposited_[slice] += deposits[slice];
  // Every update kept takes room in some cell, so their number is bounded by the carry room.
  kept_.push_back({row_operand_.lines(), col_operand_.lines(), kept_operands_.size()});
  kept_operands_.insert(kept_operands_.end(), row_operand_.values(),
                        row_operand_.values() + row_operand_.lines());
  kept_operands_.insert(kept_operands_.end(), col_operand_.values(),
                        col_operand_.values() + col_operand_.lines());
  cells_live_ = false;
}

void Array::opa_sliced() {
  ++path_.sliced_operations;
  leave_exact();
  if (devices()) return device_cells_.opa(row_operand_, col_operand_, statistics_.saturated);
  cells_.opa(row_operand_, col_operand_, statistics_.saturated);
}

// ---- Carry resolution ----

void Array::crs() {
  ++statistics_.carry_resolutions;
  if (!computes()) return;
  if (!weights_live_) {
    take_weights_from_cells();
  } else if (!kept_.empty()) {
    cells_live_ = false;
  }
  carries_gone();
}

void Array::take_weights_from_cells() {
  lowest_weight_ = 0;
  highest_weight_ = 0;
  for (int row = 0; row < used_rows_; ++row) resolve_row(row);
  weights_live_ = config_.keeps_weights();
  cells_live_ = !weights_live_;
}

// Takes a row's weights from the cells, to where they live from now on.
void Array::resolve_row(int row) {
  const int count = used_cols_;
  read_cells(row, 0, count);
  const bool to_cells = !config_.keeps_weights();
  std::int32_t* target = to_cells ? block_row_.data() : weights(row);
  if (!all_within(result_.data(), count, weight_min_, weight_max_))
    statistics_.weights_clamped += clamp_all(result_.data(), count, weight_min_, weight_max_);
  const Extremes extremes = narrow(result_.data(), count, target);
  lowest_weight_ = std::min<std::int64_t>(lowest_weight_, extremes.lowest);
  highest_weight_ = std::max<std::int64_t>(highest_weight_, extremes.highest);
  if (devices()) return device_cells_.rewrite(row, 0, count, target);
  if (to_cells) cells_.write(row, 0, count, target);
}

// What the digits of a row stand for, in result_.
void Array::read_cells(int row, int col, int count) {
  if (devices()) return device_cells_.read(row, col, count, result_.data());
  cells_.values(row, col, count, result_.data());
}

void Array::carries_gone() {
  forget_updates();
  std::fill(has_carries_.begin(), has_carries_.end(), std::uint8_t{0});
  carry_row_count_ = 0;
  updated_cols_ = 0;
}

void Array::forget_updates() {
  kept_.clear();
  kept_operands_.clear();
  std::fill(deposited_.begin(), deposited_.end(), 0);
}

// ---- Programming and reading ----

bool Array::block_fits(int row, int col, int rows, int cols) const {
  return row >= 0 && col >= 0 && rows >= 0 && cols >= 0 && rows <= config_.rows && cols <= config_.cols &&
         row <= config_.rows - rows && col <= config_.cols - cols;
}

void Array::mark_carry_rows() {
  for (int r = 0; r < row_operand_.lines(); ++r) {
    std::uint8_t& flag = has_carries_[static_cast<std::size_t>(r)];
    carry_row_count_ += 1 - flag;
    flag = 1;
  }
}

bool Array::carries_in(int row, int rows) const {
  const auto first = has_carries_.begin() + row;
  return std::find(first, first + rows, std::uint8_t{1}) != first + rows;
}

Status Array::program(int row, int col, int rows, int cols, const std::int32_t* values, int stride) {
  if (!block_fits(row, col, rows, cols) || stride < cols) return {StatusCode::shape};
  const bool whole_rows = col == 0 && cols >= updated_cols_;
  if (!whole_rows && weights_live_ && carries_in(row, rows)) {
    // Kept updates must not be replayed on weights written after them: from here on the cells count.
    if (config_.arithmetic == Arithmetic::exact) return {StatusCode::not_provable};
    leave_exact();
  }
  statistics_.cells_programmed += static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols) *
                                  static_cast<std::uint64_t>(config_.slices);
  if (!computes()) return {};
  used_rows_ = std::max(used_rows_, row + rows);
  used_cols_ = std::max(used_cols_, col + cols);
  for (int r = 0; r < rows; ++r) {
    const std::int32_t* source = clamped(values + static_cast<std::ptrdiff_t>(r) * stride, cols);
    if (weights_live_) std::copy_n(source, cols, weights(row + r) + col);
    if (devices()) {
      device_cells_.write(row + r, col, cols, source);
    } else if (cells_live_) {
      cells_.write(row + r, col, cols, source);
    }
  }
  if (whole_rows) clear_carries_of(row, rows);
  return {};
}

void Array::leave_exact() {
  bring_cells_up_to_date();
  weights_live_ = false;
  forget_updates();
}

// The rows were written as a whole: no cell of theirs holds a carry, no kept update concerns them.
void Array::clear_carries_of(int row, int rows) {
  if (carries_resolved()) return;
  for (const KeptUpdate& update : kept_) {
    std::int16_t* operand = kept_operands_.data() + update.offset;
    for (int r = row; r < std::min(row + rows, update.rows); ++r) operand[r] = 0;
  }
  for (int r = row; r < row + rows; ++r) {
    std::uint8_t& flag = has_carries_[static_cast<std::size_t>(r)];
    carry_row_count_ -= flag;
    flag = 0;
  }
  if (!carries_resolved()) return;
  carries_gone();
  if (!weights_live_ && config_.arithmetic == Arithmetic::automatic) take_weights_from_cells();
}

// A row of weights within the weight range, in block_row_; keeps the bounds of W up to date.
const std::int32_t* Array::clamped(const std::int32_t* values, int count) {
  for (int c = 0; c < count; ++c) {
    const std::int64_t kept = std::clamp<std::int64_t>(values[c], weight_min_, weight_max_);
    statistics_.weights_clamped += static_cast<std::uint64_t>(kept != values[c]);
    lowest_weight_ = std::min(lowest_weight_, kept);
    highest_weight_ = std::max(highest_weight_, kept);
    block_row_[static_cast<std::size_t>(c)] = static_cast<std::int32_t>(kept);
  }
  return block_row_.data();
}

Status Array::read(int row, int col, int rows, int cols, std::int32_t* values, int stride) {
  if (!block_fits(row, col, rows, cols) || stride < cols) return {StatusCode::shape};
  statistics_.cells_read += static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols) *
                            static_cast<std::uint64_t>(config_.slices);
  for (int r = 0; r < rows; ++r) {
    std::int32_t* target = values + static_cast<std::ptrdiff_t>(r) * stride;
    if (!computes()) {
      std::fill_n(target, cols, 0);
      continue;
    }
    if (weights_live_) {
      std::copy_n(weights(row + r) + col, cols, target);
      continue;
    }
    read_cells(row + r, col, cols);
    for (int c = 0; c < cols; ++c) {
      const std::int64_t value = result_[static_cast<std::size_t>(c)];
      const std::int64_t kept = std::clamp(value, weight_min_, weight_max_);
      statistics_.weights_clamped += static_cast<std::uint64_t>(kept != value);
      target[c] = static_cast<std::int32_t>(kept);
    }
  }
  return {};
}

void Array::hold(const std::vector<HeldCell>& cells) {
  assert(!devices());
  if (weights_live_) leave_exact();
  config_.arithmetic = Arithmetic::sliced;
  cells_.hold(cells);
}

std::int64_t Array::weight(int row, int col) const {
  assert(row >= 0 && row < config_.rows && col >= 0 && col < config_.cols);
  if (!computes()) return 0;
  if (weights_live_) return weights(row)[col];
  std::int64_t value = 0;
  if (devices()) {
    device_cells_.values(row, col, 1, &value);
  } else {
    cells_.values(row, col, 1, &value);
  }
  return value;
}

int Array::cell(int slice, int row, int col) {
  assert(slice >= 0 && slice < config_.slices && row >= 0 && row < config_.rows && col >= 0 &&
         col < config_.cols);
  if (!computes()) return 0;
  bring_cells_up_to_date();
  return devices() ? device_cells_.cell(slice, row, col) : cells_.cell(slice, row, col);
}

int Array::cell_of_pair(int slice, int row, int col, int part) {
  assert(config_.pairs());
  if (!computes()) return 0;
  bring_cells_up_to_date();
  return devices() ? device_cells_.cell_of_pair(slice, row, col, part)
                   : cells_.cell_of_pair(slice, row, col, part);
}

// ---- From weights to cells ----

void Array::bring_cells_up_to_date() {
  if (cells_live_) return;
  ++path_.reconstructions;
  // As of the last carry resolution, digits were canonical: take the updates back, then deposit them.
  std::vector<std::int32_t> base(weights_.begin(),
                                 weights_.begin() + static_cast<std::ptrdiff_t>(used_rows_) * stride_);
  Operand x(operand_capacity(config_));
  Operand d(operand_capacity(config_));
  for (const KeptUpdate& update : kept_) {
    load_kept_update(update, -1, x, d);
    kernels_.opa(base.data(), stride_, d.padded_lines(), x.active(), x.active_count(), d.values());
  }
  for (int row = 0; row < used_rows_; ++row) {
    cells_.write(row, 0, used_cols_, base.data() + static_cast<std::ptrdiff_t>(row) * stride_);
  }
  std::vector<Saturation> saturation(static_cast<std::size_t>(config_.slices));
  for (const KeptUpdate& update : kept_) {
    load_kept_update(update, 1, x, d);
    cells_.opa(x, d, saturation);
  }
  assert(std::all_of(saturation.begin(), saturation.end(), [](const Saturation& s) { return s.cells == 0; }));
  cells_live_ = true;
}

void Array::load_kept_update(const KeptUpdate& update, int sign, Operand& x, Operand& d) const {
  const std::int16_t* rows = kept_operands_.data() + update.offset;
  std::vector<std::int16_t> columns(rows + update.rows, rows + update.rows + update.cols);
  for (std::int16_t& value : columns) value = static_cast<std::int16_t>(sign * value);
  x.load({rows, static_cast<std::size_t>(update.rows)}, ArrayConfig::max_operand_bits);
  d.load(columns, ArrayConfig::max_operand_bits);
}

void Array::rescan_weights() {
  lowest_weight_ = 0;
  highest_weight_ = 0;
  for (int row = 0; row < used_rows_; ++row) {
    for (int c = 0; c < used_cols_; ++c) {
      lowest_weight_ = std::min<std::int64_t>(lowest_weight_, weights(row)[c]);
      highest_weight_ = std::max<std::int64_t>(highest_weight_, weights(row)[c]);
    }
  }
}

}  // namespace weft::crossbar
