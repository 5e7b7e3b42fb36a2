// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/crossbar/kernels.h"

namespace weft::crossbar {

// Null where the processor has no AVX2 or the target is not x86-64.
const Kernels* avx2_kernels();

}  // namespace weft::crossbar
