// SPDX-License-Identifier: Apache-2.0
// Golden reference: trains a lowered network in the machine's fixed-point arithmetic, tensor by tensor,
// without machine. With ideal arrays (every conversion lossless, no cell saturating between carry
// resolutions) the platform must give these weights, biases and figures bit for bit. The formulas are in
// docs/numerics.md; rounding, saturation and tables are in fixed_point.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "tools/compiler/lowering.h"
#include "tools/reference/fixed_point.h"
#include "tools/reference/golden_filter.h"
#include "tools/reference/golden_kfac.h"
#include "tools/reference/kernel_rows.h"
#include "tools/reference/stop_request.h"
#include "tools/reference/stored_buffers.h"

namespace weft::reference {

// What an array can hold once its carries are resolved.
struct WeightRange {
  std::int64_t min = std::numeric_limits<std::int32_t>::min();
  std::int64_t max = std::numeric_limits<std::int32_t>::max();
};

// Sums over samples. In training each sample is judged by the weights of its own forward pass.
struct EpochMetrics {
  std::int64_t samples = 0;
  std::int64_t correct = 0;
  std::int64_t loss_q16 = 0;  // 16 fraction bits

  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(samples); }
  double mean_loss() const { return static_cast<double>(loss_q16) / 65536.0 / static_cast<double>(samples); }
};

class Golden {
 public:
  // Weights outside `range` are clamped to it, as programming the arrays does. Throws Error when the
  // network's formats cannot be executed or `initial` does not fit its layers.
  Golden(const compiler::LoweredNetwork& network, const std::vector<compiler::LoweredWeights>& initial,
         WeightRange range = {});

  // Updates pass write filters from now on; before the first epoch.
  void use_filter(const FilterPlan& plan) { filter_.emplace(plan); }
  // Filters of activations that become kernels.
  void use_kernel_filter(const compiler::Placement& placement, const KernelPlan& plan) {
    kernels_.emplace(FilteredKernels{placement, KernelRows(plan)});
  }
  // From now on inputs, activations, errors and updates are kept in ReRAM, as compiled. Throws Error with
  // K-FAC.
  void use_stored_buffers(const compiler::Placement& placement, const compiler::Layout& layout,
                          const StoredRules& rules);

  // One pass over the samples that `order` names. `codes`: samples x features, row-major, as
  // compiler::input_code() makes them; `labels`: one a sample; `epoch` (from 0) chooses the rate. A last
  // batch that is incomplete is processed with its own samples at the same rate. Throws Error when data,
  // order or epoch do not fit.
  EpochMetrics train_epoch(const std::vector<std::int16_t>& codes, const std::vector<int>& labels,
                           const std::vector<std::uint32_t>& order, int epoch);

  // The same figures over all samples, without training; of the network, only what buffers in ReRAM hold
  // changes. Throws Error alike.
  EpochMetrics evaluate(const std::vector<std::int16_t>& codes, const std::vector<int>& labels);
  // Likewise, leaving those buffers as they are, too.
  EpochMetrics evaluate(const std::vector<std::int16_t>& codes, const std::vector<int>& labels) const {
    return Golden(*this).evaluate(codes, labels);
  }

  // What the network answers to one sample: the last layer's sums (16 fraction bits) for cross_entropy,
  // else its activations (output_fraction), without buffers in ReRAM. Throws Error when the sample does not
  // fit.
  std::vector<std::int32_t> outputs(const std::vector<std::int16_t>& sample) const;

  // As read from the arrays, row-major inputs x outputs: with unresolved carries, clamped to the range.
  std::vector<std::int32_t> weights(std::size_t layer) const;
  // With compiler::bias_fraction bits.
  const std::vector<std::int32_t>& bias(std::size_t layer) const { return layers_.at(layer).bias; }
  // What second-order updates have met so far.
  KfacCounts kfac_counts() const { return kfac_ ? kfac_->counts() : KfacCounts{}; }

  // Looked at before every batch and while evaluating.
  void stop_on(const StopRequest& request) { stop_ = request; }

 private:
  struct Layer {
    compiler::LoweredLayer shape;
    std::vector<std::int64_t> weights;  // exact between carry resolutions, hence wider than the arrays
    std::vector<std::int64_t> copied;   // variant 3: what the passes read, as of the last batch
    std::vector<std::int32_t> bias;
    std::vector<std::int32_t> bias_sum;  // bias as it is added to the sums
    int unresolved = 0;                  // samples or batches since the last carry resolution
    std::vector<std::uint8_t> touched;   // rows that they reached

    const std::vector<std::int64_t>& matrix() const { return shape.has_accumulator() ? copied : weights; }
  };

  // What a sample's passes leave for the update.
  struct Trace {
    std::size_t slot = 0;                           // within the batch
    std::vector<std::vector<std::int16_t>> values;  // [0] input codes, [l + 1] activations of layer l
    std::vector<std::vector<std::int16_t>> errors;  // [l] at the pre-activation of layer l
    std::vector<std::int32_t> sums;                 // pre-activations of the last layer
    // With buffers in ReRAM, what each shard holds of its layer's inputs and errors, by shard.
    std::vector<std::vector<std::int16_t>> inputs_of;
    std::vector<std::vector<std::int16_t>> errors_of;
  };
  struct Stored {
    compiler::Placement placement;
    compiler::Layout layout;
    StoredBuffers buffers;
  };

