// SPDX-License-Identifier: Apache-2.0
// The automatic fidelity's decision: calendars, or flit by flit.
//
// Flits are simulated from the first message that takes three times the latency of an empty network until all
// of them have arrived. Times are in any unit, the same for all calls; they and the order of the messages are
// all that the decision depends on, so a run can be repeated.
#pragma once

#include <cstdint>

namespace weft::noc {

class SaturationWatch {
 public:
  // Of the empty network's latency. Also what `weft noc` calls saturated.
  static constexpr std::uint64_t kLimit = 3;

  // Whether a message that leaves at `now` goes flit by flit. `flits_idle`: none of them is under way;
  // `calendar_tail`: when the newest message of its pair in the calendars arrives. One that leaves earlier
  // follows it there, so that the pair stays in order.
  bool by_flits(std::uint64_t now, bool flits_idle, std::uint64_t calendar_tail) {
    if (saturated_ && flits_idle && now > since_) saturated_ = false;
    return saturated_ && calendar_tail <= now;
  }

  // After a message in the calendars that left at `now`.
  void look_at(std::uint64_t now, std::uint64_t latency, std::uint64_t zero_load) {
    if (latency <= kLimit * zero_load) return;
    saturated_ = true;
    since_ = now;
  }

 private:
  bool saturated_ = false;
  std::uint64_t since_ = 0;  // when the message left that was the reason
};

}  // namespace weft::noc
