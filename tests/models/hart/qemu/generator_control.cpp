// SPDX-License-Identifier: Apache-2.0
// Units that change where the program goes: jumps, CSRs and traps.
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/qemu/generator.h"

namespace weft::test {

namespace csr = hart::csr;

namespace {
constexpr std::array<std::uint32_t, 6> branches = {0, 1, 4, 5, 6, 7};
constexpr std::uint32_t mstatus_mie = 0x08;
constexpr std::uint32_t mstatus_mpie = 0x80;

std::int32_t at(std::uint32_t offset) { return static_cast<std::int32_t>(offset); }
}  // namespace

void Generator::branch_forwards() {
  if (features_.compressed && one_in(3)) {
    refer(Reach::short_branch, forwards());
    return emit16(0xC001u | rng_.below(2) << 13 | short_any() << 7);  // c.beqz, c.bnez
  }
  refer(Reach::branch, forwards());
  emit(branch(branches[rng_.below(6)], any(), any(), 0));
}

void Generator::jump_forwards() {
  if (features_.compressed && one_in(2)) {
    refer(Reach::short_jump, forwards());
    // c.jal writes ra, which bodies may.
    return emit16(0x2001u | rng_.below(2) << 15);
  }
  refer(Reach::jal, forwards());
  emit(jal(target(), 0));
}

void Generator::jump_through_register() {
  const std::uint32_t base = nonzero_target();
  const std::int32_t addend = at(rng_.below(2));  // jumps clear the lowest bit
  emit(auipc(base, 0));
  refer(Reach::address, forwards(), addend, 4);
  emit(addi(base, base, 0));
  if (features_.compressed && one_in(2)) return emit16(0x8002u | rng_.below(2) << 12 | base << 7);
  emit(jalr(target(), addend == 0 ? at(rng_.below(2)) : 0, base));
}

// As long as there is fuel; half of them only if a condition holds as well.
void Generator::jump_backwards() {
  const std::uint32_t left = nonzero_target();
  emit(lw(left, at(slot::fuel), program_.context));
  emit(addi(left, left, -1));
  emit(sw(left, at(slot::fuel), program_.context));
  if (one_in(2)) {
    refer(Reach::branch, backwards());
    return emit(branch(4, zero, left, 0));
  }
  emit(branch(5, zero, left, 8));
  refer(Reach::branch, backwards());
  emit(branch(branches[rng_.below(6)], any(), any(), 0));
}

void Generator::csr_access() {
  constexpr std::array<unsigned, 3> free_registers = {csr::mscratch, csr::mcause, csr::mtval};
  const std::uint32_t funct3 = 1 + rng_.below(3);
  if (one_in(4)) {
    const std::uint32_t even = nonzero_target();
    emit(op_imm(7, even, any(), -4));
    return emit(hart::encode_i(Opcode::system, target(), funct3, even, csr::mepc));
  }
  const unsigned number = free_registers[rng_.below(3)];
  const std::uint32_t immediate_form = rng_.below(2) * 4u;
  emit(hart::encode_i(Opcode::system, target(), funct3 + immediate_form, any(), number));
}

void Generator::identification() {
  constexpr std::array<unsigned, 8> registers = {csr::misa,    csr::mvendorid, csr::marchid,    csr::mimpid,
                                                 csr::mhartid, csr::mstatush,  csr::mconfigptr, csr::mip};
  // QEMU 7.2 does not know misa.B yet.
  const bool shows_b = features_.zba && features_.zbb && features_.zbs;
  emit(csrr(target(), registers[shows_b ? 1 + rng_.below(7) : rng_.below(8)]));
}

// Interrupts may be enabled: none is ever pending.
void Generator::status() {
  constexpr std::array<std::int32_t, 4> patterns = {0, mstatus_mie, mstatus_mpie, mstatus_mie | mstatus_mpie};
  const std::uint32_t value = nonzero_target();
  const std::uint32_t rd = another(value);
  emit(addi(value, zero, patterns[rng_.below(4)]));
  if (one_in(2)) return emit(hart::encode_i(Opcode::system, rd, 1 + rng_.below(3), value, csr::mie));
  emit(hart::encode_i(Opcode::system, rd, 2 + rng_.below(2), value, csr::mstatus));
  // Only MIE and MPIE: QEMU's MPP is user mode behind an mret even if there is no such mode.
  emit(op_imm(7, rd, rd, mstatus_mie | mstatus_mpie));
}

void Generator::vector_base() {
  const std::uint32_t value = nonzero_target();
  emit(op_imm(7, value, any(), one_in(2) ? -3 : -4));
  emit(csrrw(target(), csr::mtvec, value));
  emit(lw(value, at(slot::handler), program_.context));
  emit(csrrw(target(), csr::mtvec, value));
}

void Generator::trap() {
  // Registers neither machine has, and writes to read-only ones.
  constexpr std::array<unsigned, 8> absent = {0x105, 0x180, 0x5FF, 0x6FF, 0x9FF, 0x7C1, 0xFC0, 0x1FF};
  constexpr std::array<unsigned, 6> read_only = {0xC00, 0xC01, 0xC02, 0xC80, 0xF11, 0xF14};
  switch (rng_.below(features_.compressed ? 6 : 5)) {
    case 0:
      return emit(hart::word::ecall);
    case 1:
      return emit(hart::word::ebreak);
    case 2:
      return emit(csrrw(target(), absent[rng_.below(absent.size())], any()));
    case 3:
      return emit(csrrs(target(), absent[rng_.below(absent.size())], zero));
    case 4:
      return emit(csrrw(target(), read_only[rng_.below(read_only.size())], any()));
    default:
      return emit16(0x9002);
  }
}

void Generator::faulting_access() {
  constexpr std::array<std::uint32_t, 5> loads = {0, 1, 2, 4, 5};
  const std::uint32_t base = nonzero_target();
  const std::int32_t offset = 4 * (at(rng_.below(512)) - 256);
  emit(lui(base, hole + 0x1000));
  emit(one_in(2) ? store(rng_.below(3), any(), offset, base)
                 : load(loads[rng_.below(5)], target(), offset, base));
}

void Generator::faulting_fetch() {
  const std::uint32_t base = nonzero_target();
  emit(auipc(base, 0));
  refer(Reach::address, program_.units.size(), 0, 4);
  emit(addi(base, base, 0));
  emit(sw(base, at(slot::resume), program_.context));
  emit(lui(base, hole + 0x1000));
  emit(jalr(target(), 4 * at(rng_.below(256)), base));
}

// Only lr.w: QEMU reports the load half of an AMO (causes 4 and 5 instead of 6 and 7), and whether an sc.w
// that fails anyway looks at its address is up to the implementation.
void Generator::misaligned_reservation() {
  const std::uint32_t base = nonzero_target();
  emit(addi(base, s0, 4 * at(rng_.below(64)) + 1 + at(rng_.below(3))));
  emit(lr_w(target(), base));
  // No reservation may reach another unit.
  emit(sc_w(target(), any(), s0));
}

// Without compressed instructions a trap, if the jump is taken; else a jump over one or two halves of nops.
void Generator::misaligned_jump() {
  if (features_.compressed) {
    emit(one_in(2) ? jal(target(), 6) : branch(branches[rng_.below(6)], any(), any(), 6));
    emit16(c_nop);
    return emit16(c_nop);
  }
  if (one_in(3)) {
    const std::uint32_t base = nonzero_target();
    emit(auipc(base, 0));
    return emit(jalr(target(), 10, base));
  }
  emit(one_in(2) ? jal(target(), 6) : branch(branches[rng_.below(6)], any(), any(), 6));
}

}  // namespace weft::test
