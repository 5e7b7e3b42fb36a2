// SPDX-License-Identifier: Apache-2.0
// What results.json says about the wear of cells, whatever they hold.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/endurance/worn_cells.h"

namespace weft::tool {

// Null where a number is not finite, as nothing wears; and where a share is of nothing.
nlohmann::json finite(double value);
nlohmann::json share(std::uint64_t part, std::uint64_t whole);

// All arrays together.
endurance::WearStatistics total_wear(const std::vector<const endurance::WornCells*>& arrays);

// Wear, years and levelling of cells, without their wear map.
nlohmann::json lifetime_of(const std::vector<const endurance::WornCells*>& arrays, double duty,
                           double simulated_s);
// "worst cell 2 years, mean 3 years, 0 cells stuck" of such a report.
std::string lifetime_summary(const nlohmann::json& life);

}  // namespace weft::tool
