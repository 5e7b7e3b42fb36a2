// SPDX-License-Identifier: Apache-2.0
// Keeps the books of the x86-64 back end: translations, the memory they know, how they lead to each other.
#include <algorithm>
#include <deque>
#include <vector>

#include "models/common/error.h"
#include "models/hart/jit/x86_emitter.h"
#include "models/hart/jit/x86_registers.h"

namespace weft::hart::jit {

struct Translation {
  std::uint8_t* entry = nullptr;
  Privilege level = Privilege::machine;
  std::vector<Site> sites;  // one an operation
  unsigned attempts = 1;
  unsigned slow_exits = 0;  // in quick succession
  std::uint64_t last_slow_exit = 0;
};

namespace {

// Entering and leaving translated code costs as much as interpreting about so many operations.
constexpr std::uint32_t least_operations = 8;
// Adding windows to the sites of a block is worth so many translations of it.
constexpr unsigned max_attempts = 8;
// A block that needs the dispatch loop so many times, soon after its start and never more than so many cycles
// apart, is left to it.
constexpr unsigned max_slow_exits = 64;
constexpr std::uint64_t slow_exit_distance = 256;
// Executions after which another attempt may be worth it.
constexpr std::int32_t reconsider = -100'000;
// The budget's part of the packed counts is signed, and a block may overdraw it by 32 million.
constexpr std::uint64_t largest_budget = 1u << 30;

class X86Jit : public Jit {
 public:
  X86Jit(const Options& options, std::uint32_t* x) : x_(x), options_(options), emitter_(memory_, options) {}

  bool translate(Block& block, Privilege level, DirectMap& direct) override;
  bool full() const override { return emitter_.full(); }
  Exit run(const Block& block, std::uint64_t budget) override;
  void link(const Exit& exit, const Block& next) override;
  void missed(const Exit& exit, const Window* window, std::uint64_t cycles) override;
  void add_code(std::uint32_t start, std::uint32_t bytes) override;
  void guard_stores(bool guarded) override;
  void clear() override;

 private:
  int window_index(const Window& window, const CodeMap& code);
  Site first_guess(const Operation& op, bool address_known, DirectMap& direct);
  void retranslate(Block& block);
  void note_slow_exit(Block& block, std::uint64_t cycles);
  static std::size_t table_index(std::uint32_t pc) { return (pc >> 1) % jump_table_entries; }
  void update_guard(std::size_t index);

