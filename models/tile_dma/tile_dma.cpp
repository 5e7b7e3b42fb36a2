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

std::optional<Fault> TileDma::check_send(const Command& command) const {
  const std::uint32_t within = command.dst & (config_.tile_window_size - 1);
  const bool in_a_tile = command.dst - config_.tiles_base < config_.tiles_size;
  if (in_a_tile && command.length <= config_.tile_window_size - within) return std::nullopt;
  return Fault{Cause::store_access_fault, command.dst};
}

unit::Footprint TileDma::footprint(const Command& command) const {
  unit::Footprint result;
  const unsigned rows = rows_of(command);
  unit::add_rows(result, command.src0, command.src_stride, rows, command.length, unit::Extent::Use::reads);
  unit::add_rows(result, command.dst, command.dst_stride, rows, command.length, unit::Extent::Use::writes);
  return result;
}

std::optional<Fault> TileDma::execute(const Command& command) {
  const unsigned rows = rows_of(command);
  for (unsigned row = 0; row < rows; ++row) {
    const std::uint32_t source = command.src0 + row * static_cast<std::uint32_t>(command.src_stride);
    const std::uint32_t destination = command.dst + row * static_cast<std::uint32_t>(command.dst_stride);
    if (auto fault = copy(source, destination, command.length)) return fault;
  }
  const bool announces =
      static_cast<DmaCommand>(command.opcode) == DmaCommand::send && command.raises_counter();
  return announces ? raise_remote_counter(command) : std::nullopt;
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
  sc_core::sc_time delay;
  const auto unread = load(source, buffer_.data(), bytes, delay);
  wait(delay);
  if (unread) return unread;
  delay = sc_core::SC_ZERO_TIME;
  const auto unwritten = store(destination, buffer_.data(), bytes, delay);
  wait(delay);
  if (unwritten) return unwritten;
  bytes_moved_ += bytes;
  ++transfers_;
  return std::nullopt;
}

std::optional<Fault> TileDma::raise_remote_counter(const Command& command) {
  const auto& add = sync::registers::add;
  const std::uint32_t tile = command.dst & ~(config_.tile_window_size - 1);
  const std::uint32_t address = tile + config_.sync_offset + add.offset + command.counter() * add.stride;
  const std::uint32_t amount = command.amount();
  sc_core::sc_time delay;
  auto fault = store(address, &amount, sizeof amount, delay);
  wait(delay);
  return fault;
}

Command TileDma::announced(const Command& command) const {
  Command local = command;
  if (static_cast<DmaCommand>(command.opcode) == DmaCommand::send) local.completion = 0;
  return local;
}

}  // namespace weft::tile_dma
