// SPDX-License-Identifier: Apache-2.0
#include "models/noc/flit_network.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"

namespace weft::noc {

namespace {

constexpr std::uint32_t kNone = 0xffffffff;
// Channel and register between a network interface and its router, either way.
constexpr unsigned kInterfaceCycles = 2;

template <typename T>
void check(const char* field, T value, T low, T high) {
  if (value >= low && value <= high) return;
  throw Error(fmt::format("network routers: {} is {}, allowed are {} to {}", field, value, low, high));
}

std::uint32_t at_least_power_of_two(std::uint32_t value) {
  std::uint32_t power = 1;
  while (power < value) power *= 2;
  return power;
}

}  // namespace

unsigned RouterConfig::hop_cycles() const {
  return routing_cycles + (speculative ? std::max(vc_cycles, switch_cycles) : vc_cycles + switch_cycles) +
         traversal_cycles + link_cycles;
}

void RouterConfig::validate(const Topology& topology) const {
  check("virtual_channels", virtual_channels, 1u, 16u);
  check("buffer_flits", buffer_flits, 1u, 1024u);
  check("routing_cycles", routing_cycles, 0u, 60u);
  check("vc_cycles", vc_cycles, 1u, 8u);
  check("switch_cycles", switch_cycles, 1u, 8u);
  check("traversal_cycles", traversal_cycles, 1u, 8u);
  check("link_cycles", link_cycles, 1u, 16u);
  check("credit_cycles", credit_cycles, 0u, 16u);
  check("iterations", iterations, 1u, 8u);
  check("classes", classes, 1u, virtual_channels);
  if (virtual_channels % classes != 0) {
    throw Error(fmt::format("network routers: {} virtual channels do not divide into {} classes",
                            virtual_channels, classes));
  }
  if (speculative && (vc_cycles != 1 || switch_cycles != 1)) {
    throw Error(fmt::format(
        "network routers: a speculative pipeline has vc_cycles {} and switch_cycles {}, allowed is 1",
        vc_cycles, switch_cycles));
  }
  if (topology.has_wrap() && dateline && virtual_channels / classes < 2) {
    throw Error(fmt::format(
        "network routers: a {} needs 2 virtual channels per class to be free of deadlock, there is {} "
        "(dateline off goes without)",
        to_string(topology.config().kind), virtual_channels / classes));
  }
  constexpr int max_channels = 1 << 15;
  if (topology.ports() * static_cast<int>(virtual_channels) > max_channels) {
    throw Error(fmt::format("network routers: {} ports of {} virtual channels, allowed are {} channels",
                            topology.ports(), virtual_channels, max_channels));
  }
}

RouterConfig router_preset(const std::string& name) {
  RouterConfig config;
  if (name == "P4") {
    config.routing_cycles = 1;
  } else if (name == "P2S") {
    config.speculative = true;
  } else if (name != "P3") {
    throw Error(fmt::format("network routers: pipeline '{}' is not known, allowed are P3, P4 and P2S", name));
  }
  return config;
}

RouterConfig router_pipeline(unsigned hop_cycles) {
  check("hop_cycles", hop_cycles, 3u, 64u);
  RouterConfig config;
  config.speculative = hop_cycles == 3;
  if (hop_cycles > 4) config.routing_cycles = hop_cycles - 4;
  return config;
}

FlitNetwork::FlitNetwork(const TopologyConfig& topology, const RouterConfig& routers)
    : topology_(topology), config_(routers) {
  config_.validate(topology_);
  const unsigned channels = config_.virtual_channels;
  ports_ = static_cast<std::uint32_t>(topology_.ports());
  channels_ = ports_ * channels;
  const std::uint32_t ring = at_least_power_of_two(config_.buffer_flits);
  ring_mask_ = ring - 1;
  while ((1u << ring_shift_) < ring) ++ring_shift_;
  const auto count = static_cast<std::size_t>(topology_.routers());
  routers_.resize(count);
  port_states_.resize(count * ports_);
  inputs_.resize(count * channels_);
  outputs_.assign(count * channels_, {static_cast<std::int32_t>(config_.buffer_flits), -1});
  bid_grants_.assign(count * channels_, 0);
  bid_accepts_.assign(count * channels_, 0);
  flits_.assign(count * channels_ << ring_shift_, 0);
  sources_.resize(static_cast<std::size_t>(topology_.nodes()));
  for (Source& source : sources_) {
    source.queues.resize(config_.classes);
    source.credits.assign(channels, static_cast<std::int32_t>(config_.buffer_flits));
  }
  for (std::uint32_t local = 0; local < channels_; ++local) {
    port_of_.push_back(static_cast<std::uint16_t>(local / channels));
    channel_of_.push_back(static_cast<std::uint16_t>(local % channels));
  }
  grants_.assign(channels_, {kNone, 0});
  accepts_.assign(channels_, {kNone, 0});
  in_matched_.assign(channels_, 0);
  out_matched_.assign(channels_, 0);
  constexpr std::uint32_t longest_delay = 64;
  wheel_.resize(at_least_power_of_two(longest_delay));
  connect();
}

void FlitNetwork::connect() {
  for (int router = 0; router < topology_.routers(); ++router) {
    for (int port = 0; port < topology_.ports(); ++port) {
      const auto index = static_cast<std::uint32_t>(router) * ports_ + static_cast<std::uint32_t>(port);
      PortState& state = port_states_[index];
      if (port >= topology_.directions()) {
        state.ejects = true;
        const int node = topology_.node_at(router, port);
        if (node >= 0) state.to = state.from = static_cast<std::uint32_t>(node);
        continue;
      }
      const Topology::Place there = topology_.neighbour(router, port);
      if (!there.exists()) continue;
      const auto far =
          static_cast<std::uint32_t>(there.router) * ports_ + static_cast<std::uint32_t>(there.port);
      state.to = far * config_.virtual_channels;
      port_states_[far].from = index * config_.virtual_channels;
    }
  }
}

void FlitNetwork::send(const Packet& packet) {
  const auto check_node = [this](const char* what, int node) {
    if (node >= 0 && node < topology_.nodes()) return;
    throw Error(
        fmt::format("network: {} is node {}, allowed are 0 to {}", what, node, topology_.nodes() - 1));
  };
  check_node("source", packet.source);
  check_node("destination", packet.destination);
  if (packet.traffic_class >= config_.classes) {
    throw Error(fmt::format("network: traffic class {}, allowed are 0 to {}", packet.traffic_class,
                            config_.classes - 1));
  }
  if (packet.flits == 0) throw Error("network: a packet of 0 flits, it needs at least 1");
  std::uint32_t slot = static_cast<std::uint32_t>(slots_.size());
  if (free_slots_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[slot] = {packet, now_, 0};
  Source& source = sources_[static_cast<std::size_t>(packet.source)];
  source.queues[packet.traffic_class].slots.push_back(slot);
  if (!source.active) {
    source.active = true;
    active_sources_.push_back(packet.source);
  }
  ++packets_;
}

std::size_t FlitNetwork::queued(int node) const {
  std::size_t count = 0;
  for (const Queue& queue : sources_.at(static_cast<std::size_t>(node)).queues) count += queue.slots.size();
  return count;
}

void FlitNetwork::step() {
  arrivals_.clear();
  announced_.clear();
  departed_.clear();
  moved_ = false;
  deliver();
  inject();
  std::size_t kept = 0;
  // Routers see of each other only what is due in later cycles, so their order does not matter.
  for (const std::uint32_t router : active_routers_) {
    allocate(router);
    Router& state = routers_[router];
    state.active = !state.bids.empty() || !state.ready.empty();
    if (state.active) active_routers_[kept++] = router;
  }
  active_routers_.resize(kept);
  stuck_ = flits_under_way_ > 0 && pending_ == 0 && !moved_;
  ++now_;
}

void FlitNetwork::skip_to(Cycle cycle) {
  while (pending_ > 0 && now_ < cycle) step();
  if (!idle()) return;
  arrivals_.clear();
  announced_.clear();
  departed_.clear();
  now_ = std::max(now_, cycle);
}

FlitNetwork::Due& FlitNetwork::due(Cycle delay) {
  ++pending_;
  return wheel_[(now_ + delay) & (wheel_.size() - 1)];
}

void FlitNetwork::deliver() {
  Due& today = wheel_[now_ & (wheel_.size() - 1)];
  pending_ -= today.buffers.size() + today.nodes.size() + today.credits.size() + today.sources.size() +
              today.bids.size() + today.ready.size();
  for (const FlitEvent& event : today.buffers) buffer(event);
  for (const FlitEvent& event : today.nodes) eject(event);
  for (const std::uint32_t channel : today.credits) ++outputs_[channel].credits;
  for (const std::uint32_t channel : today.sources) {
    ++sources_[channel / config_.virtual_channels].credits[channel % config_.virtual_channels];
  }
  for (const std::uint32_t channel : today.bids) start_bid(channel);
  for (const std::uint32_t channel : today.ready) {
    const std::uint32_t router = channel / channels_;
    inputs_[channel].state = State::kActive;
    add(routers_[router].ready, router, static_cast<std::uint16_t>(channel % channels_));
  }
  today.buffers.clear();
  today.nodes.clear();
  today.credits.clear();
  today.sources.clear();
  today.bids.clear();
  today.ready.clear();
}

void FlitNetwork::buffer(const FlitEvent& event) {
  const std::uint32_t router = event.where / channels_;
  const auto local = static_cast<std::uint16_t>(event.where - router * channels_);
  Input& input = inputs_[event.where];
  flits_[(event.where << ring_shift_) + ((input.head + input.count) & ring_mask_)] = event.flit;
  ++input.count;
  PortState& port = port_states_[router * ports_ + port_of_[local]];
  ++port.held;
  port.occupancy -= now_;
  if (input.state == State::kIdle) {
    input.state = State::kRouting;
    if (config_.routing_cycles == 0) {
      start_bid(event.where);
    } else {
      due(config_.routing_cycles).bids.push_back(event.where);
    }
  } else if (input.state == State::kActive && input.count == 1) {
    add(routers_[router].ready, router, local);
  }
}

void FlitNetwork::eject(const FlitEvent& event) {
  --flits_under_way_;
  due(kInterfaceCycles + config_.credit_cycles).credits.push_back(event.where);
  if ((event.flit & 1u) == 0) return;
  const std::uint32_t index = event.flit >> 2;
  const Slot& slot = slots_[index];
  arrivals_.push_back({slot.packet, slot.created, slot.injected, now_});
  free_slots_.push_back(index);
  --packets_;
}

void FlitNetwork::inject() {
  std::size_t kept = 0;
  for (const int node : active_sources_) {
    Source& source = sources_[static_cast<std::size_t>(node)];
    inject_one(node, source);
    source.active = false;
    for (const Queue& queue : source.queues) source.active = source.active || !queue.slots.empty();
    if (source.active) active_sources_[kept++] = node;
  }
  active_sources_.resize(kept);
}

// One flit of the first class that can send one.
void FlitNetwork::inject_one(int node, Source& source) {
  const auto per_class = static_cast<int>(config_.virtual_channels / config_.classes);
  const Topology::Place place = topology_.attachment(node);
  for (unsigned number = 0; number < config_.classes; ++number) {
    Queue& queue = source.queues[number];
    if (queue.slots.empty()) continue;
    const int first = static_cast<int>(number) * per_class;
    const auto has_credit = [&](int channel) {
      return source.credits[static_cast<std::size_t>(channel)] > 0;
    };
    if (queue.sent == 0) {
      int chosen = -1;
      // The first packet ever knows channel 0 only, later ones go round robin: BookSim2's rule.
      if (queue.channel < 0) {
        if (has_credit(first)) chosen = first;
      } else {
        for (int i = 1; i <= per_class && chosen < 0; ++i) {
          const int channel = first + (queue.channel - first + i) % per_class;
          if (has_credit(channel)) chosen = channel;
        }
      }
      if (chosen < 0) continue;
      queue.channel = chosen;
    } else if (!has_credit(queue.channel)) {
      continue;
    }
    const std::uint32_t slot = queue.slots.front();
    const bool head = queue.sent == 0;
    if (head) slots_[slot].injected = now_;
    const bool tail = ++queue.sent == slots_[slot].packet.flits;
    --source.credits[static_cast<std::size_t>(queue.channel)];
    const std::uint32_t channel =
        (static_cast<std::uint32_t>(place.router) * ports_ + static_cast<std::uint32_t>(place.port)) *
            config_.virtual_channels +
        static_cast<std::uint32_t>(queue.channel);
    due(kInterfaceCycles).buffers.push_back({channel, slot << 2 | (head ? 2u : 0u) | (tail ? 1u : 0u)});
    ++flits_under_way_;
    ++source.flits;
    moved_ = true;
    if (tail) {
      departed_.push_back(slots_[slot].packet.tag);
      queue.slots.pop_front();
      queue.sent = 0;
    }
    return;
  }
}

void FlitNetwork::start_bid(std::uint32_t global) {
  const std::uint32_t router = global / channels_;
  Input& input = inputs_[global];
  const Slot& slot = slots_[flits_[(global << ring_shift_) + input.head] >> 2];
  input.destination = static_cast<std::uint32_t>(slot.packet.destination);
  input.state = State::kBidding;
  const Topology::Ways ways = topology_.ways(static_cast<int>(router), slot.packet.destination);
  input.adaptive = ways.count > 1;
  input.port = static_cast<std::uint16_t>(ways.way[0].port);
  set_range(input, slot.packet.traffic_class, ways.way[0].channels);
  add(routers_[router].bids, router, static_cast<std::uint16_t>(global - router * channels_));
}

void FlitNetwork::set_range(Input& input, unsigned traffic_class, Topology::Channels half) const {
  const unsigned per_class = config_.virtual_channels / config_.classes;
  unsigned first = traffic_class * per_class;
  unsigned last = first + per_class - 1;
  if (config_.dateline && half == Topology::Channels::kLower) last = first + per_class / 2 - 1;
  if (config_.dateline && half == Topology::Channels::kUpper) first += per_class / 2;
  input.first_channel = static_cast<std::uint8_t>(first);
  input.last_channel = static_cast<std::uint8_t>(last);
}

void FlitNetwork::add(std::vector<std::uint16_t>& list, std::uint32_t router, std::uint16_t local) {
  inputs_[router * channels_ + local].position = static_cast<std::uint16_t>(list.size());
  list.push_back(local);
  activate(router);
}

void FlitNetwork::remove(std::vector<std::uint16_t>& list, std::uint32_t router, std::uint16_t local) {
  const std::uint16_t position = inputs_[router * channels_ + local].position;
  list[position] = list.back();
  inputs_[router * channels_ + list[position]].position = position;
  list.pop_back();
}

void FlitNetwork::activate(std::uint32_t router) {
  if (routers_[router].active) return;
  routers_[router].active = true;
  active_routers_.push_back(router);
}

Cycle FlitNetwork::zero_load_latency(int source, int destination, std::uint32_t flits) const {
  const auto hops = static_cast<Cycle>(topology_.hops(source, destination));
  // The last router's link is the ejection channel, which takes one cycle.
  return hops * config_.hop_cycles() + config_.hop_cycles() - config_.link_cycles + 1 + kInterfaceCycles +
         flits - 1;
}

PortStatistics FlitNetwork::port(int router, int port) const {
  const PortState& state =
      port_states_.at(static_cast<std::size_t>(router) * ports_ + static_cast<std::size_t>(port));
  return {state.flits, state.occupancy + state.held * now_};
}

std::uint64_t FlitNetwork::flits_injected(int node) const {
  return sources_.at(static_cast<std::size_t>(node)).flits;
}

// What the packet in front of an input channel waits for first: another input channel, or nothing.
std::uint32_t FlitNetwork::first_wait(std::uint32_t global) const {
  const std::uint32_t base = global / channels_ * channels_;
  const Input& input = inputs_[global];
  if (input.state == State::kBidding) {
    for (unsigned channel = input.first_channel; channel <= input.last_channel; ++channel) {
      const Output& output = outputs_[base + input.port * config_.virtual_channels + channel];
      if (output.owner >= 0) return base + static_cast<std::uint32_t>(output.owner);
    }
    return kNone;
  }
  if (input.state != State::kActive) return kNone;
  const std::uint32_t router = global / channels_;
  if (input.count == 0) {  // its packet's next flits are still upstream
    const PortState& port = port_states_[router * ports_ + port_of_[global - base]];
    if (port.ejects) return kNone;
    const std::uint32_t feeding = port.from + channel_of_[global - base];
    const std::int32_t owner = outputs_[feeding].owner;
    return owner < 0 ? kNone : feeding / channels_ * channels_ + static_cast<std::uint32_t>(owner);
  }
  const PortState& port = port_states_[router * ports_ + input.port];
  if (port.ejects || outputs_[input.output].credits > 0) return kNone;
  return port.to + channel_of_[input.output - base];
}

std::string FlitNetwork::waiting_circle() const {
  std::vector<std::uint32_t> seen(inputs_.size(), 0);  // the walk that came by
  for (std::uint32_t start = 0; start < inputs_.size(); ++start) {
    std::uint32_t at = start;
    while (at != kNone && seen[at] == 0) {
      seen[at] = start + 1;
      at = first_wait(at);
    }
    if (at == kNone || seen[at] != start + 1) continue;
    std::string text;
    const std::uint32_t first = at;
    do {
      const std::uint32_t local = at % channels_;
      text += fmt::format("router {} from {}, channel {} -> ", at / channels_,
                          topology_.port_name(port_of_[local]), channel_of_[local]);
      at = first_wait(at);
    } while (at != first);
    return text + fmt::format("router {}", first / channels_);
  }
  return {};
}

}  // namespace weft::noc
