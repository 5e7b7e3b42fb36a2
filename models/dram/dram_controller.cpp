// SPDX-License-Identifier: Apache-2.0
#include "models/dram/dram_controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"

namespace weft::dram {

namespace {

bool is_power_of_two(std::uint64_t value) { return value > 0 && (value & (value - 1)) == 0; }

const DramControllerConfig& checked(const DramControllerConfig& config) {
  config.validate();
  return config;
}

}  // namespace

std::uint64_t DramControllerConfig::own_bytes() const {
  const std::uint64_t round = share_bytes * shares;
  const std::uint64_t rest = size % round;
  const std::uint64_t before = share_bytes * share;
  return size / round * share_bytes + (rest > before ? std::min(rest - before, share_bytes) : 0);
}

void DramControllerConfig::validate() const {
  channel.validate();
  constexpr int most_channels = 64;
  if (channels < 1 || channels > most_channels || !is_power_of_two(static_cast<std::uint64_t>(channels))) {
    throw Error(
        fmt::format("DRAM: {} channels, allowed are powers of two up to {}", channels, most_channels));
  }
  const auto burst = static_cast<std::uint64_t>(channel.organisation.burst_bytes());
  if (!is_power_of_two(channel_bytes) || channel_bytes < burst) {
    throw Error(fmt::format(
        "DRAM: channels change every {} bytes, allowed are powers of two from a burst of {} bytes on",
        channel_bytes, burst));
  }
  if (shares < 1 || share >= shares) {
    throw Error(fmt::format("DRAM: share {} of {}, allowed are 0 to one less", share, shares));
  }
  if (!is_power_of_two(share_bytes) || share_bytes < channel_bytes) {
    throw Error(fmt::format(
        "DRAM: controllers change every {} bytes, allowed are powers of two from {} on, the bytes "
        "in which channels change",
        share_bytes, channel_bytes));
  }
  if (size == 0) throw Error("DRAM: a memory of 0 bytes; at least 1 is needed");
  if (own_bytes() > capacity()) {
    throw Error(fmt::format("DRAM: a controller gets {} bytes, but its {} channels of {} bytes hold {}",
                            own_bytes(), channels, channel.organisation.capacity(), capacity()));
  }
}

void DramController::Account::charge_up_to(std::uint64_t count) {
  if (count <= charged) return;
  account->charge(count - charged);
  charged = count;
}

DramController::DramController(const sc_core::sc_module_name& name, const DramControllerConfig& config,
                               Context& context)
    : sc_module(name),
      config_(checked(config)),
      channels_(static_cast<std::size_t>(config.channels), Channel(config.channel)),
      pieces_(channels_.size()),
      direct_(config.direct),
      activate_{&context.energy.open(this->name(), "activate", config.channel.prices.activate)},
      read_bit_{&context.energy.open(this->name(), "read bit", config.channel.prices.read_bit)},
      write_bit_{&context.energy.open(this->name(), "write bit", config.channel.prices.write_bit)},
      refresh_{&context.energy.open(this->name(), "refresh", config.channel.prices.refresh)},
      standby_cycle_{
          &context.energy.open(this->name(), "standby cycle", config.channel.prices.standby_cycle)},
      active_cycle_{&context.energy.open(this->name(), "active cycle", config.channel.prices.active_cycle)} {
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
  socket.on_direct([this](std::uint64_t address) { return direct_region(address); });
  store.on_invalidate(
      [this](std::uint64_t start, std::uint64_t end) { socket.invalidate_direct(start, end); });
}

void DramController::allow_direct(bool allowed) {
  direct_ = allowed;
  if (!allowed) socket.invalidate_direct(0, config_.size - 1);
}

Status DramController::access(const Transfer& transfer, sc_core::sc_time& delay) {
  if (!is_own(transfer.address, transfer.size)) return Status::address_error;
  sc_core::sc_time unused;
  const Status status = store.access(transfer, unused);
  if (status != Status::ok || transfer.debug) return status;
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  const Service service = serve(own_offset(transfer.address), transfer, edge(now + delay + config_.latency),
                                edge(now + config_.latency));
  const sc_core::sc_time done = time_of(service.end + service.owed) - now;
  const sc_core::sc_time latency = done - delay;
  delay = done;
  ++requests_;
  (transfer.write ? bytes_written_ : bytes_read_) += transfer.size;
  latency_sum_ += latency;
  latency_max_ = std::max(latency_max_, latency);
  return Status::ok;
}

bool DramController::is_own(std::uint64_t address, std::uint64_t size) const {
  if (address >= config_.size || size > config_.size - address) return false;
  if (config_.shares == 1) return true;
  const std::uint64_t block = address / config_.share_bytes;
  return block % config_.shares == config_.share && (address + size - 1) / config_.share_bytes == block;
}

std::uint64_t DramController::own_offset(std::uint64_t address) const {
  const std::uint64_t block = address / config_.share_bytes / config_.shares;
  return block * config_.share_bytes + address % config_.share_bytes;
}

// What a request takes of each channel is one range there, because channels take turns by whole blocks.
Service DramController::serve(std::uint64_t offset, const Transfer& transfer, Cycle arrival, Cycle horizon) {
  const std::uint64_t unit = config_.channel_bytes;
  const std::uint64_t end = offset + transfer.size;
  for (Request& piece : pieces_) piece = {arrival, 0, 0, transfer.write};
  while (offset < end) {
    const std::uint64_t block = offset / unit;
    const std::uint64_t bytes = std::min(end, (block + 1) * unit) - offset;
    Request& piece = pieces_[block % channels_.size()];
    if (piece.bytes == 0) piece.address = block / channels_.size() * unit + offset % unit;
    piece.bytes += static_cast<std::uint32_t>(bytes);
    offset += bytes;
  }
  Service all;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    if (pieces_[i].bytes == 0) continue;
    const Service own = channels_[i].serve(pieces_[i], horizon);
    all.end = std::max(all.end, own.end);
    all.owed = std::max(all.owed, own.owed);
  }
  return all;
}

