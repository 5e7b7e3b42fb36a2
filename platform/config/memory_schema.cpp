// SPDX-License-Identifier: Apache-2.0
// The keys of platform.memory and technology.memory.
#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"
#include "platform/config/memory.h"
#include "platform/config/schema.h"

namespace weft::config {

namespace {

const Table<DramTimings>& timing_table() {
  using T = DramTimings;
  const auto cycles = [](int least) { return optional_of(integer(least, 1'000'000)); };
  static const Table<T> table =
      Table<T>()
          .add("cl", &T::cl, cycles(1), "Read command to first data, CL (RL).")
          .add("cwl", &T::cwl, cycles(1), "Write command to first data, CWL (WL).")
          .add("trcd", &T::trcd, cycles(1), "Activate to read or write.")
          .add("trp", &T::trp, cycles(1), "Precharge to activate, one bank.")
          .add("trpab", &T::trpab, cycles(1), "Precharge to activate or refresh, all banks.")
          .add("tras", &T::tras, cycles(1), "Activate to precharge.")
          .add("trc", &T::trc, cycles(1), "Activate to activate, one bank.")
          .add("tccd_s", &T::tccd_s, cycles(1), "Read to read or write to write, different bank groups.")
          .add("tccd_l", &T::tccd_l, cycles(1), "The same within one bank group.")
          .add("trrd_s", &T::trrd_s, cycles(1), "Activate to activate, different bank groups.")
          .add("trrd_l", &T::trrd_l, cycles(1), "The same within one bank group.")
          .add("tfaw", &T::tfaw, cycles(1), "Window of four activates.")
          .add("twr", &T::twr, cycles(0), "Last write data to precharge.")
          .add("twtr_s", &T::twtr_s, cycles(0), "Last write data to read, different bank groups.")
          .add("twtr_l", &T::twtr_l, cycles(0), "The same within one bank group.")
          .add("trtp", &T::trtp, cycles(1), "Read to precharge.")
          .add("trtw", &T::trtw, cycles(1), "Read to write.")
          .add("trtrs", &T::trtrs, cycles(0), "Idle cycles of the bus between ranks.")
          .add("trefi", &T::trefi, cycles(0), "Refresh to refresh; 0: never.")
          .add("trfc", &T::trfc, cycles(1), "Refresh to activate.");
  return table;
}

bool is_dram(const MemoryConfig& memory) { return memory.is_dram(); }

const char* preset_name(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::ddr4_3200:
      return "ddr4-3200";
    case MemoryKind::lpddr4_3200:
      return "lpddr4-3200";
    case MemoryKind::hbm2:
      return "hbm2";
    default:
      return "ddr4-2400";
  }
}

void override_timing(const DramTimings& from, dram::Timing& to) {
  const auto override = [](const std::optional<int>& given, int& value) { value = given.value_or(value); };
  override(from.cl, to.cl);
  override(from.cwl, to.cwl);
  override(from.trcd, to.rcd);
  override(from.trp, to.rp);
  override(from.trpab, to.rpab);
  override(from.tras, to.ras);
  override(from.trc, to.rc);
  override(from.tccd_s, to.ccd_s);
  override(from.tccd_l, to.ccd_l);
  override(from.trrd_s, to.rrd_s);
  override(from.trrd_l, to.rrd_l);
  override(from.tfaw, to.faw);
  override(from.twr, to.wr);
  override(from.twtr_s, to.wtr_s);
  override(from.twtr_l, to.wtr_l);
  override(from.trtp, to.rtp);
  override(from.trtw, to.rtw);
  override(from.trtrs, to.rtrs);
  override(from.trefi, to.refi);
  override(from.trfc, to.rfc);
}

void override_prices(const MemoryTechnology& from, const dram::Timing& timing, dram::Prices& to) {
  const auto override = [](const std::optional<double>& given, double unit_pJ, Joule& price) {
    if (given) price = picojoule(*given * unit_pJ);
  };
  const double pJ_per_mW_cycle = timing.clock_ps * 1e-3;
  override(from.activate_pJ, 1, to.activate);
  override(from.read_pJ_per_bit, 1, to.read_bit);
  override(from.write_pJ_per_bit, 1, to.write_bit);
  override(from.refresh_pJ, 1, to.refresh);
  override(from.standby_mW, pJ_per_mW_cycle, to.standby_cycle);
  override(from.active_mW, pJ_per_mW_cycle, to.active_cycle);
}

void check_controllers(const PlatformConfig& platform, Reader& reader) {
  const std::vector<MeshPosition>& controllers = platform.memory.controllers;
  for (std::size_t i = 0; i < controllers.size(); ++i) {
    const std::string path = fmt::format("platform.memory.controllers[{}]", i);
    const MeshPosition& own = controllers[i];
    if (own.x >= platform.tiles.columns || own.y >= platform.tiles.rows) {
      reader.error(reader.where(path), path,
                   fmt::format("[{}, {}] is outside the mesh of {} columns and {} rows", own.x, own.y,
                               platform.tiles.columns, platform.tiles.rows));
    }
    for (std::size_t other = 0; other < i; ++other) {
      if (controllers[other].x != own.x || controllers[other].y != own.y) continue;
      reader.error(
          reader.where(path), path,
          fmt::format("router [{}, {}] has platform.memory.controllers[{}] already; one is allowed at each",
                      own.x, own.y, other));
    }
  }
}

}  // namespace

