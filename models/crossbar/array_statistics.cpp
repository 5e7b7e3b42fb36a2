// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/array_statistics.h"

#include <algorithm>
#include <cstddef>

namespace weft::crossbar {

ArrayStatistics& ArrayStatistics::operator+=(const ArrayStatistics& other) {
  mvms += other.mvms;
  mtvms += other.mtvms;
  read_steps += other.read_steps;
  conversions += other.conversions;
  conversions_clipped += other.conversions_clipped;
  conversions_rounded += other.conversions_rounded;
  opas += other.opas;
  opa_steps += other.opa_steps;
  opa_deposits += other.opa_deposits;
  opa_products_truncated += other.opa_products_truncated;
  carry_resolutions += other.carry_resolutions;
  cells_programmed += other.cells_programmed;
  cells_read += other.cells_read;
  weights_clamped += other.weights_clamped;
  saturated.resize(std::max(saturated.size(), other.saturated.size()));
  for (std::size_t slice = 0; slice < other.saturated.size(); ++slice) {
    saturated[slice].cells += other.saturated[slice].cells;
    saturated[slice].units += other.saturated[slice].units;
  }
  return *this;
}

PathStatistics& PathStatistics::operator+=(const PathStatistics& other) {
  exact_operations += other.exact_operations;
  sliced_operations += other.sliced_operations;
  reconstructions += other.reconstructions;
  return *this;
}

}  // namespace weft::crossbar
