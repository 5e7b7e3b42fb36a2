// SPDX-License-Identifier: Apache-2.0
// Training with buffers in ReRAM: every vector goes through the buffer of the shard that keeps it, and what
// is read there is what the machine computes with. Shards of one layer may then hold different values of one
// vector.
#include <algorithm>

#include "models/common/error.h"
#include "tools/reference/golden.h"

namespace weft::reference {

using compiler::Area;
using compiler::LoweredLayer;
using compiler::LoweredRate;
using compiler::Part;
using compiler::PerBatch;
using compiler::Shard;
using compiler::ShardBuffers;
using fixed_point::round_shift;
using fixed_point::saturate32;
using fixed_point::saturate_magnitude;

namespace {

std::size_t index(int value) { return static_cast<std::size_t>(value); }

std::vector<std::int16_t> part_of(const std::vector<std::int16_t>& values, int first, int count) {
  const auto start = values.begin() + first;
  return {start, start + count};
}

std::vector<std::int16_t> padded(std::vector<std::int16_t> values, int size, std::int16_t padding) {
  values.resize(index(size), padding);
  return values;
}

}  // namespace

void Golden::use_stored_buffers(const compiler::Placement& placement, const compiler::Layout& layout,
                                const StoredRules& rules) {
  if (kfac_) throw Error("golden reference: found buffers in ReRAM with K-FAC, expected first order");
  stored_.emplace(Stored{placement, layout, StoredBuffers(layout, rules)});
}

void Golden::forward_stored(const std::int16_t* sample, Trace& trace) {
  trace.values.resize(layers_.size() + 1);
  trace.errors.resize(layers_.size());
  trace.inputs_of.resize(stored_->placement.shards.size());
  trace.errors_of.resize(stored_->placement.shards.size());
  trace.values[0].assign(sample, sample + layers_.front().shape.inputs);
  for (std::size_t number = 0; number < layers_.size(); ++number) {
    store_inputs(number, trace.values[number], trace);
    trace.sums = pre_activations_stored(number, trace);
    std::vector<std::int16_t> activations(trace.sums.size());
    std::transform(trace.sums.begin(), trace.sums.end(), activations.begin(),
                   [&](std::int32_t sum) { return activate(layers_[number].shape, sum); });
    const bool last = number + 1 == layers_.size();
    trace.values[number + 1] = last ? activations : store_activations(number, activations, trace.slot);
  }
}

// Layer 0 gets the sample whole, others a part from each home of the layer before.
void Golden::store_inputs(std::size_t layer, const std::vector<std::int16_t>& values, Trace& trace) {
  const compiler::Placement& placement = stored_->placement;
  for (const int number : placement.of_layer(static_cast<int>(layer))) {
    const Shard& shard = placement.shards[index(number)];
    const Area& area = stored_->layout.shards[index(number)].input;
    std::vector<std::int16_t>& held = trace.inputs_of[index(number)];
    held.assign(index(shard.rows), 0);
    std::vector<Part> parts;
    if (layer == 0) parts.push_back({shard.first_row, shard.rows});
    for (const int sender : placement.input_senders(number)) {
      const Shard& before = placement.shards[index(sender)];
      parts.push_back(compiler::overlap(before.first_column, before.columns, shard.first_row, shard.rows));
    }
    for (const Part& part : parts) {
      const int at = part.start - shard.first_row;
      const std::vector<std::int16_t> stored = stored_->buffers.store(
          area.at(2 * static_cast<std::uint32_t>(at)), trace.slot, part_of(values, part.start, part.count));
      std::copy(stored.begin(), stored.end(), held.begin() + at);
    }
  }
}

// What homes keep for the derivative, and send on. Columns of padding have the sum 0.
std::vector<std::int16_t> Golden::store_activations(std::size_t layer,
                                                    const std::vector<std::int16_t>& values,
                                                    std::size_t slot) {
  const compiler::Placement& placement = stored_->placement;
  const LoweredLayer& shape = layers_[layer].shape;
  std::vector<std::int16_t> held(values.size());
  for (const int number : placement.of_layer(static_cast<int>(layer))) {
    const Shard& shard = placement.shards[index(number)];
    if (!shard.home()) continue;
    const ShardBuffers& at = stored_->layout.shards[index(number)];
    const std::vector<std::int16_t> stored = stored_->buffers.store(
        at.activation, slot,
        padded(part_of(values, shard.first_column, shard.columns), at.padded_columns, activate(shape, 0)));
    std::copy_n(stored.begin(), shard.columns, held.begin() + shard.first_column);
  }
  return held;
}

std::vector<std::int32_t> Golden::pre_activations_stored(std::size_t number, const Trace& trace) const {
  const compiler::Placement& placement = stored_->placement;
  const Layer& layer = layers_[number];
  const std::size_t outputs = layer.bias.size();
  std::vector<std::int64_t> total(outputs, 0);
  for (const int each : placement.of_layer(static_cast<int>(number))) {
    const Shard& shard = placement.shards[index(each)];
    const std::vector<std::int16_t>& x = trace.inputs_of[index(each)];
    for (int c = shard.first_column; c < shard.first_column + shard.columns; ++c) {
      std::int64_t shard_sum = 0;
      for (int block = 0; block < shard.rows; block += network_.array_rows) {
        const int block_end = std::min(block + network_.array_rows, shard.rows);
        std::int64_t block_sum = 0;
        for (int row = block; row < block_end; ++row)
          block_sum += x[index(row)] * layer.matrix()[index(shard.first_row + row) * outputs + index(c)];
        shard_sum += saturate32(round_shift(block_sum, layer.shape.mvm_shift()));
      }
      total[index(c)] += saturate32(shard_sum);
    }
  }
  std::vector<std::int32_t> sums(outputs);
  for (std::size_t c = 0; c < outputs; ++c)
    sums[c] = saturate32(std::int64_t{saturate32(total[c])} + layer.bias_sum[c]);
  return sums;
}

void Golden::backward_stored(Trace& trace) {
  const compiler::Placement& placement = stored_->placement;
  store_errors(layers_.size() - 1, trace);
  for (std::size_t number = layers_.size() - 1; number-- > 0;) {
    const Layer& next = layers_[number + 1];
    const std::size_t outputs = next.bias.size();
    std::vector<std::int64_t> total(index(next.shape.inputs), 0);
    for (const int each : placement.of_layer(static_cast<int>(number) + 1)) {
      const Shard& shard = placement.shards[index(each)];
      const std::vector<std::int16_t>& error = trace.errors_of[index(each)];
      for (int row = shard.first_row; row < shard.first_row + shard.rows; ++row) {
        std::int64_t shard_sum = 0;
        for (int block = 0; block < shard.columns; block += network_.array_columns) {
          const int block_end = std::min(block + network_.array_columns, shard.columns);
          std::int64_t block_sum = 0;
          for (int c = block; c < block_end; ++c)
            block_sum +=
                next.matrix()[index(row) * outputs + index(shard.first_column + c)] * error[index(c)];
          shard_sum += saturate32(round_shift(block_sum, next.shape.mtvm_shift()));
        }
        total[index(row)] += saturate32(shard_sum);
      }
    }
    const std::vector<std::int16_t>& activations = trace.values[number + 1];
    trace.errors[number].resize(total.size());
    for (std::size_t row = 0; row < total.size(); ++row)
      trace.errors[number][row] =
          derived_error(layers_[number].shape, activations[row], saturate32(total[row]));
    store_errors(number, trace);
  }
}

// The head, or the home of each column, keeps what it has computed and sends what it then reads.
void Golden::store_errors(std::size_t layer, Trace& trace) {
  const compiler::Placement& placement = stored_->placement;
  const compiler::Layout& layout = stored_->layout;
  const std::vector<std::int16_t>& errors = trace.errors[layer];
  const bool last = layer + 1 == layers_.size();
  std::vector<std::int16_t> kept(errors.size());
  if (last) kept = stored_->buffers.store(layout.head.error, trace.slot, errors);
  for (const int number : placement.of_layer(static_cast<int>(layer))) {
    const Shard& shard = placement.shards[index(number)];
    const ShardBuffers& at = layout.shards[index(number)];
    std::vector<std::int16_t>& held = trace.errors_of[index(number)];
    if (last && placement.is_head(number)) {
      held = part_of(kept, 0, shard.columns);
      continue;
    }
    if (!last && shard.home()) {
      held = stored_->buffers.store(
          at.error, trace.slot,
          padded(part_of(errors, shard.first_column, shard.columns), at.padded_columns, 0));
      held.resize(index(shard.columns));
      std::copy(held.begin(), held.end(), kept.begin() + shard.first_column);
      continue;
    }
    held = stored_->buffers.store(at.error, trace.slot, part_of(kept, shard.first_column, shard.columns));
  }
}

void Golden::update_stored(std::size_t number, const std::vector<Trace>& traces, std::size_t count,
                           const LoweredRate& rate) {
  if (network_.has_kernels()) return update_with_kernels(number, traces, count, rate);
  Layer& layer = layers_[number];
  const std::size_t outputs = layer.bias.size();
  const bool at_once = network_.deposits == PerBatch::batch;
  std::vector<std::int32_t> sum(at_once ? layer.weights.size() : 0, 0);
  std::vector<std::uint8_t> rows(layer.touched.size());
  for (std::size_t i = 0; i < count; ++i) {
    for (const int each : stored_->placement.of_layer(static_cast<int>(number))) {
      const Shard& shard = stored_->placement.shards[index(each)];
      const std::vector<std::int16_t>& x = traces[i].inputs_of[index(each)];
      const std::vector<std::int16_t> step = stored_step(number, each, traces[i], rate);
      if (!at_once) {
        deposit_shard(number, shard, x, step);
        continue;
      }
      for (int row = 0; row < shard.rows; ++row) {
        if (x[index(row)] == 0) continue;
        rows[index(shard.first_row + row)] = 1;
        std::int32_t* const target = &sum[index(shard.first_row + row) * outputs + index(shard.first_column)];
        for (std::size_t c = 0; c < index(shard.columns); ++c)
          target[c] = saturate32(target[c] + std::int64_t{x[index(row)]} * step[c]);
      }
    }
    if (!at_once && network_.carry_unit == PerBatch::example) count_carries(layer, 1);
  }
  if (at_once) deposit_sum(layer, sum, rows);
  finish_update(layer, count);
}

std::vector<std::int16_t> Golden::stored_errors_of_homes(std::size_t number, const Trace& trace) const {
  std::vector<std::int16_t> errors(layers_[number].bias.size());
  for (const int each : stored_->placement.of_layer(static_cast<int>(number))) {
    const Shard& shard = stored_->placement.shards[index(each)];
    if (!shard.home()) continue;
    const std::vector<std::int16_t>& held = trace.errors_of[index(each)];
    std::copy_n(held.begin(), shard.columns, errors.begin() + shard.first_column);
  }
  return errors;
}

void Golden::deposit_shard(std::size_t number, const Shard& shard, const std::vector<std::int16_t>& x,
                           const std::vector<std::int16_t>& step) {
  Layer& layer = layers_[number];
  if (filter_) {
    std::vector<std::int16_t> all_rows(layer.touched.size());
    std::vector<std::int16_t> all_columns(layer.bias.size());
    std::copy_n(x.begin(), shard.rows, all_rows.begin() + shard.first_row);
    std::copy_n(step.begin(), shard.columns, all_columns.begin() + shard.first_column);
    filter_->update_shard(number, {shard.first_row, shard.rows}, {shard.first_column, shard.columns},
                          all_rows, all_columns, matrix_of(layer));
    std::fill(layer.touched.begin(), layer.touched.end(), std::uint8_t{1});
    return;
  }
  for (int row = 0; row < shard.rows; ++row) {
    const std::int64_t factor = x[index(row)];
    if (factor == 0) continue;
    const std::size_t to = index(shard.first_row + row);
    std::int64_t* const weights = &layer.weights[to * layer.bias.size() + index(shard.first_column)];
    for (std::size_t c = 0; c < index(shard.columns); ++c) weights[c] += factor * step[c];
    layer.touched[to] = 1;
  }
}

// The bias's step is taken, the weights' is stored and returned.
std::vector<std::int16_t> Golden::stored_step(std::size_t number, int shard_number, const Trace& trace,
                                              const LoweredRate& rate) {
  Layer& layer = layers_[number];
  const Shard& shard = stored_->placement.shards[index(shard_number)];
  const ShardBuffers& at = stored_->layout.shards[index(shard_number)];
  const std::vector<std::int16_t>& error = trace.errors_of[index(shard_number)];
  std::vector<std::int16_t> step(error.size());
  for (std::size_t c = 0; c < error.size(); ++c) {
    const std::int64_t product = -std::int64_t{error[c]} * rate.multiplier;
    step[c] =
        saturate_magnitude(round_shift(product, rate.update_shift(layer.shape)), network_.format.error_bits);
    if (!shard.home()) continue;
    std::int32_t& bias = layer.bias[index(shard.first_column) + c];
    bias = saturate32(std::int64_t{bias} + saturate32(round_shift(product, rate.bias_shift(layer.shape))));
  }
  return stored_->buffers.store(at.update, trace.slot, padded(std::move(step), at.padded_columns, 0));
}

}  // namespace weft::reference
