// SPDX-License-Identifier: Apache-2.0
// Lock-step mode: a translated block is first executed by the interpreter, one operation at a time as far as
// nothing but registers and direct memory is touched. That is undone, the translated block runs, and
// must leave behind what the interpreter had after as many operations.
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <vector>

#include "models/common/error.h"
#include "models/hart/core.h"
#include "models/hart/disassemble.h"

namespace weft::hart {

class Core::Lockstep {
 public:
  Lockstep(Core& core, Block& block) : core_(core), block_(block) {}

  // The exit of the translated block, whose effects are the core's state now.
  jit::Exit run();

 private:
  struct State {
    std::array<std::uint32_t, 33> x{};
    std::uint32_t pc = 0;
    std::uint64_t cycles = 0;
    std::uint64_t instructions = 0;
  };
  struct Store {
    std::uint8_t* host = nullptr;
    unsigned size = 0;
    std::uint32_t operation = 0;
    std::array<std::uint8_t, 4> before{};
    std::array<std::uint8_t, 4> after{};
  };
  struct Byte {
    std::uint8_t* host = nullptr;
    std::uint8_t expected = 0;
    std::uint32_t operation = 0;  // the last one that wrote it
  };

  State state() const { return {core_.x_, core_.pc_, core_.cycles_, core_.instructions_}; }
  void restore(const State& state);
  void interpret();
  bool touches_only_registers_and_memory(const Operation& operation);
  void log_store(const Operation& operation);
  void execute_alone(std::uint32_t index);
  jit::Exit run_translated();
  void compare(std::uint32_t retired) const;
  void compare_memory(std::uint32_t retired) const;
  std::uint32_t last_writer(unsigned guest, std::uint32_t retired) const;
  std::string text_of(std::uint32_t operation) const;
  [[noreturn]] void fail(std::uint32_t operation, const std::string& what) const;

