// SPDX-License-Identifier: Apache-2.0
#include "models/dram/interleaver.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"

namespace weft::dram {

namespace {

const InterleaverConfig& checked(const InterleaverConfig& config, const char* name) {
  if (config.controllers.empty())
    throw Error(fmt::format("{}: a memory needs at least one controller", name));
  if (config.block_bytes == 0) throw Error(fmt::format("{}: blocks of 0 bytes; at least 1 is needed", name));
  return config;
}

}  // namespace

Interleaver::Interleaver(const sc_core::sc_module_name& name, const InterleaverConfig& config)
    : sc_module(name), store("store", config.has_store ? 1 : 0), config_(checked(config, this->name())) {
  in.on_access([this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
  in.on_direct([this](std::uint64_t address) { return direct_region(address); });
  for (InitiatorSocket& socket : store) {
    socket.on_invalidate([this](std::uint64_t start, std::uint64_t end) {
      in.invalidate_direct(config_.base + start, config_.base + end);
    });
  }
}

Status Interleaver::access(const Transfer& transfer, sc_core::sc_time& delay) {
  const std::uint64_t offset = transfer.address - config_.base;
  if (offset >= config_.size) return out.access(transfer, delay);
  if (transfer.size > config_.size - offset) return Status::address_error;
  if (transfer.debug) return access_debug(transfer);
  const std::vector<Transfer> pieces = cut(transfer);
  return pieces.size() == 1 ? out.access(pieces.front(), delay) : access_pieces(pieces, delay);
}

std::vector<Transfer> Interleaver::cut(const Transfer& transfer) const {
  std::vector<Transfer> pieces;
  std::uint64_t offset = transfer.address - config_.base;
  const std::uint64_t end = offset + transfer.size;
  Transfer piece = transfer;
  // With one controller there is nothing to take turns.
  const std::uint64_t unit = config_.controllers.size() == 1 ? config_.size : config_.block_bytes;
  while (offset < end) {
    const std::uint64_t block = offset / unit;
    piece.size = static_cast<std::uint32_t>(std::min(end, (block + 1) * unit) - offset);
    piece.address = config_.controllers[block % config_.controllers.size()] + offset;
    pieces.push_back(piece);
    piece.data += piece.size;
    offset += piece.size;
  }
  return pieces;
}

Status Interleaver::access_pieces(const std::vector<Transfer>& pieces, sc_core::sc_time& delay) {
  if (delay != sc_core::SC_ZERO_TIME) wait(delay);
  delay = sc_core::SC_ZERO_TIME;
  Job job;
  job.open = pieces.size();
  for (const Transfer& piece : pieces) waiting_.push_back({piece, &job});
  // As many workers as there are controllers keep all of those busy; spawned when first needed, because
  // most tiles of a large machine never come here.
  while (busy_ + waiting_.size() > workers_ && workers_ < config_.controllers.size()) {
    ++workers_;
    sc_core::sc_spawn([this] { work(); });
  }
  arrived_.notify();
  while (job.open > 0) wait(job.done);
  return job.status;
}

void Interleaver::work() {
  for (;;) {
    while (waiting_.empty()) wait(arrived_);
    const Piece piece = waiting_.front();
    waiting_.pop_front();
    ++busy_;
    sc_core::sc_time delay;
    const Status status = out.access(piece.transfer, delay);
    if (delay != sc_core::SC_ZERO_TIME) wait(delay);
    --busy_;
    if (piece.job->status == Status::ok) piece.job->status = status;
    if (--piece.job->open == 0) piece.job->done.notify();
  }
}

Status Interleaver::access_debug(const Transfer& transfer) {
  sc_core::sc_time unused;
  if (config_.has_store) {
    Transfer own = transfer;
    own.address -= config_.base;
    return store[0].access(own, unused);
  }
  for (const Transfer& piece : cut(transfer)) {
    const Status status = out.access(piece, unused);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

std::optional<DirectRegion> Interleaver::direct_region(std::uint64_t address) {
  const std::uint64_t offset = address - config_.base;
  if (!config_.has_store || !config_.direct || offset >= config_.size) return std::nullopt;
  std::optional<DirectRegion> region = store[0].direct(offset);
  if (!region) return std::nullopt;
  region->start += config_.base;
  region->end += config_.base;
  return region;
}

}  // namespace weft::dram
