// SPDX-License-Identifier: Apache-2.0
// What the network did in a run: latencies, load of every port, classes of traffic, energy and its
// bottleneck.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/noc/noc.h"
#include "platform/assembly/area.h"

namespace weft::tool {

// The object `noc` of results.json (docs/results.md). `chip` tells the routers' leakage.
nlohmann::json noc_report(const noc::Noc& network, const assembly::AreaReport& chip, double simulated_s);

// A line for the summary of a run, "\n  network ...", that names the port which limits the network; empty if
// nothing was sent.
std::string noc_summary(const nlohmann::json& report);

}  // namespace weft::tool
