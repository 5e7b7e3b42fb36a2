// SPDX-License-Identifier: Apache-2.0
// A small RV32IMF + Xweft assembler for the code generator: one instruction a call, labels, data, and a
// note of what every instruction is for, from which listing and symbols are made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/hart/xweft.h"

namespace weft::compiler {

// Integer registers by their ABI names.
enum class Reg : std::uint8_t {
  zero,
  ra,
  sp,
  gp,
  tp,
  t0,
  t1,
  t2,
  s0,
  s1,
  a0,
  a1,
  a2,
  a3,
  a4,
  a5,
  a6,
  a7,
  s2,
  s3,
  s4,
  s5,
  s6,
  s7,
  s8,
  s9,
  s10,
  s11,
  t3,
  t4,
  t5,
  t6
};

// The floating-point registers that programs use; f0 to f7 are scratch.
enum class FReg : std::uint8_t { f0, f1, f2, f3, f4, f5, f6, f7, f10 = 10, f18 = 18, f19, f20, f21, f22 };

struct Label {
  int id = -1;
};

// A stretch of code with a name: a symbol of the ELF file.
struct Region {
  std::string name;
  std::uint32_t start = 0;  // address
  std::uint32_t end = 0;
};

// One instruction of the listing.
struct ListingLine {
  std::uint32_t address = 0;
  std::uint32_t word = 0;
  std::string region;
  std::string note;
};

class Assembler {
 public:
  explicit Assembler(std::uint32_t base) : base_(base) {}

  std::uint32_t here() const { return base_ + 4 * static_cast<std::uint32_t>(words_.size()); }
  // Everything emitted from now on belongs to this region.
  void region(const std::string& name);
  // Says what the following instructions do, until the next note.
  void note(const std::string& text) { note_ = text; }

  Label make_label();
  void bind(Label label);
  std::uint32_t address_of(Label label) const;

  void li(Reg rd, std::uint32_t value);
  // Address of a label, two instructions.
  void la(Reg rd, Label label);
  void mv(Reg rd, Reg rs) { addi(rd, rs, 0); }
  void addi(Reg rd, Reg rs1, std::int32_t immediate);
  void add(Reg rd, Reg rs1, Reg rs2);
  void sub(Reg rd, Reg rs1, Reg rs2);
  void mul(Reg rd, Reg rs1, Reg rs2);
  void divu(Reg rd, Reg rs1, Reg rs2);
  void sltu(Reg rd, Reg rs1, Reg rs2);
  void sll(Reg rd, Reg rs1, Reg rs2);
  void slli(Reg rd, Reg rs1, unsigned shift);
  void srli(Reg rd, Reg rs1, unsigned shift);
  void srai(Reg rd, Reg rs1, unsigned shift);
  void andi(Reg rd, Reg rs1, std::int32_t immediate);
  void lw(Reg rd, std::int32_t offset, Reg base);
  void lh(Reg rd, std::int32_t offset, Reg base);
  void sw(Reg source, std::int32_t offset, Reg base);
  void sh(Reg source, std::int32_t offset, Reg base);
  void beq(Reg rs1, Reg rs2, Label target) { branch(0, rs1, rs2, target); }
  void bne(Reg rs1, Reg rs2, Label target) { branch(1, rs1, rs2, target); }
  void bge(Reg rs1, Reg rs2, Label target) { branch(5, rs1, rs2, target); }
  void bltu(Reg rs1, Reg rs2, Label target) { branch(6, rs1, rs2, target); }
  void j(Label target) { jal(Reg::zero, target); }
  void call(Label target) { jal(Reg::ra, target); }
  void ret() { emit(0x00008067); }
  void csrw(unsigned csr, Reg source);
  void csrr(Reg rd, unsigned csr);
  // Sets the bits of `source`.
  void csrs(unsigned csr, Reg source);
  void mret() { emit(0x30200073); }

  // Single precision, rounded to nearest, ties to even.
  void flw(FReg rd, std::int32_t offset, Reg base);
  void fsw(FReg source, std::int32_t offset, Reg base);
  void fadd(FReg rd, FReg rs1, FReg rs2) { float_operation(0x00, 0, rd, rs1, rs2); }
  void fsub(FReg rd, FReg rs1, FReg rs2) { float_operation(0x04, 0, rd, rs1, rs2); }
  void fmul(FReg rd, FReg rs1, FReg rs2) { float_operation(0x08, 0, rd, rs1, rs2); }
  void fdiv(FReg rd, FReg rs1, FReg rs2) { float_operation(0x0c, 0, rd, rs1, rs2); }
  void fsqrt(FReg rd, FReg rs1) { float_operation(0x2c, 0, rd, rs1, FReg::f0); }
  // Of a number and a NaN the number.
  void fmin(FReg rd, FReg rs1, FReg rs2) { float_operation(0x14, 0, rd, rs1, rs2); }
  void fmax(FReg rd, FReg rs1, FReg rs2) { float_operation(0x14, 1, rd, rs1, rs2); }
  void fabs(FReg rd, FReg rs1) { float_operation(0x10, 2, rd, rs1, rs1); }
  void fneg(FReg rd, FReg rs1) { float_operation(0x10, 1, rd, rs1, rs1); }
  void flt(Reg rd, FReg rs1, FReg rs2);
  void to_float(FReg rd, Reg rs1);
  // Saturates at the range of int32.
  void to_integer(Reg rd, FReg rs1);
  void move(FReg rd, FReg rs1) { float_operation(0x10, 0, rd, rs1, rs1); }
  // The bits.
  void move(FReg rd, Reg rs1);
  void move(Reg rd, FReg rs1);
  // A constant; clobbers t6.
  void fli(FReg rd, float value);
  void wfi() { emit(0x10500073); }
  // A word of data, or an instruction that the caller has encoded.
  void raw(std::uint32_t word) { emit(word); }
  void xweft(xweft::Mnemonic mnemonic, Reg rd, Reg rs1, Reg rs2, Reg rs3);

  // Resolves every label; throws Error when a branch is too far. Call once, at the end.
  void finish();

  const std::vector<std::uint32_t>& words() const { return words_; }
  const std::vector<ListingLine>& listing() const { return listing_; }
  const std::vector<Region>& regions() const { return regions_; }

 private:
  enum class FixupKind : std::uint8_t { branch, jump, address };
  struct Fixup {
    std::size_t index;
    int label;
    FixupKind kind;
  };

  void emit(std::uint32_t word);
  void float_operation(std::uint32_t function, std::uint32_t rounding, FReg rd, FReg rs1, FReg rs2);
  void branch(unsigned function, Reg rs1, Reg rs2, Label target);
  void jal(Reg rd, Label target);
  void patch(std::size_t index, std::uint32_t bits);

  std::uint32_t base_;
  std::vector<std::uint32_t> words_;
  std::vector<ListingLine> listing_;
  std::vector<Region> regions_;
  std::vector<std::int64_t> labels_;  // address, or -1
  std::vector<Fixup> fixups_;
  std::string note_;
};

}  // namespace weft::compiler
