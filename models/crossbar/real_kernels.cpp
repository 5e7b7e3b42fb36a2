// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/real_kernels.h"

#define WEFT_VECTOR_TARGET

#include "models/crossbar/real_vector.h"

namespace weft::crossbar {
const RealKernels& portable_real_kernels() { return kernels<16, 3, 1>(); }
}  // namespace weft::crossbar
