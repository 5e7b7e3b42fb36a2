// SPDX-License-Identifier: Apache-2.0
// Simulations in processes of their own: SystemC's kernel holds one platform and cannot be started anew.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "tools/weft/commands.h"

namespace weft::tool {

// Runs all of them, `at_once` at a time, and returns their exit statuses; what they say on standard output is
// dropped. Once one has not succeeded no other is started; the status of those is status_failed. `started` is
// told the index of each.
std::vector<int> run_apart(const std::vector<RunOptions>& runs, unsigned at_once,
                           const std::function<void(std::size_t)>& started);

}  // namespace weft::tool
