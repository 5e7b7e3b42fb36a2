// SPDX-License-Identifier: Apache-2.0
// How the core and the just-in-time back end hand over to each other.
#include "models/hart/core.h"

namespace weft::hart {

namespace jit {

bool is_translatable(Kind kind) {
  switch (kind) {
    case Kind::constant:
    case Kind::add_i:
    case Kind::slt_i:
    case Kind::sltu_i:
    case Kind::xor_i:
    case Kind::or_i:
    case Kind::and_i:
    case Kind::sll_i:
    case Kind::srl_i:
    case Kind::sra_i:
    case Kind::add_r:
    case Kind::sub_r:
    case Kind::sll_r:
    case Kind::slt_r:
    case Kind::sltu_r:
    case Kind::xor_r:
    case Kind::srl_r:
    case Kind::sra_r:
    case Kind::or_r:
    case Kind::and_r:
    case Kind::mul:
    case Kind::mulh:
    case Kind::mulhsu:
    case Kind::mulhu:
    case Kind::div:
    case Kind::divu:
    case Kind::rem:
    case Kind::remu:
    case Kind::lb:
    case Kind::lh:
    case Kind::lw:
    case Kind::lbu:
    case Kind::lhu:
    case Kind::sb:
    case Kind::sh:
    case Kind::sw:
    case Kind::fence:
    case Kind::beq:
    case Kind::bne:
    case Kind::blt:
    case Kind::bge:
    case Kind::bltu:
    case Kind::bgeu:
    case Kind::jal:
    case Kind::jalr:
    case Kind::sh1add:
    case Kind::sh2add:
    case Kind::sh3add:
    case Kind::andn:
    case Kind::orn:
    case Kind::xnor:
    case Kind::clz:
    case Kind::ctz:
    case Kind::cpop:
    case Kind::max:
    case Kind::maxu:
    case Kind::min:
    case Kind::minu:
    case Kind::sext_b:
    case Kind::sext_h:
    case Kind::rol:
    case Kind::ror:
    case Kind::ror_i:
    case Kind::orc_b:
    case Kind::rev8:
    case Kind::bclr:
    case Kind::bext:
    case Kind::bext_i:
    case Kind::binv:
    case Kind::bset:
      return true;
    default:
      return false;
  }
}

}  // namespace jit

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
