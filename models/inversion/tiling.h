// SPDX-License-Identifier: Apache-2.0
// A side of a matrix with more lines than an array has: the arrays it is spread over, as alike as they can
// be.
#pragma once

#include <cstddef>

namespace weft::inversion {

class Tiling {
 public:
  // `array`: lines that one array has at most, 1 or more.
  Tiling(std::size_t lines, std::size_t array) : lines_(lines), tiles_((lines + array - 1) / array) {}

  std::size_t tiles() const { return tiles_; }
  // Lines of the largest one.
  std::size_t largest() const { return (lines_ + tiles_ - 1) / tiles_; }
  // First line of a tile; of the one after the last: the number of lines.
  std::size_t begin(std::size_t tile) const { return tile * lines_ / tiles_; }
  std::size_t size(std::size_t tile) const { return begin(tile + 1) - begin(tile); }

 private:
  std::size_t lines_;
  std::size_t tiles_;
};

}  // namespace weft::inversion
