// SPDX-License-Identifier: Apache-2.0
// A DRAM channel command by command, without any state but the list of commands so far: every command is
// issued at the first cycle that keeps its distance to every earlier one. Slow, and obviously right if the
// table of distances is.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "models/dram/channel.h"

namespace weft::test {

using dram::Command;
using dram::CommandKind;
using dram::Cycle;
using dram::Place;

// The least cycles from one command to a later one, as in the timing diagrams of JESD79-4 section 4; none
// where the standard sets no distance. tFAW is not between two commands, see window_ok().
inline std::optional<int> distance(const dram::ChannelConfig& config, const Command& from,
                                   const Command& to) {
  const dram::Timing& t = config.timing;
  const int burst = config.organisation.burst_length / 2;
  const bool rank = from.place.rank == to.place.rank;
  const bool group = rank && from.place.group == to.place.group;
  const bool bank = rank && from.place.bank == to.place.bank;
  const bool all = to.kind == CommandKind::precharge_all;
  using K = CommandKind;
  switch (from.kind) {
    case K::activate:
      if (!rank) return std::nullopt;
      if (to.kind == K::activate) return bank ? t.rc : group ? t.rrd_l : t.rrd_s;
      if (to.kind == K::refresh) return t.rc;
      if (all) return t.ras;
      if (!bank) return std::nullopt;
      return to.kind == K::precharge ? t.ras : t.rcd;
    case K::read:
      if (to.kind == K::read) return group ? t.ccd_l : rank ? t.ccd_s : burst + t.rtrs;
      if (to.kind == K::write) return rank ? t.rtw : std::max(1, t.cl + burst + t.rtrs - t.cwl);
      if ((to.kind == K::precharge && bank) || (all && rank)) return t.rtp;
      return std::nullopt;
    case K::write:
      if (to.kind == K::write) return group ? t.ccd_l : rank ? t.ccd_s : burst + t.rtrs;
      if (to.kind == K::read && rank) return t.cwl + burst + (group ? t.wtr_l : t.wtr_s);
      if (to.kind == K::read) return std::max(1, t.cwl + burst + t.rtrs - t.cl);
      if ((to.kind == K::precharge && bank) || (all && rank)) return t.cwl + burst + t.wr;
      return std::nullopt;
    case K::precharge:
      if ((to.kind == K::activate && bank) || (to.kind == K::refresh && rank)) return t.rp;
      return std::nullopt;
    case K::precharge_all:
      if ((to.kind == K::activate || to.kind == K::refresh) && rank) return t.rpab;
      return std::nullopt;
    case K::refresh:
      if ((to.kind == K::activate || to.kind == K::refresh) && rank) return t.rfc;
      return std::nullopt;
  }
  return std::nullopt;
}

class SlowChannel {
 public:
  explicit SlowChannel(const dram::ChannelConfig& config)
      : config_(config),
        map_(config.organisation, config.mapping),
        due_(static_cast<std::size_t>(config.organisation.ranks), config.timing.refi) {}

  dram::Service serve(const dram::Request& request) {
    const auto bytes = static_cast<std::uint64_t>(config_.organisation.burst_bytes());
    const std::uint64_t first = request.address / bytes;
    const std::uint64_t last = (request.address + request.bytes - 1) / bytes;
    dram::Service service;
    for (std::uint64_t burst = first; burst <= last; ++burst) {
      const Cycle data =
          serve_burst(map_.place(burst), request) + (request.write ? config_.timing.cwl : config_.timing.cl);
      if (burst == first) service.first = data;
      service.end = data + config_.organisation.burst_length / 2;
      if (config_.policy == dram::PagePolicy::closed && is_last_of_its_row(burst, last))
        issue(CommandKind::precharge, map_.place(burst), 0);
    }
    return service;
  }

  std::uint64_t refreshes() const { return refreshes_; }
  std::uint64_t count(CommandKind kind) const {
    return static_cast<std::uint64_t>(std::count_if(commands_.begin(), commands_.end(),
                                                    [kind](const Command& c) { return c.kind == kind; }));
  }

 private:
  bool is_last_of_its_row(std::uint64_t burst, std::uint64_t last) const {
    const Place own = map_.place(burst);
    for (std::uint64_t later = burst + 1; later <= last; ++later) {
      const Place place = map_.place(later);
      if (place.rank == own.rank && place.bank == own.bank) return place.row != own.row;
    }
    return true;
  }

  Cycle serve_burst(const Place& place, const dram::Request& request) {
    const CommandKind column = request.write ? CommandKind::write : CommandKind::read;
    for (;;) {
      const int row = open_row(place);
      const CommandKind first = row == place.row ? column
                                : row < 0        ? CommandKind::activate
                                                 : CommandKind::precharge;
      const Cycle time = earliest(first, place, request.arrival);
      if (config_.timing.refi == 0 || time < due_[static_cast<std::size_t>(place.rank)]) break;
      refresh(place.rank);
    }
    if (open_row(place) >= 0 && open_row(place) != place.row)
      issue(CommandKind::precharge, place, request.arrival);
    if (open_row(place) < 0) issue(CommandKind::activate, place, request.arrival);
    return issue(column, place, request.arrival);
  }

  void refresh(int rank) {
    Place place;
    place.rank = rank;
    Cycle& due = due_[static_cast<std::size_t>(rank)];
    bool any_open = false;
    for (int bank = 0; bank < config_.organisation.groups * config_.organisation.banks; ++bank) {
      place.bank = bank;
      any_open = any_open || open_row(place) >= 0;
    }
    place.bank = 0;
    if (any_open) issue(CommandKind::precharge_all, place, due);
    issue(CommandKind::refresh, place, due);
    due += config_.timing.refi;
    ++refreshes_;
  }

  int open_row(const Place& place) const {
    for (auto command = commands_.rbegin(); command != commands_.rend(); ++command) {
      if (command->place.rank != place.rank) continue;
      if (command->kind == CommandKind::precharge_all || command->kind == CommandKind::refresh) return -1;
      if (command->place.bank != place.bank) continue;
      if (command->kind == CommandKind::precharge) return -1;
      if (command->kind == CommandKind::activate) return command->place.row;
    }
    return -1;
  }

  Cycle earliest(CommandKind kind, const Place& place, Cycle from) const {
    const bool is_column = kind == CommandKind::read || kind == CommandKind::write;
    Cycle time = from;
    std::vector<Cycle> activates;
    for (const Command& command : commands_) {
      if (const auto gap = distance(config_, command, {kind, 0, place}))
        time = std::max(time, command.time + *gap);
      const bool was_column = command.kind == CommandKind::read || command.kind == CommandKind::write;
      if (is_column && was_column) time = std::max(time, command.time + 1);  // in order
      if (command.kind == CommandKind::activate && command.place.rank == place.rank)
        activates.push_back(command.time);
    }
    if (kind == CommandKind::activate && activates.size() >= 4)
      time = std::max(time, activates[activates.size() - 4] + config_.timing.faw);
    return time;
  }

  Cycle issue(CommandKind kind, const Place& place, Cycle from) {
    const Cycle time = earliest(kind, place, from);
    commands_.push_back({kind, time, place});
    return time;
  }

  dram::ChannelConfig config_;
  dram::AddressMap map_;
  std::vector<Command> commands_;
  std::vector<Cycle> due_;
  std::uint64_t refreshes_ = 0;
};

}  // namespace weft::test
