// SPDX-License-Identifier: Apache-2.0
// Sizes and limits of a tile's window (window.yaml), for models and compiler.
#pragma once

#include <cstdint>

namespace weft::tile {

constexpr std::uint32_t window_size = 0x100000;
constexpr std::uint32_t unit_window_size = 0x1000;
constexpr std::uint32_t filter_window_size = 0x400;
constexpr unsigned max_crossbars = 24;
constexpr unsigned max_inversions = 8;
constexpr unsigned max_fp_pims = 8;

}  // namespace weft::tile
