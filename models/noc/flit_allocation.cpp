// SPDX-License-Identifier: Apache-2.0
// What one router does in one cycle: allocation of output channels and of the switch.
//
// Both allocators are sparse: they look at the bids that exist, not at all pairs, because a router rarely
// has more than a few.
#include "models/noc/flit_network.h"

namespace weft::noc {

namespace {

constexpr std::uint32_t kNone = 0xffffffff;

// Round-robin distance of `position` from `pointer` in a circle of `size`.
std::uint32_t distance(std::uint32_t position, std::uint32_t pointer, std::uint32_t size) {
  return position >= pointer ? position - pointer : position + size - pointer;
}

std::uint16_t after(std::uint32_t position, std::uint32_t size) {
  return static_cast<std::uint16_t>(position + 1 == size ? 0 : position + 1);
}

// Keeps the bidder with the smallest key; `touched` collects the resources that got a bid.
template <typename Best>
void offer(std::vector<Best>& best, std::vector<std::uint16_t>& touched, std::uint32_t resource,
           std::uint32_t key, std::uint16_t bidder) {
  Best& current = best[resource];
  if (current.key == kNone) touched.push_back(static_cast<std::uint16_t>(resource));
  if (key < current.key) current = {key, bidder};
}

}  // namespace

void FlitNetwork::allocate(std::uint32_t router) {
  Router& state = routers_[router];
  channel_matches_.clear();
  switch_matches_.clear();
  if (!state.bids.empty()) allocate_channels(router, state);
  if (!state.ready.empty() || config_.speculative) allocate_switch(router, state);
  take_channels(router, state);
  for (const Match& match : switch_matches_) {
    const Input& input = inputs_[router * channels_ + match.input];
    // A speculative bid is in vain if the channel was not won or is full.
    if (input.state == State::kActive && outputs_[input.output].credits > 0)
      traverse(router, state, match.input);
  }
}

void FlitNetwork::allocate_channels(std::uint32_t router, Router& state) {
  const std::uint32_t base = router * channels_;
  const bool repeats = config_.iterations > 1;
  for (unsigned iteration = 0; iteration < config_.iterations; ++iteration) {
    granting_.clear();
    for (const std::uint16_t local : state.bids) {
      if (repeats && in_matched_[local] != 0) continue;
      Input& input = inputs_[base + local];
      if (input.adaptive && iteration == 0) choose_way(router, input);
      const std::uint32_t first = input.port * config_.virtual_channels + input.first_channel;
      const std::uint32_t last = input.port * config_.virtual_channels + input.last_channel;
      for (std::uint32_t output = first; output <= last; ++output) {
        if (outputs_[base + output].owner >= 0 || (repeats && out_matched_[output] != 0)) continue;
        offer(grants_, granting_, output, distance(local, bid_grants_[base + output], channels_), local);
      }
    }
    accepting_.clear();
    for (const std::uint16_t output : granting_) {
      const std::uint16_t local = grants_[output].bidder;
      grants_[output].key = kNone;
      offer(accepts_, accepting_, local, distance(output, bid_accepts_[base + local], channels_), output);
    }
    for (const std::uint16_t local : accepting_) {
      const std::uint16_t output = accepts_[local].bidder;
      accepts_[local].key = kNone;
      channel_matches_.push_back({local, output});
      if (repeats) in_matched_[local] = out_matched_[output] = 1;
      // Pointers move in the first iteration only, or a bidder could starve (McKeown, section IV).
      if (iteration > 0) continue;
      bid_grants_[base + output] = after(local, channels_);
      bid_accepts_[base + local] = after(output, channels_);
    }
  }
  if (!repeats) return;
  for (const Match& match : channel_matches_) in_matched_[match.input] = out_matched_[match.output] = 0;
}

void FlitNetwork::allocate_switch(std::uint32_t router, Router& state) {
  const std::uint32_t base = router * channels_;
  PortState* const ports = &port_states_[router * ports_];
  const bool repeats = config_.iterations > 1;
  for (unsigned iteration = 0; iteration < config_.iterations; ++iteration) {
    granting_.clear();
    for (const std::uint16_t local : state.ready) {
      if (outputs_[inputs_[base + local].output].credits > 0) bid_for_switch(base, local, false);
    }
    if (config_.speculative) {
      for (const std::uint16_t local : state.bids) bid_for_switch(base, local, true);
    }
    accepting_.clear();
    for (const std::uint16_t output : granting_) {
      const std::uint16_t local = grants_[output].bidder;
      grants_[output].key = kNone;
      const std::uint32_t order = class_of(channel_of_[local]) * ports_;
      const std::uint32_t input = port_of_[local];
      offer(accepts_, accepting_, input, order + distance(output, ports[input].accept, ports_), output);
    }
    for (const std::uint16_t input : accepting_) {
      const std::uint16_t output = accepts_[input].bidder;
      accepts_[input].key = kNone;
      const std::uint16_t local = grants_[output].bidder;
      switch_matches_.push_back({local, output});
      ports[input].offset = after(channel_of_[local], config_.virtual_channels);
      if (repeats) in_matched_[input] = out_matched_[output] = 1;
      if (iteration > 0) continue;
      ports[output].grant = after(input, ports_);
      ports[input].accept = after(output, ports_);
    }
  }
  if (!repeats) return;
  for (const Match& match : switch_matches_)
    in_matched_[port_of_[match.input]] = out_matched_[match.output] = 0;
}

// The key orders bids for an output port: class, input port from the pointer on, bids that are sure of
// their channel first, channel from the input port's offset on.
void FlitNetwork::bid_for_switch(std::uint32_t base, std::uint16_t local, bool speculative) {
  const Input& input = inputs_[base + local];
  const std::uint32_t from = port_of_[local];
  const std::uint32_t channels = config_.virtual_channels;
  if (config_.iterations > 1 && (in_matched_[from] != 0 || out_matched_[input.port] != 0)) return;
  if (speculative) {
    bool hope = false;
    for (unsigned channel = input.first_channel; channel <= input.last_channel && !hope; ++channel) {
      const Output& output = outputs_[base + input.port * channels + channel];
      hope = output.owner < 0 && output.credits > 0;
    }
    if (!hope) return;
  }
  PortState* const ports = &port_states_[base / channels];
  const std::uint32_t order =
      class_of(channel_of_[local]) * ports_ + distance(from, ports[input.port].grant, ports_);
  const std::uint32_t rank = distance(channel_of_[local], ports[from].offset, channels);
  offer(grants_, granting_, input.port, (order * 2 + (speculative ? 1u : 0u)) * channels + rank, local);
}

void FlitNetwork::take_channels(std::uint32_t router, Router& state) {
  const std::uint32_t base = router * channels_;
  for (const Match& match : channel_matches_) {
    moved_ = true;
    Input& input = inputs_[base + match.input];
    outputs_[base + match.output].owner = match.input;
    input.output = base + match.output;
    remove(state.bids, router, match.input);
    if (config_.vc_cycles == 1) {
      input.state = State::kActive;
      add(state.ready, router, match.input);
    } else {
      input.state = State::kGranted;
      due(config_.vc_cycles).ready.push_back(base + match.input);
    }
  }
}

// The flit in front goes to the next buffer, its place is free again.
void FlitNetwork::traverse(std::uint32_t router, Router& state, std::uint16_t local) {
  moved_ = true;
  const std::uint32_t base = router * channels_;
  Input& input = inputs_[base + local];
  const Flit flit = flits_[((base + local) << ring_shift_) + input.head];
  input.head = static_cast<std::uint16_t>((input.head + 1u) & ring_mask_);
  --input.count;
  PortState& in = port_states_[router * ports_ + port_of_[local]];
  --in.held;
  in.occupancy += now_;
  PortState& out = port_states_[router * ports_ + input.port];
  ++out.flits;
  Output& output = outputs_[input.output];
  --output.credits;
  const unsigned crossing = config_.switch_cycles + config_.traversal_cycles;
  if (out.ejects) {
    due(crossing + 1).nodes.push_back({input.output, flit});
    if ((flit & 1u) != 0) {
      const Slot& slot = slots_[flit >> 2];
      announced_.push_back({slot.packet, slot.created, slot.injected, now_ + crossing + 1});
    }
  } else {
    due(crossing + config_.link_cycles).buffers.push_back({out.to + channel_of_[input.output - base], flit});
  }
  if (in.ejects) {
    due(2).sources.push_back(in.from * config_.virtual_channels + channel_of_[local]);
  } else {
    due(1 + config_.link_cycles + config_.credit_cycles).credits.push_back(in.from + channel_of_[local]);
  }
  const bool tail = (flit & 1u) != 0;
  if (!tail && input.count > 0) return;
  remove(state.ready, router, local);
  if (!tail) return;
  output.owner = -1;
  next_packet(base + local);
}

void FlitNetwork::next_packet(std::uint32_t global) {
  Input& input = inputs_[global];
  if (input.count == 0) {
    input.state = State::kIdle;
    return;
  }
  input.state = State::kRouting;
  // This cycle's bids are over: the packet bids in the next one.
  if (config_.routing_cycles == 0) {
    start_bid(global);
  } else {
    due(1 + config_.routing_cycles).bids.push_back(global);
  }
}

// Of two ways, the one with more credits; the horizontal one if they are alike.
void FlitNetwork::choose_way(std::uint32_t router, Input& input) const {
  const Topology::Ways ways = topology_.ways(static_cast<int>(router), static_cast<int>(input.destination));
  const auto credits = [&](int port) {
    std::int64_t sum = 0;
    for (unsigned channel = input.first_channel; channel <= input.last_channel; ++channel) {
      const Output& output = outputs_[router * channels_ +
                                      static_cast<std::uint32_t>(port) * config_.virtual_channels + channel];
      // A free channel is worth more than any number of places in one that is taken.
      sum += output.credits + (output.owner < 0 ? std::int64_t{4096} : 0);
    }
    return sum;
  };
  const bool second = credits(ways.way[1].port) > credits(ways.way[0].port);
  input.port = static_cast<std::uint16_t>(ways.way[second ? 1 : 0].port);
}

}  // namespace weft::noc
