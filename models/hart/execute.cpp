// SPDX-License-Identifier: Apache-2.0
// The dispatch loop: one handler an operation kind, each ending in an indirect jump of its own to the
// next handler, which is what branch predictors like and a switch in a loop does not give.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "models/hart/core.h"
#include "models/hart/encoding.h"
#include "models/hart/float_encoding.h"
#include "models/hart/float_unit.h"

// Labels as values, a GNU extension, are what makes the above possible.
#pragma GCC diagnostic ignored "-Wpedantic"

namespace weft::hart {

namespace {

constexpr std::int32_t as_signed(std::uint32_t value) { return static_cast<std::int32_t>(value); }
constexpr std::uint32_t as_unsigned(std::int32_t value) { return static_cast<std::uint32_t>(value); }

constexpr std::uint32_t high_word(std::int64_t product) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(product) >> 32);
}

// Division by zero and overflow do not trap (ISA manual, table 7.1).
std::uint32_t divide(std::uint32_t a, std::uint32_t b) {
  if (b == 0) return ~0u;
  if (b == ~0u) return 0u - a;
  return as_unsigned(as_signed(a) / as_signed(b));
}

std::uint32_t remainder(std::uint32_t a, std::uint32_t b) {
  if (b == 0) return a;
  if (b == ~0u) return 0;
  return as_unsigned(as_signed(a) % as_signed(b));
}

constexpr std::uint32_t rotate_left(std::uint32_t value, std::uint32_t amount) {
  return rotate_right(value, (32u - (amount & 31u)) & 31u);
}

// All ones in every byte that is not zero: the carry out of the low seven bits, or the top bit itself.
constexpr std::uint32_t or_combine_bytes(std::uint32_t value) {
  constexpr std::uint32_t low_bits = 0x7F7F7F7F;
  const std::uint32_t occupied = (((value & low_bits) + low_bits) | value) & ~low_bits;
  return (occupied >> 7) * 0xFFu;
}

constexpr std::uint32_t bit(std::uint32_t number) { return 1u << (number & 31u); }

template <typename T>
constexpr std::uint32_t elements(const Window& window) {
  if constexpr (sizeof(T) == 1) return window.bytes;
  if constexpr (sizeof(T) == 2) return window.halves;
  return window.words;
}

template <typename T>
constexpr unsigned log2_size = sizeof(T) == 1   ? 0
                               : sizeof(T) == 2 ? 1
                                                : 2;

template <typename T>
inline bool load(const Window& window, std::uint32_t address, T& value) {
  const std::uint32_t offset = address - window.base;
  if (rotate_right(offset, log2_size<T>) >= elements<T>(window)) return false;
  std::memcpy(&value, window.host + offset, sizeof value);
  return true;
}

template <typename T>
inline bool store(const Window& window, std::uint32_t address, std::uint32_t value) {
  const std::uint32_t offset = address - window.base;
  if (rotate_right(offset, log2_size<T>) >= elements<T>(window)) return false;
  if (address - window.code.low < window.code.bytes) return false;
  const auto narrow = static_cast<T>(value);
  std::memcpy(window.host + offset, &narrow, sizeof narrow);
  return true;
}

}  // namespace

#define WEFT_NEXT                                       \
  do {                                                  \
    ++op;                                               \
    goto* handlers[static_cast<std::size_t>(op->kind)]; \
  } while (false)

