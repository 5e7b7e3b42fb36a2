// SPDX-License-Identifier: Apache-2.0
// One function a kind of operation. Results are made in the guest register itself where it is pinned, else
// in eax; eax, ecx and edx hold nothing from one operation to the next.
#include "models/hart/jit/x86_emitter.h"
#include "models/hart/jit/x86_registers.h"

namespace weft::hart::jit {

using Xbyak::Operand;
using Xbyak::Reg32;

namespace {

unsigned log2_of(unsigned size) { return size == 4 ? 2 : size >> 1; }

Kind inverted(Kind branch) {
  switch (branch) {
    case Kind::beq:
      return Kind::bne;
    case Kind::bne:
      return Kind::beq;
    case Kind::blt:
      return Kind::bge;
    case Kind::bge:
      return Kind::blt;
    case Kind::bltu:
      return Kind::bgeu;
    default:
      return Kind::bltu;
  }
}

}  // namespace

template <typename Use>
void Emitter::with(unsigned guest, Use use) {
  if (is_pinned(guest)) {
    use(host_register(guest));
  } else {
    use(register_slot(guest));
  }
}

Reg32 Emitter::read(unsigned guest, const Reg32& scratch) {
  if (is_pinned(guest)) return host_register(guest);
  fetch(scratch, guest);
  return scratch;
}

void Emitter::fetch(const Reg32& target, unsigned guest) {
  if (guest == 0) {
    xor_(target, target);
  } else if (!is_pinned(guest)) {
    mov(target, register_slot(guest));
  } else if (host_register(guest) != target) {
    mov(target, host_register(guest));
  }
}

void Emitter::write_back(unsigned guest) {
  if (!is_pinned(guest) && guest != discard_register) mov(register_slot(guest), eax);
}

void Emitter::keep_eax(unsigned guest) {
  if (is_pinned(guest)) mov(host_register(guest), eax);
  write_back(guest);
}

bool Emitter::write(const Operation& op) {
  if (options_.fault == op.kind) {
    write_wrong_result(op);
    return !ends_block(op.kind);
  }
  switch (op.kind) {
    case Kind::constant:
      constant(op);
      return true;
    case Kind::add_i:
      add_immediate(op);
      return true;
    case Kind::slt_i:
    case Kind::sltu_i:
    case Kind::slt_r:
    case Kind::sltu_r:
      set_less(op);
      return true;
    case Kind::xor_i:
      in_place(op, [&](const Operand& x) { xor_(x, op.immediate); });
      return true;
    case Kind::or_i:
      in_place(op, [&](const Operand& x) { or_(x, op.immediate); });
      return true;
    case Kind::and_i:
      in_place(op, [&](const Operand& x) { and_(x, op.immediate); });
      return true;
    case Kind::sll_i:
      in_place(op, [&](const Operand& x) { shl(x, static_cast<int>(op.immediate & 31u)); });
      return true;
    case Kind::srl_i:
      in_place(op, [&](const Operand& x) { shr(x, static_cast<int>(op.immediate & 31u)); });
      return true;
    case Kind::sra_i:
      in_place(op, [&](const Operand& x) { sar(x, static_cast<int>(op.immediate & 31u)); });
      return true;
    case Kind::add_r:
      add_registers(op);
      return true;
    case Kind::sub_r:
      two_registers(op, false, [&](const Operand& x, const Operand& y) { sub(x, y); });
      return true;
    case Kind::xor_r:
      two_registers(op, true, [&](const Operand& x, const Operand& y) { xor_(x, y); });
      return true;
    case Kind::or_r:
      two_registers(op, true, [&](const Operand& x, const Operand& y) { or_(x, y); });
      return true;
    case Kind::and_r:
      two_registers(op, true, [&](const Operand& x, const Operand& y) { and_(x, y); });
      return true;
    // The host takes the shift amount from cl modulo 32, as the guest does.
    case Kind::sll_r:
      fetch(ecx, op.rs2);
      in_place(op, [&](const Operand& x) { shl(x, cl); });
      return true;
    case Kind::srl_r:
      fetch(ecx, op.rs2);
      in_place(op, [&](const Operand& x) { shr(x, cl); });
      return true;
    case Kind::sra_r:
      fetch(ecx, op.rs2);
      in_place(op, [&](const Operand& x) { sar(x, cl); });
      return true;
    case Kind::mul:
      multiply(op);
      return true;
    case Kind::mulh:
    case Kind::mulhsu:
    case Kind::mulhu:
      multiply_high(op);
      return true;
    case Kind::div:
    case Kind::divu:
    case Kind::rem:
    case Kind::remu:
      divide(op);
      return true;
    case Kind::lb:
    case Kind::lh:
    case Kind::lw:
    case Kind::lbu:
    case Kind::lhu:
    case Kind::sb:
    case Kind::sh:
    case Kind::sw:
      return memory(op);
    case Kind::fence:
      return true;
    case Kind::beq:
    case Kind::bne:
    case Kind::blt:
    case Kind::bge:
    case Kind::bltu:
    case Kind::bgeu:
      branch(op);
      return false;
    case Kind::jal:
      jump_and_link(op);
      return false;
    case Kind::jalr:
      jump_register(op);
      return false;
    default:
      return write_bit_manipulation(op);
  }
}

void Emitter::leave_to_dispatch_loop() {
  const Target exit = exit_before(index_);
  jmp(anywhere(), T_NEAR);
  refer_to(exit);
}

// The result is one too large, a branch goes the other way, a store misses its place.
void Emitter::write_wrong_result(const Operation& op) {
  Operation wrong = op;
  const std::optional<Kind> fault = options_.fault;
  options_.fault.reset();
  if (is_branch(op.kind)) wrong.kind = inverted(op.kind);
  if (is_store(op.kind)) wrong.immediate += access_size(op.kind);
  if (op.kind == Kind::jal || op.kind == Kind::jalr) with(op.rd, [&](const Operand& x) { inc(x); });
  write(wrong);
  if (!ends_block(op.kind) && !is_store(op.kind)) with(op.rd, [&](const Operand& x) { inc(x); });
  options_.fault = fault;
}

// Results that come from rs1 alone, or with an immediate or cl.
template <typename Apply>
void Emitter::in_place(const Operation& op, Apply apply) {
  if (op.rd == discard_register) return;
  if (op.rd == op.rs1) {
    with(op.rd, apply);
    return;
  }
  const Reg32 result = destination(op.rd);
  fetch(result, op.rs1);
  apply(result);
  write_back(op.rd);
}

template <typename Apply>
void Emitter::two_registers(const Operation& op, bool commutative, Apply apply) {
  if (op.rd == discard_register) return;
  const Reg32 result = destination(op.rd);
  if (op.rd == op.rs1 && !is_pinned(op.rd)) {
    const Reg32 second = read(op.rs2, ecx);
    apply(register_slot(op.rd), second);
  } else if (op.rd != op.rs1 && op.rd == op.rs2 && is_pinned(op.rd)) {
    if (commutative) {
      with(op.rs1, [&](const Operand& first) { apply(result, first); });
    } else {
      fetch(eax, op.rs1);
      apply(eax, result);
      mov(result, eax);
    }
  } else {
    fetch(result, op.rs1);
    with(op.rs2, [&](const Operand& second) { apply(result, second); });
    write_back(op.rd);
  }
}

void Emitter::constant(const Operation& op) {
  if (op.rd == discard_register) return;
  with(op.rd, [&](const Operand& x) { mov(x, op.immediate); });
}

void Emitter::add_immediate(const Operation& op) {
  if (op.rs1 == 0) {
    constant(op);
  } else if (op.rd != op.rs1 && is_pinned(op.rd) && is_pinned(op.rs1) && op.immediate != 0) {
    lea(host_register(op.rd), ptr[host_register(op.rs1).cvt64() + static_cast<int>(op.immediate)]);
  } else {
    in_place(op, [&](const Operand& x) {
      if (op.immediate != 0) add(x, op.immediate);
    });
  }
}

void Emitter::add_registers(const Operation& op) {
  Operation move = op;
  move.immediate = 0;
  if (op.rs1 == 0) move.rs1 = op.rs2;
  if (op.rs1 == 0 || op.rs2 == 0) {
    add_immediate(move);
  } else if (op.rd != op.rs1 && op.rd != op.rs2 && is_pinned(op.rd) && is_pinned(op.rs1) &&
             is_pinned(op.rs2)) {
    lea(host_register(op.rd), ptr[host_register(op.rs1).cvt64() + host_register(op.rs2).cvt64()]);
  } else {
    two_registers(op, true, [&](const Operand& x, const Operand& y) { add(x, y); });
  }
}

void Emitter::set_less(const Operation& op) {
  if (op.rd == discard_register) return;
  const Reg32 first = read(op.rs1, eax);
  if (op.kind == Kind::slt_i || op.kind == Kind::sltu_i) {
    cmp(first, op.immediate);
  } else {
    with(op.rs2, [&](const Operand& second) { cmp(first, second); });
  }
  if (op.kind == Kind::slt_i || op.kind == Kind::slt_r) {
    setl(al);
  } else {
    setb(al);
  }
  movzx(destination(op.rd), al);
  write_back(op.rd);
}

void Emitter::multiply(const Operation& op) {
  if (op.rd == discard_register) return;
  const Reg32 result = destination(op.rd);
  const bool second_is_result = is_pinned(op.rd) && op.rd == op.rs2;
  if (!second_is_result) fetch(result, op.rs1);
  with(second_is_result ? op.rs1 : op.rs2, [&](const Operand& factor) { imul(result, factor); });
  write_back(op.rd);
}

void Emitter::multiply_high(const Operation& op) {
  if (op.rd == discard_register) return;
  fetch(eax, op.rs1);
  fetch(ecx, op.rs2);
  if (op.kind != Kind::mulhu) movsxd(rax, eax);
  if (op.kind == Kind::mulh) movsxd(rcx, ecx);
  imul(rax, rcx);
  shr(rax, 32);
  keep_eax(op.rd);
}

// Where the host would raise an exception, the guest has defined results (ISA manual, table 7.1).
void Emitter::divide(const Operation& op) {
  if (op.rd == discard_register) return;
  const bool is_signed = op.kind == Kind::div || op.kind == Kind::rem;
  const bool quotient = op.kind == Kind::div || op.kind == Kind::divu;
  Xbyak::Label by_zero;
  Xbyak::Label by_minus_one;
  Xbyak::Label done;
  fetch(eax, op.rs1);
  fetch(ecx, op.rs2);
  test(ecx, ecx);
  jz(by_zero);
  if (is_signed) {
    cmp(ecx, ~0u);
    je(by_minus_one);
    cdq();
    idiv(ecx);
  } else {
    xor_(edx, edx);
    div(ecx);
  }
  if (!quotient) mov(eax, edx);
  jmp(done);
  if (is_signed) {
    L(by_minus_one);
    if (quotient) {
      neg(eax);
    } else {
      xor_(eax, eax);
    }
    jmp(done);
  }
  L(by_zero);
  if (quotient) mov(eax, ~0u);
  L(done);
  keep_eax(op.rd);
}

// eax: distance of the address from the base of the first window.
bool Emitter::memory(const Operation& op) {
  const Site& site = (*sites_)[index_];
  const int first = site.windows[0];
  if (first < 0) {
    leave_to_dispatch_loop();
    return false;
  }
  const std::uint32_t distance = op.immediate - (*windows_)[static_cast<std::size_t>(first)].base;
  if (op.rs1 == 0) {
    mov(eax, distance);
  } else if (is_pinned(op.rs1)) {
    lea(eax, ptr[host_register(op.rs1).cvt64() + static_cast<int>(distance)]);
  } else {
    mov(eax, register_slot(op.rs1));
    add(eax, distance);
  }
  const Target nowhere = exit_before(index_);
  if (site.windows[1] < 0) {
    check_window(op, first, nowhere);
    access(op, first);
    return true;
  }
  const Target missed = new_target();
  check_window(op, first, missed);
  access(op, first);
  misses_.push_back({op, missed, nowhere, getCurr(), first, site.windows[1]});
  return true;
}

void Emitter::check_window(const Operation& op, int window, Target missed) {
  const auto index = static_cast<std::size_t>(window);
  const unsigned size = access_size(op.kind);
  const std::uint32_t bytes = (*windows_)[index].bytes;
  if (size == 1) {
    cmp(eax, bytes);
  } else {
    mov(ecx, eax);
    ror(ecx, static_cast<int>(log2_of(size)));
    cmp(ecx, bytes / size);
  }
  jae(anywhere());
  refer_to(missed);
  if (!is_store(op.kind)) return;
  const CodeMap::Hull& guard = shared_.guards[index];
  mov(ecx, eax);
  sub(ecx, dword[rip + &guard.low]);
  cmp(ecx, dword[rip + &guard.bytes]);
  jb(anywhere());
  refer_to(missed);
}

void Emitter::access(const Operation& op, int window) {
  Xbyak::Reg64 base = r14;
  if (window != 0) {
    base = rcx;
    mov(rcx, reinterpret_cast<std::uint64_t>((*windows_)[static_cast<std::size_t>(window)].host));
  }
  if (is_store(op.kind)) {
    store_to(op, base + rax);
  } else {
    load_from(op, base + rax);
  }
}

void Emitter::load_from(const Operation& op, const Xbyak::RegExp& address) {
  const Reg32 result = destination(op.rd);
  switch (op.kind) {
    case Kind::lb:
      movsx(result, byte[address]);
      break;
    case Kind::lbu:
      movzx(result, byte[address]);
      break;
    case Kind::lh:
      movsx(result, word[address]);
      break;
    case Kind::lhu:
      movzx(result, word[address]);
      break;
    default:
      mov(result, dword[address]);
      break;
  }
  write_back(op.rd);
}

void Emitter::store_to(const Operation& op, const Xbyak::RegExp& address) {
  const Reg32 value = read(op.rs2, edx);
  switch (access_size(op.kind)) {
    case 1:
      mov(byte[address], value.cvt8());
      break;
    case 2:
      mov(word[address], value.cvt16());
      break;
    default:
      mov(dword[address], value);
      break;
  }
}

void Emitter::branch(const Operation& op) {
  const std::uint32_t here = block_->pc + op.offset;
  const Operation& behind = block_->operations[index_ + 1];
  // What is expected falls through: loops go round.
  const bool expect_taken = op.immediate <= here;
  const Target unexpected = new_target();
  const Reg32 first = read(op.rs1, eax);
  if (op.rs2 == 0) {
    test(first, first);
  } else {
    with(op.rs2, [&](const Operand& second) { cmp(first, second); });
  }
  switch (expect_taken ? inverted(op.kind) : op.kind) {
    case Kind::beq:
      je(anywhere());
      break;
    case Kind::bne:
      jne(anywhere());
      break;
    case Kind::blt:
      jl(anywhere());
      break;
    case Kind::bge:
      jge(anywhere());
      break;
    case Kind::bltu:
      jb(anywhere());
      break;
    default:
      jae(anywhere());
      break;
  }
  refer_to(unexpected);
  for (const bool taken : {expect_taken, !expect_taken}) {
    if (taken != expect_taken) bind(unexpected);
    count(block_->count, taken ? block_->cycles_taken : behind.cycles_before);
    go_to(taken ? op.immediate : block_->pc + behind.offset);
  }
}

void Emitter::link_register(const Operation& op) {
  if (op.rd == discard_register) return;
  const std::uint32_t link = block_->pc + block_->operations[index_ + 1].offset;
  with(op.rd, [&](const Operand& x) { mov(x, link); });
}

void Emitter::jump_and_link(const Operation& op) {
  link_register(op);
  count(block_->count, block_->cycles_taken);
  go_to(op.immediate);
}

void Emitter::jump_register(const Operation& op) {
  fetch(eax, op.rs1);
  if (op.immediate != 0) add(eax, op.immediate);
  and_(eax, ~1u);
  if (!options_.compressed) {
    test(eax, 2);
    const Target misaligned = exit_before(index_);
    jnz(anywhere());
    refer_to(misaligned);
  }
  link_register(op);
  count(block_->count, block_->cycles_taken);
  ExitRecord record;
  record.reason = ExitReason::jump;
  record.computed = true;
  mov(ecx, eax);
  and_(ecx, 2 * (jump_table_entries - 1));  // pc is even; entries are 16 bytes
  lea(rdx, ptr[rip + shared_.jump_tables[index_of(level_)].data()]);
  lea(rdx, ptr[rdx + rcx * 8]);
  cmp(dword[rdx], eax);
  const Target unknown = new_exit(record);
  jne(anywhere());
  refer_to(unknown);
  jmp(qword[rdx + 8]);
}

}  // namespace weft::hart::jit
