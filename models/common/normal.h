// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weft {

// Φ⁻¹, the inverse of the standard normal distribution function, for 0 < p < 1.
double inverse_normal(double p);

}  // namespace weft
