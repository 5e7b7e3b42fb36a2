// SPDX-License-Identifier: Apache-2.0
#include "models/device/cell_array.h"

#include <algorithm>
#include <cmath>

#include "models/device/programming_error.h"
#include "models/device/wires.h"

namespace weft::device {

namespace {

// A range that a draw would turn round or shrink to nothing keeps this much, in cell units.
constexpr float smallest_bound = 1e-3F;

double square(double x) { return x * x; }

double drift_exponent(const DriftConfig& drift, const CellRandom& random, std::uint32_t cell) {
  if (drift.exponent_sigma == 0) return drift.exponent;
  return std::fabs(drift.exponent + drift.exponent_sigma * random.normals(Purpose::drift, cell)[0]);
}

double lowest_conductance(const DeviceConfig& config, int top_level) {
  return config.on_off == 0 ? 0 : top_level / (config.on_off - 1);
}

}  // namespace

CellArray::CellArray(const DeviceConfig& config, const CellArrayShape& shape, int slice)
    : config_(config),
      shape_(shape),
      random_(config.seed, config.unit, slice),
      model_(config.update.on() ? find_update_model(config.update.model) : nullptr),
      reference_(lowest_conductance(config, shape.cell_max - shape.cell_min) - shape.cell_min),
      full_(reference_ + shape.cell_max),
      line_variance_(square(config.read_noise.sigma * full_)),
      relative_variance_(square(config.read_noise.relative_sigma)),
      state_(index(shape.rows, 0)) {
  if (config_.programming.has_error()) {
    for (int level = shape_.cell_min; level <= shape_.cell_max; ++level) {
      level_sigma_.push_back(static_cast<float>(programming_sigma(level)));
    }
  }
  if (config_.stuck.on()) draw_stuck();
  if (model_ != nullptr) draw_traits();
  if (config_.variation > 0 || config_.drift.on()) draw_gains();
  if (config_.drift.age == DriftAge::simulated) draw_ageing();
  if (!gain_.empty() || config_.wires.on()) {
    seen_.resize(state_.size());
    seen_valid_ = false;
  }
}

// ---- What is drawn once ----

void CellArray::draw_stuck() {
  stuck_.resize(state_.size());
  for (int row = 0; row < shape_.rows; ++row) {
    for (int col = 0; col < shape_.cols; ++col) {
      const double draw = uniform_from_bits(random_.bits(Purpose::stuck, number(row, col))[0]);
      const bool low = draw < config_.stuck.low;
      const bool high = !low && draw < config_.stuck.low + config_.stuck.high;
      if (!low && !high) continue;
      ++(low ? statistics_.stuck_low : statistics_.stuck_high);
      stuck_[index(row, col)] = 1;
      state_[index(row, col)] = static_cast<float>(low ? shape_.cell_min : shape_.cell_max);
    }
  }
}

void CellArray::draw_traits() {
  const UpdateConfig& update = config_.update;
  traits_.resize(state_.size());
  for (int row = 0; row < shape_.rows; ++row) {
    for (int col = 0; col < shape_.cols; ++col) {
      const auto draw = random_.normals(Purpose::step, number(row, col));
      const auto bound = random_.normals(Purpose::bounds, number(row, col));
      // A pulse never works backwards, however weak the cell.
      const double step = update.step * std::max(0.0, 1 + update.step_variation * draw[0]);
      const double beta = std::clamp(update.asymmetry + update.asymmetry_sigma * draw[1], -1.0, 1.0);
      CellTraits& traits = traits_[index(row, col)];
      traits.step_up = static_cast<float>(step * (1 + beta));
      traits.step_down = static_cast<float>(step * (1 - beta));
      traits.slope = static_cast<float>(std::max(0.0, update.slope + update.slope_variation * draw[2]));
      const double high = shape_.cell_max * (1 + update.bound_variation * bound[0]);
      const double low = shape_.cell_min * (1 + update.bound_variation * bound[1]);
      traits.high = std::max(smallest_bound, static_cast<float>(high));
      // No conductance is below zero.
      traits.low = std::clamp(static_cast<float>(low), static_cast<float>(-reference_), -smallest_bound);
    }
  }
}

// With simulated ages, as long as all cells are new.
void CellArray::draw_gains() {
  const DriftConfig& drift = config_.drift;
  const bool aged = drift.age == DriftAge::configured;
  const double age = aged ? std::log((drift.time_s + drift.t0_s) / drift.t0_s) : 0;
  gain_.resize(state_.size());
  for (int row = 0; row < shape_.rows; ++row) {
    for (int col = 0; col < shape_.cols; ++col) {
      const std::uint32_t cell = number(row, col);
      const double spread = 1 + config_.variation * random_.normals(Purpose::variation, cell)[0];
      gain_[index(row, col)] =
          static_cast<float>(std::max(0.0, spread) * std::exp(-drift_exponent(drift, random_, cell) * age));
    }
  }
}

void CellArray::draw_ageing() {
  std::vector<float> exponents(state_.size(), 0);
  for (int row = 0; row < shape_.rows; ++row) {
    for (int col = 0; col < shape_.cols; ++col) {
      exponents[index(row, col)] =
          static_cast<float>(drift_exponent(config_.drift, random_, number(row, col)));
    }
  }
  ageing_.emplace(config_.drift.t0_s, exponents);
  variation_ = gain_;
}

// ---- Time ----

void CellArray::set_time(double now_s) {
  if (!ageing_ || !ageing_->advance(now_s)) return;
  for (std::size_t cell = 0; cell < gain_.size(); ++cell)
    gain_[cell] = variation_[cell] * ageing_->left(cell);
  seen_valid_ = false;
}

// What the cell has lost is lost; its state is that of a new one.
void CellArray::written(std::size_t cell) {
  seen_valid_ = seen_.empty();
  if (!ageing_) return;
  ageing_->written(cell);
  gain_[cell] = variation_[cell];
}

// ---- Programming ----

double CellArray::programming_sigma(int level) const {
  const ProgrammingConfig& programming = config_.programming;
  const double conductance = reference_ + level;
  double variance = square(programming.sigma * full_) + square(programming.relative_sigma * conductance);
  if (!programming.fit.empty()) {
    const double unit_uS = config_.g_max_uS / full_;
    const ProgrammingFit& fit = *find_programming_fit(programming.fit);
    variance += square(fit.sigma_uS(conductance * unit_uS) / unit_uS);
  }
  return std::sqrt(variance);
}

float CellArray::programmed(std::uint64_t operation, std::uint32_t cell, int level, unsigned& pulses) {
  const float sigma =
      level_sigma_.empty() ? 0 : level_sigma_[static_cast<std::size_t>(level - shape_.cell_min)];
  if (sigma > 0 && config_.programming.verify_window > 0)
    return verified(operation, cell, level, sigma, pulses);
  pulses = 1;
  const auto target = static_cast<float>(level);
  if (sigma == 0) return target;
  const float error = sigma * random_.normals(Purpose::programming, cell, operation)[0];
  return std::max(target + error, static_cast<float>(-reference_));
}

// Every pulse is an attempt of its own, so the number of pulses is geometric with the probability
// erf(window / (sigma sqrt 2)) that a verification without noise passes. The verifying read is as noisy
// as any.
float CellArray::verified(std::uint64_t operation, std::uint32_t cell, int level, float sigma,
                          unsigned& pulses) {
  const auto target = static_cast<float>(level);
  const auto window = static_cast<float>(config_.programming.verify_window);
  float state = target;
  for (int attempt = 0; attempt < config_.programming.verify_pulses; ++attempt) {
    const auto draw = random_.normals(Purpose::verify, cell, operation, static_cast<std::uint32_t>(attempt));
    ++pulses;
    state = std::max(target + sigma * draw[0], static_cast<float>(-reference_));
    const float noise = static_cast<float>(cell_noise_sigma(state)) * draw[1];
    if (std::fabs(state + noise - target) <= window) return state;
  }
  ++statistics_.verify_failures;
  return state;
}

unsigned CellArray::program(std::uint64_t operation, int row, int col, int count, const std::int8_t* level,
                            bool changed_only) {
  std::vector<std::int8_t> before;
  if (changed_only) {
    std::vector<float> scratch;
    before.resize(static_cast<std::size_t>(count));
    nearest_levels(conducting(row, col, count, scratch), count, before.data());
  }
  unsigned most = 0;
  for (int i = 0; i < count; ++i) {
    const std::size_t cell = index(row, col + i);
    if (changed_only && before[static_cast<std::size_t>(i)] == level[i]) continue;
    if (is_stuck(cell)) continue;
    unsigned pulses = 0;
    state_[cell] = programmed(operation, number(row, col + i), level[i], pulses);
    written(cell);
    statistics_.program_pulses += pulses;
    most = std::max(most, pulses);
  }
  statistics_.row_pulses += most;
  return most;
}

// ---- Pulses ----

float CellArray::after_pulses(std::uint64_t operation, std::uint32_t cell, float state, int pulses,
                              const CellTraits& traits, float& lost) const {
  const auto noise = static_cast<float>(config_.update.noise);
  const bool up = pulses > 0;
  std::array<float, 4> draw{};
  for (int n = 0; n < std::abs(pulses); ++n) {
    const auto place = static_cast<std::uint32_t>(n);
    if (noise > 0 && place % 4 == 0) draw = random_.normals(Purpose::pulse, cell, operation, place / 4);
    const float change = model_->change(state, up, traits, config_.update);
    const float next = state + change + noise * model_->spread(change, traits) * draw[place % 4];
    // A cell outside its bounds, where programming may leave it, is not pulled back by a bound.
    const float kept = std::clamp(next, std::min(state, traits.low), std::max(state, traits.high));
    lost += std::fabs(next - kept);
    state = kept;
  }
  return state;
}

PulseLosses CellArray::pulse(std::uint64_t operation, int row, int count, const std::int16_t* pulses) {
  PulseLosses losses;
  const CellTraits ideal_cell{1, 1, static_cast<float>(shape_.cell_min), static_cast<float>(shape_.cell_max),
                              0};
  for (int col = 0; col < count; ++col) {
    const std::size_t cell = index(row, col);
    if (pulses[col] == 0) continue;
    statistics_.update_pulses += static_cast<std::uint64_t>(std::abs(pulses[col]));
    if (is_stuck(cell)) continue;
    float lost = 0;
    float& state = state_[cell];
    if (ageing_) {
      const auto reference = static_cast<float>(reference_);
      state = (state + reference) * ageing_->left(cell) - reference;
    }
    if (model_ != nullptr) {
      state = after_pulses(operation, number(row, col), state, pulses[col], traits_[cell], lost);
    } else {
      const float next = state + static_cast<float>(pulses[col]);
      const float kept = std::clamp(next, std::min(state, ideal_cell.low), std::max(state, ideal_cell.high));
      lost = std::fabs(next - kept);
      state = kept;
    }
    losses.cells += static_cast<std::uint64_t>(lost > 0);
    losses.units += static_cast<std::uint64_t>(std::lround(lost));
    written(cell);
  }
  return losses;
}

// ---- Reading ----

double CellArray::cell_noise_sigma(float seen) const {
  return std::sqrt(line_variance_ + relative_variance_ * square(reference_ + static_cast<double>(seen)));
}

void CellArray::nearest_levels(const float* state, int count, std::int8_t* level) const {
  const int cell_min = shape_.cell_min;
  const auto low = static_cast<float>(cell_min);
  const auto high = static_cast<float>(shape_.cell_max);
  for (int i = 0; i < count; ++i) {
    // From above zero, so that truncation rounds.
    const float above = std::min(std::max(state[i], low), high) - low + 0.5F;
    level[i] = static_cast<std::int8_t>(static_cast<int>(above) + cell_min);
  }
}

const float* CellArray::conducting(int row, int col, int count, std::vector<float>& scratch) const {
  const float* state = state_.data() + index(row, col);
  if (gain_.empty()) return state;
  const auto reference = static_cast<float>(reference_);
  const float* gain = gain_.data() + index(row, col);
  scratch.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    scratch[static_cast<std::size_t>(i)] = (state[i] + reference) * gain[i] - reference;
  return scratch.data();
}

float CellArray::with_noise(std::uint64_t operation, std::uint32_t cell, float state) const {
  const auto sigma = static_cast<float>(cell_noise_sigma(state));
  // Noise that cannot reach the next level need not be drawn.
  const float margin = 0.5F - std::fabs(state - std::round(state));
  if (sigma * largest_normal < margin) return state;
  return state + sigma * random_.normals(Purpose::cell_noise, cell, operation)[0];
}

void CellArray::read(std::uint64_t operation, int row, int col, int count, std::int8_t* level) const {
  std::vector<float> scratch;
  const float* state = conducting(row, col, count, scratch);
  if (!has_read_noise()) {
    nearest_levels(state, count, level);
    return;
  }
  std::vector<float> noisy(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    noisy[static_cast<std::size_t>(i)] = with_noise(operation, number(row, col + i), state[i]);
  nearest_levels(noisy.data(), count, level);
}

void CellArray::peek(int row, int col, int count, std::int8_t* level) const {
  nearest_levels(state_.data() + index(row, col), count, level);
}

const float* CellArray::seen() {
  if (!seen_valid_) refresh_seen();
  return seen_.empty() ? state_.data() : seen_.data();
}

void CellArray::refresh_seen() {
  seen_ = state_;
  if (!gain_.empty()) {
    const auto reference = static_cast<float>(reference_);
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      seen_[i] = (state_[i] + reference) * gain_[i] - reference;
    }
  }
  if (config_.wires.on()) apply_wires();
  // Lanes beyond the columns are no cells.
  for (int row = 0; row < shape_.rows; ++row) {
    std::fill(seen_.begin() + static_cast<std::ptrdiff_t>(index(row, shape_.cols)),
              seen_.begin() + static_cast<std::ptrdiff_t>(index(row + 1, 0)), 0.0F);
  }
  seen_valid_ = true;
}

// References sit in an array of the same geometry, so a cell at the reference's conductance still gives
// no current.
void CellArray::apply_wires() {
  const double ohm = config_.wires.ohm_per_cell * config_.g_max_uS * 1e-6 / full_;
  const auto effective = config_.wires.model == WireModel::nodal ? nodal_conductances : ladder_conductances;
  ConductanceMatrix cells{shape_.rows, shape_.cols, {}};
  cells.value.assign(static_cast<std::size_t>(shape_.rows) * static_cast<std::size_t>(shape_.cols),
                     reference_);
  if (wire_reference_.empty()) {
    const ConductanceMatrix reference = effective(cells, ohm);
    wire_reference_.assign(reference.value.begin(), reference.value.end());
  }
  for (int row = 0; row < shape_.rows; ++row) {
    for (int col = 0; col < shape_.cols; ++col) {
      cells.at(row, col) = std::max(0.0, reference_ + static_cast<double>(seen_[index(row, col)]));
    }
  }
  const ConductanceMatrix loaded = effective(cells, ohm);
  for (int row = 0; row < shape_.rows; ++row) {
    for (int col = 0; col < shape_.cols; ++col) {
      seen_[index(row, col)] = static_cast<float>(loaded.at(row, col)) - wire_reference_[number(row, col)];
    }
  }
}

}  // namespace weft::device
