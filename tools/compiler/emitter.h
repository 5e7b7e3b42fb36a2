// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the code generator: vector operations, sends, waits with their CSR settings. Keeps
// track of what the CSRs hold so that they are written only when they change.
//
// Registers: a0 to a3 and t0 to t6 are scratch; s0 is the sample's slot in the batch.
#pragma once

#include <cstdint>
#include <map>

#include "models/unit/command.h"
#include "tools/compiler/assembler.h"
#include "tools/compiler/layout.h"

namespace weft::compiler {

constexpr std::uint32_t dma_unit = 1u << unit::dma_index;
constexpr std::uint32_t vector_unit = 1u << unit::vector_index;
// Of waitmh.
constexpr std::uint32_t fp_pim_units(std::uint32_t mask) {
  return mask << (unit::first_fp_pim_index - unit::first_inversion_index);
}
constexpr std::uint32_t crossbar_units(std::uint32_t mask) { return mask << unit::first_crossbar_index; }

// Formats and requantisation of a vector operation.
struct VectorForm {
  unit::Format source0 = unit::Format::int32;
  unit::Format source1 = unit::Format::int32;
  unit::Format result = unit::Format::int32;
  int shift = 0;
  int magnitude_bits = 0;
};

class Emitter {
 public:
  explicit Emitter(Assembler& assembler) : as_(assembler) {}

  // After a label or a call nothing is known of the CSRs.
  void forget() { known_.clear(); }
  void bind(Label label) {
    as_.bind(label);
    forget();
  }

  void csr(unsigned number, std::uint32_t value);
  // From a register: the value is not known at compile time.
  void csr_from(unsigned number, Reg source);

  // Address of the present sample's part of an area; clobbers t6.
  void address(Reg rd, const Area& area);

  void form(const VectorForm& form, int length);
  // Two operands and result.
  void vector(xweft::Mnemonic mnemonic, const Area& source0, const Area& source1, const Area& result);
  // One operand and result.
  void vector(xweft::Mnemonic mnemonic, const Area& source, const Area& result);
  // One operand, the scalar in `scalar`, and result.
  void vector_scalar(xweft::Mnemonic mnemonic, const Area& source, Reg scalar, const Area& result);
  // Sum of `count` rows, `stride` bytes apart.
  void sum_rows(const Area& source, const Area& result, int length, int count, int stride);

  // A command on crossbar units, or on others that take a mask; operands are in a0 and a1.
  void crossbar(xweft::Mnemonic mnemonic, std::uint32_t mask);

  // Copies to another tile and raises its counter there.
  // The same data to several tiles; `slots` samples of a batch have destinations of their own.
  struct Destination {
    Area area;
    unsigned counter = 0;
  };
  void multicast(const Area& source, const std::vector<Destination>& destinations, std::uint32_t bytes,
                 int slots);
  void send(const Area& source, const Area& destination, std::uint32_t bytes, unsigned counter);
  void dma(std::uint32_t source, std::uint32_t destination, std::uint32_t bytes);

  void wait_units(std::uint32_t units);
  void wait_upper_units(std::uint32_t units);
  // Waits until the counter has grown by `amount` more; its target is kept in the word at `expected`.
  void wait_counter(unsigned counter, std::uint32_t expected, std::uint32_t amount);
  void raise_counter(int tile, unsigned counter);

  Assembler& code() { return as_; }

 private:
  void no_completion() { csr(xweft::csr_wcomp, 0); }

  Assembler& as_;
  std::map<unsigned, std::uint32_t> known_;
};

}  // namespace weft::compiler
