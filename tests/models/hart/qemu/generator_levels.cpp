// SPDX-License-Identifier: Apache-2.0
// Units about what a program may do: privilege levels, memory protection, alignment.
#include <algorithm>

#include "models/hart/pmp.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/qemu/generator.h"

namespace weft::test {

namespace csr = hart::csr;

namespace {

constexpr std::uint32_t mstatus_mpp = 3u << 11;
constexpr std::uint32_t mstatus_mprv = 1u << 17;
constexpr std::uint32_t mstatus_tw = 1u << 21;

constexpr std::uint32_t pmp_read = 1;
constexpr std::uint32_t pmp_write = 2;
constexpr std::uint32_t pmp_lock = 0x80;
// 8 bytes to 2 KiB. No entry covers all of the data page: QEMU 7.2 would let the first access to the page
// that it decides go for all of it, whatever entries above say.
constexpr std::uint32_t napot_sizes = 9;

}  // namespace

void Generator::load_constant(std::uint32_t rd, std::uint32_t value) {
  emit(lui(rd, value + 0x800u));
  emit(addi(rd, rd, static_cast<std::int32_t>(hart::sign_extend(value & 0xFFFu, 12))));
}

// What user mode may not do traps there, so that every unit may run on either level.
void Generator::level() {
  switch (rng_.below(8)) {
    case 0:
    case 1:
    case 2:
      return enter_user();
    case 3:
      return emit(hart::word::ecall);
    case 4:
      return user_counter();
    case 5:
      return wait_illegally();
    case 6:
      return as_user();
    default:
      return change_level_fields();
  }
}

void Generator::enter_user() {
  const std::uint32_t value = nonzero_target();
  constexpr std::int32_t behind = 7 * 4;
  emit(auipc(value, 0));
  emit(addi(value, value, behind));
  emit(csrrw(zero, csr::mepc, value));
  load_constant(value, mstatus_mpp);
  emit(csrrc(zero, csr::mstatus, value));
  emit(hart::word::mret);
}

// MPP is machine or user mode: what QEMU 7.2 does with the levels that do not exist is wrong.
void Generator::change_level_fields() {
  constexpr std::array<std::uint32_t, 3> fields = {mstatus_mpp, mstatus_tw, mstatus_tw | mstatus_mpp};
  const std::uint32_t value = nonzero_target();
  load_constant(value, fields[rng_.below(fields.size())]);
  emit(hart::encode_i(Opcode::system, target(), 2 + rng_.below(2), value, csr::mstatus));
}

// Loads and stores of machine mode as user mode would make them. MPRV ends with the unit: QEMU 7.2 does not
// clear it when mret leaves machine mode.
void Generator::as_user() {
  const std::uint32_t value = nonzero_target();
  load_constant(value, mstatus_mpp);
  if (!one_in(3)) emit(csrrc(zero, csr::mstatus, value));
  load_constant(value, mstatus_mprv);
  emit(csrrs(zero, csr::mstatus, value));
  const std::uint32_t accesses = 1 + rng_.below(3);
  for (std::uint32_t i = 0; i < accesses; ++i) load_or_store();
  load_constant(value, mstatus_mprv);
  emit(csrrc(zero, csr::mstatus, value));
}

// The two machines count differently; whether user mode may look is the question.
void Generator::user_counter() {
  constexpr std::array<unsigned, 6> counters = {csr::cycle,  csr::time,  csr::instret,
                                                csr::cycleh, csr::timeh, csr::instreth};
  const std::uint32_t rd = target();
  if (one_in(3)) return emit(csrrwi(rd, csr::mcounteren, rng_.below(8)));
  if (one_in(3)) return emit(csrr(rd, one_in(2) ? csr::menvcfg : csr::menvcfgh));
  emit(csrr(rd, counters[rng_.below(counters.size())]));
  if (rd != zero) emit(addi(rd, zero, 0));
}

// In user mode with TW; anywhere else it would sleep for ever.
void Generator::wait_illegally() {
  emit(hart::word::ecall);
  const std::uint32_t value = nonzero_target();
  load_constant(value, mstatus_tw);
  emit(csrrs(zero, csr::mstatus, value));
  enter_user();
  emit(hart::word::wfi);
}

// Four entries. W without R is reserved: QEMU 7.2 keeps it.
std::uint32_t Generator::random_pmpcfg() {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    std::uint32_t entry = rng_.below(32);
    if ((entry & pmp_read) == 0) entry &= ~pmp_write;
    if (features_.locks && one_in(4)) entry |= pmp_lock;
    value |= entry << (8 * i);
  }
  return value;
}

void Generator::initial_protection() {
  program_.protection = true;
  const auto frame = frame_pmpaddr();
  std::copy(frame.begin(), frame.end(), program_.pmpaddr.begin());
  for (unsigned i = frame_entries; i < program_.pmpaddr.size(); ++i) {
    const std::uint32_t zero_bit = 1u << rng_.below(napot_sizes);
    const std::uint32_t offset = slot::data_page + slot::scratch + rng_.below(slot::scratch_bytes);
    program_.pmpaddr[i] = {((offset >> 2) & ~zero_bit) | (zero_bit - 1), true};
  }
  program_.pmpcfg = {frame_pmpcfg, random_pmpcfg(), random_pmpcfg(), random_pmpcfg()};
}

void Generator::protection() {
  if (one_in(3)) return protection_config();
  if (one_in(2)) return protection_address();
  emit(csrr(target(), one_in(2) ? csr::pmpcfg0 + rng_.below(4) : csr::pmpaddr0 + rng_.below(16)));
}

// No csrrc: it would make W without R.
void Generator::protection_config() {
  const std::uint32_t value = nonzero_target();
  load_constant(value, random_pmpcfg());
  emit(hart::encode_i(Opcode::system, target(), 1 + rng_.below(2), value, csr::pmpcfg0 + 1 + rng_.below(3)));
}

// QEMU 7.2 notices a new address in its TLB and in the entry above (TOR) when their configuration changes.
void Generator::protection_address() {
  const std::uint32_t value = nonzero_target();
  const std::uint32_t entry = frame_entries + rng_.below(hart::Pmp::max_entries - frame_entries);
  emit(addi(value, s0, static_cast<std::int32_t>(rng_.below(2048)) - 1024));
  emit(op_imm(5, value, value, 2));
  const auto zero_bit = static_cast<std::int32_t>(1u << rng_.below(napot_sizes));
  emit(op_imm(6, value, value, 2 * zero_bit - 1));
  emit(op_imm(4, value, value, zero_bit));
  emit(csrrw(target(), csr::pmpaddr0 + entry, value));
  for (unsigned config = csr::pmpcfg0 + 1; config <= csr::pmpcfg3; ++config) {
    emit(csrrw(value, config, zero));
    emit(csrrw(zero, config, value));
  }
}

void Generator::misaligned_access() {
  constexpr std::array<std::uint32_t, 3> loads = {1, 2, 5};
  constexpr std::uint32_t widest = 4;
  const std::int32_t offset = static_cast<std::int32_t>(rng_.below(2048 - widest)) - 1024;
  if (features_.single_float && one_in(3)) {
    return emit(one_in(2) ? flw(any(), offset, s0) : fsw(any(), offset, s0));
  }
  emit(one_in(2) ? store(1 + rng_.below(2), any(), offset, s0)
                 : load(loads[rng_.below(3)], target(), offset, s0));
}

}  // namespace weft::test
