// SPDX-License-Identifier: Apache-2.0
// Updates of a machine that forms gradients with activations as kernels: docs/numerics.md.
#include <algorithm>

#include "tools/reference/golden.h"

namespace weft::reference {

using compiler::LoweredRate;
using fixed_point::round_shift;
using fixed_point::saturate32;

// What arrays sum is exact until it is stored; sums of stored gradients saturate with every addition.
void Golden::update_with_kernels(std::size_t number, const std::vector<Trace>& traces, std::size_t count,
                                 const LoweredRate& rate) {
  Layer& layer = layers_[number];
  const std::size_t outputs = layer.bias.size();
  std::vector<std::int64_t> gradient(layer.weights.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    // Of the bias.
    take_step(layer, stored_ ? stored_errors_of_homes(number, traces[i]) : traces[i].errors[number], rate);
    if (stored_ || kernels_) {
      add_gradient_of_shards(number, traces[i], gradient);
      continue;
    }
    const std::vector<std::int16_t>& x = traces[i].values[number];
    add_gradient({0, static_cast<int>(x.size())}, {0, static_cast<int>(outputs)}, x, traces[i].errors[number],
                 gradient, outputs);
  }
  const int shift = rate.update_shift(layer.shape);
  for (std::int64_t& each : gradient)
    each = saturate32(round_shift(-std::int64_t{saturate32(each)} * rate.multiplier, shift));
  if (filter_) {
    filter_->update_all(number, gradient, outputs);
    filter_->write_back(number, matrix_of(layer));
  } else {
    for (std::size_t i = 0; i < gradient.size(); ++i)
      layer.weights[i] = std::clamp(layer.weights[i] + gradient[i], range_.min, range_.max);
  }
  refresh_bias_sum(layer);
}

void Golden::add_gradient_of_shards(std::size_t number, const Trace& trace,
                                    std::vector<std::int64_t>& gradient) {
  const auto part = [](const std::vector<std::int16_t>& values, int first, int count) {
    return std::vector<std::int16_t>(values.begin() + first, values.begin() + first + count);
  };
  const compiler::Placement& placement = stored_ ? stored_->placement : kernels_->placement;
  for (const int each : placement.of_layer(static_cast<int>(number))) {
    const auto of = static_cast<std::size_t>(each);
    const compiler::Shard& shard = placement.shards[of];
    std::vector<std::int16_t> x =
        stored_ ? trace.inputs_of[of] : part(trace.values[number], shard.first_row, shard.rows);
    if (kernels_) x = kernels_->rows.write(of, trace.slot, x);
    const std::vector<std::int16_t> error =
        stored_ ? trace.errors_of[of] : part(trace.errors[number], shard.first_column, shard.columns);
    add_gradient({shard.first_row, shard.rows}, {shard.first_column, shard.columns}, x, error, gradient,
                 layers_[number].bias.size());
  }
}

void Golden::add_gradient(const compiler::Part& rows, const compiler::Part& columns,
                          const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& error,
                          std::vector<std::int64_t>& gradient, std::size_t outputs) const {
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows.count); ++row) {
    if (x[row] == 0) continue;
    const std::size_t first = (static_cast<std::size_t>(rows.start) + row) * outputs;
    for (std::size_t c = 0; c < static_cast<std::size_t>(columns.count); ++c) {
      std::int64_t& sum = gradient[first + static_cast<std::size_t>(columns.start) + c];
      sum += std::int64_t{x[row]} * error[c];
      if (network_.stores_gradients()) sum = saturate32(sum);
    }
  }
}

}  // namespace weft::reference