void Core::execute(Block* block, const Operation* op) {
  static const void* const handlers[] = {
#define WEFT_HART_LABEL(name) &&do_##name,
      WEFT_HART_OPERATIONS(WEFT_HART_LABEL)
#undef WEFT_HART_LABEL
  };
  std::uint32_t* const x = x_.data();
  FloatState& fp = csrs_.float_state();
  const bool has_jit = jit_ != nullptr;
  std::uint32_t target = 0;
  Block** successor = nullptr;
  goto* handlers[static_cast<std::size_t>(op->kind)];

do_constant:
  x[op->rd] = op->immediate;
  WEFT_NEXT;
do_add_i:
  x[op->rd] = x[op->rs1] + op->immediate;
  WEFT_NEXT;
do_slt_i:
  x[op->rd] = as_signed(x[op->rs1]) < as_signed(op->immediate) ? 1 : 0;
  WEFT_NEXT;
do_sltu_i:
  x[op->rd] = x[op->rs1] < op->immediate ? 1 : 0;
  WEFT_NEXT;
do_xor_i:
  x[op->rd] = x[op->rs1] ^ op->immediate;
  WEFT_NEXT;
do_or_i:
  x[op->rd] = x[op->rs1] | op->immediate;
  WEFT_NEXT;
do_and_i:
  x[op->rd] = x[op->rs1] & op->immediate;
  WEFT_NEXT;
do_sll_i:
  x[op->rd] = x[op->rs1] << (op->immediate & 31u);
  WEFT_NEXT;
do_srl_i:
  x[op->rd] = x[op->rs1] >> (op->immediate & 31u);
  WEFT_NEXT;
do_sra_i:
  x[op->rd] = as_unsigned(as_signed(x[op->rs1]) >> (op->immediate & 31u));
  WEFT_NEXT;

do_add_r:
  x[op->rd] = x[op->rs1] + x[op->rs2];
  WEFT_NEXT;
do_sub_r:
  x[op->rd] = x[op->rs1] - x[op->rs2];
  WEFT_NEXT;
do_sll_r:
  x[op->rd] = x[op->rs1] << (x[op->rs2] & 31u);
  WEFT_NEXT;
do_slt_r:
  x[op->rd] = as_signed(x[op->rs1]) < as_signed(x[op->rs2]) ? 1 : 0;
  WEFT_NEXT;
do_sltu_r:
  x[op->rd] = x[op->rs1] < x[op->rs2] ? 1 : 0;
  WEFT_NEXT;
do_xor_r:
  x[op->rd] = x[op->rs1] ^ x[op->rs2];
  WEFT_NEXT;
do_srl_r:
  x[op->rd] = x[op->rs1] >> (x[op->rs2] & 31u);
  WEFT_NEXT;
do_sra_r:
  x[op->rd] = as_unsigned(as_signed(x[op->rs1]) >> (x[op->rs2] & 31u));
  WEFT_NEXT;
do_or_r:
  x[op->rd] = x[op->rs1] | x[op->rs2];
  WEFT_NEXT;
do_and_r:
  x[op->rd] = x[op->rs1] & x[op->rs2];
  WEFT_NEXT;

do_mul:
  x[op->rd] = x[op->rs1] * x[op->rs2];
  WEFT_NEXT;
do_mulh:
  x[op->rd] = high_word(static_cast<std::int64_t>(as_signed(x[op->rs1])) * as_signed(x[op->rs2]));
  WEFT_NEXT;
do_mulhsu:
  x[op->rd] =
      high_word(static_cast<std::int64_t>(as_signed(x[op->rs1])) * static_cast<std::int64_t>(x[op->rs2]));
  WEFT_NEXT;
do_mulhu:
  x[op->rd] = static_cast<std::uint32_t>((static_cast<std::uint64_t>(x[op->rs1]) * x[op->rs2]) >> 32);
  WEFT_NEXT;
do_div:
  x[op->rd] = divide(x[op->rs1], x[op->rs2]);
  WEFT_NEXT;
do_divu:
  x[op->rd] = x[op->rs2] == 0 ? ~0u : x[op->rs1] / x[op->rs2];
  WEFT_NEXT;
do_rem:
  x[op->rd] = remainder(x[op->rs1], x[op->rs2]);
  WEFT_NEXT;
do_remu:
  x[op->rd] = x[op->rs2] == 0 ? x[op->rs1] : x[op->rs1] % x[op->rs2];
  WEFT_NEXT;

do_lb : {
  std::int8_t value = 0;
  if (!load(*direct_.load_window(), x[op->rs1] + op->immediate, value)) goto load_elsewhere;
  x[op->rd] = as_unsigned(value);
  WEFT_NEXT;
}
do_lh : {
  std::int16_t value = 0;
  if (!load(*direct_.load_window(), x[op->rs1] + op->immediate, value)) goto load_elsewhere;
  x[op->rd] = as_unsigned(value);
  WEFT_NEXT;
}
do_lw : {
  std::uint32_t value = 0;
  if (!load(*direct_.load_window(), x[op->rs1] + op->immediate, value)) goto load_elsewhere;
  x[op->rd] = value;
  WEFT_NEXT;
}
do_lbu : {
  std::uint8_t value = 0;
  if (!load(*direct_.load_window(), x[op->rs1] + op->immediate, value)) goto load_elsewhere;
  x[op->rd] = value;
  WEFT_NEXT;
}
do_lhu : {
  std::uint16_t value = 0;
  if (!load(*direct_.load_window(), x[op->rs1] + op->immediate, value)) goto load_elsewhere;
  x[op->rd] = value;
  WEFT_NEXT;
}
load_elsewhere:
  if (!load_slow(*block, *op)) return;
  WEFT_NEXT;

do_sb:
  if (store<std::uint8_t>(*direct_.store_window(), x[op->rs1] + op->immediate, x[op->rs2])) {
    WEFT_NEXT;
  }
  goto store_elsewhere;
do_sh:
  if (store<std::uint16_t>(*direct_.store_window(), x[op->rs1] + op->immediate, x[op->rs2])) {
    WEFT_NEXT;
  }
  goto store_elsewhere;
do_sw:
  if (store<std::uint32_t>(*direct_.store_window(), x[op->rs1] + op->immediate, x[op->rs2])) {
    WEFT_NEXT;
  }
store_elsewhere:
  if (!store_slow(*block, *op)) return;
  WEFT_NEXT;

do_fence:  // one access at a time in program order is stronger than any fence asks for
  WEFT_NEXT;

do_beq:
  if (x[op->rs1] == x[op->rs2]) goto branch_taken;
  goto branch_not_taken;
do_bne:
  if (x[op->rs1] != x[op->rs2]) goto branch_taken;
  goto branch_not_taken;
do_blt:
  if (as_signed(x[op->rs1]) < as_signed(x[op->rs2])) goto branch_taken;
  goto branch_not_taken;
do_bge:
  if (as_signed(x[op->rs1]) >= as_signed(x[op->rs2])) goto branch_taken;
  goto branch_not_taken;
do_bltu:
  if (x[op->rs1] < x[op->rs2]) goto branch_taken;
  goto branch_not_taken;
do_bgeu:
  if (x[op->rs1] >= x[op->rs2]) goto branch_taken;
branch_not_taken:
  ++op;
do_end_of_block:
  cycles_ += op->cycles_before;
  target = block->pc + op->offset;
  successor = &block->next[0];
  goto follow;

do_jalr:
  target = (x[op->rs1] + op->immediate) & ~1u;
  if ((target & ~pc_mask_) != 0) {
    raise(*block, *op, cause::fetch_misaligned, target);
    return;
  }
  x[op->rd] = block->pc + (op + 1)->offset;
  goto jump;
do_jal:
  x[op->rd] = block->pc + (op + 1)->offset;
branch_taken:
  target = op->immediate;
jump:
  cycles_ += block->cycles_taken;
  successor = &block->next[1];

follow : {
  instructions_ += block->count;
  Block* next = *successor;
  if (next == nullptr || next->pc != target) {
    next = blocks_->find(target);
    if (next == nullptr) {
      pc_ = target;
      return;
    }
    *successor = next;
  }
  if (cycles_ + next->cycles_before_last >= limit_ || (has_jit && next->heat >= -1)) {
    pc_ = target;
    return;
  }
  if (has_jit) ++next->heat;
  block = next;
  op = next->operations;
  goto* handlers[static_cast<std::size_t>(op->kind)];
}

do_sh1add:
  x[op->rd] = (x[op->rs1] << 1) + x[op->rs2];
  WEFT_NEXT;
do_sh2add:
  x[op->rd] = (x[op->rs1] << 2) + x[op->rs2];
  WEFT_NEXT;
do_sh3add:
  x[op->rd] = (x[op->rs1] << 3) + x[op->rs2];
  WEFT_NEXT;
do_andn:
  x[op->rd] = x[op->rs1] & ~x[op->rs2];
  WEFT_NEXT;
do_orn:
  x[op->rd] = x[op->rs1] | ~x[op->rs2];
  WEFT_NEXT;
do_xnor:
  x[op->rd] = ~(x[op->rs1] ^ x[op->rs2]);
  WEFT_NEXT;
do_clz:
  x[op->rd] = x[op->rs1] == 0 ? 32u : static_cast<std::uint32_t>(__builtin_clz(x[op->rs1]));
  WEFT_NEXT;
do_ctz:
  x[op->rd] = x[op->rs1] == 0 ? 32u : static_cast<std::uint32_t>(__builtin_ctz(x[op->rs1]));
  WEFT_NEXT;
do_cpop:
  x[op->rd] = static_cast<std::uint32_t>(__builtin_popcount(x[op->rs1]));
  WEFT_NEXT;
do_max:
  x[op->rd] = as_unsigned(std::max(as_signed(x[op->rs1]), as_signed(x[op->rs2])));
  WEFT_NEXT;
do_maxu:
  x[op->rd] = std::max(x[op->rs1], x[op->rs2]);
  WEFT_NEXT;
do_min:
  x[op->rd] = as_unsigned(std::min(as_signed(x[op->rs1]), as_signed(x[op->rs2])));
  WEFT_NEXT;
do_minu:
  x[op->rd] = std::min(x[op->rs1], x[op->rs2]);
  WEFT_NEXT;
do_sext_b:
  x[op->rd] = sign_extend(x[op->rs1] & 0xFFu, 8);
  WEFT_NEXT;
do_sext_h:
  x[op->rd] = sign_extend(x[op->rs1] & 0xFFFFu, 16);
  WEFT_NEXT;
do_rol:
  x[op->rd] = rotate_left(x[op->rs1], x[op->rs2]);
  WEFT_NEXT;
do_ror:
  x[op->rd] = rotate_right(x[op->rs1], x[op->rs2] & 31u);
  WEFT_NEXT;
do_ror_i:
  x[op->rd] = rotate_right(x[op->rs1], op->immediate & 31u);
  WEFT_NEXT;
do_orc_b:
  x[op->rd] = or_combine_bytes(x[op->rs1]);
  WEFT_NEXT;
do_rev8:
  x[op->rd] = __builtin_bswap32(x[op->rs1]);
  WEFT_NEXT;
do_bclr:
  x[op->rd] = x[op->rs1] & ~bit(x[op->rs2]);
  WEFT_NEXT;
do_bext:
  x[op->rd] = (x[op->rs1] >> (x[op->rs2] & 31u)) & 1u;
  WEFT_NEXT;
do_bext_i:
  x[op->rd] = (x[op->rs1] >> (op->immediate & 31u)) & 1u;
  WEFT_NEXT;
do_binv:
  x[op->rd] = x[op->rs1] ^ bit(x[op->rs2]);
  WEFT_NEXT;
do_bset:
  x[op->rd] = x[op->rs1] | bit(x[op->rs2]);
  WEFT_NEXT;

do_flw : {
  std::uint32_t value = 0;
  if (fp.dirty() && load(*direct_.load_window(), x[op->rs1] + op->immediate, value)) {
    fp.set_f(op->rd, value);
    WEFT_NEXT;
  }
  if (!float_load_slow(*block, *op)) return;
  WEFT_NEXT;
}
do_fsw:
  if (fp.usable() &&
      store<std::uint32_t>(*direct_.store_window(), x[op->rs1] + op->immediate, fp.f(op->rs2))) {
    WEFT_NEXT;
  }
  if (!float_store_slow(*block, *op)) return;
  WEFT_NEXT;
do_fadd:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::add_nearest(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_fsub:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::subtract_nearest(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_fmul:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::multiply_nearest(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_fdiv:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::divide_nearest(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_fsqrt:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::square_root(fp.f(op->rs1), float_unit::Rounding::nearest_even));
  WEFT_NEXT;
do_fmadd:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd,
            float_unit::multiply_add_nearest(fp.f(op->rs1), fp.f(op->rs2), fp.f(field_rs3(op->immediate))));
  WEFT_NEXT;
do_fmsub:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::multiply_add_nearest(fp.f(op->rs1), fp.f(op->rs2),
                                                     fp.f(field_rs3(op->immediate)) ^ float_unit::sign_bit));
  WEFT_NEXT;
do_fnmsub:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::multiply_add_nearest(fp.f(op->rs1) ^ float_unit::sign_bit, fp.f(op->rs2),
                                                     fp.f(field_rs3(op->immediate))));
  WEFT_NEXT;
do_fnmadd:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::multiply_add_nearest(fp.f(op->rs1) ^ float_unit::sign_bit, fp.f(op->rs2),
                                                     fp.f(field_rs3(op->immediate)) ^ float_unit::sign_bit));
  WEFT_NEXT;
