// SPDX-License-Identifier: Apache-2.0
#include "models/dram/channel.h"

#include <algorithm>
#include <cassert>

namespace weft::dram {

namespace {

const ChannelConfig& checked(const ChannelConfig& config) {
  config.validate();
  return config;
}

}  // namespace

void ChannelStatistics::add(const ChannelStatistics& other) {
  reads += other.reads;
  writes += other.writes;
  read_bursts += other.read_bursts;
  write_bursts += other.write_bursts;
  hits += other.hits;
  misses += other.misses;
  conflicts += other.conflicts;
  activates += other.activates;
  refreshes += other.refreshes;
  data += other.data;
  open += other.open;
}

Channel::Channel(const ChannelConfig& config)
    : config_(checked(config)), map_(config.organisation, config.mapping) {
  Rank rank;
  rank.banks.resize(static_cast<std::size_t>(config.organisation.banks_of_rank()));
  rank.groups.resize(static_cast<std::size_t>(config.organisation.groups));
  rank.refresh_due = config.timing.refi;
  state_.ranks.assign(static_cast<std::size_t>(config.organisation.ranks), rank);
}

Service Channel::serve(const Request& request, Cycle horizon) {
  assert(request.bytes > 0);
  while (!log_.empty() && log_.front().request.arrival <= horizon) log_.pop_front();
  Request own = request;
  own.arrival = std::max(request.arrival, horizon);
  auto later = log_.end();
  while (later != log_.begin() && std::prev(later)->request.arrival > own.arrival) --later;
  const bool overtakes = later != log_.end();
  if (overtakes) state_ = later->before;
  // Nobody can overtake what arrives at the horizon itself.
  const bool may_be_overtaken = own.arrival > horizon;
  if (may_be_overtaken) later = log_.insert(later, {own, state_, 0});
  Service service = serve_in_order(own);
  if (may_be_overtaken) {
    later->end = service.end;
    ++later;
  }
  for (; later != log_.end(); ++later) {
    later->before = state_;
    const Cycle end = serve_in_order(later->request).end;
    service.owed += end - later->end;
    later->end = end;
  }
  service.owed = std::max<Cycle>(service.owed, 0);
  return service;
}

Service Channel::serve_in_order(const Request& request) {
  locate(request);
  ++(request.write ? state_.statistics.writes : state_.statistics.reads);
  const int latency = request.write ? config_.timing.cwl : config_.timing.cl;
  Service service;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Cycle data = serve_burst(places_[i], request.arrival, request.write, closes_[i]) + latency;
    if (i == 0) service.first = data;
    service.end = data + config_.organisation.burst_cycles();
  }
  return service;
}

// The bursts of a request, and which of them are the last in their row.
void Channel::locate(const Request& request) {
  const auto bytes = static_cast<std::uint64_t>(config_.organisation.burst_bytes());
  const std::uint64_t first = request.address / bytes;
  const std::uint64_t last = (request.address + (request.bytes - 1)) / bytes;
  places_.clear();
  for (std::uint64_t burst = first; burst <= last; ++burst) places_.push_back(map_.place(burst));
  closes_.assign(places_.size(), false);
  if (config_.policy == PagePolicy::open) return;
  std::vector<int> row_after(
      static_cast<std::size_t>(config_.organisation.ranks * config_.organisation.banks_of_rank()), -1);
  for (std::size_t i = places_.size(); i-- > 0;) {
    const Place& place = places_[i];
    int& row =
        row_after[static_cast<std::size_t>(place.rank * config_.organisation.banks_of_rank() + place.bank)];
    closes_[i] = row != place.row;
    row = place.row;
  }
}

// Returns the time of the read or write command.
Cycle Channel::serve_burst(const Place& place, Cycle arrival, bool write, bool closes) {
  ChannelStatistics& statistics = state_.statistics;
  for (;;) {
    const Bank& own = bank(place);
    Cycle first = 0;
    if (own.row == place.row) {
      first = std::max(arrival, column_time(place, write));
    } else {
      first = std::max(arrival, own.row < 0 ? activate_time(place) : own.precharge_from);
    }
    if (!refresh_before(place.rank, first)) break;
  }
  Bank& own = bank(place);
  if (own.row == place.row) {
    ++statistics.hits;
  } else {
    ++(own.row < 0 ? statistics.misses : statistics.conflicts);
    if (own.row >= 0) precharge(place, std::max(arrival, own.precharge_from));
    activate(place, std::max(arrival, activate_time(place)));
  }
  const Cycle time = std::max(arrival, column_time(place, write));
  column(place, time, write);
  if (closes) precharge(place, own.precharge_from);
  return time;
}

Cycle Channel::activate_time(const Place& place) const {
  const Timing& t = config_.timing;
  const Rank& rank = state_.ranks[static_cast<std::size_t>(place.rank)];
  const Group& group = rank.groups[static_cast<std::size_t>(place.group)];
  return std::max({bank(place).activate_from, rank.activated + t.rrd_s, group.activated + t.rrd_l,
                   rank.activates[rank.oldest] + t.faw});
}

