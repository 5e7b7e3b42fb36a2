// SPDX-License-Identifier: Apache-2.0
// What goes with a write that its initiator does not wait for.
//
// It travels as an extension of the payload that targets and interconnects may ignore: then the write is an
// ordinary one, to the payload's address, and `taken` stays false. What takes it copies the data, answers at
// once and sees to all of it: the data to every destination and then, behind them, the counters.
#pragma once

#include <cstdint>
#include <functional>
#include <tlm>
#include <vector>

#include "models/tlm/transfer.h"

namespace weft {

struct PostedDestination {
  std::uint64_t address = 0;  // of the first byte
  // Where `amount` is written, as one word, once the data are there: the register that adds to a sync
  // counter. 0: nowhere.
  std::uint64_t counter = 0;
  std::uint32_t amount = 0;
};

struct Posting : tlm::tlm_extension<Posting> {
  // One, with the payload's address, or several that get the same data.
  std::vector<PostedDestination> destinations;
  // Called later, in simulated time, for an address at which nothing has taken data or amount.
  std::function<void(Status status, std::uint64_t address)> failed;
  bool taken = false;

  tlm_extension_base* clone() const override { return new Posting(*this); }
  void copy_from(const tlm_extension_base& other) override { *this = static_cast<const Posting&>(other); }
};

}  // namespace weft
