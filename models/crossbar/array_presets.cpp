// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/array_presets.h"

namespace weft::crossbar {

ArrayConfig panther_array() {
  constexpr int log2_rows = 7;
  ArrayConfig config;
  config.rows = 1 << log2_rows;
  config.cols = 128;
  config.slices = 8;
  config.digit_bits = 4;
  config.cell_bits = {5, 5, 5, 6, 6, 4, 4, 4};
  for (const int bits : config.cell_bits) config.slice_adc_bits.push_back(log2_rows + bits - 1);
  return config;
}

ArrayConfig panther_array_16_bit() {
  ArrayConfig config = panther_array();
  config.digit_bits = 2;
  return config;
}

}  // namespace weft::crossbar
