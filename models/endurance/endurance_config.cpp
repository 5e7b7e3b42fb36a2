// SPDX-License-Identifier: Apache-2.0
#include "models/endurance/endurance_config.h"

#include <fmt/core.h>

#include <cmath>

#include "models/common/error.h"

namespace weft::endurance {

namespace {

void require(bool allowed, const char* field, double value, const char* what) {
  if (!allowed) throw Error(fmt::format("endurance: {} is {}; {}", field, value, what));
}

}  // namespace

void EnduranceConfig::validate() const {
  require(pulses >= 1 && pulses <= 10'000, "pulses", pulses, "allowed is 1 to 10000");
  require(mean_pulses >= 1 && mean_pulses <= 10'000, "mean_pulses", mean_pulses, "allowed is 1 to 10000");
  require(alpha > 0 && alpha <= 10, "alpha", alpha, "allowed is above 0, at most 10");
  require(assumed_swing > 0 && assumed_swing <= 1, "assumed_swing", assumed_swing,
          "allowed is above 0, at most 1");
  require(std::isfinite(median) && median > 0, "median", median, "it must be positive");
  require(spread >= 0 && spread <= 5, "spread", spread, "allowed is 0 to 5");
  require(duty > 0 && duty <= 1, "duty", duty, "allowed is above 0, at most 1");
  require(period >= 1, "period", period, "it must be positive");
  if (levelling != Levelling::none && !count_wear)
    throw Error("endurance: levelling needs count_wear, as it goes by the wear of the cells");
}

}  // namespace weft::endurance
