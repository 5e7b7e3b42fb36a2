// SPDX-License-Identifier: Apache-2.0
// Floating-point numbers of the FP-PIM unit. A value of every format is held in a float, which represents all
// of them exactly; what an operation gives is rounded to the format again.
#pragma once

#include <cstdint>

#include "models/unit/command.h"

namespace weft::fp_pim {

// The value of `format` nearest to `value`, ties to even (IEEE 754, section 4.3.1); beyond the format's range
// infinity. fp16 has subnormal numbers and bf16 those of fp32. A NaN stays one.
float round_to(unit::Format format, float value);

// The bits of a value that `format` has, and back; fp16 and bf16 in the lower half. A NaN is written as the
// quiet one without payload, so that no bit depends on the host.
std::uint32_t to_bits(unit::Format format, float value);
float from_bits(unit::Format format, std::uint32_t bits);

}  // namespace weft::fp_pim
