// SPDX-License-Identifier: Apache-2.0
// The bit-manipulation extensions Zba, Zbb and Zbs, with nothing newer than popcnt asked of the host.
#include "models/hart/jit/x86_emitter.h"
#include "models/hart/jit/x86_registers.h"

namespace weft::hart::jit {

bool Emitter::write_bit_manipulation(const Operation& op) {
  if (!is_translatable(op.kind) || (op.kind == Kind::cpop && !has_popcnt_)) {
    leave_to_dispatch_loop();
    return false;
  }
  if (op.rd == discard_register) return true;
  fetch(eax, op.rs1);
  fetch(ecx, op.rs2);
  compute_bits_in_eax(op);
  keep_eax(op.rd);
  return true;
}

// From rs1 in eax and rs2 in ecx. Kinds with one source have no use for ecx.
void Emitter::compute_bits_in_eax(const Operation& op) {
  switch (op.kind) {
    case Kind::sh1add:
      lea(eax, ptr[rcx + rax * 2]);
      break;
    case Kind::sh2add:
      lea(eax, ptr[rcx + rax * 4]);
      break;
    case Kind::sh3add:
      lea(eax, ptr[rcx + rax * 8]);
      break;
    case Kind::andn:
      not_(ecx);
      and_(eax, ecx);
      break;
    case Kind::orn:
      not_(ecx);
      or_(eax, ecx);
      break;
    case Kind::xnor:
      xor_(eax, ecx);
      not_(eax);
      break;
    case Kind::clz:
      // 31 minus the number of the highest bit; 63 stands for "no bit".
      mov(ecx, 63);
      bsr(eax, eax);
      cmovz(eax, ecx);
      xor_(eax, 31);
      break;
    case Kind::ctz:
      mov(ecx, 32);
      bsf(eax, eax);
      cmovz(eax, ecx);
      break;
    case Kind::cpop:
      popcnt(eax, eax);
      break;
    case Kind::max:
      cmp(eax, ecx);
      cmovl(eax, ecx);
      break;
    case Kind::maxu:
      cmp(eax, ecx);
      cmovb(eax, ecx);
      break;
    case Kind::min:
      cmp(eax, ecx);
      cmovg(eax, ecx);
      break;
    case Kind::minu:
      cmp(eax, ecx);
      cmova(eax, ecx);
      break;
    case Kind::sext_b:
      movsx(eax, al);
      break;
    case Kind::sext_h:
      movsx(eax, ax);
      break;
    case Kind::rol:
      rol(eax, cl);
      break;
    case Kind::ror:
      ror(eax, cl);
      break;
    case Kind::ror_i:
      ror(eax, static_cast<int>(op.immediate & 31u));
      break;
    case Kind::orc_b: {
      // The top bit of every byte that is not zero, spread over the byte.
      constexpr std::uint32_t low_bits = 0x7F7F7F7F;
      mov(ecx, eax);
      and_(ecx, low_bits);
      add(ecx, low_bits);
      or_(eax, ecx);
      and_(eax, ~low_bits);
      shr(eax, 7);
      imul(eax, eax, 0xFF);
      break;
    }
    case Kind::rev8:
      bswap(eax);
      break;
    // The host counts the bit's number modulo 32 in registers, as the guest does.
    case Kind::bclr:
      btr(eax, ecx);
      break;
    case Kind::bset:
      bts(eax, ecx);
      break;
    case Kind::binv:
      btc(eax, ecx);
      break;
    case Kind::bext:
      bt(eax, ecx);
      setc(al);
      movzx(eax, al);
      break;
    default:  // bext_i
      shr(eax, static_cast<int>(op.immediate & 31u));
      and_(eax, 1);
      break;
  }
}

}  // namespace weft::hart::jit
