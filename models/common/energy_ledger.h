// SPDX-License-Identifier: Apache-2.0
// Energy as a strong type and the book in which every block writes what it spent.
//
// A block opens one account per kind of operation when it is built ("tile0.crossbar3", "mvm") and
// charges it as operations happen. The ledger belongs to a platform; there is no global one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace weft {

// Energy in joule.
class Joule {
 public:
  constexpr Joule() = default;
  constexpr explicit Joule(double value) : value_(value) {}
  constexpr double value() const { return value_; }
  constexpr Joule& operator+=(Joule other) {
    value_ += other.value_;
    return *this;
  }
  friend constexpr Joule operator+(Joule a, Joule b) { return Joule(a.value_ + b.value_); }
  friend constexpr Joule operator*(double factor, Joule a) { return Joule(factor * a.value_); }
  friend constexpr Joule operator*(Joule a, double factor) { return factor * a; }

 private:
  double value_ = 0.0;
};

constexpr Joule picojoule(double value) { return Joule(value * 1e-12); }

class EnergyLedger {
 public:
  // One row of the book. `count` is in units of what is charged (operations, bytes, instructions).
  class Account {
   public:
    Account(std::string component, std::string operation, Joule each)
        : component_(std::move(component)), operation_(std::move(operation)), each_(each) {}

    void charge(std::uint64_t count) { count_ += count; }
    const std::string& component() const { return component_; }
    const std::string& operation() const { return operation_; }
    std::uint64_t count() const { return count_; }
    // Energy is count times price, so that the order of charges cannot change its last bit.
    Joule total() const { return static_cast<double>(count_) * each_; }

   private:
    std::string component_;
    std::string operation_;
    Joule each_;
    std::uint64_t count_ = 0;
  };

  // The reference stays valid as long as the ledger lives.
  Account& open(std::string component, std::string operation, Joule each);
  const std::deque<Account>& accounts() const { return accounts_; }
  Joule total() const;

 private:
  std::deque<Account> accounts_;
};

}  // namespace weft
