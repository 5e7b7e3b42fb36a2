// SPDX-License-Identifier: Apache-2.0
#include "models/hart/jit/x86_emitter.h"

#include <xbyak/xbyak_util.h>

#include <cstring>

#include "models/hart/jit/x86_registers.h"

namespace weft::hart::jit {

namespace {

// What a block of 32 operations may need, with room to spare; checked by emitting in front of it only.
constexpr std::size_t block_reserve = 16384;

constexpr std::uint64_t packed(std::uint32_t instructions, std::uint32_t cycles) {
  return (std::uint64_t{instructions} << 32) - cycles;
}

}  // namespace

Emitter::Emitter(CodeMemory& memory, const Options& options)
    : Xbyak::CodeGenerator(CodeMemory::code_bytes(), memory.code()),
      shared_(memory.shared()),
      options_(options),
      has_popcnt_(Xbyak::util::Cpu().has(Xbyak::util::Cpu::tPOPCNT)),
      capacity_(CodeMemory::code_bytes()) {
  reset();
}

void Emitter::reset() {
  Xbyak::CodeGenerator::reset();
  exits_.clear();
  write_way_in();
  write_way_out();
}

bool Emitter::full() const { return getSize() + block_reserve > capacity_; }

void Emitter::write_way_in() {
  enter_ = getCurr<Enter>();
  for (const Xbyak::Reg64& saved : {rbx, rbp, r12, r13, r14, r15}) push(saved);
  mov(rbp, rdi);
  mov(r15, rsi);
  mov(rax, rdx);
  mov(r14, ptr[rip + &shared_.primary_host]);
  for (const Pinned& pin : pinned_registers) mov(host_register(pin.guest), register_slot(pin.guest));
  jmp(rax);
}

// Expects the exit's id in ecx and the pc of a computed exit in eax.
void Emitter::write_way_out() {
  align(16);
  way_out_ = getCurr();
  for (const Pinned& pin : pinned_registers) mov(register_slot(pin.guest), host_register(pin.guest));
  shl(rax, 32);
  or_(rax, rcx);
  mov(rdx, r15);
  for (const Xbyak::Reg64& saved : {r15, r14, r13, r12, rbp, rbx}) pop(saved);
  ret();
}

std::uint8_t* Emitter::translate(Block& block, Privilege level, const std::vector<Site>& sites,
                                 const std::vector<BakedWindow>& windows) {
  block_ = &block;
  level_ = level;
  sites_ = &sites;
  windows_ = &windows;
  operation_exits_.fill(std::nullopt);
  align(16);
  auto* entry = const_cast<std::uint8_t*>(getCurr());
  cmp(r15d, block.cycles_before_last);
  ExitRecord too_long;
  too_long.pc = block.pc;
  const Target stop = new_exit(too_long);
  jle(anywhere());
  refer_to(stop);
  bool goes_on = true;
  for (index_ = 0; index_ < block.count && goes_on; ++index_) goes_on = write(block.operations[index_]);
  if (goes_on) {
    const Operation& end = block.operations[block.count];
    count(block.count, end.cycles_before);
    go_to(block.pc + end.offset);
  }
  write_behind_block();
  return entry;
}

void Emitter::write_behind_block() {
  for (const Miss& miss : misses_) {
    bind(miss.missed);
    // eax is the distance from the first window.
    const std::uint32_t distance = (*windows_)[static_cast<std::size_t>(miss.first)].base -
                                   (*windows_)[static_cast<std::size_t>(miss.second)].base;
    add(eax, distance);
    check_window(miss.operation, miss.second, miss.nowhere);
    access(miss.operation, miss.second);
    jmp(miss.done, T_NEAR);
  }
  for (const PendingExit& pending : pending_exits_) {
    bind(pending.target);
    mov(ecx, pending.id);
    jmp(way_out_, T_NEAR);
  }
  align(8);
  for (const PendingCounts& pending : pending_counts_) {
    bind(pending.target);
    dq(pending.value);
  }
  for (const Fixup& fixup : fixups_) patch(fixup.distance, targets_[fixup.target]);
  targets_.clear();
  fixups_.clear();
  misses_.clear();
  pending_exits_.clear();
  pending_counts_.clear();
}

void Emitter::redirect(std::uint8_t* entry, const std::uint8_t* target) {
  entry[0] = 0xE9;  // jmp with a 32-bit distance
  patch(entry + 1, target);
}

void Emitter::patch(std::uint8_t* distance, const std::uint8_t* target) {
  const auto value = static_cast<std::int32_t>(target - (distance + sizeof(std::int32_t)));
  std::memcpy(distance, &value, sizeof value);
}

void Emitter::give_up(Block& block, std::uint8_t* entry) {
  ExitRecord record;
  record.reason = ExitReason::jump;
  record.block = &block;
  record.pc = block.pc;
  record.patch = entry + 1;
  exits_.push_back(record);
  const std::uint8_t* stub = getCurr();
  mov(ecx, static_cast<std::uint32_t>(exits_.size() - 1));
  jmp(way_out_, T_NEAR);
  redirect(entry, stub);
}

void Emitter::count(std::uint32_t instructions, std::uint32_t cycles) {
  const Target value = new_target();
  pending_counts_.push_back({value, packed(instructions, cycles)});
  add(r15, qword[rip + anywhere()]);
  refer_to(value);
}

void Emitter::go_to(std::uint32_t pc) {
  ExitRecord record;
  record.reason = ExitReason::jump;
  record.pc = pc;
  const Target stub = new_exit(record);
  jmp(anywhere(), T_NEAR);
  refer_to(stub);
  exits_.back().patch = fixups_.back().distance;
}

Emitter::Target Emitter::exit_before(std::uint32_t operation) {
  std::optional<Target>& known = operation_exits_[operation];
  if (!known) {
    ExitRecord record;
    record.reason = ExitReason::operation;
    record.operation = operation;
    known = new_exit(record);
  }
  return *known;
}

Emitter::Target Emitter::new_exit(const ExitRecord& record) {
  exits_.push_back(record);
  exits_.back().block = block_;
  const Target target = new_target();
  pending_exits_.push_back({target, static_cast<std::uint32_t>(exits_.size() - 1)});
  return target;
}

Emitter::Target Emitter::new_target() {
  targets_.push_back(nullptr);
  return static_cast<Target>(targets_.size() - 1);
}

void Emitter::refer_to(Target target) {
  auto* distance = const_cast<std::uint8_t*>(getCurr()) - sizeof(std::int32_t);
  fixups_.push_back({distance, target});
}

}  // namespace weft::hart::jit
