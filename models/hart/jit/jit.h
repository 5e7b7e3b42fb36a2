// SPDX-License-Identifier: Apache-2.0
// The just-in-time back end of the instruction-set simulator: translates hot blocks of decoded operations
// to machine code of the host and runs them. It does what the dispatch loop does, only faster: the same
// results, cycles and instructions, and the same instruction before which it stops.
//
// Translated code calls nothing. Whatever may need the environment (memory without direct access, a store
// into cached code, misaligned addresses, CSRs, atomics, vendor and system instructions) makes it return
// with the state exactly before that operation, and the dispatch loop goes on from there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/hart/block_cache.h"
#include "models/hart/direct_map.h"
#include "models/hart/privilege.h"

namespace weft::hart::jit {

struct Options {
  bool compressed = true;       // jalr to an address that is not a multiple of 4 is fine
  bool chain = true;            // translated blocks jump to each other; off: every block returns
  std::optional<Kind> fault{};  // translate this kind wrongly, to see whether anybody notices
};

enum class ExitReason : std::uint8_t {
  budget,     // the block at `pc` does not fit into the rest of the budget
  operation,  // `operation` of `block` is for the dispatch loop; pc, cycles and instructions: start of block
  jump        // the block at `pc` comes next and there is no way there yet
};

// Where translated code returned.
struct Exit {
  ExitReason reason = ExitReason::budget;
  std::uint32_t id = 0;
  Block* block = nullptr;       // the one left, or the one that does not fit
  std::uint32_t operation = 0;  // index in `block`
  std::uint32_t pc = 0;
  std::uint64_t cycles = 0;        // spent
  std::uint64_t instructions = 0;  // retired
};

class Jit {
 public:
  virtual ~Jit() = default;

  // Translates a block that is about to run; the registers' values now tell where its loads and stores go.
  // False if its first operation is none that can be translated, or if there is no room: see full().
  // `level` is the one at which it runs and makes its accesses.
  virtual bool translate(Block& block, Privilege level, DirectMap& direct) = 0;
  virtual bool full() const = 0;

  // Runs a translated block and whatever it leads to. Stops before the first block of which not even the
  // last instruction would start within `budget` cycles.
  virtual Exit run(const Block& block, std::uint64_t budget) = 0;
  // The exit, of reason jump, leads straight to `next` from now on, which is translated.
  virtual void link(const Exit& exit, const Block& next) = 0;
  // An exit of reason operation: at a load or store whose address lies in `window`; or null, if it lies in no
  // directly accessible memory or the operation is another. `cycles` is a clock that tells frequent exits
  // from rare ones.
  virtual void missed(const Exit& exit, const Window* window, std::uint64_t cycles) = 0;

  // [start, start + bytes) is decoded code from now on.
  virtual void add_code(std::uint32_t start, std::uint32_t bytes) = 0;
  // While guarded, every store is left to the dispatch loop.
  virtual void guard_stores(bool guarded) = 0;
  // Forgets all translations, all memory and all code. Blocks must not be run again.
  virtual void clear() = 0;
};

// Null, and the reason, if this host cannot run translated code. `x` are the registers as in Core.
std::unique_ptr<Jit> make_jit(const Options& options, std::uint32_t* x, std::string& why_not);

// Whether translated code can do such an operation, as it can the integer ones at the front of the list; the
// others are always left to the dispatch loop.
constexpr bool is_translatable(Kind kind) { return kind < Kind::flw; }

}  // namespace weft::hart::jit