Cycle Channel::column_time(const Place& place, bool write) const {
  const Timing& t = config_.timing;
  const Rank& rank = state_.ranks[static_cast<std::size_t>(place.rank)];
  const Group& group = rank.groups[static_cast<std::size_t>(place.group)];
  const int burst = config_.organisation.burst_cycles();
  const int latency = write ? t.cwl : t.cl;
  // Once the data of another rank's command has passed.
  const auto after = [&](Cycle command, int command_latency) {
    return command + command_latency + burst + t.rtrs - latency;
  };
  Cycle time = bank(place).column_from;
  if (write) {
    time = std::max({time, group.written + t.ccd_l, rank.written + t.ccd_s, rank.read + t.rtw});
  } else {
    const Cycle data_end = t.cwl + burst;
    time = std::max({time, group.read + t.ccd_l, rank.read + t.ccd_s, group.written + data_end + t.wtr_l,
                     rank.written + data_end + t.wtr_s});
  }
  if (state_.read_rank != place.rank) time = std::max(time, after(state_.read, t.cl));
  if (state_.write_rank != place.rank) time = std::max(time, after(state_.written, t.cwl));
  return std::max(time, std::max(state_.read, state_.written) + 1);
}

void Channel::activate(const Place& place, Cycle time) {
  const Timing& t = config_.timing;
  Rank& rank = state_.ranks[static_cast<std::size_t>(place.rank)];
  Bank& own = bank(place);
  own.row = place.row;
  own.activate_from = time + t.rc;
  own.column_from = time + t.rcd;
  own.precharge_from = time + t.ras;
  rank.groups[static_cast<std::size_t>(place.group)].activated = time;
  rank.activated = time;
  rank.activates[rank.oldest] = time;
  rank.oldest = (rank.oldest + 1) % rank.activates.size();
  if (rank.open == 0) rank.open_from = std::max(time, rank.open_until);
  ++rank.open;
  ++state_.statistics.activates;
  note(CommandKind::activate, time, place);
}

void Channel::precharge(const Place& place, Cycle time) {
  close(state_.ranks[static_cast<std::size_t>(place.rank)], bank(place), time);
  note(CommandKind::precharge, time, place);
}

void Channel::close(Rank& rank, Bank& own, Cycle time) {
  own.row = -1;
  own.activate_from = std::max(own.activate_from, time + config_.timing.rp);
  --rank.open;
  rank.open_until = std::max(rank.open_until, time);
  if (rank.open == 0) state_.statistics.open += std::max<Cycle>(0, rank.open_until - rank.open_from);
}

void Channel::column(const Place& place, Cycle time, bool write) {
  const Timing& t = config_.timing;
  const int burst = config_.organisation.burst_cycles();
  Rank& rank = state_.ranks[static_cast<std::size_t>(place.rank)];
  Group& group = rank.groups[static_cast<std::size_t>(place.group)];
  Bank& own = bank(place);
  if (write) {
    state_.written = rank.written = group.written = time;
    state_.write_rank = place.rank;
    own.precharge_from = std::max(own.precharge_from, time + t.cwl + burst + t.wr);
    ++state_.statistics.write_bursts;
  } else {
    state_.read = rank.read = group.read = time;
    state_.read_rank = place.rank;
    own.precharge_from = std::max(own.precharge_from, time + t.rtp);
    ++state_.statistics.read_bursts;
  }
  state_.statistics.data += burst;
  note(write ? CommandKind::write : CommandKind::read, time, place);
}

// Whether a refresh had to come before a command at `time`.
bool Channel::refresh_before(int number, Cycle time) {
  Rank& rank = state_.ranks[static_cast<std::size_t>(number)];
  const Cycle interval = config_.timing.refi;
  if (interval == 0 || time < rank.refresh_due) return false;
  // In an idle rank refreshes follow each other on time.
  const Cycle idle = (time - rank.refresh_due) / interval;
  const auto is_idle = [&](const Bank& own) { return own.row < 0 && own.activate_from <= rank.refresh_due; };
  if (idle > 0 && std::all_of(rank.banks.begin(), rank.banks.end(), is_idle)) {
    rank.refresh_due += idle * interval;
    state_.statistics.refreshes += static_cast<std::uint64_t>(idle);
  }
  refresh(number);
  return true;
}

void Channel::refresh(int number) {
  const Timing& t = config_.timing;
  Rank& rank = state_.ranks[static_cast<std::size_t>(number)];
  Place place;
  place.rank = number;
  Cycle time = rank.refresh_due;
  if (rank.open > 0) {
    Cycle all = time;
    for (const Bank& own : rank.banks) all = std::max(all, own.precharge_from);
    for (Bank& own : rank.banks) {
      if (own.row >= 0) close(rank, own, all);
    }
    note(CommandKind::precharge_all, all, place);
    time = all + t.rpab;
  }
  for (const Bank& own : rank.banks) time = std::max(time, own.activate_from);
  for (Bank& own : rank.banks) own.activate_from = time + t.rfc;
  rank.refresh_due += t.refi;
  ++state_.statistics.refreshes;
  note(CommandKind::refresh, time, place);
}

void Channel::advance(Cycle time) {
  for (int number = 0; number < config_.organisation.ranks; ++number) {
    while (refresh_before(number, time)) {
    }
    Rank& rank = state_.ranks[static_cast<std::size_t>(number)];
    if (rank.open == 0 || time <= rank.open_from) continue;
    state_.statistics.open += time - rank.open_from;
    rank.open_from = time;
  }
}

Channel::Bank& Channel::bank(const Place& place) {
  return state_.ranks[static_cast<std::size_t>(place.rank)].banks[static_cast<std::size_t>(place.bank)];
}

const Channel::Bank& Channel::bank(const Place& place) const {
  return state_.ranks[static_cast<std::size_t>(place.rank)].banks[static_cast<std::size_t>(place.bank)];
}

}  // namespace weft::dram