  struct FilteredKernels {
    compiler::Placement placement;
    KernelRows rows;
  };

  void check_samples(const std::vector<std::int16_t>& codes, std::size_t count) const;
  void check_labels(const std::vector<int>& labels) const;

  void forward(const std::int16_t* sample, Trace& trace) const;
  // With buffers in ReRAM, where shards of one layer may hold different values: golden_stored.cpp.
  void forward_stored(const std::int16_t* sample, Trace& trace);
  void store_inputs(std::size_t layer, const std::vector<std::int16_t>& values, Trace& trace);
  std::vector<std::int16_t> store_activations(std::size_t layer, const std::vector<std::int16_t>& values,
                                              std::size_t slot);
  std::vector<std::int32_t> pre_activations_stored(std::size_t layer, const Trace& trace) const;
  void backward_stored(Trace& trace);
  void store_errors(std::size_t layer, Trace& trace);
  void update_stored(std::size_t number, const std::vector<Trace>& traces, std::size_t count,
                     const compiler::LoweredRate& rate);
  void deposit_shard(std::size_t layer, const compiler::Shard& shard, const std::vector<std::int16_t>& x,
                     const std::vector<std::int16_t>& step);
  std::vector<std::int16_t> stored_step(std::size_t layer, int shard, const Trace& trace,
                                        const compiler::LoweredRate& rate);
  std::vector<std::int32_t> pre_activations(const Layer& layer, const std::vector<std::int16_t>& x) const;
  std::int16_t activate(const compiler::LoweredLayer& shape, std::int32_t sum) const;

  // Adds the sample to the figures and leaves the error at the last layer's pre-activation in the trace.
  void judge(Trace& trace, int label, EpochMetrics& metrics) const;
  void judge_cross_entropy(Trace& trace, std::size_t label, EpochMetrics& metrics) const;
  void judge_squared_error(Trace& trace, std::size_t label, EpochMetrics& metrics) const;

  void backward(Trace& trace) const;
  std::int16_t derived_error(const compiler::LoweredLayer& shape, std::int16_t activation,
                             std::int32_t projection) const;
  std::int32_t back_projection(const Layer& layer, std::size_t row,
                               const std::vector<std::int16_t>& error) const;

  // The samples of a batch into one layer.
  void update(std::size_t number, const std::vector<Trace>& traces, std::size_t count,
              const compiler::LoweredRate& rate);
  // The same with gradients of activations as kernels.
  void update_with_kernels(std::size_t number, const std::vector<Trace>& traces, std::size_t count,
                           const compiler::LoweredRate& rate);
  // Inputs times errors of a part of a layer's matrix.
  void add_gradient(const compiler::Part& rows, const compiler::Part& columns,
                    const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& error,
                    std::vector<std::int64_t>& gradient, std::size_t outputs) const;
  // The same shard by shard, where shards hold values of their own.
  void add_gradient_of_shards(std::size_t number, const Trace& trace, std::vector<std::int64_t>& gradient);
  // What the homes of a layer keep of its errors, which biases learn from.
  std::vector<std::int16_t> stored_errors_of_homes(std::size_t number, const Trace& trace) const;
  // The same into all layers, second order.
  void update_second_order(const std::vector<Trace>& traces, std::size_t count,
                           const compiler::LoweredRate& rate);
  void finish_update(Layer& layer, std::size_t count);
  // The bias's step is taken, the weights' is returned.
  std::vector<std::int16_t> take_step(Layer& layer, const std::vector<std::int16_t>& error,
                                      const compiler::LoweredRate& rate) const;
  void deposit(Layer& layer, const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& step);
  void deposit_sum(Layer& layer, const std::vector<std::int32_t>& sum, const std::vector<std::uint8_t>& rows);
  void deposit_row(Layer& layer, std::size_t row, const std::vector<std::int16_t>& upper,
                   const std::vector<std::int16_t>& lower);
  std::size_t number_of(const Layer& layer) const {
    return static_cast<std::size_t>(&layer - layers_.data());
  }
  GoldenFilter::Matrix matrix_of(Layer& layer) const {
    return {layer.weights, layer.bias.size(), range_.min, range_.max};
  }
  void count_carries(Layer& layer, std::size_t amount) const;
  void resolve_carries(Layer& layer) const;
  static void refresh_bias_sum(Layer& layer);
  void copy_back(Layer& layer) const;

  compiler::LoweredNetwork network_;
  WeightRange range_;
  std::vector<Layer> layers_;
  fixed_point::Tables tables_;
  std::optional<GoldenKfac> kfac_;
  std::optional<GoldenFilter> filter_;
  std::optional<Stored> stored_;
  std::optional<FilteredKernels> kernels_;
  StopRequest stop_;
};

}  // namespace weft::reference
