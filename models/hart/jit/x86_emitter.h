// SPDX-License-Identifier: Apache-2.0
// Writes x86-64 machine code for blocks of operations.
//
// While translated code runs, the guest registers that compilers use most live in host registers, the
// others in Core's array; rbp points into the array, r14 to the host memory of window 0. r15 counts both
// ways: its lower half is the rest of the budget in cycles (signed), its upper half the instructions
// retired, so that one addition at the end of a block updates both. rax, rcx and rdx are free for use.
#pragma once

#include <xbyak/xbyak.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/hart/jit/jit.h"
#include "models/hart/jit/x86_memory.h"

namespace weft::hart::jit {

// Directly accessible memory, as translated code has it in its instructions.
struct BakedWindow {
  std::uint8_t* host = nullptr;  // the byte at `base`
  std::uint32_t base = 0;
  std::uint32_t bytes = 0;
  DirectMemory range;
  CodeMap::Hull code;  // cached code, in guest addresses
};

// The windows that a load or store tries, in this order; -1 for none.
struct Site {
  std::array<std::int8_t, 2> windows = {-1, -1};
};

struct ExitRecord {
  ExitReason reason = ExitReason::budget;
  Block* block = nullptr;
  std::uint32_t operation = 0;
  bool computed = false;  // pc is known at run time only
  std::uint32_t pc = 0;
  std::uint8_t* patch = nullptr;  // the jump's 32-bit distance, to lead elsewhere
};

class Emitter : private Xbyak::CodeGenerator {
 public:
  Emitter(CodeMemory& memory, const Options& options);

  // Forgets everything but the way in and out.
  void reset();
  bool full() const;

  // Machine code of a block, with one Site an operation. The result is where to jump to.
  std::uint8_t* translate(Block& block, Privilege level, const std::vector<Site>& sites,
                          const std::vector<BakedWindow>& windows);
  // From now on: who comes to `entry` goes to `target`.
  static void redirect(std::uint8_t* entry, const std::uint8_t* target);
  // Changes where an exit leads.
  static void patch(std::uint8_t* distance, const std::uint8_t* target);
  // From now on: who comes to `entry`, of this block, returns to the dispatch loop.
  void give_up(Block& block, std::uint8_t* entry);

  const ExitRecord& exit(std::uint32_t id) const { return exits_[id]; }

  struct Result {
    std::uint64_t exit;    // lower half: id; upper half: pc of computed exits
    std::uint64_t counts;  // as r15
  };
  // Arguments: registers (the address in rbp), counts, code.
  using Enter = Result (*)(void*, std::uint64_t, const std::uint8_t*);
  Enter enter() const { return enter_; }

 private:
  // A place in the block being translated that is not known yet: index into targets_. Xbyak has labels for
  // this, but with them translation takes twice as long.
  using Target = std::uint32_t;
  struct Fixup {
    std::uint8_t* distance = nullptr;  // 32 bits, the last of the instruction that refers to the target
    Target target = 0;
  };
  // A load or store that missed its first window; written behind the block.
  struct Miss {
    Operation operation;
    Target missed = 0;
    Target nowhere = 0;
    const std::uint8_t* done = nullptr;
    int first = 0;
    int second = 0;
  };
  struct PendingExit {
    Target target = 0;
    std::uint32_t id = 0;
  };
  struct PendingCounts {
    Target target = 0;
    std::uint64_t value = 0;
  };

  void write_way_in();
  void write_way_out();
  void write_behind_block();

  // Operations. False if the rest of the block is not reached.
  bool write(const Operation& op);
  void write_wrong_result(const Operation& op);
  void constant(const Operation& op);
  void add_immediate(const Operation& op);
  void add_registers(const Operation& op);
  void set_less(const Operation& op);
  void multiply(const Operation& op);
  void multiply_high(const Operation& op);
  void divide(const Operation& op);
  bool memory(const Operation& op);
  void check_window(const Operation& op, int window, Target missed);
  void access(const Operation& op, int window);
  void load_from(const Operation& op, const Xbyak::RegExp& address);
  void store_to(const Operation& op, const Xbyak::RegExp& address);
  bool write_bit_manipulation(const Operation& op);
  void compute_bits_in_eax(const Operation& op);
  void leave_to_dispatch_loop();
  void branch(const Operation& op);
  void jump_and_link(const Operation& op);
  void jump_register(const Operation& op);
  template <typename Apply>
  void in_place(const Operation& op, Apply apply);
  template <typename Apply>
  void two_registers(const Operation& op, bool commutative, Apply apply);

  // Guest registers. Those in memory pass through a scratch register or serve as memory operand.
  template <typename Use>
  void with(unsigned guest, Use use);
  Xbyak::Reg32 read(unsigned guest, const Xbyak::Reg32& scratch);
  void fetch(const Xbyak::Reg32& target, unsigned guest);
  void write_back(unsigned guest);
  void keep_eax(unsigned guest);

  // Ends of blocks.
  void count(std::uint32_t instructions, std::uint32_t cycles);
  void go_to(std::uint32_t pc);
  void link_register(const Operation& op);
  Target exit_before(std::uint32_t operation);
  Target new_exit(const ExitRecord& record);

  // Jumps are written with anywhere() as destination, and then refer_to() a target.
  const void* anywhere() const { return way_out_; }
  Target new_target();
  void refer_to(Target target);
  void bind(Target target) { targets_[target] = getCurr(); }

  Shared& shared_;
  Options options_;
  bool has_popcnt_;
  std::size_t capacity_;
  Enter enter_ = nullptr;
  const std::uint8_t* way_out_ = nullptr;
  std::vector<ExitRecord> exits_;

  // Of the block being translated.
  Block* block_ = nullptr;
  Privilege level_ = Privilege::machine;
  const std::vector<Site>* sites_ = nullptr;
  const std::vector<BakedWindow>* windows_ = nullptr;
  std::uint32_t index_ = 0;  // of the operation
  std::vector<const std::uint8_t*> targets_;
  std::vector<Fixup> fixups_;
  std::vector<Miss> misses_;
  std::vector<PendingExit> pending_exits_;
  std::vector<PendingCounts> pending_counts_;
  std::array<std::optional<Target>, max_block_operations> operation_exits_{};
};

}  // namespace weft::hart::jit
