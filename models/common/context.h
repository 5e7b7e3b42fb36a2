// SPDX-License-Identifier: Apache-2.0
// What every module of one platform shares. A platform owns one; two platforms fit in one process.
#pragma once

#include "models/common/energy_ledger.h"
#include "models/common/log.h"

namespace weft {

struct Context {
  EnergyLedger energy;
  Log log;
};

}  // namespace weft