const Table<MemoryConfig>& memory_table() {
  using M = MemoryConfig;
  const char* const needs = "kind: a DRAM";
  static const Table<M> table =
      Table<M>()
          .add("kind", &M::kind,
               choice<MemoryKind>({{"simple", MemoryKind::simple},
                                   {"ddr4-2400", MemoryKind::ddr4_2400},
                                   {"ddr4-3200", MemoryKind::ddr4_3200},
                                   {"lpddr4-3200", MemoryKind::lpddr4_3200},
                                   {"hbm2", MemoryKind::hbm2}}),
               "simple: latency and bandwidth of platform.host; a DRAM: channels with banks, rows and "
               "refresh, whose timings and energies the name stands for.")
          .add("channels", &M::channels, optional_of(integer(1, 64)),
               "Channels of a controller, a power of two; without it as many as the kind's package has.")
          .only_with("kind", needs, is_dram)
          .add("controllers", &M::controllers, list_of(mesh_position(31, 31), "routers"),
               "Routers with a memory controller each, which tiles and host reach over the network; without "
               "it, there is one controller, on the host's bus.")
          .only_with("kind", needs, is_dram)
          .add("interleave", &M::interleave_bytes, byte_size(64, 64 * mebibyte, 1),
               "Bytes after which the next controller follows, a power of two.")
          .only_with("kind", needs, is_dram)
          .add("channel_interleave", &M::channel_interleave_bytes, byte_size(16, 64 * mebibyte, 1),
               "Bytes after which the next channel of a controller follows, a power of two.")
          .only_with("kind", needs, is_dram)
          .add("mapping", &M::mapping,
               choice<dram::Mapping>({{"row_bank_column_group", dram::Mapping::row_bank_column_group},
                                      {"row_bank_group_column", dram::Mapping::row_bank_group_column},
                                      {"bank_group_row_column", dram::Mapping::bank_group_row_column},
                                      {"row_column_bank_group", dram::Mapping::row_column_bank_group}}),
               "Parts of a channel's address from the most significant down.")
          .only_with("kind", needs, is_dram)
          .add("page_policy", &M::page_policy,
               choice<dram::PagePolicy>(
                   {{"open", dram::PagePolicy::open}, {"closed", dram::PagePolicy::closed}}),
               "open: rows stay open until another is needed; closed: they are closed after each access.")
          .only_with("kind", needs, is_dram)
          .add("controller_latency", &M::controller_latency_ns, duration(0, 10'000),
               "Of controller and physical interface, there and back.")
          .only_with("kind", needs, is_dram)
          .add("direct", &M::direct, flag(),
               "The host's hart reaches the DRAM through host pointers at the cost of its instruction "
               "classes, as if "
               "from a cache; false: each fetch, load and store is an access to the DRAM.")
          .only_with("kind", needs, is_dram)
          .add("timing", &M::timing, object(timing_table()), "")
          .only_with("kind", needs, is_dram);
  return table;
}

const Table<MemoryTechnology>& memory_technology_table() {
  using T = MemoryTechnology;
  const auto price = [] { return optional_of(real(0, 1e9)); };
  static const Table<T> table =
      Table<T>()
          .add(
              "activate_pJ", &T::activate_pJ, price(),
              "An activate and precharge of a DRAM's row; these keys replace prices of platform.memory.kind.")
          .add("read_pJ_per_bit", &T::read_pJ_per_bit, price(), "A bit read, array to pin.")
          .add("write_pJ_per_bit", &T::write_pJ_per_bit, price(), "A bit written, pin to array.")
          .add("refresh_pJ", &T::refresh_pJ, price(), "A refresh of a rank.")
          .add("standby_mW", &T::standby_mW, price(), "A rank with all banks precharged.")
          .add("active_mW", &T::active_mW, price(), "Added while a bank is open.");
  return table;
}

dram::ChannelConfig dram_channel(const MemoryConfig& memory, const MemoryTechnology& technology) {
  dram::ChannelConfig channel = dram::preset(preset_name(memory.kind)).channel;
  override_timing(memory.timing, channel.timing);
  override_prices(technology, channel.timing, channel.prices);
  channel.mapping = memory.mapping;
  channel.policy = memory.page_policy;
  return channel;
}

int dram_channels(const MemoryConfig& memory) {
  return memory.channels.value_or(dram::preset(preset_name(memory.kind)).channels);
}

const char* to_text(MemoryKind kind) { return kind == MemoryKind::simple ? "simple" : preset_name(kind); }

void check_memory(const Scenario& scenario, Reader& reader) {
  const MemoryConfig& memory = scenario.platform.memory;
  if (!memory.is_dram()) return;
  check_controllers(scenario.platform, reader);
  const auto refuse = [&reader](const std::string& path, const std::string& what) {
    reader.error(reader.where(path), path, what);
  };
  const dram::ChannelConfig channel = dram_channel(memory, scenario.technology.memory);
  try {
    channel.validate();
  } catch (const Error& error) {
    refuse("platform.memory.timing", error.what());
    return;
  }
  const auto is_power_of_two = [](std::uint64_t value) { return (value & (value - 1)) == 0; };
  const int channels = dram_channels(memory);
  if (!is_power_of_two(static_cast<std::uint64_t>(channels)))
    refuse("platform.memory.channels", fmt::format("found {}, expected a power of two", channels));
  const auto burst = static_cast<std::uint64_t>(channel.organisation.burst_bytes());
  const std::uint64_t of_channel = memory.channel_interleave_bytes;
  if (!is_power_of_two(of_channel) || of_channel < burst) {
    refuse("platform.memory.channel_interleave",
           fmt::format("found {} bytes, expected a power of two from a burst of {} bytes on", of_channel,
                       burst));
  }
  const std::uint64_t of_controller = memory.interleave_bytes;
  if (!is_power_of_two(of_controller) || of_controller < of_channel) {
    refuse("platform.memory.interleave",
           fmt::format("found {} bytes, expected a power of two from channel_interleave ({}) on",
                       of_controller, of_channel));
  }
  const std::uint64_t controllers = std::max<std::uint64_t>(memory.controllers.size(), 1);
  const std::uint64_t capacity =
      controllers * static_cast<std::uint64_t>(channels) * channel.organisation.capacity();
  if (scenario.platform.host.dram_size_bytes > capacity) {
    refuse("platform.host.dram_size",
           fmt::format("found {} bytes, but {} controllers with {} channels of {} bytes each hold {}",
                       scenario.platform.host.dram_size_bytes, controllers, channels,
                       channel.organisation.capacity(), capacity));
  }
}

}  // namespace weft::config
