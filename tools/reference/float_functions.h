// SPDX-License-Identifier: Apache-2.0
// Elementary functions that networks on floating-point PIM units use, in single precision: what the tile
// harts compute. Every operation is rounded by itself to nearest, ties to even, in the order written in the
// .cpp; that is the definition, an implementation that follows it gives the same bits.
#pragma once

#include <array>
#include <cstdint>

namespace weft::reference::float_functions {

// e^x: x limited to [−87, 88]; n = x · log2 e rounded to an integer, r = (x − n · ln2_high) − n · ln2_low, a
// polynomial of degree 6 in r by Horner's rule, times 2^n. Within 2 units in the last place.
constexpr float exp_least = -87.0f;
constexpr float exp_most = 88.0f;
constexpr float log2_e = 1.44269504f;
constexpr float ln2_high = 0.693359375f;
constexpr float ln2_low = -2.12194440e-4f;
// Of r^6 first.
constexpr std::array<float, 7> exp_coefficients{1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6,
                                                0.5f,       1.0f,       1.0f};

// ln v of a finite normal v > 0: v = m · 2^k, m in [1, 2), f = m − 1, s = f / (2 + f), z = s²:
// 2 s · (1 + z/3 + z²/5 + … + z^6/13) + k · ln 2. Within 2 · 10^-7 of the logarithm, absolutely or
// relatively.
constexpr std::array<float, 7> log_coefficients{1.0f / 13, 1.0f / 11, 1.0f / 9, 1.0f / 7,
                                                1.0f / 5,  1.0f / 3,  1.0f};
constexpr float ln2 = 0.693147181f;

// A NaN counts as the least argument.
float exp(float x);
float log(float v);
// 1 / (1 + e^−x)
float sigmoid(float x);
// Rounded to an integer, as RISC-V's fcvt.w.s: limited to 32 bits, a NaN to the greatest.
std::int32_t to_integer(float value);

}  // namespace weft::reference::float_functions
