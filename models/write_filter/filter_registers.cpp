// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/filter_registers.h"

#include <cmath>
#include <utility>

#include "models/common/float_bits.h"
#include "models/write_filter/registers.h"

namespace weft::write_filter {

namespace r = registers;

namespace {

constexpr unsigned policies = 11;
constexpr unsigned granularities = 4;
constexpr unsigned threshold_modes = 3;

std::uint32_t single_bits(double value) { return bits_of(static_cast<float>(value)); }

double fraction_of(std::uint32_t bits) { return float_of(bits); }

std::uint32_t word_of(std::uint64_t count, unsigned index) {
  return static_cast<std::uint32_t>(index == 0 ? count : count >> 32);
}

}  // namespace

FilterRegisters::FilterRegisters(const FilterConfig& built, bool outer_products, int rows, int columns,
                                 View view, Apply apply)
    : built_(built),
      outer_products_(outer_products),
      view_(std::move(view)),
      apply_(std::move(apply)),
      file_(r::table()) {
  declare_settings(rows, columns);
  declare_statistics();
  stage_first_rules();
}

void FilterRegisters::declare_settings(int rows, int columns) {
  const std::uint32_t shape = static_cast<std::uint32_t>(rows) | static_cast<std::uint32_t>(columns)
                                                                     << r::shape_columns_shift;
  file_.on_peek(r::capability, [this](unsigned) { return capability(); });
  file_.on_peek(r::shape, [shape](unsigned) { return shape; });
  file_.on_write(r::control, [this](unsigned, std::uint32_t actions) { control(actions); });
  file_.on_peek(r::status, [this](unsigned) { return status(); });
  file_.on_peek(r::active, [this](unsigned) {
    const FilterRules rules = view_().active;
    return static_cast<std::uint32_t>(rules.policy) |
           static_cast<std::uint32_t>(rules.granularity) << r::active_granularity_shift |
           static_cast<std::uint32_t>(rules.threshold_mode) << r::active_threshold_mode_shift;
  });
  file_.on_peek(r::rms, [this](unsigned) { return single_bits(view_().rms); });
  file_.on_peek(r::theta, [this](unsigned) { return single_bits(static_cast<double>(view_().theta)); });
}

void FilterRegisters::declare_statistics() {
  declare(r::passes, [](const FilterView& view) { return view.statistics.passes; });
  declare(r::weights_offered, [](const FilterView& view) { return view.statistics.weights_offered; });
  declare(r::weights_written, [](const FilterView& view) { return view.statistics.weights_written; });
  declare(r::weights_filtered, [](const FilterView& view) {
    return view.statistics.weights_offered - view.statistics.weights_written;
  });
  declare(r::rows_offered, [](const FilterView& view) { return view.statistics.rows_offered; });
  declare(r::rows_written, [](const FilterView& view) { return view.statistics.rows_written; });
  declare(r::residuals_forced, [](const FilterView& view) { return view.statistics.residuals_forced; });
  declare(r::cells, [](const FilterView& view) { return view.cells; });
  declare(r::pulses, [](const FilterView& view) { return view.pulses; });
}

void FilterRegisters::declare(const RegisterInfo& info, Count count) {
  const auto now = [this, count] { return count(view_()) - count(cleared_); };
  file_.on_peek(info, [now](unsigned index) { return word_of(now(), index); });
  file_.on_read(info, [this, now](unsigned index) {
    if (index != 0) return kept_high_word_;
    const std::uint64_t value = now();
    kept_high_word_ = word_of(value, 1);
    return word_of(value, 0);
  });
}

void FilterRegisters::reset() {
  file_.reset();
  stage_first_rules();
  error_ = Reason::none;
  cleared_ = view_();
  kept_high_word_ = 0;
}

void FilterRegisters::stage_first_rules() {
  const FilterRules rules = built_.rules();
  file_.set(r::policy, static_cast<std::uint32_t>(rules.policy));
  file_.set(r::granularity, static_cast<std::uint32_t>(rules.granularity));
  file_.set(r::threshold_mode, static_cast<std::uint32_t>(rules.threshold_mode));
  file_.set(r::threshold, single_bits(rules.threshold));
  file_.set(r::density, single_bits(rules.density));
}

std::uint32_t FilterRegisters::capability() const {
  std::uint32_t value = outer_products_ ? r::capability_outer_products : 0;
  for (unsigned policy = 0; policy < policies; ++policy) {
    FilterRules rules;
    rules.policy = static_cast<Policy>(policy);
    const bool fits = !outer_products_ || rules.fit_outer_products();
    if (built_.supports(rules.policy) && fits) value |= 1u << policy;
  }
  if (built_.has_residual_memory())
    value |= static_cast<std::uint32_t>(built_.residual_bits) << r::capability_residual_bits_shift;
  return value;
}

std::uint32_t FilterRegisters::status() const {
  std::uint32_t value = view_().pending ? r::status_pending : 0;
  if (error_ != Reason::none)
    value |= r::status_error | static_cast<std::uint32_t>(error_) << r::status_reason_shift;
  return value;
}

void FilterRegisters::control(std::uint32_t actions) {
  if ((actions & r::control_clear_error) != 0) error_ = Reason::none;
  if ((actions & r::control_clear_statistics) != 0) cleared_ = view_();
  if ((actions & r::control_apply) != 0) apply();
}

void FilterRegisters::apply() {
  const Reason reason = refusal();
  if (reason == Reason::none) return apply_(staged());
  if (error_ == Reason::none) error_ = reason;
}

FilterRules FilterRegisters::staged() const {
  FilterRules rules;
  rules.policy = static_cast<Policy>(file_.get(r::policy));
  rules.granularity = static_cast<Granularity>(file_.get(r::granularity));
  rules.threshold_mode = static_cast<ThresholdMode>(file_.get(r::threshold_mode));
  const FilterRules first = built_.rules();
  rules.threshold = in_register(fraction_of(file_.get(r::threshold)), first.threshold);
  rules.density = in_register(fraction_of(file_.get(r::density)), first.density);
  return rules;
}

FilterRegisters::Reason FilterRegisters::refusal() const {
  if (file_.get(r::policy) >= policies) return Reason::policy;
  if (file_.get(r::granularity) >= granularities) return Reason::granularity;
  if (file_.get(r::threshold_mode) >= threshold_modes) return Reason::threshold_mode;
  const FilterRules rules = staged();
  if (!(std::isfinite(rules.threshold) && rules.threshold > 0)) return Reason::threshold;
  if (!(rules.density > 0 && rules.density <= 1)) return Reason::density;
  if (!built_.supports(rules.policy)) return Reason::memory;
  return outer_products_ && !rules.fit_outer_products() ? Reason::outer_products : Reason::none;
}

}  // namespace weft::write_filter
