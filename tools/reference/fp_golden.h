// SPDX-License-Identifier: Apache-2.0
// Golden reference of training on floating-point PIM units: the network in floating point, every sum in the
// order of the mapping, every operation rounded to nearest, ties to even, by itself. The platform must give
// these numbers bit for bit. In fp32 it is plain single-precision arithmetic of the host.
// docs/models/fp_pim.md has the formulas.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/compiler/fp_mapping.h"
#include "tools/dataset/dataset.h"
#include "tools/reference/golden.h"
#include "tools/reference/stop_request.h"

namespace weft::reference {

class FpGolden {
 public:
  // Throws Error when `initial` does not fit the layers.
  FpGolden(const compiler::FpMapping& mapping, const std::vector<LayerWeights>& initial);

  // As Golden's.
  EpochMetrics train_epoch(const dataset::Dataset& data, const std::vector<std::uint32_t>& order, int epoch);
  EpochMetrics evaluate(const dataset::Dataset& data) const;

  // Inputs x outputs, and outputs.
  std::vector<float> weights(std::size_t layer) const;
  std::vector<float> bias(std::size_t layer) const;

  // Looked at before every batch and while evaluating.
  void stop_on(const StopRequest& request) { stop_ = request; }

 private:
  using Numbers = std::vector<float>;
  struct Layer {
    compiler::FpLayer shape;
    // padded_rows x outputs, the biases behind the inputs.
    Numbers weights;
    std::vector<Numbers> states;
  };
  // What a sample's passes leave for the update: inputs of every layer, padded, and errors at the sums.
  struct Trace {
    std::vector<Numbers> inputs;
    std::vector<Numbers> errors;
    Numbers output;
  };

  void forward(const float* sample, Trace& trace) const;
  void judge(Trace& trace, int label, EpochMetrics& metrics) const;
  void backward(Trace& trace) const;
  void update(const std::vector<Trace>& traces, std::size_t count, float rate);
  void step_adam(float rate);

  // ---- what the units do; `numbers` in the cells' format ----
  Numbers rounded(const Numbers& numbers) const;
  Numbers product(const Layer& layer, const Numbers& x) const;
  Numbers product_back(const Layer& layer, const Numbers& error) const;
  void add_outer_product(const Layer& layer, Numbers& matrix, const Numbers& x, const Numbers& d) const;
  template <typename Body>
  void with_rounding(Body body) const;

  compiler::FpMapping mapping_;
  std::vector<Layer> layers_;
  float decay_power_ = 1;
  float second_decay_power_ = 1;
  StopRequest stop_;
};

}  // namespace weft::reference
