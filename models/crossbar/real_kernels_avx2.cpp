// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/real_kernels.h"

#if defined(__x86_64__)

#define WEFT_VECTOR_TARGET __attribute__((target("avx2")))

#include "models/crossbar/real_vector.h"

namespace weft::crossbar {
const RealKernels& avx2_real_kernels() { return kernels<32, 3, 2>(); }
}  // namespace weft::crossbar

#else

namespace weft::crossbar {
const RealKernels& avx2_real_kernels() { return portable_real_kernels(); }
}  // namespace weft::crossbar

#endif
