// SPDX-License-Identifier: Apache-2.0
#include "models/tile_dma/tile_dma.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"
#include "models/hart/xweft_table.h"
#include "models/sync/registers.h"

namespace weft::tile_dma {

namespace {

using unit::Cause;
using unit::Command;
using unit::Fault;
using xweft::DmaCommand;

unsigned rows_of(const Command& command) {
  return static_cast<DmaCommand>(command.opcode) == DmaCommand::dma2d ? command.count : 1;
}

// Whether every row lies within 32-bit addresses. Rows are evenly spaced, so the first and last tell.
bool rows_fit(std::uint32_t base, std::int32_t stride, unsigned rows, std::uint32_t bytes) {
  constexpr std::int64_t end = std::int64_t{1} << 32;
  const std::int64_t last = std::int64_t{base} + std::int64_t{rows - 1} * stride;
  return std::int64_t{base} + bytes <= end && last >= 0 && last + bytes <= end;
}

}  // namespace

TileDma::TileDma(const sc_core::sc_module_name& name, const TileDmaConfig& config, Context& context)
    : CommandUnit(name, config.unit, context), config_(config), buffer_(config.max_burst) {
  if (config.max_burst == 0) {
    throw Error(fmt::format("{}: bursts of 0 bytes; at least 1 is needed", this->name()));
  }
  const std::uint32_t size = config.tile_window_size;
  if (size == 0 || (size & (size - 1)) != 0) {
    throw Error(
        fmt::format("{}: a tile window of {:#x} bytes; it must be a power of two", this->name(), size));
  }
}

std::optional<Fault> TileDma::check(const Command& command) const {
  switch (static_cast<DmaCommand>(command.opcode)) {
    case DmaCommand::dma:
    case DmaCommand::dma2d:
    case DmaCommand::send:
      break;
    case DmaCommand::mcast:
      return check_multicast(command);
    default:
      return Fault{Cause::illegal_instruction, command.opcode};
  }
  const unsigned rows = rows_of(command);
  if (command.length == 0) return Fault{Cause::illegal_instruction, command.length};
  if (rows == 0) return Fault{Cause::illegal_instruction, command.count};
  if (!rows_fit(command.src0, command.src_stride, rows, command.length)) {
    return Fault{Cause::load_access_fault, command.src0};
  }
  if (!rows_fit(command.dst, command.dst_stride, rows, command.length)) {
    return Fault{Cause::store_access_fault, command.dst};
  }
  return static_cast<DmaCommand>(command.opcode) == DmaCommand::send ? check_send(command) : std::nullopt;
}

std::optional<Fault> TileDma::check_multicast(const Command& command) const {
  if (command.length == 0) return Fault{Cause::illegal_instruction, command.length};
  if (command.count == 0 || command.count > max_destinations)
    return Fault{Cause::illegal_instruction, command.count};
  if (!rows_fit(command.src0, 0, 1, command.length)) return Fault{Cause::load_access_fault, command.src0};
  if (!rows_fit(command.src1, 0, 1, 8 * command.count)) return Fault{Cause::load_access_fault, command.src1};
  return std::nullopt;
}

std::optional<Fault> TileDma::check_send(const Command& command) const {
  if (within_a_tile(command.dst, command.length)) return std::nullopt;
  return Fault{Cause::store_access_fault, command.dst};
}

bool TileDma::within_a_tile(std::uint32_t address, std::uint32_t bytes) const {
  const std::uint32_t within = address & (config_.tile_window_size - 1);
  return address - config_.tiles_base < config_.tiles_size && bytes <= config_.tile_window_size - within;
}

unit::Footprint TileDma::footprint(const Command& command) const {
  unit::Footprint result;
  if (static_cast<DmaCommand>(command.opcode) == DmaCommand::mcast) {
    unit::add_rows(result, command.src0, 0, 1, command.length, unit::Extent::Use::reads);
    unit::add_rows(result, command.src1, 0, 1, 8 * command.count, unit::Extent::Use::reads);
    return result;
  }
  const unsigned rows = rows_of(command);
  unit::add_rows(result, command.src0, command.src_stride, rows, command.length, unit::Extent::Use::reads);
  unit::add_rows(result, command.dst, command.dst_stride, rows, command.length, unit::Extent::Use::writes);
  return result;
}

std::optional<Fault> TileDma::execute(const Command& command) {
  switch (static_cast<DmaCommand>(command.opcode)) {
    case DmaCommand::send:
      return send(command.src0, command.length, {destination(command.dst, command.completion)});
    case DmaCommand::mcast:
      return multicast(command);
    default:
      break;
  }
  const unsigned rows = rows_of(command);
  for (unsigned row = 0; row < rows; ++row) {
    const std::uint32_t source = command.src0 + row * static_cast<std::uint32_t>(command.src_stride);
    const std::uint32_t destination = command.dst + row * static_cast<std::uint32_t>(command.dst_stride);
    if (auto fault = copy(source, destination, command.length)) return fault;
  }
  return std::nullopt;
}

std::optional<Fault> TileDma::copy(std::uint32_t source, std::uint32_t destination, std::uint32_t bytes) {
  for (std::uint32_t done = 0; done < bytes;) {
    const std::uint32_t burst = std::min(bytes - done, config_.max_burst);
    if (auto fault = move_burst(source + done, destination + done, burst)) return fault;
    done += burst;
  }
  return std::nullopt;
}

std::optional<Fault> TileDma::move_burst(std::uint32_t source, std::uint32_t destination,
                                         std::uint32_t bytes) {
  if (auto unread = fetch(source, bytes)) return unread;
  sc_core::sc_time delay;
  const auto unwritten = store(destination, buffer_.data(), bytes, delay);
  wait(delay);
  if (unwritten) return unwritten;
  bytes_moved_ += bytes;
  ++transfers_;
  return std::nullopt;
}

std::optional<Fault> TileDma::fetch(std::uint32_t source, std::uint32_t bytes) {
  sc_core::sc_time delay;
  auto unread = load(source, buffer_.data(), bytes, delay);
  wait(delay);
  return unread;
}

std::optional<Fault> TileDma::multicast(const Command& command) {
  std::vector<std::uint32_t> table(std::size_t{2} * command.count);
  sc_core::sc_time delay;
  const auto unread = load(command.src1, table.data(), static_cast<std::uint32_t>(4 * table.size()), delay);
  wait(delay);
  if (unread) return unread;
  std::vector<PostedDestination> destinations;
  for (std::size_t word = 0; word < table.size(); word += 2) {
    if (!within_a_tile(table[word], command.length)) return Fault{Cause::store_access_fault, table[word]};
    destinations.push_back(destination(table[word], table[word + 1]));
  }
  return send(command.src0, command.length, destinations);
}

PostedDestination TileDma::destination(std::uint32_t address, std::uint32_t announcement) const {
  Command named;
  named.completion = announcement;
  if (!named.raises_counter()) return {address, 0, 0};
  const auto& add = sync::registers::add;
  const std::uint32_t tile = address & ~(config_.tile_window_size - 1);
  return {address, tile + config_.sync_offset + add.offset + named.counter() * add.stride, named.amount()};
}

std::optional<Fault> TileDma::send(std::uint32_t source, std::uint32_t bytes,
                                   const std::vector<PostedDestination>& destinations) {
  for (std::uint32_t done = 0; done < bytes;) {
    const std::uint32_t burst = std::min(bytes - done, config_.max_burst);
    std::vector<PostedDestination> here = destinations;
    for (PostedDestination& each : here) {
      each.address += done;
      // Counters are raised behind the last burst.
      if (done + burst < bytes) each.counter = 0;
    }
    if (auto unread = fetch(source + done, burst)) return unread;
    if (auto unwritten = hand_over(burst, here)) return unwritten;
    done += burst;
  }
  return std::nullopt;
}

std::optional<Fault> TileDma::hand_over(std::uint32_t bytes,
                                        const std::vector<PostedDestination>& destinations) {
  const auto first = static_cast<std::uint32_t>(destinations.front().address);
  Posting posting;
  posting.destinations = destinations;
  posting.failed = [tell = late_fault()](Status, std::uint64_t address) {
    tell({Cause::store_access_fault, static_cast<std::uint32_t>(address)});
  };
  sc_core::sc_time delay;
  const auto unwritten = post(first, buffer_.data(), bytes, posting, delay);
  wait(delay);
  if (unwritten) return unwritten;
  bytes_moved_ += bytes * (posting.taken ? destinations.size() : 1);
  ++transfers_;
  if (posting.taken) return std::nullopt;
  if (auto unraised = raise_counter(destinations.front())) return unraised;
  if (destinations.size() == 1) return std::nullopt;
  return hand_over(bytes, {destinations.begin() + 1, destinations.end()});
}

std::optional<Fault> TileDma::raise_counter(const PostedDestination& destination) {
  if (destination.counter == 0) return std::nullopt;
  sc_core::sc_time delay;
  auto fault = store(static_cast<std::uint32_t>(destination.counter), &destination.amount,
                     sizeof destination.amount, delay);
  wait(delay);
  return fault;
}

Command TileDma::announced(const Command& command) const {
  Command local = command;
  const auto opcode = static_cast<DmaCommand>(command.opcode);
  if (opcode == DmaCommand::send || opcode == DmaCommand::mcast) local.completion = 0;
  return local;
}

}  // namespace weft::tile_dma
