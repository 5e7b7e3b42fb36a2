// SPDX-License-Identifier: Apache-2.0
#include "models/device/cell_array.h"

#include <algorithm>
#include <cmath>

#include "models/common/vector_clones.h"
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

// Of a loss, which is not negative; loops with std::lround do not vectorise.
[[gnu::always_inline]] inline std::uint32_t rounded_up_from_half(float loss) {
  const double above = static_cast<double>(loss) + 0.5;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(above));
}

// Cells keep what they hold where they are not to be written; returns how many were.
WEFT_VECTOR_CLONES std::uint64_t write_row(const std::int8_t* level, const std::uint8_t* skip, int count,
                                           float* state) {
  std::uint32_t written = 0;
  for (int i = 0; i < count; ++i) {
    state[i] = skip[i] != 0 ? state[i] : static_cast<float>(level[i]);
    written += skip[i] == 0 ? 1U : 0U;
  }
  return written;
}

// Of ideal cells, without those that are stuck (null: none is).
WEFT_VECTOR_CLONES PulseLosses pulse_row(const std::int16_t* pulses, const std::uint8_t* stuck, int count,
                                         float low, float high, float* state) {
  std::uint32_t cells = 0;
  std::uint32_t units = 0;
  for (int i = 0; i < count; ++i) {
    const float change = stuck != nullptr && stuck[i] != 0 ? 0.0F : static_cast<float>(pulses[i]);
    const float before = state[i];
    const float wanted = before + change;
    // A cell outside its bounds, where programming may leave it, is not pulled back by a bound.
    const float kept = std::min(std::max(wanted, std::min(before, low)), std::max(before, high));
    const float lost = std::fabs(wanted - kept);
    cells += lost > 0 ? 1U : 0U;
    units += rounded_up_from_half(lost);
    state[i] = kept;
  }
  return {cells, units};
}

WEFT_VECTOR_CLONES PulseLosses losses_of(const float* lost, int count) {
  std::uint32_t cells = 0;
  std::uint32_t units = 0;
  for (int i = 0; i < count; ++i) {
    cells += lost[i] > 0 ? 1U : 0U;
    units += rounded_up_from_half(lost[i]);
  }
  return {cells, units};
}

WEFT_VECTOR_CLONES void round_row(const float* state, int count, int cell_min, int cell_max,
                                  std::int8_t* level) {
  const auto low = static_cast<float>(cell_min);
  const auto high = static_cast<float>(cell_max);
  for (int i = 0; i < count; ++i) {
    // From above zero, so that truncation rounds.
    const float above = std::min(std::max(state[i], low), high) - low + 0.5F;
    level[i] = static_cast<std::int8_t>(static_cast<int>(above) + cell_min);
  }
}

// Whether noise of up to `reach` may bring a state nearer to another level.
WEFT_VECTOR_CLONES void find_unsure(const float* state, int count, float reach, std::uint8_t* unsure) {
  for (int i = 0; i < count; ++i) {
    const float half = state[i] < 0 ? -0.5F : 0.5F;
    const auto nearest = static_cast<float>(static_cast<std::int32_t>(state[i] + half));
    unsure[i] = static_cast<std::uint8_t>(std::fabs(state[i] - nearest) + reach >= 0.5F);
  }
}

WEFT_VECTOR_CLONES float highest_of(const float* state, int count) {
  float highest = 0;
  for (int i = 0; i < count; ++i) highest = highest < state[i] ? state[i] : highest;
  return highest;
}

}  // namespace

