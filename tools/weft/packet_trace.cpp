// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/packet_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string_view>

#include "models/common/error.h"

namespace weft::tool {

namespace {

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

class Table {
 public:
  Table(const std::filesystem::path& file, std::string_view header) : file_(file.string()) {
    for (const std::string_view name : split(header)) names_.emplace_back(name);
  }

  std::size_t column(const std::string& name) const {
    if (const auto found = find(name)) return *found;
    throw Error(fmt::format(
        "{}:1: no column '{}'; needed are packet_id, src, dst, length_flits and create_cycle", file_, name));
  }

  std::optional<std::size_t> find(const std::string& name) const {
    const auto at = std::find(names_.begin(), names_.end(), name);
    if (at == names_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - names_.begin());
  }

  void start(std::string_view line, std::size_t number) {
    cells_ = split(line);
    number_ = number;
    if (cells_.size() == names_.size()) return;
    throw Error(fmt::format("{}:{}: {} cells, the first line names {} columns", file_, number_, cells_.size(),
                            names_.size()));
  }

  std::string_view text(std::size_t column) const { return cells_[column]; }

  std::uint64_t integer(std::size_t column, std::uint64_t low, std::uint64_t high) const {
    const std::string_view cell = cells_[column];
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (failure == std::errc() && end == cell.data() + cell.size() && value >= low && value <= high)
      return value;
    throw Error(fmt::format("{}:{}: {} is '{}', allowed are integers from {} to {}", file_, number_,
                            names_[column], cell, low, high));
  }

 private:
  std::string file_;
  std::vector<std::string> names_;
  std::vector<std::string_view> cells_;
  std::size_t number_ = 1;
};

}  // namespace

std::vector<TracePacket> read_packets(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream || std::filesystem::is_directory(file))
    throw Error(fmt::format("{}: cannot be read: {}", file.string(),
                            stream ? "it is a folder" : std::strerror(errno)));
  const auto next = [&stream](std::string& line) {
    if (!std::getline(stream, line)) return false;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return true;
  };
  std::string line;
  if (!next(line)) throw Error(fmt::format("{}: empty, it needs a line of column names", file.string()));
  Table table(file, line);
  const std::size_t id = table.column("packet_id");
  const std::size_t source = table.column("src");
  const std::size_t destination = table.column("dst");
  const std::size_t flits = table.column("length_flits");
  const std::size_t created = table.column("create_cycle");
  const std::optional<std::size_t> arrived = table.find("arrive_cycle_tail");
  constexpr std::uint64_t last_node = 4095;
  constexpr std::uint64_t most_flits = 65536;
  constexpr std::uint64_t last_cycle = 1'000'000'000'000;
  std::vector<TracePacket> packets;
  for (std::size_t number = 2; next(line); ++number) {
    if (line.empty()) continue;
    table.start(line, number);
    TracePacket& packet = packets.emplace_back();
    packet.id = table.text(id);
    packet.source = static_cast<int>(table.integer(source, 0, last_node));
    packet.destination = static_cast<int>(table.integer(destination, 0, last_node));
    packet.flits = static_cast<std::uint32_t>(table.integer(flits, 1, most_flits));
    packet.created = table.integer(created, 0, last_cycle);
    if (arrived) packet.recorded_arrival = table.integer(*arrived, 0, 2 * last_cycle);
  }
  if (packets.empty()) throw Error(fmt::format("{}: no packets", file.string()));
  return packets;
}

std::string packets_csv(const std::vector<TracePacket>& packets) {
  std::string text = "packet_id,src,dst,length_flits,create_cycle,inject_cycle_head,arrive_cycle_tail\n";
  for (const TracePacket& packet : packets) {
    text += fmt::format("{},{},{},{},{},{},{}\n", packet.id, packet.source, packet.destination, packet.flits,
                        packet.created, packet.injected, packet.arrived);
  }
  return text;
}

}  // namespace weft::tool