std::optional<DirectRegion> DramController::direct_region(std::uint64_t address) {
  if (!direct_) return std::nullopt;
  std::optional<DirectRegion> region = store.direct(address);
  if (!region) return std::nullopt;
  // That of an access to an open row.
  const int burst = config_.channel.organisation.burst_cycles();
  region->read_latency = config_.latency + time_of(config_.channel.timing.cl + burst);
  region->write_latency = config_.latency + time_of(config_.channel.timing.cwl + burst);
  return region;
}

Cycle DramController::edge(const sc_core::sc_time& time) const {
  const sc_core::sc_time::value_type period = time_of(1).value();
  return static_cast<Cycle>((time.value() + period - 1) / period);
}

sc_core::sc_time DramController::time_of(Cycle cycle) const {
  const sc_core::sc_time period(config_.channel.timing.clock_ps, sc_core::SC_PS);
  return sc_core::sc_time::from_value(period.value() * static_cast<sc_core::sc_time::value_type>(cycle));
}

void DramController::settle() {
  const Cycle now = edge(sc_core::sc_time_stamp());
  for (Channel& channel : channels_) channel.advance(now);
  const ChannelStatistics sum = statistics().channels;
  const auto burst_bits = static_cast<std::uint64_t>(config_.channel.organisation.burst_bytes()) * 8;
  activate_.charge_up_to(sum.activates);
  read_bit_.charge_up_to(sum.read_bursts * burst_bits);
  write_bit_.charge_up_to(sum.write_bursts * burst_bits);
  refresh_.charge_up_to(sum.refreshes);
  const auto ranks = channels_.size() * static_cast<std::size_t>(config_.channel.organisation.ranks);
  standby_cycle_.charge_up_to(static_cast<std::uint64_t>(now) * ranks);
  active_cycle_.charge_up_to(static_cast<std::uint64_t>(sum.open));
}

DramStatistics DramController::statistics() const {
  DramStatistics result;
  for (const Channel& channel : channels_) result.channels.add(channel.statistics());
  result.requests = requests_;
  result.bytes_read = bytes_read_;
  result.bytes_written = bytes_written_;
  result.latency_sum = latency_sum_;
  result.latency_max = latency_max_;
  return result;
}

}  // namespace weft::dram