  Core& core_;
  Block& block_;
  std::vector<State> states_;  // before operation i
  std::vector<Store> stores_;
};

void Core::Lockstep::restore(const State& state) {
  core_.x_ = state.x;
  core_.pc_ = state.pc;
  core_.cycles_ = state.cycles;
  core_.instructions_ = state.instructions;
}

jit::Exit Core::Lockstep::run() {
  core_.pc_ = block_.pc;
  interpret();
  for (auto store = stores_.rbegin(); store != stores_.rend(); ++store) {
    std::memcpy(store->host, store->before.data(), store->size);
  }
  restore(states_.front());
  return run_translated();
}

void Core::Lockstep::interpret() {
  const std::uint64_t limit = core_.limit_;
  core_.limit_ = 0;  // the dispatch loop returns after every operation
  states_.push_back(state());
  for (std::uint32_t i = 0; i < block_.count; ++i) {
    const Operation& operation = block_.operations[i];
    if (!touches_only_registers_and_memory(operation)) break;
    if (is_store(operation.kind)) log_store(operation);
    execute_alone(i);
    if (is_store(operation.kind)) {
      Store& store = stores_.back();
      store.operation = i;
      std::memcpy(store.after.data(), store.host, store.size);
    }
    states_.push_back(state());
  }
  core_.limit_ = limit;
}

bool Core::Lockstep::touches_only_registers_and_memory(const Operation& operation) {
  if (!jit::is_translatable(operation.kind)) return false;
  const std::uint32_t address = core_.x_[operation.rs1] + operation.immediate;
  if (operation.kind == Kind::jalr) return (address & ~core_.pc_mask_ & ~1u) == 0;
  if (!is_load(operation.kind) && !is_store(operation.kind)) return true;
  const unsigned size = access_size(operation.kind);
  if (address % size != 0) return false;
  DirectMap& direct = core_.direct_;
  if (is_store(operation.kind) && direct.guards_stores()) return false;
  // Ranges that are empty on the fast path are so that somebody is asked for every access.
  if (is_load(operation.kind)) {
    return direct.for_load(address, size) != nullptr && direct.load_window()->bytes != 0;
  }
  return direct.for_store(address, size) != nullptr && direct.store_window()->bytes != 0 &&
         !direct.code().contains(address, size);
}

void Core::Lockstep::log_store(const Operation& operation) {
  Store store;
  store.size = access_size(operation.kind);
  store.host = core_.direct_.for_store(core_.x_[operation.rs1] + operation.immediate, store.size);
  std::memcpy(store.before.data(), store.host, store.size);
  stores_.push_back(store);
}

void Core::Lockstep::execute_alone(std::uint32_t index) {
  const Operation& operation = block_.operations[index];
  const unsigned cost = cycle_cost(operation, core_.config_.costs);
  const std::uint32_t whole_cost = block_.operations[index + 1].cycles_before - operation.cycles_before;
  core_.begin_scratch(core_.pc_);
  core_.append(operation);
  core_.finish_scratch(whole_cost - cost);
  core_.execute(&core_.scratch_, core_.scratch_.operations);
}

jit::Exit Core::Lockstep::run_translated() {
  const jit::Exit exit = core_.jit_->run(block_, core_.limit_ - core_.cycles_);
  core_.cycles_ += exit.cycles;
  core_.instructions_ += exit.instructions;
  core_.pc_ = exit.pc;
  if (exit.reason == jit::ExitReason::budget) {
    fail(0, fmt::format("translated code finds that a budget of {} cycles does not do",
                        core_.limit_ - core_.cycles_));
  }
  if (exit.reason == jit::ExitReason::jump) {
    compare(block_.count);
    return exit;
  }
  // The dispatch loop takes the state at the start of the block and adds what came before the operation.
  const State at_start = state();
  core_.commit_before(block_, block_.operations[exit.operation]);
  compare(exit.operation);
  core_.pc_ = at_start.pc;
  core_.cycles_ = at_start.cycles;
  core_.instructions_ = at_start.instructions;
  return exit;
}

void Core::Lockstep::compare(std::uint32_t retired) const {
  if (retired >= states_.size()) {
    fail(static_cast<std::uint32_t>(states_.size() - 1), "translated code executes it, and must not");
  }
  const State& expected = states_[retired];
  const std::uint32_t last = retired == 0 ? 0 : retired - 1;
  for (unsigned i = 0; i < discard_register; ++i) {
    if (core_.x_[i] == expected.x[i]) continue;
    fail(last_writer(i, retired),
         fmt::format("x{} is 0x{:08x} in translated code, 0x{:08x} in the interpreter", i, core_.x_[i],
                     expected.x[i]));
  }
  compare_memory(retired);
  if (core_.pc_ != expected.pc) {
    fail(last, fmt::format("the next pc is 0x{:08x} in translated code, 0x{:08x} in the interpreter",
                           core_.pc_, expected.pc));
  }
  const std::uint64_t start = states_.front().cycles;
  if (core_.cycles_ != expected.cycles) {
    fail(last, fmt::format("the block up to here takes {} cycles in translated code, {} in the interpreter",
                           core_.cycles_ - start, expected.cycles - start));
  }
  if (core_.instructions_ != expected.instructions) {
    fail(last, fmt::format("{} instructions retired in translated code, {} in the interpreter",
                           core_.instructions_, expected.instructions));
  }
}

void Core::Lockstep::compare_memory(std::uint32_t retired) const {
  std::vector<Byte> bytes;
  for (const Store& store : stores_) {
    for (unsigned i = 0; i < store.size; ++i) {
      std::uint8_t* host = store.host + i;
      auto byte = bytes.begin();
      while (byte != bytes.end() && byte->host != host) ++byte;
      if (byte == bytes.end()) byte = bytes.insert(byte, {host, store.before[i], store.operation});
      if (store.operation < retired) *byte = {host, store.after[i], store.operation};
    }
  }
  for (const Byte& byte : bytes) {
    if (*byte.host == byte.expected) continue;
    fail(byte.operation, fmt::format("a byte in memory is 0x{:02x} in translated code, 0x{:02x} in the "
                                     "interpreter",
                                     *byte.host, byte.expected));
  }
}

std::uint32_t Core::Lockstep::last_writer(unsigned guest, std::uint32_t retired) const {
  for (std::uint32_t i = retired; i > 0; --i) {
    if (block_.operations[i - 1].rd == guest) return i - 1;
  }
  return 0;
}

std::string Core::Lockstep::text_of(std::uint32_t operation) const {
  const Operation& op = block_.operations[operation];
  const std::uint32_t pc = block_.pc + op.offset;
  const Window* window = core_.direct_.for_fetch(pc, core_.csrs_.privilege());
  if (window == nullptr || !window->covers(pc, op.length)) return "?";
  std::uint32_t instruction = 0;
  std::memcpy(&instruction, window->at(pc), op.length);
  return disassemble(instruction, pc);
}

void Core::Lockstep::fail(std::uint32_t operation, const std::string& what) const {
  throw Error(fmt::format("hart {}: lock-step: 0x{:08x}: {}: {} (block at 0x{:08x})", core_.config_.hart_id,
                          block_.pc + block_.operations[operation].offset, text_of(operation), what,
                          block_.pc));
}

void Core::run_in_lockstep(Block& block) {
  const jit::Exit exit = Lockstep(*this, block).run();
  if (exit.reason != jit::ExitReason::operation) return;
  note_miss(exit);
  execute(&block, block.operations + exit.operation);
}

}  // namespace weft::hart
