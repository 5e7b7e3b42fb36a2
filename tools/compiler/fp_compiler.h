// SPDX-License-Identifier: Apache-2.0
// The compiler's way for networks on floating-point PIM units: mapping, buffers, DRAM images, code. What is
// made is a CompiledProgram like any other, with `fp` set.
#pragma once

#include "tools/compiler/compiler.h"

namespace weft::compiler {

// Throws Error with what does not fit and what would.
CompiledProgram compile_fp(const reference::Network& network, const reference::TrainingPlan& plan,
                           const dataset::Split& data, const CompileOptions& options,
                           const FpOptions& fp_options);

// Weights and biases in the order of the layer, inputs x outputs, from a block's image: the bits of fp32.
void unpack_block(const FpLayer& layer, int block, const std::vector<std::int32_t>& image,
                  LoweredWeights& weights);

}  // namespace weft::compiler