CellStatistics& CellStatistics::operator+=(const CellStatistics& other) {
  program_pulses += other.program_pulses;
  row_pulses += other.row_pulses;
  verify_failures += other.verify_failures;
  update_pulses += other.update_pulses;
  stuck_low += other.stuck_low;
  stuck_high += other.stuck_high;
  return *this;
}

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
  for (std::vector<float>* trait : {&step_up_, &step_down_, &low_, &high_, &slope_})
    trait->resize(state_.size());
  for (int row = 0; row < shape_.rows; ++row) {
    for (int col = 0; col < shape_.cols; ++col) {
      const auto draw = random_.normals(Purpose::step, number(row, col));
      const auto bound = random_.normals(Purpose::bounds, number(row, col));
      // A pulse never works backwards, however weak the cell.
      const double step = update.step * std::max(0.0, 1 + update.step_variation * draw[0]);
      const double beta = std::clamp(update.asymmetry + update.asymmetry_sigma * draw[1], -1.0, 1.0);
      const std::size_t cell = index(row, col);
      step_up_[cell] = static_cast<float>(step * (1 + beta));
      step_down_[cell] = static_cast<float>(step * (1 - beta));
      slope_[cell] = static_cast<float>(std::max(0.0, update.slope + update.slope_variation * draw[2]));
      const double high = shape_.cell_max * (1 + update.bound_variation * bound[0]);
      const double low = shape_.cell_min * (1 + update.bound_variation * bound[1]);
      high_[cell] = std::max(smallest_bound, static_cast<float>(high));
      // No conductance is below zero, which is the lowest state of cells that are not half open at level 0.
      low_[cell] =
          std::max(std::min(static_cast<float>(low), -smallest_bound), static_cast<float>(-reference_));
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
  changed();
}

// What the cell has lost is lost; its state is that of a new one.
void CellArray::written(std::size_t cell) {
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

void CellArray::draw_listed(Purpose purpose, std::uint64_t operation, int row, int col, std::uint32_t block) {
  scratch_.places.clear();
  for (const int i : scratch_.listed)
    scratch_.places.push_back(CellRandom::place(number(row, col + i), block));
  scratch_.deviates.resize(4 * scratch_.listed.size());
  random_.normals_at(purpose, operation, scratch_.places.data(), static_cast<int>(scratch_.listed.size()),
                     scratch_.deviates.data());
}

// One pulse each for the listed cells.
unsigned CellArray::program_spread(std::uint64_t operation, int row, int col, const std::int8_t* level) {
  draw_listed(Purpose::programming, operation, row, col, 0);
  for (std::size_t n = 0; n < scratch_.listed.size(); ++n) {
    const int i = scratch_.listed[n];
    const float sigma = level_sigma_[static_cast<std::size_t>(level[i] - shape_.cell_min)];
    const float reached = static_cast<float>(level[i]) + sigma * scratch_.deviates[4 * n];
    state_[index(row, col + i)] = std::max(reached, static_cast<float>(-reference_));
  }
  statistics_.program_pulses += scratch_.listed.size();
  return 1;
}

// Every pulse is an attempt of its own, so the number of pulses is geometric with the probability
// erf(window / (sigma sqrt 2)) that a verification without noise passes. The verifying read is as noisy
// as any.
unsigned CellArray::verify(std::uint64_t operation, int row, int col, const std::int8_t* level) {
  const auto window = static_cast<float>(config_.programming.verify_window);
  std::vector<int>& pending = scratch_.listed;
  int attempt = 0;
  for (; attempt < config_.programming.verify_pulses && !pending.empty(); ++attempt) {
    draw_listed(Purpose::verify, operation, row, col, static_cast<std::uint32_t>(attempt));
    statistics_.program_pulses += pending.size();
    std::size_t left = 0;
    for (std::size_t n = 0; n < pending.size(); ++n) {
      const int i = pending[n];
      const auto target = static_cast<float>(level[i]);
      const float sigma = level_sigma_[static_cast<std::size_t>(level[i] - shape_.cell_min)];
      const float* draw = scratch_.deviates.data() + 4 * n;
      const float state = std::max(target + sigma * draw[0], static_cast<float>(-reference_));
      const float noise = static_cast<float>(cell_noise_sigma(state)) * draw[1];
      state_[index(row, col + i)] = state;
      // Without a spread there is nothing to verify.
      if (sigma > 0 && std::fabs(state + noise - target) > window) pending[left++] = i;
    }
    pending.resize(left);
  }
  statistics_.verify_failures += pending.size();
  return static_cast<unsigned>(attempt);
}

// Marks the cells of a row that are not to be written, in scratch_.skip.
void CellArray::find_skipped(int row, int col, int count, const std::int8_t* level, bool changed_only) {
  const auto cells = static_cast<std::size_t>(count);
  std::vector<std::uint8_t>& skip = scratch_.skip;
  if (stuck_.empty()) {
    skip.assign(cells, 0);
  } else {
    const auto first = stuck_.begin() + static_cast<std::ptrdiff_t>(index(row, col));
    skip.assign(first, first + count);
  }
  if (!changed_only) return;
  scratch_.level.resize(cells);
  nearest_levels(conducting(row, col, count), count, scratch_.level.data());
  for (std::size_t i = 0; i < cells; ++i)
    skip[i] = static_cast<std::uint8_t>(skip[i] | static_cast<std::uint8_t>(scratch_.level[i] == level[i]));
}

unsigned CellArray::program(std::uint64_t operation, int row, int col, int count, const std::int8_t* level,
                            bool changed_only) {
  find_skipped(row, col, count, level, changed_only);
  unsigned most = 0;
  if (level_sigma_.empty()) {
    const std::uint64_t pulses =
        write_row(level, scratch_.skip.data(), count, state_.data() + index(row, col));
    statistics_.program_pulses += pulses;
    most = pulses > 0 ? 1 : 0;
  } else {
    scratch_.listed.clear();
    for (int i = 0; i < count; ++i) {
      if (scratch_.skip[static_cast<std::size_t>(i)] == 0) scratch_.listed.push_back(i);
    }
    if (scratch_.listed.empty()) return 0;
    const bool verified = config_.programming.verify_window > 0;
    most = verified ? verify(operation, row, col, level) : program_spread(operation, row, col, level);
  }
  if (most == 0) return 0;
  changed();
  for (int i = 0; ageing_ && i < count; ++i) {
    if (scratch_.skip[static_cast<std::size_t>(i)] == 0) written(index(row, col + i));
  }
  statistics_.row_pulses += most;
  return most;
}

// ---- Pulses ----

// Rounds of as many pulses as a block of random numbers has deviates.
PulseLosses CellArray::pulse_model(std::uint64_t operation, int row, int count, const std::int16_t* pulses) {
  const std::size_t first = index(row, 0);
  scratch_.pulses.assign(pulses, pulses + count);
  int most = 0;
  for (int i = 0; i < count; ++i) {
    std::int32_t& own = scratch_.pulses[static_cast<std::size_t>(i)];
    if (is_stuck(first + static_cast<std::size_t>(i))) own = 0;
    most = std::max(most, std::abs(own));
  }
  scratch_.lost.assign(static_cast<std::size_t>(count), 0.0F);
  scratch_.deviates.resize(std::size_t{PulseBatch::most_pulses} * static_cast<std::size_t>(count));
  PulseBatch batch;
  batch.count = count;
  batch.state = state_.data() + first;
  batch.lost = scratch_.lost.data();
  batch.pulses = scratch_.pulses.data();
  batch.step_up = step_up_.data() + first;
  batch.step_down = step_down_.data() + first;
  batch.low = low_.data() + first;
  batch.high = high_.data() + first;
  batch.slope = slope_.data() + first;
  batch.noise = static_cast<float>(config_.update.noise);
  batch.deviate = scratch_.deviates.data();
  for (; batch.done < most; batch.done += PulseBatch::most_pulses) {
    if (batch.noise > 0) {
      random_.normals(Purpose::pulse, operation,
                      static_cast<std::uint32_t>(batch.done / PulseBatch::most_pulses),
                      PulseBatch::most_pulses * count, scratch_.deviates.data(), number(row, 0));
    }
    model_->pulse(batch, config_.update);
  }
  return losses_of(scratch_.lost.data(), count);
}

// Pulses work on what is left of a cell.
void CellArray::renew_pulsed(int row, int count, const std::int16_t* pulses) {
  const auto reference = static_cast<float>(reference_);
  for (int col = 0; col < count; ++col) {
    const std::size_t cell = index(row, col);
    if (pulses[col] == 0 || is_stuck(cell)) continue;
    state_[cell] = (state_[cell] + reference) * ageing_->left(cell) - reference;
    written(cell);
  }
}

PulseLosses CellArray::pulse(std::uint64_t operation, int row, int count, const std::int16_t* pulses) {
  std::uint32_t applied = 0;
  for (int col = 0; col < count; ++col) applied += static_cast<std::uint32_t>(std::abs(pulses[col]));
  if (applied == 0) return {};
  statistics_.update_pulses += applied;
  changed();
  if (ageing_) renew_pulsed(row, count, pulses);
  if (model_ != nullptr) return pulse_model(operation, row, count, pulses);
  const std::uint8_t* stuck = stuck_.empty() ? nullptr : stuck_.data() + index(row, 0);
  return pulse_row(pulses, stuck, count, static_cast<float>(shape_.cell_min),
                   static_cast<float>(shape_.cell_max), state_.data() + index(row, 0));
}

// ---- Reading ----

double CellArray::cell_noise_sigma(float seen) const {
  return std::sqrt(line_variance_ + relative_variance_ * square(reference_ + static_cast<double>(seen)));
}

void CellArray::nearest_levels(const float* state, int count, std::int8_t* level) const {
  round_row(state, count, shape_.cell_min, shape_.cell_max, level);
}

const float* CellArray::conducting(int row, int col, int count) {
  const float* state = state_.data() + index(row, col);
  if (gain_.empty()) return state;
  const auto reference = static_cast<float>(reference_);
  const float* gain = gain_.data() + index(row, col);
  scratch_.conducting.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    scratch_.conducting[static_cast<std::size_t>(i)] = (state[i] + reference) * gain[i] - reference;
  return scratch_.conducting.data();
}

// Noise that cannot reach the next level need not be drawn. No cell is noisier than the one that conducts
// most; a little more is allowed for rounding.
void CellArray::read_noisy(std::uint64_t operation, int row, int col, const float* state, int count,
                           std::int8_t* level) {
  const auto largest_sigma = static_cast<float>(cell_noise_sigma(highest_of(state, count)));
  scratch_.skip.resize(static_cast<std::size_t>(count));
  find_unsure(state, count, largest_sigma * largest_normal * 1.001F, scratch_.skip.data());
  scratch_.listed.clear();
  for (int i = 0; i < count; ++i) {
    if (scratch_.skip[static_cast<std::size_t>(i)] != 0) scratch_.listed.push_back(i);
  }
  if (scratch_.listed.empty()) return;
  draw_listed(Purpose::cell_noise, operation, row, col, 0);
  const std::size_t cells = scratch_.listed.size();
  scratch_.state.resize(cells);
  scratch_.level.resize(cells);
  for (std::size_t n = 0; n < cells; ++n) {
    const float quiet = state[scratch_.listed[n]];
    scratch_.state[n] = quiet + static_cast<float>(cell_noise_sigma(quiet)) * scratch_.deviates[4 * n];
  }
  nearest_levels(scratch_.state.data(), static_cast<int>(cells), scratch_.level.data());
  for (std::size_t n = 0; n < cells; ++n) level[scratch_.listed[n]] = scratch_.level[n];
}

void CellArray::read(std::uint64_t operation, int row, int col, int count, std::int8_t* level) {
  const float* state = conducting(row, col, count);
  nearest_levels(state, count, level);
  if (has_read_noise()) read_noisy(operation, row, col, state, count, level);
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