  std::uint32_t* x_;
  Options options_;
  CodeMemory memory_;
  Emitter emitter_;
  const DirectMap* direct_ = nullptr;
  bool guarded_ = false;
  std::vector<BakedWindow> windows_;
  std::deque<Translation> translations_;
};

bool X86Jit::translate(Block& block, Privilege level, DirectMap& direct) {
  direct_ = &direct;
  std::vector<Site> sites(block.count);
  std::uint64_t written = 0;
  for (std::uint32_t i = 0; i < block.count; ++i) {
    const Operation& op = block.operations[i];
    const bool is_memory = is_load(op.kind) || is_store(op.kind);
    if (is_memory) sites[i] = first_guess(op, (written >> op.rs1 & 1u) == 0, direct);
    if (!is_translatable(op.kind) || (is_memory && sites[i].windows[0] < 0)) {
      block.heat = reconsider;
      if (i < least_operations) return false;
      break;
    }
    if (!is_store(op.kind) && !is_branch(op.kind)) written |= std::uint64_t{1} << op.rd;
  }
  if (full()) return false;
  Translation& translation = translations_.emplace_back();
  translation.sites = std::move(sites);
  translation.level = level;
  translation.entry = emitter_.translate(block, level, translation.sites, windows_);
  block.translation = &translation;
  block.heat = 0;
  return true;
}

// The registers hold what they will when the block runs, unless an operation before this one writes them.
Site X86Jit::first_guess(const Operation& op, bool address_known, DirectMap& direct) {
  Site site;
  const Window* window = is_load(op.kind) ? direct.load_window() : direct.store_window();
  if (address_known) {
    const std::uint32_t address = x_[op.rs1] + op.immediate;
    const unsigned size = access_size(op.kind);
    const bool aligned = address % size == 0;
    const bool is_direct = aligned && (is_load(op.kind) ? direct.for_load(address, size) != nullptr
                                                        : direct.for_store(address, size) != nullptr);
    if (!is_direct) return site;
    window = is_load(op.kind) ? direct.load_window() : direct.store_window();
  }
  site.windows[0] = static_cast<std::int8_t>(window_index(*window, direct.code()));
  return site;
}

// -1 if the window is empty or one too many.
int X86Jit::window_index(const Window& window, const CodeMap& code) {
  if (window.bytes == 0) return -1;
  const DirectMemory& range = window.range;
  const auto known = std::find_if(windows_.begin(), windows_.end(), [&](const BakedWindow& baked) {
    return baked.range.start == range.start && baked.range.end == range.end &&
           baked.range.host == range.host && baked.range.readable == range.readable &&
           baked.range.writable == range.writable;
  });
  if (known != windows_.end()) return static_cast<int>(known - windows_.begin());
  if (windows_.size() == max_windows) return -1;
  if (windows_.empty()) memory_.shared().primary_host = window.host;
  windows_.push_back({window.host, window.base, window.bytes, range, code.hull(range.start, range.end)});
  update_guard(windows_.size() - 1);
  return static_cast<int>(windows_.size() - 1);
}

void X86Jit::add_code(std::uint32_t start, std::uint32_t bytes) {
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    const DirectMemory& range = windows_[i].range;
    if (start > range.end || start + (bytes - 1u) < range.start) continue;
    windows_[i].code.include(start, bytes);
    update_guard(i);
  }
}

void X86Jit::guard_stores(bool guarded) {
  guarded_ = guarded;
  for (std::size_t i = 0; i < windows_.size(); ++i) update_guard(i);
}

void X86Jit::update_guard(std::size_t index) {
  const BakedWindow& window = windows_[index];
  const CodeMap::Hull around_code{window.code.low - window.base, window.code.bytes};
  memory_.shared().guards[index] = guarded_ ? CodeMap::Hull{0, window.bytes} : around_code;
}

Exit X86Jit::run(const Block& block, std::uint64_t budget) {
  budget = std::min(budget, largest_budget);
  auto* base = reinterpret_cast<std::uint8_t*>(x_) + register_bias;
  const Emitter::Result result = emitter_.enter()(base, budget, block.translation->entry);
  const auto rest = static_cast<std::int32_t>(result.counts);
  Exit exit;
  exit.id = static_cast<std::uint32_t>(result.exit);
  const ExitRecord& record = emitter_.exit(exit.id);
  exit.reason = record.reason;
  exit.block = record.block;
  exit.operation = record.operation;
  exit.pc = record.computed ? static_cast<std::uint32_t>(result.exit >> 32) : record.pc;
  exit.cycles = budget - static_cast<std::uint64_t>(std::int64_t{rest});
  exit.instructions = (result.counts - static_cast<std::uint64_t>(std::int64_t{rest})) >> 32;
  return exit;
}

void X86Jit::link(const Exit& exit, const Block& next) {
  if (!options_.chain) return;
  const ExitRecord& record = emitter_.exit(exit.id);
  const std::uint8_t* entry = next.translation->entry;
  if (record.computed) {
    auto& table = memory_.shared().jump_tables[index_of(next.translation->level)];
    table[table_index(next.pc)] = {next.pc, entry};
  } else {
    Emitter::patch(record.patch, entry);
  }
}

void X86Jit::missed(const Exit& exit, const Window* window, std::uint64_t cycles) {
  Translation& translation = *exit.block->translation;
  Site& site = translation.sites[exit.operation];
  const int index = window == nullptr ? -1 : window_index(*window, direct_->code());
  const bool known = index < 0 || index == site.windows[0] || index == site.windows[1];
  if (known || translation.attempts == max_attempts || full()) {
    if (exit.operation < 2 * least_operations) note_slow_exit(*exit.block, cycles);
    return;
  }
  site.windows = {static_cast<std::int8_t>(index), site.windows[0]};
  retranslate(*exit.block);
}

void X86Jit::retranslate(Block& block) {
  Translation& translation = *block.translation;
  ++translation.attempts;
  std::uint8_t* old = translation.entry;
  translation.entry = emitter_.translate(block, translation.level, translation.sites, windows_);
  Emitter::redirect(old, translation.entry);
}

void X86Jit::note_slow_exit(Block& block, std::uint64_t cycles) {
  Translation& translation = *block.translation;
  const bool soon = cycles - translation.last_slow_exit < slow_exit_distance;
  translation.last_slow_exit = cycles;
  translation.slow_exits = soon ? translation.slow_exits + 1 : 0;
  if (translation.slow_exits < max_slow_exits) return;
  emitter_.give_up(block, translation.entry);
  block.translation = nullptr;
  block.heat = reconsider;
}

void X86Jit::clear() {
  emitter_.reset();
  for (auto& table : memory_.shared().jump_tables) table.fill({});
  windows_.clear();
  translations_.clear();
}

}  // namespace

std::unique_ptr<Jit> make_jit(const Options& options, std::uint32_t* x, std::string& why_not) {
  try {
    return std::make_unique<X86Jit>(options, x);
  } catch (const Error& error) {
    why_not = error.what();
    return nullptr;
  }
}

}  // namespace weft::hart::jit
