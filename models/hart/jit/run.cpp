// SPDX-License-Identifier: Apache-2.0
// How the core and the just-in-time back end hand over to each other.
#include "models/hart/core.h"

namespace weft::hart {

void Core::start_jit() {
  if (!config_.enable_jit) {
    jit_inactive_reason_ = "not enabled";
  } else if (!config_.enable_cache) {
    jit_inactive_reason_ = "works on cached blocks, and the cache is off";
  } else {
    jit::Options options;
    options.compressed = config_.compressed;
    options.chain = !config_.lockstep;
    options.fault = config_.jit_fault;
    jit_ = jit::make_jit(options, x_.data(), jit_inactive_reason_);
  }
}

// The block fits into the budget.
void Core::run_hot(Block* block) {
  if (block->translation == nullptr && !jit_->translate(*block, csrs_.privilege(), direct_)) {
    if (jit_->full()) code_flush_pending_ = true;
    execute(block, block->operations);
    return;
  }
  if (config_.lockstep) {
    run_in_lockstep(*block);
    return;
  }
  for (;;) {
    const jit::Exit exit = jit_->run(*block, limit_ - cycles_);
    cycles_ += exit.cycles;
    instructions_ += exit.instructions;
    if (exit.reason == jit::ExitReason::operation) {
      Block* left = exit.block;
      note_miss(exit);
      execute(left, left->operations + exit.operation);
      return;
    }
    pc_ = exit.pc;
    if (exit.reason == jit::ExitReason::budget || cycles_ >= limit_) return;
    block = blocks_->find(pc_);
    if (block == nullptr || block->translation == nullptr) return;
    jit_->link(exit, *block);
  }
}

// Tells the back end where a load or store went that it had to leave to the dispatch loop.
void Core::note_miss(const jit::Exit& exit) {
  const Operation& operation = exit.block->operations[exit.operation];
  const std::uint32_t address = x_[operation.rs1] + operation.immediate;
  const unsigned size = access_size(operation.kind);
  const Window* window = nullptr;
  if (address % size == 0) {
    if (is_load(operation.kind) && direct_.for_load(address, size) != nullptr) {
      window = direct_.load_window();
    }
    if (is_store(operation.kind) && direct_.for_store(address, size) != nullptr) {
      window = direct_.store_window();
    }
  }
  jit_->missed(exit, window, cycles_);
  if (jit_->full()) code_flush_pending_ = true;
}

}  // namespace weft::hart
