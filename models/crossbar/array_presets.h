// SPDX-License-Identifier: Apache-2.0
// Arrays as published.
#pragma once

#include "models/crossbar/array_config.h"

namespace weft::crossbar {

// PANTHER (arXiv 1912.11516, section 6.3): 32-bit weights on eight slices of four bits, cells "44466555"
// (written from the most significant slice down), 128 x 128. The converters are the paper's 8 to 12 bits:
// 7 + b - 1 for 128 rows, a one-bit DAC and cells of b bits.
ArrayConfig panther_array();

// The same cells with digits of two bits: 16-bit weights, as in PANTHER's public accuracy model.
ArrayConfig panther_array_16_bit();

}  // namespace weft::crossbar
