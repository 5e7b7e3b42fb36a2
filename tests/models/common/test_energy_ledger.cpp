// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <vector>

#include "models/common/energy_ledger.h"

using weft::EnergyLedger;
using weft::Joule;
using weft::picojoule;

TEST_CASE("an account's energy is its count times its price") {
  EnergyLedger ledger;
  EnergyLedger::Account& account = ledger.open("tile0.crossbar3", "mvm", picojoule(2.5));
  CHECK(account.total().value() == 0.0);
  account.charge(3);
  account.charge(1);
  CHECK(account.count() == 4);
  CHECK(account.total().value() == 4.0 * 2.5e-12);
  CHECK(account.component() == "tile0.crossbar3");
  CHECK(account.operation() == "mvm");
}

TEST_CASE("the order and the size of charges cannot change an account") {
  EnergyLedger ledger;
  EnergyLedger::Account& singly = ledger.open("a", "op", picojoule(0.1));
  EnergyLedger::Account& at_once = ledger.open("b", "op", picojoule(0.1));
  for (int index = 0; index < 1000; ++index) singly.charge(1);
  at_once.charge(1000);
  CHECK(singly.total().value() == at_once.total().value());
}

TEST_CASE("the total is the sum over all accounts") {
  EnergyLedger ledger;
  ledger.open("a", "read", Joule(1.0)).charge(2);
  ledger.open("a", "write", Joule(0.25)).charge(4);
  ledger.open("b", "read", Joule(100.0));
  CHECK(ledger.total().value() == 3.0);
}

TEST_CASE("an account stays where it is while others are opened") {
  EnergyLedger ledger;
  EnergyLedger::Account& first = ledger.open("first", "op", Joule(1.0));
  for (int index = 0; index < 1000; ++index) ledger.open("other", "op", Joule(1.0));
  first.charge(7);
  CHECK(ledger.accounts().front().count() == 7);
  CHECK(ledger.accounts().size() == 1001);
}

TEST_CASE("two ledgers are independent") {
  EnergyLedger first;
  EnergyLedger second;
  first.open("a", "op", Joule(1.0)).charge(1);
  CHECK(first.total().value() == 1.0);
  CHECK(second.total().value() == 0.0);
}
