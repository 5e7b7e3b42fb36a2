// SPDX-License-Identifier: Apache-2.0
// Packet traces: comma-separated values with a line of column names. Needed are packet_id, src, dst,
// length_flits and create_cycle; arrive_cycle_tail, if it is there, is what the replay is compared with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/noc/calendar.h"

namespace weft::tool {

struct TracePacket {
  std::string id;
  int source = 0;
  int destination = 0;
  std::uint32_t flits = 0;
  noc::Cycle created = 0;
  std::optional<noc::Cycle> recorded_arrival;
  noc::Cycle injected = 0;
  noc::Cycle arrived = 0;
};

// Packets in the order of the file. Throws Error naming file, line, what was found and what is allowed.
std::vector<TracePacket> read_packets(const std::filesystem::path& file);
// With the columns inject_cycle_head and arrive_cycle_tail.
std::string packets_csv(const std::vector<TracePacket>& packets);

}  // namespace weft::tool
