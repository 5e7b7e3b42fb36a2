// SPDX-License-Identifier: Apache-2.0
// Spread of the conductance that programming leaves, fitted to measurements.
//
// sigma [uS] = max(0, c0 + c1 g + c2 g^2 + ...), g = G / unit, G [uS] within the range of the
// measurement. Outside of it G is taken as the nearest end of the range: a polynomial must not be
// continued.
#pragma once

#include <string>
#include <vector>

namespace weft::device {

struct ProgrammingFit {
  const char* name;
  const char* source;
  double unit_uS;
  double low_uS;
  double high_uS;
  std::vector<double> coefficients;

  double sigma_uS(double conductance_uS) const;
};

const std::vector<ProgrammingFit>& programming_fits();
// Null when there is no fit of that name.
const ProgrammingFit* find_programming_fit(const std::string& name);

}  // namespace weft::device
