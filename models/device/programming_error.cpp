// SPDX-License-Identifier: Apache-2.0
#include "models/device/programming_error.h"

#include <algorithm>

namespace weft::device {

double ProgrammingFit::sigma_uS(double conductance_uS) const {
  const double g = std::clamp(conductance_uS, low_uS, high_uS) / unit_uS;
  double sigma = 0;
  for (auto c = coefficients.rbegin(); c != coefficients.rend(); ++c) sigma = sigma * g + *c;
  return std::max(0.0, sigma);
}

const std::vector<ProgrammingFit>& programming_fits() {
  static const std::vector<ProgrammingFit> fits = {
      {"milo_2021",
       "HfO2 RRAM after IGVVA-100 programming, Milo et al. 2021 (CrossSim)",
       1,
       50,
       225,
       {4.782, -0.009107}},
      {"wan_2022",
       "RRAM 1 s after programming, Wan et al. 2022 (CrossSim)",
       1,
       0,
       39.26,
       {1.053, 0.2374, -1.167e-2, 1.536e-4}},
      {"wan_2022_1s", "the same (aihwkit)", 40, 0, 40, {0.348, 16.03, -43.853, 45.393, -16.815}},
      {"wan_2022_1d",
       "1 day after programming (aihwkit)",
       40,
       0,
       40,
       {0.701, 22.086, -50.773, 47.095, -16.458}},
      {"wan_2022_2d",
       "2 days after programming (aihwkit)",
       40,
       0,
       40,
       {0.782, 20.274, -43.507, 37.062, -11.934}},
      {"joshi_2020", "PCM, Joshi et al. 2020 (CrossSim)", 1, 0, 25, {0.2864, 0.07586, -0.001788}},
      {"pcm", "PCM (aihwkit)", 25, 0, 25, {0.26348, 1.965, -1.1731}},
      {"xb_sim", "RRAM of 25 kOhm (XB-Sim)", 1, 4, 44, {0.7240, 0.06184, -0.0006034}},
  };
  return fits;
}

const ProgrammingFit* find_programming_fit(const std::string& name) {
  for (const ProgrammingFit& fit : programming_fits()) {
    if (fit.name == name) return &fit;
  }
  return nullptr;
}

}  // namespace weft::device
