// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/crossbar/kernels.h"

namespace weft::crossbar {

// Null where the processor lacks AVX-512 (F, BW, DQ, VL) or its VNNI, or the target is not x86-64.
const Kernels* avx512_kernels();

}  // namespace weft::crossbar
