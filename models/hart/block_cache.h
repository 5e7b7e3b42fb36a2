// SPDX-License-Identifier: Apache-2.0
// Basic blocks of predecoded operations, found by the address of their first instruction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "models/hart/decode.h"

namespace weft::hart {

namespace jit {
struct Translation;
}

// `operations` holds `count` instructions and then an end_of_block whose offset and cycles_before are the
// totals, so that "the state after instruction i" is always described by operation i + 1.
struct Block {
  std::uint32_t pc = 0;
  std::uint32_t count = 0;
  std::uint32_t cycles_before_last = 0;
  std::uint32_t cycles_taken = 0;  // total if the block ends in a jump or a taken branch
  const Operation* operations = nullptr;
  std::array<Block*, 2> next{};  // last known successors: not taken, taken
  // Counts executions up to 0, from where on the block is worth a translation. Only with a JIT.
  std::int32_t heat = 0;
  jit::Translation* translation = nullptr;

  // To be called once an execution; from now on true once the block has been translated.
  bool warm_up() { return heat >= 0 || ++heat == 0; }
};

constexpr std::size_t max_block_operations = 32;

class BlockCache {
 public:
  BlockCache() { front_.fill(nullptr); }

  // The block that starts at `pc`, or null. Blocks stay where they are until clear().
  Block* find(std::uint32_t pc) {
    Block*& front = front_[(pc >> 1) % front_.size()];
    if (front != nullptr && front->pc == pc) return front;
    const auto found = blocks_by_pc_.find(pc);
    if (found == blocks_by_pc_.end()) return nullptr;
    front = found->second;
    return front;
  }

  // Copies the block's operations (count + 1 of them) and keeps it.
  Block* insert(const Block& block);
  // True if another block may exceed the cache's limit: clear() first.
  bool full() const { return full_chunks_ >= max_chunks; }
  bool empty() const { return blocks_.empty(); }
  void clear();

 private:
  static constexpr std::size_t chunk_operations = 512;
  static constexpr std::size_t max_chunks = 512;  // 4 MiB of operations
  using Chunk = std::array<Operation, chunk_operations>;

  std::array<Block*, 1024> front_;
  std::unordered_map<std::uint32_t, Block*> blocks_by_pc_;
  std::deque<Block> blocks_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::size_t full_chunks_ = 0;
  std::size_t used_ = 0;  // operations of the chunk being filled
};

}  // namespace weft::hart
