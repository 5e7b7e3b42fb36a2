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
    const std::vector<std::int16_t>& x = traces[i].values[number];
    const std::vector<std::int16_t>& error = traces[i].errors[number];
    take_step(layer, error, rate);  // of the bias
    for (std::size_t row = 0; row < x.size(); ++row) {
      if (x[row] == 0) continue;
      for (std::size_t c = 0; c < outputs; ++c) {
        std::int64_t& sum = gradient[row * outputs + c];
        sum += std::int64_t{x[row]} * error[c];
        if (network_.stores_gradients()) sum = saturate32(sum);
      }
    }
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

}  // namespace weft::reference
