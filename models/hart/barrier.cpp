// SPDX-License-Identifier: Apache-2.0
// The barrier instruction: tiles home, home + 1, … form a binary tree by their distance from home. A tile
// waits for one signal of each child, signals its parent, waits to be released and releases its children.
// Signals are additions to the same counter of every tile, and who has waited for one takes it away again, so
// that the counters are 0 between barriers and no tile can be overtaken: its children signal the next barrier
// only after they have been released from this one.
#include <algorithm>

#include "models/hart/hart.h"

namespace weft::hart {

namespace {

constexpr std::uint32_t fan_out = 2;
constexpr std::uint32_t illegal_instruction = 2;

}  // namespace

CustomResult Hart::barrier(std::uint32_t where, std::uint32_t tiles, std::uint32_t bits) {
  const std::uint32_t home = where >> 16;
  const std::uint32_t counter = where & 0xffffu;
  const std::uint32_t rank = config_.xweft->tile - home;  // of a tile below home: far too large
  const bool exist = counter < waits->counter_count() && tiles <= config_.xweft->tiles &&
                     home <= config_.xweft->tiles - tiles;
  if (!exist || rank >= tiles) return CustomResult::trap(illegal_instruction, bits);

  const std::uint32_t first_child = fan_out * rank + 1;
  const std::uint32_t children = std::min(fan_out, tiles - std::min(tiles, first_child));
  if (!take_from_counter(counter, children)) return CustomResult::retire();
  if (rank != 0) {
    const CustomResult signalled = signal(home + (rank - 1) / fan_out, counter, bits);
    if (signalled.trapped || !take_from_counter(counter, 1)) return signalled;
  }
  for (std::uint32_t child = first_child; child < first_child + children; ++child) {
    const CustomResult released = signal(home + child, counter, bits);
    if (released.trapped || stopped()) return released;
  }
  return CustomResult::retire();
}

// Sleeps until the counter holds `amount`, then takes it; false if the hart has been stopped meanwhile. A
// fault of a unit does not end this sleep: it cannot keep others from arriving, and half a barrier cannot be
// resumed.
bool Hart::take_from_counter(unsigned counter, std::uint32_t amount) {
  const auto ready = [&] { return static_cast<std::int32_t>(waits->counter(counter) - amount) >= 0; };
  if (!ready()) {
    waiting_ = HartState{};
    waiting_.kind = WaitKind::barrier;
    waiting_.subject = counter;
    waiting_.target = amount;
    waits->set_condition(ready);
    while (!ready() && !stopped()) wait(waits->changed() | control_changed_);
    waits->set_condition({});
    waiting_.kind = WaitKind::running;
    stall_until_now();
  }
  if (stopped()) return false;
  waits->lower(counter, amount);
  return true;
}

CustomResult Hart::signal(std::uint32_t tile, unsigned counter, std::uint32_t bits) {
  const CustomResult result = raise_counter(tile << 16 | counter, 1, bits);
  // The next signal leaves when this one has been delivered.
  if (!result.trapped) catch_up();
  return result;
}

}  // namespace weft::hart
