// SPDX-License-Identifier: Apache-2.0
#include "models/hart/block_cache.h"

#include <algorithm>

#include "models/hart/code_map.h"

namespace weft::hart {

void CodeMap::add(std::uint32_t start, std::uint32_t bytes) {
  all_.include(start, bytes);
  for (std::uint32_t offset = 0; offset < bytes; offset += 2) {
    const std::uint32_t address = start + offset;
    pages_[address >> page_shift] |= std::uint64_t{1} << ((address >> 1) & 63u);
  }
}

bool CodeMap::contains(std::uint32_t address, unsigned size) const {
  const auto page = pages_.find(address >> page_shift);
  if (page == pages_.end()) return false;
  const std::uint64_t parcels = size > 2 ? 3 : 1;
  return (page->second & (parcels << ((address >> 1) & 63u))) != 0;
}

bool CodeMap::overlaps(std::uint32_t start, std::uint32_t bytes) const {
  const std::uint32_t last = start + std::min(bytes - 1u, ~start);
  const std::uint32_t first = start & ~1u;
  // Most writes are nowhere near code.
  if (all_.bytes == 0 || first > all_.low + (all_.bytes - 1u) || last < all_.low) return false;
  const std::uint32_t last_page = last >> page_shift;
  for (std::uint32_t page = first >> page_shift; page <= last_page; ++page) {
    const auto found = pages_.find(page);
    if (found == pages_.end()) continue;
    const std::uint32_t base = page << page_shift;
    const unsigned low = first > base ? (first - base) >> 1 : 0;
    const unsigned high = page == last_page ? (last - base) >> 1 : 63;
    const std::uint64_t parcels = (~std::uint64_t{0} >> (63 - (high - low))) << low;
    if ((found->second & parcels) != 0) return true;
  }
  return false;
}

void CodeMap::clear() {
  pages_.clear();
  all_ = {};
}

CodeMap::Hull CodeMap::hull(std::uint32_t start, std::uint32_t end) const {
  constexpr std::uint32_t page_bytes = 1u << page_shift;
  Hull result;
  for (const auto& entry : pages_) {
    const std::uint32_t page = entry.first << page_shift;
    if (page + (page_bytes - 1u) >= start && page <= end) result.include(page, page_bytes);
  }
  return result;
}

void CodeMap::Hull::include(std::uint32_t start, std::uint32_t more) {
  const std::uint32_t first = start & ~3u;
  const std::uint32_t last = start + (more - 1u);
  if (bytes == 0) {
    low = first;
    bytes = last - first + 1u;
    return;
  }
  const std::uint32_t old_last = low + (bytes - 1u);
  low = std::min(low, first);
  const std::uint32_t span = std::max(old_last, last) - low;
  // All of the address space does not fit into 32 bits; its last word is never on the fast path.
  bytes = span == ~0u ? span : span + 1u;
}

Block* BlockCache::insert(const Block& block) {
  const std::size_t needed = block.count + 1u;
  if (chunks_.empty() || used_ + needed > chunk_operations) {
    if (!chunks_.empty()) ++full_chunks_;
    if (full_chunks_ == chunks_.size()) chunks_.push_back(std::make_unique<Chunk>());
    used_ = 0;
  }
  Operation* operations = chunks_[full_chunks_]->data() + used_;
  std::copy_n(block.operations, needed, operations);
  used_ += needed;
  Block& kept = blocks_.emplace_back(block);
  kept.operations = operations;
  blocks_by_pc_[kept.pc] = &kept;
  return &kept;
}

void BlockCache::clear() {
  front_.fill(nullptr);
  blocks_by_pc_.clear();
  blocks_.clear();
  full_chunks_ = 0;
  used_ = 0;
}

}  // namespace weft::hart
