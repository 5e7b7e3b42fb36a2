// SPDX-License-Identifier: Apache-2.0
#include "models/common/energy_ledger.h"

#include <utility>

namespace weft {

EnergyLedger::Account& EnergyLedger::open(std::string component, std::string operation, Joule each) {
  return accounts_.emplace_back(std::move(component), std::move(operation), each);
}

Joule EnergyLedger::total() const {
  Joule sum;
  for (const Account& account : accounts_) sum += account.total();
  return sum;
}

}  // namespace weft
