// SPDX-License-Identifier: Apache-2.0
// The built-in data set: handwriting-like digits drawn from strokes, so that every scenario can run
// without a file. Each sample is one of ten glyphs (polylines and arcs in the unit square) after a random
// affine map, drawn with a random pen width, anti-aliased, with additive Gaussian noise.
#pragma once

#include <cstdint>

#include "tools/dataset/dataset.h"

namespace weft::dataset {

struct DigitsOptions {
  // Side of the square image in pixels, 8 to 64.
  int size = 16;
  // Standard deviation of the noise in units of full scale, 0 to 1.
  double noise = 0.12;
  // Factor on all random geometry: 0 draws every digit upright and centred, 2 is the limit.
  double distortion = 1.0;
};

// Pixels are 8-bit grey codes divided by 255 (paper 0, ink 255), in reading order. Sample i of either
// part is a pure function of (seed, part, i, options), whatever the counts. Throws Error for counts or
// options out of range.
Split procedural_digits(std::uint64_t seed, int train_count, int test_count,
                        const DigitsOptions& options = {});

}  // namespace weft::dataset
