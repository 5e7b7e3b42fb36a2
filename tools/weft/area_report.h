// SPDX-License-Identifier: Apache-2.0
// Area of the chip as the table of `weft area` and as a part of results.json (docs/technology.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "platform/assembly/area.h"

namespace weft::tool {

nlohmann::json area_json(const assembly::AreaReport& report);
std::string area_table(const assembly::AreaReport& report);

}  // namespace weft::tool