do_fsgnj:
  if (!fp.dirty()) goto float_elsewhere;
  fp.set_f(op->rd, float_unit::copy_sign(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_fsgnjn:
  if (!fp.dirty()) goto float_elsewhere;
  fp.set_f(op->rd, float_unit::copy_sign(fp.f(op->rs1), ~fp.f(op->rs2)));
  WEFT_NEXT;
do_fsgnjx:
  if (!fp.dirty()) goto float_elsewhere;
  fp.set_f(op->rd, float_unit::copy_sign(fp.f(op->rs1), fp.f(op->rs1) ^ fp.f(op->rs2)));
  WEFT_NEXT;
do_fmin:
  if (!fp.dirty()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::minimum(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_fmax:
  if (!fp.dirty()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::maximum(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_feq:
  if (!fp.dirty()) goto float_elsewhere;
  x[op->rd] = fp.integer(float_unit::equal(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_flt:
  if (!fp.dirty()) goto float_elsewhere;
  x[op->rd] = fp.integer(float_unit::less(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_fle:
  if (!fp.dirty()) goto float_elsewhere;
  x[op->rd] = fp.integer(float_unit::less_or_equal(fp.f(op->rs1), fp.f(op->rs2)));
  WEFT_NEXT;
do_fclass:
  if (!fp.dirty()) goto float_elsewhere;
  x[op->rd] = float_unit::classify(fp.f(op->rs1));
  WEFT_NEXT;
do_fmv_x_w:
  if (!fp.dirty()) goto float_elsewhere;
  x[op->rd] = fp.f(op->rs1);
  WEFT_NEXT;
do_fmv_w_x:
  if (!fp.dirty()) goto float_elsewhere;
  fp.set_f(op->rd, x[op->rs1]);
  WEFT_NEXT;
do_fcvt_w_s:
  if (!fp.dirty()) goto float_elsewhere;
  x[op->rd] = fp.integer(float_unit::to_signed(fp.f(op->rs1), float_unit::Rounding::towards_zero));
  WEFT_NEXT;
do_fcvt_wu_s:
  if (!fp.dirty()) goto float_elsewhere;
  x[op->rd] = fp.integer(float_unit::to_unsigned(fp.f(op->rs1), float_unit::Rounding::towards_zero));
  WEFT_NEXT;
do_fcvt_s_w:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::from_signed(x[op->rs1], float_unit::Rounding::nearest_even));
  WEFT_NEXT;
do_fcvt_s_wu:
  if (!fp.nearest_even()) goto float_elsewhere;
  fp.retire(op->rd, float_unit::from_unsigned(x[op->rs1], float_unit::Rounding::nearest_even));
  WEFT_NEXT;
do_float_rounded:
float_elsewhere:
  if (!float_operation(*block, *op)) return;
  WEFT_NEXT;

do_csr:
  if (!csr_access(*block, *op)) return;
  WEFT_NEXT;
do_atomic:
  if (!atomic(*block, *op)) return;
  WEFT_NEXT;
do_custom:
  if (!custom(*block, *op)) return;
  WEFT_NEXT;

do_jal_misaligned:
do_branch_misaligned:
  misaligned_jump(*block, *op);
  return;
do_ecall:
do_ebreak:
do_mret:
do_wfi:
do_fence_i:
do_illegal:
  system(*block, *op);
}

#undef WEFT_NEXT

}  // namespace weft::hart
