// SPDX-License-Identifier: Apache-2.0
// One DRAM channel at transaction level: when a request's data is on the bus, given every earlier request.
//
// A request is cut into bursts. Each burst needs a precharge (another row is open), an activate (its row is
// not open) and a read or write; every command is issued at the first cycle that keeps the distances of
// `Timing` to all commands before it. Column commands are issued in the order of the requests, activates
// likewise, but a request's activates may precede the column commands of requests before it. A refresh of a
// rank is issued when it is due, before the first command of the burst that would come later: all banks
// are precharged, then it takes tRFC. What is not modelled: collisions on the command bus, reordering of
// requests (first come, first served), power-down.
//
// Decoupled initiators. Requests may be made in any order of their arrival times; they are served in
// the order of arrival (among equals: of the calls) as far as it is known. A request that arrives before ones
// already answered is answered as if those had not been made, and they are then served again after it, so
// that later requests find the channel as if all had been made in order. The answers given before stay as
// they were; what they turn out to be too early by is owed by the request that is answered now, so that no
// waiting is lost. What is made in order is answered exactly, and owes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "models/dram/address_map.h"
#include "models/dram/dram_config.h"

namespace weft::dram {

struct Request {
  Cycle arrival = 0;          // at the channel
  std::uint64_t address = 0;  // of the channel
  std::uint32_t bytes = 0;    // at least 1
  bool write = false;
};

struct Service {
  Cycle first = 0;  // first cycle of data on the bus
  Cycle end = 0;    // cycle after the last
  Cycle owed = 0;   // by which it has delayed requests that were answered before it
};

enum class CommandKind { activate, read, write, precharge, precharge_all, refresh };

struct Command {
  CommandKind kind = CommandKind::activate;
  Cycle time = 0;
  Place place;  // precharge_all and refresh: rank only
};

struct ChannelStatistics {
  std::uint64_t reads = 0;  // requests
  std::uint64_t writes = 0;
  std::uint64_t read_bursts = 0;
  std::uint64_t write_bursts = 0;
  // Bursts that found their row open, their bank precharged, another row open.
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t activates = 0;
  std::uint64_t refreshes = 0;
  Cycle data = 0;  // cycles with data on the bus
  Cycle open = 0;  // cycles, summed over ranks, with a bank open

  void add(const ChannelStatistics& other);
};

class Channel {
 public:
  // Throws weft::Error if the configuration is not valid.
  explicit Channel(const ChannelConfig& config);

  // `horizon`: no later call will have an earlier arrival. A request before it is served at it.
  Service serve(const Request& request, Cycle horizon);
  // Issues the refreshes that are due until `time` and counts open banks until then; for the books.
  void advance(Cycle time);

  const ChannelStatistics& statistics() const { return state_.statistics; }
  const ChannelConfig& config() const { return config_; }
  const AddressMap& map() const { return map_; }

  // Records commands here from now on; null: none. Refreshes that are skipped together, while a rank is
  // idle, are recorded as the last of them. Requests must then be made in order.
  void record(std::vector<Command>* commands) { recorded_ = commands; }

 private:
  static constexpr Cycle never = -1'000'000'000;  // before everything

  struct Bank {
    int row = -1;  // open, or -1
    Cycle activate_from = 0;
    Cycle column_from = 0;
    Cycle precharge_from = 0;
  };
  struct Group {
    Cycle activated = never;
    Cycle read = never;
    Cycle written = never;
  };
  struct Rank {
    std::vector<Bank> banks;
    std::vector<Group> groups;
    std::array<Cycle, 4> activates{never, never, never, never};  // a ring of the last four
    std::size_t oldest = 0;
    Cycle activated = never;
    Cycle read = never;
    Cycle written = never;
    Cycle refresh_due = 0;
    int open = 0;          // banks
    Cycle open_from = 0;   // while some bank is open: from when on that is not counted yet
    Cycle open_until = 0;  // while none is: the last precharge
  };
  struct State {
    std::vector<Rank> ranks;
    // The last read and write of the channel.
    Cycle read = never;
    Cycle written = never;
    int read_rank = 0;
    int write_rank = 0;
    ChannelStatistics statistics;
  };
  struct Entry {
    Request request;
    State before;
    Cycle end = 0;
  };

  Service serve_in_order(const Request& request);
  void locate(const Request& request);
  Cycle serve_burst(const Place& place, Cycle arrival, bool write, bool closes);
  Cycle column_time(const Place& place, bool write) const;
  Cycle activate_time(const Place& place) const;
  void activate(const Place& place, Cycle time);
  void precharge(const Place& place, Cycle time);
  void close(Rank& rank, Bank& bank, Cycle time);
  void column(const Place& place, Cycle time, bool write);
  bool refresh_before(int number, Cycle time);
  void refresh(int number);
  void note(CommandKind kind, Cycle time, const Place& place) {
    if (recorded_ != nullptr) recorded_->push_back({kind, time, place});
  }
  Bank& bank(const Place& place);
  const Bank& bank(const Place& place) const;

  ChannelConfig config_;
  AddressMap map_;
  State state_;
  std::deque<Entry> log_;  // requests that may still be overtaken, in the order of arrival
  std::vector<Place> places_;
  std::vector<bool> closes_;
  std::vector<Command>* recorded_ = nullptr;
};

}  // namespace weft::dram
