// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/write_filter.h"

#include <cstring>
#include <utility>
#include <vector>

#include "models/crossbar/update_port.h"
#include "models/endurance/worn_cells.h"
#include "models/tlm/log_unmodelled.h"

namespace weft::write_filter {

using crossbar::update_base;
using crossbar::update_begin_address;
using crossbar::update_decide_address;
using crossbar::update_row_pitch;
using endurance::Mark;

WriteFilter::WriteFilter(const sc_core::sc_module_name& name, const WriteFilterConfig& config,
                         Context& context)
    : sc_module(name),
      in("in"),
      out("out"),
      registers("registers"),
      config_(config),
      control_(
          config.rules, config.outer_products, config.rows, config.columns, [this] { return view(); },
          [this](const FilterRules& rules) { pending_ = rules; }),
      compare_energy_(context.energy.open(this->name(), "compare", config.compare)),
      product_energy_(context.energy.open(this->name(), "product", config.product)),
      residual_energy_(context.energy.open(this->name(), "residual_access", config.residual_access)) {
  config_.rules.validate();
  config_.kernel_rules.validate();
  in.on_access([this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
  registers.on_access(
      [this](const Transfer& transfer, sc_core::sc_time&) { return control_.access(transfer); });
  log_unmodelled(control_.file(), *this, context.log);
}

void WriteFilter::reset() {
  pending_.reset();
  if (filter_) filter_->change(config_.rules.rules());
  control_.reset();
}

FilterView WriteFilter::view() {
  FilterView view;
  crossbar::WriteCounts counts{};
  if (out.read_debug(crossbar::write_counts_address, &counts, sizeof counts) == Status::ok) {
    view.cells = counts.cells;
    view.pulses = counts.pulses;
  }
  view.pending = pending_.has_value();
  view.active = config_.rules.rules();
  if (!filter_) return view;
  view.statistics = filter_->statistics();
  view.active = filter_->config().rules();
  view.rms = filter_->rms();
  view.theta = filter_->threshold();
  return view;
}

UpdateFilter& WriteFilter::filter() {
  std::optional<UpdateFilter>& own = of_kernels_ ? kernel_filter_ : filter_;
  if (!own) own.emplace(of_kernels_ ? config_.kernel_rules : config_.rules, config_.rows, config_.columns);
  return *own;
}

Status WriteFilter::access(const Transfer& transfer, sc_core::sc_time& delay) {
  if (transfer.address == crossbar::outer_product_address && transfer.write && !transfer.debug &&
      config_.outer_products)
    return outer_product(transfer, delay);
  if (transfer.address < update_begin_address) return out.access(transfer, delay);
  if (transfer.debug) return Status::address_error;
  if (transfer.address >= update_base) return transfer.write ? offer(transfer, delay) : take(transfer);
  if (!transfer.write) return Status::command_error;
  if (transfer.address == update_begin_address) return begin(transfer, false);
  if (transfer.address == crossbar::kernel_begin_address) return begin(transfer, true);
  if (transfer.address != update_decide_address || columns_ == 0) return Status::address_error;
  filter().decide();
  return Status::ok;
}

void WriteFilter::begin_pass() {
  UpdateFilter& rules = filter();
  if (pending_ && !of_kernels_) rules.change(*std::exchange(pending_, std::nullopt));
  rules.begin(rows_, columns_);
}

Status WriteFilter::begin(const Transfer& transfer, bool kernels) {
  crossbar::UpdateShape shape{};
  if (transfer.size != sizeof shape) return Status::burst_error;
  std::memcpy(&shape, transfer.data, sizeof shape);
  if (shape.rows > config_.rows || shape.columns > config_.columns || shape.columns == 0)
    return Status::generic_error;
  of_kernels_ = kernels;
  rows_ = shape.rows;
  columns_ = shape.columns;
  begin_pass();
  return Status::ok;
}

Status WriteFilter::offer(const Transfer& transfer, sc_core::sc_time& delay) {
  const std::uint64_t offset = transfer.address - update_base;
  const std::uint64_t row = offset / update_row_pitch;
  if (row >= static_cast<std::uint64_t>(rows_) || offset % update_row_pitch != 0)
    return Status::address_error;
  if (transfer.size != 8u * static_cast<unsigned>(columns_)) return Status::burst_error;
  std::vector<std::int64_t> changes(static_cast<std::size_t>(columns_));
  std::memcpy(changes.data(), transfer.data, transfer.size);
  filter().offer(static_cast<int>(row), changes.data());
  const FilterConfig& rules = filter().config();
  if (rules.policy == Policy::none) return Status::ok;
  const auto weights = static_cast<unsigned>(columns_);
  compare_energy_.charge(weights);
  if (rules.has_residual()) residual_energy_.charge(weights);
  delay += config_.cycle * static_cast<double>((weights + config_.lanes - 1) / config_.lanes);
  return Status::ok;
}

Status WriteFilter::take(const Transfer& transfer) {
  const std::uint64_t offset = transfer.address - update_base;
  const std::uint64_t row = offset / update_row_pitch;
  if (row >= static_cast<std::uint64_t>(rows_) || offset % update_row_pitch != 0)
    return Status::address_error;
  const auto columns = static_cast<std::size_t>(columns_);
  if (transfer.size != 9 * columns) return Status::burst_error;
  std::vector<std::int64_t> changes(columns);
  std::vector<std::uint8_t> written(columns);
  filter().take(static_cast<int>(row), changes.data(), written.data());
  const FilterConfig& rules = filter().config();
  const bool by_cell = rules.granularity == Granularity::cell && rules.policy != Policy::none;
  const auto mark = static_cast<std::uint8_t>(by_cell ? Mark::changed : Mark::whole);
  for (std::uint8_t& one : written) one = one != 0 ? mark : static_cast<std::uint8_t>(Mark::skip);
  std::memcpy(transfer.data, changes.data(), 8 * columns);
  std::memcpy(transfer.data + 8 * columns, written.data(), columns);
  return Status::ok;
}

}  // namespace weft::write_filter
