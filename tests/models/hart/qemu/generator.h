// SPDX-License-Identifier: Apache-2.0
// Random programs for the comparison with QEMU: everything a body may do without leaving its slot. Every
// program ends: jumps lead forwards, and backwards only as long as the fuel in the data page lasts.
#pragma once

#include <array>
#include <vector>

#include "models/common/counter_rng.h"
#include "tests/models/hart/qemu/features.h"
#include "tests/models/hart/qemu/slot.h"

namespace weft::test {

class Generator {
 public:
  Generator(const Features& features, std::uint64_t seed, std::uint32_t program);

  Program program();

 private:
  enum class Reach { jal, branch, short_jump, short_branch, address };
  // A distance to fill in when the lengths of all units are known.
  struct Reference {
    std::size_t unit = 0;
    std::size_t parcel = 0;
    std::size_t target = 0;
    Reach reach = Reach::jal;
    std::int32_t origin = 0;  // what `address` counts from, in bytes before the parcel
    std::int32_t addend = 0;
  };

  // Operands
  std::uint32_t random_value();
  std::uint32_t random_float();
  std::uint32_t any() { return rng_.below(32); }
  // A register a body may write: not sp, s0 or the context.
  std::uint32_t target();
  std::uint32_t nonzero_target();
  std::uint32_t another(std::uint32_t taken);
  // The 3-bit field of a register x8 to x15 that may be written, and of any of them.
  std::uint32_t short_target() { return 1 + rng_.below(7); }
  std::uint32_t short_any() { return rng_.below(8); }
  bool one_in(std::uint32_t n) { return rng_.below(n) == 0; }

  // Emitting
  void emit(std::uint32_t word) { program_.emit(word); }
  void emit16(std::uint32_t parcel) { program_.emit16(parcel); }
  void refer(Reach reach, std::size_t target, std::int32_t addend = 0, std::int32_t origin = 0);
  std::size_t forwards();
  std::size_t backwards();
  void link();

  // Units (generator.cpp)
  void unit();
  void immediate_operation();
  void register_operation();
  void upper_immediate();
  void multiplication();
  void load_or_store();
  void through_pointer();
  void atomic();
  void reserved_pair();
  void fence();
  void own_code();
  void compressed_operation();
  void compressed_memory();
  // (generator_control.cpp)
  void branch_forwards();
  void jump_forwards();
  void jump_through_register();
  void jump_backwards();
  void csr_access();
  void identification();
  void status();
  void vector_base();
  void trap();
  void faulting_access();
  void faulting_fetch();
  void misaligned_reservation();
  void misaligned_jump();
  // (generator_float.cpp)
  void float_operation();
  void float_arithmetic();
  void float_fused();
  void float_compare_or_move();
  void float_convert();
  void float_memory();
  void float_compressed_memory();
  void float_status();
  void float_off();
  std::uint32_t rounding_mode();
  // (generator_levels.cpp)
  void level();
  void enter_user();
  void change_level_fields();
  void as_user();
  void user_counter();
  void wait_illegally();
  void initial_protection();
  std::uint32_t random_pmpcfg();
  void protection();
  void protection_config();
  void protection_address();
  void load_constant(std::uint32_t rd, std::uint32_t value);
  void misaligned_access();
  // (generator_raw.cpp)
  void bit_manipulation();
  void raw_word();
  void raw_parcel();
  bool harmless(std::uint32_t word) const;

  Features features_;
  CounterRng rng_;
  Program program_;
  std::vector<Reference> references_;
};

}  // namespace weft::test
